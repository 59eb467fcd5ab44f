import type { Kernel } from "../kernel/kernel.ts";
import type { BeeContext } from "./bee_task.ts";
import { bytesAt } from "./block_arena.ts";
import { BlockIntake, type IntakeSpec, type TakenBlock } from "./block_intake.ts";
import { type BlockMarks, PartitionMarks } from "./partition_marks.ts";
import { messageBody, MessageFlag, type MessageHeader } from "./pipeline_frames.ts";
import type { Sleeper } from "./ring_buffer.ts";
import type { DecoderMaker } from "./task_parts.ts";
import { TimeBoard } from "./time_board.ts";

const WORD = 4;
const ALIGNED_WORDS = 2;
const EMPTY_FLAGS = MessageFlag.givenUp | MessageFlag.begins | MessageFlag.ends;

/** Bytes of the places that are left out of a block, before its own bytes. */
export function leftOutBytes(places: readonly number[]): number {
  if (places.length === 0) return 0;
  return WORD * ALIGNED_WORDS * Math.ceil((1 + places.length) / ALIGNED_WORDS);
}

/** Writes them. */
export function writeLeftOut(target: Uint8Array, places: readonly number[]): void {
  const words = new Int32Array(target.buffer, target.byteOffset, 1 + places.length);
  words[0] = places.length;
  words.set(places, 1);
}

function readLeftOut({ buffer, byteOffset }: Uint8Array): number[] {
  const [count] = new Int32Array(buffer, byteOffset, 1);
  return [...new Int32Array(buffer, byteOffset + WORD, count)];
}

/** What was opened, one block at a time. */
interface OpenBlock {
  readonly taken: TakenBlock;
  /** Where all partitions stand, if there are several. */
  readonly partitions: PartitionMarks | undefined;
  marks: BlockMarks | undefined;
}

/** Opens the blocks of bytes that a bee is given, and knows the watermark before each of them. */
export class BlockInbox {
  readonly #context: BeeContext;
  readonly #intake: BlockIntake;
  readonly #bound: number;
  readonly #arena: SharedArrayBuffer | undefined;
  #board: TimeBoard | undefined;
  #open: OpenBlock | undefined;

  /** An inbox that decodes in a kernel of its own. */
  constructor(
    spec: IntakeSpec,
    { kernel, decoderOf }: { readonly kernel: Kernel; readonly decoderOf: DecoderMaker },
    context: BeeContext,
  ) {
    this.#context = context;
    this.#intake = new BlockIntake(spec, { kernel, decoder: decoderOf(spec.decoder, kernel) });
    this.#bound = spec.bound;
    this.#arena = spec.arena;
    this.#look(spec.board);
  }

  #look(board: SharedArrayBuffer | undefined): void {
    const { bee, runtime: waiter, peers } = this.#context;
    const bells = () => peers.map((peer) => peer?.bell);
    this.#board = board && new TimeBoard(board, { bee, bells, waiter });
  }

  /** Begins anew, with another board where the message has one. */
  reset(message: unknown): void {
    this.#look((message as { readonly board?: SharedArrayBuffer }).board);
  }

  /**
   * Decodes the block of a message, and tells the other bees its greatest time; that of a partition
   * which begins is known only with the watermark before.
   */
  open(header: MessageHeader, frame: Uint8Array): TakenBlock {
    const { flags } = header;
    const body = messageBody(frame);
    const partitions = (flags & MessageFlag.partitioned) !== 0
      ? new PartitionMarks(body, this.#bound)
      : undefined;
    const taken = (flags & EMPTY_FLAGS) !== 0
      ? empty((flags & MessageFlag.ends) !== 0 ? Infinity : header.cap)
      : this.#decode(header, body.subarray(partitions?.bytes ?? 0));
    this.#open = { taken, partitions, marks: undefined };
    if ((flags & MessageFlag.begins) === 0) this.#publish(header);
    return taken;
  }

  #publish({ sequence }: MessageHeader): void {
    const { taken: { share }, partitions } = this.#open!;
    this.#board?.publish(sequence, share.greatest, partitions?.partition);
  }

  #decode({ flags }: MessageHeader, body: Uint8Array): TakenBlock {
    const places = (flags & MessageFlag.leftOut) !== 0 ? readLeftOut(body) : [];
    const rest = body.subarray(leftOutBytes(places));
    const isPlaced = (flags & MessageFlag.placed) !== 0;
    return this.#intake.take(isPlaced ? bytesAt(this.#arena!, rest) : rest, places);
  }

  /** The source partition of the block that was opened last. */
  get partition(): number {
    return this.#open?.partitions?.partition ?? 0;
  }

  /** By what its rows are judged; `undefined` as long as other bees have not told. */
  marksBefore(header: MessageHeader): BlockMarks | undefined {
    const open = this.#open!;
    if (open.marks) return open.marks;
    const marks = this.#marksBefore(header, open);
    if (!marks) return undefined;
    if (this.#board && (header.flags & MessageFlag.begins) !== 0) {
      open.taken.share.greatest = marks.cap + this.#bound;
      this.#publish(header);
    }
    return open.marks = marks;
  }

  #marksBefore(
    { sequence, count: behind, watermark }: MessageHeader,
    { partitions }: OpenBlock,
  ): BlockMarks | undefined {
    if (!this.#board) return { watermark, cap: Infinity };
    if (!partitions) {
      const greatest = this.#board.greatestBefore(sequence, behind);
      if (greatest === undefined) return undefined;
      return { watermark: Math.max(watermark, greatest - this.#bound), cap: Infinity };
    }
    partitions.reset();
    const areTold = this.#board.eachBefore(sequence, behind, (greatest, partition) => {
      partitions.pass(greatest, partition);
    });
    return areTold ? partitions.before : undefined;
  }

  /** The watermark of all partitions after the block that was opened last, ms. */
  watermarkAfter(header: MessageHeader): number {
    const { watermark, cap } = this.marksBefore(header)!;
    const { greatest } = this.#open!.taken.share;
    return Math.min(cap, Math.max(watermark, greatest - this.#bound));
  }

  /** What the bee sleeps for that waits for the watermark before a block. */
  forTimesBefore({ sequence, count: behind }: MessageHeader): Sleeper[] {
    return this.#board ? [this.#board.before(sequence, behind)] : [];
  }
}

/** What has no rows, but a greatest time. */
function empty(greatest: number): TakenBlock {
  const share = { records: 0, rows: 0, undecoded: 0, lines: 0, greatest };
  return { parts: [], given: [], bad: [], undecoded: [], share };
}

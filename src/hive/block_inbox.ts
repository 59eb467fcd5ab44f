import type { Kernel } from "../kernel/kernel.ts";
import type { BeeContext } from "./bee_task.ts";
import { bytesAt } from "./block_arena.ts";
import { BlockIntake, type IntakeSpec, type TakenBlock } from "./block_intake.ts";
import { messageBody, MessageFlag, type MessageHeader } from "./pipeline_frames.ts";
import type { Sleeper } from "./ring_buffer.ts";
import { TimeBoard } from "./time_board.ts";

const WORD = 4;
const ALIGNED_WORDS = 2;

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

/** Opens the blocks of bytes that a bee is given, and knows the watermark before each of them. */
export class BlockInbox {
  readonly #context: BeeContext;
  readonly #intake: BlockIntake;
  readonly #bound: number;
  readonly #arena: SharedArrayBuffer | undefined;
  #board: TimeBoard | undefined;

  /** An inbox that decodes in a kernel of its own. */
  constructor(spec: IntakeSpec, kernel: Kernel, context: BeeContext) {
    this.#context = context;
    this.#intake = new BlockIntake(spec, kernel);
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

  /** Decodes the block of a message, and tells the other bees its greatest time. */
  open(header: MessageHeader, frame: Uint8Array): TakenBlock {
    const taken = (header.flags & MessageFlag.givenUp) !== 0
      ? givenUp(header)
      : this.#decode(header, messageBody(frame));
    this.#board?.publish(header.sequence, taken.share.greatest);
    return taken;
  }

  #decode({ flags }: MessageHeader, body: Uint8Array): TakenBlock {
    const places = (flags & MessageFlag.leftOut) !== 0 ? readLeftOut(body) : [];
    const rest = body.subarray(leftOutBytes(places));
    const isPlaced = (flags & MessageFlag.placed) !== 0;
    return this.#intake.take(isPlaced ? bytesAt(this.#arena!, rest) : rest, places);
  }

  /** The watermark before a block, ms; `undefined` as long as other bees have not told. */
  watermarkBefore({ sequence, count: behind, watermark }: MessageHeader): number | undefined {
    if (!this.#board) return watermark;
    const greatest = this.#board.greatestBefore(sequence, behind);
    return greatest === undefined ? undefined : Math.max(watermark, greatest - this.#bound);
  }

  /** The watermark after a block, ms. */
  watermarkAfter(before: number, { share }: TakenBlock): number {
    return Math.max(before, share.greatest - this.#bound);
  }

  /** What the bee sleeps for that waits for the watermark before a block. */
  forTimesBefore({ sequence, count: behind }: MessageHeader): Sleeper[] {
    return this.#board ? [this.#board.before(sequence, behind)] : [];
  }
}

function givenUp({ cap: greatest }: MessageHeader): TakenBlock {
  const share = { records: 0, rows: 0, undecoded: 0, lines: 0, greatest };
  return { parts: [], given: [], bad: [], undecoded: [], share };
}

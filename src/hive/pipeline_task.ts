import { decodeFrame } from "../batch/frame.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { BeeOutputs } from "./bee_outputs.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import type { BlockInbox } from "./block_inbox.ts";
import { type BlockRows, placeIn, type TakenBlock } from "./block_intake.ts";
import {
  addKinds,
  type BadRow,
  type KindShare,
  message,
  messageBody,
  MessageFlag,
  type MessageHeader,
  MessageKind,
  type Outcome,
  outcomeBytes,
  readMessageHeader,
} from "./pipeline_frames.ts";
import type { Sleeper } from "./ring_buffer.ts";
import { addCounts, noCounts, type RowCounts } from "./row_counts.ts";

const NO_BATCH = -1;

/** Outcomes are shown at the latest when so many were not, or the first of them is so old. */
const UNSHOWN_OUTCOMES = 8;
const UNSHOWN_MS = 1;

/** What taking some rows came to. */
export interface Taken extends Outcome {
  /** Watermark after them, ms. */
  readonly watermarkAfter: number;
}

/** What a pipeline's bee does with its work. */
export interface PipelineLogic {
  /** Whether it can go on with the next batch. */
  readonly mayTake: boolean;
  /** Resolves when it may take what it was given, where promises keep it from that. */
  readonly pending?: Promise<void> | undefined;
  /**
   * Takes rows that start where the header says; `undefined`: not yet, the same will be given again
   * once it may take.
   */
  take(batch: RecordBatch, header: MessageHeader): Taken | undefined;
  /** All rows of a batch have been taken. */
  finish(header: MessageHeader, nowMs: number): void;
  /** Everything before has been sent to some bee. */
  barrier(header: MessageHeader): void;
  /** No more work will come. */
  end(header: MessageHeader): void;
  /** Takes in what other bees have sent; whether there was anything. */
  drain(generation: number): boolean;
  /** There is nothing to take: finishes what was kept open; whether there was anything. */
  rest(generation: number): boolean;
  /** Begins anew, or where the message says. */
  reset(message: unknown): void;
  /** What else it sleeps for. */
  waitsFor(): Sleeper[];
}

/** A batch, or a block of bytes, that is worked on. */
interface Work {
  readonly header: MessageHeader;
  /** Its rows. */
  readonly parts: readonly BlockRows[];
  /** What was found in a block of bytes. */
  readonly taken?: TakenBlock;
  /** Whether it is known yet which watermark comes before it. */
  isTimed: boolean;
  /** What other partitions hold the watermark down to, once that is known, ms. */
  cap: number;
  /** Of its message. */
  readonly bytes: number;
  readonly counts: RowCounts;
  readonly bad: BadRow[];
  readonly late: number[];
  kinds?: readonly KindShare[];
  readonly startedMs: number;
  /** Rows that were begun with; the same ones are given again. */
  begun?: RecordBatch | undefined;
  /** The part, and in it the row, that was not taken yet. */
  part: number;
  row: number;
  watermark: number;
}

/** What taking rows came to, by their places among all of a batch or block. */
function placed(taken: Taken, place: (row: number) => number): Taken {
  const { bad, late, kinds } = taken;
  return {
    ...taken,
    bad: bad.map((each) => ({ ...each, row: place(each.row) })),
    late: late.map(place),
    ...(kinds && {
      kinds: kinds.map((kind) => ({ ...kind, lateRows: kind.lateRows.map(place) })),
    }),
  };
}

/**
 * Whether no other bee could do better: the user has to change something. Anything else may be the
 * fault of this one bee, which is then replaced.
 */
function isFinal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  if (error.name === "KernelMemoryError" || isUserError(error)) return true;
  const isOurs = error instanceof TypeError || error instanceof RangeError;
  return isOurs && error.message.startsWith("Cannot ");
}

/** Whether a function of the user failed, which it would in any bee. */
function isUserError(error: Error): boolean {
  return error.name === "StreamingError";
}

/** What was thrown in a bee and brought about its error; anything can be thrown. */
export interface FatalCause {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
}

function causeOf({ cause }: Error): FatalCause {
  if (!(cause instanceof Error)) return { name: "Error", message: String(cause) };
  const { name, message, stack } = cause;
  return { name, message, ...(stack !== undefined && { stack }) };
}

/** The bee's side of a pipeline: takes batch after batch, and never blocks while it has inputs. */
export class PipelineTask implements BeeTask {
  readonly #context: BeeContext;
  readonly #outputs: BeeOutputs;
  readonly #logic: PipelineLogic;
  readonly #blocks: BlockInbox | undefined;
  #generation = 0;
  #work: Work | undefined;
  #early: Uint8Array | undefined;
  #failed = false;
  /** Outcomes that lie in the ring and were not shown, since when. */
  #unshown = 0;
  #unshownSinceMs = 0;

  /** A task of some logic. */
  constructor(
    context: BeeContext,
    parts: { outputs: BeeOutputs; logic: PipelineLogic; blocks?: BlockInbox | undefined },
  ) {
    this.#context = context;
    this.#outputs = parts.outputs;
    this.#logic = parts.logic;
    this.#blocks = parts.blocks;
  }

  get pending(): number {
    return this.#logic.pending ? 1 : 0;
  }

  settled(): Promise<void> {
    return this.#logic.pending ?? Promise.resolve();
  }

  abort(): void {
    this.#failed = true;
  }

  /** Goes back with all other bees because one was lost, or on with what one of them has learned. */
  receive(message: unknown): void {
    const { generation } = message as { generation: number };
    if (generation > this.#generation) {
      this.#generation = generation;
      this.#work = undefined;
      this.#outputs.clear();
      this.#blocks?.reset(message);
    }
    this.#attempt(() => this.#logic.reset(message));
  }

  waitsFor(): Sleeper[] {
    const { inbox } = this.#context;
    const blocked = this.#outputs.waitsFor();
    const inputs = this.#failed ? [] : this.#logic.waitsFor();
    if (this.#failed || this.#early) return [...inputs, ...blocked];
    if (!this.#work) return [...inputs, ...blocked, inbox];
    if (blocked.length > 0 || !this.#logic.mayTake) return [...inputs, ...blocked];
    const { isTimed, header } = this.#work;
    return [...inputs, ...(isTimed ? [inbox] : this.#blocks!.forTimesBefore(header))];
  }

  step(): "worked" | "idle" | "waitingForRoom" {
    const outcome = this.#attempt(() => this.#step()) ?? "worked";
    if (outcome !== "worked") this.#show();
    return outcome;
  }

  /** Does something, or tells the pipeline why no bee could. */
  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!isFinal(error)) throw error;
      this.#fail(error);
      return undefined;
    }
  }

  #step(): "worked" | "idle" | "waitingForRoom" {
    this.#outputs.flush();
    if (this.#failed) return this.#outputs.areBlocked ? "waitingForRoom" : "idle";
    const drained = this.#logic.drain(this.#generation);
    if (drained) this.#context.control.advance();
    // Only the source may be left unread: what others send is taken in, room or no room.
    if (this.#outputs.areBlocked || !this.#logic.mayTake) {
      return this.#openAhead() || drained ? "worked" : "waitingForRoom";
    }
    if (this.#takeWork() || drained) return "worked";
    if (this.#work) return "waitingForRoom";
    return this.#logic.rest(this.#generation) ? "worked" : "idle";
  }

  /**
   * Decodes the next block while nothing may be taken, for at a barrier all bees wait for the last of
   * them, and the others wait for its greatest time; whether there was one.
   */
  #openAhead(): boolean {
    if (this.#work || this.#early) return false;
    const frame = this.#context.inbox.tryRead();
    if (!frame) return false;
    const header = readMessageHeader(frame);
    const isBlock = header.kind === MessageKind.block && header.generation === this.#generation;
    if (isBlock) this.#open(header, frame);
    else this.#early = frame;
    return isBlock;
  }

  #takeWork(): boolean {
    const isNew = !this.#work;
    if (isNew) {
      const frame = this.#early ?? this.#context.inbox.tryRead();
      if (!frame) return false;
      const header = readMessageHeader(frame);
      this.#early = header.generation > this.#generation ? frame : undefined;
      if (this.#early) return false;
      if (header.generation === this.#generation) this.#open(header, frame);
    }
    if (this.#work && !this.#isTimed(this.#work)) return isNew;
    if (this.#work) this.#continue(this.#work);
    if (!this.#work) this.#context.inbox.release();
    return true;
  }

  #open(header: MessageHeader, frame: Uint8Array): void {
    if (header.kind === MessageKind.barrier) return this.#logic.barrier(header);
    if (header.kind === MessageKind.end) return this.#logic.end(header);
    const { runtime, control } = this.#context;
    const nothing = { counts: noCounts(), bad: [], late: [], part: 0, row: 0, bytes: frame.length };
    const { watermark, cap } = header;
    const begun = { ...nothing, startedMs: runtime.monotonicMs(), watermark, cap };
    if (header.kind !== MessageKind.block) {
      const { batch } = decodeFrame(messageBody(frame), { trusted: true });
      this.#work = { ...begun, header, parts: [{ batch: batch!, from: 0 }], isTimed: true };
      return;
    }
    // Who is lost over the bytes themselves is not lost over a row.
    control.setCursor(NO_BATCH, 0, 0);
    const taken = this.#blocks!.open(header, frame);
    const { parts, bad } = taken;
    const counts = { ...begun.counts, bad: bad.length };
    this.#work = { ...begun, header, parts, taken, counts, bad: [...bad], isTimed: false };
    control.advance();
  }

  /** Whether it is known which watermark comes before the rows. */
  #isTimed(work: Work): boolean {
    if (work.isTimed) return true;
    const marks = this.#blocks!.marksBefore(work.header);
    if (!marks) return false;
    work.watermark = marks.watermark;
    work.cap = marks.cap;
    return work.isTimed = true;
  }

  /** Takes rows, or one of a batch that has cost a bee, so that the guilty one is found. */
  #continue(work: Work): void {
    const { parts } = work;
    if (work.part < parts.length) this.#takeRows(work, parts[work.part]);
    if (work.part >= parts.length) this.#finish(work);
  }

  #takeRows(work: Work, rows: BlockRows): void {
    const { header, row } = work;
    const { batch } = rows;
    const isSuspect = (header.flags & MessageFlag.suspect) !== 0;
    const end = isSuspect ? Math.min(row + 1, batch.length) : batch.length;
    const place = placeIn(rows, row);
    this.#context.control.setCursor(header.sequence, place, placeIn(rows, end - 1) + 1);
    const begun = work.begun ??= isSuspect ? batch.slice(row, end) : batch;
    const { watermark, cap } = work;
    const count = work.taken ? this.#blocks!.partition : header.count;
    const position = header.position + place;
    const taken = this.#logic.take(begun, { ...header, position, watermark, cap, count });
    if (!taken) return this.#context.control.setCursor(NO_BATCH, 0, 0);
    work.begun = undefined;
    this.#note(work, placed(taken, (each) => placeIn(rows, row + each)));
    work.row = end;
    if (end < batch.length) return;
    work.part++;
    work.row = 0;
    // Who is lost before the next rows is not lost over these.
    if (!isSuspect) this.#context.control.setCursor(NO_BATCH, 0, 0);
  }

  #note(work: Work, taken: Taken): void {
    work.bad.push(...taken.bad);
    work.late.push(...taken.late);
    addCounts(work.counts, taken.counts);
    if (taken.kinds) work.kinds = addKinds(work.kinds, taken.kinds, 0);
    work.watermark = taken.watermarkAfter;
    this.#context.control.advance();
  }

  /**
   * Whether the pipeline need not hear of outcomes yet: to be woken for each of many small batches
   * costs its thread more than they cost the bee. Beside this batch, whose bytes are not given back
   * yet, two more lie here, so there is time to send others before these are done.
   */
  #mayKeepBack(batchBytes: number, nowMs: number): boolean {
    const isYoung = nowMs - this.#unshownSinceMs < UNSHOWN_MS && this.#unshown < UNSHOWN_OUTCOMES;
    return isYoung && this.#context.inbox.queuedBytes >= 3 * batchBytes;
  }

  #show(): void {
    if (this.#unshown === 0) return;
    this.#unshown = 0;
    this.#outputs.main.show();
  }

  #finish(work: Work): void {
    const { parts, bytes, startedMs, taken } = work;
    const rows = parts.reduce((sum, { batch }) => sum + batch.length, 0);
    const header = this.#coveredBy(work);
    const { control, dancer, runtime, inbox } = this.#context;
    const { sequence } = header;
    const nowMs = runtime.monotonicMs();
    const generation = this.#generation;
    const { main } = this.#outputs;
    const outcome = { ...work, ...(taken && { block: taken.share }) };
    const body = outcomeBytes(outcome, main.maxBodyBytes);
    main.sendUnshown(message({ kind: MessageKind.outcome, generation, sequence }), body);
    if (this.#unshown++ === 0) this.#unshownSinceMs = startedMs;
    this.#logic.finish(header, nowMs);
    if (work.bad.length > 0 || !this.#mayKeepBack(bytes, nowMs)) this.#show();
    control.setCursor(NO_BATCH, 0, 0);
    this.#work = undefined;
    const busyMs = runtime.monotonicMs() - startedMs;
    dancer.worked(rows, busyMs, busyMs, startedMs + busyMs);
    dancer.finishedBatch(busyMs);
    dancer.queue(inbox.queuedBytes > 0 ? 1 : 0);
  }

  /** The header with the watermark after all rows. */
  #coveredBy({ header, taken }: Work): MessageHeader {
    if (!taken) return header;
    return { ...header, watermarkAfter: this.#blocks!.watermarkAfter(header) };
  }

  #fail(error: Error): void {
    const { name, message: text } = error;
    const told = { name, message: text, ...(isUserError(error) && { cause: causeOf(error) }) };
    const body = new TextEncoder().encode(JSON.stringify(told));
    const generation = this.#generation;
    this.#failed = true;
    this.#outputs.clear();
    this.#outputs.main.send(message({ kind: MessageKind.fatal, generation }), body);
  }
}

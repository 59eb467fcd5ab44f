import { decodeFrame } from "../batch/frame.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { BeeOutputs } from "./bee_outputs.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
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

/** A batch that is worked on. */
interface Work {
  readonly header: MessageHeader;
  readonly batch: RecordBatch;
  /** Of its message. */
  readonly bytes: number;
  readonly counts: RowCounts;
  readonly bad: BadRow[];
  readonly late: number[];
  kinds?: readonly KindShare[];
  readonly startedMs: number;
  /** Rows that were begun with; the same ones are given again. */
  part?: RecordBatch | undefined;
  /** The first row that was not taken. */
  row: number;
  watermark: number;
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
  #generation = 0;
  #work: Work | undefined;
  #early: Uint8Array | undefined;
  #failed = false;
  /** Outcomes that lie in the ring and were not shown, since when. */
  #unshown = 0;
  #unshownSinceMs = 0;

  /** A task of some logic. */
  constructor(context: BeeContext, parts: { outputs: BeeOutputs; logic: PipelineLogic }) {
    this.#context = context;
    this.#outputs = parts.outputs;
    this.#logic = parts.logic;
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
    }
    this.#attempt(() => this.#logic.reset(message));
  }

  waitsFor(): Sleeper[] {
    const { inbox } = this.#context;
    const blocked = this.#outputs.waitsFor();
    const inputs = this.#failed ? [] : this.#logic.waitsFor();
    const takes = blocked.length === 0 && this.#logic.mayTake && !this.#failed && !this.#early;
    return takes ? [...inputs, inbox] : [...inputs, ...blocked];
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
      return drained ? "worked" : "waitingForRoom";
    }
    if (this.#takeWork() || drained) return "worked";
    return this.#logic.rest(this.#generation) ? "worked" : "idle";
  }

  #takeWork(): boolean {
    if (!this.#work) {
      const frame = this.#early ?? this.#context.inbox.tryRead();
      if (!frame) return false;
      const header = readMessageHeader(frame);
      this.#early = header.generation > this.#generation ? frame : undefined;
      if (this.#early) return false;
      if (header.generation === this.#generation) this.#open(header, frame);
    }
    if (this.#work) this.#continue(this.#work);
    if (!this.#work) this.#context.inbox.release();
    return true;
  }

  #open(header: MessageHeader, frame: Uint8Array): void {
    if (header.kind === MessageKind.barrier) return this.#logic.barrier(header);
    if (header.kind === MessageKind.end) return this.#logic.end(header);
    this.#work = {
      header,
      batch: decodeFrame(messageBody(frame), { trusted: true }).batch!,
      bytes: frame.length,
      counts: noCounts(),
      bad: [],
      late: [],
      startedMs: this.#context.runtime.monotonicMs(),
      row: 0,
      watermark: header.watermark,
    };
  }

  /** Takes the batch, or one row of a batch that has cost a bee, so that the guilty one is found. */
  #continue(work: Work): void {
    const { header, batch, row } = work;
    const isSuspect = (header.flags & MessageFlag.suspect) !== 0;
    const end = isSuspect ? Math.min(row + 1, batch.length) : batch.length;
    this.#context.control.setCursor(header.sequence, row, end);
    const rows = work.part ??= isSuspect ? batch.slice(row, end) : batch;
    const position = header.position + row;
    const taken = this.#logic.take(rows, { ...header, position, watermark: work.watermark });
    if (!taken) return this.#context.control.setCursor(NO_BATCH, 0, 0);
    work.part = undefined;
    for (const each of taken.bad) work.bad.push({ ...each, row: each.row + row });
    for (const each of taken.late) work.late.push(each + row);
    addCounts(work.counts, taken.counts);
    if (taken.kinds) work.kinds = addKinds(work.kinds, taken.kinds, row);
    work.row = end;
    work.watermark = taken.watermarkAfter;
    this.#context.control.advance();
    if (end === batch.length) this.#finish(work);
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
    const { header, batch, bytes, startedMs } = work;
    const { control, dancer, runtime, inbox } = this.#context;
    const { sequence } = header;
    const nowMs = runtime.monotonicMs();
    const generation = this.#generation;
    const { main } = this.#outputs;
    const body = outcomeBytes(work, main.maxBodyBytes);
    main.sendUnshown(message({ kind: MessageKind.outcome, generation, sequence }), body);
    if (this.#unshown++ === 0) this.#unshownSinceMs = startedMs;
    this.#logic.finish(header, nowMs);
    if (work.bad.length > 0 || !this.#mayKeepBack(bytes, nowMs)) this.#show();
    control.setCursor(NO_BATCH, 0, 0);
    this.#work = undefined;
    const busyMs = runtime.monotonicMs() - startedMs;
    dancer.worked(batch.length, busyMs, busyMs, startedMs + busyMs);
    dancer.finishedBatch(busyMs);
    dancer.queue(inbox.queuedBytes > 0 ? 1 : 0);
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

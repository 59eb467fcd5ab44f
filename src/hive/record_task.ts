import { RecordReader, RecordWriter } from "../batch/records/mod.ts";
import type { Cancel } from "../runtime/runtime.ts";
import type { BeeContext, BeeTask } from "./bee_task.ts";
import { KeyOrder, type Row } from "./key_order.ts";
import { RECORD_HEADER_BYTES, RecordFrameKind, writeResultHeader } from "./record_frames.ts";
import {
  loadRecordFunction,
  type RecordFunction,
  type RecordFunctionSpec,
} from "./record_function.ts";
import { RecordInfo } from "./record_info.ts";
import { ResultSender } from "./result_sender.ts";
import type { Sleeper } from "./ring_buffer.ts";
import { PENDING, RowFailure, WorkBatch } from "./work_batch.ts";

const SLICE_MS = 4;
const ROWS_PER_CLOCK = 32;
const SLOW_ROW_MS = 0.05;
const MAX_OPEN_BATCHES = 4;

/** A task that calls the user's function for each record. */
export interface RecordTaskSpec {
  readonly kind: "records";
  readonly fn: RecordFunctionSpec;
  /** Records of an asynchronous function in flight per bee. */
  readonly concurrency: number;
  /** How long the promise of one record may stay pending. */
  readonly recordTimeoutMs: number;
  /** Whether results leave in the order in which the batches came. */
  readonly ordered: boolean;
}

/** Makes the task inside the bee. */
export async function loadRecordTask(spec: RecordTaskSpec, context: BeeContext): Promise<BeeTask> {
  return new RecordTask(spec, context, await loadRecordFunction(spec.fn, context.runtime));
}

/** Calls the function on record after record, keeping the order of each key. */
class RecordTask implements BeeTask {
  readonly #spec: RecordTaskSpec;
  readonly #context: BeeContext;
  readonly #fn: RecordFunction;
  readonly #readers = { values: new RecordReader(), keys: new RecordReader() };
  readonly #sender: ResultSender;
  readonly #order: KeyOrder;
  readonly #abort = new AbortController();
  #open: WorkBatch[] = [];
  #fatal: Error | undefined;
  #fatalSent = false;
  #rowMs = 0;
  #wake: (() => void) | undefined;

  constructor(spec: RecordTaskSpec, context: BeeContext, fn: RecordFunction) {
    this.#spec = spec;
    this.#context = context;
    this.#fn = fn;
    this.#sender = new ResultSender(context);
    this.#order = new KeyOrder(spec.concurrency);
  }

  get needsKeys(): boolean {
    return this.#fn.usesInfo;
  }

  get pending(): number {
    return this.#order.running;
  }

  settled(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }

  waitsFor(): Sleeper[] {
    const { inbox, outbox } = this.#context;
    const bytes = this.#sender.waitingBytes;
    if (bytes > 0) return [outbox.forRoom(bytes)];
    return this.#mayTake() ? [inbox] : [];
  }

  abort(): void {
    this.#abort.abort(new DOMException("The stream was stopped", "AbortError"));
  }

  step(): "worked" | "idle" | "waitingForRoom" {
    const { runtime, dancer } = this.#context;
    const startMs = runtime.monotonicMs();
    if (this.#fatal) return this.#sendFatal();
    if (!this.#send()) return "waitingForRoom";
    const took = this.#take(startMs);
    if (this.#open.length === 0) return "idle";
    const workMs = took ? runtime.monotonicMs() : startMs;
    const rows = this.#work(workMs + SLICE_MS);
    const functionMs = runtime.monotonicMs() - workMs;
    if (this.#fatal) return this.#sendFatal();
    const sent = this.#send();
    const nowMs = runtime.monotonicMs();
    if (rows > 0) this.#rowMs = functionMs / rows;
    dancer.worked(rows, nowMs - startMs, functionMs, nowMs);
    if (!sent) return "waitingForRoom";
    return took || rows > 0 ? "worked" : "idle";
  }

  /** Whether the open batches leave room for another. */
  #mayTake(): boolean {
    return this.#open.length < MAX_OPEN_BATCHES &&
      !this.#open.some((batch) => batch.suspect || batch.next < batch.to);
  }

  /** Takes up the next batch if there is one and the open ones leave room. */
  #take(nowMs: number): boolean {
    const frame = this.#mayTake() ? this.#context.inbox.tryRead() : undefined;
    if (!frame) return false;
    this.#open.push(new WorkBatch(frame, this.#readers, nowMs));
    this.#context.inbox.release();
    return true;
  }

  /** Starts rows until `untilMs`; returns how many. */
  #work(untilMs: number): number {
    let rows = 0;
    for (const batch of this.#open) rows += this.#startRows(batch, untilMs);
    return rows;
  }

  #startRows(batch: WorkBatch, untilMs: number): number {
    const { control, runtime } = this.#context;
    const order = this.#order;
    const from = batch.next;
    const clockEvery = this.#rowMs > SLOW_ROW_MS ? 1 : ROWS_PER_CLOCK;
    while (batch.next < batch.to && !this.#fatal) {
      if (order.running > 0 && !order.hasRoom) break;
      // The results before a suspect row are sent first, for it may be this bee's last one.
      if (batch.suspect && (order.running > 0 || batch.next > from)) break;
      const row = batch.next++;
      if (order.running > 0 && order.park({ batch, row })) continue;
      control.setCursor(batch.id, order.running > 0 ? batch.sent : row, row + 1);
      this.#start(batch, row);
      control.advance();
      if ((row - from) % clockEvery === clockEvery - 1 && runtime.monotonicMs() >= untilMs) break;
    }
    return batch.next - from;
  }

  #start(batch: WorkBatch, row: number): void {
    const fn = this.#fn;
    const info = fn.usesInfo && batch.keys
      ? new RecordInfo(batch.keys[row] as string, fn.context, this.#abort.signal)
      : undefined;
    try {
      const result = fn.call(batch.values[row], info);
      if (isThenable(result)) this.#follow({ batch, row }, result, info);
      else batch.results[row] = result;
    } catch (error) {
      this.#fail({ batch, row }, error);
    }
  }

  #fail({ batch, row }: Row, error: unknown): void {
    const failure = new RowFailure(error);
    if (failure.name === "ReferenceError") this.#fatal ??= this.#fn.unfit(error);
    batch.results[row] = failure;
  }

  /** Waits for the promise of a row, but not longer than the limit. */
  #follow(row: Row, result: PromiseLike<unknown>, info: RecordInfo | undefined): void {
    this.#order.begin(row);
    const limitMs = this.#spec.recordTimeoutMs;
    const cancel: Cancel = this.#context.runtime.after(limitMs, () => {
      if (row.batch.results[row.row] !== PENDING) return;
      const error = new DOMException(
        `The function's promise was still pending after ${limitMs} ms (recordTimeout)`,
        "TimeoutError",
      );
      if (info) RecordInfo.abort(info, error);
      settle(() => this.#fail(row, error));
    });
    let open = true;
    const settle = (note: () => void) => {
      if (!open) return; // it timed out before: the late outcome has nowhere to go
      open = false;
      cancel();
      note();
      this.#settle(row);
    };
    adopt(result).then(
      (value) => settle(() => row.batch.results[row.row] = value),
      (error) => settle(() => this.#fail(row, error)),
    );
  }

  #settle(row: Row): void {
    this.#context.control.advance();
    const next = this.#order.end(row);
    if (next) {
      this.#start(next.batch, next.row);
      // A function that answers at once this time must not keep its key's others waiting.
      if (next.batch.results[next.row] !== PENDING) this.#settle(next);
    }
    this.#wake?.();
  }

  /** Sends what is finished, oldest batch first, and closes what is done. */
  #send(): boolean {
    const { dancer, inbox, runtime } = this.#context;
    if (!this.#sender.flush()) return false;
    for (const batch of this.#open) {
      if (!this.#sender.send(batch)) return false;
      if (this.#spec.ordered && !batch.done) break;
    }
    const done = this.#open.filter((batch) => batch.done);
    if (done.length === 0) return true;
    for (const batch of done) dancer.finishedBatch(runtime.monotonicMs() - batch.startedMs);
    this.#open = this.#open.filter((batch) => !batch.done);
    dancer.queue(this.#open.length + (inbox.queuedBytes > 0 ? 1 : 0));
    return true;
  }

  #sendFatal(): "idle" | "waitingForRoom" {
    if (!this.#fatal || this.#fatalSent) return "idle";
    const { name, message } = this.#fatal;
    const writer = new RecordWriter();
    writer.write({ name, message });
    const frame = this.#context.outbox.tryReserve(RECORD_HEADER_BYTES + writer.byteLength());
    if (!frame) return "waitingForRoom";
    const errorBytes = writer.finish(frame.subarray(RECORD_HEADER_BYTES));
    const { fatal: kind } = RecordFrameKind;
    writeResultHeader(frame, { kind, batch: 0, from: 0, rows: 0, valueBytes: 0, errorBytes });
    this.#context.outbox.commit();
    this.#context.outbox.publish();
    this.#fatalSent = true;
    return "idle";
  }
}

/** A promise of what a thenable of the user's gives, even if its `then` throws. */
async function adopt<T>(result: PromiseLike<T>): Promise<T> {
  return await result;
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === "object" && value !== null &&
    typeof (value as PromiseLike<unknown>).then === "function";
}

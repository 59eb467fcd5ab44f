import { RecordWriter } from "../batch/records/mod.ts";
import type { BeeContext } from "./bee_task.ts";
import {
  aligned,
  RECORD_HEADER_BYTES,
  RecordFrameKind,
  refusalInStream,
  type RowError,
  writeResultHeader,
} from "./record_frames.ts";
import { RowFailure, type WorkBatch } from "./work_batch.ts";

const FLUSH_BYTES = 256 * 1024;
const MESSAGE_CHARACTERS = 4_096;
const NAME_CHARACTERS = 256;

/** Encodes finished results, in the order of their rows, into the outbox. */
export class ResultSender {
  readonly #context: BeeContext;
  readonly #results: RecordWriter;
  readonly #errors = new RecordWriter();
  readonly #flushBytes: number;
  /** Encoded and waiting for room in the outbox. */
  #staged: { batch: number; from: number; rows: number } | undefined;

  /** A sender into the outbox of a bee. */
  constructor(context: BeeContext) {
    const limit = context.outbox.maxFrameBytes;
    this.#context = context;
    this.#flushBytes = Math.min(FLUSH_BYTES, limit >> 2);
    this.#results = new RecordWriter({ maxBytes: limit >> 1 });
  }

  /** Sends the results at the head of the batch; false when the outbox has no room for all. */
  send(batch: WorkBatch): boolean {
    if (!this.flush()) return false;
    while (batch.hasResult) {
      this.#stage(batch);
      if (!this.flush()) return false;
    }
    return true;
  }

  /** Bytes that the outbox must have room for before there is progress; 0 when nothing waits. */
  get waitingBytes(): number {
    return this.#staged ? this.#frameBytes() : 0;
  }

  /** Writes what is staged; false when the outbox has no room for it. */
  flush(): boolean {
    if (!this.#staged) return true;
    const frame = this.#context.outbox.tryReserve(this.#frameBytes());
    if (!frame) return false;
    const valuesAt = RECORD_HEADER_BYTES;
    const valueBytes = this.#results.finish(frame.subarray(valuesAt));
    const errorsAt = valuesAt + aligned(valueBytes);
    const hasErrors = this.#errors.length > 0;
    const errorBytes = hasErrors ? this.#errors.finish(frame.subarray(errorsAt)) : 0;
    writeResultHeader(frame, {
      kind: RecordFrameKind.results,
      ...this.#staged,
      valueBytes,
      errorBytes,
    });
    this.#context.outbox.commit();
    this.#context.outbox.publish();
    this.#staged = undefined;
    return true;
  }

  #stage(batch: WorkBatch): void {
    const from = batch.sent;
    // One at least: in the smallest rings the bounds of two empty writers exceed the limit.
    do this.#put(batch, batch.sent++); while (batch.hasResult && this.#bytes < this.#flushBytes);
    this.#staged = { batch: batch.id, from, rows: batch.sent - from };
  }

  #frameBytes(): number {
    const errorBytes = this.#errors.length > 0 ? this.#errors.byteLength() : 0;
    return RECORD_HEADER_BYTES + aligned(this.#results.byteLength()) + errorBytes;
  }

  get #bytes(): number {
    return this.#results.estimatedBytes + this.#errors.estimatedBytes;
  }

  #put(batch: WorkBatch, row: number): void {
    const result = batch.results[row];
    batch.results[row] = undefined; // lets the collector have it before the batch is done
    if (result instanceof RowFailure) return this.#fail(row, result);
    try {
      this.#results.write(result);
    } catch (error) {
      const { name, message } = new RowFailure(error);
      this.#fail(row, {
        name,
        message: `Cannot return the function's result: ${refusalInStream(message)}`,
      });
    }
  }

  #fail(index: number, { name, message }: { name: string; message: string }): void {
    // Both together, at 3 bytes a character, leave most of the smallest frame to the results.
    const limit = this.#context.outbox.maxFrameBytes;
    const error: RowError = {
      index,
      name: name.slice(0, Math.min(NAME_CHARACTERS, limit >> 6)),
      message: message.slice(0, Math.min(MESSAGE_CHARACTERS, limit >> 5)),
    };
    this.#errors.write(error);
    this.#results.write(undefined);
    this.#context.dancer.failedRecord();
  }
}

import type { RecordBatch } from "../../batch/record_batch.ts";
import { CsvCut } from "../../kernel/csv_cut.ts";
import type { BatchDecoder, DecoderMetrics } from "../batch_decoder.ts";
import { CsvBatches } from "./csv_batches.ts";
import type { CsvFormat } from "./csv_format.ts";
import { CsvHead } from "./csv_head.ts";
import type { CsvOptions } from "./csv_options.ts";
import { marksOf } from "./csv_plan.ts";
import { CsvTail } from "./csv_tail.ts";
import { MAX_RECORD_BYTES } from "../limits.ts";
import { checkChunk } from "../option_checks.ts";
import { BOM, CR, LF } from "../record_scanner.ts";
import { releaseNow, releaseWith, sharedKernel } from "../shared_kernel.ts";

const NOTHING = new Uint8Array();
const JOINED_BYTES = 262_144;

/** CSV from chunks of bytes, cut anywhere, to batches of rows decoded in the kernel. */
export class CsvStream<Row> implements BatchDecoder<Row> {
  readonly #format: CsvFormat<Row>;
  readonly #batches: CsvBatches<Row>;
  readonly #cut: CsvCut;
  readonly #head: CsvHead<Row>;
  readonly #tail: CsvTail;
  readonly #comment: number;
  readonly #maxRecordBytes: number;
  #state: "open" | "finished" | "failed" = "open";
  #bytes = 0;
  // Bytes of a byte-order mark that have come; −1 when it is settled whether there is one.
  #bomSeen = 0;
  // Whether a line feed that comes next belongs to the line end before.
  #afterCr = false;

  /**
   * A decoder of one input.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: CsvOptions<Row>, format: CsvFormat<Row>) {
    this.#format = format;
    this.#batches = new CsvBatches<Row>(options, format);
    this.#maxRecordBytes = options.maxRecordBytes ?? MAX_RECORD_BYTES;
    const marks = marksOf(options);
    this.#comment = marks.comment;
    this.#cut = new CsvCut(sharedKernel(), marks);
    releaseWith(this, this.#cut);
    this.#head = new CsvHead<Row>(options, { format, cut: this.#cut, batches: this.#batches });
    this.#tail = new CsvTail(this.#cut);
  }

  /** See {@linkcode BatchDecoder}. */
  push(chunk: Uint8Array): RecordBatch<Row>[] {
    checkChunk(chunk);
    return this.#run(() => {
      this.#bytes += chunk.length;
      const from = this.#passBom(chunk);
      if (from < chunk.length) this.#take(chunk, from);
    }, "open");
  }

  /** See {@linkcode BatchDecoder}. */
  finish(): RecordBatch<Row>[] {
    return this.#run(() => {
      if (this.#bomSeen > 0) this.#take(BOM.slice(0, this.#bomSeen), 0);
      if (this.#tail.isKept) this.#consume(this.#tail.take(NOTHING), 0, true);
      this.#head.infer();
      this.#batches.close();
      this.#release();
    }, "finished");
  }

  /** See {@linkcode BatchDecoder}. */
  metrics(): DecoderMetrics {
    return { bytes: this.#bytes, ...this.#batches.metrics() };
  }

  #run(work: () => void, next: "open" | "finished"): RecordBatch<Row>[] {
    if (this.#state !== "open") {
      throw new TypeError(
        `Cannot read ${this.#format.name}: the decoder has ${this.#state}; make a new one for each input`,
      );
    }
    this.#state = "failed";
    try {
      work();
      this.#state = next;
    } finally {
      if (this.#state === "failed") this.#release();
    }
    return this.#batches.takeReady();
  }

  #release(): void {
    releaseNow(this.#cut);
    this.#batches.release();
  }

  /** Steps over a byte-order mark, which may come in pieces; gives where the data start. */
  #passBom(chunk: Uint8Array): number {
    if (this.#bomSeen < 0) return 0;
    const before = this.#bomSeen;
    let at = 0;
    while (this.#bomSeen < BOM.length && at < chunk.length && chunk[at] === BOM[this.#bomSeen]) {
      this.#bomSeen++;
      at++;
    }
    if (this.#bomSeen === BOM.length) this.#bomSeen = -1;
    else if (at < chunk.length) {
      this.#bomSeen = -1;
      // What had come before was no mark.
      if (before > 0) this.#take(BOM.slice(0, before), 0);
      return 0;
    }
    return at;
  }

  #take(bytes: Uint8Array, from: number): void {
    let at = this.#afterCr && bytes[from] === LF ? from + 1 : from;
    this.#afterCr = false;
    if (this.#tail.isOpen) {
      const end = this.#tail.find(bytes, at);
      if (end < 0) {
        this.#tail.append(bytes.subarray(at));
        return this.#limit();
      }
      // A small chunk is copied behind what was kept, so that all of it is decoded at once.
      const isSmall = bytes.length <= JOINED_BYTES && this.#tail.isKept;
      if (isSmall) return this.#settle(this.#tail.take(bytes.subarray(at)), 0);
      this.#complete(bytes.subarray(at, end));
      at = end;
    }
    if (at < bytes.length) this.#settle(bytes, at);
    else this.#afterCr = bytes[at - 1] === CR;
  }

  /** Takes the rest of the record that was begun before. */
  #complete(rest: Uint8Array): void {
    if (this.#tail.isKept) this.#consume(this.#tail.take(rest), 0, false);
    else this.#batches.line += this.#tail.finishDropped(rest);
  }

  /** Decodes whole records, and keeps the beginning of one that is not. */
  #settle(bytes: Uint8Array, from: number): void {
    const end = this.#consume(bytes, from, false);
    if (end < bytes.length) {
      this.#tail.begin(bytes.subarray(end));
      this.#limit();
    } else this.#afterCr = bytes[end - 1] === CR;
  }

  /** Keeps no comment, and no more of a record than its limit. */
  #limit(): void {
    if (!this.#tail.isKept) return;
    const { bytes } = this.#tail;
    if (bytes[0] === this.#comment) {
      this.#batches.skippedLines++;
      this.#tail.drop({ isComment: true });
      // One more byte may be the carriage return of a CRLF, which does not belong to the record.
    } else if (bytes.length > this.#maxRecordBytes + 1) {
      this.#head.takeTooLarge(bytes);
      this.#tail.drop({ isComment: false });
    }
  }

  /** Decodes whole records; gives where the one starts that is not. */
  #consume(bytes: Uint8Array, from: number, final: boolean): number {
    let at = from;
    while (at < bytes.length) {
      const end = this.#head.isDone
        ? this.#batches.add(bytes, at, final)
        : this.#head.takeLine(bytes, at, final);
      if (end === at) break;
      at = end;
    }
    return at;
  }
}

import type { RecordBatch } from "../../batch/record_batch.ts";
import { CsvCut } from "../../kernel/csv_cut.ts";
import type { BatchDecoder, DecoderMetrics } from "../batch_decoder.ts";
import { ByteOrderMark } from "../byte_order_mark.ts";
import { CsvBatches } from "./csv_batches.ts";
import type { CsvFormat } from "./csv_format.ts";
import { CsvHead } from "./csv_head.ts";
import type { CsvOptions } from "./csv_options.ts";
import { marksOf } from "./csv_plan.ts";
import { CsvTail } from "./csv_tail.ts";
import { MAX_RECORD_BYTES } from "../limits.ts";
import { OneInput } from "../one_input.ts";
import { CR, LF } from "../record_scanner.ts";
import { releaseNow, releaseWith, sharedKernel } from "../shared_kernel.ts";

const NOTHING = new Uint8Array();
const JOINED_BYTES = 262_144;

/** CSV from chunks of bytes, cut anywhere, to batches of rows decoded in the kernel. */
export class CsvStream<Row> implements BatchDecoder<Row> {
  readonly #batches: CsvBatches<Row>;
  readonly #cut: CsvCut;
  readonly #head: CsvHead<Row>;
  readonly #tail: CsvTail;
  readonly #comment: number;
  readonly #maxRecordBytes: number;
  readonly #mark = new ByteOrderMark();
  readonly #input: OneInput;
  // Whether a line feed that comes next belongs to the line end before.
  #afterCr = false;

  /**
   * A decoder of one input.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: CsvOptions<Row>, format: CsvFormat<Row>) {
    this.#batches = new CsvBatches<Row>(options, format);
    this.#input = new OneInput(format.name, () => this.#release());
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
    this.#input.push(chunk, () => {
      for (const bytes of this.#mark.pass(chunk)) this.#take(bytes);
    });
    return this.#batches.takeReady();
  }

  /** See {@linkcode BatchDecoder}. */
  finish(): RecordBatch<Row>[] {
    this.#input.finish(() => {
      this.#take(this.#mark.finish());
      if (this.#tail.isKept) this.#consume(this.#tail.take(NOTHING), 0, true);
      this.#head.infer();
      this.#batches.close();
    });
    return this.#batches.takeReady();
  }

  /** See {@linkcode BatchDecoder}. */
  metrics(): DecoderMetrics {
    return { bytes: this.#input.bytes, ...this.#batches.metrics() };
  }

  #release(): void {
    releaseNow(this.#cut);
    this.#batches.release();
  }

  #take(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    let at = this.#afterCr && bytes[0] === LF ? 1 : 0;
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

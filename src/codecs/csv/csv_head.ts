import type { TypedSchema } from "../../batch/schema.ts";
import type { CsvCut } from "../../kernel/csv_cut.ts";
import { explainBad, headerError, recordText } from "../bad_record_error.ts";
import { BatchAssembler } from "../batch_assembler.ts";
import { type HeldRecord, HeldRecords, textsOf } from "../held_records.ts";
import type { CsvBatches } from "./csv_batches.ts";
import type { CsvFormat } from "./csv_format.ts";
import type { CsvOptions } from "./csv_options.ts";
import { marksOf } from "./csv_plan.ts";
import { LineCounter } from "./csv_tail.ts";
import { MAX_RECORD_BYTES } from "../limits.ts";
import { Malformed } from "../malformed.ts";
import { CR, LF } from "../record_scanner.ts";
import { utf8Text } from "../utf8_text.ts";

/** A record that waits for the columns to be known. */
export interface HeldLine extends HeldRecord {
  /** The physical line on which it starts, from 1. */
  readonly line: number;
}

/** What {@linkcode CsvHead} works with. */
export interface CsvHeadParts<Row> {
  readonly format: CsvFormat<Row>;
  readonly cut: CsvCut;
  readonly batches: CsvBatches<Row>;
}

/** The first records of an input, from which its columns are known: the header, and rows. */
export class CsvHead<Row> {
  readonly #format: CsvFormat<Row>;
  readonly #cut: CsvCut;
  readonly #batches: CsvBatches<Row>;
  readonly #schema: TypedSchema<Row> | undefined;
  readonly #comment: number;
  readonly #maxRecordBytes: number;
  readonly #held: HeldRecords<HeldLine>;
  readonly #replaces: boolean;

  /** The head of an input that is read as the options, which were checked, say. */
  constructor(options: CsvOptions<Row>, { format, cut, batches }: CsvHeadParts<Row>) {
    this.#format = format;
    this.#cut = cut;
    this.#batches = batches;
    this.#schema = options.schema;
    this.#comment = marksOf(options).comment;
    this.#held = new HeldRecords(options.inferenceRows);
    this.#maxRecordBytes = options.maxRecordBytes ?? MAX_RECORD_BYTES;
    this.#replaces = options.invalidUtf8 === "replace";
  }

  /** Whether the columns are known. */
  get isDone(): boolean {
    if (this.#batches.isReady) return true;
    if (this.#schema === undefined || this.#format.wantsHeader) return false;
    this.#batches.open(this.#schema);
    return true;
  }

  /** Takes the line or record at `at`; gives where the next one starts, `at` if it has no end. */
  takeLine(bytes: Uint8Array, at: number, final: boolean): number {
    this.#cut.begin();
    const found = this.#cut.next(bytes.subarray(at), true);
    if (found < 0 && !final) return at;
    let next = found < 0 ? bytes.length : at + found;
    let end = found < 0 ? next : next - 1;
    if (bytes[end] === CR && bytes[next] === LF) next++;
    else if (bytes[end] === LF && end > at && bytes[end - 1] === CR) end--;
    const line = this.#batches.line + 1;
    const lines = new LineCounter();
    lines.add(bytes.subarray(at, next));
    this.#batches.line += lines.count;
    if (bytes[at] === this.#comment) this.#batches.skippedLines++;
    else this.#takeRecord(bytes.subarray(at, end), line);
    return next;
  }

  /** Takes the beginning of a record that is too large. */
  takeTooLarge(bytes: Uint8Array): void {
    const line = this.#batches.line + 1;
    const kept = bytes.slice(0, this.#maxRecordBytes);
    const record = { bytes: kept, sizeBytes: bytes.length, text: undefined, line };
    if (this.isDone) this.#batches.reportLarge(record);
    else this.#take(record);
  }

  /** Infers the columns from the records that are held, if there are any. */
  infer(): void {
    const held = this.#held.take();
    if (held.length === 0) return;
    const schema = this.#format.inferColumns(textsOf(held));
    if (!schema) return held.forEach((record) => this.#reject(record));
    this.#format.prepare(schema);
    this.#batches.open(schema);
    this.#batches.addHeld(held);
  }

  #takeRecord(bytes: Uint8Array, line: number): void {
    const sizeBytes = bytes.length;
    const isLarge = sizeBytes > this.#maxRecordBytes;
    const kept = bytes.slice(0, this.#maxRecordBytes);
    const text = isLarge ? undefined : utf8Text(kept, this.#replaces);
    this.#take({ bytes: kept, sizeBytes, text, line });
  }

  #take(record: HeldLine): void {
    const { text } = record;
    if (text !== undefined && this.#format.isSkipped(text)) this.#batches.skippedLines++;
    else if (this.#format.wantsHeader) this.#takeHeader(record);
    else this.#hold(record);
  }

  #takeHeader(record: HeldLine): void {
    try {
      this.#format.takeHeader(this.#textOf(record));
    } catch (cause) {
      throw headerError(this.#format.name, record.line, cause);
    }
  }

  #textOf(record: HeldLine): string {
    const { suspect } = this.#format;
    return recordText(record, { maxRecordBytes: this.#maxRecordBytes, suspect });
  }

  #hold(record: HeldLine): void {
    this.#batches.records++;
    if (this.#held.add(record)) this.infer();
  }

  /** Reports a record of which not even columns could be inferred. */
  #reject(record: HeldLine): void {
    const none = new BatchAssembler<Row>({ fields: [] }, { batchRows: 1, extraKeys: "error" });
    let reason: unknown = new Malformed("no columns can be inferred from it", "pass a schema");
    try {
      this.#format.append(this.#textOf(record), none);
    } catch (error) {
      reason = error;
    }
    const error = explainBad(this.#format.name, record.line, reason);
    this.#batches.report(error, () => record.bytes);
  }
}

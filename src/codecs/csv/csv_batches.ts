import type { RecordBatch } from "../../batch/record_batch.ts";
import { checkSchema } from "../../batch/schema_check.ts";
import type { Schema } from "../../batch/schema.ts";
import type { CsvRecordPlace } from "../../kernel/csv_types.ts";
import { type BadRecordError, BadRecords } from "../bad_record.ts";
import {
  badRecordError,
  type BadRecordReason,
  explainBad,
  recordText,
} from "../bad_record_error.ts";
import type { DecoderMetrics } from "../batch_decoder.ts";
import type { CsvBlockSpec } from "../block_specs.ts";
import { CsvExplainer } from "./csv_block_decoder.ts";
import type { CsvFormat } from "./csv_format.ts";
import { giveHeld } from "../held_records.ts";
import type { HeldLine } from "./csv_head.ts";
import type { CsvOptions } from "./csv_options.ts";
import { CsvRows } from "./csv_rows.ts";
import { BATCH_ROWS, MAX_COLUMNS, MAX_RECORD_BYTES } from "../limits.ts";
import { checkPositive, checkWord } from "../option_checks.ts";
import { LF } from "../record_scanner.ts";
import { releaseNow, releaseWith, sharedKernel } from "../shared_kernel.ts";

/** Bad records that are told of together. */
const MOST_BAD = 1_024;

/** What is told of a bad record. */
interface ToldRecord {
  readonly error: BadRecordError;
  readonly bytes: () => Uint8Array;
}

/** How bytes are decoded. */
interface DecodeOptions {
  readonly from: number;
  readonly final: boolean;
  /** What to tell of a bad record. */
  readonly onBad: (place: CsvRecordPlace, reason: BadRecordReason) => ToldRecord;
}

/** The options that say what records are, checked. */
function checkedSpec<Row>(options: CsvOptions<Row>): Omit<CsvBlockSpec, "schema" | "names"> {
  const { maxColumns = MAX_COLUMNS, invalidUtf8 = "error" } = options;
  const batchRows = checkPositive("batchRows", options.batchRows ?? BATCH_ROWS);
  const maxRecordBytes = checkPositive(
    "maxRecordBytes",
    options.maxRecordBytes ?? MAX_RECORD_BYTES,
  );
  checkWord("invalidUtf8", invalidUtf8, ["error", "replace"]);
  const { separator, quote, comment, trim, emptyLines, emptyStrings, nullValues, raggedRows } =
    options;
  const dialect = { separator, quote, comment, trim, emptyLines, emptyStrings, nullValues };
  return {
    format: "csv",
    ...dialect,
    raggedRows,
    ...{ batchRows, maxRecordBytes, maxColumns, invalidUtf8 },
  };
}

/** Records with line ends between them; the last may have a quote that is not closed. */
function linesOf(records: readonly Uint8Array[]): Uint8Array {
  const size = records.reduce((sum, { length }) => sum + length + 1, 0);
  const bytes = new Uint8Array(size).fill(LF);
  let at = 0;
  for (const record of records) {
    bytes.set(record, at);
    at += record.length + 1;
  }
  return records[records.length - 1].length === 0 ? bytes : bytes.subarray(0, size - 1);
}

/** Batches of rows from CSV, and bad records by policy, all of them counted. */
export class CsvBatches<Row> {
  /** Records that were found. */
  records = 0;
  /** Lines that were no records. */
  skippedLines = 0;
  /** Physical lines before what comes next. */
  line = 0;
  readonly #format: CsvFormat<Row>;
  readonly #spec: Omit<CsvBlockSpec, "schema" | "names">;
  readonly #bad: BadRecords;
  readonly #mostBad: number;
  readonly #ready: RecordBatch<Row>[] = [];
  #rows: CsvRows | undefined;
  #explainer: CsvExplainer | undefined;
  #rowCount = 0;

  /**
   * Batches as the options say.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: CsvOptions<Row>, format: CsvFormat<Row>) {
    this.#format = format;
    checkWord("extraKeys", options.extraKeys ?? "error", ["error", "ignore"]);
    this.#bad = new BadRecords(options);
    if (options.schema) checkSchema(options.schema);
    this.#spec = checkedSpec(options);
    // Nothing is decoded that comes after a record that ends it all.
    this.#mostBad = (options.badRecords ?? "fail") === "fail" ? 1 : MOST_BAD;
  }

  /** Whether the columns are known. */
  get isReady(): boolean {
    return this.#rows !== undefined;
  }

  /** Begins with rows of these columns. */
  open(schema: Schema): void {
    const spec: CsvBlockSpec = { ...this.#spec, schema, names: this.#format.names };
    this.#explainer = new CsvExplainer(spec);
    this.#rows = new CsvRows(spec, sharedKernel());
    releaseWith(this, this.#rows);
  }

  /** Adds the whole records from `from` on; gives where the first one starts that is not. */
  add(bytes: Uint8Array, from: number, final: boolean): number {
    const rows = this.#begin();
    const first = this.line + 1;
    const { maxRecordBytes } = this.#spec;
    try {
      return this.#decode(rows, bytes, {
        from,
        final,
        onBad: ({ line, start, end }, reason) => {
          const error = badRecordError(this.#format.name, first + line, reason);
          const kept = Math.min(end, start + maxRecordBytes);
          return { error, bytes: () => bytes.slice(start, kept) };
        },
      });
    } finally {
      const { records, lines, skippedLines } = rows.counts;
      this.records += records;
      this.line += lines;
      this.skippedLines += skippedLines;
    }
  }

  /** Adds records that waited for the columns to be known. */
  addHeld(held: readonly HeldLine[]): void {
    giveHeld(held, this.#spec.maxRecordBytes, {
      run: (records) => this.#addRun(records),
      tooLarge: (record) => this.#reportLarge(record),
    });
  }

  /** Counts and reports a record that is too large. */
  reportLarge(record: HeldLine): void {
    this.records++;
    this.#reportLarge(record);
  }

  /** Deals with a bad record. */
  report(error: BadRecordError, bytes: () => Uint8Array): void {
    this.#bad.report(error, bytes);
  }

  /** Ends the open batch. */
  close(): void {
    if (this.#rows && this.#rows.rows > 0) this.#ready.push(this.#take(this.#rows));
  }

  /** The batches that are ready, once. */
  takeReady(): RecordBatch<Row>[] {
    return this.#ready.splice(0);
  }

  /** What was done so far, but for the bytes. */
  metrics(): Omit<DecoderMetrics, "bytes"> {
    const { records, skippedLines } = this;
    return { records, rows: this.#rowCount, badRecords: this.#bad.count, skippedLines };
  }

  /** Gives the kernel memory back. */
  release(): void {
    if (this.#rows) releaseNow(this.#rows);
  }

  #addRun(run: readonly HeldLine[]): void {
    const bytes = linesOf(run.map((record) => record.bytes));
    const rows = this.#begin();
    this.#decode(rows, bytes, {
      from: 0,
      final: true,
      onBad: ({ record }, reason) => {
        const { line, bytes } = run[record];
        return { error: badRecordError(this.#format.name, line, reason), bytes: () => bytes };
      },
    });
  }

  #begin(): CsvRows {
    this.#rows!.begin();
    return this.#rows!;
  }

  #decode(rows: CsvRows, bytes: Uint8Array, { from, final, onBad }: DecodeOptions): number {
    let at = from;
    while (at < bytes.length) {
      const before = rows.rows;
      const { end, bad } = rows.add(bytes, at, { final, mostBad: this.#mostBad });
      this.#rowCount += rows.rows - before;
      for (const place of bad) {
        let told: ToldRecord | undefined;
        const tell = () => told ??= onBad(place, this.#explainer!.explain(bytes, place));
        this.#bad.report(() => tell().error, () => tell().bytes());
      }
      if (rows.isFull) {
        this.#ready.push(this.#take(rows));
        rows.next();
      } else if (end === at) break;
      at = end;
    }
    return at;
  }

  #take(rows: CsvRows): RecordBatch<Row> {
    return rows.take({ own: true }) as RecordBatch<Row>;
  }

  #reportLarge(record: HeldLine): void {
    let reason: unknown;
    try {
      const { suspect } = this.#format;
      recordText(record, { maxRecordBytes: this.#spec.maxRecordBytes, suspect });
    } catch (error) {
      reason = error;
    }
    const error = explainBad(this.#format.name, record.line, reason);
    this.#bad.report(error, () => record.bytes);
  }
}

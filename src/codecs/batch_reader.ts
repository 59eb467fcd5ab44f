import { INFERENCE_ROWS } from "../batch/limits.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import { checkSchema } from "../batch/schema_check.ts";
import type { Schema, TypedSchema } from "../batch/schema.ts";
import { type BadRecordError, BadRecords } from "./bad_record.ts";
import { explainBad, headerError, recordText } from "./bad_record_error.ts";
import { BatchAssembler } from "./batch_assembler.ts";
import type { BatchDecoder, DecoderMetrics, DecoderOptions } from "./batch_decoder.ts";
import { BATCH_ROWS, MAX_BATCH_BYTES, MAX_RECORD_BYTES } from "./limits.ts";
import { Malformed } from "./malformed.ts";
import { OneInput } from "./one_input.ts";
import { checkPositive, checkWord } from "./option_checks.ts";
import { type RawRecord, RecordReader } from "./record_reader.ts";
import type { RecordScanner } from "./record_scanner.ts";

/** What a reader must know of a format: how the text of a record becomes values of columns. */
export interface RecordFormat<Row> {
  /** What is read, for error messages. */
  readonly name: string;
  /** What to look for where a record is too large. */
  readonly suspect: string;
  /** Whether the next record is the header. */
  readonly wantsHeader: boolean;
  /** Whether a line is no record at all. */
  isSkipped(text: string): boolean;
  /**
   * Takes the header.
   *
   * @throws {Malformed} when it is.
   * @throws {TypeError} when it does not go with the schema.
   */
  takeHeader(text: string): void;
  /** The columns of the first records, of which some may be bad; `undefined` if all are. */
  inferColumns(texts: readonly string[]): Schema | undefined;
  /**
   * Makes ready for rows of these columns.
   *
   * @throws {TypeError} when they are not those of the input.
   */
  prepare(schema: Schema): void;
  /**
   * Appends the values of a record.
   *
   * @throws {Misfit} or {Malformed} when it is bad; what it appended is then undone.
   */
  append(text: string, assembler: BatchAssembler<Row>): void;
}

/** What decoders of all formats share: bytes in, batches out, and bad records by policy. */
export class BatchReader<Row> implements BatchDecoder<Row> {
  readonly #format: RecordFormat<Row>;
  readonly #extraKeys: "error" | "ignore";
  readonly #bad: BadRecords;
  readonly #reader: RecordReader;
  readonly #scanner: RecordScanner;
  readonly #schema: TypedSchema<Row> | undefined;
  readonly #inferenceRows: number;
  readonly #batchRows: number;
  readonly #maxRecordBytes: number;
  readonly #input: OneInput;
  #assembler: BatchAssembler<Row> | undefined;
  #held: RawRecord[] = [];
  #heldBytes = 0;
  #records = 0;
  #skippedLines = 0;

  /** Reads records as `scanner` finds and `format` understands them. */
  constructor(options: DecoderOptions<Row>, scanner: RecordScanner, format: RecordFormat<Row>) {
    this.#format = format;
    this.#input = new OneInput(format.name);
    this.#extraKeys = checkWord("extraKeys", options.extraKeys ?? "error", ["error", "ignore"]);
    this.#bad = new BadRecords(options);
    this.#scanner = scanner;
    if (options.schema) checkSchema(options.schema);
    this.#schema = options.schema;
    this.#inferenceRows = checkPositive("inferenceRows", options.inferenceRows ?? INFERENCE_ROWS);
    this.#batchRows = checkPositive("batchRows", options.batchRows ?? BATCH_ROWS);
    this.#maxRecordBytes = checkPositive(
      "maxRecordBytes",
      options.maxRecordBytes ?? MAX_RECORD_BYTES,
    );
    const invalid = checkWord("invalidUtf8", options.invalidUtf8 ?? "error", ["error", "replace"]);
    this.#reader = new RecordReader({
      scanner,
      maxRecordBytes: this.#maxRecordBytes,
      replaceInvalid: invalid === "replace",
      onRecord: (record) => this.#onRecord(record),
    });
  }

  /** See {@linkcode BatchDecoder}. */
  push(chunk: Uint8Array): RecordBatch<Row>[] {
    this.#input.push(chunk, () => this.#reader.push(chunk));
    return this.#assembler?.take() ?? [];
  }

  /** See {@linkcode BatchDecoder}. */
  finish(): RecordBatch<Row>[] {
    this.#input.finish(() => {
      this.#reader.finish();
      this.#infer();
      this.#assembler?.close();
    });
    return this.#assembler?.take() ?? [];
  }

  /** See {@linkcode BatchDecoder}. */
  metrics(): DecoderMetrics {
    return {
      bytes: this.#input.bytes,
      records: this.#records,
      rows: this.#assembler?.rows ?? 0,
      badRecords: this.#bad.count,
      skippedLines: this.#skippedLines + this.#scanner.skippedLines,
    };
  }

  #onRecord(record: RawRecord): void {
    if (record.text !== undefined && this.#format.isSkipped(record.text)) {
      this.#skippedLines++;
      return;
    }
    if (this.#format.wantsHeader) return this.#takeHeader(record);
    this.#records++;
    if (!this.#assembler && this.#schema) this.#assembler = this.#assemble(this.#schema);
    if (this.#assembler) this.#decode(record, this.#assembler);
    else this.#hold(record);
  }

  #takeHeader(record: RawRecord): void {
    try {
      this.#format.takeHeader(this.#textOf(record));
    } catch (cause) {
      throw headerError(this.#format.name, record.line, cause);
    }
  }

  #assemble(schema: Schema): BatchAssembler<Row> {
    this.#format.prepare(schema);
    return new BatchAssembler<Row>(schema, {
      batchRows: this.#batchRows,
      extraKeys: this.#extraKeys,
    });
  }

  #hold(record: RawRecord): void {
    const bytes = record.bytes();
    this.#held.push({ ...record, bytes: () => bytes });
    this.#heldBytes += bytes.length;
    const enough = this.#held.length >= this.#inferenceRows;
    if (enough || this.#heldBytes >= MAX_BATCH_BYTES) this.#infer();
  }

  #infer(): void {
    if (this.#assembler || this.#held.length === 0) return;
    const held = this.#held;
    this.#held = [];
    this.#heldBytes = 0;
    const texts = held.map(({ text }) => text).filter((text) => text !== undefined);
    const schema = this.#format.inferColumns(texts);
    if (!schema) return held.forEach((record) => this.#reject(record));
    const assembler = this.#assembler = this.#assemble(schema);
    for (const record of held) this.#decode(record, assembler);
  }

  /** Reports a record of which not even columns could be inferred. */
  #reject(record: RawRecord): void {
    const none = new BatchAssembler<Row>({ fields: [] }, { batchRows: 1, extraKeys: "error" });
    let reason: unknown = new Malformed("no columns can be inferred from it", "pass a schema");
    try {
      this.#format.append(this.#textOf(record), none);
    } catch (error) {
      reason = error;
    }
    this.#bad.report(this.#explain(reason, record.line), record.bytes);
  }

  #decode(record: RawRecord, assembler: BatchAssembler<Row>): void {
    try {
      this.#format.append(this.#textOf(record), assembler);
    } catch (error) {
      assembler.undoRow();
      this.#bad.report(this.#explain(error, record.line), record.bytes);
      return;
    }
    assembler.endRow(record.sizeBytes);
  }

  #textOf(record: RawRecord): string {
    const { suspect } = this.#format;
    return recordText(record, { maxRecordBytes: this.#maxRecordBytes, suspect });
  }

  #explain(error: unknown, line: number): BadRecordError {
    return explainBad(this.#format.name, line, error);
  }
}

import type { RecordBatch } from "../../batch/record_batch.ts";
import { checkSchema } from "../../batch/schema_check.ts";
import { checkBoolean } from "../../runtime/known_options.ts";
import { badRecordError, fixInArray, recordText } from "../bad_record_error.ts";
import { ByteOrderMark } from "../byte_order_mark.ts";
import { BatchAssembler } from "../batch_assembler.ts";
import type { BatchDecoder, DecoderMetrics } from "../batch_decoder.ts";
import type { NdjsonBlockSpec } from "../block_specs.ts";
import { BATCH_ROWS, MAX_COLUMNS, MAX_JSON_DEPTH, MAX_RECORD_BYTES } from "../limits.ts";
import { giveHeld, type HeldRecord, HeldRecords, textsOf } from "../held_records.ts";
import { Malformed } from "../malformed.ts";
import type { NdjsonOptions } from "./ndjson_decoder.ts";
import { NdjsonFormat } from "./ndjson_format.ts";
import { checkTypes } from "../typed_columns.ts";
import { OneInput } from "../one_input.ts";
import { checkPositive, checkWord } from "../option_checks.ts";
import { CR, LF } from "../record_scanner.ts";
import { type ArrayFault, ArrayUnwrapper, type ElementConsumer } from "./array_unwrapper.ts";
import { type LineConsumer, LineFeeder } from "./line_feeder.ts";
import { type InputPlace, NdjsonBatches } from "./ndjson_batches.ts";
import { utf8Text } from "../utf8_text.ts";
import { faultOf } from "./reference_record.ts";

/** A record that waits for the columns to be known. */
interface PlacedRecord extends HeldRecord {
  readonly place: InputPlace;
}

function checkedSpec<Row>(options: NdjsonOptions<Row>): Omit<NdjsonBlockSpec, "schema"> {
  const { invalidUtf8 = "error", extraKeys = "error", trusted = false } = options;
  const spec = {
    format: "ndjson" as const,
    maxDepth: checkPositive("maxDepth", options.maxDepth ?? MAX_JSON_DEPTH),
    maxColumns: checkPositive("maxColumns", options.maxColumns ?? MAX_COLUMNS),
    extraKeys: checkWord("extraKeys", extraKeys, ["error", "ignore"]),
    batchRows: checkPositive("batchRows", options.batchRows ?? BATCH_ROWS),
    maxRecordBytes: checkPositive("maxRecordBytes", options.maxRecordBytes ?? MAX_RECORD_BYTES),
    invalidUtf8: checkWord("invalidUtf8", invalidUtf8, ["error", "replace"]),
  };
  return { ...spec, trusted: checkBoolean("trusted", trusted, "make decoder") };
}

/**
 * Lines of JSON, or the elements of an array, from chunks of bytes, cut anywhere, to batches of rows
 * decoded in the kernel.
 */
export class NdjsonStream<Row> implements BatchDecoder<Row>, LineConsumer, ElementConsumer {
  readonly #name: string;
  readonly #spec: Omit<NdjsonBlockSpec, "schema">;
  readonly #format: NdjsonFormat<Row>;
  readonly #batches: NdjsonBatches<Row>;
  readonly #mark = new ByteOrderMark();
  readonly #unwrapper: ArrayUnwrapper | undefined;
  readonly #feeder: LineFeeder;
  readonly #held: HeldRecords<PlacedRecord>;
  readonly #input: OneInput;
  #lines = 0;

  /**
   * A decoder of one input.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: NdjsonOptions<Row>) {
    const { name = "NDJSON input", schema } = options;
    this.#name = name;
    this.#input = new OneInput(name, () => this.#batches.release());
    this.#spec = checkedSpec(options);
    this.#held = new HeldRecords(options.inferenceRows);
    checkTypes(options);
    this.#format = new NdjsonFormat<Row>(name, { ...this.#spec, types: options.types });
    this.#batches = new NdjsonBatches<Row>(name, options, this.#spec);
    this.#feeder = new LineFeeder(this, this.#spec.maxRecordBytes);
    const layout = checkWord("layout", options.layout ?? "lines", ["lines", "array"]);
    if (layout === "array") this.#unwrapper = new ArrayUnwrapper(this);
    if (schema === undefined) return;
    checkSchema(schema);
    this.#batches.open(schema);
  }

  /** See {@linkcode BatchDecoder}. */
  push(chunk: Uint8Array): RecordBatch<Row>[] {
    this.#input.push(chunk, () => {
      for (const bytes of this.#mark.pass(chunk)) this.#feed(bytes);
    });
    return this.#batches.takeReady();
  }

  /** See {@linkcode BatchDecoder}. */
  finish(): RecordBatch<Row>[] {
    this.#input.finish(() => {
      this.#feed(this.#mark.finish());
      this.#feeder.finish();
      this.#unwrapper?.finish();
      this.#infer();
      this.#batches.close();
    });
    return this.#batches.takeReady();
  }

  /** On which line of the input a row starts, from 1, if it is an element of an array. */
  lineOf(batch: RecordBatch<Row>, row: number): number | undefined {
    return this.#batches.lineOf(batch, row);
  }

  /** See {@linkcode BatchDecoder}. */
  metrics(): DecoderMetrics {
    return { bytes: this.#input.bytes, ...this.#batches.metrics() };
  }

  /** See {@linkcode ElementConsumer}. */
  takeBytes(bytes: Uint8Array): void {
    this.#feeder.push(bytes);
  }

  /** See {@linkcode ElementConsumer}. */
  takeFault({ line, byteOffset, ...fault }: ArrayFault): void {
    this.#batches.records++;
    const place = { byteOffset: byteOffset + this.#mark.length };
    const error = badRecordError(this.#name, line, { ...fault, ...place });
    this.#batches.report(error, () => new Uint8Array());
  }

  /** See {@linkcode ElementConsumer}. */
  refuse(byte: number, line: number): never {
    throw new TypeError(
      `Cannot read ${this.#name}: line ${line}: an array starts with "[", received ` +
        `${JSON.stringify(String.fromCharCode(byte))}; pass layout: "lines" for one object a line`,
    );
  }

  /** See {@linkcode LineConsumer}. */
  takeLines(bytes: Uint8Array, offset: number): void {
    let from = 0;
    while (!this.#batches.isReady && from < bytes.length) {
      from = this.#holdLine(bytes, from, offset);
    }
    if (from === bytes.length) return;
    const first = this.#lines;
    this.#lines += this.#batches.add({
      bytes: bytes.subarray(from),
      placeOf: ({ line, start, at }) => {
        const place = this.#placeOf(first + line, offset + from + start);
        return { ...place, byteOffset: place.byteOffset + at - start };
      },
    });
    this.#unwrapper?.forget(this.#lines);
  }

  /** See {@linkcode LineConsumer}. */
  takeLarge(start: Uint8Array, offset: number): void {
    const { maxRecordBytes } = this.#spec;
    const place = this.#placeOf(this.#lines++, offset);
    this.#take({ bytes: start, sizeBytes: maxRecordBytes + 1, text: undefined, place });
  }

  /** Where in the input a line starts that was fed as the `line`th, behind `offset` bytes. */
  #placeOf(line: number, offset: number): InputPlace {
    const { byteOffset, ...place } = this.#unwrapper?.placeOf(line) ??
      { line: line + 1, byteOffset: offset };
    return { ...place, byteOffset: byteOffset + this.#mark.length };
  }

  #feed(bytes: Uint8Array): void {
    if (bytes.length === 0) return;
    if (this.#unwrapper) this.#unwrapper.push(bytes);
    else this.#feeder.push(bytes);
  }

  /** Takes a line to infer columns from; where the next one starts. */
  #holdLine(bytes: Uint8Array, at: number, offset: number): number {
    const found = bytes.indexOf(LF, at);
    const next = found < 0 ? bytes.length : found + 1;
    const end = found < 0 ? next : found > at && bytes[found - 1] === CR ? found - 1 : found;
    const place = this.#placeOf(this.#lines++, offset + at);
    const record = bytes.slice(at, end);
    const text = record.length > this.#spec.maxRecordBytes ? undefined : this.#textOf(record);
    if (text !== undefined && this.#format.isSkipped(text)) this.#batches.skippedLines++;
    else {
      const kept = record.subarray(0, this.#spec.maxRecordBytes);
      this.#take({ bytes: kept, sizeBytes: record.length, text, place });
    }
    return next;
  }

  #textOf(bytes: Uint8Array): string | undefined {
    const isReplacing = this.#spec.invalidUtf8 === "replace";
    return utf8Text(bytes, isReplacing);
  }

  #take(record: PlacedRecord): void {
    this.#batches.records++;
    if (this.#batches.isReady) return this.#reject(record);
    if (this.#held.add(record)) this.#infer();
  }

  /** Infers the columns from the records that are held, if there are any. */
  #infer(): void {
    const held = this.#held.take();
    if (held.length === 0) return;
    const schema = this.#format.inferColumns(textsOf(held));
    if (!schema) return held.forEach((record) => this.#reject(record));
    this.#batches.open(schema);
    giveHeld(held, this.#spec.maxRecordBytes, {
      run: (records) => this.#addRun(records),
      tooLarge: (record) => this.#reject(record),
    });
  }

  #addRun(run: readonly PlacedRecord[]): void {
    const bytes = new Uint8Array(run.reduce((sum, { sizeBytes }) => sum + sizeBytes + 1, 0));
    let at = 0;
    for (const { bytes: record, sizeBytes } of run) {
      bytes.set(record, at);
      at += sizeBytes + 1;
      bytes[at - 1] = LF;
    }
    // They were counted when they came.
    this.#batches.records -= run.length;
    this.#batches.add({
      bytes,
      placeOf: ({ line, start, at }) => {
        const { place } = run[line];
        return { ...place, byteOffset: place.byteOffset + at - start };
      },
    });
  }

  /** Reports a record that is too large, or of which not even columns could be inferred. */
  #reject(record: PlacedRecord): void {
    const none = new BatchAssembler<Row>({ fields: [] }, { batchRows: 1, extraKeys: "error" });
    let reason: unknown = new Malformed("no columns can be inferred from it", "pass a schema");
    try {
      const { maxRecordBytes } = this.#spec;
      const { suspect } = this.#format;
      this.#format.append(recordText(record, { maxRecordBytes, suspect }), none);
    } catch (error) {
      reason = error;
    }
    const { line, byteOffset } = record.place;
    const { cause } = reason as Error;
    const fault = faultOf(reason);
    const fix = this.#unwrapper === undefined ? fault.fix : fixInArray(fault.fix);
    const error = badRecordError(this.#name, line, { ...fault, fix, byteOffset, cause });
    this.#batches.report(error, () => record.bytes);
  }
}

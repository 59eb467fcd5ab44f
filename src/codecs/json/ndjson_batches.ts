import type { Column } from "../../batch/column.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema, TypedSchema } from "../../batch/schema.ts";
import { BadRecords } from "../bad_record.ts";
import { badRecordError, fixInArray } from "../bad_record_error.ts";
import type { DecoderMetrics } from "../batch_decoder.ts";
import type { NdjsonBlockSpec } from "../block_specs.ts";
import type { BadBlockRecord, DecodedBlock } from "../block_decoder.ts";
import { ownColumn } from "../built_columns.ts";
import { MAX_BATCH_BYTES } from "../limits.ts";
import type { NdjsonOptions } from "./ndjson_decoder.ts";
import { releaseNow, releaseWith, sharedKernel } from "../shared_kernel.ts";
import { NdjsonBlockDecoder } from "./ndjson_block_decoder.ts";

/** Bad records that are told of together. */
const MOST_BAD = 1_024;

/** Records as bytes, and on which line of the input each of them is. */
export interface DecodedLines {
  readonly bytes: Uint8Array;
  /** Where in the input a place is. */
  placeOf(place: PlaceInLines): InputPlace;
}

/** A byte of some lines. */
export interface PlaceInLines {
  /** Which of the lines it is in, from 0. */
  readonly line: number;
  /** Where that line starts, and the byte itself. */
  readonly start: number;
  readonly at: number;
}

/** A place in an input. */
export interface InputPlace {
  /** From 1. */
  readonly line: number;
  /** From 0. */
  readonly byteOffset: number;
}

/** Batches of rows from lines of JSON, and bad records by policy, all of them counted. */
export class NdjsonBatches<Row> {
  /** Records that were found. */
  records = 0;
  /** Lines that were no records. */
  skippedLines = 0;
  readonly #name: string;
  readonly #spec: Omit<NdjsonBlockSpec, "schema">;
  readonly #bad: BadRecords;
  readonly #mostBad: number;
  readonly #dictionaries = new WeakMap<Column, Column>();
  readonly #keepsLines: boolean;
  /** On which line each row of the open batch starts, if that is kept. */
  #openLines: number[] = [];
  readonly #linesOf = new WeakMap<RecordBatch<Row>, readonly number[]>();
  #ready: RecordBatch<Row>[] = [];
  #decoder: NdjsonBlockDecoder | undefined;
  #schema: TypedSchema<Row> | undefined;
  #rows = 0;
  #openBytes = 0;

  /**
   * Batches as the options say.
   *
   * @throws {TypeError} when the policy for bad records is none.
   */
  constructor(
    name: string,
    options: NdjsonOptions<Row>,
    spec: Omit<NdjsonBlockSpec, "schema">,
  ) {
    this.#name = name;
    this.#spec = spec;
    this.#bad = new BadRecords(options);
    // Rows of lines are found again by counting these, elements of an array are not.
    this.#keepsLines = options.layout === "array";
    // Nothing is decoded that comes after a record that ends it all.
    this.#mostBad = (options.badRecords ?? "fail") === "fail" ? 1 : MOST_BAD;
  }

  /** Whether the columns are known. */
  get isReady(): boolean {
    return this.#decoder !== undefined;
  }

  /** Begins with rows of these columns. */
  open(schema: Schema): void {
    this.#schema = schema as TypedSchema<Row>;
    this.#decoder = new NdjsonBlockDecoder({ ...this.#spec, schema }, sharedKernel());
    releaseWith(this, this.#decoder);
  }

  /** Adds lines, and gives how many there were. */
  add({ bytes, placeOf }: DecodedLines): number {
    const decoder = this.#decoder!;
    let lines = 0;
    for (let at = 0; at < bytes.length;) {
      const before = decoder.rows;
      const part = decoder.append(bytes, at, this.#mostBad);
      this.records += part.records;
      this.skippedLines += part.skippedLines;
      this.#rows += decoder.rows - before;
      this.#openBytes += part.end - at;
      for (const bad of part.bad) {
        const { start, at = start } = bad;
        this.#report(bytes, bad, placeOf({ line: lines + bad.line, start, at }));
      }
      if (this.#keepsLines) {
        this.#keepLines(part, (line) => placeOf({ line: lines + line, start: 0, at: 0 }).line);
      }
      lines += part.lines;
      at = part.end;
      if (decoder.isFull || this.#openBytes >= MAX_BATCH_BYTES) this.close();
    }
    return lines;
  }

  /** Of an array each line is an element, of which all that are not bad became rows. */
  #keepLines(
    { lines, bad }: Pick<DecodedBlock, "lines" | "bad">,
    lineOf: (line: number) => number,
  ): void {
    let next = 0;
    for (let line = 0; line < lines; line++) {
      if (bad[next]?.line === line) next++;
      else this.#openLines.push(lineOf(line));
    }
  }

  /** On which line of the input a row of a batch starts, from 1; only that of an array is known. */
  lineOf(batch: RecordBatch<Row>, row: number): number | undefined {
    return this.#linesOf.get(batch)?.[row];
  }

  /** Reports a record that was counted before. */
  report(...given: Parameters<BadRecords["report"]>): void {
    this.#bad.report(...given);
  }

  /** Ends the open batch, if it has rows. */
  close(): void {
    this.#openBytes = 0;
    if (this.#decoder === undefined || this.#decoder.rows === 0) return;
    const { columns, length } = this.#decoder.take();
    const own = columns.map((column) => this.#own(column));
    const batch = new RecordBatch<Row>(this.#schema!, own, length);
    if (this.#keepsLines) this.#linesOf.set(batch, this.#openLines);
    this.#openLines = [];
    this.#ready.push(batch);
  }

  /** The batches that are ready, once. */
  takeReady(): RecordBatch<Row>[] {
    const ready = this.#ready;
    this.#ready = [];
    return ready;
  }

  /** What was done so far, but for the bytes. */
  metrics(): Omit<DecoderMetrics, "bytes"> {
    const { records, skippedLines } = this;
    return { records, rows: this.#rows, badRecords: this.#bad.count, skippedLines };
  }

  /** Gives the kernel memory back. */
  release(): void {
    if (this.#decoder !== undefined) releaseNow(this.#decoder);
  }

  #report(bytes: Uint8Array, bad: BadBlockRecord, { line, byteOffset }: InputPlace): void {
    const end = Math.min(bad.end, bad.start + this.#spec.maxRecordBytes);
    const fix = this.#keepsLines ? fixInArray(bad.fix) : bad.fix;
    const error = () => badRecordError(this.#name, line, { ...bad, fix, byteOffset });
    this.#bad.report(error, () => bytes.slice(bad.start, end));
  }

  /** A column with memory of its own; batches with the same dictionary have the same copy of it. */
  #own(column: Column): Column {
    if (column.type.kind !== "dict") return ownColumn(column);
    const [dictionary] = column.children!;
    let own = this.#dictionaries.get(dictionary);
    if (own === undefined) {
      own = ownColumn(dictionary);
      this.#dictionaries.set(dictionary, own);
    }
    return { ...ownColumn({ ...column, children: undefined }), children: [own] };
  }
}

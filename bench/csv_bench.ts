/**
 * CSV to columns against `JSON.parse` of the same records as lines, and against uDSV, which of the
 * parsers of CSV that are well kept was the fastest when they were tried (csv-simple-parser, d3-dsv,
 * papaparse, csv-parse); both make rows and no columns.
 *
 * As a bee reads it: blocks of 1 MiB that a cutter has cut before, rows in batches of 8,192, the copy
 * into the kernel's memory included. What cutting takes is a row of its own.
 *
 * @module
 */
import Papa from "papaparse";
import { inferSchema, initParser } from "udsv";
import { RecordBatch } from "../src/batch/record_batch.ts";
import type { Schema } from "../src/batch/schema.ts";
import { CsvBlockDecoder } from "../src/codecs/csv/csv_block_decoder.ts";
import { CsvCutter } from "../src/codecs/csv/csv_cutter.ts";
import { CsvDecoder } from "../src/codecs/csv/csv_decoder.ts";
import { CsvEncoder } from "../src/codecs/csv/csv_encoder.ts";
import { MAX_COLUMNS, MAX_RECORD_BYTES } from "../src/codecs/limits.ts";
import { create, type Kernel } from "../src/kernel/kernel.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";
import {
  csvOf,
  flatSchema,
  ndjsonOf,
  randomOf,
  recordsOf,
  type Shape,
  SHAPES,
  TEN_COLUMNS,
  tenColumns,
} from "./support/shapes.ts";

const ROWS = 100_000;
const BLOCK_BYTES = 1 << 20;
const CHUNK_BYTES = 1 << 16;
const BATCH_ROWS = 8_192;
/** Until then V8 runs the kernel in its quick, slow form. */
const WARM_UP_ROUNDS = 5;

/** Bytes cut into blocks, as main does it, and decoded, as a bee does it, with no row made. */
class Reading implements Disposable {
  readonly #bytes: Uint8Array;
  readonly #blocks: readonly Uint8Array[];
  readonly #decoder: CsvBlockDecoder;
  readonly #cutter: CsvCutter;

  constructor(kernel: Kernel, bytes: Uint8Array, schema: Schema, names: readonly string[]) {
    this.#bytes = bytes;
    const limits = { maxColumns: MAX_COLUMNS, maxRecordBytes: MAX_RECORD_BYTES };
    this.#decoder = new CsvBlockDecoder(
      { format: "csv", schema, names, batchRows: BATCH_ROWS, ...limits },
      kernel,
    );
    this.#cutter = new CsvCutter({}, kernel);
    this.#blocks = this.#cutAll();
  }

  /** How many rows there are. */
  rows(): number {
    let rows = 0;
    for (const block of this.#blocks) {
      for (let from = 0; from < block.length;) {
        const { batch, end } = this.#decoder.decode(block, from);
        rows += batch.length;
        from = end;
      }
    }
    return rows;
  }

  /** Cuts alone; gives the bytes. */
  cut(): number {
    this.#cutAll();
    return this.#bytes.length;
  }

  #cutAll(): Uint8Array[] {
    const bytes = this.#bytes;
    const blocks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length;) {
      const block = bytes.subarray(at, at + BLOCK_BYTES);
      const isLast = at + block.length === bytes.length;
      const end = isLast ? block.length : this.#cutter.cut(block);
      blocks.push(block.subarray(0, end));
      at += end;
    }
    return blocks;
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
    this.#cutter[Symbol.dispose]();
  }
}

function warmed(reading: Reading): Reading {
  for (let round = 0; round < WARM_UP_ROUNDS; round++) reading.rows();
  return reading;
}

function jsonRows(bytes: Uint8Array): number {
  const rows: unknown[] = [];
  const lines = new TextDecoder().decode(bytes).split("\n");
  lines.pop();
  for (const line of lines) rows.push(JSON.parse(line));
  return rows.length;
}

/** Rows of values, with the types that uDSV sees in the first records. */
function udsvRows(bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes);
  return initParser(inferSchema(text)).typedArrs(text).length;
}

async function rowsOf(kernel: Kernel, shape: Shape): Promise<BenchRow[]> {
  const records = recordsOf(shape, ROWS);
  const [csv, ndjson] = [csvOf(records), ndjsonOf(records)];
  const body = csv.subarray(csv.indexOf(10) + 1);
  const schema = flatSchema(shape.schema);
  const names = schema.fields.map(({ name }) => name);
  const four = { fields: schema.fields.filter(({ name }) => shape.four.includes(name)) };
  using all = warmed(new Reading(kernel, body, schema, names));
  using some = warmed(new Reading(kernel, body, four, names));
  return [
    await compare({
      name: `CSV, ${shape.name}, all columns; JSON.parse of lines`,
      contender: () => all.rows(),
      baseline: () => jsonRows(ndjson),
      target: 7.5,
    }),
    await compare({
      name: `CSV, ${shape.name}, all columns; uDSV, typed arrays`,
      contender: () => all.rows(),
      baseline: () => udsvRows(csv),
      target: 3,
    }),
    await compare({
      name: `CSV, ${shape.name}, 4 columns; JSON.parse of lines`,
      contender: () => some.rows(),
      baseline: () => jsonRows(ndjson),
    }),
    await compare({
      name: `CSV, ${shape.name}, cut into blocks (bytes); decoded to all columns`,
      contender: () => all.cut(),
      baseline: () => (all.rows(), body.length),
    }),
  ];
}

/** Rows by the decoder that users have, in chunks as files give them. */
function decoderRows(bytes: Uint8Array, schema: Schema): number {
  const decoder = new CsvDecoder({ schema });
  let rows = 0;
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    for (const { length } of decoder.push(bytes.subarray(at, at + CHUNK_BYTES))) rows += length;
  }
  for (const { length } of decoder.finish()) rows += length;
  return rows;
}

/** Rows by papaparse, of which the types are seen as well. */
function papaRows(bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes);
  return Papa.parse(text, { header: true, dynamicTyping: true, skipEmptyLines: true }).data.length;
}

async function decoderRow(): Promise<BenchRow> {
  const csv = csvOf(recordsOf(SHAPES.sensor, ROWS));
  const schema = flatSchema(SHAPES.sensor.schema);
  return await compare({
    name: "CsvDecoder, sensor, all columns, chunks of 64 KiB; papaparse with dynamicTyping",
    contender: () => decoderRows(csv, schema),
    baseline: () => papaRows(csv),
  });
}

/** Rows of objects as CSV, as one would write it. */
function linesOf(rows: readonly Record<string, unknown>[]): Uint8Array {
  const field = (value: unknown) => {
    const text = value === null ? "" : String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return new TextEncoder().encode(
    rows.map((row) => `${Object.values(row).map(field).join(",")}\n`).join(""),
  );
}

async function writingRow(): Promise<BenchRow> {
  const random = randomOf(1);
  const rows = Array.from({ length: ROWS }, (_, row) => tenColumns(row, random));
  const batch = RecordBatch.fromRows(rows, { schema: TEN_COLUMNS });
  using encoder = new CsvEncoder({ header: false });
  for (let round = 0; round < WARM_UP_ROUNDS; round++) encoder.encode(batch);
  return await compare({
    name: "columns to CSV, 10 mixed columns; objects to lines by hand",
    contender: () => (encoder.encode(batch), ROWS),
    baseline: () => (linesOf(rows), ROWS),
  });
}

async function rows(): Promise<BenchRow[]> {
  const kernel = create();
  const all: BenchRow[] = [];
  for (const shape of Object.values(SHAPES)) all.push(...await rowsOf(kernel, shape));
  return [...all, await decoderRow(), await writingRow()];
}

/** The readers of CSV. */
export const group: BenchGroup = { name: "csv", rows };

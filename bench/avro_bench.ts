/**
 * Columns to Avro and back, against what one would write without them: avsc on ready row objects.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import avsc from "avsc";
import { RecordBatch, type Schema } from "../src/batch/mod.ts";
import { AvroBlockDecoder } from "../src/codecs/avro/avro_block_decoder.ts";
import { AvroEncoder } from "../src/codecs/avro/avro_encoder.ts";
import { create } from "../src/kernel/kernel.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";
import { randomOf, TEN_COLUMNS, tenColumns } from "./support/shapes.ts";

const BATCH_ROWS = 8_192;
const BATCHES = 12;
/** The kernel goes over the same batches so often, so that both sides take about as long. */
const PASSES = 6;

/** {@linkcode TEN_COLUMNS} in Avro. */
const TEN_FIELDS = {
  type: "record",
  name: "Ten",
  fields: [
    { name: "id", type: "long" },
    { name: "at", type: { type: "long", logicalType: "timestamp-millis" } },
    { name: "sensor", type: "string" },
    { name: "temperature", type: "double" },
    { name: "humidity", type: ["null", "int"] },
    { name: "ratio", type: "double" },
    { name: "note", type: ["null", "string"] },
    { name: "price", type: { type: "bytes", logicalType: "decimal", precision: 12, scale: 2 } },
    { name: "ok", type: "boolean" },
    { name: "ref", type: "string" },
  ],
};

type Row = Record<string, unknown>;

/** What avsc takes: its bytes of the decimal are made beforehand. */
function forAvsc(row: Row): Row {
  const unscaled = Number((row.price as string).replace(".", ""));
  let bytes = 1;
  while (unscaled >= 2 ** (8 * bytes - 1)) bytes++;
  const price = Buffer.from(unscaled.toString(16).padStart(2 * bytes, "0"), "hex");
  return { ...row, price };
}

function tenRows(): Row[] {
  const random = randomOf(1);
  return Array.from({ length: BATCH_ROWS * BATCHES }, (_, row) => tenColumns(row, random));
}

function batchesOf(rows: readonly Row[]): RecordBatch[] {
  return Array.from(
    { length: BATCHES },
    (_, at) =>
      RecordBatch.fromRows(rows.slice(at * BATCH_ROWS, (at + 1) * BATCH_ROWS), {
        schema: TEN_COLUMNS,
      }) as RecordBatch,
  );
}

/** Encodes into one buffer, as a writer of large blocks does; gives the end. */
function encodeRows(type: avsc.Type, rows: readonly Row[], buffer: Buffer): number {
  let at = 0;
  for (const row of rows) at = type.encode(row, buffer, at);
  return at;
}

/** Contenders that do not give the same bytes are not worth comparing. */
function checkSame(found: Uint8Array, expected: Uint8Array): void {
  if (found.length === expected.length && found.every((byte, at) => byte === expected[at])) return;
  throw new Error("AvroEncoder and avsc do not write the same");
}

async function encoding(): Promise<BenchRow> {
  const rows = tenRows();
  const batches = batchesOf(rows);
  const prepared = rows.map(forAvsc);
  const type = avsc.Type.forSchema(TEN_FIELDS as avsc.Schema);
  const buffer = Buffer.alloc(1 << 26);
  using encoder = new AvroEncoder(TEN_FIELDS);
  const end = encodeRows(type, prepared.slice(0, BATCH_ROWS), buffer);
  checkSame(encoder.encode(batches[0]).bytes, buffer.subarray(0, end));
  return await compare({
    name: "columns → Avro, 10 mixed columns / avsc encode into a shared buffer",
    contender: () => {
      for (let pass = 0; pass < PASSES; pass++) {
        for (const batch of batches) encoder.encode(batch);
      }
      return PASSES * rows.length;
    },
    baseline: () => {
      encodeRows(type, prepared, buffer);
      return rows.length;
    },
    target: 6,
    note: `${(end / BATCH_ROWS).toFixed(0)} bytes a record`,
  });
}

/** Blocks of records as container files have them. */
function blocksOf(batches: readonly RecordBatch[]): Uint8Array<ArrayBuffer>[] {
  using encoder = new AvroEncoder(TEN_FIELDS);
  return batches.map((batch) => encoder.encode(batch).bytes.slice());
}

/** Decodes all records of a block into objects. */
function decodeRows(type: avsc.Type, block: Buffer): number {
  let at = 0;
  let rows = 0;
  while (at < block.length) {
    at = type.decode(block, at).offset;
    rows++;
  }
  return rows;
}

async function decoding(name: string, schema: Schema, target: number | null): Promise<BenchRow> {
  const blocks = blocksOf(batchesOf(tenRows()));
  const buffers = blocks.map((block) => Buffer.from(block.buffer, 0, block.length));
  const type = avsc.Type.forSchema(TEN_FIELDS as avsc.Schema);
  using decoder = new AvroBlockDecoder({
    ...{ format: "avro", schema, batchRows: BATCH_ROWS, maxRecordBytes: 1 << 20 },
    writerSchema: JSON.stringify(TEN_FIELDS),
  }, create());
  return await compare({
    name: `${name} / avsc decode to objects, no columns built`,
    contender: () => {
      let rows = 0;
      for (let pass = 0; pass < PASSES; pass++) {
        for (const block of blocks) rows += decoder.decode(block).batch.length;
      }
      return rows;
    },
    baseline: () => buffers.reduce((rows, buffer) => rows + decodeRows(type, buffer), 0),
    target,
  });
}

const FOUR_COLUMNS: Schema = {
  fields: TEN_COLUMNS.fields.filter(({ name }) => ["id", "at", "sensor", "ratio"].includes(name)),
};

/** The group of this file. */
export const group: BenchGroup = {
  name: "avro",
  rows: async () => [
    await encoding(),
    await decoding("Avro → columns, 10 mixed columns", TEN_COLUMNS, 4),
    await decoding("Avro → 4 of 10 columns", FOUR_COLUMNS, null),
  ],
};

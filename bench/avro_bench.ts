/**
 * Columns to Avro and back, against what one would write without them: avsc on ready row objects.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import avsc from "avsc";
import { RecordBatch, type Schema } from "../src/batch/mod.ts";
import { concatBytes } from "../src/batch/concat_bytes.ts";
import { AvroBlockDecoder } from "../src/codecs/avro/avro_block_decoder.ts";
import { AvroEncoder } from "../src/codecs/avro/avro_encoder.ts";
import { AvroMessageDecoder } from "../src/codecs/avro/avro_message_decoder.ts";
import { avroMessages } from "../src/codecs/avro/avro_messages.ts";
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

/** Messages of a topic, each with the number of one of two schemas in front. */
async function messages(): Promise<BenchRow> {
  using encoder = new AvroEncoder(TEN_FIELDS);
  const parts = batchesOf(tenRows()).map((batch) => {
    const { bytes, offsets } = encoder.encode(batch);
    const all = avroMessages({ bytes, offsets }, { schemaId: 1 });
    all.forEach((message, at) => message[4] = 1 + (at >> 6 & 1)); // runs of 64
    const starts = Uint32Array.from(all, (_, at) => offsets[at] + at * 5);
    return {
      bytes: concatBytes(all),
      starts,
      lengths: Int32Array.from(all, ({ length }) => length),
    };
  });
  const type = avsc.Type.forSchema(TEN_FIELDS as avsc.Schema);
  const readerSchema = JSON.stringify(TEN_FIELDS);
  using decoder = new AvroMessageDecoder(
    { schema: TEN_COLUMNS, readerSchema, maxRecordBytes: 1 << 20 },
    create(),
  );
  for (const id of [1, 2]) decoder.know(id, readerSchema);
  return await compare({
    name: "Avro messages of two schemas → columns / avsc fromBuffer of each",
    contender: () => {
      let rows = 0;
      for (let pass = 0; pass < PASSES; pass++) {
        for (const part of parts) {
          if (decoder.unknownIds(part).length === 0) rows += decoder.decode(part).batch.length;
        }
      }
      return rows;
    },
    baseline: () => {
      for (const { bytes, starts, lengths } of parts) {
        starts.forEach((start, at) =>
          type.fromBuffer(Buffer.from(bytes.buffer, start + 5, lengths[at] - 5))
        );
      }
      return BATCH_ROWS * BATCHES;
    },
    target: 4,
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
    await messages(),
  ],
};

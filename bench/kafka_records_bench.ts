import Decoder from "kafkajs/src/protocol/decoder.js";
import encodeRecord from "kafkajs/src/protocol/recordBatch/record/v0/index.js";
import decodeBatch from "kafkajs/src/protocol/recordBatch/v0/decoder.js";
import kafkajs from "kafkajs/src/protocol/recordBatch/v0/index.js";
import { Buffer } from "node:buffer";
import { crc32c } from "../src/batch/crc32c.ts";
import { RecordBatch, type Schema, schema, types as t } from "../src/batch/mod.ts";
import "../src/kafka/kafka.ts";
import { BatchSealer } from "../src/kafka/records/batch_sealer.ts";
import { type CompressionName, COMPRESSIONS } from "../src/kafka/records/compression.ts";
import { RecordDecoder } from "../src/kafka/records/record_decoder.ts";
import { RecordEncoder } from "../src/kafka/records/record_encoder.ts";
import { compressRecords } from "../src/kafka/records/compression.ts";
import { KafkaReader } from "../src/kernel/kafka_reader.ts";
import { create } from "../src/kernel/kernel.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";
import { randomOf } from "./support/shapes.ts";

const ROWS = 65_536;
const PARTITIONS = 4;
const BATCH_BYTES = 262_144;
const ROUNDS = 9;
const NOW = 1_700_000_000_000;

/** Six typed columns that make some 100 bytes of JSON. */
const READINGS: Schema = schema({
  sensor: t.dict,
  site: t.dict,
  time: t.timestamp,
  celsius: t.f64,
  count: t.i32,
  ok: t.bool,
});

interface Reading {
  readonly sensor: string;
  readonly site: string;
  readonly time: number;
  readonly celsius: number;
  readonly count: number;
  readonly ok: boolean;
}

function readings(): Reading[] {
  const random = randomOf(5);
  return Array.from({ length: ROWS }, (_, row) => ({
    sensor: `sensor-${Math.floor(random() * 1000)}`,
    site: ["north", "south", "east", "west"][row & 3],
    time: NOW + row,
    celsius: Math.round(random() * 4000) / 100,
    count: Math.floor(random() * 100_000),
    ok: random() < 0.9,
  }));
}

const ROWS_OF_ALL = readings();
const BATCH = RecordBatch.fromRows(ROWS_OF_ALL, { schema: READINGS as never });

function encoderOf(compression: CompressionName, key?: string): RecordEncoder {
  return new RecordEncoder(create(), {
    topic: "readings",
    partitions: PARTITIONS,
    layout: { value: { format: "json" }, ...(key !== undefined && { key }) },
    compression,
    partitioner: { kind: "murmur2" },
    batchBytes: BATCH_BYTES,
    maxRecordBytes: 1_048_576,
  });
}

function sealed(encoder: RecordEncoder, sealer: BatchSealer): Uint8Array<ArrayBuffer>[] {
  encoder.append(BATCH, NOW);
  return encoder.take(true).map(({ bytes }, at) => {
    sealer.seal(bytes, {
      producerId: 7n,
      producerEpoch: 0,
      baseSequence: at,
      transactional: false,
    });
    return bytes;
  });
}

/** As kafkajs' producer makes them, of messages that were grouped already. */
async function byKafkaJs(): Promise<number> {
  const perBatch = ROWS / 32;
  for (let from = 0; from < ROWS; from += perBatch) {
    const records = ROWS_OF_ALL.slice(from, from + perBatch).map((row, offsetDelta) =>
      encodeRecord({
        offsetDelta,
        timestampDelta: 0,
        key: row.sensor,
        value: JSON.stringify(row),
        headers: {},
      })
    );
    await kafkajs.RecordBatch({ records, lastOffsetDelta: perBatch - 1 });
  }
  return ROWS;
}

function encoding(): Promise<BenchRow> {
  const encoder = encoderOf("none", "sensor");
  const sealer = new BatchSealer();
  return compare({
    name: "6 columns → JSON, keys → sealed record batches, against kafkajs' encoder",
    contender: () => {
      sealed(encoder, sealer);
      return ROWS;
    },
    baseline: byKafkaJs,
    rounds: ROUNDS,
    target: 8,
  });
}

function decoding(compression: CompressionName): Promise<BenchRow> {
  const batches = sealed(encoderOf(compression, "sensor"), new BatchSealer());
  const isolation = "read_committed";
  const decoder = new RecordDecoder(create(), { isolation, maxBatchBytes: 1 << 24 });
  const block = { topic: "readings", partition: 0, from: 0, aborted: [] };
  const plain = sealed(encoderOf("none", "sensor"), new BatchSealer());
  return compare({
    name:
      `record batches (${compression}) → cells, checked, against kafkajs' decoder of plain ones`,
    contender: () => {
      let records = 0;
      let bytes = 0;
      for (const batch of batches) {
        for (const { count, values } of decoder.decode({ ...block, bytes: batch })) {
          records += count;
          for (let at = 0; at < count; at++) bytes += values.lengths[at];
        }
      }
      if (records !== ROWS || bytes < 80 * ROWS) throw new Error(`${records}, ${bytes}`);
      return records;
    },
    baseline: async () => {
      for (const bytes of plain) {
        await decodeBatch(new Decoder(Buffer.from(bytes.buffer, 0, bytes.length)));
      }
      return ROWS;
    },
    // no target: kafkajs' decoder makes objects at 0.15 to 0.95 M/s, as the collector of garbage lets
    // it, and ten times that was reached in eight runs of ten
    rounds: ROUNDS,
  });
}

function lines(): Promise<BenchRow> {
  const batches = sealed(encoderOf("none"), new BatchSealer());
  const isolation = "read_committed";
  const decoder = new RecordDecoder(create(), { isolation, maxBatchBytes: 1 << 24 });
  const block = { topic: "readings", partition: 0, from: 0, aborted: [] };
  const text = new TextEncoder();
  return compare({
    name: "record batches → lines for the JSON reader, against cells and a loop",
    contender: () => {
      for (const bytes of batches) {
        for (const decoded of decoder.decode({ ...block, bytes })) decoded.valueLines();
      }
      return ROWS;
    },
    baseline: () => {
      const end = text.encode("\n");
      for (const bytes of batches) {
        for (const { count, values } of decoder.decode({ ...block, bytes })) {
          const all = new Uint8Array(bytes.length + count);
          for (let at = 0, to = 0; at < count; at++) {
            const { [at]: start } = values.starts;
            all.set(values.bytes.subarray(start, start + values.lengths[at]), to);
            to += values.lengths[at];
            all.set(end, to++);
          }
        }
      }
      return ROWS;
    },
    rounds: ROUNDS,
  });
}

function checksum(): Promise<BenchRow> {
  const bytes = new Uint8Array(1 << 20).map((_, at) => at * 31);
  const reader = new KafkaReader(create(), 1);
  const at = reader.put(bytes);
  return compare({
    name: "CRC-32C in the kernel, bytes, against the loop in TypeScript",
    contender: () => {
      for (let time = 0; time < 16; time++) reader.checksum(at, at + bytes.length);
      return 16 * bytes.length;
    },
    baseline: () => {
      for (let time = 0; time < 4; time++) crc32c(bytes);
      return 4 * bytes.length;
    },
    rounds: ROUNDS,
    target: 2,
  });
}

function compressing(compression: CompressionName): Promise<BenchRow> {
  const encoder = encoderOf(compression);
  const sealer = new BatchSealer();
  const plain = sealed(encoderOf("none"), sealer);
  return compare({
    name: `6 columns → JSON → record batches (${compression}), against compressing alone`,
    contender: () => {
      sealed(encoder, sealer);
      return ROWS;
    },
    baseline: () => {
      for (const bytes of plain) compressRecords(compression, bytes);
      return ROWS;
    },
    rounds: 3,
  });
}

/** Kafka's records. */
export const group: BenchGroup = {
  name: "Kafka records",
  rows: async () => {
    const rows = [await encoding(), await decoding("none"), await lines(), await checksum()];
    for (const compression of COMPRESSIONS.slice(1)) {
      rows.push(await compressing(compression), await decoding(compression));
    }
    return rows;
  },
};

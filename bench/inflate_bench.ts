/**
 * Compressed input and Avro files: inflating as a stream against `DecompressionStream`, which is fed
 * the same pieces and checks no more, and reading files against reading their records alone.
 *
 * @module
 */
import { gzipSync, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { AvroDecoder } from "../src/codecs/avro/avro_decoder.ts";
import { AvroEncoder } from "../src/codecs/avro/avro_encoder.ts";
import { AvroFileDecoder } from "../src/codecs/avro/avro_file_decoder.ts";
import { AvroFileEncoder } from "../src/codecs/avro/avro_file_encoder.ts";
import { avroSchemaOf } from "../src/codecs/avro/avro_schema_of.ts";
import { concatBytes } from "../src/batch/concat_bytes.ts";
import { RecordBatch } from "../src/batch/record_batch.ts";
import { inflate } from "../src/codecs/inflate/inflate.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";
import { ndjsonOf, recordsOf, SHAPES } from "./support/shapes.ts";

const ROWS = 60_000;
const PIECE_BYTES = 65_536;

function* pieces(bytes: Uint8Array<ArrayBuffer>): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

async function total(chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunks) bytes += chunk.length;
  return bytes;
}

async function inflating(text: Uint8Array<ArrayBuffer>): Promise<BenchRow[]> {
  const gzip = new Uint8Array(gzipSync(text));
  const zstd = new Uint8Array(zstdCompressSync(text));
  return [
    await compare({
      name: "gzip as a stream, bytes",
      contender: () => total(inflate(pieces(gzip))),
      baseline: () =>
        total(ReadableStream.from(pieces(gzip)).pipeThrough(new DecompressionStream("gzip"))),
      target: 1,
    }),
    await compare({
      name: "zstd as a stream, bytes; all at once",
      contender: () => total(inflate(pieces(zstd))),
      baseline: () => zstdDecompressSync(zstd).length,
    }),
  ];
}

function reading(batch: RecordBatch<unknown>): Promise<BenchRow> {
  const schema = avroSchemaOf(batch.schema);
  using writer = new AvroEncoder(schema);
  const records = writer.encode(batch).bytes.slice();
  const encoder = new AvroFileEncoder({ schema });
  const file = new Uint8Array(concatBytes([...encoder.push(batch), ...encoder.finish()]));
  const decoder = new AvroDecoder(schema);
  return compare({
    name: "Avro file, rows; its records by AvroDecoder",
    contender: () => {
      using decoder = new AvroFileDecoder();
      let rows = 0;
      for (const piece of pieces(file)) {
        for (const batch of decoder.push(piece)) rows += batch.length;
      }
      return rows;
    },
    baseline: () => decoder.decode(records).length,
  });
}

/** What the runner reads. */
export const group: BenchGroup = {
  name: "inflate",
  async rows(): Promise<BenchRow[]> {
    const records = recordsOf(SHAPES.sensor, ROWS);
    const batch = RecordBatch.fromRows(records, { schema: SHAPES.sensor.schema });
    return [
      ...await inflating(ndjsonOf(records)),
      await reading(batch as RecordBatch<unknown>),
    ];
  },
};

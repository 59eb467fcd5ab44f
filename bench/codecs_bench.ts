/**
 * Bytes to batches: the readers of CSV and NDJSON against what one would write without them.
 *
 * @module
 */
import Papa from "papaparse";
import { CsvDecoder } from "../src/codecs/csv_decoder.ts";
import { NdjsonDecoder } from "../src/codecs/ndjson_decoder.ts";
import { schema, types as t } from "../src/batch/mod.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const ROWS = 100_000;
const CHUNK_BYTES = 65_536;
const SENSORS = 1_000;

const readings = schema({
  sensor: t.dict,
  temperature: t.f64,
  humidity: t.i32,
  at: t.i64AsNumber,
  site: t.utf8,
  ok: t.bool,
});

interface Reading {
  sensor: string;
  temperature: number;
  humidity: number;
  at: number;
  site: string;
  ok: boolean;
}

function reading(row: number): Reading {
  return {
    sensor: `sensor_${row * 7919 % SENSORS}`,
    temperature: (row * 31 % 4000) / 100 - 10,
    humidity: row % 101,
    at: 1_700_000_000_000 + row * 250,
    site: row % 10 === 0 ? `hall ${row % 17}, north` : `hall ${row % 17}`,
    ok: row % 50 !== 0,
  };
}

function csvText(rows: readonly Reading[]): string {
  const lines = rows.map(({ sensor, temperature, humidity, at, site, ok }) =>
    `${sensor},${temperature},${humidity},${at},${site.includes(",") ? `"${site}"` : site},${ok}`
  );
  return `sensor,temperature,humidity,at,site,ok\n${lines.join("\n")}\n`;
}

interface Decoder {
  push(chunk: Uint8Array): { length: number }[];
  finish(): { length: number }[];
}

function decodeAll(decoder: Decoder, bytes: Uint8Array): number {
  let rows = 0;
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    for (const { length } of decoder.push(bytes.subarray(at, at + CHUNK_BYTES))) rows += length;
  }
  for (const { length } of decoder.finish()) rows += length;
  return rows;
}

function chunksOf(bytes: Uint8Array, decode: (text: string) => void): void {
  const decoder = new TextDecoder();
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
    decode(decoder.decode(bytes.subarray(at, at + CHUNK_BYTES), { stream: true }));
  }
}

/** Lines to objects, and no columns. */
function parseLines(bytes: Uint8Array): number {
  const rows: Reading[] = [];
  let rest = "";
  chunksOf(bytes, (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) rows.push(JSON.parse(line));
  });
  return rows.length;
}

/** Rows to objects with numbers and booleans, and no columns. */
function papaRows(bytes: Uint8Array): number {
  const text = new TextDecoder().decode(bytes);
  return Papa.parse(text, { header: true, dynamicTyping: true, skipEmptyLines: true }).data.length;
}

async function rows(): Promise<BenchRow[]> {
  const all = Array.from({ length: ROWS }, (_, row) => reading(row));
  const encoder = new TextEncoder();
  const csv = encoder.encode(csvText(all));
  const ndjson = encoder.encode(all.map((row) => `${JSON.stringify(row)}\n`).join(""));
  const note = "columns against objects";
  return [
    await compare({
      name: "CSV with a schema, 6 columns; papaparse with dynamicTyping",
      contender: () => decodeAll(new CsvDecoder({ schema: readings }), csv),
      baseline: () => papaRows(csv),
      note,
    }),
    await compare({
      name: "CSV inferred, 6 columns; papaparse with dynamicTyping",
      contender: () => decodeAll(new CsvDecoder(), csv),
      baseline: () => papaRows(csv),
      note,
    }),
    await compare({
      name: "NDJSON with a schema, 6 columns; split and JSON.parse",
      contender: () => decodeAll(new NdjsonDecoder({ schema: readings }), ndjson),
      baseline: () => parseLines(ndjson),
      note,
    }),
    await compare({
      name: "NDJSON inferred, 6 columns; split and JSON.parse",
      contender: () => decodeAll(new NdjsonDecoder(), ndjson),
      baseline: () => parseLines(ndjson),
      note,
    }),
  ];
}

/** The readers of files. */
export const group: BenchGroup = { name: "codecs", rows };

/**
 * Whole pipelines, from source to windowed results, against a loop over objects and a `Map` a
 * window as one writes it by hand. The start of the bees is part of each round.
 *
 * @module
 */
import {
  columnOf,
  count,
  csv,
  from,
  max,
  mean,
  min,
  RecordBatch,
  type RunnablePipeline,
  schema,
  type Source,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import type { OpenFile, Runtime } from "../src/runtime/runtime.ts";
import type { BenchGroup, BenchRow } from "./support/bench.ts";
import { compare } from "./support/bench.ts";

const SIZE = 60_000;
const WINDOWS = 10;
const BATCH_ROWS = 16_384;
const POOL_ROWS = 500_000;
const REPEATS = 8;
const CSV_ROUND = 100_000;
const ROUNDS = 5;

const READING = schema({ at: t.timestamp, key: t.dict, value: t.f64 });

interface Reading {
  at: number;
  key: string;
  value: number;
}

interface Accumulator {
  n: number;
  total: number;
  least: number;
  most: number;
}

/** Windows by hand; returns the number of groups, so that nothing is optimised away. */
class Maps {
  readonly #windows = new Map<number, Map<string, Accumulator>>();

  add({ at, key, value }: Reading): void {
    const start = Math.floor(at / SIZE) * SIZE;
    let window = this.#windows.get(start);
    if (window === undefined) this.#windows.set(start, window = new Map());
    const found = window.get(key);
    if (found === undefined) {
      window.set(key, { n: 1, total: value, least: value, most: value });
      return;
    }
    found.n++;
    found.total += value;
    if (value < found.least) found.least = value;
    if (value > found.most) found.most = value;
  }

  get groups(): number {
    return this.#windows.values().reduce((sum, { size }) => sum + size, 0);
  }
}

function readings(rows: number, keys: number): Reading[] {
  return Array.from({ length: rows }, (_, n) => ({
    at: Math.floor(n * WINDOWS * SIZE / rows),
    key: `sensor ${Math.imul(n, 0x9e3779b1) >>> 0 & (keys - 1)}`,
    value: (n % 1000) / 10,
  }));
}

function batchesOf(rows: readonly Reading[]): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let at = 0; at < rows.length; at += BATCH_ROWS) {
    const some = rows.slice(at, at + BATCH_ROWS);
    const columns = [
      columnOf(t.timestamp, some.map(({ at }) => at)),
      columnOf(t.dict, some.map(({ key }) => key)),
      columnOf(t.f64, some.map(({ value }) => value)),
    ];
    batches.push(new RecordBatch(READING, columns, some.length) as unknown as RecordBatch);
  }
  return batches;
}

type Reads = Source<{ at: number | null; key: string | null; value: number | null }>;

function windowed(
  input: Reads | Iterable<RecordBatch>,
  options: { workers: number; runtime?: Runtime },
): RunnablePipeline<unknown> {
  return from(input as Reads, options).timestamps("at", { maxDisorder: WINDOWS * SIZE }).keyBy(
    "key",
  )
    .window(new TumblingWindow({ size: SIZE })).aggregate({
      n: count(),
      total: sum("value"),
      avg: mean("value"),
      least: min("value"),
      most: max("value"),
    });
}

async function drained(pipeline: RunnablePipeline<unknown>, rows: number): Promise<number> {
  const { absorbed } = await pipeline.run();
  if (absorbed !== rows) throw new Error(`${absorbed} of ${rows} rows were absorbed`);
  return rows;
}

async function fromBatches(workers: number, keys: number): Promise<BenchRow> {
  const rows = readings(POOL_ROWS, keys);
  const pool = batchesOf(rows);
  const batches = function* () {
    for (let again = 0; again < REPEATS; again++) yield* pool;
  };
  return await compare({
    name: `batches to windows, ${workers} ${workers === 1 ? "bee" : "bees"}, ` +
      `${keys.toLocaleString("en-US")} keys, against objects in Maps`,
    contender: () =>
      drained(windowed({ [Symbol.iterator]: batches }, { workers }), REPEATS * POOL_ROWS),
    baseline: () => {
      const maps = new Maps();
      for (let again = 0; again < REPEATS; again++) for (const row of rows) maps.add(row);
      if (maps.groups === 0) throw new Error("groups are missing");
      return REPEATS * POOL_ROWS;
    },
    rounds: ROUNDS,
  });
}

/** The process, with one file in its memory. */
function runtimeWith(bytes: Uint8Array): Runtime {
  const openFile = (): Promise<OpenFile> => {
    let at = 0;
    const read = (into: Uint8Array) => {
      const piece = bytes.subarray(at, at += into.length);
      into.set(piece);
      return Promise.resolve(piece.length > 0 ? piece.length : null);
    };
    const seek = (position: number) => Promise.resolve(void (at = position));
    return Promise.resolve({ sizeBytes: bytes.length, read, seek, close: () => {} });
  };
  return Object.create(denoRuntime, { openFile: { value: openFile } });
}

async function fromCsv(workers: number): Promise<BenchRow> {
  const lines = readings(CSV_ROUND, 1024).map(({ at, key, value }) => `${at},${key},${value}`);
  const text = ["at,key,value", ...lines].join("\n");
  const bytes = new TextEncoder().encode(text);
  const runtime = runtimeWith(bytes);
  return await compare({
    name: `CSV to windows, ${workers} ${workers === 1 ? "bee" : "bees"}, against split() and Maps`,
    contender: () => {
      const source = csv("readings.csv", { schema: READING });
      return drained(windowed(source, { workers, runtime }), CSV_ROUND);
    },
    baseline: () => {
      const maps = new Maps();
      const [, ...rows] = new TextDecoder().decode(bytes).split("\n");
      for (const row of rows) {
        const [at, key, value] = row.split(",");
        maps.add({ at: Number(at), key, value: Number(value) });
      }
      return rows.length;
    },
    rounds: ROUNDS,
    note: "decoded by the plain reader on the main thread, which checks quotes and types",
  });
}

/** Pipelines against what one writes by hand. */
export const group: BenchGroup = {
  name: "pipelines",
  async rows() {
    const rows: BenchRow[] = [];
    for (const workers of [1, 2]) rows.push(await fromBatches(workers, 1024));
    for (const workers of [1, 2]) rows.push(await fromBatches(workers, 65_536));
    for (const workers of [1, 2]) rows.push(await fromCsv(workers));
    return rows;
  },
};

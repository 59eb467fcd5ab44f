/**
 * A file of JSON lines to windows by key, from the first byte to the last result: one bee, with the
 * main thread only waiting and handing bytes out, and two, against DuckDB with as many threads and
 * the same query. Columns have their types, only those of the query are read, the file is in the
 * page cache, starting up is not counted (the first tenth of the file, in which bees load and compile;
 * a query before the first that is timed), and the best of five rounds is, on both sides.
 *
 * @module
 */
import { count, from, max, mean, ndjson, schema, TumblingWindow, types as t } from "@waggle/stream";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import type { OpenFile, Runtime } from "../src/runtime/runtime.ts";
import { type BenchGroup, type BenchRow, notRun, row } from "./support/bench.ts";
import { writeLines } from "./support/line_file.ts";
import { SHAPES } from "./support/shapes.ts";

/** Four million, and as many before them as bees start with. */
const ROWS = 4_400_000;
const STARTING_ROWS = 400_000;
const ROUNDS = 5;
const WINDOW_MS = 600_000;
const TARGETS: Readonly<Record<number, number>> = { 1: 2.5, 2: 1.7 };
const COLUMNS = schema({ sensor: t.dict, temperature: t.f64, humidity: t.i32, at: t.timestamp });

/** What a round came to. */
interface Outcome {
  readonly groups: number;
  readonly rowsPerSecond: number;
}

/** The process, that tells of each piece of a file that is read. */
function watchedRuntime(onRead: () => void): Runtime {
  const openFile = async (path: string | URL): Promise<OpenFile> => {
    const file = await denoRuntime.openFile(path);
    const read = (into: Uint8Array) => {
      onRead();
      return file.read(into);
    };
    return { ...file, read };
  };
  return Object.create(denoRuntime, { openFile: { value: openFile } });
}

async function withBees(path: string, workers: number): Promise<Outcome> {
  // The clock starts when bees have told of the first tenth: until then they load and compile.
  let started: { readonly atMs: number; readonly records: number } | undefined;
  const runtime = watchedRuntime(() => {
    if (started) return;
    const { recordsIn: records } = pipeline.metrics();
    if (records >= STARTING_ROWS) started = { atMs: performance.now(), records };
  });
  const source = ndjson(path, { schema: COLUMNS, extraKeys: "ignore" });
  const pipeline = from(source, { workers, runtime })
    .timestamps("at", { format: "ms" })
    .keyBy("sensor")
    .window(new TumblingWindow({ size: WINDOW_MS }))
    .aggregate({ n: count(), warm: mean("temperature"), damp: max("humidity") });
  let groups = 0;
  for await (const batch of pipeline.batches()) groups += batch.length;
  const { atMs, records } = started!;
  const seconds = (performance.now() - atMs) / 1000;
  return { groups, rowsPerSecond: (ROWS - records) / seconds };
}

/** DuckDB's side, started. */
async function duckDb(path: string, threads: number): Promise<() => Promise<Outcome>> {
  const { DuckDBInstance } = await import("@duckdb/node-api");
  const instance = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  const connection = await instance.connect();
  const query = `
    SELECT "at" - "at" % ${WINDOW_MS} AS start, sensor, count(*), avg(temperature), max(humidity)
    FROM read_ndjson('${path}', columns = {
      sensor: 'VARCHAR', temperature: 'DOUBLE', humidity: 'INTEGER', "at": 'BIGINT'
    })
    GROUP BY ALL`;
  return async () => {
    const startMs = performance.now();
    const result = await connection.run(query);
    let groups = 0;
    for (
      let chunk = await result.fetchChunk();
      chunk?.rowCount;
      chunk = await result.fetchChunk()
    ) {
      groups += chunk.rowCount;
    }
    return { groups, rowsPerSecond: ROWS / ((performance.now() - startMs) / 1000) };
  };
}

async function compared(path: string, workers: number): Promise<BenchRow> {
  const bees = workers === 1 ? "one bee" : `${workers} bees`;
  const name = `JSON lines to windows by key, ${bees} against DuckDB's threads`;
  let duck: () => Promise<Outcome>;
  try {
    duck = await duckDb(path, workers);
  } catch (error) {
    return notRun(name, `DuckDB cannot be loaded: ${(error as Error).message.split("\n")[0]}`);
  }
  await duck();
  let [rate, baselineRate] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    const own = await withBees(path, workers);
    const other = await duck();
    if (own.groups !== other.groups) {
      throw new Error(`Bees gave ${own.groups} groups, DuckDB ${other.groups}`);
    }
    rate = Math.max(rate, own.rowsPerSecond);
    baselineRate = Math.max(baselineRate, other.rowsPerSecond);
  }
  return row(name, { rate, baselineRate, target: TARGETS[workers] });
}

/** Files to windows, against a database. */
export const group: BenchGroup = {
  name: "file to windows",
  async rows() {
    const path = await Deno.makeTempFile({ prefix: "waggle_lines_", suffix: ".ndjson" });
    try {
      await writeLines(path, SHAPES.sensor, ROWS);
      return [await compared(path, 1), await compared(path, 2)];
    } finally {
      await Deno.remove(path);
    }
  },
};

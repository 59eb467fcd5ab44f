import { HiveStream } from "@waggle/stream";
import { type BenchGroup, type BenchRow, compare, compareLatency } from "./support/bench.ts";
import { PostMessagePool } from "./support/post_message_pool.ts";
import { RECORDS } from "./support/stream_work.ts";

const WORKERS = 2;
const BUFFER = 65_536;
const MODULE = new URL("./support/stream_work.ts", import.meta.url);

type Work = "sensor" | "flat" | "nested";

/** Looks at all of a result, and gives what must add up to the same over all of them. */
const CHECK: Record<Work, (result: never) => number> = {
  sensor: (result: { temp_c: number; temp_f: number; alert: string }) => {
    const alert = result.temp_f > 100 ? "HIGH" : result.temp_f < 32 ? "LOW" : "NORMAL";
    if (result.alert !== alert) throw new Error(`wrong alert ${result.alert}`);
    if (result.temp_f !== (result.temp_c * 9) / 5 + 32) throw new Error(`wrong ${result.temp_f}`);
    return Math.round(result.temp_c * 100);
  },
  flat: (result: { id: number; amount: number; note: string | null }) => {
    const { amount, note } = RECORDS.flat(result.id) as typeof result;
    if (result.amount !== amount + 1 || result.note !== note) throw new Error("wrong record");
    return result.id;
  },
  nested: (result: { order: number; total: number; tags: string[] }) => {
    if (result.total !== 0.5 + 2 * 1.5 + 3 * 2.5) throw new Error(`wrong total ${result.total}`);
    if (result.tags[2] !== (result.order % 2 === 0 ? "even" : "odd")) throw new Error("wrong tags");
    return result.order;
  },
};

/** The least of both that the bench needs. */
interface Pool {
  submit(key: string, value: unknown): Promise<void> | undefined;
  getResult(): Promise<unknown>;
}

/** Submits every record and reads every result, both awaited one by one. */
async function roundTrip(pool: Pool, work: Work, load: Load): Promise<number> {
  const check = CHECK[work] as (result: unknown) => number;
  const reading = (async () => {
    let sum = 0;
    for (let i = 0; i < load.records.length; i++) sum += check(await pool.getResult());
    return sum;
  })();
  for (let i = 0; i < load.records.length; i++) await pool.submit(load.keys[i], load.records[i]);
  const sum = await reading;
  if (sum !== load.sum) throw new Error(`${work}: results add up to ${sum}, not ${load.sum}`);
  return load.records.length;
}

interface Load {
  readonly keys: string[];
  readonly records: unknown[];
  readonly sum: number;
}

function loadOf(work: Work, count: number): Load {
  const records = Array.from({ length: count }, (_, i) => RECORDS[work](i));
  const keys = records.map((_, i) => `key_${i % 1000}`);
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += work === "sensor"
      ? Math.round((records[i] as { temperature: number }).temperature * 100)
      : i;
  }
  return { keys, records, sum };
}

function hive(stream: HiveStream): Pool {
  return {
    submit: (key, value) => stream.submit(key, value),
    getResult: () => stream.getResult({ timeout: "10s" }),
  };
}

function pool(work: Work, batch: number): Pool & { stop(): void } {
  const made = new PostMessagePool({ workers: WORKERS, work, batch, bufferSize: BUFFER });
  return {
    submit: (_key, value) => made.submit(value),
    getResult: () => made.getResult(),
    stop: () => made.stop(),
  };
}

async function throughput(
  work: Work,
  options: { count: number; batch: number; target: number },
): Promise<BenchRow> {
  const { count, batch, target } = options;
  const load = loadOf(work, count);
  const rival = pool(work, batch);
  await using stream = new HiveStream({ workers: WORKERS });
  await stream.start({ module: MODULE, export: work });
  const against = batch === 1 ? "postMessage per record" : `postMessage of ${batch}`;
  const row = await compare({
    name: `HiveStream round trip, ${work} record, against ${against}`,
    contender: () => roundTrip(hive(stream), work, load),
    baseline: () => roundTrip(rival, work, load),
    target,
    rounds: 5,
  });
  rival.stop();
  return row;
}

async function oneInFlight(): Promise<BenchRow[]> {
  const rival = pool("sensor", 1);
  await using stream = new HiveStream({ workers: 1 });
  await stream.start({ module: MODULE, export: "sensor" });
  const record = RECORDS.sensor(7);
  const measure = async (side: Pool) => {
    const samples: number[] = [];
    for (let i = 0; i < 3_000; i++) {
      const start = performance.now();
      await side.submit("key", record);
      await side.getResult();
      samples.push(performance.now() - start);
    }
    return samples;
  };
  const rows = await compareLatency({
    name: "HiveStream, one record in flight, against a postMessage round trip",
    contender: () => measure(hive(stream)),
    baseline: () => measure(rival),
    quantiles: [{ q: 0.5, atMost: 0.5 }, { q: 0.99, atMost: 1 }],
  });
  rival.stop();
  return rows;
}

/** Round trips, latency and dispatch of `HiveStream`. */
export const group: BenchGroup = {
  name: "hive_stream",
  rows: async () => [
    await throughput("sensor", { count: 300_000, batch: 1, target: 12 }),
    await throughput("sensor", { count: 300_000, batch: 512, target: 2 }),
    await throughput("flat", { count: 200_000, batch: 1, target: 8 }),
    await throughput("nested", { count: 60_000, batch: 1, target: 4.5 }),
    ...await oneInFlight(),
  ],
};

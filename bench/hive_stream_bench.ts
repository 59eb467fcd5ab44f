import { HiveStream } from "@waggle/stream";
import {
  type BenchGroup,
  type BenchRow,
  compare,
  compareLatency,
  median,
  quantile,
  row,
  verdict,
} from "./support/bench.ts";
import { sweep } from "./support/collector.ts";
import { PostMessagePool } from "./support/post_message_pool.ts";
import { RECORDS } from "./support/stream_work.ts";

const WORKERS = 2;
const BUFFER = 65_536;
const WARM_UP_ROUNDS = 3;
const BURST_BYTES = 128 * 2 ** 20;
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
  // New workers have cold code, on both sides.
  for (let warm = 0; warm < WARM_UP_ROUNDS; warm++) {
    await roundTrip(hive(stream), work, load);
    await roundTrip(rival, work, load);
  }
  const against = batch === 1 ? "postMessage per record" : `postMessage of ${batch}`;
  const row = await compare({
    name: `HiveStream round trip, ${work} record, against ${against}`,
    contender: () => roundTrip(hive(stream), work, load),
    baseline: () => roundTrip(rival, work, load),
    // whoever comes next would pay for the garbage of the side before
    beforeRound: sweep,
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

/** All records through two bees by one stream, or by one stream a bee in turns. */
async function spread(streams: HiveStream[], count: number): Promise<number> {
  const reading = streams.map(async (stream, s) => {
    const own = Math.ceil((count - s) / streams.length);
    for (let i = 0; i < own; i++) await stream.getResult({ timeout: "60s" });
  });
  for (let i = 0; i < count; i++) {
    await streams[i % streams.length].submit(`key_${i % 500}`, { value: i });
  }
  await Promise.all(reading);
  return count;
}

async function slowBee(): Promise<BenchRow> {
  const work = { module: MODULE, export: "slowFirst" };
  await using hive = new HiveStream({ workers: 2 });
  await using slow = new HiveStream({ workers: 1 });
  await using fast = new HiveStream({ workers: 1 });
  await hive.start(work, { context: {} });
  await slow.start(work, { context: { slow: true } });
  await fast.start(work, { context: { slow: false } });
  return await compare({
    name: "two bees, one 10 x slower, against round-robin dispatch",
    contender: () => spread([hive], 8_000),
    baseline: () => spread([slow, fast], 8_000),
    target: 1.5,
    rounds: 5,
  });
}

/** Latencies of one record in 50 of high priority, and of the others, while the queue is full. */
async function latenciesUnderLoad(): Promise<{ high: number[]; normal: number[] }> {
  await using stream = new HiveStream<{ value: number }, { value: number }>({ workers: 2 });
  await stream.start({ module: MODULE, export: "steady" });
  const count = 150_000;
  const submittedMs = new Float64Array(count);
  const high: number[] = [];
  const normal: number[] = [];
  const reading = (async () => {
    for (let i = 0; i < count; i++) {
      const { value } = await stream.getResult({ timeout: "60s" }) as { value: number };
      const latencyMs = performance.now() - submittedMs[value];
      if (value % 50 === 0) high.push(latencyMs);
      else if (value > count / 4) normal.push(latencyMs); // once the queue is full
    }
  })();
  for (let i = 0; i < count; i++) {
    const isHigh = i % 50 === 0;
    submittedMs[i] = performance.now();
    const key = isHigh ? `alert_${i % 1000}` : `key_${i % 1000}`;
    await stream.submit(key, { value: i }, { priority: isHigh ? "high" : "normal" });
  }
  await reading;
  return { high, normal };
}

async function priority(): Promise<BenchRow> {
  const rounds = [];
  for (let i = 0; i < 3; i++) rounds.push(await latenciesUnderLoad());
  return row("p99 of high priority under a full queue, against normal (µs, lower is better)", {
    rate: 1000 * median(rounds.map(({ high }) => quantile(high, 0.99))),
    baselineRate: 1000 * median(rounds.map(({ normal }) => quantile(normal, 0.99))),
    target: 0.2,
    goal: "atMost",
    unit: "µs",
    note: "waiting for room in submit() counts",
  });
}

/** Ten times what the bees can do, offered for two seconds by whoever does not wait to be asked. */
async function burst(): Promise<BenchRow> {
  await using stream = new HiveStream<{ value: number }, { value: number }>({
    workers: 2,
    bufferSize: 20_000,
  });
  await stream.start({ module: MODULE, export: "steady" });
  const startOfTrialMs = performance.now();
  await spread([stream as HiveStream], 40_000);
  const capacity = 40_000_000 / (performance.now() - startOfTrialMs);
  let [accepted, refused, sum, results, resultSum, mostBytes] = [0, 0, 0, 0, 0, 0];
  const take = async (timeout: string) => {
    const result = await stream.getResult({ timeout }) as { value: number } | undefined;
    if (result) results++, resultSum += result.value;
    return result !== undefined;
  };
  const before = Deno.memoryUsage().rss;
  const startMs = performance.now();
  while (performance.now() - startMs < 2_000) {
    const due = 10 * capacity * (performance.now() - startMs) / 1000;
    for (; accepted + refused < due; sum += accepted) {
      if (stream.trySubmit(`key_${accepted % 500}`, { value: accepted + 1 })) accepted++;
      else {
        refused++;
        break;
      }
    }
    while (stream.metrics().unreadResults > 0) await take("0ms");
    mostBytes = Math.max(mostBytes, Deno.memoryUsage().rss - before);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  while (results < accepted && await take("5s"));
  const { unfinished, queueDepth } = stream.metrics();
  const whole = results === accepted && resultSum === sum && unfinished + queueDepth === 0;
  return verdict(
    "a burst of 10 x the capacity for 2 s: nothing lost, memory bounded, queue empty",
    {
      reached: whole && mostBytes < BURST_BYTES,
      rate: accepted / 2,
      note: `${accepted} accepted, ${results} results, at most ${
        (mostBytes / 2 ** 20).toFixed(0)
      } MiB more, ${unfinished} left`,
    },
  );
}

/** Round trips, latency and dispatch of `HiveStream`. */
export const group: BenchGroup = {
  name: "hive_stream",
  rows: async () => [
    await throughput("sensor", { count: 300_000, batch: 1, target: 12 }),
    await throughput("sensor", { count: 300_000, batch: 512, target: 2 }),
    await throughput("flat", { count: 200_000, batch: 1, target: 8 }),
    await throughput("nested", { count: 200_000, batch: 1, target: 4.5 }),
    ...await oneInFlight(),
    await slowBee(),
    await priority(),
    await burst(),
  ],
};

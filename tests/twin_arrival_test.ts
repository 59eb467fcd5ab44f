import { assert, assertEquals } from "@std/assert";
import {
  count,
  diurnal,
  from,
  RecordBatch,
  schema,
  SyntheticGenerator,
  TumblingWindow,
  types as t,
  zipf,
} from "../mod.ts";
import {
  interArrivalDistance,
  latenessDistance,
  rateDistance,
} from "../src/generators/arrival/arrival_distance.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { runSimulated } from "./support/simulated_runs.ts";

const EVENTS = 40_000;
const DAYS = 2;
const COLUMNS = schema({ at: t.timestamp, sensor: t.utf8, level: t.i32 });

function timesOf(batch: RecordBatch): Float64Array {
  return Float64Array.from(batch.column("at").values as BigInt64Array, Number);
}

/** A stream by declaration; what its rows look like is learned from a few. */
async function declared(): Promise<RecordBatch> {
  const rows = Array.from({ length: 100 }, (_, n) => ({
    at: 7 * n * n,
    sensor: `s-${String(n % 50).padStart(2, "0")}`,
    level: n * 7919 % 20,
  }));
  const arrival = {
    rate: diurnal({ rate: `${EVENTS / DAYS}/d`, amplitude: 0.5 }),
    disorder: { share: 0.1, maxDelay: "30s" },
    keys: zipf(50, 1.1),
    grid: "1ms",
    start: new Date("2026-03-02T00:00:00Z"),
  };
  const generator = await SyntheticGenerator.fit(
    RecordBatch.fromRows(rows, { schema: COLUMNS }) as RecordBatch,
    { time: "at", key: "sensor", arrival, model: "independent" },
  );
  return generator.sample(EVENTS, { seed: 3 }).toBatch() as RecordBatch;
}

const real = await declared();
const twin = await SyntheticGenerator.fit([real], {
  time: "at",
  key: "sensor",
  model: "independent",
  maxRows: 5000,
});

Deno.test("a twin arrives as its stream did, also where not all rows were kept", () => {
  const made = twin.sample(4 * EVENTS, { seed: 8 }).toBatch() as RecordBatch;
  const [a, b] = [timesOf(real), timesOf(made)];
  const gaps = interArrivalDistance(a, b);
  assert(gaps.overall < 0.02, `${gaps.overall}`);
  assert(Math.max(...gaps.hours) < 0.09, `${gaps.hours}`); // of some 800 events an hour of the day
  assert(Math.max(...rateDistance(a, b)) < 0.1, `${rateDistance(a, b)}`);
  const late = latenessDistance(a, b);
  assert(late.late < 0.05, `${late.late}`);
  assert(Math.abs(late.shares[0] - late.shares[1]) < 0.01, `${late.shares}`);
  assertEquals(b[0], a.reduce((least, time) => Math.min(least, time)));
});

Deno.test("the late count of a pipeline over a twin is that of the lateness of its records", async () => {
  const [size, bound] = [60_000, 5000];
  const sample = () => twin.sample(EVENTS, { seed: 9, lateness: "late" });
  const records = sample().toRows() as unknown as { at: number; late: number }[];
  const windowEnd = (time: number) => (Math.floor(time / size) + 1) * size;
  const truth = records.filter(({ at, late }) => windowEnd(at) <= at + late - bound).length;
  assert(truth > 100, `${truth}`);
  const { results, metrics } = await runSimulated(
    { seed: 5, workers: 2, faults: false },
    (options) =>
      from(sample().batches() as Iterable<RecordBatch<{ at: number; sensor: string }>>, options)
        .timestamps("at", { maxDisorder: bound })
        .keyBy("sensor")
        .window(new TumblingWindow({ size }))
        .aggregate({ n: count() }),
  );
  const inTime = (results as { n: number }[]).reduce((sum, { n }) => sum + n, 0);
  assertEquals([metrics.late, inTime], [truth, EVENTS - truth]);
});

Deno.test("a twin's records are the same on any number of bees, and from wherever one begins", async () => {
  const options = { seed: 4, lateness: "late" };
  const whole = twin.sample(30_000, options).toRows();
  for (const [workers, start] of [[1, 0], [2, 0], [2, 7001]]) {
    const runtime = new SimulatedRuntime({ seed: workers });
    const sample = twin.sample(30_000 - start, { ...options, workers, start, runtime });
    const batches = await runtime.drive(() => Array.fromAsync(sample.batches()));
    assertEquals(batches.flatMap((batch) => batch.toRows()), whole.slice(start));
  }
});

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type FitOptions,
  poisson,
  RecordBatch,
  schema,
  SyntheticGenerator,
  TrainingDataError,
  types as t,
  zipf,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { Random } from "./support/random.ts";
import { autocorrelation, countsOf, distance, type Reading, readings } from "./support/readings.ts";

const READINGS = schema({
  at: t.timestamp,
  sensor: t.utf8,
  site: t.utf8,
  celsius: t.f64,
  state: t.dict,
  n: t.i32,
});

function fit(rows: readonly Reading[], options: FitOptions = {}) {
  const batch = RecordBatch.fromRows(rows, { schema: READINGS });
  return SyntheticGenerator.fit([batch], { time: "at", key: "sensor", seed: 1, ...options });
}

const real = readings(40_000, { seed: 1, keys: 2000 });
const twin = await fit(real, { primaryKey: "n", symbols: 32, model: "independent" });
const made = twin.sample(40_000, { seed: 5 }).toRows() as unknown as Reading[];

Deno.test("a twin has the columns of its stream, event times that ascend but for disorder, and keys as they were", () => {
  assertEquals(twin.schema.fields, READINGS.fields as never);
  const keys = new Set(real.map(({ sensor }) => sensor));
  const frequent = countsOf(real).filter(([, count]) => count >= 5).map(([key]) => key);
  const known = new Set(made.map(({ sensor }) => sensor));
  assert(frequent.slice(0, 100).every((key) => known.has(key)));
  assert(made.every(({ sensor }) => /^s-\d{4}$/.test(sensor)));
  assert(Math.abs(known.size / keys.size - 1) < 0.05, `${known.size} keys, really ${keys.size}`);
  assertEquals(made.slice(0, 4).map(({ n }) => n), [1, 2, 3, 4]);
});

Deno.test("a twin's keys are as frequent and as far apart as they were", () => {
  const counts = (rows: readonly Reading[]) => countsOf(rows).map(([, count]) => count);
  const gaps = (rows: readonly Reading[]) => {
    const last = new Map<string, number>();
    return rows.flatMap(({ sensor }, at) => {
      const before = last.get(sensor);
      last.set(sensor, at);
      return before === undefined ? [] : [at - before];
    });
  };
  assert(distance(counts(real), counts(made)) < 0.05);
  assert(distance(gaps(real), gaps(made)) < 0.05);
});

Deno.test("a twin's keys go on from one event to the next as they did", () => {
  for (const column of ["celsius", "state"] as const) {
    const [of, by] = [autocorrelation(real, column), autocorrelation(made, column)];
    assert(Math.abs(of.within - by.within) < 0.05, `${column}: ${by.within}, really ${of.within}`);
    assert(Math.abs(of.between - by.between) < 0.06, `${column}: ${by.between}, ${of.between}`);
  }
});

Deno.test("what follows from a key does so in a twin, also for keys that are made", () => {
  const sites = new Map(real.map(({ sensor, site }) => [sensor, site]));
  const known = new Set(countsOf(real).filter(([, n]) => n >= 5).map(([key]) => key));
  const found = new Map<string, string>();
  for (const { sensor, site } of made) {
    if (known.has(sensor)) assertEquals(site, sites.get(sensor));
    assertEquals(found.get(sensor) ?? site, site);
    found.set(sensor, site);
  }
});

Deno.test("record i of a twin depends on model, seed and i alone: not on batches, starts or order", async () => {
  const all = twin.sample(40_000, { seed: 9, lateness: "late" }).toRows();
  const random = new Random(3);
  const loaded = await SyntheticGenerator.load(twin.toBytes());
  assertEquals(loaded.toBytes(), twin.toBytes());
  assertEquals(loaded.describe(), twin.describe());
  for (let round = 0; round < 8; round++) {
    const start = random.below(36_000);
    const count = random.below(4000);
    const from = random.pick([twin, loaded]);
    const sample = from.sample(count, { seed: 9, start, lateness: "late" });
    const batches = Array.from(sample.batches({ batchRows: 1 + random.below(5000) }));
    const rows = batches.flatMap((batch) => batch.toRows());
    assertEquals(rows, all.slice(start, start + count) as never, `from ${start}, ${count} rows`);
  }
  const other = twin.sample(10, { seed: 10 }).toRows();
  assert(JSON.stringify(other) !== JSON.stringify(twin.sample(10, { seed: 9 }).toRows()));
});

Deno.test("a twin's records are the same by bees, and satisfy conditions that they are given", async () => {
  const options = { seed: 3, lateness: "late" };
  const here = twin.sample(10_000, options).toRows();
  const runtime = new SimulatedRuntime();
  const sample = twin.sample(10_000, { ...options, workers: 2, runtime });
  assertEquals(await runtime.drive(() => Array.fromAsync(sample)), here);
  const idle = twin.sample(5000, { seed: 3, conditions: { state: "idle", celsius: [">", 20] } });
  const rows = idle.toRows() as unknown as Reading[];
  assert(rows.every(({ state, celsius }) => state === "idle" && celsius > 20));
  assert(new Set(rows.map(({ sensor }) => sensor)).size > 500);
});

Deno.test("the lateness of a twin's records is that of their order", async () => {
  const disorder = { share: 0.2, maxDelay: "1m" };
  const rows = readings(3000, { seed: 2, keys: 20 });
  const options = { arrival: { rate: poisson("2/s"), disorder }, model: "independent" } as const;
  const late = await fit(rows, options);
  const records = late.sample(30_000, { seed: 4, lateness: "late" }).toRows() as unknown as (
    & Reading
    & { late: number }
  )[];
  let newest = -Infinity;
  for (const { at, late } of records) {
    assertEquals(late, Math.max(0, newest - at));
    newest = Math.max(newest, at);
  }
  const share = records.filter(({ late }) => late > 0).length / records.length;
  assert(share > 0.15 && share < 0.21, `${share} late`);
  assertEquals(new Set(records.map(({ n }) => n)).size > 2000, true);
});

Deno.test("keys can be declared, and come in the order of how frequent they were", async () => {
  const arrival = { rate: poisson("100/s"), keys: zipf(500, 1.2) };
  const declared = await fit(real.slice(0, 5000), { arrival, model: "independent" });
  const counts = countsOf(declared.sample(50_000).toRows() as unknown as Reading[]);
  const total = Array.from({ length: 500 }, (_, k) => (k + 1) ** -1.2).reduce((a, b) => a + b);
  assertEquals(counts[0][0], countsOf(real.slice(0, 5000))[0][0]);
  for (const k of [1, 2, 10]) {
    const share = counts[k - 1][1] / 50_000;
    assert(Math.abs(share * total * k ** 1.2 - 1) < 0.15, `key ${k}: ${share}`);
  }
  assert(counts.length > 450 && counts.length <= 500);
});

Deno.test("keys that come and go are new ones in a twin, with as many events each", async () => {
  const random = new Random(6);
  const rows: Reading[] = [];
  for (let key = 0; key < 2000; key++) {
    const begin = random.next() * 1e7;
    const events = 1 + random.below(5);
    for (let i = 0; i < events; i++) {
      const at = Math.floor(begin + i * 2000 * random.next());
      const sensor = `order-${String(key).padStart(6, "0")}`;
      rows.push({ at, sensor, site: "A", celsius: i, state: "on", n: i });
    }
  }
  rows.sort((a, b) => a.at - b.at);
  const orders = await fit(rows, { model: "independent" });
  const sampled = orders.sample(rows.length, { seed: 1 }).toRows() as unknown as Reading[];
  const [of, by] = [countsOf(rows), countsOf(sampled)];
  assert(Math.abs(by.length / of.length - 1) < 0.1, `${by.length} keys, really ${of.length}`);
  assert(distance(of.map(([, n]) => n), by.map(([, n]) => n)) < 0.06);
  const again = orders.sample(1000, { seed: 1, start: 3000 }).toRows();
  assertEquals(again, sampled.slice(3000, 4000) as never);
});

Deno.test("sensors that report at even distances do so in a twin", async () => {
  const random = new Random(8);
  const rows: Reading[] = [];
  for (let key = 0; key < 40; key++) {
    const period = 5000 + (key % 4) * 2500;
    for (let at = random.next() * period; at < 1e6; at += period) {
      const time = Math.floor(at + random.next() * 300);
      rows.push({
        at: time,
        sensor: `s-${1000 + key}`,
        site: "A",
        celsius: key,
        state: "on",
        n: 1,
      });
    }
  }
  rows.sort((a, b) => a.at - b.at);
  const even = await fit(rows, { model: "independent" });
  const sampled = even.sample(rows.length, { seed: 1 }).toRows() as unknown as Reading[];
  const gaps = (of: readonly Reading[]) => {
    const last = new Map<string, number>();
    return of.flatMap(({ sensor, at }) => {
      const before = last.get(sensor);
      last.set(sensor, at);
      return before === undefined ? [] : [at - before];
    });
  };
  const [by, spread] = [gaps(sampled), (of: number[]) => of.sort((a, b) => a - b)];
  assert(distance(gaps(rows), by) < 0.25, `${distance(gaps(rows), by)}`);
  assert(spread(by)[Math.floor(by.length / 10)] > 4000);
});

Deno.test("streams are learned without keys, without other columns, and from times of each type", async () => {
  const rows = readings(2000, { seed: 4, keys: 5 });
  const timed = (kind: "i64" | "f64" | "timestamp", value: (at: number) => unknown) =>
    SyntheticGenerator.fit([
      RecordBatch.fromRows(rows.map(({ at, celsius }) => ({ at: value(at), celsius })) as never, {
        schema: schema({ at: t[kind], celsius: t.f64 }) as never,
      }),
    ], { time: "at", model: "independent" });
  for (const kind of ["i64", "f64", "timestamp"] as const) {
    const of = await timed(kind, (at) => kind === "i64" ? BigInt(at) : at);
    const [first, second] = of.sample(2).toRows() as unknown as { at: number | bigint }[];
    assertEquals(typeof first.at, kind === "i64" ? "bigint" : "number");
    assert(first.at <= second.at);
  }
  const texts = rows.map(({ at, sensor }) => ({ at: new Date(at).toISOString(), sensor }));
  const alone = await SyntheticGenerator.fit(texts, {
    time: "at",
    key: "sensor",
    columns: { at: { type: t.timestamp } },
  });
  assertEquals(Object.keys(alone.sample(1).toRows()[0]), ["at", "sensor"]);
  const again = await SyntheticGenerator.load(alone.toBytes());
  assertEquals(again.sample(5000).toRows(), alone.sample(5000).toRows() as never);
  const numbers = rows.map(({ at, n }) => ({ at, id: n % 50, n }));
  const ids = await SyntheticGenerator.fit(numbers, {
    time: "at",
    key: "id",
    columns: { at: { type: t.timestamp } },
  });
  const made = ids.sample(5000).toRows() as { id: number }[];
  assert(made.every(({ id }) => Number.isInteger(id) && id >= 0 && id < 60));
});

Deno.test("what is no stream is refused, naming the column and what to do", async () => {
  const rows = readings(200, { seed: 4, keys: 5 });
  const refused = async (options: FitOptions, ...texts: string[]) => {
    const error = await assertRejects(() => fit(rows, options), Error);
    for (const text of texts) assert(error.message.includes(text), error.message);
  };
  await refused({ time: "state" }, '"state"', "dict", "timestamp");
  await refused({ time: "sensor" }, "both time and key");
  await refused({ time: undefined, key: "sensor" }, "key is about a stream", 'time: "ts"');
  await refused({ time: undefined, key: undefined, arrival: {} }, "arrival is about a stream");
  await refused({ key: undefined, arrival: { keys: zipf(5) } }, "arrival.keys", "key:");
  await refused({ key: "celsius" }, '"celsius"', "f64", "utf8");
  await refused({ key: "sensr" }, '"sensr"', 'mean "sensor"');
  await refused({ time: "when" }, '"when"');
  await refused({ primaryKey: "sensor" }, '"sensor"', "primary key");
  await refused({ arrival: { keys: 5 as never } }, "zipf()", "5");
  await refused({ arrival: { kys: 1 } as never }, "kys", "keys");
  await refused({ time: 5 as never }, "name of a column", "5");
  assertThrows(() => zipf(0), RangeError, "from 1");
  assertThrows(() => zipf(5, -1), RangeError, "exponent");
  const holes = rows.map((row, i) => i === 7 ? { ...row, sensor: null } : row);
  await assertRejects(() => fit(holes as never), TrainingDataError, "row 7 has no key");
  const timeless = rows.map((row, i) => i === 9 ? { ...row, at: null } : row);
  await assertRejects(() => fit(timeless as never), TrainingDataError, "row 9 has no event time");
  assertThrows(() => twin.sample(1, { lateness: "state" }), TypeError, '"state" already');
  assertThrows(() => twin.sample(1, { lateness: 5 as never }), TypeError, "name of a column");
  const plain = await SyntheticGenerator.fit(rows, { model: "independent" });
  assertThrows(() => plain.sample(1, { lateness: "late" }), TypeError, 'time: "ts"');
});

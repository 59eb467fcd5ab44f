import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  csv,
  type FitProgress,
  RecordBatch,
  schema,
  SyntheticGenerator,
  TrainingDataError,
  types as t,
} from "../mod.ts";
import { forSeedsAsync, Random } from "./support/random.ts";

const BIRDS = new URL("../examples/data/birdstrikes.csv", import.meta.url);

const ORDERS = schema({
  id: t.utf8,
  city: t.dict,
  country: t.utf8,
  amount: t.decimal(10, 2),
  weight: t.f64,
  items: t.i32,
  stock: t.i64,
  gift: t.bool,
  day: t.date,
  at: t.timestamp,
  hour: t.time,
});

const CITIES = [["Rome", "IT"], ["Milan", "IT"], ["Paris", "FR"], ["Lyon", "FR"], ["Bonn", "DE"]];

function orders(count: number, random = new Random(1)) {
  return Array.from({ length: count }, (_, i) => {
    const place = Math.floor(random.next() ** 2 * 5);
    const [city, country] = CITIES[place];
    const items = 1 + random.below(3) + place;
    return {
      id: `A-${String(i).padStart(5, "0")}`,
      city,
      country,
      amount: (items * 9.99).toFixed(2),
      weight: random.chance(0.1) ? null : Math.round(items * 25 + random.next() * 10) / 10,
      items,
      stock: BigInt(random.below(1e9)),
      gift: random.chance(0.2) ? null : random.chance(place / 5),
      day: 19_000 + random.below(400),
      at: 1.7e12 + random.below(1e6) * 1000,
      hour: random.below(24) * 3_600_000,
    };
  });
}

const rows = orders(1500);
const batch = RecordBatch.fromRows(rows, { schema: ORDERS });
const generator = await SyntheticGenerator.fit([batch], { primaryKey: "id", seed: 3 });

Deno.test("SyntheticGenerator.sample() gives values of the types, places and ranges that were learned", () => {
  const sampled = generator.sample(5000, { seed: 1 }).toBatch();
  assertEquals(sampled.schema.fields, ORDERS.fields as never);
  const cities = new Set(CITIES.map(([city]) => city));
  for (const row of sampled) {
    assert(cities.has(row.city!));
    assert(/^\d+\.\d\d$/.test(row.amount!));
    assert(Number.isInteger(row.items) && row.items! >= 1 && row.items! <= 8);
    assert(typeof row.stock === "bigint" && row.stock >= 0n && row.stock < 10n ** 9n);
    assert(row.weight === null || Math.round(row.weight * 10) / 10 === row.weight);
    assert(row.day! >= 19_000 && row.day! < 19_400);
    assert(row.at! % 1000 === 0);
    assert(row.hour! % 3_600_000 === 0 && row.hour! < 86_400_000);
  }
});

Deno.test("SyntheticGenerator keeps shares of nulls and values, and what depends on what", () => {
  const sampled = generator.sample(20_000, { seed: 5 }).toRows();
  const share = (
    of: readonly Record<string, unknown>[],
    test: (row: Record<string, unknown>) => boolean,
  ) => of.filter(test).length / of.length;
  const near = (test: (row: Record<string, unknown>) => boolean, within: number) => {
    const [real, made] = [share(rows, test), share(sampled, test)];
    assert(Math.abs(real - made) < within, `${test}: ${made}, really ${real}`);
  };
  near(({ weight }) => weight === null, 0.02);
  near(({ gift }) => gift === null, 0.02);
  near(({ city }) => city === "Rome", 0.03);
  near(({ city, gift }) => city === "Bonn" && gift === true, 0.03);
  near(({ items, weight }) => Number(items) > 5 && Number(weight) > 14, 0.03);
});

Deno.test("SyntheticGenerator keeps functional dependencies and makes keys that are all different", () => {
  const sampled = generator.sample(20_000).toRows();
  const countries = new Map(CITIES.map(([city, country]) => [city, country]));
  assert(sampled.every(({ city, country }) => countries.get(city!) === country));
  assertEquals(new Set(sampled.map(({ id }) => id)).size, sampled.length);
  assert(sampled.every(({ id }) => /^A-\d{5}$/.test(id!)));
  assertThrows(() => generator.sample(100_001), RangeError, '"id" has only 100000 values');
});

Deno.test("row i depends on model, seed and i alone: not on batches, starts or what was sampled before", () => {
  const all = generator.sample(12_000, { seed: 9 }).toRows();
  const random = new Random(7);
  for (let round = 0; round < 12; round++) {
    const start = random.below(11_000);
    const count = random.below(12_000 - start);
    const batchRows = 1 + random.below(5000);
    const sample = generator.sample(count, { seed: 9n, start });
    const batches = Array.from(sample.batches({ batchRows }));
    const message = `start ${start}, ${count} rows in batches of ${batchRows}`;
    assert(batches.slice(0, -1).every(({ length }) => length === batchRows), message);
    assertEquals(
      batches.flatMap((each) => each.toRows()),
      all.slice(start, start + count),
      message,
    );
  }
  const [first] = generator.sample(Infinity, { seed: 9 });
  assertEquals(first, all[0]);
  const other = generator.sample(100, { seed: 10 }).toRows();
  assert(JSON.stringify(other, text) !== JSON.stringify(all.slice(0, 100), text));
});

function text(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? String(value) : value;
}

Deno.test("the same rows and seed give the same model, however the rows come", async () => {
  const few = orders(400, new Random(4));
  const options = { primaryKey: "id", seed: 11 };
  const once = await SyntheticGenerator.fit(
    [RecordBatch.fromRows(few, { schema: ORDERS })],
    options,
  );
  const parts = [0, 130, 131].map((start, at) =>
    RecordBatch.fromRows(few.slice(start, [130, 131, 400][at]), { schema: ORDERS })
  );
  const again = await SyntheticGenerator.fit(parts, options);
  assertEquals(once.toBytes(), again.toBytes());
});

Deno.test("logLikelihood() tells rows that are alike from those that are not", async () => {
  const held = orders(500, new Random(77));
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
  const real = mean(generator.logLikelihood(held));
  const shuffled = held.map((row, i) => ({ ...row, city: held[(i + 1) % 500].city }));
  assert(real > mean(generator.logLikelihood(shuffled)) + 0.2);
  const independent = await SyntheticGenerator.fit([batch], {
    primaryKey: "id",
    model: "independent",
  });
  assert(real > mean(independent.logLikelihood(held)) + 0.5);
  const strange = [{ ...held[0], city: "Atlantis" }, { ...held[0], items: null }, held[0]];
  const [city, nulled, usual] = generator.logLikelihood(strange);
  assertEquals([city, nulled], [-Infinity, -Infinity]);
  assert(Number.isFinite(usual));
});

Deno.test("a circuit learned from birdstrikes makes held-out rows likelier than independent columns", async () => {
  const batches: RecordBatch[] = [];
  const rowsIn = new Map<string, number>();
  const options = {
    seed: 1,
    maxRows: 2500,
    onProgress: ({ phase, rows }: FitProgress) => void rowsIn.set(phase, rows),
  };
  const circuit = await SyntheticGenerator.fit(csv(BIRDS), options);
  const independent = await SyntheticGenerator.fit(csv(BIRDS), {
    ...options,
    model: "independent",
  });
  batches.push(circuit.sample(1000).toBatch());
  assertEquals(batches[0].names.length, 14);
  assertEquals([...rowsIn], [["reading", 10_000], ["encoding", 2500], ["fitting", 2500]]);
  const rows = circuit.sample(2000, { seed: 4 }).toRows();
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
  assert(mean(circuit.logLikelihood(rows)) > mean(independent.logLikelihood(rows)) + 1);
  assert(
    circuit.describe().includes("Origin State") && circuit.describe().includes("follows from"),
  );
  const total = rows.filter((row) => Number(row["Cost Total $"]) > 0).length;
  assert(total > 0 && total < 400);
});

Deno.test("a model of a sample of the rows says of how many, in its file and after an update too", async () => {
  const rowsIn = new Map<string, number>();
  const sampled = await SyntheticGenerator.fit(rows, {
    maxRows: 100,
    model: "independent",
    onProgress: ({ phase, rows }) => void rowsIn.set(phase, rows),
  });
  const first = (text: string) => text.slice(0, text.indexOf("\n"));
  const count = (rows: number) => rows.toLocaleString("en-US");
  const said = `independent columns, learned from 100 of ${count(rows.length)} rows`;
  assertEquals(first(sampled.describe()), said);
  assertEquals(rowsIn, new Map([["reading", rows.length], ["encoding", 100]]));
  const loaded = await SyntheticGenerator.load<typeof rows[number]>(sampled.toBytes());
  assertEquals(first(loaded.describe()), said);
  const updated = await loaded.update(rows.slice(0, 50));
  assertEquals(
    first(updated.describe()),
    `independent columns, learned from 150 of ${count(rows.length + 50)} rows`,
  );
  const whole = await SyntheticGenerator.fit(rows, { maxRows: rows.length, model: "independent" });
  assertEquals(
    first(whole.describe()),
    `independent columns, learned from ${count(rows.length)} rows`,
  );
});

Deno.test("a fit can be aborted while it reads and while it fits", async () => {
  const aborted = AbortSignal.abort(new Error("no more"));
  await assertRejects(() => SyntheticGenerator.fit(rows, { signal: aborted }), Error, "no more");
  const controller = new AbortController();
  const onProgress = ({ phase }: { phase: string }) => {
    if (phase === "fitting") controller.abort(new Error("enough"));
  };
  const { signal } = controller;
  await assertRejects(
    () => SyntheticGenerator.fit([batch], { signal, onProgress }),
    Error,
    "enough",
  );
});

Deno.test("one row, one column, a constant, nulls, and many categories are learned as far as they go", async () => {
  const one = await SyntheticGenerator.fit([{ a: 5, b: "x", c: null }]);
  assertEquals(
    one.sample(2).toRows(),
    [{ a: 5, b: "x", c: null }, { a: 5, b: "x", c: null }] as never,
  );
  const column = await SyntheticGenerator.fit(Array.from({ length: 50 }, (_, n) => ({ n })));
  assert(column.sample(500).toRows().every(({ n }) => n >= 0 && n < 50));
  const constant = await SyntheticGenerator.fit(
    Array.from({ length: 50 }, (_, n) => ({ n, c: 1.5 })),
  );
  assert(constant.sample(500).toRows().every(({ c }) => c === 1.5));
  const many = Array.from(
    { length: 100_000 },
    (_, n) => ({ city: `city ${n % 50_000}`, n: n % 3 }),
  );
  const folded = await SyntheticGenerator.fit(many, { model: "independent" });
  assert(folded.sample(100).toRows().every(({ city }) => city === "other"));
  const kept = await SyntheticGenerator.fit(many, { model: "independent", minCount: 2 });
  const cities = new Set(kept.sample(20_000).toRows().map(({ city }) => city));
  assert(cities.size > 10_000 && cities.has("other") === false);
});

Deno.test("keys are made whole: sequences, UUIDs, and texts that are all different", async () => {
  const given = Array.from({ length: 200 }, (_, n) => ({
    n: n * 3,
    uuid: crypto.randomUUID(),
    code: `${"abcdefghij"[n % 10]}${1000 + n}`,
    v: n % 4,
  }));
  const made = await SyntheticGenerator.fit(given, {
    primaryKey: ["n", "uuid"],
    model: "independent",
  });
  const sampled = made.sample(5000, { seed: 2 }).toRows();
  assertEquals(sampled.slice(0, 3).map(({ n }) => n), [1, 2, 3]);
  assertEquals(new Set(sampled.map(({ uuid }) => uuid)).size, 5000);
  assert(sampled.every(({ code }) => /^[a-z]\d{4}$/.test(code)));
  assertEquals(new Set(sampled.map(({ code }) => code)).size, 5000);
});

Deno.test("column options change types and roles, and leave columns out", async () => {
  const given = Array.from({ length: 300 }, (_, n) => ({
    at: `2026-03-0${1 + n % 9}T10:00:00Z`,
    zip: 10_000 + (n % 5) * 1000,
    tags: ["a"],
  }));
  const columns = {
    at: { type: t.timestamp },
    zip: { role: "category" },
    tags: { role: "ignore" },
  } as const;
  const made = await SyntheticGenerator.fit(given, { columns, model: "independent" });
  assertEquals(made.schema.fields.map(({ type }) => type.kind), ["timestamp", "i32"]);
  const sampled = made.sample(1000).toRows() as unknown as { at: number; zip: number }[];
  assert(sampled.every(({ at }) => new Date(at).toISOString().endsWith("T10:00:00.000Z")));
  assertEquals(new Set(sampled.map(({ zip }) => zip)).size, 5);
});

Deno.test("what cannot be learned is refused with the column, the reason and what to do", async () => {
  const refused = async (
    input: object,
    options: object,
    error: ErrorConstructor | typeof TrainingDataError,
    ...texts: string[]
  ) => {
    const failure = await assertRejects(
      () => SyntheticGenerator.fit(input as object[], options),
      error as never,
    );
    const { message } = failure as Error;
    for (const each of texts) assert(message.includes(each), message);
  };
  await refused([{}, {}], {}, TrainingDataError, "the rows have no columns");
  await refused([], {}, TrainingDataError, "there are no rows in what was given, and so nothing");
  const empty = await Deno.makeTempFile({ suffix: ".csv" });
  await refused(csv(empty), {}, TrainingDataError, "there are no rows in");
  await Deno.writeTextFile(empty, "a,b\n");
  await refused(csv(empty), {}, TrainingDataError, "there are no rows in");
  await Deno.remove(empty);
  await refused([{ a: [1] }], {}, TrainingDataError, '"a"', "list", "ignore");
  await refused([{ a: 1 }, { a: "x" }], {}, TrainingDataError, '"a"', "mixed");
  await refused([{ a: 0.5 }, { a: Infinity }], {}, TrainingDataError, '"a"', "Infinity", "null");
  await refused(
    [{ a: 1 }],
    { columns: { a: { role: "ignore" } } },
    TrainingDataError,
    "all columns",
  );
  await refused([{ a: "x" }], { columns: { a: { type: t.i32 } } }, TrainingDataError, '"a"', "i32");
  await refused([{ a: "x" }], { columns: { a: { role: "number" } } }, TypeError, '"a"', "texts");
  await refused([{ a: 1.5 }], { primaryKey: "a" }, TypeError, '"a"', "f64", "key");
  await refused([{ city: 1 }], { primaryKey: "cty" }, TypeError, '"cty"', 'mean "city"');
  await refused([{ a: 1 }], { model: "tree" }, TypeError, '"tree"', "mean trees");
  await refused([{ a: 1.7e308 }], {}, TrainingDataError, "from -8e+307 to 8e+307");
  await refused([{ a: 1 }], { signal: {} }, TypeError, "signal must be an AbortSignal");
  await refused([{ a: 1 }], { modle: "circuit" }, TypeError, "modle", "model");
  await refused(
    [{ a: 1 }],
    { columns: { a: { roll: "key" } } },
    TypeError,
    '"roll"',
    "type and role",
  );
  await refused([{ a: 1 }], { columns: { a: { role: "kee" } } }, TypeError, '"kee"', "category");
  await refused([{ a: 1 }], { symbols: 500 }, RangeError, "8 to 254", "500");
  await refused([{ a: 1 }], { seed: 0.5 }, TypeError, "seed", "0.5");
  await refused(5 as never, {}, TypeError, "csv(path)", "5");
  for (
    const [count, options] of [[-1, {}], [0.5, {}], [1, { start: -1 }], [1, { sed: 1 }]] as const
  ) {
    assertThrows(() => generator.sample(count, options as object));
  }
  assertThrows(() => generator.sample(Infinity).toRows(), RangeError, "infinite");
  assertThrows(() => generator.sample(5).batches({ batchRows: 0 }), RangeError, "batchRows");
});

Deno.test("any table of random columns can be fitted, saved, loaded and sampled", async () => {
  await forSeedsAsync(12, async (random) => {
    const all = {
      ...{ b: t.bool, i: t.i32, l: t.i64, f: t.f32, d: t.f64, s: t.timestamp, y: t.date },
      ...{ h: t.time, m: t.decimal(20, 3), u: t.utf8, c: t.dict },
    };
    const names = random.shuffle(Object.keys(all) as (keyof typeof all)[]).slice(
      0,
      1 + random.below(11),
    );
    const of = schema(Object.fromEntries(names.map((name) => [name, all[name]])));
    const make: Record<keyof typeof all, () => unknown> = {
      b: () => random.chance(0.5),
      i: () => random.below(2 ** 32) - 2 ** 31,
      l: () => BigInt(random.below(2 ** 40)) ** 2n % 2n ** 63n,
      f: () => Math.fround(random.next()),
      d: () => random.next() * 10 ** random.below(300),
      s: () => (random.next() - 0.5) * 1.6e16 | 0,
      y: () => random.below(100_000) - 50_000,
      h: () => random.below(86_400_000),
      m: () => (random.next() * 1e12).toFixed(3),
      u: () => String.fromCodePoint(0x1f600 + random.below(5)),
      c: () => "x".repeat(random.below(3)),
    };
    const given = Array.from(
      { length: 1 + random.below(300) },
      () =>
        Object.fromEntries(names.map((name) => [name, random.chance(0.2) ? null : make[name]()])),
    );
    const rows = RecordBatch.fromRows(given, { schema: of as never });
    const made = await SyntheticGenerator.fit([rows], { seed: random.below(99) });
    const loaded = await SyntheticGenerator.load(made.toBytes());
    const sampled = loaded.sample(300, { seed: 1 }).toRows();
    assertEquals(sampled, made.sample(300, { seed: 1 }).toRows() as never);
    RecordBatch.fromRows(sampled, { schema: of as never });
  });
});

Deno.test("many rows are learned by minibatches as a mixture, whose samples are as likely as real rows", async () => {
  const random = new Random(8);
  // which row of factors goes with which is too much for the states of one tree
  const factors = [1, 3, 7, 9, 11, 13, 17, 19];
  const make = (count: number) =>
    Array.from({ length: count }, () => {
      const [kind, a] = [random.below(8), random.below(20)];
      const of = (at: number) => (a * factors[(kind + at) % 8] + random.below(2)) % 20;
      const others = [0, 1, 2, 3, 4].map((at) => [`of${at}`, `v${of(at)}`]);
      return { kind: `k${kind}`, a: `a${a}`, ...Object.fromEntries(others) };
    });
  const mixture = await SyntheticGenerator.fit([RecordBatch.fromRows(make(20_500))], { seed: 1 });
  assert(/^\d hidden trees of/.test(mixture.describe()), mixture.describe());
  const loaded = await SyntheticGenerator.load(mixture.toBytes());
  const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
  const real = mean(mixture.logLikelihood(make(5000)));
  const made = mean(mixture.logLikelihood(loaded.sample(5000, { seed: 3 }).toRows() as never));
  assert(Math.abs(real - made) < 0.1, `${made}, real rows ${real}`);
});

Deno.test("independent columns do not follow from each other, even where they did in all rows", async () => {
  const rows = Array.from({ length: 600 }, (_, i) => ({ city: `c${i % 6}`, country: `k${i % 3}` }));
  const together = new Set(rows.map(({ city, country }) => city + country));
  for (const [model, follows] of [["circuit", true], ["independent", false]] as const) {
    const made = (await SyntheticGenerator.fit(rows, { model })).sample(500).toRows();
    const kept = made.every(({ city, country }) => together.has(city + country));
    assertEquals(kept, follows);
  }
});

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { type ColumnSpecs, SyntheticGenerator, types as t } from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { normalQuantile } from "../src/generators/normal.ts";
import { forSeedsAsync, type Random } from "./support/random.ts";

const ROWS = 60_000;
/** How far a share of so many rows may be from the truth: five standard errors at most. */
const NEAR = 5 * 0.5 / Math.sqrt(ROWS);

function columnOf<const Spec extends ColumnSpecs[string]>(spec: Spec, seed = 1) {
  return SyntheticGenerator.fromSchema({ columns: { v: spec } }).sample(ROWS, { seed }).toRows()
    .map(({ v }) => v);
}

function shareOf<T>(values: readonly T[], test: (value: T) => boolean): number {
  return values.filter(test).length / values.length;
}

/** Holds values to a distribution, by the share that is below each of its quantiles. */
function assertDistribution(values: readonly number[], quantile: (share: number) => number) {
  for (const share of [0.001, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 0.999]) {
    const below = shareOf(values, (value) => value < quantile(share));
    assertAlmostEquals(below, share, NEAR, `${below} below the quantile of ${share}`);
  }
}

Deno.test("normalQuantile() is what tables of the normal distribution say", () => {
  const table = [[0.5, 0], [0.975, 1.959963984540054], [0.9999, 3.719016485455709]];
  for (const [share, value] of [...table, [1e-9, -5.997807015007686]]) {
    assertAlmostEquals(normalQuantile(share), value, 1e-12);
  }
});

Deno.test("numbers have the distribution that is declared, with places, limits and nulls", () => {
  const normal = columnOf({ normal: { mean: 10, deviation: 3 } });
  assertDistribution(normal, (share) => 10 + 3 * normalQuantile(share));
  const skewed = columnOf({ lognormal: { median: 20, deviation: 0.5 }, decimals: 2 });
  assertDistribution(skewed, (share) => 20 * Math.exp(0.5 * normalQuantile(share)));
  assert(skewed.every((value) => Math.round(value * 100) / 100 === value));
  const fading = columnOf({ exponential: { mean: 4 } });
  assertDistribution(fading, (share) => -4 * Math.log1p(-share));
  assert(fading.every((value) => value >= 0));
  const even = columnOf({ uniform: [-2, 6], nulls: 0.25 });
  assertAlmostEquals(shareOf(even, (value) => value === null), 0.25, NEAR);
  assertDistribution(even.filter((value) => value !== null), (share) => 8 * share - 2);
  const cut = columnOf({ normal: { mean: 0, deviation: 1 }, min: 0, max: 1.5 });
  assert(cut.every((value) => value >= 0 && value <= 1.5));
  assertDistribution(cut, (share) => normalQuantile(0.5 + share * 0.4331927987311419));
});

Deno.test("whole numbers have their exact shares, also those of distributions that are not whole", () => {
  const dice = columnOf({ integers: [1, 6] });
  for (let side = 1; side <= 6; side++) {
    assertAlmostEquals(shareOf(dice, (value) => value === side), 1 / 6, NEAR);
  }
  const marks = columnOf({ normal: { mean: 3, deviation: 1 }, decimals: 0, min: 1, max: 5 });
  assertEquals([...new Set(marks)].sort(), [1, 2, 3, 4, 5]);
  assertAlmostEquals(shareOf(marks, (value) => value === 3), 0.3829 / 0.9876, NEAR);
  const many = columnOf({ integers: [-500, 500] });
  assertAlmostEquals(shareOf(many, (value) => value === -500), 1 / 1001, 0.001);
  assertAlmostEquals(shareOf(many, (value) => value < 0), 500 / 1001, NEAR);
  assertEquals([Math.min(...many), Math.max(...many)], [-500, 500]);
  const large = columnOf({ integers: [2 ** 40, 2 ** 40 + 99], type: t.i64 });
  assert((large as bigint[]).every((value) => value >= 2n ** 40n && value <= 2n ** 40n + 99n));
  assertEquals(new Set(large).size, 100);
  const coarse = columnOf({ uniform: [0, 1], decimals: 1 });
  assertEquals([...new Set(coarse)].sort(), [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]);
});

Deno.test("values come by their weights, however many there are, and equal ones are one", () => {
  const cities = columnOf({ values: { Rome: 5, Milan: 3, Paris: 2 } });
  assertAlmostEquals(shareOf(cities, (city) => city === "Rome"), 0.5, NEAR);
  assertAlmostEquals(shareOf(cities, (city) => city === "Paris"), 0.2, NEAR);
  const names = Array.from({ length: 5000 }, (_, at) => `name ${at}`);
  const weights = names.map((_, at) => at === 7 ? 1250 : 1);
  const named = columnOf({ values: [...names, "name 7"], weights: [...weights, 1250] });
  assertAlmostEquals(shareOf(named, (name) => name === "name 7"), 2500 / 7499, NEAR);
  assert(new Set(named).size > 4900);
  assertAlmostEquals(shareOf(columnOf({ boolean: 0.3 }), (value) => value), 0.3, NEAR);
  assertEquals(new Set(columnOf({ boolean: 1 })), new Set([true]));
  assertEquals(new Set(columnOf({ constant: "same" })), new Set(["same"]));
  const marks = columnOf({ values: [1.5, 2, 7.25], weights: [1, 1, 2], nulls: 0.5 });
  assertAlmostEquals(shareOf(marks, (value) => value === 7.25), 0.25, NEAR);
  const money = columnOf({ values: [0.5, 12], type: t.decimal(6, 2) });
  assertEquals(new Set(money), new Set(["0.50", "12.00"]));
});

Deno.test("dates and times lie between the first and the last, on whole steps", () => {
  const days = columnOf({ dates: ["2024-02-28", "2024-03-01"] });
  assertEquals([...new Set(days)].sort(), [19_781, 19_782, 19_783]);
  const times = columnOf({
    timestamps: ["2024-01-01", new Date("2024-01-01T05:30:00Z")],
    every: "1h",
  });
  const hour = 3_600_000;
  assert(times.every((time) => time % hour === 0));
  assertEquals(new Set(times).size, 6);
  const any = columnOf({ timestamps: [1000, 1003] });
  assertEquals([...new Set(any)].sort(), [1000, 1001, 1002, 1003]);
});

Deno.test("what follows from another column is looked up, wherever that stands", () => {
  const { sample } = ((generator) => ({ sample: generator.sample(2000).toRows() }))(
    SyntheticGenerator.fromSchema({
      columns: {
        country: { by: "city", lookup: { Paris: "FR", Nowhere: null }, otherwise: "IT" },
        city: { values: ["Rome", "Paris", "Nowhere"], nulls: 0.2 },
        rank: { by: "open", lookup: { true: 1.5, false: 0 } },
        open: { boolean: 0.5 },
      },
    }),
  );
  const countries = new Map([["Paris", "FR"], ["Rome", "IT"], ["Nowhere", null], [null, null]]);
  for (const { country, city, rank, open } of sample) {
    assertEquals(country, countries.get(city));
    assertEquals(rank, open ? 1.5 : 0);
  }
  assertEquals(new Set(sample.map(({ city }) => city)).size, 4);
});

Deno.test("sequences, UUIDs and patterns are made row by row, and patterns run out", () => {
  const generator = SyntheticGenerator.fromSchema({
    columns: {
      n: { sequence: true },
      back: { sequence: { start: 100, step: -7 } },
      v4: { uuid: "v4" },
      v7: { uuid: "v7", start: "2026-05-01", every: "0.25ms" },
      code: { pattern: "AB-#?&\\#" },
      seat: { pattern: "#?", repeats: true },
    },
  });
  const rows = generator.sample(2600, { seed: 4 }).toRows();
  rows.forEach((row, i) => {
    assertEquals([row.n, row.back], [i + 1, 100 - 7 * i]);
    assert(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(row.v4));
    assert(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(row.v7));
    const ms = parseInt(row.v7.slice(0, 8) + row.v7.slice(9, 13), 16);
    assertEquals(ms, Date.UTC(2026, 4, 1) + Math.floor(i / 4));
    assert(/^AB-\d[A-Z][a-z]#$/.test(row.code) && /^\d[A-Z]$/.test(row.seat));
  });
  for (const key of ["v4", "v7", "code"] as const) {
    assertEquals(new Set(rows.map((row) => row[key])).size, 2600);
  }
  assertEquals(rows.map(({ v7 }) => v7).toSorted(), rows.map(({ v7 }) => v7));
  assertEquals(new Set(rows.map(({ seat }) => seat)).size, 260);
  assertThrows(() => generator.sample(6761), RangeError, '"code" has only 6760 values');
  assertEquals(generator.sample(10, { seed: 4, start: 2000 }).toRows(), rows.slice(2000, 2010));
});

function anySpec(random: Random): ColumnSpecs[string] {
  const nulls = random.pick([0, 0.1, 1]);
  const low = random.below(1000) - 500;
  return random.pick<() => ColumnSpecs[string]>([
    () => ({ values: Array.from({ length: 1 + random.below(300) }, (_, i) => `v${i}`), nulls }),
    () => ({ values: Array.from({ length: 1 + random.below(300) }, (_, i) => i * 1.5), nulls }),
    () => ({ uniform: [low, low + random.below(1000)], nulls }),
    () => ({ integers: [low, low + random.below(1000)], nulls }),
    () => ({
      normal: { mean: low, deviation: 1 + random.below(50) },
      decimals: random.below(4),
      nulls,
    }),
    () => ({
      lognormal: { median: 5, deviation: random.next() + 0.1 },
      type: t.decimal(20, 2),
      nulls,
    }),
    () => ({ exponential: { mean: 3 }, max: 1 + random.below(10), type: t.f32, nulls }),
    () => ({ boolean: random.next(), nulls }),
    () => ({ dates: [low, low + random.below(500)], nulls }),
    () => ({ timestamps: [low * 1e6, low * 1e6 + random.below(1e9)], every: "1s", nulls }),
    () => ({ constant: random.pick([1, "x", true]), nulls }),
    () => ({ sequence: { start: low, step: 3 } }),
    () => ({ uuid: random.pick(["v4", "v7"]) }),
    () => ({ pattern: "?####&" }),
  ])();
}

Deno.test("any declared generator is saved, loaded, described and sampled, and its rows are likely", async () => {
  await forSeedsAsync(40, async (random) => {
    const names = Array.from({ length: 1 + random.below(6) }, (_, at) => `c${at}`);
    const columns = Object.fromEntries(names.map((name) => [name, anySpec(random)]));
    const generator = SyntheticGenerator.fromSchema({ columns });
    const loaded = await SyntheticGenerator.load(generator.toBytes());
    const rows = generator.sample(200, { seed: 5 }).toRows();
    assertEquals(loaded.sample(200, { seed: 5 }).toRows(), rows);
    assertEquals(loaded.describe(), generator.describe());
    assert(generator.describe().includes("declared"));
    const likelihood = generator.logLikelihood(generator.sample(200, { seed: 5 }).toBatch());
    assert(likelihood.every(Number.isFinite), JSON.stringify(columns));
  });
});

Deno.test("rows of declared generators satisfy conditions, on bees too, as often as they say", async () => {
  const generator = SyntheticGenerator.fromSchema({
    columns: {
      city: { values: { Rome: 5, Milan: 3, Paris: 2 }, nulls: 0.1 },
      country: { by: "city", lookup: { Paris: "FR" }, otherwise: "IT" },
      price: { lognormal: { median: 20, deviation: 0.5 }, decimals: 2 },
      side: { integers: [1, 600] },
      day: { dates: ["2024-01-01", "2024-12-31"] },
      gift: { boolean: 0.25 },
    },
  });
  const conditions = {
    country: "IT",
    price: ["between", 15.5, 20],
    side: ["<=", 150],
    gift: true,
  } as const;
  const half = 0.5 - 0.3050; // of the logarithms of 15.5 to 20, by a table
  const probability = generator.probability(conditions);
  assertAlmostEquals(probability, 0.72 * half * 0.25 * 0.25, 0.001);
  const sample = generator.sample(5000, { seed: 2, conditions });
  for (const { country, price, side, gift } of sample) {
    assert(country === "IT" && price >= 15.5 && price <= 20 && side <= 150 && gift);
  }
  const runtime = new SimulatedRuntime();
  const onBees = generator.sample(5000, { seed: 2, conditions, workers: 2, runtime });
  const batches = await runtime.drive(() => Array.fromAsync(onBees.batches()));
  assertEquals(batches.flatMap((batch) => batch.toRows()), sample.toRows());
});

Deno.test("columns of a fit are made as they are declared, whatever they were", async () => {
  const uuid7 = (ms: number, i: number) => {
    const hex = ms.toString(16).padStart(12, "0");
    return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${String(i).padStart(12, "0")}`;
  };
  const rows = Array.from({ length: 100 }, (_, i) => ({
    id: i * 7,
    name: [`secret ${i}`],
    key: uuid7(1.7e12 + i * 50, i),
    v: i % 3,
  }));
  const generator = await SyntheticGenerator.fit(rows, {
    columns: { id: { sequence: { start: 5 } }, name: { pattern: "user ##" } },
    model: "independent",
  });
  const [first, second] = generator.sample(2).toRows() as unknown as {
    id: number;
    name: string;
    key: string;
  }[];
  assertEquals([first.id, second.id], [5, 6]);
  assert(/^user \d\d$/.test(first.name));
  const time = ({ key }: { key: string }) => parseInt(key.slice(0, 8) + key.slice(9, 13), 16);
  assertEquals([time(first), time(second)], [1.7e12 + 5000, 1.7e12 + 5050]);
  assert(second.key[14] === "7");
});

Deno.test("what cannot be declared is refused with the column, what was received, and what to do", () => {
  const refused = (spec: unknown, ...texts: string[]) => {
    const { message } = assertThrows(
      () => SyntheticGenerator.fromSchema({ columns: { a: spec as ColumnSpecs[string] } }),
      TypeError,
    );
    for (const text of ['"a"', ...texts]) assert(message.includes(text), message);
  };
  refused(5, "an object", "5");
  refused({}, "it takes one of values, uniform", "none");
  refused({ uniform: [0, 1], boolean: 1 }, "uniform and boolean");
  refused({ uniform: [0, 1], decimal: 2 }, '"decimal"', "mean decimals");
  refused({ uniform: [2, 1] }, "2", "above");
  refused({ uniform: [0.2, 0.8], decimals: 0 }, "no number between");
  refused({ uniform: [0, 1], decimals: 9 }, "0 to 6", "9");
  refused({ uniform: [0, NaN] }, "NaN");
  refused({ uniform: "ab" }, "two", '"ab"');
  refused({ integers: [0, 2 ** 40], type: t.i32 }, "do not fit i32");
  refused({ normal: { mean: 0, deviation: 0 } }, "deviation", "above 0");
  refused({ normal: { mean: 0, deviation: 1 }, min: 50 }, "nothing between");
  refused({ lognormal: { median: -1, deviation: 1 } }, "median", "-1");
  refused({ exponential: {} }, "mean", "undefined");
  refused({ uniform: [0, 1], nulls: 2 }, "nulls", "2");
  refused({ uniform: [0, 1], type: t.utf8 }, "utf8");
  refused({ uniform: [0, 1], type: t.list(t.f64) }, "list");
  refused({ values: [] }, "1 to 65534", "0");
  refused({ values: Array.from({ length: 70_000 }, (_, i) => i) }, "70000");
  refused({ values: ["a", 1] }, "string and number");
  refused({ values: ["a"], weights: [0] }, "above 0");
  refused({ values: ["a"], weights: [1, 2] }, "as many");
  refused({ values: ["x"], type: t.i32 }, '"x"', "fit");
  refused({ values: [1.5], type: t.i32 }, "1.5", "fit");
  refused({ boolean: 2 }, "boolean", "2");
  refused({ dates: ["yesterday", "2024-01-01"] }, "yesterday");
  refused({ timestamps: ["2024-01-02", "2024-01-01"] }, "above");
  refused({ timestamps: [0, 1e6], every: "8d" }, "week");
  refused({ sequence: { strat: 5 } }, '"strat"');
  refused({ sequence: { step: 0 } }, "not 0");
  refused({ sequence: true, type: t.utf8 }, "utf8");
  refused({ uuid: "v5" }, '"v5"');
  refused({ uuid: "v4", start: 5 }, "v7");
  refused({ pattern: "" }, "1 to 64");
  refused({ pattern: "#".repeat(65) }, "65");
  refused({ by: "b", lookup: {} }, '"b"', "no such column");
  const both = (lookup: Record<string, string>) =>
    SyntheticGenerator.fromSchema({
      columns: { a: { values: ["x", "y"] }, b: { by: "a", lookup } },
    });
  assertThrows(() => both({ x: "1" }), TypeError, 'nothing for "y"');
  for (const spec of [undefined, null, {}, { columns: {} }, { columns: [] }, { column: {} }]) {
    assertThrows(() => SyntheticGenerator.fromSchema(spec as never), TypeError, "columns");
  }
});

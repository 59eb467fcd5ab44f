import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import {
  coalesce,
  col,
  compile,
  type Conditions,
  csv,
  RecordBatch,
  schema,
  SyntheticGenerator,
  types as t,
} from "../mod.ts";
import { parseConditions } from "../src/generators/conditions/parse_conditions.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { Random } from "./support/random.ts";

const BIRDS = new URL("../examples/data/birdstrikes.csv", import.meta.url);
const MILLION = 1_000_000;

const CUSTOMERS = schema({
  id: t.i32,
  segment: t.utf8,
  region: t.dict,
  spent: t.f64,
  limit: t.f64,
  orders: t.i32,
  since: t.timestamp,
  rating: t.i32,
});

function customers(count: number, random = new Random(3)) {
  return Array.from({ length: count }, (_, id) => {
    const segment = random.pick(["basic", "basic", "plus", "premium"]);
    const spent = Math.round(random.next() ** 2 * (segment === "premium" ? 20_000 : 4000) * 100) /
      100;
    return {
      id,
      segment,
      region: `${segment[0]}${random.below(3)}`,
      spent,
      limit: Math.round(random.next() * 8000),
      orders: Math.floor(spent / 100) + random.below(4),
      since: 1.6e12 + random.below(700) * 86_400_000,
      rating: random.chance(0.3) ? null : 1 + random.below(5),
    };
  });
}

const rows = customers(1500);
const generator = await SyntheticGenerator.fit(
  [RecordBatch.fromRows(rows, { schema: CUSTOMERS })],
  { primaryKey: "id", seed: 2 },
);

/** How many rows of a batch satisfy conditions. */
function countOf(conditions: Conditions, batch: RecordBatch<never>): number {
  using plan = compile(parseConditions(conditions, batch.schema), { schema: batch.schema });
  return plan.filter(batch as never).length;
}

Deno.test("sample() takes conditions in every notation, as objects, expressions and JSON, with the same rows", () => {
  const ways: Conditions[] = [
    { segment: "premium", spent: [">", 10_000] },
    { allOf: [{ segment: ["in", ["premium"]] }, { spent: [">", 10_000] }] },
    { not: { anyOf: [{ segment: ["!=", "premium"] }, { spent: ["<=", 10_000] }] } },
    col("segment").eq("premium").and(col("spent").gt(10_000)),
    '{"segment": "premium", "spent": [">", 10000]}',
    JSON.stringify(col("spent").gt(10_000).and(col("segment").eq("premium"))),
  ];
  const [first, ...others] = ways.map((conditions) =>
    generator.sample(500, { seed: 4, conditions }).toRows()
  );
  assert(first.every((row) => row.segment === "premium" && row.spent! > 10_000));
  assertEquals(first.map(({ id }) => id), Array.from({ length: 500 }, (_, i) => i + 1));
  for (const each of others) assertEquals(each, first);
});

Deno.test("row i of a conditional sample depends on model, seed, conditions and i alone", async () => {
  const cases: Conditions[] = [
    { region: ["like", "p%"], since: ["between", "2021-01-01", "2021-06-30"] },
    col("spent").gt(col("limit")),
  ];
  for (const conditions of cases) {
    const all = generator.sample(9000, { seed: 9, conditions }).toRows();
    const bytes = generator.toBytes();
    const random = new Random(5);
    for (let round = 0; round < 4; round++) {
      const start = random.below(8000);
      const some = generator.sample(9000 - start, { seed: 9, conditions, start });
      const batches = Array.from(some.batches({ batchRows: 1 + random.below(3000) }));
      assertEquals(batches.flatMap((batch) => batch.toRows()), all.slice(start));
    }
    const again = (await SyntheticGenerator.load(bytes)).sample(9000, { seed: 9, conditions });
    assertEquals(again.toRows(), all as never);
    // others in between, so that what was compiled is dropped and made again
    for (let i = 0; i < 10; i++) {
      generator.sample(10, { conditions: { orders: [">", i] } }).toRows();
    }
    assertEquals(generator.sample(50, { seed: 9, conditions }).toRows(), all.slice(0, 50));
  }
});

Deno.test("bees make the same conditional rows", async () => {
  const conditions = { segment: ["!=", "basic"], orders: [">=", 7] } as const;
  const expected = generator.sample(10_000, { seed: 3, conditions }).toRows();
  const runtime = new SimulatedRuntime();
  const sample = generator.sample(10_000, { seed: 3, conditions, workers: 2, runtime });
  assertEquals(await runtime.drive(() => Array.fromAsync(sample)), expected);
});

Deno.test("predicates between columns are drawn until they hold, and the share that does is told", () => {
  const conditions: Conditions = { allOf: [{ segment: "premium" }, col("spent").gt(col("limit"))] };
  const sample = generator.sample(5000, { conditions });
  const found = sample.toRows();
  assert(found.every((row) => row.segment === "premium" && row.spent! > row.limit!));
  assertEquals(new Set(found.map(({ id }) => id)).size, 5000);
  const plain = generator.sample(60_000, { seed: 8 }).toRows();
  const premium = plain.filter(({ segment }) => segment === "premium");
  const both = premium.filter(({ spent, limit }) => spent! > limit!);
  assertAlmostEquals(sample.acceptance, both.length / premium.length, 0.02);
  assertAlmostEquals(generator.probability(conditions), both.length / plain.length, 0.01);
  assertEquals(generator.sample(10, { conditions: { segment: "plus" } }).acceptance, 1);
});

Deno.test("expressions of one column are exact where its values can be looked at, nulls included", () => {
  const plain = generator.sample(40_960, { seed: 6 }).toBatch();
  const cases: [Conditions, boolean][] = [
    [col("orders").mod(2).eq(0), true],
    [coalesce(col("rating"), 0).lt(2), true],
    [col("rating").isNull().or(col("rating").gt(4)), true],
    [col("segment").length().gt(4), true],
    [col("region").startsWith("b").not(), true],
    [col("since").extract("dayOfWeek").eq(3), false],
    [col("spent").mul(2).gt(3000), false],
    [col("rating").ne(3).not(), true],
    [{ rating: ["not in", [1, null]] }, true],
    [{ spent: 1234.5 }, true],
    [{}, true],
  ];
  for (const [conditions, isExact] of cases) {
    const message = Deno.inspect(conditions);
    const sample = generator.sample(8192, { conditions });
    assertEquals(countOf(conditions, sample.toBatch() as never), 8192, message);
    assertEquals(sample.acceptance === 1, isExact, message);
    const share = countOf(conditions, plain as never) / plain.length;
    assertAlmostEquals(generator.probability(conditions), share, 0.012, message);
  }
});

Deno.test("conditions that no row can satisfy are refused at once, with the column and its values", () => {
  const refused: [Conditions, string][] = [
    [{ segment: "premum" }, '"segment" never is "premum"; did you mean "premium"?'],
    [{ segment: "gold" }, 'the values of "segment" are "basic", "premium", "plus"'],
    [{ spent: [">", 1e6] }, '"spent" is from 0'],
    [{ orders: null }, '"orders" is from 0 to'],
    [{ since: ["<", "2001-01-01"] }, '"since" is from 2020-09-'],
    [{ rating: ["between", 4, 2] }, '"rating" is from 1 to 5 or null'],
    [{ rating: 7 }, "no row can satisfy"],
    [
      { spent: [">", 3000], orders: ["<", 40], allOf: [{ spent: ["<", 3000] }] },
      'asked of "spent"',
    ],
    [col("spent").gt(col("limit").add(1e9)), "none of 1048576 rows satisfied it"],
  ];
  for (const [conditions, part] of refused) {
    assertThrows(() => generator.sample(1, { conditions }), RangeError, part);
    assertThrows(() => generator.probability(conditions), RangeError, part);
  }
  assertThrows(
    () => generator.sample(1, { conditions: { id: 3 } }),
    TypeError,
    'column "id" are made',
  );
  assertThrows(
    () => generator.sample(1, { conditions: col("id").gt(col("orders")) }),
    TypeError,
    'column "id" are made',
  );
  assertThrows(
    () => generator.probability({ sgment: "plus" }),
    TypeError,
    'did you mean "segment"?',
  );
  const many = Array.from({ length: 400 }, (_, i) => ({
    orders: i % 20,
    spent: ["between", i * 10, i * 10 + 9],
    limit: [">", (i * 37) % 7000],
  }));
  assertThrows(
    () => generator.sample(1, { conditions: { anyOf: many } }),
    RangeError,
    "more than 256 parts",
  );
});

Deno.test("times that rows have as texts are compared as times, written as they are or by ISO 8601", async () => {
  const visits = Array.from({ length: 900 }, (_, i) => ({
    day: `${1 + (i % 12)}/${1 + (i % 28)}/1999`,
    pages: i % 7,
  }));
  const texts = await SyntheticGenerator.fit(visits, { seed: 1 });
  const ways: Conditions[] = [
    { day: ["between", "3/5/1999", "4/2/1999"] },
    { day: ["between", "1999-03-05", "1999-04-02"] },
    col("day").between(new Date("1999-03-05"), new Date("1999-04-02")),
  ];
  const [first, ...others] = ways.map((conditions) => texts.sample(2000, { conditions }).toRows());
  for (const { day } of first) {
    const time = Date.parse(`${day} UTC`);
    assert(time >= Date.UTC(1999, 2, 5) && time <= Date.UTC(1999, 3, 2), day);
  }
  for (const each of others) assertEquals(each, first);
});

Deno.test("rows of a twin satisfy conditions, but not such as are about times and keys", async () => {
  const random = new Random(1);
  const events = Array.from({ length: 2000 }, (_, i) => ({
    at: new Date(1.7e12 + i * 1000),
    sensor: `s${random.below(5)}`,
    value: random.below(100),
    state: random.pick(["on", "off"]),
  }));
  const twin = await SyntheticGenerator.fit(events, { time: "at", key: "sensor", seed: 1 });
  const sample = twin.sample(3000, { conditions: { state: "on", value: ["<", 50] } }).toRows();
  assert(sample.every(({ state, value }) => state === "on" && value < 50));
  assert(twin.sample(500).toRows().some(({ state }) => state === "off"));
  assertThrows(
    () => twin.sample(1, { conditions: { sensor: "s1" } }),
    TypeError,
    'column "sensor" belongs to how the events of a stream follow one another',
  );
  assertThrows(() => twin.probability({ at: [">", "2026-01-01"] }), TypeError, 'column "at"');
});

const BIRD_COLUMNS = schema({
  "Airport Name": t.dict,
  "Aircraft Make Model": t.dict,
  "Flight Date": t.timestamp,
  "Origin State": t.dict,
  "Phase of flight": t.dict,
  "Wildlife Size": t.dict,
  "Time of day": t.dict,
  "Cost Total $": t.i32,
  "Speed IAS in knots": t.i32,
});

/** The class of each value of a column: categories, or twenty ranges of numbers by what is usual. */
function classes(batch: RecordBatch<never>, usual: RecordBatch<never>): Uint16Array[] {
  return batch.columns.map((column, at) => {
    if (column.type.kind === "dict") return Uint16Array.from(column.values as Int32Array);
    const sorted = Float64Array.from(usual.columns[at].values as Int32Array, Number).sort();
    const cuts = Array.from({ length: 20 }, (_, k) => sorted[Math.floor((sorted.length * k) / 20)]);
    return Uint16Array.from(
      column.values as Int32Array,
      (value) => cuts.findLastIndex((cut) => cut <= Number(value)) + 1,
    );
  });
}

/** The total variation distance of each column, and of each pair of columns. */
function distances(a: readonly Uint16Array[], b: readonly Uint16Array[]): number[] {
  const out: number[] = [];
  const rows = a[0].length;
  for (let i = 0; i < a.length; i++) {
    for (let j = 0; j <= i; j++) {
      const counts = new Int32Array(256 * 256);
      for (let row = 0; row < rows; row++) {
        counts[a[i][row] * 256 + a[j][row]]++;
        counts[b[i][row] * 256 + b[j][row]]--;
      }
      let sum = 0;
      for (const count of counts) sum += Math.abs(count);
      out.push(sum / 2 / rows);
    }
  }
  return out;
}

Deno.test("rare values, cut bins, an AND of three and an OR of two: all of a million rows satisfy them, as filtered rows do", async () => {
  const birds = await SyntheticGenerator.fit(
    csv(BIRDS, { schema: BIRD_COLUMNS, extraKeys: "ignore" }),
    {
      seed: 1,
      maxRows: 4000,
      minCount: 3,
    },
  );
  const usual = birds.sample(100_000, { seed: 1 }).toBatch() as RecordBatch<never>;
  const other = birds.sample(100_000, { seed: 2 }).toBatch() as RecordBatch<never>;
  const plain = distances(classes(usual, usual), classes(other, usual));
  const models = new Map<unknown, number>();
  for (const { "Aircraft Make Model": model } of usual) {
    models.set(model, (models.get(model) ?? 0) + 1);
  }
  const [rare] = [...models].find(([, count]) => count < 95)!;
  const cases: [Conditions, boolean][] = [
    [{ "Aircraft Make Model": rare as string }, false],
    [{ "Speed IAS in knots": ["between", 101, 143] }, true],
    [{ "Time of day": "Day", "Wildlife Size": "Small", "Speed IAS in knots": ["<", 138] }, true],
    [{ anyOf: [{ "Wildlife Size": "Large" }, { "Flight Date": [">=", "2001-05-17"] }] }, true],
  ];
  for (const [conditions, isFrequent] of cases) {
    const message = Deno.inspect(conditions);
    const expression = parseConditions(conditions, { fields: BIRD_COLUMNS.fields });
    using plan = compile(expression, { schema: { fields: BIRD_COLUMNS.fields } });
    let found = 0;
    for (const batch of birds.sample(MILLION, { seed: 3, conditions }).batches()) {
      found += plan.filter(batch).length;
    }
    assertEquals(found, MILLION, message);
    const probability = birds.probability(conditions);
    if (!isFrequent) {
      assert(probability < 0.001, `${probability}: ${message}`);
      continue;
    }
    const kept: RecordBatch<never>[] = [];
    let [count, drawn] = [0, 0];
    for (const batch of birds.sample(Infinity, { seed: 11 }).batches()) {
      const some = (batch as RecordBatch<never>).take(plan.filter(batch));
      kept.push(some);
      count += some.length;
      drawn += batch.length;
      if (count >= 100_000) break;
    }
    const deviation = Math.sqrt(probability * (1 - probability) / drawn);
    assert(Math.abs(count / drawn - probability) < 3 * deviation, `${count / drawn}: ${message}`);
    const filtered = RecordBatch.concat(kept).slice(0, 100_000);
    const made = birds.sample(100_000, { seed: 12, conditions }).toBatch() as RecordBatch<never>;
    const apart = distances(classes(made, usual), classes(filtered, usual));
    apart.forEach((distance, pair) =>
      assert(distance < plain[pair] + 0.01, `pair ${pair}: ${distance}, ${plain[pair]}: ${message}`)
    );
  }
});

import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { RecordBatch, schema, SyntheticGenerator, types as t } from "../mod.ts";
import type { Cells } from "../src/generators/sampling/column_outputs.ts";
import { RowMaker } from "../src/generators/sampling/row_maker.ts";
import { forSeeds, forSeedsAsync, type Random } from "./support/random.ts";

const ROWS = 50;

/** What it does, cell by cell. */
function plainRows(names: readonly string[], cells: readonly Cells[]) {
  const valueOf = (of: Cells, row: number) =>
    "list" in of ? of.list[of.positions()[row] + 1] : of[row];
  return Array.from(
    { length: ROWS },
    (_, row) => Object.fromEntries(names.map((name, at) => [name, valueOf(cells[at], row)])),
  );
}

function randomCells(random: Random): Cells {
  const mixed = () => random.pick([null, "a", 1.5, 7, 7n, true]);
  const list = [null, "one", "two"];
  const positions = Int32Array.from({ length: ROWS }, () => random.below(list.length) - 1);
  return random.pick<() => Cells>([
    () => Float64Array.from({ length: ROWS }, () => random.next() * 10),
    () => Array.from({ length: ROWS }, mixed),
    () => ({ list, positions: () => positions }),
  ])();
}

Deno.test("RowMaker.make() makes the rows that cells make one by one, of any width", () => {
  forSeeds(60, (random) => {
    const width = 1 + random.below(40);
    const names = Array.from({ length: width }, (_, at) => `${random.below(9)}-${at}`);
    const cells = names.map(() => randomCells(random));
    const all = plainRows(names, cells);
    const maker = new RowMaker(names);
    const from = random.below(ROWS);
    const to = from + random.below(ROWS + 1 - from);
    assertEquals(maker.make(cells, from, to), all.slice(from, to));
    assertEquals(maker.make(cells, 0, ROWS), all);
  });
});

Deno.test("RowMaker.make() makes plain objects, whatever their columns are called", () => {
  const odd = [
    "constructor",
    "toString",
    "__proto__",
    "7",
    "-1",
    "01",
    "4294967295",
    "",
    "ü",
    "a b",
  ];
  forSeeds(60, (random) => {
    const count = 1 + random.below(20);
    const names = Array.from(
      new Set(Array.from({ length: count }, (_, at) => random.pick([...odd, `c${at}`]))),
    );
    const cells = names.map(() => randomCells(random));
    const [expected] = plainRows(names, cells);
    const [row] = new RowMaker(names).make(cells, 0, ROWS);
    assertEquals(Object.keys(row), Object.keys(expected));
    assertEquals(Object.getOwnPropertyDescriptors(row), Object.getOwnPropertyDescriptors(expected));
    assertStrictEquals(Object.getPrototypeOf(row), Object.prototype);
  });
});

Deno.test("RowMaker.make() makes rows without columns, and none where there are none", () => {
  assertEquals(new RowMaker([]).make([], 0, 2), [{}, {}]);
  assertEquals(new RowMaker(["a"]).make([[1, 2]], 1, 1), []);
});

Deno.test("RowMaker.make() gives a column named __proto__ as an own property", () => {
  const [row] = new RowMaker(["__proto__", "a"]).make([[5], [6]], 0, 1);
  assertEquals(Object.keys(row), ["__proto__", "a"]);
  assertStrictEquals(Object.getPrototypeOf(row), Object.prototype);
});

const TYPES = {
  ...{ b: t.bool, i: t.i32, l: t.i64, f: t.f32, d: t.f64, s: t.timestamp, y: t.date },
  ...{ h: t.time, m: t.decimal(20, 3), u: t.utf8, c: t.dict, k: t.i64, g: t.utf8 },
} as const;

function made(random: Random, nulls: number) {
  const cell = {
    b: () => random.chance(0.5),
    i: () => random.below(1000),
    l: () => BigInt(random.below(2 ** 40)),
    f: () => Math.fround(random.next()),
    d: () => random.next(),
    s: () => 1e12 + random.below(1e9),
    y: () => random.below(50_000),
    h: () => random.below(86_400_000),
    m: () => random.next().toFixed(3),
    u: () => random.pick(["a", "ü", "", "😀"]),
    c: () => random.pick(["x", "y"]),
  };
  return (_: unknown, row: number) => ({
    ...Object.fromEntries(
      Object.entries(cell).map(([name, make]) => [name, random.chance(nulls) ? null : make()]),
    ),
    k: BigInt(row),
    g: crypto.randomUUID(),
  });
}

Deno.test("rows of a sample are those of its batches, whatever types, nulls and start", async () => {
  await forSeedsAsync(6, async (random) => {
    const nulls = random.pick([0, 0.2, 1]);
    const rows = Array.from({ length: 300 }, made(random, nulls));
    const given = RecordBatch.fromRows(rows, { schema: schema(TYPES) as never });
    const generator = await SyntheticGenerator.fit([given], {
      primaryKey: ["k", "g"],
      model: "independent",
    });
    const start = random.below(9000);
    const count = random.below(9000);
    const sample = generator.sample(count, { seed: 3, start });
    const expected = Array.from(sample.batches()).flatMap((batch) => batch.toRows());
    assertEquals(sample.toRows(), expected);
    assertEquals(Array.from(sample), expected);
  });
});

Deno.test("batches of a generator's samples have one schema, for which others prepare once", async () => {
  const given = Array.from({ length: 200 }, (_, i) => ({ x: i % 9, name: `n${i % 5}` }));
  const generator = await SyntheticGenerator.fit(given, { model: "independent" });
  const batches = [1, 2].flatMap((seed) => Array.from(generator.sample(9000, { seed }).batches()));
  for (const { schema } of batches) assertStrictEquals(schema, batches[0].schema);
});

Deno.test("rows of two samples taken by turns do not mix, and a loop that is left ends", async () => {
  const given = Array.from({ length: 200 }, (_, i) => ({ x: i % 9, name: `n${i % 5}` }));
  const generator = await SyntheticGenerator.fit(given, { model: "independent" });
  const [one, other] = [1, 2].map((seed) => generator.sample(10_000, { seed }));
  const expected = [one.toRows(), other.toRows()];
  const iterators = [one[Symbol.iterator](), other[Symbol.iterator]()];
  for (let row = 0; row < 10_000; row++) {
    iterators.forEach((each, at) => assertEquals(each.next().value, expected[at][row]));
  }
  assert(iterators.every((each) => each.next().done));
  const left = one[Symbol.iterator]();
  for (const _ of left) break;
  assert(left.next().done);
});

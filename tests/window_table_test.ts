import { assertEquals } from "@std/assert";
import { create } from "../src/kernel/kernel.ts";
import { KernelWindowTable } from "../src/kernel/window_table.ts";
import type { KeyType, WindowEngine, WindowPlan } from "../src/kernel/window_types.ts";
import { WindowShape } from "../src/kernel/window_shape.ts";
import { ReferenceWindowTable } from "../src/windows/reference_window_table.ts";
import { assertResults } from "./support/expected_windows.ts";
import { forSeeds, type Random } from "./support/random.ts";
import {
  closeAll,
  columnsOf,
  type PlainResult,
  type PlainRow,
  randomCase,
  randomCell,
  type WindowCase,
} from "./support/window_cases.ts";
import { oracle, type OracleResult } from "./support/window_oracle.ts";

const RUNS = 2000;
const MAX_ROWS = 120;
const LARGE_RUNS = 40;

const kernel = create();

const ENGINES: Record<string, (plan: WindowPlan) => WindowEngine> = {
  ReferenceWindowTable: (plan) => new ReferenceWindowTable(plan),
  KernelWindowTable: (plan) => new KernelWindowTable(kernel, plan),
};

function assertOrder(results: readonly PlainResult[]): void {
  const sorted = results.toSorted((a, b) => a.end - b.end || a.start - b.start);
  assertEquals(results.map(({ end }) => end), sorted.map(({ end }) => end));
}

/** Cuts rows into batches and tells where each stands. */
function* batchesOf(random: Random, given: WindowCase, most?: number) {
  const { rows, bound } = given;
  const longest = most ?? random.pick([1, 10, 50, MAX_ROWS]);
  for (let position = 0; position < rows.length;) {
    const end = Math.min(rows.length, position + 1 + random.below(longest));
    yield { rows: columnsOf(given, rows.slice(position, end)), position, bound, partition: 3 };
    position = end;
  }
}

/** What cases are to come to: that is also asked to tell whether they are fair. */
const expectations = new WeakMap<WindowCase, OracleResult>();

function expectedOf(given: WindowCase): OracleResult {
  const expected = expectations.get(given) ?? oracle(given);
  expectations.set(given, expected);
  return expected;
}

/** Whether sums of integers fit into 64 bits. */
function fairSums(given: WindowCase): boolean {
  const { aggregates, values } = given.plan;
  if (!aggregates.some(({ op, value }) => op === "sum" && isInteger(values[value].type))) {
    return true;
  }
  return [...expectedOf(given).groups.values()].every((values) =>
    values.every(({ value }) => typeof value !== "bigint" || BigInt.asIntN(64, value) === value)
  );
}

function isInteger({ kind }: { readonly kind: string }): boolean {
  return kind !== "f32" && kind !== "f64";
}

function randomFairCase(random: Random): WindowCase {
  const given = randomCase(random, MAX_ROWS);
  return fairSums(given) ? given : randomFairCase(random);
}

for (const [name, make] of Object.entries(ENGINES)) {
  Deno.test(`${name} gives the oracle's windows, however rows are cut into batches`, () => {
    forSeeds(RUNS, (random) => {
      const given = randomFairCase(random);
      const expected = expectedOf(given);
      using table = make(given.plan);
      const results: PlainResult[] = [];
      let [late, untimed, outside, absorbed, watermark] = [0, 0, 0, 0, -Infinity];
      for (const { rows, ...at } of batchesOf(random, given)) {
        const outcome = table.add(rows, { ...at, watermarkBefore: watermark });
        late += outcome.late;
        untimed += outcome.untimed;
        outside += outcome.outside;
        absorbed += outcome.absorbed;
        watermark = outcome.watermarkAfter;
        if (random.chance(0.3)) results.push(...closeAll(table, watermark));
        if (random.chance(0.1)) table.restore(table.snapshot());
      }
      results.push(...closeAll(table, Infinity));
      const { groups, ...counts } = expected;
      assertEquals({ late, untimed, outside, watermark }, counts);
      assertEquals(late + untimed + outside + absorbed, given.rows.length);
      assertOrder(results);
      assertResults(results, groups);
      assertEquals(table.nextClose(), Infinity);
      assertEquals(table.stats().windows, 0);
    });
  });

  Deno.test(`${name} gives the oracle's windows through foragers and owners in any order`, () => {
    forSeeds(RUNS, (random) => {
      const given = randomFairCase(random);
      const owners = 1 + random.below(3);
      const ownerOf = Uint8Array.from({ length: 256 }, () => random.below(owners));
      const tables = Array.from({ length: owners }, () => make(given.plan));
      const foragers = Array.from({ length: 1 + random.below(3) }, () => make(given.plan));
      const deltas: [owner: number, delta: Uint8Array][] = [];
      let watermark = -Infinity;
      for (const { rows, ...at } of batchesOf(random, given)) {
        const forager = random.pick(foragers);
        watermark = forager.add(rows, { ...at, watermarkBefore: watermark }).watermarkAfter;
        if (random.chance(0.6)) continue;
        forager.takeDeltas({ ownerOf, owners }).forEach((delta, owner) =>
          deltas.push([owner, delta])
        );
        assertEquals(forager.stats().groups, 0);
      }
      for (const forager of foragers) {
        forager.takeDeltas({ ownerOf, owners }).forEach((delta, owner) =>
          deltas.push([owner, delta])
        );
        forager[Symbol.dispose]();
      }
      for (const [owner, delta] of random.shuffle(deltas)) tables[owner].fold(delta);
      const results = tables.flatMap((table) => closeAll(table, Infinity));
      assertResults(results, expectedOf(given).groups);
      for (const table of tables) table[Symbol.dispose]();
    });
  });

  Deno.test(`${name} sends every row on time to the one owner that holds its key`, () => {
    forSeeds(RUNS, (random) => {
      const given = randomFairCase(random);
      const owners = 1 + random.below(3);
      const ownerOf = Uint8Array.from({ length: 256 }, () => random.below(owners));
      using table = make(given.plan);
      const tables = Array.from({ length: owners }, () => make(given.plan));
      const expected = expectedOf(given);
      let [late, watermark] = [0, -Infinity];
      // Where windows overlap, rows of one batch may be too late for different ones.
      const most = new WindowShape(given.plan).isPlain ? undefined : 1;
      for (const { rows, ...at } of batchesOf(random, given, most)) {
        const routed = table.route(rows, { ...at, watermarkBefore: watermark, ownerOf, owners });
        late += routed.late;
        routed.rows.forEach((list, owner) => {
          const part = columnsOf(given, [...list].map((row) => given.rows[at.position + row]));
          const before = most === undefined ? -Infinity : watermark;
          const all = { ...at, watermarkBefore: before, bound: Infinity };
          assertEquals(tables[owner].add(part, all).absorbed, list.length);
        });
        watermark = routed.watermarkAfter;
      }
      assertEquals(late, expected.late);
      assertResults(tables.flatMap((one) => closeAll(one, Infinity)), expected.groups);
      for (const one of tables) one[Symbol.dispose]();
    });
  });
}

Deno.test("A covariance below the least double is it, or 0", () => {
  const f64 = { type: { kind: "f64" }, nullable: true } as const;
  const given: WindowCase = {
    plan: {
      ...{ keys: [], values: [f64, f64], size: 1, offset: 0, allowedLateness: 0 },
      aggregates: [{ op: "covariance", value: 0, by: 1 }],
    },
    timeType: { kind: "timestamp" },
    rows: [[1, 5e-324], [0, 0]].map((values) => ({ time: 6n, keys: [], values })),
    bound: 0,
  };
  for (const make of Object.values(ENGINES)) {
    using table = make(given.plan);
    table.add(columnsOf(given, given.rows), {
      ...{ position: 0, bound: 0, partition: 0, watermarkBefore: -Infinity },
    });
    assertResults(closeAll(table, Infinity), expectedOf(given).groups);
  }
});

Deno.test("KernelWindowTable and ReferenceWindowTable give the same, bit for bit", () => {
  forSeeds(RUNS, (random) => {
    const given = randomFairCase(random);
    const owners = 1 + random.below(3);
    const ownerOf = Uint8Array.from({ length: 256 }, () => random.below(owners));
    using ours = new KernelWindowTable(kernel, given.plan);
    using twin = new ReferenceWindowTable(given.plan);
    using ourOwner = new KernelWindowTable(kernel, given.plan);
    using twinOwner = new ReferenceWindowTable(given.plan);
    let watermark = -Infinity;
    for (const { rows, ...at } of batchesOf(random, given)) {
      const where = { ...at, watermarkBefore: watermark };
      const expected = { ...where, ownerOf, owners };
      assertEquals(ours.route(rows, expected), twin.route(rows, expected));
      assertEquals(ours.hashKeys(rows), twin.hashKeys(rows));
      const outcome = ours.add(rows, where);
      assertEquals(outcome, twin.add(rows, where));
      assertEquals(ours.nextClose(), twin.nextClose());
      watermark = outcome.watermarkAfter;
      if (random.chance(0.3)) {
        assertEquals(closeAll(ours, watermark), closeAll(twin, watermark));
      }
      if (random.chance(0.7)) continue;
      const [deltas, twins] = [ours, twin].map((table) => table.takeDeltas({ ownerOf, owners }));
      assertEquals(deltas.map(({ length }) => length), twins.map(({ length }) => length));
      deltas.forEach((delta, owner) => {
        assertEquals(ourOwner.fold(twins[owner]), twinOwner.fold(delta));
      });
    }
    for (const [a, b] of [[ours, twin], [ourOwner, twinOwner]]) {
      assertEquals({ ...a.stats(), bytes: 0 }, b.stats());
      assertEquals(closeAll(a, Infinity), closeAll(b, Infinity));
    }
  });
});

/** A case of many rows and keys, so that indexes grow and are out of cache. */
function largeCase(random: Random): WindowCase {
  const given = randomCase(random, 0);
  const { plan, timeType } = given;
  const variety = random.pick([1, 50, 3000, 100_000]);
  const nulls = random.pick([0, 0, 0.01]);
  const size = random.pick([10, 5000, 1_000_000]);
  const jitter = random.pick([0, 0, size / 10, 3 * size]);
  const cell = (type: KeyType, nullable: boolean) =>
    nullable && random.chance(nulls) ? null : randomCell(random, type, variety);
  const rows = Array.from({ length: 3000 + random.below(24_000) }, (_, row): PlainRow => {
    const near = Math.floor(row - random.next() * jitter);
    return {
      time: timeType.kind === "f64" ? near : BigInt(near),
      keys: plan.keys.map((type) => cell(type, true)),
      values: plan.values.map(({ type, nullable }) => cell(type as KeyType, nullable)),
    };
  });
  // many of the odd integers in one sum would pass 64 bits
  const aggregates = plan.aggregates.map((aggregate) => {
    const { op, value } = aggregate;
    const wide = op === "sum" && plan.values[value].type.kind === "i64";
    return wide ? { ...aggregate, op: "mean" as const } : aggregate;
  });
  const slides = size < 1000 ? [size, 2 * size] : [size, size, size / 5, 2 * size];
  const slide = random.pick(slides);
  const extent = { size, offset: plan.offset % slide, slide, step: undefined };
  return { ...given, plan: { ...plan, ...extent, aggregates }, rows };
}

Deno.test("KernelWindowTable gives what ReferenceWindowTable gives for large batches", () => {
  forSeeds(LARGE_RUNS, (random) => {
    const given = largeCase(random);
    using ours = new KernelWindowTable(kernel, given.plan);
    using twin = new ReferenceWindowTable(given.plan);
    let position = 0;
    for (const end of [given.rows.length >> 1, given.rows.length]) {
      const rows = columnsOf(given, given.rows.slice(position, end));
      const at = { position, bound: given.bound, partition: 0, watermarkBefore: -Infinity };
      assertEquals(ours.hashKeys(rows), twin.hashKeys(rows));
      assertEquals(ours.add(rows, at), twin.add(rows, at));
      position = end;
    }
    const [a, b] = [ours.snapshot(), twin.snapshot()];
    assertEquals(a.length, b.length);
    if (random.chance(0.3)) ours.restore(b);
    assertEquals(closeAll(ours, Infinity), closeAll(twin, Infinity));
  });
});

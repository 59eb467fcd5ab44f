import { assert, assertEquals, assertThrows } from "@std/assert";
import { create } from "../src/kernel/kernel.ts";
import { SharedShape } from "../src/kernel/shared_shape.ts";
import { KernelWindowTable } from "../src/kernel/window_table.ts";
import { ALL_CLOSED, BETWEEN } from "../src/kernel/window_shape.ts";
import type {
  KindOutcome,
  PlannedAggregate,
  PlannedWindows,
  WindowEngine,
  WindowPlan,
} from "../src/kernel/window_types.ts";
import type { Plain } from "../src/windows/plain_columns.ts";
import { ReferenceWindowTable } from "../src/windows/reference_window_table.ts";
import { forSeeds, type Random } from "./support/random.ts";
import {
  columnsOf,
  nameOf,
  type PlainResult,
  randomCase,
  randomExtent,
  resultsOf,
  type WindowCase,
} from "./support/window_cases.ts";
import { type Expected, oracle } from "./support/window_oracle.ts";

const RUNS = 1200;
const MAX_ROWS = 120;
const kernel = create();

const ENGINES: Record<string, (plan: WindowPlan) => WindowEngine> = {
  ReferenceWindowTable: (plan) => new ReferenceWindowTable(plan),
  KernelWindowTable: (plan) => new KernelWindowTable(kernel, plan),
};

/** A case of several kinds of windows, and each kind as a case of its own. */
interface SharedCase extends WindowCase {
  readonly alone: readonly WindowCase[];
}

function someOf<T>(random: Random, items: readonly T[]): T[] {
  const some = items.filter(() => random.chance(0.6));
  return some.length > 0 ? some : [random.pick(items)];
}

function sharedCase(random: Random): SharedCase {
  const given = randomCase(random, MAX_ROWS);
  const { aggregates, size: _, offset: __, slide: ___, step: ____, ...rest } = given.plan;
  const kinds = Array.from({ length: 2 + random.below(4) }, (): PlannedWindows => {
    return { window: randomExtent(random), aggregates: someOf(random, aggregates) };
  });
  const alone = kinds.map(({ window, aggregates }) => {
    return { ...given, plan: { ...rest, ...window, aggregates } };
  });
  const plan = { ...alone[0].plan, others: kinds.slice(1) };
  const fits = alone.every((each) =>
    [...oracle(each).groups.values()].every((values) =>
      values.every(({ value }) => typeof value !== "bigint" || BigInt.asIntN(64, value) === value)
    )
  );
  return fits ? { ...given, plan, alone } : sharedCase(random);
}

function* batchesOf(random: Random, given: WindowCase, most = random.pick([1, 10, MAX_ROWS])) {
  for (let position = 0; position < given.rows.length;) {
    const end = Math.min(given.rows.length, position + 1 + random.below(most));
    const rows = columnsOf(given, given.rows.slice(position, end));
    yield { rows, position, bound: given.bound, partition: 3 };
    position = end;
  }
}

/** What closes at a watermark, by kind. */
function closeKinds(table: WindowEngine, watermark: number, into: PlainResult[][]): void {
  while (table.nextClose() <= watermark && table.nextClose() < Infinity) {
    const closed = table.close(watermark);
    if (closed) into[closed.kind].push(...resultsOf(closed));
  }
}

function isClose(actual: Plain, { value, error }: Expected): boolean {
  if (Object.is(actual, value) || (error === 0 && actual === value)) return true;
  if (Number.isNaN(error)) return typeof actual === "number";
  return actual !== null && value !== null && Math.abs(Number(actual) - Number(value)) <= error;
}

/** Each kind has given what it gives alone, in the order of its windows. */
function assertKinds(results: readonly PlainResult[][], { alone }: SharedCase, inOrder = true) {
  alone.forEach((given, kind) => {
    const left = new Map(oracle(given).groups);
    for (const { keys, values, ...window } of results[kind]) {
      const name = nameOf(window, keys);
      const wanted = left.get(name);
      assert(wanted, `kind ${kind}: ${name} is not expected, or came twice`);
      values.forEach((value, at) =>
        assert(isClose(value, wanted[at]), `kind ${kind}: ${name}: ${value}, ${wanted[at].value}`)
      );
      left.delete(name);
    }
    assertEquals([...left.keys()], [], `kind ${kind} lacks windows`);
    const ends = results[kind].map(({ end }) => end);
    if (inOrder) assertEquals(ends, ends.toSorted((a, b) => a - b));
  });
}

function addKinds(to: KindOutcome[], more: readonly KindOutcome[]): KindOutcome[] {
  return to.map((counts, kind) => ({
    absorbed: counts.absorbed + more[kind].absorbed,
    late: counts.late + more[kind].late,
    outside: counts.outside + more[kind].outside,
  }));
}

for (const [name, make] of Object.entries(ENGINES)) {
  Deno.test(`${name} gives each kind of windows that share slices what it gives alone`, () => {
    forSeeds(RUNS, (random) => {
      const given = sharedCase(random);
      using table = make(given.plan);
      const results: PlainResult[][] = given.alone.map(() => []);
      let counts = given.alone.map((): KindOutcome => ({ absorbed: 0, late: 0, outside: 0 }));
      let [watermark, untimed] = [-Infinity, 0];
      for (const { rows, ...at } of batchesOf(random, given)) {
        const outcome = table.add(rows, { ...at, watermarkBefore: watermark });
        counts = addKinds(counts, outcome.kinds!);
        untimed += outcome.untimed;
        watermark = outcome.watermarkAfter;
        if (random.chance(0.3)) closeKinds(table, watermark, results);
        // In the middle of closing some kinds are ahead of others.
        if (random.chance(0.2) && table.nextClose() <= watermark) {
          const closed = table.close(watermark);
          if (closed) results[closed.kind].push(...resultsOf(closed));
        }
        if (random.chance(0.2)) table.restore(table.snapshot());
      }
      closeKinds(table, Infinity, results);
      assertKinds(results, given);
      given.alone.forEach((each, kind) => {
        const { late, outside } = oracle(each);
        const absorbed = given.rows.length - untimed - late - outside;
        assertEquals(counts[kind], { absorbed, late, outside });
      });
      assertEquals([table.nextClose(), table.stats().windows], [Infinity, 0]);
    });
  });

  Deno.test(`${name} gives that through foragers and owners, and counts the rows of each`, () => {
    forSeeds(RUNS, (random) => {
      const given = sharedCase(random);
      const owners = 1 + random.below(3);
      const ownerOf = Uint8Array.from({ length: 256 }, () => random.below(owners));
      const tables = Array.from({ length: owners }, () => make(given.plan));
      using forager = make(given.plan);
      const deltas: [owner: number, delta: Uint8Array][] = [];
      const ship = () =>
        forager.takeDeltas({ ownerOf, owners }).forEach((delta, at) => deltas.push([at, delta]));
      let counts = given.alone.map((): KindOutcome => ({ absorbed: 0, late: 0, outside: 0 }));
      let watermark = -Infinity;
      for (const { rows, ...at } of batchesOf(random, given)) {
        const outcome = forager.add(rows, { ...at, watermarkBefore: watermark });
        counts = addKinds(counts, outcome.kinds!);
        watermark = outcome.watermarkAfter;
        if (random.chance(0.4)) ship();
      }
      ship();
      for (const [owner, delta] of random.shuffle(deltas)) tables[owner].fold(delta);
      const rows = given.alone.map((_, kind) =>
        tables.reduce((sum, table) => sum + table.stats().kindRows![kind], 0)
      );
      assertEquals(rows, counts.map(({ absorbed }) => absorbed));
      const results: PlainResult[][] = given.alone.map(() => []);
      for (const table of tables) closeKinds(table, Infinity, results);
      assertKinds(results, given, owners === 1);
      for (const table of tables) table[Symbol.dispose]();
    });
  });
}

Deno.test("the kernel's table and its twin share slices alike, bit for bit", () => {
  forSeeds(RUNS, (random) => {
    const given = sharedCase(random);
    const owners = 1 + random.below(3);
    const ownerOf = Uint8Array.from({ length: 256 }, () => random.below(owners));
    using ours = new KernelWindowTable(kernel, given.plan);
    using twin = new ReferenceWindowTable(given.plan);
    const [a, b]: PlainResult[][][] = [given.alone.map(() => []), given.alone.map(() => [])];
    let watermark = -Infinity;
    for (const { rows, ...at } of batchesOf(random, given)) {
      const where = { ...at, watermarkBefore: watermark };
      const routing = { ...where, ownerOf, owners };
      assertEquals(ours.route(rows, routing), twin.route(rows, routing));
      const outcome = ours.add(rows, where);
      assertEquals(outcome, twin.add(rows, where));
      assertEquals(ours.nextClose(), twin.nextClose());
      watermark = outcome.watermarkAfter;
      if (random.chance(0.3)) {
        closeKinds(ours, watermark, a);
        closeKinds(twin, watermark, b);
        assertEquals(a, b);
      }
      assertEquals({ ...ours.stats(), bytes: 0 }, twin.stats());
      const [one, other] = [ours.snapshot(), twin.snapshot()];
      assertEquals(one.length, other.length);
      if (random.chance(0.3)) {
        ours.restore(other);
        twin.restore(one);
      }
    }
    closeKinds(ours, Infinity, a);
    closeKinds(twin, Infinity, b);
    assertEquals(a, b);
  });
});

Deno.test("what stands for closed windows of a slice says of each window whether it is", () => {
  forSeeds(RUNS, (random) => {
    const extents = Array.from({ length: 1 + random.below(4) }, () => randomExtent(random));
    const shape = new SharedShape(extents);
    const longest = Math.max(...extents.map(({ size }) => size));
    const time = random.below(5 * longest) - 2 * longest;
    const start = shape.sliceOf(time);
    const watermark = time + random.below(2 * longest) - longest / 2;
    assert(start <= time && time < start + shape.slice);
    const skipped = shape.skippedBy(start, watermark);
    const each = shape.kinds.map((kind) => kind.skippedBy(start, watermark));
    if (skipped === BETWEEN) return assert(each.every((kind) => kind === BETWEEN));
    if (skipped === ALL_CLOSED) return assert(each.every((kind) => kind < 0));
    const closed = shape.closedBy(start, skipped);
    assert(closed <= watermark);
    assertEquals(shape.kinds.map((kind) => kind.skippedBy(start, closed)), each);
    assertEquals(shape.nextEnd(time, closed), shape.nextEnd(time, watermark));
  });
});

Deno.test("memory of closed windows comes back, however many kinds share slices", () => {
  const kernel = create();
  const count: PlannedAggregate = { op: "count", value: -1 };
  const others = [{ size: 60, offset: 0, slide: 20 }, { size: 100, offset: 30 }].map((window) => {
    return { window, aggregates: [count] };
  });
  const plan: WindowPlan = {
    ...{ size: 10, offset: 0, allowedLateness: 0, keys: [{ kind: "i32" }], values: [] },
    aggregates: [count],
    others,
  };
  const before = kernel.usedBytes;
  const table = new KernelWindowTable(kernel, plan);
  let most = 0;
  for (let from = 0; from < 200_000; from += 100) {
    const rows = Array.from({ length: 100 }, (_, row) => {
      return { time: BigInt(from + row), keys: [row % 7 + (from % 999)], values: [] };
    });
    const given: WindowCase = { plan, timeType: { kind: "timestamp" }, rows, bound: 0 };
    table.add(columnsOf(given, rows), {
      ...{ watermarkBefore: from, bound: 0, partition: 0, position: from },
    });
    closeKinds(table, from + 99, [[], [], []]);
    if (from === 20_000) most = kernel.usedBytes;
  }
  assert(kernel.usedBytes <= most * 1.05, `${kernel.usedBytes} of ${most} bytes`);
  assert(table.stats().windows <= 20, `${table.stats().windows} slices are left`);
  table[Symbol.dispose]();
  assertEquals(kernel.usedBytes, before);
});

Deno.test("more kinds of windows than can share slices are refused", () => {
  const count: PlannedAggregate = { op: "count", value: -1 };
  const others = Array.from({ length: 32 }, () => {
    return { window: { size: 10, offset: 0 }, aggregates: [count] };
  });
  const plan = { size: 10, offset: 0, allowedLateness: 0, keys: [], values: [] };
  assertThrows(
    () => new KernelWindowTable(kernel, { ...plan, aggregates: [count], others }),
    RangeError,
    "at most 32 kinds can share their slices, received 33",
  );
});

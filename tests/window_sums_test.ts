import { assert, assertEquals, assertThrows } from "@std/assert";
import { placedBatch } from "../bench/support/placed_batch.ts";
import { create, type Kernel } from "../src/kernel/kernel.ts";
import { KernelWindowTable } from "../src/kernel/window_table.ts";
import type { KeyType, ValueType, WindowPlan, WindowRows } from "../src/kernel/window_types.ts";
import { columnOf } from "../src/windows/plain_columns.ts";
import { ReferenceWindowTable } from "../src/windows/reference_window_table.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { closeAll, type PlainResult, resultsOf } from "./support/window_cases.ts";
import { sumOf } from "./support/window_oracle.ts";

const RUNS = 40;
const SIZE = 1000;
const BLOCK = 512;
const AT = { partition: 0, position: 0, watermarkBefore: -Infinity, bound: Infinity };

function planOf(key: KeyType, value: ValueType): WindowPlan {
  return {
    ...{ size: SIZE, offset: 0, allowedLateness: 0, keys: [key] },
    values: [{ type: value, nullable: true }],
    aggregates: (["count", "sum", "min", "max"] as const).map((op) => {
      return { op, value: op === "count" ? -1 : 0 };
    }),
  };
}

/** Numbers of a kind that sums meet. */
const KINDS: Record<string, (random: Random) => number> = {
  like: (random) => random.next() * 100,
  signed: (random) => random.next() - random.next(),
  sparse: (random) => random.pick([0, 0, -0, random.next()]),
  zeros: (random) => random.pick([0, -0]),
  wide: (random) => (random.next() - 0.5) * 2 ** (random.below(60) - 30),
  tiny: (random) => random.next() * 2 ** -1060,
  small: (random) => (random.next() - 0.5) * 2 ** (random.below(20) - 1020),
  huge: (random) => (random.next() - 0.5) * 2 ** 1006,
  odd: (random) => random.chance(0.001) ? random.pick([NaN, Infinity]) : random.next(),
  whole: (random) => random.below(2 ** 31) - 2 ** 30,
};

/** Values whose kind changes from time to time at the start of a block. */
function valuesOf(random: Random, length: number): number[] {
  const names = Object.keys(KINDS);
  const few = [random.pick(names), random.pick(names)];
  const swaps = random.pick([0, 0.02, 0.3]);
  let name = few[0];
  return Array.from({ length }, (_, row) => {
    if (row % BLOCK === 0 && random.chance(swaps)) name = random.pick(few);
    return KINDS[name](random);
  });
}

interface SumCase {
  readonly plan: WindowPlan;
  readonly rows: WindowRows;
  readonly indices: readonly number[];
  readonly values: readonly number[];
  readonly times: readonly bigint[];
}

function caseOf(random: Random): SumCase {
  const key = { kind: random.pick(["dict", "dict", "i64"] as const) };
  const value = { kind: random.pick(["f64", "f64", "f64", "f32"] as const) };
  const length = random.pick([700, 9000, 30_000, 70_000]) + random.below(20);
  const keys = random.pick([1, 2, 40, 1000]);
  const cells = valuesOf(random, length);
  const values = value.kind === "f32" ? cells.map(Math.fround) : cells;
  const span = random.pick([1, 1, 3, 50]) * SIZE;
  const disorder = random.pick([0, 0, 20]);
  const timeOf = (row: number) => row / length * span + random.below(disorder + 1);
  const times = values.map((_, row) => BigInt(Math.floor(timeOf(row))));
  const indices = values.map(() => random.below(random.chance(0.5) ? keys : 1));
  const rows = {
    length,
    times: columnOf({ kind: "timestamp" }, times),
    keys: [columnOf(key, indices.map((at) => key.kind === "i64" ? BigInt(at) : `key ${at}`))],
    values: [columnOf(value as KeyType, values)],
  };
  return { plan: planOf(key, value), rows, indices, values, times };
}

/** The values of each window and key. */
function groupsOf({ indices, values, times }: SumCase): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  values.forEach((value, row) => {
    const name = `${Number(times[row]) - Number(times[row]) % SIZE} ${indices[row]}`;
    const group = groups.get(name);
    if (group) group.push(value);
    else groups.set(name, [value]);
  });
  return groups;
}

function assertSums(results: readonly PlainResult[], one: SumCase): void {
  const groups = groupsOf(one);
  assertEquals(results.length, groups.size);
  for (const { start, keys: [key], values: [count, sum] } of results) {
    const cells = groups.get(`${start} ${String(key).replace("key ", "")}`)!;
    assertEquals(count, BigInt(cells.length));
    const { value, error } = sumOf(cells);
    if (Number.isFinite(value)) {
      const off = Math.abs((sum as number) - (value as number));
      assert(off <= error, `sum ${sum}, ${value} expected, ${off} off, ${error} allowed`);
    } else assertEquals(sum, value);
  }
}

/** What a table gives, the sums apart. */
function withoutSums(results: readonly PlainResult[]): PlainResult[] {
  return results.map((result) => ({ ...result, values: result.values.toSpliced(1, 1) }));
}

function addTo(table: KernelWindowTable, kernel: Kernel, rows: WindowRows, placed: boolean) {
  const view = placed ? placedBatch(kernel, rows) : () => rows;
  return table.add(view(), AT);
}

Deno.test("sums of any numbers under few keys are within the stated error, in place and copied", () => {
  forSeeds(RUNS, (random) => {
    const kernel = create();
    const one = caseOf(random);
    using ours = new KernelWindowTable(kernel, one.plan);
    using twin = new ReferenceWindowTable(one.plan);
    const theirs = twin.add(one.rows, AT);
    const placed = random.chance(0.7);
    assertEquals(addTo(ours, kernel, one.rows, placed), theirs);
    const results = closeAll(ours, Infinity);
    assertSums(results, one);
    assertEquals(withoutSums(results), withoutSums(closeAll(twin, Infinity)));
    addTo(ours, kernel, one.rows, placed);
    assertEquals(closeAll(ours, Infinity), results);
  });
});

Deno.test("65,536 rows of one key in one batch are counted, and summed without rounding", () => {
  const kernel = create();
  const length = 65_536;
  // what it has beyond the first part is the most that the second one takes
  const half = 2 ** 26 + 0.5;
  const cases = [
    [0.1, 6553.6],
    [-3, -196_608],
    [0, 0],
    ...[half, -half].map((x) => [x, x * length]),
  ];
  for (const [value, sum] of cases) {
    using table = new KernelWindowTable(kernel, planOf({ kind: "dict" }, { kind: "f64" }));
    const rows = {
      length,
      times: columnOf({ kind: "timestamp" }, new Array(length).fill(5n)),
      keys: [columnOf({ kind: "dict" }, new Array(length).fill("a"))],
      values: [columnOf({ kind: "f64" }, new Array(length).fill(value))],
    };
    table.add(placedBatch(kernel, rows)(), AT);
    const [{ values }] = resultsOf(table.close(Infinity));
    assertEquals(values, [BigInt(length), sum, value, value]);
  }
});

Deno.test("a bad index late in a batch adds nothing of the rows before it", () => {
  const kernel = create();
  using table = new KernelWindowTable(kernel, planOf({ kind: "dict" }, { kind: "f64" }));
  const length = 20_000;
  const windows = 4;
  const timeOf = (row: number) => BigInt(Math.floor(row / length * windows * SIZE));
  const rows = {
    length,
    times: columnOf({ kind: "timestamp" }, Array.from({ length }, (_, row) => timeOf(row))),
    keys: [columnOf({ kind: "dict" }, Array.from({ length }, (_, row) => `key ${row % 10}`))],
    values: [columnOf({ kind: "f64" }, new Array(length).fill(1.5))],
  };
  const view = placedBatch(kernel, rows);
  const setLast = (index: number) => (view().keys[0].values as Int32Array)[length - 1] = index;
  setLast(10);
  assertThrows(() => table.add(view(), AT), RangeError);
  assertEquals(closeAll(table, Infinity), []);
  setLast((length - 1) % 10);
  table.add(view(), AT);
  const results = closeAll(table, Infinity);
  const each = [2000n / BigInt(windows), 3000 / windows, 1.5, 1.5];
  assertEquals(results.map(({ values }) => values), new Array(10 * windows).fill(each));
});

import { assertEquals } from "@std/assert";
import { create, type Kernel } from "../src/kernel/kernel.ts";
import { KernelWindowTable } from "../src/kernel/window_table.ts";
import type { KeyType, ValueType, WindowPlan, WindowRows } from "../src/kernel/window_types.ts";
import { columnOf, type Plain } from "../src/windows/plain_columns.ts";
import { ReferenceWindowTable } from "../src/windows/reference_window_table.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { closeAll } from "./support/window_cases.ts";

const RUNS = 12;
const BATCHES = 5;
const SIZE = 1000;
const OWNERS = { ownerOf: new Uint8Array(256), owners: 1 };
const OPS = [["count", "sum", "min", "max"], ["sum"], ["max", "first"]] as const;

/** A table and its twin, and the keys that they see: some that come again, and ever others. */
interface Side {
  readonly ours: KernelWindowTable;
  readonly twin: ReferenceWindowTable;
  readonly key: KeyType;
  readonly value: ValueType;
  readonly distinct: number;
  /** How far the keys of a batch are from those of the one before. */
  readonly drift: number;
}

function sideOf(random: Random, kernel: Kernel): Side {
  const key = { kind: random.pick(["i64", "i64", "i32", "f64"] as const) };
  const value = { kind: random.pick(["f64", "f64", "f32"] as const) };
  const plan: WindowPlan = {
    size: SIZE,
    offset: 0,
    allowedLateness: 0,
    slide: random.pick([SIZE, SIZE, SIZE / 5]),
    keys: [key],
    values: [{ type: value, nullable: true }],
    aggregates: random.pick(OPS).map((op) => ({ op, value: op === "count" ? -1 : 0 })),
  };
  return {
    ours: new KernelWindowTable(kernel, plan),
    twin: new ReferenceWindowTable(plan),
    key,
    value,
    distinct: random.pick([1, 3, 40, 300, 1000, 1024, 1025, 1500]),
    drift: random.pick([0, 0, 1, 100, 5000]),
  };
}

function keyOf({ kind }: KeyType, key: number): Plain {
  if (kind === "i64") return BigInt(key) * (2n ** 53n + 1n);
  return kind === "f64" ? key / 2 : key;
}

/** Rows of windows one after the other or in turns, whose sums are exact in any order. */
function rowsOf(random: Random, side: Side, batch: number): WindowRows {
  const { key, value, distinct, drift } = side;
  const length = random.pick([300, 2000, 9000]) + random.below(700);
  const span = random.pick([1, SIZE, 3 * SIZE]);
  const inTurns = random.chance(0.2);
  const odd = random.pick([0, 0, 0.001]);
  const timeOf = (row: number) =>
    inTurns ? Math.floor(row / 600) % 2 * SIZE : Math.floor(row / length * span);
  const cellOf = () =>
    random.chance(odd)
      ? random.pick([NaN, Infinity, -Infinity, null])
      : random.below(4000) / 4 - 500;
  const rows = Array.from({ length }, (_, row) => row);
  const first = batch * drift - 2;
  return {
    length,
    times: columnOf({ kind: "timestamp" }, rows.map((row) => BigInt(batch * 900 + timeOf(row)))),
    keys: [columnOf(key, rows.map(() => keyOf(key, first + random.below(distinct))))],
    values: [columnOf(value as KeyType, rows.map(cellOf))],
  };
}

Deno.test("tables of few and of changing keys of fixed width, in one kernel, give what their twins give", () => {
  forSeeds(RUNS, (random) => {
    const kernel = create();
    const sides = Array.from({ length: 1 + random.below(2) }, () => sideOf(random, kernel));
    for (let batch = 0; batch < BATCHES; batch++) {
      for (const side of sides) {
        const rows = rowsOf(random, side, batch);
        const at = { partition: 0, position: 0, watermarkBefore: -Infinity, bound: Infinity };
        assertEquals(side.ours.add(rows, at), side.twin.add(rows, at));
        if (random.chance(0.3)) {
          const [deltas, twins] = [side.ours, side.twin].map((table) => table.takeDeltas(OWNERS));
          assertEquals(deltas.map(({ length }) => length), twins.map(({ length }) => length));
        }
        if (random.chance(0.5)) continue;
        const watermark = random.pick([batch * 900, Infinity]);
        assertEquals(closeAll(side.ours, watermark), closeAll(side.twin, watermark));
      }
    }
    for (const { ours, twin } of sides) {
      assertEquals(closeAll(ours, Infinity), closeAll(twin, Infinity));
    }
  });
});

import { assert, assertEquals } from "@std/assert";
import { columnOf, RecordBatch, type Schema } from "../mod.ts";
import type { DataType } from "../src/batch/schema.ts";
import { compareKeys } from "../src/windows/reference_keys.ts";
import type { KeyType } from "../src/kernel/window_types.ts";
import { valueAt } from "../src/windows/plain_columns.ts";
import { mergeRuns, windowOrder } from "../src/stream/jobs/row_order.ts";
import { forSeeds, type Random } from "./support/random.ts";

const RUNS = 2000;
const TYPES: readonly DataType[] = [
  { kind: "utf8" },
  { kind: "dict" },
  { kind: "bytes" },
  { kind: "f64" },
  { kind: "i64" },
  { kind: "bool" },
  { kind: "date" },
];

function value(random: Random, { kind }: DataType): unknown {
  if (random.chance(0.2)) return null;
  const id = random.below(6);
  switch (kind) {
    case "utf8":
    case "dict":
      return ["", "a", "ab", "é", "\u{1f600}", "\uffff"][id];
    case "bytes":
      return Uint8Array.from({ length: id }, () => random.below(3));
    case "f64":
      return [NaN, -0, 0, -Infinity, 1.5, 2][id];
    case "i64":
      return [-(2n ** 63n), -(2n ** 32n) - 1n, -1n, 0n, 2n ** 31n, 2n ** 32n + 1n][id];
    case "bool":
      return id < 3;
    default:
      return id;
  }
}

function randomBatch(random: Random): { batch: RecordBatch; types: readonly DataType[] } {
  const types = Array.from({ length: random.below(3) }, () => random.pick(TYPES));
  const length = random.below(20);
  const column = (type: DataType) =>
    columnOf(type, Array.from({ length }, () => value(random, type)));
  const starts = columnOf(
    { kind: "timestamp" },
    Array.from({ length }, () => random.below(3)),
  );
  const all: DataType[] = [{ kind: "timestamp" }, { kind: "timestamp" }, ...types];
  const schema: Schema = { fields: all.map((type, at) => ({ name: `c${at}`, type })) };
  const columns = [starts, starts, ...types.map(column)];
  return { batch: new RecordBatch(schema, columns, length), types };
}

Deno.test("Rows are ordered by window and keys as the tables of the bees order them", () => {
  forSeeds(RUNS, (random) => {
    const { batch, types } = randomBatch(random);
    const keys = (row: number) => types.map((_, at) => valueAt(batch.columnAt(2 + at), row));
    const compare = windowOrder(batch, types.length);
    for (let a = 0; a < batch.length; a++) {
      const b = random.below(batch.length);
      const starts = Number(batch.valueAt(a, 0)) - Number(batch.valueAt(b, 0));
      const expected = starts || compareKeys(types as KeyType[], keys(a), keys(b));
      assertEquals(Math.sign(compare(a, b)), Math.sign(expected));
    }
  });
});

Deno.test("Sorted runs are merged into one order, whatever their number and lengths", () => {
  forSeeds(RUNS, (random) => {
    const runs = Array.from(
      { length: random.below(7) },
      () => Array.from({ length: random.below(6) }, () => random.below(9)).sort((a, b) => a - b),
    );
    const values = runs.flat();
    let rows = 0;
    const ends = runs.map((run) => rows += run.length);
    const merged = [...mergeRuns(ends, (a, b) => values[a] - values[b])];
    assertEquals(merged.map((row) => values[row]), values.toSorted((a, b) => a - b));
    assertEquals(merged.toSorted((a, b) => a - b), values.map((_, row) => row));
    const isStable = merged.every((row, at) =>
      at === 0 || values[merged[at - 1]] < values[row] || merged[at - 1] < row
    );
    assert(isStable);
  });
});

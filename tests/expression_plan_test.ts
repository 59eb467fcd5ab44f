import { assert, assertEquals } from "@std/assert";
import {
  type Column,
  evaluateRow,
  type Expr,
  type Plan,
  readColumn,
  RecordBatch,
  type Schema,
} from "@waggle/stream";
import { compileIn, compileRows } from "../src/batch/expressions/compile.ts";
import { create, type Kernel } from "../src/kernel/kernel.ts";
import { Random } from "./support/random.ts";
import {
  everyOperator,
  ExpressionSource,
  FIELDS,
  randomRows,
} from "./support/random_expression.ts";

const RUNS = Number(Deno.env.get("WAGGLE_RUNS") ?? 2000);
const FIRST_SEED = Number(Deno.env.get("WAGGLE_SEED") ?? 1);
const NOW = 1_700_000_000_123;
const SCHEMA: Schema = { fields: FIELDS };

function valuesOf(column: Column): unknown[] {
  return readColumn(column, { start: 0, end: column.length });
}

/** Fails unless values are the same to the sign of zero; shows the first difference. */
function assertSame(actual: readonly unknown[], expected: readonly unknown[], note: string): void {
  assertEquals(actual.length, expected.length, note);
  for (let at = 0; at < actual.length; at++) {
    assert(
      isSame(actual[at], expected[at]),
      `${note}\nat ${at}: ${Deno.inspect(actual[at])} instead of ${Deno.inspect(expected[at])}`,
    );
  }
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return keys.join() === Object.keys(b).join() &&
    keys.every((key) => isSame((a as Row)[key], (b as Row)[key]));
}

type Row = Record<string, unknown>;

/** The results of a plan, and what it says of the rows that have none. */
function outcome(plan: Plan, batch: RecordBatch) {
  const errors: string[] = [];
  const onError = (row: number, error: Error) => errors.push(`${row}: ${error.message}`);
  const column = plan.evaluate(batch, { now: NOW, onError });
  assertEquals(column.type, plan.type);
  return { values: valuesOf(column), nulls: column.nullCount, errors };
}

type Outcome = ReturnType<typeof outcome>;

function assertSameOutcome(actual: Outcome, expected: Outcome, note: string): void {
  assertSame(actual.values, expected.values, note);
  assertSame(actual.errors, expected.errors, note);
  assertEquals(actual.nulls, expected.nulls, note);
}

function rowsOf(plan: Plan, batch: RecordBatch) {
  const errors: number[] = [];
  const found = plan.filter(batch, { now: NOW, onError: (row) => errors.push(row) });
  return { found: [...found], errors };
}

function batchOf(random: Random, rows: number, nulls?: readonly number[]): RecordBatch {
  return RecordBatch.fromRows(randomRows(rows, random, nulls), {
    schema: SCHEMA,
  }) as RecordBatch;
}

function holdEqual(expression: Expr, batch: RecordBatch, { kernel, seed }: Replay): void {
  const note = `seed ${seed}: ${JSON.stringify(expression)}`;
  using plan = compileIn(expression, { schema: SCHEMA, kernel });
  using twin = compileRows(expression, { schema: SCHEMA });
  assertSameOutcome(outcome(plan, batch), outcome(twin, batch), note);
}

interface Replay {
  kernel: Kernel;
  seed: number;
}

Deno.test("KernelPlan and RowPlan give the same columns and the same errors", () => {
  const kernel = create();
  const before = kernel.usedBytes;
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const random = new Random(seed);
    const batch = batchOf(random, random.pick([0, 1, 7, 31, 64, 100, 200]));
    const expression = new ExpressionSource(random).any(random.below(4));
    holdEqual(expression, batch, { kernel, seed });
  }
  assertEquals(kernel.usedBytes, before);
});

Deno.test("KernelPlan and RowPlan agree on every operator with every kind of argument", () => {
  const kernel = create();
  const random = new Random(FIRST_SEED);
  const batch = batchOf(random, 200, [0.1]);
  const all = everyOperator();
  assert(all.length > 1500, `only ${all.length} expressions`);
  for (const expression of all) holdEqual(expression, batch, { kernel, seed: FIRST_SEED });
});

Deno.test("KernelPlan and RowPlan select the same rows", () => {
  const kernel = create();
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const random = new Random(seed);
    const batch = batchOf(random, random.pick([0, 1, 33, 100, 200]));
    const expression = new ExpressionSource(random).bool(1 + random.below(3));
    using plan = compileIn(expression, { schema: SCHEMA, kernel });
    using twin = compileRows(expression, { schema: SCHEMA });
    const note = `seed ${seed}: ${JSON.stringify(expression)}`;
    assertSame(rowsOf(plan, batch).found, rowsOf(twin, batch).found, note);
    assertEquals(rowsOf(plan, batch).errors, rowsOf(twin, batch).errors, note);
  }
});

Deno.test("a plan goes through batches of all sizes, blocks and chunks included", () => {
  const kernel = create();
  const random = new Random(FIRST_SEED);
  const big = batchOf(random, 2500);
  const large = RecordBatch.concat(Array.from({ length: 14 }, () => big));
  assert(large.length > 2 * 16384);
  const batches = [big, large.slice(0, 16384), large, big.slice(0, 1), large.slice(0, 1024)];
  for (let seed = FIRST_SEED; seed < FIRST_SEED + 6; seed++) {
    const expression = new ExpressionSource(new Random(seed)).any(2);
    using plan = compileIn(expression, { schema: SCHEMA, kernel });
    using twin = compileRows(expression, { schema: SCHEMA });
    for (const batch of batches) {
      const note = `seed ${seed}: ${expression}`;
      assertSameOutcome(outcome(plan, batch), outcome(twin, batch), note);
    }
  }
});

Deno.test("evaluateRow() gives the rows that a plan gives", () => {
  for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) {
    const random = new Random(seed);
    const batch = batchOf(random, 8);
    const expression = new ExpressionSource(random).any(random.below(3));
    using twin = compileRows(expression, { schema: SCHEMA });
    const failed = new Set<number>();
    const column = twin.evaluate(batch, { now: NOW, onError: (row) => failed.add(row) });
    const expected = valuesOf(column);
    batch.toRows().forEach((row, at) => {
      if (failed.has(at)) return;
      const value = evaluateRow(expression, row, { schema: SCHEMA, now: NOW });
      assertSame([value], [expected[at]], `seed ${seed}: ${expression}`);
    });
  }
});

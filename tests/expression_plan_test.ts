import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  coalesce,
  col,
  type Column,
  concat,
  evaluateRow,
  type Expr,
  lit,
  type Plan,
  readColumn,
  RecordBatch,
  type Schema,
  schema,
  struct,
  types as t,
  when,
} from "@waggle/stream";
import { compileIn, compileRows } from "../src/batch/expressions/compile.ts";
import { create, type Kernel, KernelMemoryError } from "../src/kernel/kernel.ts";
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

Deno.test("parts that differ in a parameter alone are not taken for the same", () => {
  const pairs: [Expr, Expr][] = [
    [col("f").round(1), col("f").round(2)],
    [col("s").like("a%"), col("s").like("%a")],
    [col("s").like("!%", { escape: "!" }), col("s").like("!%", { escape: "" })],
    [col("ts").truncate("day"), col("ts").truncate("year")],
    [col("ts").extract("day"), col("ts").extract("hour")],
    [col("f").tryCast("i32"), col("f").tryCast("i64")],
    [col("f").tryCast(t.decimal(10, 1)), col("f").tryCast(t.decimal(10, 2))],
    [col("f").in([1]), col("f").in([1, null])],
    [lit(0).div(col("f")), lit(-0).div(col("f"))],
    [col("st").field("x"), col("st").field("s")],
    [col("l").eq(1n), col("l").eq(1)],
  ];
  const kernel = create();
  const batch = batchOf(new Random(FIRST_SEED), 100, [0.1]);
  for (const [p, q] of pairs) {
    holdEqual(struct({ p, q, r: p.isNull(), s: q.isNull() }), batch, { kernel, seed: FIRST_SEED });
  }
});

Deno.test("a null string takes no bytes of its column", () => {
  const batch = RecordBatch.fromRows([{ a: null }, { a: 12 }, { a: null }]);
  const kernel = create();
  using plan = compileIn(col("a").cast("utf8"), { schema: batch.schema, kernel });
  const { offsets, values, nullCount } = plan.evaluate(batch);
  assertEquals([...offsets!], [0, 0, 2, 2]);
  assertEquals([values!.length, nullCount], [2, 2]);
});

Deno.test("nulls are where they belong when only one chunk of a batch has any", () => {
  const rows = 40_000;
  const kernel = create();
  for (const nullAt of [0, 20_000, rows - 1]) {
    const batch = RecordBatch.fromRows(
      Array.from({ length: rows }, (_, i) => ({ a: i === nullAt ? null : i })),
    );
    using plan = compileIn(col("a").add(1), { schema: batch.schema, kernel });
    const values = valuesOf(plan.evaluate(batch));
    assertEquals(values.map((value, at) => value === null ? at : -1).filter((at) => at >= 0), [
      nullAt,
    ]);
    assertEquals(values.filter((value, at) => value !== null && value !== at + 1), []);
  }
});

Deno.test("the dictionary of a result holds what its batch brought, not what all before did", () => {
  const fields = schema({ d: t.dict });
  const kernel = create();
  using plan = compileIn(coalesce(col("d"), "none"), { schema: fields, kernel });
  for (let i = 0; i < 5; i++) {
    const rows = [{ d: `first ${i}` }, { d: null }, { d: `second ${i}` }];
    const column = plan.evaluate(RecordBatch.fromRows(rows, { schema: fields }));
    assertEquals(valuesOf(column), [`first ${i}`, "none", `second ${i}`]);
    assertEquals(column.children![0].length, 3);
  }
});

Deno.test("like is the regular expression of its pattern, in kernel and twin", () => {
  const kernel = create();
  const random = new Random(FIRST_SEED);
  const word = (alphabet: readonly string[]) =>
    Array.from({ length: random.below(7) }, () => random.pick(alphabet)).join("");
  const rows = Array.from({ length: 400 }, () => ({ s: word(["a", "b", "é", "\u{1f600}"]) }));
  const batch = RecordBatch.fromRows(rows);
  for (let run = 0; run < 500; run++) {
    const pattern = word(["a", "b", "é", "\u{1f600}", "%", "_", "_"]);
    const text = `^${pattern.replaceAll("%", ".*").replaceAll("_", ".")}$`;
    const regular = new RegExp(text, "su");
    const expected = rows.flatMap(({ s }, at) => regular.test(s) ? [at] : []);
    using plan = compileIn(col("s").like(pattern), { schema: batch.schema, kernel });
    using twin = compileRows(col("s").like(pattern), { schema: batch.schema });
    assertEquals([...plan.filter(batch)], expected, pattern);
    assertEquals([...twin.filter(batch)], expected, pattern);
  }
});

Deno.test("times a millisecond beside a unit's start are truncated exactly, all over the calendar", () => {
  const steps = { second: 1000n, minute: 60_000n, hour: 3_600_000n, day: 86_400_000n };
  const random = new Random(FIRST_SEED);
  const kernel = create();
  for (const [unit, step] of Object.entries(steps)) {
    const rows = Array.from({ length: 5000 }, () => {
      const near = BigInt(Math.floor((random.next() - 0.5) * 1.72e16)) / step * step;
      return { at: Number(near) + random.below(3) - 1 };
    });
    const batch = RecordBatch.fromRows(rows, { schema: schema({ at: t.timestamp }) });
    const { schema: fields } = batch;
    using plan = compileIn(col("at").truncate(unit as "day"), { schema: fields, kernel });
    using twin = compileRows(col("at").truncate(unit as "day"), { schema: fields });
    const expected = rows.map(({ at }) => {
      const rest = BigInt(at) % step;
      return Number(BigInt(at) - (rest < 0n ? rest + step : rest));
    });
    assertEquals(valuesOf(plan.evaluate(batch)), expected, unit);
    assertEquals(valuesOf(twin.evaluate(batch)), expected, unit);
  }
});

Deno.test("strings become the doubles that JavaScript reads in them", () => {
  const random = new Random(FIRST_SEED);
  const kernel = create();
  const numeral = () => {
    const digits = Array.from({ length: 1 + random.below(19) }, () => random.below(10)).join("");
    const point = random.below(digits.length);
    return `${random.pick(["", "-"])}${digits.slice(0, point)}.${digits.slice(point)}`;
  };
  const rows = Array.from({ length: 20_000 }, () => ({ s: numeral() }));
  const batch = RecordBatch.fromRows(rows);
  using plan = compileIn(col("s").cast("f64"), { schema: batch.schema, kernel });
  assertSame(valuesOf(plan.evaluate(batch)), rows.map(({ s }) => Number(s)), "numerals");
});

Deno.test("a plan keeps its memory bounded, and gives all of it back", () => {
  const kernel = create();
  const before = kernel.usedBytes;
  const batch = batchOf(new Random(FIRST_SEED), 300);
  const expression = struct({
    text: concat(col("s"), col("d").lower(), col("i").cast("utf8")),
    label: when(col("f").gt(0)).then("a").otherwise(col("e")),
  });
  {
    using plan = compileIn(expression, { schema: SCHEMA, kernel });
    plan.evaluate(batch);
    const used = kernel.usedBytes;
    for (let i = 0; i < 50; i++) plan.evaluate(batch);
    assertEquals(kernel.usedBytes, used);
  }
  assertEquals(kernel.usedBytes, before);
});

Deno.test("text beyond the kernel's budget is an error that names the budget", () => {
  const kernel = create({ budgetBytes: 4 << 20 });
  const long = "x".repeat(60_000);
  const batch = RecordBatch.fromRows(Array.from({ length: 40 }, () => ({ a: long })));
  using plan = compileIn(concat(col("a"), col("a")), { schema: batch.schema, kernel });
  assertThrows(() => plan.evaluate(batch), KernelMemoryError, "budget");
});

Deno.test("an endless text pattern or a wide choice is no trouble for the kernel", () => {
  const kernel = create();
  const batch = RecordBatch.fromRows([{ a: "a".repeat(5000), n: 1999 }]);
  const { schema } = batch;
  using hostile = compileIn(col("a").like("%a%a%a%a%a%a%a%b"), { schema, kernel });
  assertEquals(hostile.filter(batch).length, 0);
  let choice = when(col("n").eq(0)).then("v0");
  for (let i = 1; i < 2000; i++) choice = choice.when(col("n").eq(i)).then(`v${i}`);
  using wide = compileIn(choice, { schema, kernel });
  assertEquals(valuesOf(wide.evaluate(batch)), ["v1999"]);
});

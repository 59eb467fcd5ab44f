import { assert, assertEquals, assertThrows } from "@std/assert";
import { col, type Column, count, RecordBatch, schema, sum, types as t } from "../mod.ts";
import { valueAt } from "../src/batch/column_reader.ts";
import { makeStep } from "../src/hive/make_step.ts";
import { RowSteps, type StepSpec } from "../src/hive/row_steps.ts";
import type { DataType, Schema } from "../src/batch/schema.ts";
import type { AggregateOp, KeyType, WindowPlan, WindowRows } from "../src/kernel/window_types.ts";
import { Aggregate } from "../src/windows/aggregate.ts";
import type { AggregateFunction, RowPlaces } from "../src/windows/aggregate_function.ts";
import type { Aggregates } from "../src/windows/aggregates.ts";
import { functionsOf } from "../src/windows/functions/functions_of.ts";
import { columnOf, type Plain } from "../src/windows/plain_columns.ts";
import { planOf } from "../src/windows/plan.ts";
import { ReferenceWindowTable } from "../src/windows/reference_window_table.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { randomCell } from "./support/window_cases.ts";

const RUNS = 400;
const SIZE = 1000;
const KINDS = ["i32", "i64", "f32", "f64", "timestamp", "date", "time"] as const;
const ARITHMETIC = ["i32", "i64", "f32", "f64"];
const ANY_OPS: readonly AggregateOp[] = ["count", "min", "max", "first", "last"];
const NUMBER_OPS: readonly AggregateOp[] = [
  ...ANY_OPS,
  ...["sum", "mean", "variance", "stddev", "populationVariance", "populationStddev"] as const,
];

interface Case {
  readonly schema: Schema;
  readonly aggregates: Aggregates;
  readonly batches: readonly RecordBatch[];
}

function randomAggregates(random: Random, fields: Schema["fields"]): Aggregates {
  const isNumber = ({ type }: { type: DataType }) => ARITHMETIC.includes(type.kind);
  const made = Array.from({ length: 1 + random.below(8) }, (_, n) => {
    const [of, by] = [random.pick(fields), random.pick(fields)];
    if (random.chance(0.1)) return [`a${n}`, count()];
    if (random.chance(0.3)) {
      const ops = isNumber(of) && isNumber(by)
        ? ["argMin", "argMax", "covariance", "correlation"] as const
        : ["argMin", "argMax"] as const;
      return [`a${n}`, new Aggregate(random.pick(ops), [of.name, by.name])];
    }
    return [`a${n}`, new Aggregate(random.pick(isNumber(of) ? NUMBER_OPS : ANY_OPS), [of.name])];
  });
  return Object.fromEntries(made);
}

function randomBatch(random: Random, { fields }: Schema, length: number): RecordBatch {
  const nulls = random.pick([0, 0.2, 1]);
  const variety = random.pick([1, 3, 20]);
  const columns = fields.map(({ name, type }) => {
    const cells = Array.from({ length }, (): Plain => {
      if (name === "time") return BigInt(random.below(random.pick([3, SIZE])));
      return random.chance(nulls) ? null : randomCell(random, type as KeyType, variety);
    });
    return columnOf(type as KeyType, cells) as Column;
  });
  return new RecordBatch({ fields }, columns, length);
}

function randomCase(random: Random): Case {
  const values = Array.from({ length: 1 + random.below(3) }, (_, n) => {
    const kind = random.pick(KINDS);
    return { name: `v${n}`, type: kind === "i64" && random.chance(0.5) ? t.i64AsNumber : { kind } };
  });
  const all: Schema = { fields: [{ name: "time", type: t.timestamp }, ...values] };
  const batches = Array.from({ length: 1 + random.below(4) }, () => {
    return randomBatch(random, all, random.below(30));
  });
  return { schema: all, aggregates: randomAggregates(random, values), batches };
}

function placesOf(batch: RecordBatch, partition: number): RowPlaces {
  return {
    times: Float64Array.from(
      { length: batch.length },
      (_, row) => Number(batch.row(row).getAt(0)),
    ),
    partition,
    positions: Float64Array.from({ length: batch.length }, (_, row) => row),
  };
}

/** All batches in one table, each from a partition of its own. */
function table({ schema, aggregates }: Case) {
  const window = { size: SIZE, offset: 0 };
  const { plan, ...places } = planOf({ schema, time: "time", aggregates, window });
  return { plan, table: new ReferenceWindowTable(plan), places };
}

type Selection = { time: number; values: readonly number[] };

function rowsOf({ columns, length }: RecordBatch, { time, values }: Selection): WindowRows {
  return { length, times: columns[time], keys: [], values: values.map((at) => columns[at]) };
}

const WHOLE = { watermarkBefore: -Infinity, bound: Infinity, position: 0 };

/** What a table gives, as it stands in rows; null where a sum does not fit. */
function closed(engine: ReferenceWindowTable, plan: WindowPlan): unknown[] | string {
  try {
    const windows = engine.close(Infinity);
    return plan.aggregates.map((_, at) => windows && valueAt(windows.aggregates[at] as Column, 0));
  } catch (error) {
    return (error as Error).message;
  }
}

function results(fns: readonly AggregateFunction[], states: readonly unknown[]) {
  try {
    return fns.map((fn, at) => fn.result(states[at]));
  } catch (error) {
    return (error as Error).message;
  }
}

function addAll(fn: AggregateFunction, state: unknown, batch: RecordBatch, partition: number) {
  const add = fn.open(batch, placesOf(batch, partition));
  for (let row = 0; row < batch.length; row++) state = add(state, row);
  return state;
}

Deno.test("aggregates in JavaScript give the reference table's results to the bit", () => {
  forSeeds(RUNS, (random) => {
    const made = randomCase(random);
    const { plan, table: engine, places } = table(made);
    const fns = [...functionsOf(made.aggregates, made.schema).values()];
    let states = fns.map((fn) => fn.init());
    made.batches.forEach((batch, partition) => {
      engine.add(rowsOf(batch, places), { ...WHOLE, partition });
      states = fns.map((fn, at) => addAll(fn, states[at], batch, partition));
    });
    if (engine.stats().rows === 0) return;
    assertEquals(results(fns, states), closed(engine, plan));
  });
});

Deno.test("states merge, and go through snapshots, as deltas of the reference table do", () => {
  forSeeds(RUNS, (random) => {
    const made = randomCase(random);
    const { plan, table: engine, places } = table(made);
    const fns = [...functionsOf(made.aggregates, made.schema).values()];
    let states = fns.map((fn) => fn.init());
    made.batches.forEach((batch, partition) => {
      const part = new ReferenceWindowTable(plan);
      part.add(rowsOf(batch, places), { ...WHOLE, partition });
      for (const delta of part.takeDeltas({ ownerOf: new Uint8Array(256), owners: 1 })) {
        engine.fold(delta);
      }
      states = fns.map((fn, at) => {
        const own = addAll(fn, fn.init(), batch, partition);
        const before = structuredClone(fn.save(own));
        const merged = fn.merge(states[at], fn.load(structuredClone(before)));
        assertEquals(fn.save(own), before);
        return fn.load(structuredClone(fn.save(merged)));
      });
    });
    if (engine.stats().rows === 0) return;
    assertEquals(results(fns, states), closed(engine, plan));
  });
});

Deno.test("what is retracted leaves counts and integer sums as if it had never been there", () => {
  forSeeds(RUNS, (random) => {
    const made = randomCase(random);
    const fns = [...functionsOf(made.aggregates, made.schema).values()];
    const exact = fns.filter(({ retract }) => retract !== undefined);
    const [kept, gone] = [made.batches[0], made.batches.at(-1)!];
    for (const fn of exact) {
      const both = addAll(fn, addAll(fn, fn.init(), gone, 0), kept, 1);
      const left = fn.retract!(both, addAll(fn, fn.init(), gone, 0));
      const expected = addAll(fn, fn.init(), kept, 1);
      assertEquals(results([fn], [left]), results([fn], [expected]));
    }
  });
});

Deno.test("only counts, integer sums and integer means can take rows out again", () => {
  const columns = schema({ whole: t.i32, part: t.f64 });
  const fns = functionsOf({
    n: count("part"),
    whole: sum("whole"),
    mean: new Aggregate("mean", ["whole"]),
    part: sum("part"),
    least: new Aggregate("min", ["whole"]),
    spread: new Aggregate("variance", ["whole"]),
  }, columns);
  const able = [...fns].filter(([, fn]) => fn.retract).map(([name]) => name);
  assertEquals(able, ["n", "whole", "mean"]);
});

Deno.test("integer sums stay exact far beyond 2⁵³, on the way there and back", () => {
  const batch = RecordBatch.fromRows([
    { big: 2n ** 63n - 1n },
    { big: 2n ** 63n - 1n },
    { big: 9007199254740991n },
    { big: 9007199254740991n },
    { big: -(2n ** 63n) },
    { big: -(2n ** 63n) },
  ], { schema: schema({ big: t.i64 }) });
  const [fn] = functionsOf({ all: sum("big") }, batch.schema).values();
  const state = addAll(fn, fn.init(), batch, 0);
  assertEquals(fn.result(state), 2n * 9007199254740991n - 2n);
  const halfway = addAll(fn, fn.init(), batch.slice(0, 2), 0);
  const error = assertThrows(() => fn.result(halfway), RangeError, "must fit into 64 bits");
  assert(error.message.includes("18446744073709551614"));
});

Deno.test("least and greatest values are 0 where they are −0", () => {
  const batch = RecordBatch.fromRows([{ x: -0 }], { schema: schema({ x: t.f64 }) });
  const aggregates = { least: new Aggregate("min", ["x"]), most: new Aggregate("max", ["x"]) };
  for (const fn of functionsOf(aggregates, batch.schema).values()) {
    assert(Object.is(fn.result(addAll(fn, fn.init(), batch, 0)), 0));
  }
});

Deno.test("an aggregate of a condition is of the rows for which it holds", () => {
  const batch = RecordBatch.fromRows([
    { n: 1, ok: true },
    { n: 2, ok: false },
    { n: 4, ok: null },
    { n: 8, ok: true },
  ], { schema: schema({ n: t.i32, ok: t.bool }) });
  const aggregates = { some: sum("n").where(col("ok")), twice: sum(col("n").mul(2)) };
  const computed = Object.values(aggregates).flatMap((spec) => spec.computed!);
  const specs = computed.map((each): StepSpec => ({ kind: "withColumn", ...each }));
  using steps = new RowSteps(specs, batch.schema, { makeStep });
  const { batch: whole } = steps.run(batch);
  const fns = [...functionsOf(aggregates, whole.schema).values()];
  assertEquals(fns.map((fn) => fn.result(addAll(fn, fn.init(), whole, 0))), [9, 30]);
});

Deno.test("aggregates refuse columns that are not there or that they cannot be taken of", () => {
  const columns = schema({ name: t.utf8, n: t.i32 });
  assertThrows(
    () => functionsOf({ s: sum("name") }, columns),
    TypeError,
    `Cannot take sum of column "name": it must be a number, received utf8; cast it first`,
  );
  assertThrows(
    () => functionsOf({ s: sum("nope") }, columns),
    TypeError,
    `Cannot take sum of column "nope": there is none of that name; the columns are "name", "n"`,
  );
});

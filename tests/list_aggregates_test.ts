import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  approxCountDistinct,
  col,
  collect,
  columnOf,
  countDistinct,
  highest,
  histogram,
  lowest,
  quantile,
  quantiles,
  RecordBatch,
  schema,
  topK,
  types as t,
} from "../mod.ts";
import type { Field } from "../src/batch/schema.ts";
import type { KeyType } from "../src/kernel/window_types.ts";
import type { AggregateFunction } from "../src/windows/aggregate_function.ts";
import type { Aggregates } from "../src/windows/aggregates.ts";
import { functionsOf } from "../src/windows/functions/functions_of.ts";
import { mergedResultsOf, resultsOf, stateOf } from "./support/function_results.ts";
import type { OracleRow } from "./support/oracle.ts";
import { exactly } from "./support/oracle_aggregates.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { randomCell } from "./support/window_cases.ts";

const RUNS = 150;
const KINDS = [
  ...["bool", "i32", "i64", "f32", "f64", "timestamp", "date", "time", "utf8", "dict"] as const,
];

/** A batch of one column `v` of a type. */
function batchOf(type: Field["type"], values: readonly unknown[]): RecordBatch {
  const column = columnOf(type, values);
  return new RecordBatch({ fields: [{ name: "v", type: column.type }] }, [column], values.length);
}

/** A batch of random values, and its rows as the oracle has them. */
function randomBatch(random: Random, kinds: readonly (typeof KINDS)[number][] = KINDS) {
  const kind = random.pick(kinds);
  const type: Field["type"] = kind === "i64" && random.chance(0.5) ? t.i64AsNumber : { kind };
  const [nulls, variety] = [random.pick([0, 0.3]), random.pick([2, 10, 100])];
  const cells = Array.from({ length: random.below(60) }, () => {
    const cell = random.chance(nulls) ? null : randomCell(random, type as KeyType, variety);
    if (kind === "time" && cell !== null) return Math.abs(cell as number);
    return kind === "timestamp" && cell !== null ? Number(cell as bigint % 10n ** 15n) : cell;
  });
  const batch = batchOf(type, cells);
  const rows = batch.toRows().map((values): OracleRow => ({ time: 0, keys: [], values }));
  return { batch, rows };
}

function both(aggregates: Aggregates, batch: RecordBatch, random: Random) {
  return [resultsOf(aggregates, batch), mergedResultsOf(aggregates, batch, random)];
}

Deno.test("countDistinct() counts as a set does, whatever the type, merged or not", () => {
  forSeeds(RUNS, (random) => {
    const { batch, rows } = randomBatch(random);
    const n = exactly.countDistinct("v")(rows);
    for (const got of both({ n: countDistinct("v") }, batch, random)) assertEquals(got, { n });
    const approx = { n: approxCountDistinct("v") };
    for (const got of both(approx, batch, random)) assertEquals(got, { n });
  });
});

Deno.test("countDistinct() tells values apart by what they are, not by how they are stored", () => {
  const n = countDistinct("v");
  const count = (type: Field["type"], values: unknown[]) => resultsOf({ n }, batchOf(type, values));
  assertEquals(count(t.f64, [0, -0, NaN, NaN, 1, null]), { n: 3 });
  const bytes = [[1], [1], [1, 0], []].map((each) => Uint8Array.from(each));
  assertEquals(count(t.bytes, bytes), { n: 3 });
  assertEquals(count(t.decimal(9, 2), ["1.00", "1.0", "2.00"]), { n: 2 });
  assertEquals(count(t.i64, [2n ** 53n, 2n ** 53n + 1n, 1n, 1n]), { n: 3 });
});

Deno.test("countDistinct() fails beyond its limit, naming it and the way out", () => {
  const batch = batchOf(t.i32, [1, 2, 1, 3]);
  const [fn] = functionsOf({ users: countDistinct("v", { limit: 2 }) }, batch.schema).values();
  const message = `Cannot compute "users": countDistinct keeps at most 2 values in a window and ` +
    `key, received more; raise the option limit, use smaller windows, or take approxCountDistinct()`;
  assertThrows(() => stateOf(fn, batch), RangeError, message);
  const states = [batch.slice(0, 2), batch.slice(2, 4)].map((part) => stateOf(fn, part));
  assertThrows(() => fn.merge(states[0], states[1]), RangeError, message);
});

Deno.test("quantile() is within a hundredth of the value at its rank, NaN where there is one", () => {
  forSeeds(2 * RUNS, (random) => {
    const { batch, rows } = randomBatch(random, ["i32", "i64", "f32", "f64"]);
    const q = random.pick([0, 0.5, 0.9, 1, random.next()]);
    const values = batch.toRows().map(({ v }) => v).filter((v) => v !== null).map(Number);
    const sizes = values.map(Math.abs).filter((size) => size > 0 && size < Infinity);
    // What is further apart is not told apart.
    if (Math.max(...sizes) > 1e17 * Math.min(...sizes)) return;
    const hasNan = values.some(Number.isNaN);
    const expected = hasNan ? NaN : exactly.quantile("v", q)(rows);
    for (const got of both({ one: quantile("v", q), all: quantiles("v", [q, 0]) }, batch, random)) {
      const { one, all } = got as { one: number | null; all: number[] | null };
      if (expected === null) assertEquals(got, { one: null, all: null });
      else if (hasNan) assertEquals(got, { one: NaN, all: [NaN, NaN] });
      else {
        const close = Math.abs(one! - Number(expected)) <= 0.01 * Math.abs(Number(expected));
        assert(close || one === Number(expected), `${one} for ${expected}`);
        assertEquals(all, [one, Math.min(...values) + 0]);
      }
    }
  });
});

/** Of equally frequent values the least first; NaN behind all. */
function inOrder(counts: Map<unknown, number>): { value: unknown; count: number; error: number }[] {
  const value = ([each]: [unknown, number]) => each as number;
  const sorted = [...counts].toSorted((a, b) =>
    b[1] - a[1] || Number(Number.isNaN(a[0])) - Number(Number.isNaN(b[0])) ||
    Number(value(a) > value(b)) - Number(value(a) < value(b))
  );
  return sorted.map(([value, count]) => ({ value, count, error: 0 }));
}

Deno.test("highest() and lowest() give the values of the rows where another column is so, merged or not", () => {
  forSeeds(RUNS, (random) => {
    const { batch: { length, columns: [values] } } = randomBatch(random);
    const [kind, nulls] = [
      random.pick(["f64", "i64", "timestamp", "utf8"] as const),
      random.pick([0, 0.3]),
    ];
    const ranks = Array.from({ length }, () => {
      const rank = random.below(random.pick([3, 1000])) - 1;
      if (random.chance(nulls)) return null;
      if (kind === "utf8") return random.pick(["", "a", "\u{1f41d}", "\ufffd"]) + rank;
      if (kind === "i64") return BigInt(rank);
      return kind === "f64" ? random.pick([rank / 2, rank, NaN]) : rank;
    });
    const by = columnOf({ kind }, ranks);
    const fields = [{ name: "v", type: values.type }, { name: "by", type: by.type }];
    const batch = new RecordBatch({ fields }, [values, by], length);
    const rows = batch.toRows().map((values, position): OracleRow => {
      return { time: position, keys: [], values };
    });
    const n = 1 + random.below(random.pick([5, 60]));
    const aggregates = { high: highest("v", "by", { n }), low: lowest("v", "by", { n }) };
    const expected = {
      high: exactly.highest("v", "by", n)(rows),
      low: exactly.lowest("v", "by", n)(rows),
    };
    for (const got of both(aggregates, batch, random)) assertEquals<unknown>(got, expected);
  });
});

Deno.test("topK() counts exactly while there are no more values than counters", () => {
  forSeeds(RUNS, (random) => {
    const { batch, rows } = randomBatch(random);
    const counts = exactly.counts("v")(rows) as Map<unknown, number>;
    const top = inOrder(counts).slice(0, 3);
    for (const got of both({ top: topK("v", 3) }, batch, random)) assertEquals(got, { top });
  });
});

Deno.test("topK() gives values as they stand in rows, with their bounds", () => {
  const bytes = [[7], [7], [9]].map((each) => Uint8Array.from(each));
  assertEquals(resultsOf({ top: topK("v", 1) }, batchOf(t.bytes, bytes)), {
    top: [{ value: Uint8Array.of(7), count: 2, error: 0 }],
  });
  const few = resultsOf({ top: topK("v", 1, { counters: 1 }) }, batchOf(t.i64, [5n, 6n, 6n]));
  assertEquals(few, { top: [{ value: 6n, count: 3, error: 1 }] });
  assertEquals(resultsOf({ top: topK("v", 2) }, batchOf(t.utf8, [null])), { top: [] });
});

Deno.test("histogram() counts each value in one bin, below, above, or as NaN", () => {
  forSeeds(RUNS, (random) => {
    const { batch, rows } = randomBatch(random, ["i32", "f32", "f64"]);
    const bounds = [-3, -1, 0, 0.5, 2, 1000];
    const counts = exactly.histogram("v", bounds)(rows) as number[];
    const values = rows.map(({ values }) => values.v as number).filter((v) => v !== null);
    const h = {
      bins: counts.map((count, at) => ({ from: bounds[at], to: bounds[at + 1], count })),
      below: values.filter((v) => v < -3).length,
      above: values.filter((v) => v >= 1000).length,
      nan: values.filter(Number.isNaN).length,
    };
    for (const got of both({ h: histogram("v", { bounds }) }, batch, random)) {
      assertEquals(got, { h });
    }
  });
});

Deno.test("histogram() takes values out again as if they had never been there", () => {
  const batch = batchOf(t.f64, [1, 5, NaN, -1, 99]);
  const even = histogram("v", { from: 0, to: 10, bins: 2 });
  const [fn] = functionsOf({ even }, batch.schema).values();
  const state = stateOf(fn, batch);
  const bins = [{ from: 0, to: 5, count: 1 }, { from: 5, to: 10, count: 1 }];
  assertEquals(fn.result(state), { bins, below: 1, above: 1, nan: 1 });
  assertEquals(fn.retract!(state, stateOf(fn, batch)), fn.init());
});

Deno.test("collect() lists values in order, and whole rows with their nulls", () => {
  forSeeds(RUNS, (random) => {
    const { batch, rows } = randomBatch(random);
    const v = exactly.collect("v")(rows);
    for (const got of both({ v: collect("v"), rows: collect() }, batch, random)) {
      assertEquals(got, { v, rows: batch.toRows() });
    }
  });
});

Deno.test("collect() lists what came after a snapshot behind what was in it", () => {
  const batch = batchOf(t.i32, [1, 2, 3, 4]);
  const list = { list: collect("v") };
  const [before] = functionsOf(list, batch.schema).values();
  const [after] = functionsOf(list, batch.schema).values();
  const loaded = after.load(structuredClone(before.save(stateOf(before, batch.slice(0, 3)))));
  const later = stateOf(after, batch.slice(3, 4));
  assertEquals(after.result(after.merge(later, loaded)), [1, 2, 3, 4]);
});

Deno.test("collect() fails beyond its limit, or stays with the first values", () => {
  const batch = batchOf(t.i32, [1, 2, 3]);
  const first = collect("v", { limit: 2, onLimit: "first" });
  assertEquals(resultsOf({ first }, batch), { first: [1, 2] });
  const fail = { fail: collect("v", { limit: 2 }) };
  assertThrows(() => resultsOf(fail, batch), RangeError, "collect keeps at most 2 values");
  const [fn] = functionsOf({ first }, batch.schema).values() as Iterable<AggregateFunction>;
  const [a, b] = [stateOf(fn, batch.slice(0, 1)), stateOf(fn, batch.slice(1, 3))];
  assertEquals(fn.result(fn.merge(b, a)), [1, 2]);
});

Deno.test("of no values counts are 0, lists empty, and quantiles null", () => {
  const batch = batchOf(t.f64, [null, null]);
  assertEquals(
    resultsOf({
      distinct: countDistinct("v"),
      about: approxCountDistinct("v"),
      median: quantile("v", 0.5),
      several: quantiles("v", [0.5]),
      top: topK("v", 3),
      best: highest("v", "v", { n: 3 }),
      bins: histogram("v", { bounds: [0, 1] }),
      list: collect("v"),
    }, batch),
    {
      distinct: 0,
      about: 0,
      median: null,
      several: null,
      top: [],
      best: [],
      bins: { bins: [{ from: 0, to: 1, count: 0 }], below: 0, above: 0, nan: 0 },
      list: [],
    },
  );
});

Deno.test("results fit the types that are told of them", () => {
  const batch = batchOf(t.f64, [1, 2, 2]);
  const aggregates = {
    distinct: countDistinct("v"),
    about: approxCountDistinct("v"),
    median: quantile("v", 0.5),
    several: quantiles("v", [0.5]),
    top: topK("v", 3),
    best: highest("v", "v", { n: 2 }),
    bins: histogram("v", { bounds: [0, 1] }),
    list: collect("v"),
    rows: collect(),
  };
  for (const fn of functionsOf(aggregates, batch.schema).values()) {
    const result = fn.result(stateOf(fn, batch));
    const field = { name: "r", type: fn.type, nullable: fn.nullable };
    const made = RecordBatch.fromRows([{ r: result }], { schema: { fields: [field] } });
    assertEquals(made.toRows(), [{ r: result }] as never);
  }
});

Deno.test("aggregates refuse types that they make no sense of", () => {
  const columns = schema({ at: t.timestamp, tags: t.list(t.utf8), name: t.utf8 });
  const refused = (aggregates: Aggregates, message: string) =>
    assertThrows(() => functionsOf(aggregates, columns), TypeError, message);
  refused({ q: quantile("at", 0.5) }, `Cannot take quantile of column "at": it must be a number,`);
  refused({ h: histogram("name", { bounds: [0, 1] }) }, "received utf8; cast it first");
  refused({ n: countDistinct("tags") }, "received list; take it of a part of that");
  refused({ n: approxCountDistinct("nope") }, "there is none of that name");
  refused({ n: lowest("at", "tags", { n: 1 }) }, `Cannot take lowest by column "tags": it must be`);
  refused({ n: highest("at", "nope", { n: 1 }) }, "there is none of that name");
  refused({ n: topK("tags", 2) }, `Cannot take topK of column "tags": it must be a number, time`);
});

Deno.test("options of aggregates are refused where they make no sense, by name", () => {
  const range = (make: () => unknown, message: string) => assertThrows(make, RangeError, message);
  const type = (make: () => unknown, message: string) => assertThrows(make, TypeError, message);
  range(() => countDistinct("v", { limit: 0 }), "limit must be a whole number from 1");
  range(() => quantile("v", 1.5), "a quantile is a number from 0 to 1");
  range(() => quantile("v", NaN), "received NaN");
  range(() => quantiles("v", [0.5, -1]), "received -1");
  type(() => quantiles("v", []), "name some, such as [0.5, 0.99], received an array of 0");
  range(() => highest("v", "v", { n: 0 }), "n must be a whole number from 1 to 10000, received 0");
  range(() => lowest("v", "v", { n: 10_001 }), "received 10001");
  type(() => highest("v", "v", 3 as never), "an object such as { n: 3 }, received 3");
  range(() => topK("v", 0), "k must be a whole number from 1, received 0");
  range(() => topK("v", 5, { counters: 4 }), "counters must be a whole number from 5");
  range(() => histogram("v", { bounds: [1, 1] }), "each above the one before it, received 1, 1");
  range(() => histogram("v", { bounds: [1] }), "received an array of 1");
  range(() => histogram("v", { bounds: [NaN, 1] }), "received NaN, 1");
  range(() => histogram("v", { from: 1, to: 0, bins: 2 }), "received 1, 0.5, 0");
  range(() => histogram("v", { from: 0, to: 1, bins: 0 }), "bins must be a whole number from 1");
  type(() => histogram("v", {}), "name bounds, or from, to and bins");
  type(() => histogram("v", { bounds: [0, 1], bins: 3 }), "received both");
  range(() => collect(undefined, { limit: 1.5 }), "limit must be a whole number");
  type(
    () => collect(undefined, { onLimit: "last" as "first" }),
    `onLimit must be "fail" or "first"`,
  );
  type(
    () => collect("v", { limits: 2 } as object),
    `there is no option "limits"; did you mean limit?`,
  );
  type(() => collect({ limit: 2 } as never), "the options come second");
  type(() => collect(7 as never), "it is of a column, by its name");
  type(() => countDistinct(col("v").gt(1), 5 as never), "the options are an object");
});

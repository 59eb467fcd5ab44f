import { assert, assertEquals, assertThrows } from "@std/assert";
import { RecordBatch } from "../src/batch/record_batch.ts";
import type { Schema } from "../src/batch/schema.ts";
import { create } from "../src/kernel/kernel.ts";
import { loadOperator, type OperatorMaker, type WindowsSpec } from "../src/hive/operator_loader.ts";
import { type Aggregates, argMax, count, last, min, sum } from "../src/windows/aggregates.ts";
import { countDistinct } from "../src/windows/distinct_aggregates.ts";
import { createWindowOperator } from "../src/windows/create_window_operator.ts";
import { functionsOf } from "../src/windows/functions/functions_of.ts";
import {
  createSessionOperator,
  type SessionOperatorOptions,
} from "../src/windows/kernel_session_operator.ts";
import { ORDER_COLUMNS, type WindowOperator } from "../src/windows/window_operator.ts";
import { forSeeds, type Random } from "./support/random.ts";

const SCHEMA: Schema = {
  fields: [
    { name: "at", type: { kind: "timestamp" } },
    { name: "user", type: { kind: "utf8" } },
    { name: "amount", type: { kind: "f64" } },
    { name: "pause", type: { kind: "i32" } },
  ],
};

const OPTIONS: SessionOperatorOptions = {
  schema: SCHEMA,
  time: "at",
  keys: ["user"],
  aggregates: { n: count(), total: sum("amount") },
  gap: 100,
};

interface Row {
  at: number | null;
  user: string;
  amount: number;
  pause?: number | null;
  watermark?: number;
}

function batchOf(rows: readonly Row[]): RecordBatch {
  const own = rows.map(({ watermark: _, ...row }) => ({ pause: null, ...row }));
  return RecordBatch.fromRows(own, { schema: SCHEMA });
}

function make(changes: Partial<SessionOperatorOptions> = {}): WindowOperator {
  return createSessionOperator(create(), { ...OPTIONS, ...changes });
}

/** Rows of which only every third of a batch came here. */
function add(operator: WindowOperator, rows: readonly Row[], sequence = 0) {
  return operator.add({
    batch: batchOf(rows),
    watermarks: Float64Array.from(rows, ({ watermark = -Infinity }) => watermark),
    positions: Float64Array.from(rows, (_, row) => 1000 * sequence + 3 * row),
    places: Int32Array.from(rows, (_, row) => 3 * row),
    sequence,
    partition: 0,
  });
}

function taken(operator: WindowOperator): Record<string, unknown>[] {
  return operator.take()?.toRows() as Record<string, unknown>[] ?? [];
}

Deno.test("a session operator gives each session where the watermark that it waited for sets it off", () => {
  using operator = make();
  const rows = [
    { at: 0, user: "a", amount: 1 },
    { at: 50, user: "a", amount: 2 },
    { at: 20, user: "b", amount: 3 },
  ];
  assertEquals(add(operator, rows), {
    absorbed: 3,
    outside: 0,
    untimed: 0,
    late: new Int32Array(),
  });
  assertEquals(operator.stats().windows, 2);
  operator.advance(119);
  assertEquals(operator.take(), undefined);
  operator.advance(150);
  const order = (at: number) => {
    const [logical, sequence, place] = ORDER_COLUMNS;
    return { [logical]: at, [sequence]: -1, [place]: -1 };
  };
  assertEquals(taken(operator), [
    { ...order(120), windowStart: 20, windowEnd: 120, user: "b", n: 1, total: 3 },
    { ...order(150), windowStart: 0, windowEnd: 150, user: "a", n: 2, total: 3 },
  ]);
  assertEquals(operator.resultSchema.fields.map(({ name }) => name).slice(3), [
    ...["windowStart", "windowEnd", "user", "n", "total"],
  ]);
  assertEquals(operator.stats().windows, 0);
});

Deno.test("a session operator tells late rows by their place, and rows without a time", () => {
  using operator = make();
  const outcome = add(operator, [
    { at: 500, user: "a", amount: 1 },
    { at: null, user: "a", amount: 1, watermark: 400 },
    { at: 300, user: "a", amount: 1, watermark: 400 },
    { at: 301, user: "a", amount: 1, watermark: 400 },
  ]);
  assertEquals(outcome, { absorbed: 2, outside: 0, untimed: 1, late: Int32Array.of(6) });
});

Deno.test("the watermark before the last row closes sessions without another call", () => {
  using operator = make();
  add(operator, [{ at: 0, user: "a", amount: 1 }]);
  add(operator, [{ at: 900, user: "b", amount: 1, watermark: 800 }], 1);
  assertEquals(taken(operator).map(({ user }) => user), ["a"]);
  assertEquals(add(operator, [], 2).absorbed, 0);
});

Deno.test("a column gives each row its own gap", () => {
  using operator = make({ gap: { column: "pause" } });
  const rows = [
    { at: 0, user: "a", amount: 1, pause: 10 },
    { at: 11, user: "a", amount: 1, pause: 500 },
    { at: 400, user: "a", amount: 1, pause: 10 },
  ];
  assertEquals(add(operator, rows).absorbed, 3);
  operator.advance(Infinity);
  const bounds = taken(operator).map((
    { windowStart, windowEnd, n },
  ) => [windowStart, windowEnd, n]);
  assertEquals(bounds, [[0, 10, 1], [11, 511, 2]]);
});

Deno.test("a row without a gap, or with one that is no time, is in no session and counted", () => {
  using operator = make({ gap: { column: "pause" } });
  const pauses = [null, 0, -5, 1];
  const rows = pauses.map((pause) => ({ at: 0, user: "a", amount: 1, pause }));
  const outcome = add(operator, [...rows, { at: null, user: "a", amount: 1, pause: null }]);
  assertEquals(outcome, { absorbed: 1, outside: 3, untimed: 1, late: new Int32Array() });
  assertEquals(operator.stats().windows, 1);
});

Deno.test("sessions go on from a snapshot as from where it was made", () => {
  const rows = Array.from({ length: 300 }, (_, row): Row => {
    return { at: row * 30, user: `user ${row * row % 11}`, amount: row, watermark: row * 30 - 60 };
  });
  const results: string[][] = [];
  for (const cut of [-1, 150]) {
    let operator = make();
    const out: Record<string, unknown>[] = [];
    for (let from = 0; from < rows.length; from += 10) {
      if (from === cut) {
        const snapshot = operator.snapshot();
        operator[Symbol.dispose]();
        operator = make();
        operator.restore(snapshot);
      }
      add(operator, rows.slice(from, from + 10), from);
      out.push(...taken(operator));
    }
    operator.advance(Infinity);
    out.push(...taken(operator));
    results.push(out.map((row) => JSON.stringify(row)));
    operator[Symbol.dispose]();
  }
  assertEquals(results[0], results[1]);
  assert(results[0].length > 100);
});

Deno.test("an operator of sessions refuses what cannot be a gap or a time", () => {
  for (const gap of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(() => make({ gap }), RangeError, `received ${gap}`);
  }
  assertThrows(() => make({ gap: { column: "user" } }), TypeError, "received utf8");
  assertThrows(() => make({ gap: { column: "rest" } }), TypeError, "no such column");
  assertThrows(() => make({ time: "user" }), TypeError, "Cannot take event times");
  assertThrows(() => make({ aggregates: { user: count() } }), TypeError, "different names");
});

/** Rows in the order of a source, in which keys pause now and then. */
function randomRows(random: Random): Row[] {
  const bound = random.pick([0, 50, 300]);
  const keys = random.pick([1, 4, 30]);
  let [clock, greatest] = [random.pick([0, -5000, 1_700_000_000_000]), -Infinity];
  return Array.from({ length: random.below(300) }, (): Row => {
    const watermark = greatest - bound;
    clock += random.below(random.pick([5, 60]));
    const at = clock - random.below(1 + random.pick([0, bound, 2 * bound]));
    greatest = Math.max(greatest, at);
    return {
      at: random.chance(0.02) ? null : at,
      user: `user ${random.below(keys)}`,
      amount: random.below(100) - 50,
      pause: random.chance(0.05) ? null : random.below(200),
      watermark,
    };
  });
}

Deno.test("sessions in the kernel give what sessions in JavaScript give, row for row", () => {
  const aggregates = {
    n: count(),
    total: sum("amount"),
    least: min("amount"),
    latest: last("pause"),
    most: argMax("pause", "amount"),
  };
  forSeeds(400, (random) => {
    const gap = random.pick([1, 100, { column: "pause" }]);
    const touching = random.chance(0.5);
    const alone = random.chance(0.5);
    const keys = random.pick([[], ["user"], ["user", "pause"]]);
    using ours = make({ gap, touching, alone, keys, aggregates });
    using other = createWindowOperator(
      {
        window: { kind: "session", gap },
        semantics: { sessionsTouch: touching, sessionLateBy: alone ? "alone" : "joined" },
        time: "at",
        keys,
      },
      { schema: SCHEMA, functions: functionsOf(aggregates, SCHEMA) },
    );
    assertEquals(ours.resultSchema, other.resultSchema);
    const rows = randomRows(random);
    const size = random.pick([1, 20, 100]);
    for (let from = 0; from < rows.length; from += size) {
      const batch = rows.slice(from, from + size);
      assertEquals(add(ours, batch, from), add(other, batch, from));
      if (random.chance(0.3)) continue;
      assertEquals(taken(ours), taken(other));
      if (random.chance(0.1)) ours.restore(ours.snapshot());
    }
    for (const operator of [ours, other]) operator.advance(Infinity);
    assertEquals(taken(ours), taken(other));
  });
});

Deno.test("a bee keeps plain sessions in its kernel and all others in JavaScript", () => {
  const window = { kind: "session", gap: 100 } as const;
  const context = { schema: SCHEMA, time: "at", keys: ["user"], kernel: create() };
  const usesKernel = (windows: WindowsSpec["windows"], aggregates: Aggregates = { n: count() }) => {
    const before = context.kernel.usedBytes;
    const load = loadOperator({ kind: "windows", windows, aggregates }) as OperatorMaker;
    using _operator = load(context);
    return context.kernel.usedBytes > before;
  };
  assert(usesKernel({ window }));
  assert(usesKernel({ window: { kind: "session", gap: { column: "pause" } } }));
  assert(usesKernel({ window, semantics: { sessionsTouch: false } }));
  assert(usesKernel({ window, semantics: { sessionLateBy: "alone" } }));
  assert(!usesKernel({ window, trigger: { everyRows: 2 } }));
  assert(!usesKernel({ window, revisedFor: 10 }));
  assert(!usesKernel({ window, semantics: { sessionEnd: "last" } }));
  assert(!usesKernel({ window, semantics: { negativeStarts: false } }));
  assert(!usesKernel({ window, semantics: { closing: "passed" } }));
  assert(!usesKernel({ window }, { users: countDistinct("user") }));
  assert(!usesKernel({ window: { kind: "global" } }));
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import { columnOf } from "../src/batch/column_of.ts";
import { RecordBatch } from "../src/batch/record_batch.ts";
import type { DataType } from "../src/batch/schema.ts";
import type { AggregateFunction } from "../src/windows/aggregate_function.ts";
import { createWindowOperator } from "../src/windows/create_window_operator.ts";
import { KeyIds } from "../src/windows/operator/key_ids.ts";
import { Timers } from "../src/windows/operator/timers.ts";
import type { WindowOperator } from "../src/windows/window_operator.ts";
import type { TriggerSpec, WindowOperatorSpec, WindowSpec } from "../src/windows/window_spec.ts";
import { type FedRow, feed, FUNCTIONS } from "./support/operator_case.ts";
import { forSeeds, Random } from "./support/random.ts";

const SCHEMA = {
  fields: [
    { name: "time", type: { kind: "timestamp" } },
    { name: "k0", type: { kind: "utf8" } },
  ],
} as const;

function operator(spec: Omit<WindowOperatorSpec, "time" | "keys">): WindowOperator {
  return createWindowOperator({ ...spec, time: "time", keys: ["k0"] }, {
    schema: SCHEMA,
    functions: FUNCTIONS,
  });
}

function put(to: WindowOperator, sequence: number, rows: [number, string, number?][]): void {
  const columns = [
    columnOf({ kind: "timestamp" }, rows.map(([time]) => time)),
    columnOf({ kind: "utf8" }, rows.map(([, key]) => key)),
  ];
  to.add({
    batch: new RecordBatch(SCHEMA, columns, rows.length),
    watermarks: Float64Array.from(rows, ([, , watermark = -Infinity]) => watermark),
    positions: Float64Array.from(rows, (_, at) => at),
    places: Int32Array.from(rows, (_, at) => at),
    sequence,
    partition: 0,
  });
}

function given(from: WindowOperator): unknown[] {
  return (from.take()?.toRows() ?? []).map((row) => {
    const { k0, n, windowStart, paneTiming, paneIndex, paneRevision, rowKind } = row;
    const pane = paneTiming === undefined ? [] : [paneTiming, paneIndex, paneRevision];
    return [k0, n, windowStart, ...pane, ...(rowKind === undefined ? [] : [rowKind])];
  });
}

const TUMBLING: WindowSpec = { kind: "aligned", extent: { size: 10, offset: 0 } };

Deno.test("early panes by the clock come after every of it with rows, at its multiples", () => {
  const clocked = operator({ window: TUMBLING, trigger: { every: 100, clock: "processing" } });
  assertEquals(clocked.nextTick(), Infinity);
  put(clocked, 0, [[1, "b"], [2, "a"]]);
  assertEquals(clocked.nextTick(), -Infinity);
  clocked.tick(250);
  assertEquals(clocked.nextTick(), 300);
  assertEquals(given(clocked), []);
  clocked.tick(301);
  assertEquals(given(clocked), [["a", 1, 0, "early", 0, 0], ["b", 1, 0, "early", 0, 0]]);
  assertEquals(clocked.nextTick(), Infinity);
  put(clocked, 1, [[3, "a"]]);
  assertEquals(clocked.nextTick(), 400);
  clocked.tick(400);
  assertEquals(given(clocked), [["a", 2, 0, "early", 1, 1]]);
  put(clocked, 2, [[4, "b"]]);
  clocked.advance(10);
  assertEquals(given(clocked), [["a", 2, 0, "onTime", 2, 2], ["b", 2, 0, "onTime", 1, 1]]);
  assertEquals(clocked.nextTick(), Infinity);
});

Deno.test("rows that wait for the clock wait for it again after a restore", () => {
  const spec = { window: TUMBLING, trigger: { every: 100, clock: "processing" } } as const;
  const before = operator(spec);
  before.tick(10);
  put(before, 0, [[1, "a"]]);
  const after = operator(spec);
  after.restore(before.snapshot());
  assertEquals(after.nextTick(), -Infinity);
  after.tick(130);
  after.tick(200);
  assertEquals(given(after), [["a", 1, 0, "early", 0, 0]]);
});

Deno.test("a result that is taken back is given as it was, with what comes in its place behind it", () => {
  const trigger: TriggerSpec = { everyRows: 1, panes: "retracting" };
  const session = operator({ window: { kind: "session", gap: 5 }, trigger, revisedFor: 100 });
  put(session, 0, [[0, "a"], [9, "a"]]);
  assertEquals(given(session), [["a", 1, 0, "early", 0, 0, "insert"], [
    "a",
    1,
    9,
    "early",
    0,
    0,
    "insert",
  ]]);
  session.advance(20);
  assertEquals(given(session), [
    ["a", 1, 0, "early", 0, 0, "updateBefore"],
    ["a", 1, 0, "onTime", 1, 1, "updateAfter"],
    ["a", 1, 9, "early", 0, 0, "updateBefore"],
    ["a", 1, 9, "onTime", 1, 1, "updateAfter"],
  ]);
  put(session, 1, [[4, "a", 20]]);
  assertEquals(given(session), [
    ["a", 1, 0, "onTime", 1, 1, "delete"],
    ["a", 1, 9, "onTime", 1, 1, "delete"],
    ["a", 3, 0, "late", 2, 2, "insert"],
  ]);
});

Deno.test("a window is kept as long as it is revised, and no longer", () => {
  const revised = operator({ window: TUMBLING, revisedFor: 5 });
  put(revised, 0, [[1, "a"], [12, "a", 10], [2, "a", 14], [3, "a", 15]]);
  assertEquals(given(revised), [["a", 1, 0, "onTime", 0, 0], ["a", 2, 0, "late", 1, 1]]);
  assertEquals(revised.stats().windows, 1);
});

Deno.test("discarding gives no pane without rows at the end, but where that is asked for", () => {
  const trigger: TriggerSpec = { everyRows: 2, panes: "discarding" };
  const rows: [number, string][] = [[1, "a"], [2, "a"]];
  for (const emptyOnTime of [false, true]) {
    const discarding = operator({ window: TUMBLING, trigger, semantics: { emptyOnTime } });
    put(discarding, 0, rows);
    discarding.advance(10);
    const empty = emptyOnTime ? [["a", 0, 0, "onTime", 1, 0]] : [];
    assertEquals(given(discarding), [["a", 2, 0, "early", 0, 0], ...empty]);
  }
});

Deno.test("more open windows than allowed are an error that says what to do", () => {
  const few = operator({ window: TUMBLING, maxOpen: 2 });
  put(few, 0, [[1, "a"], [2, "a"], [11, "a"]]);
  assertThrows(
    () => put(few, 1, [[12, "b"]]),
    RangeError,
    "Cannot open another window: at most 2 pairs of a window, or slice, and a key may be open in a bee",
  );
});

const WINDOWS: readonly WindowSpec[] = [
  TUMBLING,
  { kind: "aligned", extent: { size: 10, slide: 3, offset: 0 } },
  { kind: "session", gap: 4 },
  { kind: "count", size: 5, slide: 2, partial: false },
  { kind: "trailing", duration: 7 },
  { kind: "global" },
];

Deno.test("a damaged snapshot is refused and changes nothing", () => {
  forSeeds(60, (random) => {
    const window = random.pick(WINDOWS);
    const filled = operator({ window });
    put(filled, 0, [[1, "a"], [2, "b"], [3, "é"]]);
    const snapshot = filled.snapshot();
    const damaged = snapshot.slice(
      0,
      random.chance(0.3) ? random.below(snapshot.length - 1) + 1 : undefined,
    );
    if (damaged.length === snapshot.length) {
      damaged[random.below(damaged.length)] ^= 1 + random.below(255);
    }
    const other = operator({ window });
    put(other, 0, [[5, "z"]]);
    assertThrows(() => other.restore(damaged), TypeError, "the snapshot is damaged");
    assertEquals(
      other.snapshot(),
      (() => {
        const same = operator({ window });
        put(same, 0, [[5, "z"]]);
        return same.snapshot();
      })(),
    );
  });
});

Deno.test("an empty snapshot is the state before the first row", () => {
  for (const window of WINDOWS) {
    const used = operator({ window });
    const empty = operator({ window }).snapshot();
    put(used, 0, [[1, "a", 50]]);
    used.restore(new Uint8Array());
    assertEquals(used.snapshot(), empty);
    assertEquals([used.take(), used.stats().windows], [undefined, 0]);
  }
});

Deno.test("a snapshot of other aggregates is refused", () => {
  const filled = operator({ window: TUMBLING });
  put(filled, 0, [[1, "a"]]);
  const functions = new Map([["n", FUNCTIONS.get("n")!]]);
  const spec: WindowOperatorSpec = { window: TUMBLING, time: "time", keys: ["k0"] };
  const other = createWindowOperator(spec, { schema: SCHEMA, functions });
  assertThrows(() => other.restore(filled.snapshot()), TypeError, "it holds 2 aggregates, not 1");
});

Deno.test("a state that is no data cannot be saved, and the error says so", () => {
  const holding = {
    ...FUNCTIONS.get("n")!,
    init: () => [() => 1],
    open: () => (state: unknown) => state,
  };
  const spec: WindowOperatorSpec = { window: TUMBLING, time: "time", keys: ["k0"] };
  const functions = new Map([["n", holding as AggregateFunction]]);
  const filled = createWindowOperator(spec, { schema: SCHEMA, functions });
  put(filled, 0, [[1, "a"]]);
  assertThrows(
    () => filled.snapshot(),
    TypeError,
    "Cannot save windows: the state of an aggregate must be data that structuredClone copies",
  );
});

const doubleSum: AggregateFunction<number> = {
  type: { kind: "f64" },
  nullable: false,
  init: () => 0,
  open: (_, { times }) => (sum, row) => sum + Math.sin(times[row]) * 10 ** (times[row] % 12),
  merge: (a, b) => a + b,
  result: (sum) => sum,
  save: (sum) => sum,
  load: (sum) => sum as number,
};

Deno.test("sums of doubles are the same to the bit after a restore, and for any batches", () => {
  const windows: readonly WindowSpec[] = [
    { kind: "aligned", extent: { size: 50, slide: 7, offset: 3 } },
    { kind: "aligned", extent: { size: 60, step: 5, offset: 0 } },
    { kind: "session", gap: 9 },
    { kind: "count", size: 20, slide: 3, partial: true },
    { kind: "trailing", duration: 40 },
  ];
  forSeeds(40, (random, seed) => {
    const window = random.pick(windows);
    let now = 0;
    const rows = Array.from({ length: 300 }, (): FedRow => {
      now += random.below(4);
      const time = now - random.below(12);
      return { time, keys: [random.pick(["a", "b"])], watermark: now - random.pick([0, 11]) - 11 };
    });
    let mark = -Infinity;
    const ordered = rows.map((row) => ({
      ...row,
      watermark: mark = Math.max(mark, row.watermark),
    }));
    const functions = new Map([["sum", doubleSum as AggregateFunction]]);
    const results = [true, false].map((restores) => {
      const feeding = { rows: ordered, keyTypes: [{ kind: "utf8" }] as const, functions, restores };
      const fed = feed({ window, time: "time", keys: ["k0"] }, {
        ...feeding,
        random: new Random(seed + Number(restores)),
      });
      return fed.results.map(({ at, row }) => [at, row.windowEnd, row.k0, row.sum]);
    });
    assertEquals(results[0], results[1]);
    assert(results[0].length > 0);
  });
});

Deno.test("memory for keys is bounded by what is open, however many keys there were", () => {
  const changing = operator({ window: TUMBLING });
  const bytes: number[] = [];
  for (let round = 0; round < 400; round++) {
    const rows = Array.from({ length: 50 }, (_, at): [number, string, number] => {
      return [10 * round, `key ${round} ${at}`, 10 * round];
    });
    put(changing, round, rows);
    changing.take();
    bytes.push(changing.stats().bytes);
  }
  assertEquals(Math.max(...bytes.slice(200)), Math.max(...bytes.slice(50, 200)));
  assertEquals(changing.stats().windows, 50);
});

const KEYS: readonly { readonly type: DataType; readonly values: readonly unknown[] }[] = [
  { type: { kind: "utf8" }, values: ["a", "ab", "", "é", "\u{1f41d}", "￿", "long ".repeat(9)] },
  { type: { kind: "dict" }, values: ["a", "b", "c", ""] },
  {
    type: { kind: "bytes" },
    values: [new Uint8Array(), new Uint8Array([0]), new Uint8Array([1, 0])],
  },
  { type: { kind: "i64" }, values: [0n, -1n, 2n ** 62n, 5n, -(2n ** 63n)] },
  { type: { kind: "i32" }, values: [0, -1, 70_000, 12, 16_383, 16_384] },
  { type: { kind: "f64" }, values: [-0, 0, NaN, -Infinity, 0.5] },
  { type: { kind: "bool" }, values: [true, false] },
  { type: { kind: "timestamp" }, values: [0, -1, 8.64e15] },
];

function nameOf(values: readonly unknown[]): string {
  return values.map((value) => {
    const text = value instanceof Uint8Array ? `0x${value.toHex()}` : String(value);
    return `${typeof value} ${text.length} ${text}`;
  }).join();
}

Deno.test("KeyIds gives equal keys one id as long as they are used, of all types together", () => {
  forSeeds(60, (random) => {
    const columns = Array.from({ length: random.below(3) + 1 }, () => random.pick(KEYS));
    const ids = new KeyIds(columns.map(({ type }) => type));
    const held = new Map<string, number>();
    for (let round = 0; round < 30; round++) {
      const rows = Array.from({ length: 200 }, (_, at) =>
        columns.map(({ type, values }) => {
          if (random.chance(0.1)) return null;
          // More keys than are kept idle, so that some are forgotten.
          return type.kind === "utf8" ? `${round} ${at}` : random.pick(values);
        }));
      const read = ids.read(
        columns.map(({ type }, at) => columnOf(type, rows.map((row) => row[at]))),
        rows.length,
      );
      rows.forEach((row, at) => {
        const name = nameOf(row.map((value) => value === 0 ? 0 : value));
        assertEquals(nameOf(ids.valuesOf(read[at]).map((value) => value === 0 ? 0 : value)), name);
        if (held.has(name)) assertEquals(held.get(name), read[at]);
        else if (random.chance(0.1)) {
          ids.retain(read[at]);
          held.set(name, read[at]);
        }
      });
      for (const [name, id] of held) {
        if (!random.chance(0.2)) continue;
        ids.release(id);
        held.delete(name);
      }
    }
    assert(ids.end < 6000, `${ids.end} ids for few keys that are used`);
  });
});

Deno.test("KeyIds ranks keys in use whatever was forgotten", () => {
  forSeeds(20, (random) => {
    const ids = new KeyIds([{ kind: "utf8" }]);
    for (let round = 0; round < 20; round++) {
      const keys = Array.from(
        { length: 300 },
        () => "x".repeat(random.below(9)) + random.below(999),
      );
      const read = ids.read([columnOf({ kind: "utf8" }, keys)], keys.length).slice();
      for (const id of read) if (random.chance(0.05)) ids.retain(id);
      const ranks = ids.ranks();
      const order = [...keys.keys()].sort((a, b) => ranks[read[a]] - ranks[read[b]]);
      assertEquals(order.map((at) => keys[at]), keys.toSorted());
    }
  });
});

Deno.test("KeyIds ranks keys column by column, text by its bytes, NaN and null last", () => {
  const ids = new KeyIds([{ kind: "utf8" }, { kind: "f64" }]);
  const rows = [["\u{1f41d}", 1], ["￿", 1], ["a", null], ["a", NaN], ["a", 2], [null, 0], ["", 9]];
  const columns = [
    columnOf({ kind: "utf8" }, rows.map(([text]) => text)),
    columnOf({ kind: "f64" }, rows.map(([, number]) => number)),
  ];
  const read = ids.read(columns, rows.length).slice(0, rows.length);
  const ranks = ids.ranks();
  const order = [...rows.keys()].sort((a, b) => ranks[read[a]] - ranks[read[b]]);
  assertEquals(order, [6, 4, 3, 2, 1, 0, 5]);
});

Deno.test("Timers gives what is due in the order of time, each time once", () => {
  forSeeds(60, (random) => {
    const timers = new Timers<number>();
    const naive: [number, number][] = [];
    for (let step = 0; step < 200; step++) {
      if (random.chance(0.6)) {
        const time = random.pick([random.below(40), Infinity, -3]);
        timers.add(time, step);
        naive.push([time, step]);
      } else {
        const next = Math.min(...naive.map(([time]) => time));
        assertEquals([timers.next, timers.isEmpty], [next, naive.length === 0]);
        assertEquals(timers.isDue(next), naive.length > 0);
        const due = naive.filter(([time]) => time === next).map(([, item]) => item);
        assertEquals(timers.take(next), due);
        naive.splice(0, naive.length, ...naive.filter(([time]) => time !== next));
      }
    }
  });
});

Deno.test("an early pane waits for its time once, however often rows make it due anew", () => {
  const { add } = Timers.prototype;
  let added = 0;
  Timers.prototype.add = function (time, due) {
    added++;
    add.call(this, time, due);
  };
  try {
    const window = { kind: "aligned", extent: { size: 100, offset: 0 } } as const;
    const early = operator({ window, trigger: { everyRows: 2, every: 10 } });
    put(early, 0, Array.from({ length: 999 }, (_, at) => [at % 2 * 10, "a"]));
    assert(added <= 4, `${added} times`);
    early.take();
    early.advance(10);
    assertEquals(given(early), [["a", 999, 0, "early", 499, 499]]);
    put(early, 1, [[5, "a", 10], [15, "a", 10], [15, "a", 10]]);
    early.take();
    early.advance(20);
    assertEquals(given(early), [["a", 1002, 0, "early", 501, 501]]);
  } finally {
    Timers.prototype.add = add;
  }
});

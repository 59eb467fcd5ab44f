import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  aggregateOf,
  aggregateRows,
  col,
  foldRows,
  RecordBatch,
  reduce,
  schema,
  StreamingError,
  types as t,
} from "../mod.ts";
import { loadAggregates } from "../src/hive/aggregate_spec.ts";
import type { AggregateFunction } from "../src/windows/aggregate_function.ts";
import type { Aggregates } from "../src/windows/aggregates.ts";
import { functionsOf } from "../src/windows/functions/functions_of.ts";

const SALES = schema({ at: t.timestamp, shop: t.dict, price: t.f64 });
const ROWS = [
  { at: 1, shop: "a", price: 2.5 },
  { at: 2, shop: "b", price: null },
  { at: 3, shop: null, price: 4 },
];
const BATCH = RecordBatch.fromRows(ROWS, { schema: SALES });
const exported = (name: string) => ({
  module: new URL("./support/aggregate_exports.ts", import.meta.url),
  export: name,
});

interface Sale {
  at: number;
  shop: string | null;
  price: number | null;
}

/** As a bee has them: specs that crossed as data, and functions loaded there. */
async function inBee(aggregates: Aggregates): Promise<AggregateFunction[]> {
  const crossed: Aggregates = structuredClone(aggregates);
  return [...functionsOf(crossed, SALES, await loadAggregates(crossed)).values()];
}

function stateOf(fn: AggregateFunction, batch: RecordBatch, state = fn.init()): unknown {
  const rows = Array.from({ length: batch.length }, (_, row) => row);
  const places = {
    times: Float64Array.from(rows),
    partition: 0,
    positions: Float64Array.from(rows),
  };
  const add = fn.open(batch, places);
  return rows.reduce((before, row) => add(before, row), state);
}

async function resultOf(aggregates: Aggregates, batch: RecordBatch = BATCH): Promise<unknown> {
  const [fn] = await inBee(aggregates);
  return fn.result(stateOf(fn, batch));
}

const total = {
  init: () => 0,
  add: (sum: number, price: number) => sum + price,
  merge: (a: number, b: number) => a + b,
  result: (sum: number) => sum,
};

Deno.test("aggregateOf() of a column gets its values in order, nulls left out", async () => {
  const listed = {
    init: (): number[] => [],
    add: (list: number[], price: number) => [...list, price],
    merge: (a: number[], b: number[]) => [...a, ...b],
    result: (list: number[]) => list,
  };
  assertEquals(await resultOf({ all: aggregateOf(listed, { of: "price" }) }), [2.5, 4]);
  assertEquals(await resultOf({ n: aggregateOf(total, { of: "price", type: t.f64 }) }), 6.5);
});

Deno.test("aggregateOf() without a column gets whole rows as plain objects", async () => {
  const rows = {
    init: () => ({ rows: [] as Sale[] }),
    add(state: { rows: Sale[] }, row: Sale) {
      state.rows.push(row);
      return state;
    },
    merge: (a: { rows: Sale[] }, b: { rows: Sale[] }) => ({ rows: [...a.rows, ...b.rows] }),
    result: ({ rows }: { rows: Sale[] }) => rows,
  };
  assertEquals(await resultOf({ rows: aggregateOf(rows) }), ROWS);
});

Deno.test("aggregateRows() gets a list of all rows in the order in which they came", async () => {
  const path = aggregateRows((rows: Sale[]) => rows.map(({ at }) => at).join(" > "));
  assertEquals(await resultOf({ path }), "1 > 2 > 3");
  const prices = aggregateRows((prices: number[]) => prices.length, { of: "price" });
  assertEquals(await resultOf({ prices }), 2);
});

Deno.test("aggregateRows() gets an empty list where no row counts", async () => {
  const [fn] = await inBee({ n: aggregateRows((rows: unknown[]) => rows.length) });
  assertEquals(fn.result(fn.init()), 0);
});

Deno.test("aggregateRows() fails when there are more rows than its limit, merged ones too", async () => {
  const count = aggregateRows((rows: unknown[]) => rows.length, { limit: 2 });
  const [fn] = await inBee({ count });
  const message = `Cannot compute "count": aggregateRows keeps at most 2 values`;
  assertThrows(() => stateOf(fn, BATCH), RangeError, message);
  const [a, b] = [stateOf(fn, BATCH.slice(0, 2)), stateOf(fn, BATCH.slice(2, 3))];
  assertThrows(() => fn.merge(a, b), RangeError, message);
});

Deno.test("foldRows() folds rows in order into a copy of the initial value", async () => {
  const initialValue = { dates: [] as number[] };
  const dates = foldRows((state: { dates: number[] }, { at }: Sale) => {
    state.dates.push(at);
    return state;
  }, { initialValue });
  initialValue.dates.push(99);
  assertEquals(await resultOf({ dates }), { dates: [1, 2, 3] });
  const [fn] = await inBee({ dates });
  const state = stateOf(fn, BATCH);
  // A pane may ask for a result while rows go on to come.
  assertEquals(fn.result(state), fn.result(state));
  assertEquals(fn.result(fn.init()), { dates: [] });
  const made = foldRows((sum: number, price: number) => sum + price, {
    of: "price",
    initialValue: () => 10,
  });
  assertEquals(await resultOf({ made }), 16.5);
});

Deno.test("foldRows() merges states in the order in which their rows came", async () => {
  const text = foldRows((text: string, { at }: Sale) => text + at, { initialValue: "" });
  const [fn] = await inBee({ text });
  const [a, b] = [fn.init(), fn.init()];
  const [to, from] = [1, 0].map((row) => stateOf(fn, BATCH.slice(row, row + 1)));
  assertEquals(fn.result(fn.merge(fn.merge(a, to), fn.merge(b, from))), "21");
  assertThrows(
    () => foldRows((n: number) => n, {} as never),
    TypeError,
    "initialValue is missing",
  );
  assertThrows(
    () => foldRows((n: unknown) => n, { initialValue: { now: () => 1 } }),
    TypeError,
    "initialValue must be plain data",
  );
});

Deno.test("reduce() folds rows in order, and gives null of none", async () => {
  const dearest = reduce((a: Sale, b: Sale) => (a.price ?? 0) < (b.price ?? 0) ? b : a);
  assertEquals(await resultOf({ dearest }), ROWS[2]);
  const [fn] = await inBee({ dearest });
  assertEquals(fn.result(fn.init()), null);
});

Deno.test("reduce() folds what came after a snapshot behind what was in it", async () => {
  const aggregates = { path: reduce((a: number, b: number) => 10 * a + b, { of: "at" }) };
  const [[before], [after]] = [await inBee(aggregates), await inBee(aggregates)];
  stateOf(before, BATCH);
  const loaded = after.load(structuredClone(before.save(stateOf(before, BATCH.slice(0, 2)))));
  const later = stateOf(after, BATCH.slice(2, 3));
  assertEquals(after.result(after.merge(later, loaded)), 123);
});

Deno.test("rows that a condition leaves out are not seen by functions", async () => {
  const none = aggregateRows((rows: unknown[]) => rows.length).where(col("price").gt(3));
  assertEquals(none.computed?.length, 1);
  const [{ name }] = none.computed!;
  const fields = [...SALES.fields, { name, type: t.bool }];
  const marked = ROWS.map((row) => ({ ...row, [name]: (row.price ?? 0) > 3 ? true : null }));
  const batch = RecordBatch.fromRows(marked, { schema: { fields } });
  const crossed: Aggregates = structuredClone({ none });
  const [fn] = functionsOf(crossed, batch.schema, await loadAggregates(crossed)).values();
  assertEquals(fn.result(stateOf(fn, batch)), 1);
  assertEquals(name.startsWith("\0"), true);
  const rows = aggregateRows((rows: Sale[]) => Object.keys(rows[0])).where(col("price").gt(3));
  const [keys] = functionsOf({ rows }, batch.schema, await loadAggregates({ rows })).values();
  assertEquals(keys.result(stateOf(keys, batch)), ["at", "shop", "price"]);
});

Deno.test("states of lists and folds merge in the order of their rows, whatever merges with what", async () => {
  const aggregates = {
    list: aggregateRows((rows: Sale[]) => rows.map(({ at }) => at)),
    fold: reduce((a: string, b: string) => `${a}${b}`, { of: col("at").cast("utf8") }),
  };
  const [{ name }] = aggregates.fold.computed!;
  const numbered = Array.from({ length: 9 }, (_, at) => ({ at, [name]: String(at) }));
  const columns = { fields: [{ name: "at", type: t.i32 }, { name, type: t.utf8 }] };
  const batch = RecordBatch.fromRows(numbered, { schema: columns });
  const fns = functionsOf(aggregates, columns, await loadAggregates(aggregates));
  const partsOf = (fn: AggregateFunction) =>
    [0, 3, 6].map((at) => stateOf(fn, batch.slice(at, at + 3)))
      .map((part) => fn.load(structuredClone(fn.save(part))));
  const list = fns.get("list")!;
  const [a, b, c] = partsOf(list);
  const merged = list.merge(list.merge(c, list.init()), list.merge(list.init(), a));
  assertEquals(list.result(list.merge(merged, b)), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
  const fold = fns.get("fold")!;
  const [x, y, z] = partsOf(fold);
  const later = fold.merge(fold.merge(fold.init(), z), y);
  assertEquals(fold.result(later), "345678");
  assertEquals(fold.result(fold.merge(later, x)), "012345678");
});

Deno.test("a merge that gives its second state back does not share it", async () => {
  const bag = {
    init: () => ({ n: 0 }),
    add(state: { n: number }) {
      state.n++;
      return state;
    },
    merge: (a: { n: number }, b: { n: number }) => a.n === 0 ? b : { n: a.n + b.n },
    result: ({ n }: { n: number }) => n,
  };
  const [fn] = await inBee({ bag: aggregateOf(bag) });
  const from = stateOf(fn, BATCH);
  const into = fn.merge(fn.init(), from);
  stateOf(fn, BATCH, into);
  assertEquals([fn.result(into), fn.result(from)], [6, 3]);
});

Deno.test("a result that was given stays what it was when its state goes on", async () => {
  const rows = {
    init: (): Sale[] => [],
    add(state: Sale[], row: Sale) {
      state.push(row);
      return state;
    },
    merge: (a: Sale[], b: Sale[]) => [...a, ...b],
    result: (state: Sale[]) => ({ state }),
  };
  const fns = await inBee({
    own: aggregateOf(rows),
    list: aggregateRows((rows: Sale[]) => ({ state: rows })),
  });
  for (const fn of fns) {
    const state = stateOf(fn, BATCH.slice(0, 1));
    const early = fn.result(state);
    stateOf(fn, BATCH.slice(1, 3), state);
    assertEquals(early, { state: ROWS.slice(0, 1) });
    assertEquals(fn.result(state), { state: ROWS });
  }
});

Deno.test("aggregateOf() takes states out again only where there is a retract()", async () => {
  const { init, add, merge, result } = total;
  const retract = (into: number, from: number) => into - from;
  const [able, unable] = await inBee({
    able: aggregateOf({ init, add, merge, result, retract }, { of: "price" }),
    unable: aggregateOf(total, { of: "price" }),
  });
  assertEquals(unable.retract, undefined);
  assertEquals(able.retract!(stateOf(able, BATCH), stateOf(able, BATCH.slice(0, 1))), 4);
});

Deno.test("context goes along, copied, as the last argument of each function", async () => {
  const context = { rate: 2 };
  const scaled = aggregateOf({
    init: ({ context }) => context.rate * 0,
    add: (sum: number, price: number, { context }) => sum + price * context.rate,
    merge: (a: number, b: number) => a + b,
    result: (sum: number, { context }) => `${sum} at ${context.rate}`,
  }, { of: "price", context });
  context.rate = 100;
  assertEquals(await resultOf({ scaled }), "13 at 2");
});

Deno.test("functions can be exports of a module, all of them in one", async () => {
  assertEquals(await resultOf({ total: aggregateOf(exported("total"), { of: "price" }) }), 6.5);
  assertEquals(await resultOf({ n: aggregateRows(exported("howMany")) }), 3);
  assertEquals(await resultOf({ last: reduce(exported("later"), { of: "at" }) }), 3);
});

Deno.test("a module whose export is not what is needed is refused where it is loaded", async () => {
  const load = (name: string) => loadAggregates({ x: aggregateOf(exported(name)) });
  await assertRejects(() => load("nope"), TypeError, "the module has no such export");
  await assertRejects(() => load("howMany"), TypeError, "init must be a function");
  await assertRejects(() => load("shared"), TypeError, "init() must give a new object each time");
});

Deno.test("an init() that gives the same object twice is refused at once", () => {
  const shared = { ...total, init: ({ context }: { context: object }) => context };
  const make = () => aggregateOf(shared as never, { context: {} });
  assertThrows(make, TypeError, "Cannot make aggregateOf(): init() must give a new object each");
});

Deno.test("a state that cannot be copied is refused at once, or when it has come to be one", async () => {
  const made = () => aggregateOf({ ...total, init: () => (() => 1) as unknown as number });
  assertThrows(made, TypeError, "init() must give what structuredClone() copies");
  const turned = {
    ...total,
    add: (_: unknown) => (() => 1) as unknown as number,
    merge: (_: number, b: number) => b,
  };
  const [fn] = await inBee({ odd: aggregateOf(turned) });
  const message = `Cannot keep the state of "odd": it must be what structuredClone() copies`;
  assertThrows(() => fn.save(stateOf(fn, BATCH)), TypeError, message);
  assertThrows(() => fn.merge(fn.init(), stateOf(fn, BATCH)), TypeError, message);
  const result = { ...total, result: () => ({ odd: () => 1 }) };
  const [other] = await inBee({ other: aggregateOf(result) });
  assertThrows(() => other.result(0), StreamingError, "result() of aggregateOf() failed");
});

Deno.test("aggregateOf() says which function is missing, or cannot cross", () => {
  const outside = 5;
  const make = (more: object) => () => aggregateOf({ ...total, ...more } as typeof total);
  assertThrows(make({ merge: undefined }), TypeError, "merge must be a function, received undef");
  assertThrows(make({ init: 0 }), TypeError, "init makes a new state each time: init: () => 0");
  assertThrows(make({ retract: 1 }), TypeError, "retract must be a function, received 1");
  assertThrows(make({ add: async () => await 1 }), TypeError, "add must not be async");
  assertThrows(make({ add: () => outside }), TypeError, `the variable "outside"`);
  assertThrows(make({ add: () => outside }), TypeError, "(…, { context }) => … context.outside …");
  assertThrows(() => aggregateOf(null as never), TypeError, "init must be a function");
  assertThrows(() => aggregateRows(5 as never), TypeError, "what it is given must be a function");
  assertThrows(
    () => reduce({} as never),
    TypeError,
    "what it is given must be a function, received an object",
  );
  const failing = {
    ...total,
    init() {
      throw new Error("no");
    },
  };
  assertThrows(() => aggregateOf(failing as never), TypeError, "init() fails: no");
});

Deno.test("options of aggregates of functions are checked", () => {
  const rows = (limit: number) => () => aggregateRows((rows: unknown[]) => rows.length, { limit });
  for (const limit of [0, -1, 1.5, NaN, Infinity]) {
    assertThrows(
      rows(limit),
      RangeError,
      `limit must be a whole number from 1, received ${limit}`,
    );
  }
  const odd = { off: "price" } as object;
  assertThrows(
    () => aggregateOf(total, odd),
    TypeError,
    `there is no option "off"; did you mean of`,
  );
  assertThrows(() => aggregateOf(total, { of: 5 as never }), TypeError, "received number");
});

Deno.test("a function that throws fails with a StreamingError that names the aggregate", async () => {
  const thrown = await assertRejects(
    () =>
      resultOf({
        worst: aggregateOf({
          ...total,
          add: (): number => {
            throw new RangeError("out of it");
          },
        }),
      }),
    StreamingError,
    `Cannot compute "worst": add() of aggregateOf() failed: out of it`,
  );
  assert(thrown.cause instanceof RangeError);
  await assertRejects(
    () => resultOf({ rows: aggregateRows(() => Promise.resolve(1)) }),
    StreamingError,
    `Cannot compute "rows": the function of aggregateRows() failed: it gave a promise`,
  );
});

Deno.test("aggregateOf() names the form of a module that it takes, where a function reaches out", () => {
  const factor = 3;
  const make = () =>
    aggregateOf({
      init: () => 0,
      add: (sum: number, { ms }: { ms: number }) => sum + ms * factor,
      merge: (a, b) => a + b,
      result: (sum) => sum,
    });
  const error = assertThrows(make, TypeError, 'the variable "factor" from outside');
  assert(error.message.includes("where an object with all functions is exported"), error.message);
});

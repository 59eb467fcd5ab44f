import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  type BadInput,
  BadInputError,
  col,
  count,
  from,
  inferSchema,
  IterableSource,
  type IterableSourceOptions,
  RecordBatch,
  schema,
  type SourceOptions,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { Random } from "./support/random.ts";

type Row = Record<string, unknown>;
type Item = Row | RecordBatch;

/** Asynchronous rows; before each a turn of the event loop passes where `pause` says so. */
async function* live(items: readonly Item[], pause: (at: number) => boolean = () => false) {
  for (const [at, item] of items.entries()) {
    if (pause(at)) await new Promise((resolve) => setTimeout(resolve));
    yield item;
  }
}

/** Rows that are followed by silence. */
async function* quiet(items: readonly Item[]) {
  yield* items;
  await new Promise(() => {});
}

function opening(options: Partial<SourceOptions> = {}): SourceOptions {
  const { signal } = new AbortController();
  return { runtime: denoRuntime, signal, badRecords: "fail", deadLetter: () => {}, ...options };
}

/** All that a source gives, whatever batches it comes in. */
async function read(
  rows: Iterable<Item> | AsyncIterable<Item>,
  { open, ...options }: IterableSourceOptions<Row> & { open?: Partial<SourceOptions> } = {},
) {
  const bad: number[] = [];
  const deadLetter = ({ position }: BadInput) => void bad.push(position);
  const source = new IterableSource<Row, Row>(rows, options);
  const all: RecordBatch[] = [];
  const opened = opening({ badRecords: "deadLetter", deadLetter, ...open });
  for await (const { batch } of source.open(opened)) if (batch) all.push(batch);
  return { all, bad, rows: all.flatMap((batch) => batch.toRows()), fields: all[0]?.schema.fields };
}

function kinds(fields: Awaited<ReturnType<typeof read>>["fields"]): string[] {
  return fields.map(({ name, type }) => `${name} ${type.kind}`);
}

function randomRow(random: Random): Row {
  const row: Row = {};
  for (const name of ["a", "b", "c"]) {
    if (random.chance(0.2)) continue;
    row[name] = random.pick([null, 1, 2, 0.5, 2 ** 40, "x", [1], { d: 1 }]);
  }
  return row;
}

Deno.test("IterableSource infers columns from rows alone, whenever they come", async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const random = new Random(seed);
    const rows = Array.from({ length: 1 + random.below(12) }, () => randomRow(random));
    const columns = random.chance(0.5) ? new Set(["a", "b"]) : undefined;
    const options = { open: columns ? { columns } : {} };
    const outcome = async (pause: (at: number) => boolean) => {
      const { fields, rows: got, bad } = await read(live(rows, pause), options);
      return { fields, rows: got, bad };
    };
    const expected = await outcome(() => false);
    assertEquals(await outcome(() => true), expected, `seed ${seed}`);
    assertEquals(await outcome(() => random.chance(0.5)), expected, `seed ${seed}`);
  }
});

Deno.test("IterableSource lets the first row of a quiet source go", async () => {
  const batches = new IterableSource(quiet([{ celsius: 20, note: null }])).open(opening());
  const { value } = await batches.next();
  assertEquals(value?.batch?.toRows(), [{ celsius: 20, note: null }]);
});

Deno.test("IterableSource looks further only for columns that are asked for and have been null", async () => {
  const rows = [{ a: null, b: null }, { a: null, b: 1, c: 1 }, { a: 1.5, b: 2 }];
  const open = opening({ columns: new Set(["a"]) });
  const { value } = await new IterableSource(quiet(rows)).open(open).next();
  assertEquals(kinds(value!.batch!.schema.fields), ["a f64", "b f64", "c f64"]);
  assertEquals(value!.batch!.length, 3);
  const nulls = Array.from({ length: 1024 }, () => ({ a: null }));
  const { fields } = await read(live([...nulls, { a: "x" }]), { open: { columns: open.columns } });
  assertEquals(kinds(fields), ["a mixed"]);
});

Deno.test("IterableSource takes the few whole numbers of an asynchronous iterable for f64", async () => {
  const whole = { a: 1, b: [1], c: { d: 2 ** 40 }, e: 1n, f: "x" };
  const fractions = { a: 0.5, b: [0.5], c: { d: 0.5 } };
  const { fields, rows } = await read(live([whole, fractions], () => true));
  assertEquals(
    fields,
    schema({
      a: t.f64,
      b: t.list(t.f64),
      c: t.struct({ d: t.f64 }),
      e: t.i64,
      f: t.utf8,
    }).fields,
  );
  assertEquals(rows, [whole, { ...fractions, e: null, f: null }]);
});

Deno.test("IterableSource infers columns from inferenceRows rows where it is told so", async () => {
  const rows = [{ a: 1 }, { b: 2 }, { c: 3 }];
  for (const items of [rows, live(rows, () => true)]) {
    const { fields, bad } = await read(items, { inferenceRows: 2 });
    assertEquals([kinds(fields), bad], [["a i32", "b i32"], [2]]);
  }
  const all = await read(live(rows, () => true), { inferenceRows: 1024 });
  assertEquals(all.fields, inferSchema(rows).fields);
});

Deno.test("IterableSource infers the columns of an iterable from its first 1,024 rows", async () => {
  const rows = Array.from({ length: 1025 }, (_, at) => at < 1023 ? { a: at } : { a: at, [at]: 1 });
  for (const options of [{}, { inferenceRows: undefined }]) {
    const { fields, bad } = await read(rows, options);
    assertEquals([kinds(fields), bad], [["a i32", "1023 i32"], [1024]]);
  }
});

Deno.test("IterableSource puts at most batchRows rows into a batch, the first ones too", async () => {
  const rows = Array.from({ length: 250 }, (_, a) => ({ a }));
  for (const items of [rows, live(rows)]) {
    const { all } = await read(items, { batchRows: 100 });
    assertEquals(all.map(({ length }) => length), [100, 100, 50]);
  }
});

Deno.test("IterableSource takes a batch among objects for the end of the first of them", async () => {
  const batch = RecordBatch.fromRows([{ a: 1.5 }]);
  const { rows, all } = await read(live([{ a: 1 }, batch, { a: 2 }], () => true));
  assertEquals(rows, [{ a: 1 }, { a: 1.5 }, { a: 2 }]);
  assertEquals(all.map(({ schema }) => kinds(schema.fields)), [["a f64"], ["a f64"], ["a f64"]]);
});

Deno.test("Keys that a pipeline does not ask for may come later; if it asks for all they are bad", async () => {
  const rows = [{ at: 1, a: 1 }, { at: 2, a: 2, note: "late" }];
  const windows = from(live(rows), { workers: 1 }).timestamps("at")
    .window(new TumblingWindow({ size: "1s" })).aggregate({ n: count(), a: sum("a") });
  for await (const { n, a } of windows) assertEquals([n, a], [2, 3]);
  const selected = from(live(rows), { workers: 1 }).select({ double: col<number>("a").mul(2) });
  const doubles: unknown[] = [];
  for await (const { double } of selected) doubles.push(double);
  assertEquals(doubles, [2, 4]);
  const message = await assertRejects(
    () => from(live(rows), { workers: 1 }).run(),
    BadInputError,
    'not "note"',
  );
  assertEquals(/columns are those of the first row,.*IterableSource/.test(message.message), true);
  const all = schema({ at: t.f64, a: t.f64, note: t.utf8 });
  const given = from(new IterableSource(live(rows), { schema: all }));
  const { absorbed } = await given.run();
  assertEquals(absorbed, 2);
  const known = { schema: schema({ at: t.f64, a: t.f64 }), open: { columns: new Set(["a"]) } };
  assertEquals((await read(live(rows), known)).bad, [1]);
  assertEquals((await read(live(rows), { ...known, extraKeys: "ignore" })).bad, []);
});

Deno.test("IterableSource refuses options that cannot be", () => {
  for (const inferenceRows of [0, 1.5, 1025, NaN]) {
    const make = () => new IterableSource([], { inferenceRows });
    assertThrows(make, RangeError, `from 1 to 1024, received ${inferenceRows}`);
  }
  assertThrows(() => new IterableSource([], { batchRows: 0 }), RangeError, "batchRows");
  const extraKeys = "drop" as "ignore";
  assertThrows(() => new IterableSource([], { extraKeys }), TypeError, 'received "drop"');
});

import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  BadInputError,
  col,
  count,
  from,
  IterableSource,
  type Pipeline,
  sum,
  TumblingWindow,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

interface Row {
  x: number | null;
  y: number | null;
  text: string;
}

/** A step as data: what a pipeline and the oracle are both told. */
type Step =
  | { readonly kind: "with"; readonly name: Name; readonly from: "x" | "y"; readonly by: number }
  | { readonly kind: "read"; readonly name: Name }
  | { readonly kind: "filter"; readonly from: "x" | "y" };
type Name = "x" | "y" | "z";

const name = fc.constantFrom<Name>("x", "y", "z");
const given = fc.constantFrom<"x" | "y">("x", "y");
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant("with" as const), name, from: given, by: fc.nat(3) }),
  fc.record({ kind: fc.constant("read" as const), name }),
  fc.record({ kind: fc.constant("filter" as const), from: given }),
);
const value = fc.option(fc.integer({ min: -20, max: 20 }), { freq: 6 });
const text = fc.oneof({ weight: 9, arbitrary: fc.nat(9).map(String) }, {
  weight: 1,
  arbitrary: fc.constant("none"),
});
const rows = fc.array(fc.record({ x: value, y: value, text }), { minLength: 1, maxLength: 80 });

function applied(pipeline: Pipeline<Row>, step: Step): Pipeline<Row> {
  if (step.kind === "filter") return pipeline.filter(col<number>(step.from).mod(2).eq(0));
  const value = step.kind === "with"
    ? col<number>(step.from).mul(step.by).add(1)
    : col("text").cast("f64");
  return pipeline.withColumn(step.name, value) as unknown as Pipeline<Row>;
}

/** What a step makes of a row; nothing where it leaves it out, `"bad"` where it has no value. */
function appliedTo(row: Row, step: Step): Row | "bad" | undefined {
  if (step.kind === "filter") {
    const value = row[step.from];
    return value !== null && value % 2 === 0 ? row : undefined;
  }
  if (step.kind === "read") {
    return row.text === "none" ? "bad" : { ...row, [step.name]: Number(row.text) };
  }
  const value = row[step.from];
  return { ...row, [step.name]: value === null ? null : value * step.by + 1 };
}

function oracle(rows: readonly Row[], steps: readonly Step[]) {
  let [filtered, skipped] = [0, 0];
  const left = rows.flatMap((row) => {
    for (const step of steps) {
      const next = appliedTo(row, step);
      if (next === undefined) filtered++;
      else if (next === "bad") skipped++;
      else {
        row = next;
        continue;
      }
      return [];
    }
    return [row];
  });
  return { left, filtered, skipped };
}

const table = { x: { kind: "f64" }, y: { kind: "f64" }, text: { kind: "utf8" } } as const;
const fields = Object.entries(table).map(([name, type]) => ({ name, type }));

Deno.test("withColumn() adds and replaces columns as a loop over objects does", async () => {
  const property = fc.asyncProperty(
    rows,
    fc.array(step, { maxLength: 5 }),
    fc.integer({ min: 1, max: 3 }),
    fc.constantFrom(1, 7, 100),
    async (rows, steps, workers, batchRows) => {
      const runtime = new SimulatedRuntime({ seed: 1 });
      const source = new IterableSource<Row, Row>(rows, { schema: { fields } as never });
      let pipeline = from(source, { workers, batchRows, runtime, badRecords: "skip" });
      for (const step of steps) pipeline = applied(pipeline, step);
      const got = await runtime.drive(() => Array.fromAsync(pipeline));
      const expected = oracle(rows, steps);
      assertEquals(got, expected.left);
      const { filtered, skipped, absorbed, unaccounted } = pipeline.metrics();
      assertEquals({ filtered, skipped, absorbed, unaccounted }, {
        filtered: expected.filtered,
        skipped: expected.skipped,
        absorbed: expected.left.length,
        unaccounted: 0,
      });
    },
  );
  await fc.assert(property, { numRuns: 100 });
});

Deno.test("A column that is replaced keeps its place, a new one comes last", async () => {
  const pipeline = from([{ a: 1, b: 2, c: "x" }], { workers: 1 })
    .withColumn("d", col<number>("a").add(col("b")))
    .withColumn("b", "two");
  for await (const batch of pipeline.batches()) {
    assertEquals(batch.names, ["a", "b", "c", "d"]);
    assertEquals(batch.toRows() as unknown[], [{ a: 1, b: "two", c: "x", d: 3 }]);
  }
});

Deno.test("A computed column can be keyed by and aggregated, and is not asked of the source", async () => {
  const asked: (ReadonlySet<string> | undefined)[] = [];
  const rows = [{ at: 0, v: 1, w: 9 }, { at: 1, v: 2, w: 9 }, { at: 2, v: 3, w: 9 }];
  const inner = new IterableSource(rows);
  const source: typeof inner = Object.assign(Object.create(inner), {
    open: (options: Parameters<typeof inner.open>[0]) => {
      asked.push(options.columns);
      return inner.open(options);
    },
  });
  const pipeline = from(source, { workers: 2 }).timestamps("at")
    .withColumn("odd", col<number>("v").mod(2).eq(1))
    .withColumn("w", col<number>("v").mul(10))
    .keyBy("odd").window(new TumblingWindow({ size: "1s" }))
    .aggregate({ n: count(), total: sum("w") });
  const got = await Array.fromAsync(pipeline);
  assertEquals(got.map(({ odd, n, total }) => ({ odd, n, total })), [
    { odd: false, n: 1, total: 20 },
    { odd: true, n: 2, total: 40 },
  ]);
  assertEquals(asked.map((names) => names && [...names].toSorted()), [["at", "v"]]);
});

Deno.test("Event time stays what it was when its column is replaced", async () => {
  const pipeline = from([{ at: 0 }, { at: 61_000 }], { workers: 1 }).timestamps("at")
    .withColumn("at", col<number>("at").cast("utf8"))
    .window(new TumblingWindow({ size: "1m" })).aggregate({ n: count() });
  const got = await Array.fromAsync(pipeline);
  assertEquals(got.map(({ windowStart, n }) => [windowStart, n]), [[0, 1], [60_000, 1]]);
});

Deno.test("withColumn() refuses what is no name, no value, or no column", async () => {
  const pipeline = from([{ a: 1 }], { workers: 1 });
  assertThrows(
    () => pipeline.withColumn(7 as unknown as string, 1),
    TypeError,
    "Cannot add a column: it is named by a string, received 7",
  );
  assertThrows(() => pipeline.withColumn("b", {} as never), TypeError, "Cannot make expression");
  await assertRejects(
    () => Array.fromAsync(pipeline.withColumn("b", col("nope"))),
    TypeError,
    '"nope"',
  );
  await assertRejects(
    () => Array.fromAsync(from([{ a: "x" }], { workers: 1 }).withColumn("b", col("a").cast("i32"))),
    BadInputError,
  );
});

import { assert, assertEquals } from "@std/assert";
import {
  col,
  compile,
  concat,
  type Expr,
  lit,
  now,
  RecordBatch,
  type Schema,
  schema,
  struct,
  types as t,
  when,
} from "@waggle/stream";
import { BatchRows } from "../src/batch/expressions/batch_rows.ts";
import {
  type Placement,
  placesOfCondition,
  placesOfValue,
} from "../src/batch/expressions/placement.ts";
import { forSeeds, Random } from "./support/random.ts";
import {
  everyOperator,
  ExpressionSource,
  FIELDS,
  randomRows,
} from "./support/random_expression.ts";
import { replaced } from "./support/replaced.ts";

const RUNS = 500;
const RANDOM_SCHEMA: Schema = { fields: FIELDS };
const COLUMNS = schema({
  x: t.f64,
  price: t.decimal(10, 2),
  text: t.utf8,
  tag: t.dict,
  list: t.list(t.i32),
});

function placesOf(expression: Expr): string[] {
  return placesOfValue(expression.node, COLUMNS).map(({ text, place }) => `${text}: ${place}`);
}

/** Whether JavaScript reads rows of the batch, other than single ones that the kernel hands it. */
function readsRows(expression: Expr, batch: RecordBatch): boolean {
  let reads = false;
  const original = BatchRows.prototype.all;
  using _counting = replaced(BatchRows.prototype, "all", function (this: BatchRows, column) {
    const read = original.call(this, column);
    return (row) => {
      reads = true;
      return read(row);
    };
  });
  using plan = compile(expression, { schema: RANDOM_SCHEMA });
  plan.evaluate(batch, { onError: () => {} });
  return reads;
}

function checks(expression: Expr): boolean {
  try {
    using _plan = compile(expression, { schema: RANDOM_SCHEMA });
    return true;
  } catch {
    return false;
  }
}

Deno.test("JavaScript reads a column's rows exactly where the places say so, of every operator", () => {
  const rows = randomRows(20, new Random(1), [0]);
  const batch = RecordBatch.fromRows(rows, { schema: RANDOM_SCHEMA as never });
  let [inKernel, inJavaScript] = [0, 0];
  for (const expression of everyOperator()) {
    // One that asks for the time, which is not given, fails before it reads anything.
    if (!checks(expression) || JSON.stringify(expression.node).includes('"now"')) continue;
    const places = placesOfValue(expression.node, RANDOM_SCHEMA);
    const says = places.some(({ place, text }) => place === "JavaScript" && text.includes("col("));
    assertEquals(readsRows(expression, batch), says, JSON.stringify(places));
    if (says) inJavaScript++;
    else inKernel++;
  }
  assert(inKernel > 100 && inJavaScript > 20, `${inKernel} in the kernel, ${inJavaScript} not`);
});

Deno.test("What is said to run in the kernel alone reads no rows, whatever the expression", () => {
  forSeeds(RUNS, (random) => {
    const expression = new ExpressionSource(random).any(3);
    const rows = randomRows(8, random);
    const batch = RecordBatch.fromRows(rows, { schema: RANDOM_SCHEMA as never });
    const places = placesOfValue(expression.node, RANDOM_SCHEMA);
    if (places.some(({ place }) => place === "JavaScript")) return;
    assert(!readsRows(expression, batch), JSON.stringify(places));
  });
});

Deno.test("An expression's parts are told by where they are computed", () => {
  const x = col<number>("x");
  assertEquals(placesOf(x.add(1)), ['col("x").add(1): kernel']);
  assertEquals(placesOf(x), ['col("x"): handed on']);
  assertEquals(placesOf(col("price").cast("f64").add(x)), [
    'col("price").cast("f64").add(col("x")): kernel',
    'col("price").cast("f64"): JavaScript',
  ]);
  assertEquals(placesOf(col("tag").lower().eq("a")), ['col("tag").lower().eq("a"): dictionary']);
  assertEquals(placesOf(col("tag").length().add(x)), [
    'col("tag").length().add(col("x")): kernel',
    'col("tag").length(): dictionary',
  ]);
  assertEquals(placesOf(concat(col("text"), "!")), ['concat(col("text"), "!"): kernel']);
  assertEquals(placesOf(when(x.gt(1)).then(1).otherwise(0))[0].endsWith("kernel"), true);
});

Deno.test("Parts of structs are told by name, also within each other", () => {
  const node = struct({ a: col("x"), b: struct({ c: col<number>("x").mul(2) }) }).node;
  const told: Partial<Placement>[] = placesOfValue(node, COLUMNS);
  assertEquals(told, [
    { name: "a", text: 'col("x")', place: "handed on" },
    { name: "b.c", text: 'col("x").mul(2)', place: "kernel" },
  ]);
});

Deno.test("What JavaScript computes is told with the reason", () => {
  const why = (expression: Expr) => placesOfValue(expression.node, COLUMNS)[0].why;
  assertEquals(why(col("price").gt(3)), "the kernel has no values of decimal");
  assertEquals(why(col("text").cast("date")), "the kernel has no loop for cast of utf8");
  assert(why(now())!.startsWith("it asks for now()"));
  assertEquals(placesOfCondition(lit(null).node, COLUMNS)[0].place, "JavaScript");
});

Deno.test("Of a condition the whole comes first, then what is computed for it", () => {
  const condition = col("x").gt(0).and(col("price").gt(3));
  const places = placesOfCondition(condition.node, COLUMNS);
  assertEquals(places.map(({ place }) => place), ["kernel", "JavaScript"]);
  assertEquals(places[1].text, 'col("price").gt(3)');
});

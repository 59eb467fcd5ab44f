import { assertEquals } from "@std/assert";
import {
  coalesce,
  col,
  columns,
  concat,
  evaluateRow,
  type Expr,
  type ExprValue,
  lit,
  now,
  schema,
  struct,
  types as t,
  when,
} from "@waggle/stream";

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true
  : false;

/** Compiles only where the expression's values are exactly of the type. */
function typed<T>() {
  return <E extends Expr>(expression: E, _same: Same<ExprValue<E>, T>): Expr => expression;
}

const readings = schema({
  sensor: t.required(t.dict),
  temperature: t.f64,
  count: t.required(t.i64),
  at: t.required(t.timestamp),
});

Deno.test("the type checker knows what an expression's values are", () => {
  const { sensor, temperature, count, at } = columns(readings);
  const known: Expr[] = [
    typed<string>()(sensor, true),
    typed<number | null>()(temperature.mul(1.8).add(32), true),
    typed<bigint>()(count.add(1n), true),
    typed<bigint | number>()(count.add(1), true),
    typed<number>()(count.div(2n), true),
    typed<boolean | null>()(temperature.gt(30), true),
    typed<boolean>()(sensor.eq("a"), true),
    typed<boolean>()(temperature.isNull(), true),
    typed<number>()(coalesce(temperature, 0), true),
    typed<number | null>()(coalesce(temperature, null), true),
    typed<number>()(at.truncate("hour").extract("year"), true),
    typed<string | null>()(concat(sensor, col<string | null>("place")), true),
    typed<"HIGH" | "LOW">()(when(true).then("HIGH" as const).otherwise("LOW" as const), false),
    typed<string>()(when(true).then("HIGH").otherwise("LOW"), true),
    typed<number | null>()(when(true).then(1), true),
    typed<bigint | null>()(temperature.cast("i64"), true),
    typed<string | null>()(temperature.tryCast(t.utf8), true),
    typed<{ a: string; b: number }>()(struct({ a: sensor, b: now() }), true),
    typed<number>()(struct({ a: lit(1) }).field("a").add(1), true),
    typed<number | bigint | null>()(col("anything").add(1), true),
  ];
  assertEquals(known.length, 20);
});

Deno.test("the type checker refuses columns that a schema does not have", () => {
  const found = columns(readings);
  // @ts-expect-error: there is no such column
  assertEquals(found.humidity, undefined);
  const row: { f: number } = evaluateRow(struct({ f: col<number>("c").mul(2) }), { c: 2 });
  assertEquals(row.f, 4);
});

import { assertEquals, assertThrows } from "@std/assert";
import {
  coalesce,
  col,
  type Column,
  compile,
  concat,
  evaluateRow,
  type Expr,
  expressionFromJson,
  isExpression,
  lit,
  now,
  type Operand,
  readColumn,
  RecordBatch,
  rowFunction,
  schema,
  struct,
  typeOf,
  types as t,
  when,
} from "@waggle/stream";

const I64_MAX = 2n ** 63n - 1n;

function valuesOf(column: Column): unknown[] {
  return readColumn(column, { start: 0, end: column.length });
}

function value(expression: Expr, row: object = {}): unknown {
  return evaluateRow(expression, row, { now: 1_700_000_000_000 });
}

/** The sensor function of the documentation, as a user writes it without expressions. */
function processSensorData(record: { sensor_id: string; temperature: number }, now: number) {
  const tempF = record.temperature * (9 / 5) + 32;
  return {
    sensor_id: record.sensor_id,
    temp_c: record.temperature,
    temp_f: tempF,
    alert: tempF > 100 ? "HIGH" : tempF < 32 ? "LOW" : "NORMAL",
    timestamp: now,
  };
}

function sensorExpression() {
  const tempF = col<number>("temperature").mul(9 / 5).add(32);
  return struct({
    sensor_id: col<string>("sensor_id"),
    temp_c: col<number>("temperature"),
    temp_f: tempF,
    alert: when(tempF.gt(100)).then("HIGH").when(tempF.lt(32)).then("LOW").otherwise("NORMAL"),
    timestamp: now(),
  });
}

Deno.test("the sensor function as one expression gives the function's results", () => {
  const rows = Array.from({ length: 500 }, (_, i) => ({
    sensor_id: `sensor_${i % 3}`,
    temperature: i % 7 === 0 ? Math.round(i / 4) - 20 : Math.sin(i) * 60,
  }));
  const expected = rows.map((row) => processSensorData(row, 1234));
  const perRow = rowFunction(sensorExpression());
  assertEquals(rows.map((row) => perRow(row, { now: 1234 })), expected);
  const batch = RecordBatch.fromRows(rows);
  using plan = compile(sensorExpression(), { schema: batch.schema });
  assertEquals(plan.project(batch, { now: 1234 }).toRows(), expected);
});

Deno.test("comparisons and logic follow SQL's three values", () => {
  const truth: [Expr, unknown][] = [
    [lit(null).and(false), false],
    [lit(null).and(true), null],
    [lit(false).and(null), false],
    [lit(null).or(true), true],
    [lit(null).or(false), null],
    [lit(null).not(), null],
    [lit(null).eq(null), null],
    [lit(null).isNull(), true],
    [lit(1).isNotNull(), true],
    [lit(1).in([1, null]), true],
    [lit(1).in([2, null]), null],
    [lit(1).in([2, 3]), false],
    [lit(null).in([1]), null],
    [lit(1).in([]), false],
    [lit(5).between(1, 5), true],
    [lit(5).between(null, 4), false],
    [lit(5).between(null, 6), null],
    [when(null).then(1).otherwise(2), 2],
    [when(false).then(1), null],
    [coalesce(null, null, 3), 3],
    [coalesce(null), null],
  ];
  for (const [expression, expected] of truth) {
    assertEquals(value(expression), expected, String(expression));
  }
});

Deno.test("numbers calculate as in JavaScript, and two i64 exactly", () => {
  const sums: [Expr, unknown][] = [
    [lit(2_147_483_647).add(1), 2_147_483_648],
    [lit(7).div(2), 3.5],
    [lit(1).div(0), Infinity],
    [lit(-7).mod(3), -1],
    [lit(-1).mod(1), -0],
    [lit(5).mod(0), NaN],
    [lit(9_007_199_254_740_993n).add(1), 9_007_199_254_740_994n],
    [lit(7n).div(2n), 3.5],
    [lit(-7n).mod(3n), -1n],
    [lit(2n).mul(1.5), 3],
    [lit(-5).abs(), 5],
    [lit(0).neg(), -0],
    [lit(2.5).round(), 3],
    [lit(-2.5).round(), -3],
    [lit(-0.3).round(), -0],
    [lit(0.49999999999999994).round(), 0],
    [lit(1.005).round(2), 1],
    [lit(2.675).round(1), 2.7],
    [lit(1e300).round(3), 1e300],
    [lit(-1.5).floor(), -2],
    [lit(-1.5).ceil(), -1],
    [lit(NaN).isNaN(), true],
  ];
  for (const [expression, expected] of sums) {
    assertEquals(value(expression), expected, String(expression));
  }
  assertThrows(() => value(lit(I64_MAX).add(1)), RangeError, "9223372036854775807n and 1n");
  assertThrows(() => value(lit(1n).mod(0n)), RangeError, "cast one to f64");
  assertThrows(() => value(lit(-I64_MAX - 1n).neg()), RangeError, "cast to f64");
});

Deno.test("numbers of different types compare exactly, NaN with nothing, and -0 is 0", () => {
  const big = 9_007_199_254_740_993n;
  assertEquals(value(lit(big).eq(9_007_199_254_740_992)), false);
  assertEquals(value(lit(big).gt(9_007_199_254_740_992)), true);
  assertEquals(value(lit(big).in([9_007_199_254_740_992])), false);
  assertEquals(value(lit(9_007_199_254_740_992).in([big, big - 1n])), true);
  assertEquals(value(lit(I64_MAX).lt(2 ** 63)), true);
  assertEquals(value(lit(3n).eq(3.5)), false);
  for (const op of ["eq", "lt", "le", "gt", "ge"] as const) {
    assertEquals(value(lit(NaN)[op](NaN)), false);
    assertEquals(value(lit(1n)[op](NaN)), false);
  }
  assertEquals(value(lit(NaN).ne(NaN)), true);
  assertEquals(value(lit(NaN).in([NaN])), false);
  assertEquals(value(lit(-0).eq(0)), true);
  assertEquals(value(lit(-0).in([0])), true);
});

Deno.test("strings compare, count and match by code point", () => {
  const texts: [Expr, unknown][] = [
    [lit("\u{1f600}").gt("\uffff"), true],
    [lit("a").lt("ab"), true],
    [lit("").lt("a"), true],
    [lit("é").gt("z"), true],
    [lit("a\u{1f600}b").length(), 3],
    [lit("ÄÖ").lower(), "äö"],
    [lit("straße").upper(), "STRASSE"],
    [concat("a", "b", "c"), "abc"],
    [concat("a", null), null],
    [lit("sensor_1").startsWith("sensor"), true],
    [lit("sensor_1").endsWith("_1"), true],
    [lit("sensor_1").contains("or_"), true],
    [lit("sensor_1").contains(""), true],
    [lit("a\u{1f600}b").like("a_b"), true],
    [lit("abcabc").like("%c"), true],
    [lit("abcabc").like("a%b"), false],
    [lit("").like("%"), true],
    [lit("").like("_"), false],
    [lit("50%").like("50\\%"), true],
    [lit("500").like("50\\%"), false],
    [lit("5_").like("5!_", { escape: "!" }), true],
    [lit("a\\b").like("a\\b", { escape: "" }), true],
    [lit("line\nbreak").like("line%"), true],
  ];
  for (const [expression, expected] of texts) {
    assertEquals(value(expression), expected, String(expression));
  }
});

Deno.test("a hostile like pattern takes no more than text times pattern", () => {
  const text = "a".repeat(20_000);
  assertEquals(value(lit(text).like("%a%a%a%a%a%a%a%a%a%b")), false);
});

Deno.test("casts follow the table, and what does not convert is an error or null", () => {
  const casts: [Operand, Parameters<Expr["cast"]>[0], unknown][] = [
    [true, "i32", 1],
    [0, "bool", false],
    [-0.5, "bool", true],
    [3.99, "i32", 3],
    [-3.99, "i64", -3n],
    [0.1, "f32", Math.fround(0.1)],
    [1e300, "f32", Infinity],
    [2n ** 53n + 1n, "f64", 2 ** 53],
    [" 12.5\n", "f64", 12.5],
    ["1e3", "f64", 1000],
    [".5", "f64", 0.5],
    ["-Infinity", "f64", -Infinity],
    ["-0", "f64", -0],
    ["+7", "i32", 7],
    ["9223372036854775807", "i64", I64_MAX],
    ["TRUE", "bool", true],
    [-0, "utf8", "0"],
    [1e21, "utf8", "1e+21"],
    [12n, "utf8", "12"],
    ["2024-02-29", "timestamp", Date.UTC(2024, 1, 29)],
    ["2024-02-29T12:30:15.2509+02:00", "timestamp", Date.UTC(2024, 1, 29, 10, 30, 15, 250)],
    ["2024-02-29 12:30:15+02", "timestamp", Date.UTC(2024, 1, 29, 10, 30, 15)],
    [" 2024-02-29t12:30 z\n", "timestamp", Date.UTC(2024, 1, 29, 12, 30)],
    ["0050-01-01", "date", -701_265],
    ["23:59:59.999", "time", 86_399_999],
    [new Date(0), "utf8", "1970-01-01T00:00:00.000Z"],
    [new Date(-1), "date", -1],
    [new Date(-1), "time", 86_399_999],
    [-0.5, "timestamp", -1],
    [12.345, t.decimal(10, 2), "12.35"],
    ["-0.005", t.decimal(10, 2), "-0.01"],
    ["1.5e3", t.decimal(10, 0), "1500"],
  ];
  for (const [from, to, expected] of casts) {
    const cast: Expr = lit(from as null).cast(to);
    assertEquals(value(cast), expected, String(cast));
  }
});

Deno.test("a cast that fails names the expression and the value; tryCast gives null", () => {
  const failing: [Operand, Parameters<Expr["cast"]>[0]][] = [
    ["abc", "f64"],
    ["0x10", "f64"],
    ["", "f64"],
    ["1_000", "i32"],
    ["1.5", "i32"],
    ["2147483648", "i32"],
    ["9223372036854775808", "i64"],
    [2 ** 63, "i64"],
    [NaN, "i32"],
    [NaN, "bool"],
    [Infinity, "timestamp"],
    ["yes", "bool"],
    ["2023-02-29", "timestamp"],
    ["2024-01-01T25:00", "timestamp"],
    ["2024-01-01T12:00+05:", "timestamp"],
    ["+275760-09-13T00:00:01Z", "timestamp"],
    ["+300000-01-01", "date"],
    [86_400_000, "time"],
    [1e6, t.decimal(5, 0)],
    [NaN, t.decimal(5, 0)],
  ];
  for (const [from, to] of failing) {
    const subject: Expr = lit(from as null);
    assertThrows(() => value(subject.cast(to)), RangeError, "use tryCast() to get null");
    assertEquals(value(subject.tryCast(to)), null);
  }
});

Deno.test("times are truncated and taken apart in UTC, before 1970 as after", () => {
  const at = (text: string) => lit(new Date(text));
  const cases: [Expr, unknown][] = [
    [at("2024-05-01T12:34:56.789Z").truncate("hour"), Date.parse("2024-05-01T12:00:00Z")],
    [at("1969-12-31T23:59:59.999Z").truncate("second"), -1000],
    [at("1969-12-31T23:00:00Z").truncate("day"), -86_400_000],
    [at("2024-05-05T01:00Z").truncate("week"), Date.parse("2024-04-29")],
    [at("2024-05-05T01:00Z").truncate("quarter"), Date.parse("2024-04-01")],
    [at("-000001-05-05T01:00Z").truncate("year"), Date.parse("-000001-01-01")],
    [at("2024-05-05T01:00Z").extract("dayOfWeek"), 7],
    [at("2024-12-30T01:00Z").extract("week"), 1],
    [at("2024-12-30T01:00Z").extract("isoYear"), 2025],
    [at("2024-12-31T01:00Z").extract("dayOfYear"), 366],
    [at("2021-01-03T01:00Z").extract("week"), 53],
    [at("1969-12-31T23:59:59.999Z").extract("millisecond"), 999],
    [at("2024-05-05T13:00Z").extract("hour"), 13],
    [at("2024-05-05T13:00Z").cast("date").extract("month"), 5],
    [at("2024-05-05T13:00Z").sub(at("2024-05-05")), 13 * 3_600_000],
    [at("2024-05-05T13:00Z").add(1.7), Date.parse("2024-05-05T13:00:00.001Z")],
    [at("2024-05-05").cast("date").sub(1).cast("utf8"), "2024-05-04"],
  ];
  for (const [expression, expected] of cases) {
    assertEquals(value(expression), expected, String(expression));
  }
  assertThrows(() => value(lit(new Date(8.64e15)).add(1)), RangeError, "275760");
  assertThrows(() => value(lit(new Date(-8.64e15)).truncate("year")), RangeError, "calendar");
});

Deno.test("what is not chosen is not evaluated", () => {
  const failing = lit("x").cast("f64");
  assertEquals(value(when(true).then(1).otherwise(failing)), 1);
  assertEquals(value(coalesce(1.5, failing)), 1.5);
  assertEquals(value(lit(false).and(failing.gt(1))), false);
  assertEquals(value(lit(true).or(failing.gt(1))), true);
});

Deno.test("typeOf() names expression, types and the fix when an operator does not fit", () => {
  const columns = schema({ n: t.i32, name: t.utf8, at: t.timestamp, day: t.date, s: t.mixed });
  const faults: [Expr, string[]][] = [
    [col("nope"), [`col("nope")`, "no such column", `"n", "name", "at"`]],
    [col("name").add(1), ["utf8 and i32", `cast("f64")`, "concat()"]],
    [col("n").eq("a"), ["compare i32 with utf8", "cast()"]],
    [col("at").eq("2024-01-01"), ["timestamp", "Date"]],
    [col("n").and(true), ["true or false", "i32"]],
    [col("n").lower(), ["takes strings", `cast("utf8")`]],
    [when(col("n").gt(1)).then("a").otherwise(1), ["do not meet", "utf8, i32"]],
    [col("day").truncate("hour"), ["timestamp or time", "date"]],
    [col("s").add(1), ["mixed"]],
    [col("n").cast("bool").cast("date"), ["from bool to date"]],
    [struct({ a: col("n") }).field("b"), [`the fields are "a"`]],
  ];
  for (const [expression, parts] of faults) {
    for (const part of parts) {
      assertThrows(() => typeOf(expression, columns), TypeError, part, String(expression));
    }
  }
  assertEquals(typeOf(col("n").add(1), columns).kind, "f64");
  assertEquals(typeOf(col("n").add(1n), columns), { kind: "i64" });
  assertEquals(typeOf(when(true).then("a").otherwise("b"), columns).kind, "dict");
  assertEquals(typeOf(coalesce(col("name"), "b"), columns).kind, "utf8");
  assertEquals(typeOf(lit(null), columns).kind, "mixed");
});

Deno.test("an expression survives JSON and a structured clone", () => {
  const expressions: Expr[] = [
    sensorExpression(),
    lit(NaN),
    lit(-0),
    lit(-Infinity),
    lit(I64_MAX),
    lit(new Date(5)),
    lit("\ud800"),
    col("a").like("x!%%", { escape: "!" }),
    col("a").round(3),
    col("a").cast(t.decimal(9, 3)),
    col("a").in([1, "b", null]),
    col("a").field("b").truncate("week").extract("isoYear"),
    struct({ ["__proto__"]: 1 }),
  ];
  for (const expression of expressions) {
    const text = JSON.stringify(expression);
    assertEquals(JSON.stringify(expressionFromJson(JSON.parse(text))), text);
    assertEquals(
      String(expressionFromJson(structuredClone(expression.toJSON()))),
      String(expression),
    );
  }
});

Deno.test("expressionFromJson() refuses what is not an expression and names the place", () => {
  const bad: [unknown, string][] = [
    [null, "at $, a node is an object, received null"],
    [{ op: "constructor", args: [] }, `no operator "constructor"`],
    [{ op: "eval", args: [] }, `no operator "eval"`],
    [{ op: "add", args: [{ op: "now" }] }, "add does not take 1"],
    [{ op: "add", args: [{ op: "now" }, { op: "col" }] }, "at $[1], name must be a string"],
    [{ op: "when", args: Array(4).fill({ op: "now" }) }, "pairs of condition"],
    [{ op: "lit", value: {} }, "a constant is null"],
    [{ op: "lit", value: "12x", type: "i64" }, "no constant of the type"],
    [{ op: "lit", value: "99999999999999999999", type: "i64" }, "no constant of the type"],
    [{ op: "lit", value: 1e300, type: "timestamp" }, "no constant of the type"],
    [{ op: "struct", names: ["a"], args: [] }, "as many names as args"],
    [{ op: "struct", names: ["a", "a"], args: [{ op: "now" }, { op: "now" }] }, "two fields"],
    [{ op: "cast", args: [{ op: "now" }], type: { kind: "list" } }, "can be cast to"],
    [{ op: "round", args: [{ op: "now" }], digits: 99 }, "0 to 15 digits"],
    [{ op: "truncate", args: [{ op: "now" }], unit: "eon" }, "unit must be one of"],
    [Object.create({ op: "now" }), "no operator"],
  ];
  for (const [data, message] of bad) assertThrows(() => expressionFromJson(data), Error, message);
});

Deno.test("JSON a million levels deep, in a circle or too large gives a clean error", () => {
  const levels = 1_000_000;
  const deep = '{"op":"neg","args":['.repeat(levels) + '{"op":"now"}' + "]}".repeat(levels);
  assertThrows(() => expressionFromJson(JSON.parse(deep)), RangeError, "deeper than 256 levels");
  const circle: { op: string; args: unknown[] } = { op: "neg", args: [] };
  circle.args.push(circle);
  assertThrows(() => expressionFromJson(circle), RangeError, "deeper than 256 levels");
  const wide = { op: "and", args: Array(30_000).fill({ op: "lit", value: true }) };
  assertThrows(() => expressionFromJson(wide), RangeError, "more than 20000 nodes");
});

Deno.test("an expression that grows by sharing stops at a named limit", () => {
  let expression: Expr<number> = col<number>("a");
  assertThrows(
    () => {
      for (let i = 0; i < 64; i++) expression = expression.add(expression);
    },
    RangeError,
    "more than 20000 nodes",
  );
  let chain: Expr = col("a").eq(0);
  for (let i = 1; i < 2000; i++) chain = chain.or(col("a").eq(i));
  assertEquals(value(chain, { a: 1999 }), true);
});

Deno.test("in() of too many values is refused with what helps, which does", () => {
  const values = Array.from({ length: 30_000 }, (_, n) => 2 * n);
  const refused = "in() of 30000 values makes more than 20000 nodes; look for some of the values";
  assertThrows(() => col("id").in(values), RangeError, refused);
  const half = struct({ id: col("id"), found: col("id").in(values.slice(0, 15_000)) });
  const whole = col<boolean>("found").or(col("id").in(values.slice(15_000)));
  const found = [0, 1, 29_998, 30_000, 59_998, 60_000].map((id) =>
    value(whole, value(half, { id }) as Record<string, unknown>)
  );
  assertEquals(found, [true, false, true, true, true, false]);
});

Deno.test("builders refuse what is no constant, and say what to write instead", () => {
  assertThrows(() => col("a").add(undefined as unknown as null), TypeError, "write null");
  assertThrows(() => col("a").add({} as unknown as null), TypeError, "struct()");
  assertThrows(() => col("a").add((() => 1) as unknown as null), TypeError, "expressions are data");
  assertThrows(() => lit(2n ** 64n), RangeError, "64 bits");
  assertThrows(() => lit(new Date(NaN)), RangeError, "invalid Date");
  assertThrows(() => col("a").round(-1), RangeError, "0 to 15");
  assertThrows(() => col("a").like("a\\"), RangeError, "double it");
  assertThrows(() => col("a").cast("int" as "i32"), TypeError, `received "int"`);
  assertThrows(() => coalesce(), TypeError, "at least one");
  assertEquals(isExpression(col("a")), true);
  assertEquals(isExpression({ op: "now" }), false);
});

Deno.test("a field __proto__ is an own property in and out", () => {
  const made = value(struct({ ["__proto__"]: col("__proto__") }), JSON.parse('{"__proto__": 7}'));
  assertEquals(Object.getOwnPropertyDescriptor(made, "__proto__")?.value, 7);
  assertEquals(Object.getPrototypeOf(made), Object.prototype);
  assertEquals(value(col("toString"), {}), null);
});

Deno.test("over objects a missing field is null and nested fields are reached by field()", () => {
  const city = coalesce(col("address").field("city").upper(), "?");
  assertEquals(value(city, { address: { city: "Ulm" } }), "ULM");
  assertEquals(value(city, { address: { city: null } }), "?");
  assertEquals(value(city, { address: {} }), "?");
  assertEquals(value(city, {}), "?");
  assertEquals(value(col("at").extract("year"), { at: new Date(0) }), 1970);
  assertThrows(() => value(col("a").add(1), { a: [1] }), TypeError, "mixed");
  assertThrows(() => value(col("a"), { a: new Date(NaN) }), TypeError, "Invalid Date");
});

Deno.test("with a schema an object's fields must be of its types", () => {
  const fields = schema({ n: t.i32, f: t.f32, l: t.i64, at: t.timestamp, s: t.utf8 });
  const check = (row: object) =>
    evaluateRow(
      struct({ n: col("n"), f: col("f"), l: col("l"), at: col("at"), s: col("s") }),
      row,
      {
        schema: fields,
      },
    );
  assertEquals<unknown>(check({ n: 1, f: 0.1, l: 7, at: new Date(5) }), {
    n: 1,
    f: Math.fround(0.1),
    l: 7n,
    at: 5,
    s: null,
  });
  for (const wrong of [{ n: 1.5 }, { n: "1" }, { l: 0.5 }, { at: NaN }, { s: 1 }]) {
    assertThrows(() => check(wrong), TypeError, "must be");
  }
});

Deno.test("a plan reports the row that has no value, or hands it to onError", () => {
  const batch = RecordBatch.fromRows([{ a: "1" }, { a: "x" }, { a: "3" }, { a: null }]);
  const number = col("a").cast("f64");
  using plan = compile(number, { schema: batch.schema });
  assertThrows(() => plan.evaluate(batch), RangeError, "(row 1)");
  const rows: number[] = [];
  const column = plan.evaluate(batch, { onError: (row) => rows.push(row) });
  assertEquals(valuesOf(column), [1, null, 3, null]);
  assertEquals(rows, [1]);
  using large = compile(number.gt(2), { schema: batch.schema });
  assertEquals([...large.filter(batch, { onError: () => {} })], [2]);
  using rowsOf = compile(struct({ number }), { schema: batch.schema });
  const projected = rowsOf.project(batch, { onError: () => {} });
  assertEquals(projected.toRows(), [{ number: 1 }, { number: 3 }, { number: null }]);
});

Deno.test("a plan refuses other columns, and filters by conditions only", () => {
  const batch = RecordBatch.fromRows([{ a: 1 }]);
  using plan = compile(col("a").add(1), { schema: batch.schema });
  const other = RecordBatch.fromRows([{ a: "x" }]);
  assertThrows(() => plan.evaluate(other), TypeError, "compiled for the columns");
  assertThrows(() => plan.filter(batch), TypeError, "compare it");
  assertThrows(() => plan.project(batch), TypeError, "struct()");
  using unknown = compile(col("b").isNull(), { schema: batch.schema, unknownColumns: "null" });
  assertEquals(valuesOf(unknown.evaluate(batch)), [true]);
});

Deno.test("now() without a time is an error that says how to give one", () => {
  assertThrows(() => evaluateRow(now(), {}), RangeError, "pass { now }");
});

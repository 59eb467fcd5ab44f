import { assertEquals } from "@std/assert";
import { getOwn, isPlainObject, Misfit, rowError, setOwn, show } from "../src/batch/misfit.ts";

Deno.test("show() is short and tells types apart", () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  class Point {
    x = 1;
  }
  const cases: [unknown, string][] = [
    ["1", '"1" (string)'],
    [1, "1 (number)"],
    [-0, "-0 (number)"],
    [1n, "1n (bigint)"],
    [null, "null"],
    [undefined, "undefined (undefined)"],
    [new Point(), '{"x":1} (Point)'],
    [{ n: 1n }, '{"n":"1n"} (object)'],
    [[1, "a"], '[1,"a"] (array)'],
    [circle, "{…} (object)"],
    [new Date(NaN), "Invalid Date (Date)"],
    [Math.max, "max (function)"],
    [{ toJSON: () => undefined }, "{} (object)"],
  ];
  for (const [value, text] of cases) assertEquals(show(value), text);
  assertEquals(show("x".repeat(1000)).length, 70);
});

Deno.test("rowError() tells of misfits, and leaves other errors alone", () => {
  const other = new Error("other");
  assertEquals(rowError(other, 1), other);
  const misfit = new Misfit("f64", "x");
  misfit.path = ".a.b[3]";
  assertEquals(
    (rowError(misfit, 7) as Error).message,
    'Cannot build batch: row 7, column "a.b[3]": expected f64, received "x" (string); ' +
      "give the column another type in `schema` (`mixed` takes anything), or correct the row",
  );
});

Deno.test("setOwn() and getOwn() know __proto__ and inherited names for data", () => {
  const object = {};
  setOwn(object, "__proto__", { polluted: true });
  assertEquals(Object.getPrototypeOf(object), Object.prototype);
  assertEquals(getOwn(object, "__proto__"), { polluted: true });
  assertEquals(getOwn({}, "__proto__"), undefined);
  assertEquals(getOwn({}, "toString"), undefined);
  assertEquals(getOwn({ a: 1 }, "a"), 1);
});

Deno.test("isPlainObject() is about literals and what parsers make", () => {
  assertEquals([{}, Object.create(null), JSON.parse("{}")].every(isPlainObject), true);
  assertEquals(
    [[], null, new Date(), new Map(), "x", Object.create({})].some(isPlainObject),
    false,
  );
});

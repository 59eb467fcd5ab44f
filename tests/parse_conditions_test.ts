import { assertEquals, assertThrows } from "@std/assert";
import { col, type Conditions, rowFunction, schema, types as t } from "../mod.ts";
import { parseConditions } from "../src/generators/conditions/parse_conditions.ts";
import { forSeeds, type Random } from "./support/random.ts";

const FIELDS = schema({
  segment: t.utf8,
  age: t.i32,
  visits: t.i64,
  price: t.decimal(10, 2),
  weight: t.f64,
  share: t.f32,
  vip: t.bool,
  day: t.date,
  at: t.timestamp,
  hour: t.time,
});

/** Whether a row satisfies conditions: null as SQL has it. */
function holds(conditions: Conditions, row: Record<string, unknown>): unknown {
  return rowFunction(parseConditions(conditions, FIELDS), { schema: FIELDS })(row);
}

Deno.test("parseConditions() reads values, operators and null tests of columns of every type", () => {
  const at = Date.UTC(2026, 4, 1, 12);
  const row = {
    ...{ segment: "premium", age: 40, visits: 9n, price: "9.99", weight: 1.5, share: 0.1 },
    ...{ vip: true, day: 20_574, at, hour: 45_000_000 },
  };
  const cases: [Conditions, boolean | null][] = [
    [{ segment: "premium", age: [">", 39] }, true],
    [{ segment: "premium", age: [">", 40] }, false],
    [{ segment: ["!=", "premium"] }, false],
    [{ segment: ["like", "pre%"] }, true],
    [{ segment: ["not like", "_remium"] }, false],
    [{ segment: ["in", ["a", "premium"]] }, true],
    [{ segment: ["not in", ["a", "premium"]] }, false],
    [{ segment: ["<", "q"] }, true],
    [{ age: ["between", 40, 41], visits: ["<=", 9] }, true],
    [{ age: ["not between", 40, 41] }, false],
    [{ visits: ["in", [1, 9n]] }, true],
    [{ price: 9.99 }, true],
    [{ price: ["<", "9.991"] }, true],
    [{ price: ["in", ["9.99", 3]] }, true],
    [{ share: 0.1, weight: ["<", 2], vip: true }, true],
    [{ day: "2026-05-01" }, true],
    [{ day: [">", new Date(at)] }, false],
    [{ at: [">=", "2026-05-01"] }, true],
    [{ at: new Date(at), hour: ["<", "12:31"] }, true],
    [{ segment: null }, false],
    [{ segment: ["is not null"], age: ["is not null"] }, true],
    [{ segment: ["in", [null, "x"]] }, false],
    [{}, true],
    [{ age: { anyOf: [1, ["between", 39, 41]] } }, true],
    [{ age: { not: { allOf: [[">", 1], ["<", 100]] } } }, false],
    [{ anyOf: [{ age: 1 }, { segment: "premium", not: { vip: false } }] }, true],
    [{ allOf: [{ age: 40 }, col("weight").gt(col("age"))] }, false],
    [{ not: col("age").gt(3) }, false],
    [col("age").mod(2).eq(0), true],
    ['{"segment": "premium", "age": ["between", 1, 50]}', true],
    [JSON.stringify(col("age").ge(18)), true],
    [JSON.stringify({ anyOf: [{ age: 3 }, col("age").ge(18)] }), true],
  ];
  for (const [conditions, expected] of cases) {
    assertEquals(holds(conditions, row), expected, Deno.inspect(conditions));
  }
});

Deno.test("parseConditions() takes null as SQL does, but in lists and for itself as a value", () => {
  const row = Object.fromEntries(FIELDS.fields.map(({ name }) => [name, null]));
  const cases: [Conditions, boolean | null][] = [
    [{ age: 3 }, null],
    [{ age: ["!=", 3] }, null],
    [{ not: { age: 3 } }, null],
    [{ age: ["not in", [3]] }, null],
    [{ age: null }, true],
    [{ age: ["in", [3, null]] }, true],
    [{ age: ["not in", [3, null]] }, false],
    [{ anyOf: [{ age: 3 }, { segment: ["is null"] }] }, true],
    [{ segment: ["not like", "a%"] }, null],
  ];
  for (const [conditions, expected] of cases) {
    assertEquals(holds(conditions, row), expected, Deno.inspect(conditions));
  }
  assertEquals(holds({ age: ["not in", [3, null]] }, { ...row, age: 4 }), true);
});

Deno.test("parseConditions() refuses what it cannot read, naming the column", () => {
  const refused: [unknown, string][] = [
    [{ segmnt: "a" }, 'there is no column "segmnt"; did you mean "segment"?'],
    [{ zzzzzz: "a" }, 'compile conditions of column "zzzzzz": there is none of that name'],
    [col("ages").gt(3), 'did you mean "age"?'],
    [{ age: "old" }, 'column "age" is i32 and is compared with a number, received "old"'],
    [{ age: ["like", "4%"] }, 'column "age" is i32, and "like" is for texts'],
    [{ segment: [">", 3] }, 'column "segment" is utf8 and is compared with a text, received 3'],
    [{ segment: ["like", 3] }, 'takes a pattern such as "A%", received 3'],
    [{ segment: ["a", "b"] }, 'write ["in", […]]'],
    [{ age: ["betwen", 1, 2] }, 'did you mean "between"?'],
    [{ age: ["between", 1] }, '"between" of column "age" takes two values, received 1'],
    [{ age: [">", 1, 2] }, '">" of column "age" takes one value, received 2'],
    [{ age: ["in", 3] }, '"in" of column "age" takes an array of values, received 3'],
    [{ age: ["=", null] }, 'write { "age": null }'],
    [{ age: undefined }, 'column "age" is i32 and is compared with a number, received undefined'],
    [{ age: { near: 3 } }, 'an object for column "age" is one of { anyOf: […] }'],
    [{ price: "cheap" }, 'text of digits such as "9.99", received "cheap"'],
    [{ at: "yesterday" }, 'a Date, a text such as "2026-05-01T12:30:00Z"'],
    [{ at: new Date(NaN) }, "received an invalid Date"],
    [{ day: 1.5 }, "days since 1970, received 1.5"],
    [{ hour: "25:00" }, 'a text such as "12:30"'],
    [{ vip: 1 }, 'column "vip" is bool and is compared with true or false, received 1'],
    [[{ age: 3 }], "they are an object such as"],
    [3, "they are an object such as"],
    ["{age: 3}", "as text they are JSON"],
    [col("age").add(1), "and a condition is true or false"],
    [col("age").gt(col("segment")), "cannot compare"],
  ];
  for (const [conditions, part] of refused) {
    assertThrows(() => parseConditions(conditions as Conditions, FIELDS), TypeError, part);
  }
  let deep: Conditions = { age: 1 };
  for (let level = 0; level < 70; level++) deep = { not: deep };
  assertThrows(() => parseConditions(deep, FIELDS), TypeError, "nested deeper than 64 levels");
  assertThrows(
    () => parseConditions({ age: ["in", []] }, FIELDS),
    RangeError,
    'no row can satisfy "in" of column "age", which takes at least one value',
  );
  assertEquals(holds({ age: ["not in", []] }, { age: 1 }), true);
});

Deno.test("parseConditions() lets columns be named as anyOf, allOf and not are", () => {
  const fields = schema({ anyOf: t.utf8, not: t.i32, op: t.utf8 });
  const read = (conditions: Conditions) =>
    rowFunction(parseConditions(conditions, fields), { schema: fields })({
      anyOf: "a",
      not: 3,
      op: "x",
    });
  assertEquals(read({ anyOf: "a", not: [">", 2], op: "x" }), true);
  assertEquals(read({ anyOf: ["in", ["b"]] }), false);
  assertEquals(read({ not: { anyOf: "a" } }), false);
});

/** Random conditions, and what they say of a row. */
function randomConditions(
  random: Random,
  depth: number,
): { conditions: Conditions; of: (row: Record<string, unknown>) => boolean | null } {
  if (depth === 0 || random.chance(0.4)) {
    const column = random.pick(["age", "visits"]);
    const value = random.below(6);
    const number = (row: Record<string, unknown>) => row[column] as number | bigint | null;
    const operator = random.pick(["=", "!=", "<", "<=", ">", ">="] as const);
    const tests = {
      "=": (x: number | bigint) => x == value,
      "!=": (x: number | bigint) => x != value,
      "<": (x: number | bigint) => x < value,
      "<=": (x: number | bigint) => x <= value,
      ">": (x: number | bigint) => x > value,
      ">=": (x: number | bigint) => x >= value,
    };
    return {
      conditions: { [column]: [operator, value] },
      of: (row) => number(row) === null ? null : tests[operator](number(row)!),
    };
  }
  if (random.chance(0.3)) {
    const part = randomConditions(random, depth - 1);
    return {
      conditions: { not: part.conditions },
      of: (row) => part.of(row) === null ? null : !part.of(row),
    };
  }
  const parts = Array.from(
    { length: 1 + random.below(3) },
    () => randomConditions(random, depth - 1),
  );
  const name = random.pick(["anyOf", "allOf"] as const);
  const decisive = name === "anyOf";
  return {
    conditions: { [name]: parts.map(({ conditions }) => conditions) },
    of: (row) => {
      const values = parts.map(({ of }) => of(row));
      return values.includes(decisive) ? decisive : values.includes(null) ? null : !decisive;
    },
  };
}

Deno.test("parseConditions() means of nested conditions what three-valued logic says", () => {
  forSeeds(200, (random) => {
    const { conditions, of } = randomConditions(random, 3);
    for (let round = 0; round < 5; round++) {
      const row = {
        age: random.chance(0.2) ? null : random.below(6),
        visits: random.chance(0.2) ? null : BigInt(random.below(6)),
      };
      assertEquals(
        holds(conditions, row),
        of(row),
        Deno.inspect({ conditions, row }, { depth: 9 }),
      );
    }
  });
});

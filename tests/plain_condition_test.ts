import { assertEquals } from "@std/assert";
import { col, type Conditions, schema, types as t } from "../mod.ts";
import { parseConditions } from "../src/generators/conditions/parse_conditions.ts";
import { plainCondition } from "../src/generators/conditions/plain_condition.ts";

const FIELDS = schema({
  name: t.utf8,
  age: t.i32,
  visits: t.i64,
  price: t.decimal(10, 2),
  vip: t.bool,
  day: t.date,
  at: t.timestamp,
  hour: t.time,
});

Deno.test("conditions in messages read as people write them, in whatever notation they came", () => {
  const cases: [Conditions, string][] = [
    [{ name: "a (b)" }, '"name" = "a (b)"'],
    [{ age: ["!=", -3] }, '"age" ≠ -3'],
    [{ visits: [">=", 7n] }, '"visits" ≥ 7'],
    [{ price: ["<", "9.90"] }, '"price" < 9.90'],
    [{ vip: true }, '"vip" = true'],
    [{ day: ["<=", "2030-01-31"] }, '"day" ≤ 2030-01-31'],
    [{ at: [">", "2030-01-01"] }, '"at" > 2030-01-01T00:00:00.000Z'],
    [{ hour: ["between", "08:00", "09:30"] }, '"hour" between 08:00:00.000 and 09:30:00.000'],
    [{ name: ["not in", ["a", "b"]] }, '"name" not in ("a", "b")'],
    [{ name: ["not like", "x%"] }, '"name" not like "x%"'],
    [{ name: null }, '"name" is null'],
    [{ name: ["is not null"] }, '"name" is not null'],
    [
      { age: 1, anyOf: [{ vip: false }, { name: "a" }] },
      '"age" = 1 and ("vip" = false or "name" = "a")',
    ],
    [{ not: { age: 1 } }, 'not ("age" = 1)'],
    [col("age").gt(col("visits")), '"age" > "visits"'],
    [col<number>("age").add(1).gt(2), 'col("age").add(1) > 2'],
    [
      { age: ["in", Array.from({ length: 12 }, (_, i) => i)] },
      '"age" in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more)',
    ],
  ];
  for (const [conditions, text] of cases) {
    assertEquals(plainCondition(parseConditions(conditions, FIELDS).node), text);
  }
  const many = {
    anyOf: Array.from({ length: 20 }, (_, i) => ({ name: `bird ${i} of the marsh` })),
  };
  const long = plainCondition(parseConditions(many, FIELDS).node);
  assertEquals([long.length, long.at(-1)], [161, "…"]);
});

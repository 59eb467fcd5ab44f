import { assertEquals, assertStrictEquals } from "@std/assert";
import { NORMAL_MASK, normals } from "../src/generators/entities/normal.ts";
import { normalQuantile } from "../src/generators/normal.ts";

Deno.test("normals() are the numbers in the middle of equal shares of a normal variable", () => {
  const table = normals();
  assertEquals(table.length, NORMAL_MASK + 1);
  table.forEach((number, at) => {
    assertEquals(number, Math.fround(normalQuantile((at + 0.5) / table.length)));
  });
});

Deno.test("normals() are made once", () => {
  assertStrictEquals(normals(), normals());
});

import { assertEquals } from "@std/assert";
import { several } from "../src/batch/several.ts";

Deno.test("several() counts one of something as one", () => {
  assertEquals([0, 1, 2].map((count) => several(count, "row")), ["0 rows", "1 row", "2 rows"]);
  assertEquals([1, 5].map((count) => several(count, "batch", "batches")), ["1 batch", "5 batches"]);
});

import { assert, assertEquals } from "@std/assert";
import { withoutEndSlashes } from "../src/runtime/file_path.ts";

Deno.test("withoutEndSlashes() cuts off slashes at the end alone", () => {
  for (const [path, cut] of [["a/b", "a/b"], ["/a//b///", "/a//b"], ["//", ""], ["", ""]]) {
    assertEquals(withoutEndSlashes(path), cut);
  }
});

Deno.test("withoutEndSlashes() takes no longer for many slashes that are not at the end", () => {
  const start = performance.now();
  const path = `${"/".repeat(1_000_000)}a`;
  assertEquals(withoutEndSlashes(path), path);
  assert(performance.now() - start < 1000, `took ${performance.now() - start} ms`);
});

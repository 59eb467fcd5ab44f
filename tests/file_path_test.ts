import { assertEquals } from "@std/assert";
import { withoutEndSlashes } from "../src/runtime/file_path.ts";

Deno.test("withoutEndSlashes() cuts off slashes at the end alone", () => {
  for (const [path, cut] of [["a/b", "a/b"], ["/a//b///", "/a//b"], ["//", ""], ["", ""]]) {
    assertEquals(withoutEndSlashes(path), cut);
  }
});

Deno.test("withoutEndSlashes() passes over many slashes that are not at the end once", () => {
  // Looked through from each slash on, it would not end.
  const path = `${"/".repeat(1_000_000)}a`;
  assertEquals(withoutEndSlashes(path), path);
});

import { assert, assertEquals } from "@std/assert";
import { embed } from "./support/build_kernel.ts";

Deno.test("embed() keeps every byte, in lines short enough for any editor", () => {
  for (const length of [0, 1, 75, 76, 1000]) {
    const bytes = crypto.getRandomValues(new Uint8Array(length));
    const text = embed(bytes);
    const base64 = text.slice(text.indexOf("= `") + 3, text.lastIndexOf("`"));
    assertEquals(Uint8Array.fromBase64(base64), bytes, `${length} bytes: ${bytes}`);
    assert(text.split("\n").every((line) => line.length <= 100));
  }
});

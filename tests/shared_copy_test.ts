import { assertEquals } from "@std/assert";
import { copyToShared } from "../src/hive/shared_copy.ts";
import { forSeeds } from "./support/random.ts";

Deno.test("copyToShared() copies bytes wherever they lie, and no others", () => {
  forSeeds(300, (random) => {
    const length = random.pick([0, 1, 7, 100, 65_536, 70_001]);
    const [from, to] = [random.below(17), random.below(17)];
    const bytes = Uint8Array.from({ length: from + length }, () => random.below(256)).subarray(
      from,
    );
    const shared = new Uint8Array(new SharedArrayBuffer(to + length + 20));
    copyToShared(shared.subarray(to), bytes);
    const expected = new Uint8Array(shared.length);
    expected.set(bytes, to);
    assertEquals(shared.slice(), expected);
  });
});

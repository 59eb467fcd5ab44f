import { assertEquals, assertNotEquals } from "@std/assert";
import { checksum } from "../src/kernel/checksum.ts";
import { forSeeds, type Random } from "./support/random.ts";

const RUNS = 2_000;

function randomWords(random: Random): Int32Array {
  return Int32Array.from({ length: random.below(40) }, () => random.next() * 2 ** 32);
}

Deno.test("checksum() changes with any one word, and with words that change places", () => {
  forSeeds(RUNS, (random) => {
    const words = randomWords(random);
    const sum = checksum(words, 0);
    if (words.length === 0) return;
    const at = random.below(words.length);
    const other = words.slice();
    other[at] ^= 1 << random.below(32);
    assertNotEquals(checksum(other, 0), sum);
    const to = random.below(words.length);
    const moved = words.slice();
    [moved[at], moved[to]] = [words[to], words[at]];
    if (words[at] !== words[to]) assertNotEquals(checksum(moved, 0), sum);
  });
});

Deno.test("checksum() is that of the words from a place on, in whatever memory they are", () => {
  forSeeds(RUNS, (random) => {
    const words = randomWords(random);
    const from = random.below(words.length + 1);
    const shared = new Int32Array(new SharedArrayBuffer(4 * words.length));
    shared.set(words);
    assertEquals(checksum(shared, from), checksum(words.slice(from), 0));
  });
});

import { assert, assertEquals } from "@std/assert";
import { keyHash } from "../src/hive/key_hash.ts";

const GROUPS = 32;
const KEYS = 6_400;

const NAMINGS: Record<string, (n: number) => string> = {
  "numbers": (n) => `${n}`,
  "a prefix and a number": (n) => `sensor_${n}`,
  "a number in front": (n) => `${n}@example.org`,
  "hexadecimal ids": (n) => (n * 2_654_435_761 % 2 ** 32).toString(16).padStart(8, "0"),
  "one character": (n) => String.fromCharCode(n),
};

Deno.test("keyHash() spreads keys of every usual form over the key groups", () => {
  for (const [naming, name] of Object.entries(NAMINGS)) {
    const counts = new Array(GROUPS).fill(0);
    for (let n = 0; n < KEYS; n++) counts[(keyHash(name(n)) >>> 0) % GROUPS]++;
    const even = KEYS / GROUPS;
    const worst = Math.max(...counts.map((count) => Math.abs(count - even)));
    assert(worst < even / 2, `${naming}: ${counts}`);
  }
});

Deno.test("keyHash() seldom gives two keys the same 16 bits", () => {
  for (const [naming, name] of Object.entries(NAMINGS)) {
    const seen = new Set(Array.from({ length: KEYS }, (_, n) => keyHash(name(n)) & 0xffff));
    // By chance some 300 of 6,400 keys share one of 65,536 places with another.
    assert(KEYS - seen.size < 600, `${naming}: ${KEYS - seen.size} collisions`);
  }
});

Deno.test("keyHash() is a whole number of 32 bits, the same for equal keys, for any text", () => {
  for (const key of ["", "a", "é", "漢字", "😀", "\ud800", "x".repeat(100_000)]) {
    const hash = keyHash(key);
    assertEquals(hash, hash | 0);
    assertEquals(keyHash([...key.split("")].join("")), hash);
  }
});

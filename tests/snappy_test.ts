import { assert, assertEquals, assertThrows } from "@std/assert";
import { snappyCompress, snappyDecompress } from "../src/codecs/avro/snappy.ts";
import { bytesOf } from "./support/chunks.ts";
import { forSeeds, type Random } from "./support/random.ts";

/** Bytes that repeat themselves more or less, some of them over more than a block of snappy's. */
function anyBytes(random: Random): Uint8Array<ArrayBuffer> {
  const length = random.below(random.chance(0.05) ? 200_000 : 600);
  const letters = random.pick([1, 2, 4, 30, 256]);
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const copied = random.below(1 + Math.min(at, 70_000));
    if (random.chance(0.5) && copied > 0) {
      for (let left = random.below(150); left > 0 && at < length; left--, at++) {
        bytes[at] = bytes[at - copied];
      }
    } else bytes[at++] = random.below(letters);
  }
  return bytes;
}

Deno.test("snappyDecompress() gives back what snappyCompress() was given", () => {
  forSeeds(3_000, (random) => {
    const bytes = anyBytes(random);
    assertEquals(snappyDecompress(snappyCompress(bytes), bytes.length), bytes);
  });
});

Deno.test("snappyCompress() makes repetitions small", () => {
  const text = bytesOf("a hive of bees and another ".repeat(10_000));
  assert(snappyCompress(text).length < text.length / 15);
});

Deno.test("snappyDecompress() reads every kind of element", () => {
  // by hand, as the format's description has them: literals with lengths of 0 to 4 bytes, copies
  // with offsets of 11, 16 and 32 bits
  const cases: [number[], string][] = [
    [[3, 2 << 2, 97, 98, 99], "abc"],
    [[3, 60 << 2, 2, 97, 98, 99], "abc"],
    [[3, 61 << 2, 2, 0, 97, 98, 99], "abc"],
    [[3, 62 << 2, 2, 0, 0, 97, 98, 99], "abc"],
    [[3, 63 << 2, 2, 0, 0, 0, 97, 98, 99], "abc"],
    [[7, 2 << 2, 97, 98, 99, 0 << 2 | 1, 3], "abcabca"],
    [[8, 2 << 2, 97, 98, 99, 4 << 2 | 2, 1, 0], "abcccccc"],
    [[8, 2 << 2, 97, 98, 99, 4 << 2 | 3, 2, 0, 0, 0], "abcbcbcb"],
    [[0], ""],
  ];
  for (const [bytes, text] of cases) {
    assertEquals(snappyDecompress(Uint8Array.from(bytes), 100), bytesOf(text));
  }
});

Deno.test("snappyDecompress() refuses damage, and more than it may make", () => {
  const refused = [
    [],
    [0xff],
    [0xff, 0xff, 0xff, 0xff, 0xff, 1],
    [3, 2 << 2, 97, 98],
    [2, 2 << 2, 97, 98, 99],
    [4, 2 << 2, 97, 98, 99],
    [7, 2 << 2, 97, 98, 99, 1, 4],
    [7, 2 << 2, 97, 98, 99, 1, 0],
    [7, 2 << 2, 97, 98, 99, 1],
    [8, 2 << 2, 97, 98, 99, 4 << 2 | 2, 1],
    [0xff, 0xff, 0xff, 0xff, 0x0f, 0],
  ];
  for (const bytes of refused) {
    assertThrows(() => snappyDecompress(Uint8Array.from(bytes), 2 ** 31), RangeError, "damaged");
  }
  const bytes = snappyCompress(new Uint8Array(101));
  assertThrows(() => snappyDecompress(bytes, 100), RangeError, "101 bytes, more than 100");
});

Deno.test("snappyDecompress() meets random and mutated bytes with errors or bytes", () => {
  forSeeds(50, (random) => {
    const valid = snappyCompress(anyBytes(random).subarray(0, 400));
    for (let run = 0; run < 2_000; run++) {
      const bytes = valid.slice(0, random.chance(0.2) ? random.below(valid.length) : undefined);
      for (let times = 1 + random.below(3); times > 0 && bytes.length > 0; times--) {
        bytes[random.below(bytes.length)] = random.below(256);
      }
      try {
        assert(snappyDecompress(bytes, 10_000).length <= 10_000);
      } catch (error) {
        assert(error instanceof RangeError && error.message.includes("damaged"), `${error}`);
      }
    }
  });
});

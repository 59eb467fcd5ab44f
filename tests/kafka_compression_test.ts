import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  COMPRESSIONS,
  compressRecords,
  decompressRecords,
  RecordInflater,
} from "../src/kafka/records/compression.ts";
import { lz4Compress, lz4Decompress } from "../src/kafka/records/lz4.ts";
import { xerialCompress, xerialDecompress } from "../src/kafka/records/xerial.ts";
import { xxh32 } from "../src/kafka/records/xxh32.ts";
import { KafkaDeflater } from "../src/kernel/kafka_deflater.ts";
import { KafkaReader } from "../src/kernel/kafka_reader.ts";
import { create } from "../src/kernel/kernel.ts";
import { forSeeds, type Random } from "./support/random.ts";

const MAX_BYTES = 1 << 22;
const TWINS = {
  lz4: { compress: lz4Compress, decompress: lz4Decompress },
  snappy: { compress: xerialCompress, decompress: xerialDecompress },
} as const;
const encoder = new TextEncoder();

/** Bytes that compress well, badly, or in part. */
function anyBytes(random: Random): Uint8Array {
  const length = random.below(random.pick([0, 20, 300, 5000, 200_000]) + 1);
  const bytes = new Uint8Array(length);
  const letters = random.pick([1, 2, 4, 256]);
  for (let at = 0; at < length;) {
    const back = 1 + random.below(random.pick([3, 20, 70_000]));
    const run = 1 + random.below(random.pick([8, 100, 1000]));
    const repeats = at >= back && random.chance(0.5);
    for (const end = Math.min(length, at + run); at < end; at++) {
      bytes[at] = repeats ? bytes[at - back] : random.below(letters);
    }
  }
  return bytes;
}

/** What a reader inflates; `undefined`: it does not. */
function inflated(
  reader: KafkaReader,
  codec: "lz4" | "snappy",
  bytes: Uint8Array,
  most = MAX_BYTES,
) {
  reader.keep(0);
  const at = reader.put(bytes);
  const end = reader.used;
  const count = reader.inflate(codec, at, end, most);
  return count < 0 ? undefined : reader.view(end, end + count).slice();
}

Deno.test("the kernel compresses to lz4 and snappy as the codecs in TypeScript do, and back", () => {
  const kernel = create();
  using deflater = new KafkaDeflater(kernel);
  using reader = new KafkaReader(kernel, 1);
  forSeeds(150, (random) => {
    const bytes = anyBytes(random);
    for (const codec of ["lz4", "snappy"] as const) {
      reader.keep(0);
      reader.put(bytes);
      const { byteOffset } = reader.view(0, bytes.length);
      const made = deflater.deflate(codec, byteOffset, bytes.length, 3).slice(3);
      const expected = TWINS[codec].compress(bytes);
      if (made.toHex() !== expected.toHex()) throw new Error(`${codec} of ${bytes.length} bytes`);
      for (
        const back of [TWINS[codec].decompress(made, MAX_BYTES), inflated(reader, codec, made)]
      ) {
        if (back?.toHex() !== bytes.toHex()) {
          throw new Error(`${codec} back to ${bytes.length} bytes`);
        }
      }
      if (bytes.length > 0) {
        assertEquals(inflated(reader, codec, made, bytes.length - 1), undefined);
      }
    }
  });
});

Deno.test("the kernel inflates of damaged lz4 and snappy what the codecs in TypeScript do", () => {
  using reader = new KafkaReader(create(), 1);
  let [taken, refused] = [0, 0];
  forSeeds(3000, (random) => {
    const codec = random.pick(["lz4", "snappy"] as const);
    const bytes = TWINS[codec].compress(anyBytes(random).subarray(0, 400)).slice();
    for (let count = random.below(3); count >= 0; count--) {
      bytes[random.below(bytes.length)] = random.pick([random.below(256), 0, 15, 240, 255]);
    }
    const cut = bytes.subarray(0, random.chance(0.2) ? random.below(bytes.length) : bytes.length);
    let expected: Uint8Array | undefined;
    try {
      expected = TWINS[codec].decompress(cut, 10_000);
    } catch (error) {
      assert(error instanceof RangeError, `${error}`);
    }
    assertEquals(inflated(reader, codec, cut, 10_000)?.toHex(), expected?.toHex());
    if (expected === undefined) refused++;
    else taken++;
  });
  assert(taken > 100 && refused > 500, `${taken} taken, ${refused} refused`);
});

/** Sums where they are asked for, sizes, and blocks that refer to those before. */
Deno.test("lz4 frames with sums, a size, linked blocks, and frames to be passed are inflated", () => {
  const word = (value: number) => {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setUint32(0, value, true);
    return [...bytes];
  };
  const [first, second] = [[0x30, 97, 98, 99], [0x02, 3, 0, 0x10, 100]];
  const content = encoder.encode("abc" + "abcabc" + "d");
  const frame = (flags: number) => {
    const head = [flags, 0x40, ...(flags & 8 ? [10, 0, 0, 0, 0, 0, 0, 0] : [])];
    const blocks = [first, second].flatMap((block) => [
      ...word(block.length),
      ...block,
      ...(flags & 16 ? word(xxh32(Uint8Array.from(block))) : []),
    ]);
    const end = flags & 4 ? word(xxh32(content)) : [];
    const sum = xxh32(Uint8Array.from(head)) >>> 8 & 255;
    return [...word(0x184d2204), ...head, sum, ...blocks, ...word(0), ...end];
  };
  using reader = new KafkaReader(create(), 1);
  const passed = [...word(0x184d2a53), ...word(2), 1, 2];
  for (const flags of [0x40, 0x44, 0x48, 0x50, 0x5c]) {
    const bytes = Uint8Array.from([...passed, ...frame(flags)]);
    const hex = content.toHex();
    assertEquals(lz4Decompress(bytes, 100).toHex(), hex);
    assertEquals(inflated(reader, "lz4", bytes)?.toHex(), hex);
  }
  // where blocks do not refer to each other, the second has nothing to repeat
  const apart = Uint8Array.from(frame(0x60));
  assertThrows(() => lz4Decompress(apart, 100), RangeError, "an offset");
  assertEquals(inflated(reader, "lz4", apart), undefined);
});

Deno.test("snappy without xerial's blocks is inflated, as some clients write it", () => {
  // 7 bytes: a literal of 3, then 4 that repeat what lies 3 before
  const raw = Uint8Array.of(7, 0x08, 97, 98, 99, 0x01, 3);
  using reader = new KafkaReader(create(), 1);
  assertEquals(xerialDecompress(raw, 100).toHex(), encoder.encode("abcabca").toHex());
  assertEquals(inflated(reader, "snappy", raw)?.toHex(), encoder.encode("abcabca").toHex());
});

Deno.test("records come back from every compression, and no more than is allowed", () => {
  forSeeds(20, (random) => {
    const bytes = anyBytes(random);
    for (const name of COMPRESSIONS) {
      const made = compressRecords(name, bytes);
      assertEquals(decompressRecords(name, made, MAX_BYTES).toHex(), bytes.toHex());
      if (name === "none" || bytes.length < 2) continue;
      const most = bytes.length - 1;
      assertThrows(() => decompressRecords(name, made, most), RangeError, "more than");
    }
  });
});

Deno.test("RecordInflater inflates what comes behind damaged zstd, and behind too much of it", () => {
  using inflater = new RecordInflater();
  forSeeds(40, (random) => {
    const bytes = anyBytes(random).subarray(0, 1000);
    const frame = compressRecords("zstd", bytes);
    const both = new Uint8Array([...frame, ...frame]);
    const twice = new Uint8Array([...bytes, ...bytes]);
    const broken = new Uint8Array([...frame.subarray(0, -1), random.below(256), 0x28, 0xb5]);
    for (const wrong of [broken, frame.subarray(0, -1)]) {
      assertThrows(() => inflater.inflate("zstd", wrong, MAX_BYTES), RangeError);
      assertEquals(inflater.inflate("zstd", both, MAX_BYTES).toHex(), twice.toHex());
    }
    if (bytes.length === 0) return;
    assertThrows(() => inflater.inflate("zstd", both, bytes.length), RangeError, "more than");
    assertEquals(inflater.inflate("zstd", frame, MAX_BYTES).toHex(), bytes.toHex());
  });
});

Deno.test("xxh32() gives the published sums", () => {
  // of the xxHash specification's reference implementation, seed 0
  assertEquals(xxh32(encoder.encode("")), 0x02cc5d05);
  assertEquals(xxh32(encoder.encode("a")), 0x550d7456);
  assertEquals(xxh32(encoder.encode("abc")), 0x32d153ff);
  assertEquals(xxh32(encoder.encode("Nobody inspects the spammish repetition")), 0xe2293b2f);
});

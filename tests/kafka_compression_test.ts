import { assert, assertEquals, assertThrows } from "@std/assert";
import { snappyCompress, snappyDecompress } from "../src/codecs/avro/snappy.ts";
import "../src/kafka/kafka.ts";
import {
  COMPRESSIONS,
  compressRecords,
  decompressRecords,
  RecordInflater,
} from "../src/kafka/records/compression.ts";
import { lz4Decompress } from "../src/batch/lz4_frames.ts";
import { lz4Compress } from "../src/kafka/records/lz4.ts";
import { xerialCompress, XerialInflater } from "../src/kafka/records/xerial.ts";
import { xxh32 } from "../src/batch/xxh32.ts";
import { KafkaReader } from "../src/kernel/kafka_reader.ts";
import { create } from "../src/kernel/kernel.ts";
import { forSeeds, type Random } from "./support/random.ts";

const MAX_BYTES = 1 << 22;
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

/** Bytes with a few of them changed, at times cut short. */
function damaged(random: Random, bytes: Uint8Array): Uint8Array {
  const made = Uint8Array.from(bytes);
  for (let count = random.below(3); count >= 0; count--) {
    made[random.below(made.length)] = random.pick([random.below(256), 0, 15, 240, 255]);
  }
  return made.subarray(0, random.chance(0.2) ? random.below(made.length) : made.length);
}

/** What a function gives; `undefined`: it says that it cannot. */
function orRefused(make: () => Uint8Array): string | undefined {
  try {
    return make().toHex();
  } catch (error) {
    assert(error instanceof RangeError, `${error}`);
    return undefined;
  }
}

/** What a reader inflates of LZ4; `undefined`: it does not. */
function inflated(reader: KafkaReader, bytes: Uint8Array, most = MAX_BYTES) {
  reader.keep(0);
  const at = reader.put(bytes);
  const end = reader.used;
  const count = reader.inflateLz4(at, end, most);
  return count < 0 ? undefined : reader.view(end, end + count).slice();
}

Deno.test("the kernel inflates lz4 as its twin does, and no more than is allowed", () => {
  using reader = new KafkaReader(create(), 1);
  forSeeds(150, (random) => {
    const bytes = anyBytes(random);
    const made = lz4Compress(bytes);
    for (const back of [lz4Decompress(made, MAX_BYTES), inflated(reader, made)]) {
      if (back?.toHex() !== bytes.toHex()) throw new Error(`back to ${bytes.length} bytes`);
    }
    if (bytes.length > 0) assertEquals(inflated(reader, made, bytes.length - 1), undefined);
  });
});

Deno.test("the kernel inflates of damaged lz4 what its twin does", () => {
  using reader = new KafkaReader(create(), 1);
  let [taken, refused] = [0, 0];
  forSeeds(2000, (random) => {
    const bytes = damaged(random, lz4Compress(anyBytes(random).subarray(0, 400)));
    const expected = orRefused(() => lz4Decompress(bytes, 10_000));
    assertEquals(inflated(reader, bytes, 10_000)?.toHex(), expected);
    if (expected === undefined) refused++;
    else taken++;
  });
  assert(taken > 20 && refused > 500, `${taken} taken, ${refused} refused`);
});

Deno.test("snappy is inflated as Avro's is, whoever wrote it, damaged or not", () => {
  const inflater = new XerialInflater();
  let [taken, refused] = [0, 0];
  forSeeds(2000, (random) => {
    const bytes = anyBytes(random).subarray(0, random.pick([400, 5000]));
    const [head, size] = [16, 4];
    const block = random.chance(0.5) || bytes.length === 0
      ? snappyCompress(bytes)
      : xerialCompress(bytes).subarray(head + size);
    assertEquals(inflater.inflate(block, MAX_BYTES).toHex(), bytes.toHex());
    const wrong = damaged(random, block);
    const expected = orRefused(() => snappyDecompress(wrong, 10_000));
    assertEquals(orRefused(() => inflater.inflate(wrong, 10_000)), expected);
    if (expected === undefined) refused++;
    else taken++;
  });
  assert(taken > 100 && refused > 500, `${taken} taken, ${refused} refused`);
});

Deno.test("damaged xerial blocks are refused, and what they claim takes no memory", () => {
  const inflater = new XerialInflater();
  const whole = xerialCompress(encoder.encode("a hive of bees ".repeat(5000)));
  const wrong: [at: number, byte: number, message: string][] = [
    [16, 0x7f, "the size of the snappy block at its byte 16 does not fit"],
    [22, 0x7f, "claims to make"],
    [40, 0xff, "its snappy block is damaged"],
  ];
  for (const [at, byte, message] of wrong) {
    const bytes = whole.slice();
    bytes[at] = byte;
    assertThrows(() => inflater.inflate(bytes, 2 ** 31), RangeError, message);
  }
  for (const length of [12, 17, 100]) {
    assertThrows(() => inflater.inflate(whole.subarray(0, length), MAX_BYTES), RangeError);
  }
  assertThrows(() => inflater.inflate(whole, 74_999), RangeError, "more than 74999 bytes");
  assertEquals(inflater.inflate(whole, 75_000).length, 75_000);
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
    assertEquals(inflated(reader, bytes)?.toHex(), hex);
  }
  // where blocks do not refer to each other, the second has nothing to repeat
  const apart = Uint8Array.from(frame(0x60));
  assertThrows(() => lz4Decompress(apart, 100), RangeError, "an offset");
  assertEquals(inflated(reader, apart), undefined);
});

Deno.test("snappy without xerial's blocks is inflated, as some clients write it", () => {
  // 7 bytes: a literal of 3, then 4 that repeat what lies 3 before
  const raw = Uint8Array.of(7, 0x08, 97, 98, 99, 0x01, 3);
  assertEquals(decompressRecords("snappy", raw, 100).toHex(), encoder.encode("abcabca").toHex());
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

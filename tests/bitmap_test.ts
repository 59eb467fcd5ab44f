import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  bitmapBytes,
  clearBit,
  copyBits,
  countZeros,
  fullBitmap,
  getBit,
  setBit,
  sliceBits,
  takeBits,
} from "../src/batch/bitmap.ts";
import { holds } from "./support/batches.ts";

const anyBits = fc.array(fc.boolean(), { maxLength: 70 });

function pack(bits: readonly boolean[]): Uint8Array {
  const bitmap = new Uint8Array(bitmapBytes(bits.length));
  bits.forEach((bit, at) => bit && setBit(bitmap, at));
  return bitmap;
}

function unpack(bitmap: Uint8Array, length: number): boolean[] {
  return Array.from({ length }, (_, at) => getBit(bitmap, at));
}

Deno.test("setBit(), clearBit() and getBit() are about one bit", () => {
  holds(fc.tuple(anyBits, fc.nat(69)), ([bits, at]) => {
    const bitmap = pack(bits);
    assertEquals(unpack(bitmap, bits.length), bits);
    if (at >= bits.length) return;
    clearBit(bitmap, at);
    assertEquals(unpack(bitmap, bits.length), bits.with(at, false));
  });
});

Deno.test("countZeros() counts the bits that are 0, and none past the end", () => {
  holds(anyBits, (bits) => {
    const bitmap = pack(bits);
    if (bits.length & 7) bitmap[bitmap.length - 1] |= 0xff << (bits.length & 7);
    assertEquals(countZeros(bitmap, bits.length), bits.filter((bit) => !bit).length);
  });
});

Deno.test("fullBitmap() has all bits set, and 0 past the end", () => {
  for (let length = 0; length < 40; length++) {
    const bitmap = fullBitmap(length);
    assertEquals(countZeros(bitmap, length), 0);
    assertEquals(countZeros(bitmap, bitmap.length * 8), bitmap.length * 8 - length);
  }
});

Deno.test("sliceBits() and takeBits() pick bits as arrays do", () => {
  holds(fc.tuple(anyBits, fc.nat(70), fc.nat(70)), ([bits, a, b]) => {
    const start = Math.min(a, b, bits.length);
    const end = Math.min(Math.max(a, b), bits.length);
    const slice = sliceBits(pack(bits), start, end);
    assertEquals(unpack(slice, end - start), bits.slice(start, end));
    const indices = [...bits.keys()].reverse();
    assertEquals(unpack(takeBits(pack(bits), indices), bits.length), bits.toReversed());
  });
});

Deno.test("copyBits() puts bits at any position", () => {
  holds(fc.tuple(anyBits, anyBits), ([before, bits]) => {
    const out = new Uint8Array(bitmapBytes(before.length + bits.length));
    copyBits(pack(before), out, { start: 0, length: before.length });
    copyBits(pack(bits), out, { start: before.length, length: bits.length });
    assertEquals(unpack(out, before.length + bits.length), [...before, ...bits]);
  });
});

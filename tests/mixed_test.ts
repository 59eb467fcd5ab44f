import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Misfit } from "../src/batch/misfit.ts";
import { MixedWriter, readMixed } from "../src/batch/mixed.ts";
import { MAX_DEPTH } from "../src/batch/limits.ts";
import { assertSame, holds, valueOf } from "./support/batches.ts";

function written(value: unknown): Uint8Array {
  const writer = new MixedWriter();
  writer.write(value);
  return writer.finish();
}

function roundTrip(value: unknown): unknown {
  const bytes = written(value);
  return readMixed(bytes, 0, bytes.length);
}

Deno.test("readMixed() gives back any value that MixedWriter wrote", () => {
  holds(valueOf({ kind: "mixed" }), (value) => assertSame(roundTrip(value), value));
});

Deno.test("readMixed() gives back the odd ones", () => {
  const odd = [
    [undefined, null, -0, NaN, Infinity, 2 ** 53, 2n ** 63n - 1n, -(2n ** 63n)],
    ["\ud800", "\udc00\ud800", "", "\ufeff", "a".repeat(70_000)],
    { a: undefined, "\ud800": 1, "": {} },
    JSON.parse('{"__proto__":{"polluted":true}}'),
    new Date(NaN),
    Object.create(null),
  ];
  for (const value of odd.slice(0, 3)) assertSame(roundTrip(value), value);
  assertSame(Object.keys(roundTrip(odd[3]) as object), ["__proto__"]);
  assertEquals((roundTrip(odd[4]) as Date).getTime(), NaN);
  assertSame(roundTrip(odd[5]), {});
});

Deno.test("MixedWriter refuses what is no data, and what is too large or too deep", () => {
  class Point {}
  let deep: unknown = 1;
  for (let level = 0; level < MAX_DEPTH; level++) deep = [deep];
  assertSame(roundTrip(deep), deep);
  const circle: unknown[] = [];
  circle.push(circle);
  const wrong = [() => 1, Symbol("s"), new Point(), new Map(), 2n ** 63n, [deep], circle];
  for (const value of wrong) assertThrows(() => written(value), Misfit);
});

Deno.test("readMixed() of damaged bytes gives a RangeError or a value", () => {
  const damaged = fc.tuple(valueOf({ kind: "mixed" }), fc.nat(), fc.nat(255), fc.nat());
  holds(damaged, ([value, at, byte, cut]) => {
    const bytes = written(value);
    bytes[at % bytes.length] = byte;
    const end = cut % 2 ? bytes.length : cut % (bytes.length + 1);
    try {
      readMixed(bytes, 0, end);
    } catch (error) {
      assert(error instanceof RangeError, String(error));
    }
  });
});

Deno.test("readMixed() of a deep or long claim in few bytes is an error", () => {
  const deep = new Uint8Array(5_000_000);
  for (let at = 0; at < deep.length; at += 5) deep.set([8, 1, 0, 0, 0], at);
  assertThrows(() => readMixed(deep, 0, deep.length), RangeError, "nested too deep");
  const long = Uint8Array.of(8, 0xff, 0xff, 0xff, 0xff);
  assertThrows(() => readMixed(long, 0, long.length), RangeError, "runs past the end");
  assertThrows(() => readMixed(Uint8Array.of(99), 0, 1), RangeError, "unknown tag 99");
  assertThrows(() => readMixed(Uint8Array.of(0, 0), 0, 2), RangeError, "bytes left over");
});

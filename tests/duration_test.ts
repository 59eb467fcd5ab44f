import { assertEquals, assertThrows } from "@std/assert";
import { milliseconds } from "../src/runtime/duration.ts";

Deno.test("milliseconds() reads every unit, fractions of a unit, and plain numbers", () => {
  const lengths = ["500ms", "60s", "5m", "1h", "1d", "1.5s", 250].map((d) => milliseconds(d, "x"));
  assertEquals(lengths, [500, 60_000, 300_000, 3_600_000, 86_400_000, 1500, 250]);
});

Deno.test("milliseconds() names the option and what it received when it cannot read it", () => {
  for (const text of ["", "60", "s", "1 s", "-1s", "1e3s", "1w", "60S"]) {
    assertThrows(() => milliseconds(text, "window size"), TypeError, "window size");
  }
});

Deno.test("milliseconds() refuses negative, infinite, NaN, too small and fractional lengths", () => {
  for (const ms of [-1, Infinity, NaN, 0, 2 ** 60]) {
    assertThrows(() => milliseconds(ms, "size", { least: 1 }), RangeError, "received");
  }
  assertThrows(() => milliseconds("0.5ms", "size"), RangeError, "whole number");
  assertEquals(milliseconds("0.5ms", "timeout", { fractions: true }), 0.5);
});

Deno.test("milliseconds() reads negative texts where negative lengths are allowed", () => {
  assertEquals(milliseconds("-8h", "offset", { least: -1e9 }), -28_800_000);
  assertThrows(() => milliseconds(NaN, "offset", { least: -1e9 }), RangeError, "received NaN");
});

Deno.test("milliseconds() names the bound that a length is beyond", () => {
  assertThrows(() => milliseconds(-1, "size"), RangeError, "must be at least 0 ms, received -1");
  const most = `must be at most ${Number.MAX_SAFE_INTEGER} ms, received 1e+300`;
  assertThrows(() => milliseconds(1e300, "size"), RangeError, most);
});

import { assert, assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { RateMeter } from "../src/metrics/mod.ts";

const RUNS = 2_000;

Deno.test("RateMeter.rate() is the events of the window over its length", () => {
  const meter = new RateMeter({ windowMs: 1_000, slots: 10 });
  assertEquals(meter.rate(0), 0);
  for (let ms = 0; ms < 10_000; ms += 10) meter.mark(5, ms);
  assertAlmostEquals(meter.rate(10_000), 500, 0.01);
  assertEquals(meter.rate(12_000), 0);
  assertEquals(meter.total, 5_000);
});

Deno.test("RateMeter.rate() is right before the first window is over", () => {
  const meter = new RateMeter();
  meter.mark(0, 100_000);
  meter.mark(30, 100_050);
  assertAlmostEquals(meter.rate(100_100), 300, 1e-9);
});

Deno.test("RateMeter.rate() equals the marks of a window between its length and a slot more", () => {
  const steps = fc.array(
    fc.record({
      pauseMs: fc.oneof(
        fc.integer({ min: 0, max: 50 }),
        fc.double({ min: 0, max: 3_000, noNaN: true }),
      ),
      events: fc.integer({ min: 0, max: 1_000 }),
    }),
    { minLength: 1, maxLength: 80 },
  );
  const check = (startMs: number, slots: number, plan: { pauseMs: number; events: number }[]) => {
    const meter = new RateMeter({ windowMs: 1_000, slots });
    const slotMs = 1_000 / slots;
    const marks: { atMs: number; events: number }[] = [];
    let nowMs = startMs;
    for (const { pauseMs, events } of plan) {
      nowMs += pauseMs;
      meter.mark(events, nowMs);
      marks.push({ atMs: nowMs, events });
      const oldestMs = Math.max((Math.floor(nowMs / slotMs) - slots) * slotMs, marks[0].atMs);
      const within = marks.filter(({ atMs }) => atMs >= oldestMs);
      const sum = within.reduce((total, mark) => total + mark.events, 0);
      const expected = nowMs > oldestMs ? sum * 1_000 / (nowMs - oldestMs) : 0;
      assertAlmostEquals(meter.rate(nowMs), expected, 1e-6 * expected);
      assert(nowMs - oldestMs <= 1_000 + slotMs + 1e-6);
    }
  };
  const slots = fc.constantFrom(1, 2, 8, 50);
  const start = fc.integer({ min: 0, max: 2 ** 41 });
  fc.assert(fc.property(start, slots, steps, check), { numRuns: RUNS });
});

Deno.test("a time before the latest counts as the latest", () => {
  const meter = new RateMeter({ windowMs: 1_000 });
  meter.mark(1, 5_000);
  meter.mark(1, 5_500);
  meter.mark(2, 1_000);
  assertEquals(meter.rate(0), 8);
});

Deno.test("a rate meter says what it cannot take", () => {
  for (const windowMs of [0, -5, Infinity, NaN]) {
    assertThrows(() => new RateMeter({ windowMs }), RangeError, `received ${windowMs}`);
  }
  for (const slots of [0, 1.5, 10_001]) {
    assertThrows(() => new RateMeter({ slots }), RangeError, `received ${slots}`);
  }
  assertThrows(() => new RateMeter().mark(1, NaN), RangeError, "received NaN");
});

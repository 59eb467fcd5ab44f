import { assertEquals, assertThrows } from "@std/assert";
import { TestClock } from "../src/testing/mod.ts";

Deno.test("TestClock goes on only when it is told to, and calls back in the order of time", () => {
  const clock = new TestClock({ startMs: 1000 });
  const calls: string[] = [];
  const note = (name: string) => () => void calls.push(`${name} at ${clock.wallClockMs}`);
  clock.after(30, note("late"));
  clock.after(10, () => {
    note("first")();
    clock.after(5, note("set by first"));
  });
  clock.after(10, note("second"));
  const cancel = clock.after(20, note("cancelled"));
  cancel();
  clock.advance(25);
  assertEquals(calls, ["first at 1010", "second at 1010", "set by first at 1015"]);
  assertEquals([clock.elapsedMs, clock.wallClockMs], [25, 1025]);
  clock.advance("1s");
  assertEquals(calls.at(-1), "late at 1030");
  assertEquals(clock.elapsedMs, 1025);
});

Deno.test("TestClock refuses what is no time", () => {
  assertThrows(() => new TestClock({ startMs: NaN }), RangeError, "received NaN");
  assertThrows(() => new TestClock().advance(-1), RangeError);
  // @ts-expect-error there is no such option
  assertThrows(() => new TestClock({ start: 0 }), TypeError, "did you mean startMs?");
});

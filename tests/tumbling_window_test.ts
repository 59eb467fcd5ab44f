import { assertEquals, assertThrows } from "@std/assert";
import { TumblingWindow } from "../src/windows/tumbling_window.ts";

Deno.test("TumblingWindow holds times from its start up to and without its end", () => {
  const window = new TumblingWindow({ size: "60s" });
  assertEquals([0, 59_999, 60_000].map((time) => window.startOf(time)), [0, 0, 60_000]);
  assertEquals(window.endOf(59_999), 60_000);
});

Deno.test("TumblingWindow before 1970 starts below 0", () => {
  const window = new TumblingWindow({ size: 1000 });
  assertEquals(window.startOf(-1), -1000);
  assertEquals(window.startOf(-1000), -1000);
});

Deno.test("TumblingWindow with an offset starts there, whichever multiple it is given as", () => {
  for (const offset of [250, -750, 5250]) {
    const window = new TumblingWindow({ size: 1000, offset });
    assertEquals([249, 250].map((time) => window.startOf(time)), [-750, 250]);
  }
});

Deno.test("TumblingWindow refuses sizes that are no whole positive length", () => {
  assertThrows(() => new TumblingWindow({ size: 0 }), RangeError, "window size");
  assertThrows(() => new TumblingWindow({ size: 1.5 }), RangeError, "whole number");
  assertThrows(() => new TumblingWindow({ size: "60" }), TypeError, "window size");
});

import { assertEquals, assertThrows } from "@std/assert";
import { SlidingWindow } from "../src/windows/sliding_window.ts";
import { forSeeds } from "./support/random.ts";

Deno.test("SlidingWindow holds a time in every window from which it is less than the size", () => {
  forSeeds(500, (random) => {
    const [size, slide] = [1 + random.below(40), 1 + random.below(40)];
    const window = new SlidingWindow({ size, slide, offset: random.below(90) - 45 });
    const time = random.below(400) - 200;
    const starts = Array.from({ length: 1000 }, (_, at) => window.offset + slide * (at - 500));
    const expected = starts.filter((start) => start <= time && time < start + size)
      .map((start) => ({ start, end: start + size }));
    assertEquals(window.windowsOf(time), expected);
  });
});

Deno.test("SlidingWindow with a slide above its size leaves gaps", () => {
  const window = new SlidingWindow({ size: "1s", slide: "3s" });
  assertEquals(window.windowsOf(999), [{ start: 0, end: 1000 }]);
  assertEquals(window.windowsOf(1000), []);
  assertEquals(window.windowsOf(-1), []);
});

Deno.test("SlidingWindow refuses what is no distance, and more windows than can be kept", () => {
  assertThrows(() => new SlidingWindow({ size: 0, slide: 1 }), RangeError, "window size");
  assertThrows(() => new SlidingWindow({ size: 10, slide: 0 }), RangeError, "window slide");
  assertThrows(() => new SlidingWindow({ size: 10, slide: "5" }), TypeError, "window slide");
  assertThrows(
    () => new SlidingWindow({ size: "1d", slide: 1 }),
    RangeError,
    "make the slide larger",
  );
});

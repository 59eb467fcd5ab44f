import { assertEquals, assertThrows } from "@std/assert";
import { CumulatingWindow } from "../src/windows/cumulating_window.ts";
import { forSeeds } from "./support/random.ts";

Deno.test("CumulatingWindow holds a time in every window from its start that has reached it", () => {
  forSeeds(500, (random) => {
    const step = 1 + random.below(20);
    const size = step * (1 + random.below(6));
    const window = new CumulatingWindow({ size, step, offset: random.below(90) - 45 });
    const time = random.below(400) - 200;
    const starts = Array.from({ length: 1000 }, (_, at) => window.offset + size * (at - 500));
    const all = starts.flatMap((start) =>
      Array.from({ length: size / step }, (_, at) => ({ start, end: start + step * (at + 1) }))
    );
    const expected = all.filter(({ start, end }) => start <= time && time < end);
    assertEquals(window.windowsOf(time), expected);
  });
});

Deno.test("CumulatingWindow refuses a size that is no multiple of the step", () => {
  assertThrows(
    () => new CumulatingWindow({ size: "10s", step: "3s" }),
    RangeError,
    "must be a multiple of the step, received 10000 ms and 3000 ms",
  );
  assertThrows(() => new CumulatingWindow({ size: 10, step: 0 }), RangeError, "window step");
  assertThrows(() => new CumulatingWindow({ size: 1e7, step: 1 }), RangeError, "step larger");
});

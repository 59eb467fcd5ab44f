import { assertEquals } from "@std/assert";
import { WorkWatch } from "../src/hive/work_watch.ts";

/** A watch over a clock that moves a microsecond each time it is read, and how often it looked. */
function watched() {
  let nowMs = 0;
  let looks = 0;
  const watch = new WorkWatch(() => nowMs += 0.001);
  const look = (newsAt: number) => {
    looks = 0;
    const found = watch.look(() => ++looks >= newsAt);
    return { found, looks };
  };
  return look;
}

Deno.test("WorkWatch sees what comes in time, and looks no longer than it must", () => {
  const look = watched();
  assertEquals(look(1), { found: true, looks: 1 });
  assertEquals(look(100), { found: true, looks: 100 });
  assertEquals(look(5), { found: true, looks: 5 });
});

Deno.test("WorkWatch leaves out ever more watches after those in vain, and comes back after news", () => {
  const look = watched();
  const skipped = (newsAt: number) => {
    let count = 0;
    while (true) {
      const { looks } = look(newsAt);
      if (looks > 0) return count;
      count++;
    }
  };
  const inVain: number[] = [];
  for (let i = 0; i < 10; i++) inVain.push(skipped(Infinity));
  assertEquals(inVain, [0, 1, 3, 7, 15, 31, 63, 127, 127, 127]);
  assertEquals([skipped(1), skipped(1), skipped(1)], [127, 0, 0]);
});

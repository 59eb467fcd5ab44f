import { assert, assertEquals } from "@std/assert";
import { type StateSlice, StateSlices } from "../src/windows/table/state_slices.ts";
import { forSeeds } from "./support/random.ts";

function inOrder(a: StateSlice, b: StateSlice): number {
  return a.start - b.start || a.skipped - b.skipped;
}

Deno.test("slices stand in order, whichever are made and dropped between", () => {
  forSeeds(50, (random) => {
    const dropped: StateSlice[] = [];
    const slices = new StateSlices((slice) => dropped.push(slice));
    let known: StateSlice[] = [];
    let gone = 0;
    for (let step = 0; step < 3000; step++) {
      const place = { start: step + random.below(60), skipped: random.below(8) >> 1 };
      const made = slices.at(place);
      if (!known.includes(made)) known = [...known, made].sort(inOrder);
      if (random.chance(0.7)) continue;
      const count = Math.min(random.below(8), slices.count);
      slices.drop(count);
      assertEquals(dropped.slice(gone), known.splice(0, count));
      gone = dropped.length;
      assertEquals(slices.count, known.length);
      assertEquals(slices.hasBelated, known.some(({ skipped }) => skipped > 0));
      assertEquals(slices.rank(step), known.filter(({ start }) => start < step).length);
      if (known.length === 0) continue;
      const at = random.below(known.length);
      assert(slices.slice(at) === known[at]);
      assertEquals([slices.start(at), slices.skipped(at)], [known[at].start, known[at].skipped]);
      if (random.chance(0.1)) assertEquals(slices.all, known);
    }
  });
});

Deno.test("slices that are dropped one by one do not move all the others each time", () => {
  const slices = new StateSlices(() => {});
  const { splice } = Array.prototype;
  let moved = 0;
  Array.prototype.splice = function (this: unknown[], ...args: Parameters<typeof splice>) {
    const gone = splice.apply(this, args);
    moved += this.length - args[0];
    return gone;
  };
  try {
    for (let start = 0; start < 30_000; start++) slices.at({ start, skipped: 0 });
    while (slices.count > 0) slices.drop(1);
  } finally {
    Array.prototype.splice = splice;
  }
  assert(moved < 10 * 30_000, `${moved} moved`);
});

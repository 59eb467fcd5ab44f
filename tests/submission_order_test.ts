import { assertEquals } from "@std/assert";
import { SubmissionOrder } from "../src/stream/hive_stream/submission_order.ts";
import { forSeeds } from "./support/random.ts";

Deno.test("SubmissionOrder gives each result as soon as all before it are settled, and not before", () => {
  forSeeds(2_000, (random) => {
    const given: number[] = [];
    const order = new SubmissionOrder<number>(({ key, result }) => {
      assertEquals(key, `key ${result}`);
      given.push(result);
    });
    const count = random.below(80);
    const all = Array.from({ length: count }, (_, sequence) => sequence);
    const silent = new Set(all.filter(() => random.chance(0.2)));
    const settled = new Set<number>();
    for (const sequence of random.shuffle(all)) {
      const outcome = { key: `key ${sequence}`, result: sequence };
      order.settle(sequence, silent.has(sequence) ? undefined : outcome);
      settled.add(sequence);
      const open = all.findIndex((each) => !settled.has(each));
      const expected = (open === -1 ? all : all.slice(0, open)).filter((n) => !silent.has(n));
      assertEquals(given, expected);
      assertEquals(order.length, settled.size - (open === -1 ? count : open));
    }
  });
});

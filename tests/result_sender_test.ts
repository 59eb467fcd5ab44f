import { assertEquals } from "@std/assert";
import { forSeeds, Random } from "./support/random.ts";
import { soloBee, type SoloResults } from "./support/solo_bee.ts";

/** What the function of these tests makes of a record. */
function outcomeOf(record: { kind: number; size: number }): unknown {
  if (record.kind === 1) throw new RangeError("e".repeat(record.size));
  if (record.kind === 2) return () => {};
  if (record.kind === 3) return undefined;
  return "r".repeat(record.size);
}

/** One outcome after the other, as texts. */
function flatten(all: readonly SoloResults[]): string[] {
  return all.flatMap(({ batch, from, values, errors }) =>
    values.map((value, i) => {
      const error = errors.find(({ index }) => index === from + i);
      return `${batch}.${from + i} ${error ? error.name : String(value).length}`;
    })
  );
}

Deno.test("ResultSender sends each outcome once, in order, however small the ring and late the reader", async () => {
  const runs: { seed: number; ringBytes: number; batches: { kind: number; size: number }[][] }[] =
    [];
  forSeeds(2_000, (random, seed) => {
    const ringBytes = 2 ** (12 + random.below(5));
    // Results of up to twice what a frame takes: those too large become errors.
    const sizes = ringBytes >> random.below(6);
    const batches = Array.from(
      { length: 3 },
      () =>
        Array.from({ length: 1 + random.below(12) }, () => ({
          kind: random.below(8),
          size: random.below(sizes),
        })),
    );
    runs.push({ seed, ringBytes, batches });
  });
  for (const { seed, ringBytes, batches } of runs) {
    const solo = await soloBee(outcomeOf, { ringBytes });
    const random = new Random(seed);
    const taken: SoloResults[] = [];
    for (let batch = 0; batch < batches.length;) {
      if (solo.give({ batch, values: batches[batch] })) batch++;
      for (let i = random.below(6); i > 0; i--) solo.bee.step();
      if (random.chance(0.5)) taken.push(...solo.take());
    }
    taken.push(...await solo.work());
    const limit = (ringBytes / 2 - 8) >> 1; // of the bytes of one result
    const expected = batches.flatMap((records, batch) =>
      records.map(({ kind, size }, row) => {
        const name = kind === 2 ? "TypeError" : "RangeError";
        const fails = kind === 1 || kind === 2 || (kind !== 3 && 9 + 3 * size > limit);
        const text = kind === 3 ? "undefined".length : size;
        return `${batch}.${row} ${fails ? name : text}`;
      })
    );
    assertEquals(flatten(taken), expected, `seed ${seed}, ring of ${ringBytes} bytes`);
  }
});

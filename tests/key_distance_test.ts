import { assert, assertEquals } from "@std/assert";
import { keyAutocorrelation, keyDistances } from "../src/generators/entities/key_distance.ts";
import { forSeeds, Random } from "./support/random.ts";
import { autocorrelation, distance, type Reading, readings } from "./support/readings.ts";

function events(rows: readonly Reading[]) {
  return {
    times: Float64Array.from(rows, ({ at }) => at),
    keys: rows.map(({ sensor }) => sensor),
  };
}

/** The lengths of sessions, by the definition. */
function sessions(rows: readonly Reading[], gap: number): number[] {
  return [...Map.groupBy(rows, ({ sensor }) => sensor).values()].flatMap((of) => {
    const times = of.map(({ at }) => at).sort((a, b) => a - b);
    const ends = times.flatMap((at, i) => i > 0 && at - times[i - 1] > gap ? [i] : []);
    return [...ends, times.length].map((end, i) => end - (i > 0 ? ends[i - 1] : 0));
  });
}

Deno.test("keyDistances() are 0 for the same events in another order, and those of the definitions", () => {
  forSeeds(5, (random, seed) => {
    const real = readings(800, { seed, keys: 20 });
    const other = readings(900, { seed: seed + 50, keys: 3 + random.below(40) });
    const same = keyDistances(events(real), events(random.shuffle(real)));
    assertEquals({ ...same, sessionGap: 0 }, {
      frequencies: 0,
      counts: 0,
      gaps: 0,
      sessions: 0,
      sessionGap: 0,
    });
    const found = keyDistances(events(real), events(other), { sessionGap: 2500 });
    const lengths = [real, other].map((rows) => sessions(rows, 2500));
    assertEquals(found.sessions, distance(lengths[0], lengths[1]));
    const counts = [real, other].map((rows) => {
      return [...Map.groupBy(rows, ({ sensor }) => sensor).values()].map(({ length }) => length);
    });
    assertEquals(found.counts, distance(counts[0], counts[1]));
    const ranks = counts.map((of) =>
      of.sort((a, b) => b - a).flatMap((count, rank) => Array<number>(count).fill(rank))
    );
    assertEquals(found.frequencies, distance(ranks[0], ranks[1]));
  });
});

Deno.test("keyAutocorrelation() is that of a plain sum, and leaves out what is no number", () => {
  const rows = readings(20_000, { seed: 9, keys: 40 });
  const values = Float64Array.from(rows, ({ celsius }) => celsius);
  const found = keyAutocorrelation(events(rows), values);
  const expected = autocorrelation(rows, "celsius");
  assert(Math.abs(found.lag - expected.within) < 0.01, `${found.lag}, ${expected.within}`);
  assert(Math.abs(found.level - expected.between) < 0.01);
  const random = new Random(3);
  const holes = values.map((value) => random.chance(0.1) ? NaN : value);
  assert(Math.abs(keyAutocorrelation(events(rows), holes).lag - found.lag) < 0.02);
});

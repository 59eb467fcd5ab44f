import { assert, assertEquals } from "@std/assert";
import { columnOf, types as t } from "../mod.ts";
import { DdSketch, MOST_BINS } from "../src/windows/functions/dd_sketch.ts";
import type { DistinctValue } from "../src/windows/functions/distinct_values.ts";
import { Hash64 } from "../src/windows/functions/hash64.ts";
import { HyperLogLog } from "../src/windows/functions/hyper_log_log.ts";
import { rowHashes } from "../src/windows/functions/row_hashes.ts";
import { SpaceSaving } from "../src/windows/functions/space_saving.ts";
import { forSeeds, type Random } from "./support/random.ts";

const RUNS = 100;

function hashText(hash: Hash64): string {
  return hash.high.toString(16).padStart(8, "0") + hash.low.toString(16).padStart(8, "0");
}

Deno.test("Hash64 gives the first half of what MurmurHash3_x86_128 gives elsewhere", () => {
  const hash = new Hash64();
  const cases = [
    ["", "0000000000000000"],
    ["I will not buy this record, it is scratched.", "a0a9683b25ac5e40"],
    ["I will not buy this tobacconist's, it is scratched.", "9b5b7ba2ef3f7866"],
    ["My hovercraft is full of eels.", "e3a186aee169ba6c"],
    ["01234", "35c5b3ee7b3b2116"],
  ];
  for (const [text, expected] of cases) {
    const bytes = new TextEncoder().encode(`..${text}..`);
    hash.ofBytes(bytes, 2, bytes.length - 2);
    assertEquals(hashText(hash), expected, text);
  }
});

function hashesOf(type: Parameters<typeof columnOf>[0], values: unknown[]): string[] {
  const column = columnOf(type, values);
  const hashRow = rowHashes(column);
  return values.map((_, row) => {
    const hash = new Hash64();
    hashRow(hash, row);
    return hashText(hash);
  });
}

Deno.test("equal values have equal hashes however they are stored, others have others", () => {
  const texts = ["", "a", "b", "ä text of more than sixteen bytes"];
  assertEquals(hashesOf(t.utf8, texts), hashesOf(t.dict, texts));
  const numbers = hashesOf(t.f64, [0, -0, NaN, -NaN, 1, -1, Infinity, 5e-324]);
  assertEquals([numbers[1], numbers[3]], [numbers[0], numbers[2]]);
  assertEquals(new Set(numbers).size, 6);
  const whole = [0, 1, -1, 2147483647, -2147483648];
  assertEquals(hashesOf(t.i32, whole), hashesOf(t.i64, whole.map(BigInt)));
  assertEquals(new Set(hashesOf(t.bool, [true, false, true])).size, 2);
  assertEquals(new Set(hashesOf(t.decimal(9, 2), ["1.00", "2.00", "1.00"])).size, 2);
  const bytes = [[], [0], [0, 0]].map((each) => Uint8Array.from(each));
  assertEquals(new Set(hashesOf(t.bytes, bytes)).size, 3);
});

function sketchOf(values: Iterable<readonly [low: number, high: number]>): HyperLogLog {
  const [sketch, hash] = [new HyperLogLog(), new Hash64()];
  for (const [low, high] of values) {
    hash.ofWords(low, high);
    sketch.add(hash.high, hash.low);
  }
  return sketch;
}

function* numbered(count: number, seed: number): Generator<readonly [number, number]> {
  for (let n = 0; n < count; n++) yield [n, seed];
}

Deno.test("HyperLogLog is nearly always exact of few values, and within 0.1 % as long as it is sparse", () => {
  // Of 200 values two share one of the 2²⁵ places once in some 1,700 sketches.
  const off = Array.from({ length: 200 }, (_, n) => sketchOf(numbered(n, n)).estimate() - n);
  assert(off.every((each) => Math.abs(each) <= 1), `off by ${off}`);
  assert(off.filter((each) => each !== 0).length <= 1, `off by ${off}`);
  forSeeds(10, (_, seed) => {
    const sketch = sketchOf(numbered(2000, seed));
    assertEquals(sketch.isDense, false);
    assert(Math.abs(sketch.estimate() - 2000) <= 2, `${sketch.estimate()}`);
  });
});

Deno.test("HyperLogLog has a standard error of at most 1.1 % at every size, and no bias", () => {
  for (const [count, seeds] of [[2049, 200], [10_000, 200], [40_000, 150], [300_000, 40]]) {
    const errors = Array.from({ length: seeds }, (_, seed) => {
      return sketchOf(numbered(count, seed)).estimate() / count - 1;
    });
    const mean = errors.reduce((a, b) => a + b) / seeds;
    const standard = Math.sqrt(errors.reduce((sum, each) => sum + each * each, 0) / seeds);
    assert(standard <= 0.011, `${count} values: a standard error of ${standard}`);
    // Four standard deviations of the mean of so many.
    assert(Math.abs(mean) <= 4 * 0.0082 / Math.sqrt(seeds), `${count} values: a bias of ${mean}`);
  }
});

Deno.test("HyperLogLog is the same to the byte in any order, however it is merged", () => {
  forSeeds(RUNS, (random, seed) => {
    const count = random.pick([0, 5, 500, 2040, 2060, 4000]);
    const values = [...numbered(count, seed)];
    const whole = sketchOf(values);
    const again = random.shuffle([...values, ...values.slice(0, random.below(count + 1))]);
    const parts = Array.from({ length: 1 + random.below(5) }, () => [] as [number, number][]);
    for (const [low, high] of again) random.pick(parts).push([low, high]);
    const merged = parts.map(sketchOf).map((part) => HyperLogLog.of(part.bytes()))
      .reduce((into, from) => {
        const before = from.bytes();
        into.merge(from);
        assertEquals(from.bytes(), before);
        return into;
      }, new HyperLogLog());
    assertEquals(merged.bytes(), whole.bytes());
    assertEquals(merged.estimate(), whole.estimate());
  });
});

/** Numbers of many magnitudes and both signs. */
function randomNumbers(random: Random): number[] {
  const scale = random.pick([0, 3, 12]);
  return Array.from({ length: 1 + random.below(300) }, () => {
    const sign = random.pick([1, 1, -1, 0]);
    return sign * 10 ** ((random.next() - 0.5) * scale) * (1 + random.below(1000));
  });
}

function ddSketchOf(values: readonly number[]): DdSketch {
  const sketch = new DdSketch();
  for (const value of values) sketch.add(value);
  return sketch;
}

const QUANTILES = [0, 0.01, 0.25, 0.5, 0.75, 0.9, 0.99, 1];

Deno.test("DdSketch gives every quantile within a hundredth of its value", () => {
  forSeeds(3 * RUNS, (random) => {
    const values = randomNumbers(random);
    if (random.chance(0.2)) values.push(Infinity, -Infinity, -Infinity);
    const sketch = ddSketchOf(values);
    const sorted = values.toSorted((a, b) => a - b);
    for (const q of [...QUANTILES, random.next()]) {
      const expected = sorted[Math.floor(q * (sorted.length - 1))];
      const got = sketch.quantile(q);
      const isClose = got === expected || Math.abs(got - expected) <= 0.01 * Math.abs(expected);
      assert(isClose, `quantile ${q}: ${got} for ${expected}`);
      if (q === 0 || q === 1) assertEquals(got + 0, expected + 0);
    }
  });
});

Deno.test("DdSketch keeps the bound over all doubles of a sign that bins reach", () => {
  for (const values of [[5e-324, 1e-323, 2e-310], [1e300, 1.7e308], [-1e-300, -2e-300, -1e-295]]) {
    const sorted = values.toSorted((a, b) => a - b);
    const sketch = ddSketchOf(values);
    sorted.forEach((value, at) => {
      const got = sketch.quantile(at / (sorted.length - 1));
      assert(Math.abs(got - value) <= 0.01 * Math.abs(value), `${got} for ${value}`);
    });
  }
});

Deno.test("DdSketch holds the same in any order, however it is merged, collapsed or not", () => {
  forSeeds(3 * RUNS, (random) => {
    const values = randomNumbers(random);
    if (random.chance(0.5)) values.push(...values.map((value) => value * 1e-15));
    if (random.chance(0.3)) values.push(1e-300, -1e-300, 1e300, NaN, Infinity);
    const parts = Array.from({ length: 1 + random.below(5) }, () => [] as number[]);
    for (const value of random.shuffle(values)) random.pick(parts).push(value);
    const merged = parts.map(ddSketchOf).map((part) => DdSketch.load(structuredClone(part.save())))
      .reduce((into, from) => {
        const before = from.save();
        into.merge(from);
        assertEquals(from.save(), before);
        return into;
      }, new DdSketch());
    assertEquals(merged.save(), ddSketchOf(values).save());
  });
});

Deno.test("DdSketch takes magnitudes below its bins as the least that they reach", () => {
  const sketch = ddSketchOf([1e-12, 1e-6, 1, 1e12, 1e12]);
  const { counts, lowest } = sketch.save().positive;
  assertEquals([counts.length, counts[0], counts.at(-1)], [MOST_BINS, 2, 2]);
  assert(lowest < Math.log(1e-5) / 0.02);
  const least = sketch.quantile(0.25);
  assert(least > 1e-6 && least < 1e-5, `${least}`);
  assert(Math.abs(sketch.quantile(0.5) - 1) <= 0.01);
});

/** Numbers of which the low ones are frequent. */
function skewed(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => Math.floor(1 / (random.next() + 0.001)));
}

function countsOf(values: readonly number[]): Map<DistinctValue, number> {
  const counts = new Map<DistinctValue, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
}

function summaryOf(values: readonly number[], counters: number): SpaceSaving {
  const summary = new SpaceSaving(counters);
  for (const value of values) summary.add(value);
  return summary;
}

Deno.test("SpaceSaving keeps its bounds, also where summaries were merged", () => {
  forSeeds(3 * RUNS, (random) => {
    const values = skewed(random, random.below(1500));
    const counters = random.pick([1, 2, 10, 50]);
    const parts = Array.from({ length: 1 + random.below(4) }, () => [] as number[]);
    for (const value of values) random.pick(parts).push(value);
    const summary = parts.map((part) => {
      return SpaceSaving.load(structuredClone(summaryOf(part, counters).save()), counters);
    }).reduce((into, from) => {
      const before = from.save();
      into.merge(from);
      assertEquals(from.save(), before);
      return into;
    });
    const [real, found] = [countsOf(values), summary.top(counters)];
    assert(found.length <= counters);
    for (const { value, count, error } of found) {
      const times = real.get(value) ?? 0;
      assert(count - error <= times && times <= count, `${value}: ${times}, ${count} ± ${error}`);
      assert(error <= values.length / counters, `an error of ${error}`);
    }
    for (const [value, times] of real) {
      const isThere = found.some((each) => each.value === value);
      assert(isThere || times <= values.length / counters, `${value}, ${times} times, is missing`);
    }
    const ranks = found.map(({ count }) => count);
    assertEquals(ranks, ranks.toSorted((a, b) => b - a));
  });
});

Deno.test("SpaceSaving is exact while there are no more values than counters, in any order", () => {
  forSeeds(RUNS, (random) => {
    const values = skewed(random, random.below(300));
    const real = countsOf(values);
    const exact = [...real].toSorted((a, b) => b[1] - a[1] || Number(a[0]) - Number(b[0]))
      .map(([value, count]) => ({ value, count, error: 0 }));
    const summary = summaryOf(random.shuffle(values), Math.max(1, real.size));
    assertEquals(summary.top(5), exact.slice(0, 5));
  });
});

import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { RecordBatch, schema, types as t } from "../mod.ts";
import { dependenciesOf } from "../src/generators/encoding/dependencies.ts";
import { encodeRows, NO_SYMBOL } from "../src/generators/encoding/encode_rows.ts";
import { encodingOf } from "../src/generators/encoding/encoding.ts";
import {
  capacityOf,
  keyMakerOf,
  keysOf,
  patternSpace,
} from "../src/generators/sampling/key_maker.ts";
import { partsOf, splitOf } from "../src/generators/encoding/number_parts.ts";
import { KNOTS } from "../src/generators/encoding/plans.ts";
import { BinFinder, quantileBins } from "../src/generators/encoding/quantile_bins.ts";
import { Reservoir } from "../src/generators/reservoir.ts";
import { mutualInformation, spanningTree } from "../src/generators/circuit/circuit_tree.ts";
import { forSeeds, type Random } from "./support/random.ts";

function randomNumbers(random: Random): Float64Array {
  const spread = 10 ** random.below(6);
  const whole = random.chance(0.6);
  const rows = 1 + random.below(3000);
  const frequent = random.chance(0.5) ? random.below(spread) : undefined;
  return Float64Array.from({ length: rows }, () => {
    if (frequent !== undefined && random.chance(0.4)) return frequent;
    const value = (random.next() ** 3 - 0.2) * spread;
    return whole ? Math.round(value) : value;
  });
}

Deno.test("quantile bins keep every number within the knots of its symbol, and the least and greatest", () => {
  forSeeds(200, (random) => {
    const numbers = randomNumbers(random);
    const whole = numbers.every(Number.isInteger);
    const symbols = random.pick([4, 16, 64, 128]);
    const minCount = random.pick([1, 5, 20]);
    const knots = quantileBins(numbers, { symbols, minCount, whole });
    const count = knots.length / KNOTS;
    assert(Number.isInteger(count) && count >= 1 && count <= symbols);
    const finder = new BinFinder(knots);
    let outside = 0;
    for (const number of numbers) {
      const symbol = finder.find(number);
      assert(symbol >= 0 && symbol < count);
      const [low, high] = [knots[symbol * KNOTS], knots[symbol * KNOTS + KNOTS - 1]];
      if (number < low || number > high) outside++;
    }
    // only a handful of rare numbers beside frequent ones goes with a neighbour
    assert(outside <= Math.max(2 * KNOTS, minCount * 2), `${outside} of ${numbers.length} outside`);
    const most = Math.max(...numbers);
    const least = Math.min(...numbers);
    assert(knots.every((knot) => knot >= least - 0.5 && knot <= most + 0.5));
  });
});

Deno.test("numbers and times are the sum of their parts", () => {
  forSeeds(100, (random) => {
    const grid = random.pick([1, 1000, 60_000, 3_600_000, 86_400_000]);
    const values = Float64Array.from({ length: 300 }, () => {
      const day = Math.floor((random.next() - 0.5) * 20_000) * 7 + random.below(5);
      return day * 86_400_000 + Math.floor(random.next() * 86_400_000 / grid) * grid;
    });
    const split = splitOf(t.timestamp, values);
    for (const value of values) {
      const parts = partsOf(split, value);
      const sum = parts.reduce((total, part, at) => total + part * split.scales[at], split.offset);
      assertEquals(sum, value);
    }
    assertEquals(split.scales[0], 7 * 86_400_000);
  });
});

Deno.test("encoded rows have symbols below their number, whatever the columns", () => {
  forSeeds(20, (random) => {
    const rows = Array.from({ length: 1 + random.below(400) }, () => ({
      text: random.chance(0.1) ? null : "abcdefghij"[Math.floor(random.next() ** 2 * 10)].repeat(3),
      whole: random.chance(0.1) ? null : random.below(500),
      real: random.chance(0.1) ? null : random.next(),
      flag: random.chance(0.1) ? null : random.chance(0.3),
      at: random.chance(0.1) ? null : random.below(1e12),
    }));
    const of = schema({ text: t.dict, whole: t.i32, real: t.f64, flag: t.bool, at: t.timestamp });
    const batch = RecordBatch.fromRows(rows, { schema: of }) as RecordBatch;
    const encoding = encodingOf(batch, {});
    encodeRows(encoding, batch).forEach((column, v) => {
      assert(column.every((symbol) => symbol !== NO_SYMBOL && symbol < encoding.symbols[v]));
    });
  });
});

Deno.test("dependenciesOf() finds what follows from one column or two, and nothing by chance", () => {
  forSeeds(30, (random) => {
    const rows = 2000;
    const coded = (size: number, of: (row: number) => number) => ({
      positions: Int32Array.from({ length: rows }, (_, row) => of(row)),
      size,
      other: -1,
    });
    const a = coded(12, () => random.below(12));
    const b = coded(9, () => random.below(9));
    const byA = Array.from({ length: 12 }, () => random.below(4));
    byA[0] = 0;
    byA[1] = 1;
    const byBoth = Array.from({ length: 108 }, () => random.below(50));
    const one = coded(4, (row) => byA[a.positions[row]]);
    const two = coded(50, (row) => byBoth[a.positions[row] * 9 + b.positions[row]]);
    const noise = coded(3, () => random.below(3));
    const found = dependenciesOf([a, b, one, two, noise], [0, 1, 2, 4]);
    assertEquals(found.toSorted((x, y) => x.target - y.target), [
      { target: 2, by: [0] },
      { target: 3, by: [0, 1] },
    ]);
  });
});

Deno.test("keys follow the pattern of those there were, and none comes twice", () => {
  const texts = Array.from(
    { length: 100 },
    (_, at) => `C-${String(at * 7).padStart(3, "0")}/${"ABC"[at % 3]}`,
  );
  const maker = keyMakerOf(texts);
  assertEquals(maker, { kind: "pattern", text: "C-999/A", classes: "..999.A" });
  const count = Number(capacityOf("..999.A"));
  assertEquals(count, 26_000);
  const keys = keysOf(maker, { start: 0, count, seed: 99n, words: new Uint32Array() });
  assertEquals(new Set(keys).size, count);
  assert(keys.every((key) => /^C-\d{3}\/[A-Z]$/.test(String(key))));
  const uuids = Array.from({ length: 30 }, () => crypto.randomUUID());
  assertEquals(keyMakerOf(uuids), { kind: "uuid" });
  const words = new Uint32Array([1, 0xffffffff, 3, 4]);
  const [uuid] = keysOf({ kind: "uuid" }, { start: 0, count: 1, seed: 0n, words });
  assert(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/.test(String(uuid)));
});

Deno.test("Reservoir keeps the same rows however they are cut into batches", () => {
  forSeeds(20, (random, seed) => {
    const rows = Array.from({ length: random.below(5000) }, (_, n) => ({ n }));
    const most = 1 + random.below(400);
    const whole = new Reservoir(most, BigInt(seed));
    const parts = new Reservoir(most, BigInt(seed));
    const of = schema({ n: t.i32 });
    const batch = (some: { n: number }[]) =>
      RecordBatch.fromRows(some, { schema: of }) as RecordBatch;
    whole.add(batch(rows));
    for (let at = 0; at < rows.length;) {
      const end = at + 1 + random.below(700);
      parts.add(batch(rows.slice(at, end)));
      at = end;
    }
    const kept = whole.rows()?.toRows() ?? [];
    assertEquals(parts.rows()?.toRows() ?? [], kept);
    assertEquals(kept.length, Math.min(most, rows.length));
    assertEquals(new Set(kept.map(({ n }) => n)).size, kept.length);
  });
});

Deno.test("mutual information is near 0 for columns of their own, and the entropy for equal ones", () => {
  forSeeds(10, (random) => {
    const column = () => Uint8Array.from({ length: 5000 }, () => random.below(20));
    const [a, b] = [column(), column()];
    const own = mutualInformation({ a, b, symbolsA: 20, symbolsB: 20 });
    assert(Math.abs(own) < 0.015, `${own}`);
    const same = mutualInformation({ a, b: a, symbolsA: 20, symbolsB: 20 });
    assert(Math.abs(same - Math.log(20)) < 0.01, `${same}`);
  });
});

Deno.test("mutual information is 0 in the mean over all orders of the rows of one column", () => {
  forSeeds(10, (random) => {
    const a = Uint8Array.from({ length: 6 }, () => random.below(3));
    const b = Uint8Array.from({ length: 6 }, () => random.below(4));
    let [sum, orders] = [0, 0];
    const swap = (i: number, j: number) => [b[i], b[j]] = [b[j], b[i]];
    const walk = (at: number): void => {
      if (at === b.length) {
        sum += mutualInformation({ a, b, symbolsA: 3, symbolsB: 4 });
        orders++;
      }
      for (let other = at; other < b.length; other++) {
        swap(at, other);
        walk(at + 1);
        swap(at, other);
      }
    };
    walk(0);
    assertEquals(orders, 720);
    assert(Math.abs(sum / orders) < 1e-9, `${sum / orders}`);
  });
});

Deno.test("mutual information is 0 on average of rows that are put beside each other at random", () => {
  forSeeds(5, (random) => {
    const length = 1000;
    const skewed = (symbols: number) =>
      Uint8Array.from({ length }, () => Math.floor(symbols * random.next() ** 2));
    const a = skewed(100);
    let sum = 0;
    for (let round = 0; round < 20; round++) {
      sum += mutualInformation({ a, b: skewed(60), symbolsA: 100, symbolsB: 60 });
    }
    assert(Math.abs(sum / 20) < 0.02, `${sum / 20}`); // far above by one that counts cells
  });
});

Deno.test("spanningTree() weighs as much as the best of all trees", () => {
  forSeeds(50, (random) => {
    const size = 4;
    const weights = Array.from({ length: size }, () => new Float64Array(size));
    for (let a = 0; a < size; a++) {
      for (let b = a + 1; b < size; b++) weights[a][b] = weights[b][a] = random.next();
    }
    const { order, parents } = spanningTree(weights);
    assertEquals([...order].sort(), [0, 1, 2, 3]);
    const own = parents.reduce((sum, p, at) => p < 0 ? sum : sum + weights[order[p]][order[at]], 0);
    let best = 0;
    for (let code = 0; code < 64; code++) { // each of three edges leads from 1, 2, 3 to another
      const to = [1, 2, 3].map((v, at) => [v, (code >> (2 * at)) & 3]);
      const joined = new Set([0]);
      for (let round = 0; round < 3; round++) {
        for (const [a, b] of to) if (joined.has(a) || joined.has(b)) joined.add(a).add(b);
      }
      if (joined.size === size) {
        best = Math.max(
          best,
          to.reduce((sum, [a, b]) => sum + weights[a][b], 0),
        );
      }
    }
    assert(Math.abs(own - best) < 1e-9, `${own}, best ${best}`);
  });
});

Deno.test("keys of patterns are those of their numbers, from any row on, with any seed", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom("9", "a", "A", "."), { minLength: 1, maxLength: 20 }),
      fc.nat(1e9),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      (each, start, seed) => {
        const classes = each.join("");
        const text = each.map((name) => name === "." ? "\ufeff" : "0").join("");
        const maker = { kind: "pattern" as const, text, classes };
        const { step, key } = patternSpace(maker);
        const words = new Uint32Array();
        const keys = keysOf(maker, { start, count: 50, seed, words });
        const expected = keys.map((_, i) =>
          key((BigInt(start + i) * step + seed) % capacityOf(classes))
        );
        assertEquals(keys, expected);
      },
    ),
    { numRuns: 300 },
  );
});

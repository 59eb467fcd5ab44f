import { assert, assertAlmostEquals, assertEquals, assertRejects } from "@std/assert";
import { SeededRandom } from "../src/generators/sampling/seeded_random.ts";
import { boostedScores } from "../src/quality/boosting/boosted_trees.ts";
import { binLimits, binned, MISSING_BIN } from "../src/quality/boosting/feature_bins.ts";
import { addTree, TreeGrower } from "../src/quality/boosting/tree_grower.ts";
import { areaUnderCurve } from "../src/quality/two_sample_score.ts";
import { forSeeds, type Random } from "./support/random.ts";

const OPTIONS = { leaves: 4, leafRows: 3, rate: 0.5 } as const;

/** A leaf of the naive tree. */
interface Leaf {
  readonly rows: readonly number[];
  readonly value: number;
}

const total = (rows: readonly number[], of: Float64Array) =>
  rows.reduce((sum, row) => sum + of[row], 0);

/** The best split of rows by trying all, as the two parts; undefined when none gains. */
function bestParts(
  rows: readonly number[],
  features: readonly Uint8Array[],
  slopes: readonly [Float64Array, Float64Array],
) {
  const worth = (part: readonly number[]) =>
    total(part, slopes[0]) ** 2 / (total(part, slopes[1]) + 1e-15);
  let best: { gain: number; parts: [number[], number[]] } | undefined;
  for (const bins of features) {
    const isMissing = rows.some((row) => bins[row] === MISSING_BIN);
    for (const missingLeft of isMissing ? [false, true] : [false]) {
      for (const limit of new Set(rows.map((row) => bins[row]))) {
        if (limit === MISSING_BIN) continue;
        const isLeft = (row: number) =>
          bins[row] === MISSING_BIN ? missingLeft : bins[row] <= limit;
        const parts: [number[], number[]] = [
          rows.filter(isLeft),
          rows.filter((row) => !isLeft(row)),
        ];
        if (parts.some((part) => part.length < OPTIONS.leafRows)) continue;
        const gain = worth(parts[0]) + worth(parts[1]) - worth(rows);
        if (gain > (best?.gain ?? 0) + 1e-9) best = { gain, parts };
      }
    }
  }
  return best;
}

function naiveTree(
  rows: readonly number[],
  features: readonly Uint8Array[],
  slopes: readonly [Float64Array, Float64Array],
): Leaf[] {
  let open: (readonly number[])[] = [rows];
  while (open.length < OPTIONS.leaves) {
    const splits = open.map((part) => bestParts(part, features, slopes));
    const gains = splits.map((split) => split?.gain ?? 0);
    const best = gains.indexOf(Math.max(...gains));
    if (gains[best] <= 0) break;
    open = [...open.slice(0, best), ...splits[best]!.parts, ...open.slice(best + 1)];
  }
  return open.map((part) => ({
    rows: part,
    value: -OPTIONS.rate * total(part, slopes[0]) / (total(part, slopes[1]) + 1e-15),
  }));
}

function someBins(random: Random, rows: number): Uint8Array {
  return Uint8Array.from(
    { length: rows },
    () => random.chance(0.1) ? MISSING_BIN : random.below(6),
  );
}

Deno.test("TreeGrower grows the tree that trying all splits gives", () => {
  forSeeds(80, (random) => {
    const rows = 20 + random.below(30);
    const features = Array.from({ length: 3 }, () => someBins(random, rows));
    const gradients = Float64Array.from({ length: rows }, () => random.next() - 0.5);
    const hessians = Float64Array.from({ length: rows }, () => 0.1 + random.next());
    const all = Uint32Array.from({ length: rows }, (_, row) => row);
    const given = features.map((bins) => ({ bins, count: 6 }));
    const tree = new TreeGrower(given, all, OPTIONS).grow(gradients, hessians);
    const scores = new Float64Array(rows);
    addTree(tree, given, all, scores);
    for (const leaf of naiveTree(Array.from(all), features, [gradients, hessians])) {
      for (const row of leaf.rows) assertAlmostEquals(scores[row], leaf.value, 1e-9);
    }
  });
});

Deno.test("binned() goes by limits midway between values, and by quantiles of many", () => {
  const few = Float64Array.of(3, 1, NaN, 1, 2);
  assertEquals(Array.from(binLimits(few)), [1.5, 2.5]);
  const { bins, count } = binned(few, binLimits(few));
  assertEquals([Array.from(bins), count], [[2, 0, MISSING_BIN, 0, 1], 3]);
  const many = Float64Array.from({ length: 2550 }, (_, at) => at);
  const spread = binned(many, binLimits(many));
  assertEquals(spread.count, 255);
  for (let bin = 0; bin < 255; bin++) assertEquals(spread.bins.filter((b) => b === bin).length, 10);
});

Deno.test("boostedScores() learns what depends on two features together, and missing values", async () => {
  const random = new SeededRandom(3n, 1);
  const length = 3000;
  const features = Array.from(
    { length: 3 },
    () => Float64Array.from({ length }, () => random.next()),
  );
  const labels = Uint8Array.from(
    { length },
    (_, row) => (features[0][row] > 0.5) === (features[1][row] > 0.5) ? 1 : 0,
  );
  labels.forEach((label, row) => {
    if (label === 1 && row % 3 === 0) features[2][row] = NaN;
  });
  const rows = Uint32Array.from({ length }, (_, row) => row);
  const [training, others] = [rows.subarray(0, 2000), rows.subarray(2000)];
  const scores = await boostedScores(
    { features: features.map((values) => ({ values })), labels },
    { training, others, random, pause: () => Promise.resolve() },
  );
  const area = areaUnderCurve(
    Float64Array.from(others, (row) => scores[row]),
    Uint8Array.from(others, (row) => labels[row]),
  );
  assert(area > 0.98, String(area));
});

Deno.test("boostedScores() of more than 10,000 rows stops when nothing is left to learn", async () => {
  const random = new SeededRandom(4n, 1);
  const length = 11_500;
  const features = [Float64Array.from({ length }, () => random.next())];
  const labels = Uint8Array.from({ length }, () => random.word() & 1);
  const rows = Uint32Array.from({ length }, (_, row) => row);
  const [training, others] = [rows.subarray(0, 11_000), rows.subarray(11_000)];
  const scores = await boostedScores(
    { features: features.map((values) => ({ values })), labels },
    { training, others, random, pause: () => Promise.resolve() },
  );
  const spread = Math.max(...others.map((row) => Math.abs(scores[row])));
  assert(spread < 1, `of noise it is less sure than ${spread}`);
});

Deno.test("boostedScores() pauses after each tree, and ends when that fails", async () => {
  const random = new SeededRandom(5n, 1);
  const values = Float64Array.from({ length: 500 }, () => random.next());
  const labels = Uint8Array.from(values, (value) => value > random.next() ? 1 : 0);
  const rows = Uint32Array.from(values.keys());
  let pauses = 0;
  const pause = () => {
    if (++pauses === 3) throw new Error("enough");
    return Promise.resolve();
  };
  const features = [{ values }];
  const how = { training: rows, others: rows, random, pause };
  await assertRejects(() => boostedScores({ features, labels }, how), Error, "enough");
  assertEquals(pauses, 3);
});

Deno.test("TreeGrower splits categories of equal frequency by the best of all sets of them", () => {
  forSeeds(60, (random) => {
    const count = 2 + random.below(5);
    const rows = count * 12;
    const isMissing = random.chance(0.5);
    const bins = Uint8Array.from(
      { length: rows },
      (_, row) => isMissing && row % count === count - 1 ? MISSING_BIN : row % count,
    );
    const gradients = Float64Array.from({ length: rows }, () => random.next() - 0.5);
    const hessians = new Float64Array(rows).fill(0.25);
    const all = Uint32Array.from({ length: rows }, (_, row) => row);
    const given = [{ bins, count: isMissing ? count - 1 : count, isCategory: true }];
    const tree = new TreeGrower(given, all, { ...OPTIONS, leaves: 2 }).grow(gradients, hessians);
    const scores = new Float64Array(rows);
    addTree(tree, given, all, scores);
    const worth = (part: number[]) => total(part, gradients) ** 2 / (part.length * 0.25);
    let most = 0;
    for (let set = 1; set < 2 ** count - 1; set++) {
      const parts = [0, 1].map((side) =>
        Array.from(all).filter((row) => ((set >> (row % count)) & 1) === side)
      );
      most = Math.max(most, worth(parts[0]) + worth(parts[1]));
    }
    const sides = [...new Set(scores)].map((score) =>
      Array.from(all).filter((row) => scores[row] === score)
    );
    assertEquals(sides.length, 2);
    assertAlmostEquals(worth(sides[0]) + worth(sides[1]), most, 1e-9);
  });
});

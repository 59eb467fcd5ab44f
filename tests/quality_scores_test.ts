import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import { RecordBatch, schema, types as t } from "@waggle/stream";
import { SeededRandom } from "../src/generators/sampling/seeded_random.ts";
import { ksDistance, shapeScore, variationDistance } from "../src/quality/column_shapes.ts";
import { keptTraits } from "../src/quality/kept_traits.ts";
import { nearestShare } from "../src/quality/nearest_share.ts";
import {
  binEdges,
  correlation,
  cramersV,
  discretized,
  PairTrends,
} from "../src/quality/pair_trends.ts";
import { type ScoreColumn, scoreColumns } from "../src/quality/score_columns.ts";
import { areaUnderCurve, foldsOf } from "../src/quality/two_sample_score.ts";
import { forSeeds, forSeedsAsync, type Random } from "./support/random.ts";

const RUNS = 60;

/** Numbers with ties and NaN. */
function someNumbers(random: Random, length = 1 + random.below(30)): Float64Array {
  return Float64Array.from(
    { length },
    () => random.chance(0.1) ? NaN : (random.below(12) - 4) / 4,
  );
}

function someCodes(random: Random, size: number, length = 1 + random.below(40)): Int32Array {
  return Int32Array.from({ length }, () => random.below(size + 1) - 1);
}

const known = (values: Float64Array) => Array.from(values).filter((value) => !Number.isNaN(value));
const share = <T>(values: readonly T[], is: (value: T) => boolean) =>
  values.filter(is).length / values.length;

Deno.test("ksDistance() is the largest difference of the shares of values up to any value", () => {
  forSeeds(RUNS, (random) => {
    const [a, b] = [someNumbers(random), someNumbers(random)];
    const [x, y] = [known(a), known(b)];
    const expected = x.length === 0 || y.length === 0
      ? NaN
      : Math.max(...[...x, ...y].map((limit) =>
        Math.abs(share(x, (value) => value <= limit) - share(y, (value) => value <= limit))
      ));
    assertEquals(Number.isNaN(ksDistance(a, b)), Number.isNaN(expected));
    if (!Number.isNaN(expected)) assertAlmostEquals(ksDistance(a, b), expected, 1e-12);
  });
});

Deno.test("variationDistance() is the most by which the shares of any set of values differ", () => {
  forSeeds(RUNS, (random) => {
    const size = 1 + random.below(5);
    const [a, b] = [someCodes(random, size), someCodes(random, size)];
    const [x, y] = [a, b].map((codes) => Array.from(codes).filter((code) => code >= 0));
    if (x.length === 0 || y.length === 0) {
      assert(Number.isNaN(variationDistance(a, b, size)));
      return;
    }
    let most = 0;
    for (let set = 0; set < 2 ** size; set++) {
      const isIn = (code: number) => ((set >> code) & 1) === 1;
      most = Math.max(most, share(x, isIn) - share(y, isIn));
    }
    assertAlmostEquals(variationDistance(a, b, size), most, 1e-12);
  });
});

Deno.test("correlation() is Pearson's, of rows in which both columns have a value", () => {
  forSeeds(RUNS, (random) => {
    const length = 2 + random.below(30);
    const [a, b] = [someNumbers(random, length), someNumbers(random, length)];
    const rows = Array.from(a.keys()).filter((row) => !Number.isNaN(a[row] + b[row]));
    const mean = (values: Float64Array) =>
      rows.reduce((sum, row) => sum + values[row], 0) / rows.length;
    const [meanA, meanB] = [mean(a), mean(b)];
    const sum = (of: (row: number) => number) => rows.reduce((total, row) => total + of(row), 0);
    const both = sum((row) => (a[row] - meanA) * (b[row] - meanB));
    const spread = sum((row) => (a[row] - meanA) ** 2) * sum((row) => (b[row] - meanB) ** 2);
    const found = correlation(a, b);
    if (rows.length < 2 || spread < 1e-12) assert(Number.isNaN(found) || spread > 0);
    else assertAlmostEquals(found, both / Math.sqrt(spread), 1e-9);
  });
});

Deno.test("cramersV() is the root of chi² over what it can be at most", () => {
  forSeeds(RUNS, (random) => {
    const length = 2 + random.below(60);
    const [sizeA, sizeB] = [1 + random.below(4), 1 + random.below(4)];
    const a = Array.from({ length }, () => random.below(sizeA));
    const b = Array.from({ length }, () => random.below(sizeB));
    const [valuesA, valuesB] = [[...new Set(a)], [...new Set(b)]];
    const found = cramersV(
      { codes: Int32Array.from(a), size: sizeA },
      { codes: Int32Array.from(b), size: sizeB },
    );
    const least = Math.min(valuesA.length, valuesB.length) - 1;
    if (least === 0) return assert(Number.isNaN(found));
    let chi = 0;
    for (const x of valuesA) {
      for (const y of valuesB) {
        const observed = a.filter((value, row) => value === x && b[row] === y).length;
        const expected = share(a, (value) => value === x) * share(b, (value) => value === y) *
          length;
        chi += (observed - expected) ** 2 / expected;
      }
    }
    assertAlmostEquals(found, Math.sqrt(chi / length / least), 1e-9);
  });
});

Deno.test("discretized() puts numbers into ten bins of the real ones, open at both ends", () => {
  const edges = binEdges(Float64Array.of(0, 10, NaN, 3));
  assertEquals(Array.from(edges), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const { codes } = discretized(Float64Array.of(-5, 0, 1, 9.5, 10, 99, NaN), edges);
  assertEquals(Array.from(codes), [0, 0, 1, 9, 9, 9, 10]);
});

/** Random rows of three columns. */
function someRows(random: Random, length: number): RecordBatch {
  const rows = Array.from({ length }, () => ({
    x: random.chance(0.1) ? null : random.below(10) / 2,
    y: random.below(6),
    c: random.chance(0.1) ? null : random.pick(["a", "b", "c"]),
    d: random.chance(0.5),
  }));
  return RecordBatch.fromRows(rows, {
    schema: schema({ x: t.f64, y: t.i32, c: t.dict, d: t.bool }),
  }) as RecordBatch;
}

Deno.test("PairTrends scores tables of pairs by the total variation distance of their cells", () => {
  forSeeds(RUNS, (random) => {
    const sets = [someRows(random, 1 + random.below(40)), someRows(random, 1 + random.below(40))];
    const columns = scoreColumns(sets, {});
    const trends = new PairTrends(columns, [0, 1], { correlation: 0.5, association: 0.3 });
    const real = sets[0].toRows() as { x: number | null; c: string }[];
    const edges = binEdges(Float64Array.from(real, ({ x }) => x ?? NaN));
    const cells = sets.map((set) =>
      set.toRows().map(({ x, c }) =>
        `${x === null ? "none" : edges.filter((edge) => edge <= (x as number)).length} ${c}`
      )
    );
    const sum = [...new Set(cells.flat())].reduce((total, cell) =>
      total + Math.abs(
        share(cells[0], (other) => other === cell) - share(cells[1], (other) => other === cell),
      ), 0);
    assertAlmostEquals(trends.score(0, 2).score, 1 - sum / 2, 1e-9);
    assertEquals(trends.score(0, 2).metric, "ContingencySimilarity");
    assertEquals(trends.score(0, 1).metric, "CorrelationSimilarity");
  });
});

Deno.test("areaUnderCurve() is how often a row of one kind scores higher, ties counting half", () => {
  forSeeds(RUNS, (random) => {
    const labels = Uint8Array.from([0, 1, ...Array.from({ length: 20 }, () => random.below(2))]);
    const scores = Float64Array.from(labels, () => random.below(8));
    let [sum, pairs] = [0, 0];
    for (const [one, label] of labels.entries()) {
      for (const [other, second] of labels.entries()) {
        if (label === 0 || second === 1) continue;
        pairs++;
        sum += scores[one] > scores[other] ? 1 : scores[one] === scores[other] ? 0.5 : 0;
      }
    }
    assertAlmostEquals(areaUnderCurve(scores, labels), sum / pairs, 1e-12);
  });
});

Deno.test("foldsOf() puts as many rows of each kind into each fold", () => {
  const labels = Uint8Array.from({ length: 50 }, (_, row) => row < 25 ? 0 : 1);
  const folds = foldsOf(labels, new SeededRandom(1n, 5));
  for (let fold = 0; fold < 5; fold++) {
    for (const label of [0, 1]) {
      assertEquals(folds.filter((f, row) => f === fold && labels[row] === label).length, 5);
    }
  }
});

/** The distance of two rows, by the definition. */
function gower(columns: readonly ScoreColumn[], a: [number, number], b: [number, number]): number {
  return columns.reduce((sum, { kind, sets }) => {
    if (kind !== "number") return sum + (sets[a[0]].codes[a[1]] === sets[b[0]].codes[b[1]] ? 0 : 1);
    const all = [...known(sets[1].numbers), ...known(sets[2].numbers)];
    const width = Math.max(...all) - Math.min(...all);
    const [x, y] = [sets[a[0]].numbers[a[1]], sets[b[0]].numbers[b[1]]];
    if (Number.isNaN(x) && Number.isNaN(y)) return sum;
    if (Number.isNaN(x + y)) return sum + 1;
    const off = Math.abs(x - y);
    return sum + (width > 0 ? Math.min(1, off / width) : Math.min(1, off));
  }, 0);
}

Deno.test("nearestShare() counts rows that are nearer to learned rows, ties half", async () => {
  await forSeedsAsync(20, async (random) => {
    const sets = [someRows(random, 12), someRows(random, 9), someRows(random, 9)];
    const columns = scoreColumns(sets, {});
    const all = (set: number) => ({
      set,
      rows: Uint32Array.from({ length: sets[set].length }, (_, row) => row),
    });
    const nearest = (row: number, set: number) =>
      Math.min(...Array.from(all(set).rows, (other) => gower(columns, [0, row], [set, other])));
    const expected = Array.from(all(0).rows, (row) => {
      const [a, b] = [nearest(row, 1), nearest(row, 2)];
      return Math.abs(a - b) < 1e-12 ? 0.5 : a < b ? 1 : 0;
    });
    const mean = expected.reduce((sum: number, value) => sum + value, 0) / expected.length;
    const found = await nearestShare(columns, [all(0), all(1), all(2)], () => Promise.resolve());
    assertAlmostEquals(found.share, mean, 1 / 12 / 2 + 1e-9); // a tie may be broken by rounding
    assertEquals(found.rows, 12);
  });
});

Deno.test("shapeScore() is 1 of equal columns and 0 of those that share nothing", () => {
  const rows = (x: number, c: string) =>
    RecordBatch.fromRows(Array.from({ length: 10 }, (_, i) => ({ x: x + i, c }))) as RecordBatch;
  const columns = scoreColumns([rows(0, "a"), rows(0, "a"), rows(100, "b")], {});
  assertEquals(columns.map((column) => shapeScore(column, 0, 1).score), [1, 1]);
  assertEquals(columns.map((column) => shapeScore(column, 0, 2).score), [0, 0]);
});

Deno.test("keptTraits() tells lost nulls, types and whole numbers", () => {
  const real = RecordBatch.fromRows(
    Array.from({ length: 1000 }, (_, i) => ({ x: i % 4 === 0 ? null : i })),
    { schema: schema({ x: t.i32 }) },
  ) as RecordBatch;
  const synthetic = RecordBatch.fromRows(
    Array.from({ length: 1000 }, (_, i) => ({ x: i + 0.5 })),
    { schema: schema({ x: t.f64 }) },
  ) as RecordBatch;
  const [column] = scoreColumns([real, synthetic], {});
  const lost = keptTraits(column, [real, synthetic]);
  assertEquals(lost.nulls, { real: 0.25, synthetic: 0, kept: false });
  assertEquals(lost.type, { real: "i32", synthetic: "f64", kept: false });
  assertEquals(lost.whole, { real: true, synthetic: false, kept: false });
  const [same] = scoreColumns([real, real], {});
  const kept = keptTraits(same, [real, real]);
  assert(kept.nulls.kept && kept.type.kept && kept.whole?.kept);
});

Deno.test("scoreColumns() takes texts for times that are too many for categories, or that are said to be", () => {
  const day = 86_400_000;
  const start = Date.UTC(2026, 0, 1);
  const rows = (days: number, extra: (string | null)[] = []) => {
    const texts = Array.from(
      { length: 400 },
      (_, i) => new Date(start + (i * 7 % days) * day).toISOString().slice(0, 10),
    );
    const all = [...texts, ...extra].map((at) => ({ at }));
    return RecordBatch.fromRows(all, { schema: schema({ at: t.utf8 }) }) as RecordBatch;
  };
  const [many] = scoreColumns([rows(300), rows(300, [null, "soon"])], {});
  assertEquals([many.kind, many.type.kind, many.sets[1].nulls], ["time", "timestamp", 1]);
  assertEquals(many.sets[0].numbers[1], start + 7 * day);
  assertEquals(Array.from(many.sets[1].numbers.slice(400)), [NaN, NaN]);
  assert(shapeScore(many, 0, 1).score > 0.99);
  const few = [rows(50), rows(50)];
  assertEquals(scoreColumns(few, {})[0].kind, "category");
  assertEquals(scoreColumns(few, { at: "time" })[0].kind, "time");
});

import { assert, assertAlmostEquals } from "@std/assert";
import { columnOf, RecordBatch } from "@waggle/stream";
import { readColumn } from "../src/batch/column_reader.ts";
import { EXAMPLE_DATA, splitRows } from "../bench/support/example_data.ts";
import { SeededRandom } from "../src/generators/sampling/seeded_random.ts";
import type { LabelledRows } from "../src/quality/boosting/boosted_trees.ts";
import { shapeScore } from "../src/quality/column_shapes.ts";
import { qualityReport } from "../src/quality/quality_report.ts";
import { PairTrends } from "../src/quality/pair_trends.ts";
import { isScored, type ScoreColumn, scoreColumns } from "../src/quality/score_columns.ts";
import { crossValidatedArea, foldsOf, labelledRows } from "../src/quality/two_sample_score.ts";
import { counterpart } from "./support/counterpart.ts";
import { Random } from "./support/random.ts";

const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  pythonModules: ["sdmetrics", "sklearn"],
  purpose: "compute the scores that ours are to equal",
});
const SCRIPT = new URL("support/quality_scores.py", import.meta.url).pathname;
const noPause = () => Promise.resolve();

/** What the script says to each of some questions. */
async function ask(path: string, command: string, given: readonly object[]): Promise<unknown[]> {
  const env = { OMP_NUM_THREADS: "1" }; // more threads than idle cores wait for each other, busily
  const child = new Deno.Command(path, {
    args: [SCRIPT, command],
    env,
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const lines = given.map((each) => JSON.stringify(each)).join("\n");
  const fed = new Blob([lines]).stream().pipeTo(child.stdin);
  const [{ success, stdout }] = await Promise.all([child.output(), fed]);
  assert(success, command);
  const text = new TextDecoder().decode(stdout).replaceAll("NaN", "null");
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

/** Rows of which some columns of some rows are those of other rows, and some values null. */
function mixedUp(rows: RecordBatch, random: Random): RecordBatch {
  const columns = rows.schema.fields.map(({ name, type }, at) => {
    const values = readColumn(rows.column(name), { start: 0, end: rows.length });
    const mixed = values.map((value, row) => {
      if (row % 11 === at) return null;
      return at % 2 === 0 && random.chance(0.5) ? values[random.below(row + 1)] : value;
    });
    return columnOf(type, mixed);
  });
  return new RecordBatch(rows.schema, columns, rows.length);
}

async function exampleRows(name: string, most: number): Promise<[RecordBatch, RecordBatch]> {
  const data = EXAMPLE_DATA.find((each) => each.name === name)!;
  const { training, holdout } = splitRows(await data.read(), 7);
  const random = new Random(8);
  const pick = (rows: RecordBatch) =>
    rows.take(random.shuffle(Array.from({ length: rows.length }, (_, row) => row)).slice(0, most));
  return [pick(holdout), mixedUp(pick(training), random)];
}

/** A set of rows as the script takes it. */
function asGiven(columns: readonly ScoreColumn[], set: number): unknown[] {
  return columns.map(({ name, kind, texts, sets }) =>
    kind === "number" || kind === "time"
      ? [name, "number", Array.from(sets[set].numbers, (value) => value === value ? value : null)]
      : [name, "category", Array.from(sets[set].codes, (code) => code < 0 ? null : texts[code])]
  );
}

function assertScores(found: number, expected: number | null, what: string): void {
  if (expected === null) assert(Number.isNaN(found), what);
  else assertAlmostEquals(found, expected, 1e-6, what);
}

/** What SDMetrics says of two sets of rows. */
interface Expected {
  readonly shapes: (number | null)[];
  readonly pairs: [score: number | null, real: number | null][];
}

Deno.test(
  python.test("Shapes and trends of the example data are those of SDMetrics", async (path) => {
    const cases: ScoreColumn[][] = [];
    for (const { name } of EXAMPLE_DATA) {
      cases.push(scoreColumns(await exampleRows(name, 300), {}).filter(isScored));
    }
    const given = cases.map((columns) => ({
      real: asGiven(columns, 0),
      synthetic: asGiven(columns, 1),
    }));
    const answers = await ask(path, "sdmetrics", given) as Expected[];
    for (const [at, columns] of cases.entries()) {
      const { shapes, pairs } = answers[at];
      columns.forEach((column, i) =>
        assertScores(shapeScore(column, 0, 1).score, shapes[i], column.name)
      );
      const trends = new PairTrends(columns, [0, 1], { correlation: 0.5, association: 0.3 });
      let next = 0;
      for (let first = 0; first < columns.length; first++) {
        for (let second = first + 1; second < columns.length; second++) {
          const found = trends.score(first, second);
          const what = `${columns[first].name}, ${columns[second].name}`;
          assertScores(found.score, pairs[next][0], what);
          assertScores(found.real, pairs[next++][1], what);
        }
      }
    }
  }),
);

/** The columns of two sets of rows that SDMetrics compares in one way, or those in the other. */
function columnsOf(sets: readonly RecordBatch[], continuous: boolean): readonly RecordBatch[] {
  const names = scoreColumns(sets, {}).filter(isScored)
    .filter(({ kind }) => continuous === ["number", "time"].includes(kind))
    .map(({ name }) => name);
  return sets.map((rows) => rows.select(names));
}

Deno.test(
  python.test("Overall scores are those of SDMetrics' quality report", async (path) => {
    // Between a number and a category its report has other bins than its metric, which is ours.
    const cases: (readonly RecordBatch[])[] = [];
    for (const { name } of EXAMPLE_DATA) {
      const sets = await exampleRows(name, 200);
      for (const continuous of [false, true]) cases.push(columnsOf(sets, continuous));
    }
    const given = cases.map((sets) => {
      const columns = scoreColumns(sets, {});
      return { real: asGiven(columns, 0), synthetic: asGiven(columns, 1) };
    });
    const answers = await ask(path, "report", given) as (number | null)[][];
    let averaged = 0;
    for (const [at, [real, synthetic]] of cases.entries()) {
      const { scores } = await qualityReport(real, synthetic, { seed: 1 });
      const found = [scores.overall, scores.columnShapes, scores.pairTrends];
      found.forEach((score, i) => assertScores(score, answers[at][i], `case ${at}, score ${i}`));
      const some = scores.pairs.some(({ strong }) => strong);
      averaged += some && scores.pairTrends !== scores.allPairTrends ? 1 : 0;
    }
    assert(averaged >= 3, "pairs that are left out, and pairs that are not");
  }),
);

function allRows(set: number, rows: RecordBatch) {
  return { set, rows: Uint32Array.from({ length: rows.length }, (_, row) => row) };
}

Deno.test(
  python.test("Areas of the classifier are within 0.01 of scikit-learn's", async (path) => {
    const cases: LabelledRows[] = [];
    for (const { name } of EXAMPLE_DATA) {
      // Of more than 10,000 rows to learn from, of which a tenth is held out, there is one set.
      const [real, synthetic] = await exampleRows(name, name === "zipcodes" ? 6_500 : 1_000);
      const columns = scoreColumns([real, synthetic], {});
      cases.push(labelledRows(columns, allRows(0, real), allRows(1, synthetic)));
    }
    const given = cases.map(({ features, labels }) => ({
      features: features.map(({ values }) =>
        Array.from(values, (value) => value === value ? value : null)
      ),
      categories: features.map(({ categories }) => categories !== undefined),
      labels: Array.from(labels),
      folds: Array.from(foldsOf(labels, new SeededRandom(1n, 5))),
    }));
    const answers = await ask(path, "area", given) as number[];
    for (const [at, rows] of cases.entries()) {
      const found = await crossValidatedArea(rows, new SeededRandom(1n, 5), noPause);
      assertAlmostEquals(found, answers[at], 0.01, EXAMPLE_DATA[at].name);
    }
  }),
);

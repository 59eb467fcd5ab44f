import { assert } from "@std/assert";
import { RecordBatch } from "@waggle/stream";
import { EXAMPLE_DATA, splitRows } from "../bench/support/example_data.ts";
import { takeColumn } from "../src/batch/column_ops.ts";
import { SeededRandom } from "../src/generators/sampling/seeded_random.ts";
import { shuffle } from "../src/quality/boosting/boosted_trees.ts";
import { scoreColumns } from "../src/quality/score_columns.ts";
import { crossValidatedArea, labelledRows } from "../src/quality/two_sample_score.ts";
import { Random } from "./support/random.ts";

/** Rows of each kind; flights are hard to tell apart, since hardly a column depends on another. */
const ROWS: Readonly<Record<string, number>> = { "flights-20k": 6000 };
const FEW_ROWS = 800;

const noPause = () => Promise.resolve();

/** Rows whose columns have nothing to do with each other. */
function shuffledColumns(rows: RecordBatch, random: Random): RecordBatch {
  const order = () => random.shuffle(Array.from({ length: rows.length }, (_, row) => row));
  const columns = rows.schema.fields.map(({ name }) => takeColumn(rows.column(name), order()));
  return new RecordBatch(rows.schema, columns, rows.length);
}

async function scoreOf(real: RecordBatch, other: RecordBatch, most: number): Promise<number> {
  const columns = scoreColumns([real, other], {});
  const random = new SeededRandom(3n, 5);
  const pick = (set: number, { length }: RecordBatch) => {
    const rows = Uint32Array.from({ length }, (_, row) => row);
    shuffle(rows, random);
    return { set, rows: rows.subarray(0, Math.min(most, real.length)) };
  };
  const rows = labelledRows(columns, pick(0, real), pick(1, other));
  return 2 * (1 - await crossValidatedArea(rows, random, noPause));
}

for (const { name, read } of EXAMPLE_DATA) {
  Deno.test(`The classifier tells shuffled columns of ${name} from held-out rows`, async () => {
    const { training, holdout } = splitRows(await read(), 2026);
    const shuffled = shuffledColumns(training, new Random(1));
    const score = await scoreOf(holdout, shuffled, ROWS[name] ?? FEW_ROWS);
    assert(score < 0.35, String(score));
  });
}

Deno.test("The classifier hardly tells real rows of flights-20k from others that are real", async () => {
  const data = EXAMPLE_DATA.find(({ name }) => name === "flights-20k")!;
  const { training, holdout } = splitRows(await data.read(), 2026);
  const score = await scoreOf(holdout, training, 3000);
  assert(score > 0.95, String(score));
});

/**
 * Generators against SDV's Gaussian copula on the same rows: how fast both learn and sample, and how
 * good their rows are. Needs a Python with the package sdv, and says so where there is none.
 *
 *     deno task bench:sdv [--no-million] [NAME…]
 *
 * @module
 */
import { csv, CsvEncoder, RecordBatch, schema, SyntheticGenerator, types as t } from "../mod.ts";
import { type QualityReport, qualityReport } from "../src/quality/quality_report.ts";
import { readQualityRows } from "../src/quality/quality_rows.ts";
import { counterpart } from "../tests/support/counterpart.ts";
import { EXAMPLE_DATA, type ExampleData, splitRows } from "./support/example_data.ts";
import { randomOf } from "./support/shapes.ts";

const SCRIPT = new URL("support/gaussian_copula.py", import.meta.url).pathname;
const SPLIT_SEED = 2026;
const ROWS = 100_000;
const OUR_ROWS = 250 * 4096;
const MILLION = 1_000_000;
const SAMPLING_TARGET = 200;

/** What one generator did. */
interface Done {
  readonly fitMs: number;
  /** Rows a second. */
  readonly rate: number;
  readonly rows: RecordBatch;
}

/** A kind of column as SDV names it. */
function sdtypeOf(kind: string, isKey: boolean): string {
  if (isKey) return "id";
  if (kind === "timestamp") return "datetime";
  return kind === "dict" || kind === "utf8" ? "categorical" : "numerical";
}

/** Times as texts, which is how SDV takes them from a file. */
function withTexts(rows: RecordBatch): RecordBatch {
  const times = rows.schema.fields.filter(({ type }) => type.kind === "timestamp");
  const fields = rows.schema.fields.map((field) =>
    times.includes(field) ? { ...field, type: t.utf8 } : field
  );
  const text = (ms: unknown) =>
    ms === null ? null : new Date(ms as number).toISOString().slice(0, 19);
  const objects = rows.toRows().map((row) => ({
    ...row,
    ...Object.fromEntries(times.map(({ name }) => [name, text(row[name])])),
  }));
  return RecordBatch.fromRows(objects, { schema: { fields } }) as RecordBatch;
}

async function readCsv(path: string, of: RecordBatch): Promise<RecordBatch> {
  // Whole numbers may come back with a point.
  const fields = of.schema.fields.map((field) => ({
    ...field,
    type: field.type.kind === "i32" ? t.f64 : field.type,
  }));
  return await readQualityRows(csv(path, { schema: { fields } }), {
    which: "synthetic",
    maxRows: MILLION,
    seed: 0,
    signal: undefined,
  });
}

async function sdv(
  python: string,
  training: RecordBatch,
  key: unknown,
  rows: number,
): Promise<Done> {
  const folder = await Deno.makeTempDir();
  try {
    const paths = { training: `${folder}/training.csv`, synthetic: `${folder}/synthetic.csv` };
    const encoder = new CsvEncoder();
    const texts = withTexts(training);
    await Deno.writeFile(paths.training, encoder.encode(texts));
    const kinds = Object.fromEntries(
      training.schema.fields.map(({ name, type }) => [name, sdtypeOf(type.kind, name === key)]),
    );
    const given = JSON.stringify({ ...paths, kinds, rows });
    const { success, stdout, stderr } = await new Deno.Command(python, { args: [SCRIPT, given] })
      .output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).slice(-2000));
    const times = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
    const made = await readCsv(paths.synthetic, training);
    return { fitMs: times.fitMs, rate: 1000 * rows / times.sampleMs, rows: made };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function ours({ fit }: Pick<ExampleData, "fit">, training: RecordBatch): Promise<Done> {
  const start = performance.now();
  const generator = await SyntheticGenerator.fit(training, { ...fit, seed: 1 });
  const fitMs = performance.now() - start;
  // as many rows of each: keys of five digits are no more than these, so several samples of them
  const [count, samples] = fit.primaryKey === undefined ? [OUR_ROWS, 1] : [ROWS, OUR_ROWS / ROWS];
  for (const _ of generator.sample(ROWS, { seed: 0 }).batches()) { /* to warm up */ }
  const began = performance.now();
  let made = 0;
  for (let seed = 1; seed <= Math.ceil(samples); seed++) {
    for (const { length } of generator.sample(count, { seed }).batches()) made += length;
  }
  const rate = 1000 * made / (performance.now() - began);
  return { fitMs, rate, rows: generator.sample(ROWS, { seed: 1 }).toBatch() as RecordBatch };
}

function met(value: number, isMet: boolean, unit = "×"): string {
  return `${value.toPrecision(3)} ${unit}${isMet ? "" : " !"}`;
}

function print(name: string, [a, b]: readonly [Done, Done], mostFit: number): void {
  const [rate, fit] = [a.rate / b.rate, a.fitMs / b.fitMs];
  const million = (value: number) => `${(value / 1e6).toFixed(value < 1e6 ? 3 : 1)} M rows/s`;
  console.log(`${name}`);
  console.log(
    `  sampling  ${million(a.rate)} against ${million(b.rate)}: ${
      met(rate, rate >= SAMPLING_TARGET)
    }`,
  );
  console.log(
    `  fit       ${(a.fitMs / 1000).toFixed(2)} s against ${(b.fitMs / 1000).toFixed(2)} s: ${
      met(fit, fit <= mostFit)
    }`,
  );
}

function printScores([a, b]: readonly [QualityReport, QualityReport]): void {
  const line = (name: string, of: (report: QualityReport) => number) =>
    console.log(
      `  ${name}  ${of(a).toFixed(3)} against ${of(b).toFixed(3)}${of(a) > of(b) ? "" : " !"}`,
    );
  line("overall ", ({ overall }) => overall);
  line("c2st    ", ({ scores }) => scores.c2st.score);
}

async function compare(python: string, data: ExampleData): Promise<void> {
  const { training, holdout } = splitRows(await data.read(), SPLIT_SEED);
  const made = [
    await ours(data, training),
    await sdv(python, training, data.fit.primaryKey, ROWS),
  ] as const;
  print(data.name, made, data.name === "birdstrikes" ? 10 : Infinity);
  const options = { holdout, seed: 1, columns: kindsOf(data) };
  printScores([
    await qualityReport(training, made[0].rows, options),
    await qualityReport(training, made[1].rows, options),
  ]);
}

function kindsOf({ fit: { primaryKey } }: ExampleData): Record<string, "key"> {
  return typeof primaryKey === "string" ? { [primaryKey]: "key" } : {};
}

/** Rows of ten columns that hang together. */
function millionRows(): RecordBatch {
  const random = randomOf(5);
  const rows = Array.from({ length: MILLION }, () => {
    const [a, b, c] = [random(), random(), random()];
    return {
      price: Math.round(1000 * a * a) / 10,
      weight: Math.round(100 * (a + b)),
      height: a + c,
      count: Math.floor(8 * b),
      score: b * c,
      delay: Math.round(-50 * Math.log(1 - random())),
      city: `city ${Math.floor(40 * a * b)}`,
      kind: `kind ${Math.floor(6 * c)}`,
      state: a > 0.7 ? "new" : "old",
      grade: "abcde"[Math.floor(5 * b)],
    };
  });
  const columns = schema({
    ...{ price: t.f64, weight: t.i32, height: t.f64, count: t.i32, score: t.f64, delay: t.i32 },
    ...{ city: t.dict, kind: t.dict, state: t.dict, grade: t.dict },
  });
  return RecordBatch.fromRows(rows, { schema: columns }) as RecordBatch;
}

async function main(args: readonly string[]): Promise<void> {
  const python = counterpart({
    program: "python3",
    debianPackage: "python3-venv",
    pythonModules: ["sdv"],
    purpose: "compare with SDV",
  }).path;
  if (python === undefined) {
    console.log(
      "not run: there is no python3 with the package sdv; pip install sdv==2.0.0, and put it on PATH",
    );
    return;
  }
  const names = args.filter((arg) => !arg.startsWith("--"));
  console.log("Ours against SDV's Gaussian copula; ! is a target missed");
  for (const data of EXAMPLE_DATA) {
    if (names.length === 0 || names.includes(data.name)) await compare(python, data);
  }
  if (args.includes("--no-million")) return;
  const rows = millionRows();
  print("a million rows of ten columns", [
    await ours({ fit: {} }, rows),
    await sdv(python, rows, undefined, ROWS),
  ], 1);
}

if (import.meta.main) await main(Deno.args);

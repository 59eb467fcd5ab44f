/**
 * Runs every `bench/*_bench.ts` and ends with a table of ratios and targets.
 *
 * Usage: `deno task bench [filter] [--json FILE]`. The filter is a part of a file's or a group's
 * name. The exit code tells whether the benches ran, not whether they reached their targets.
 *
 * @module
 */
import type { BenchRow } from "./support/bench.ts";
import { formatTable, outcome, toJsonRow } from "./support/table.ts";

const FOLDER = new URL("./", import.meta.url);
const RUNNER = new URL("support/run_group.ts", FOLDER).href;
const PERMISSIONS = [
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-run",
  "--allow-sys",
  "--allow-ffi",
  "--allow-net=127.0.0.1",
];

const USAGE = `Usage: deno task bench [PART OF A NAME] [--json FILE]
       deno task bench:kafka [--json FILE]   those of Kafka, on one broker`;

interface Options {
  readonly filter: string;
  readonly json?: string;
}

function parse(args: readonly string[]): Options | undefined {
  let filter = "";
  let json: string | undefined;
  for (let i = 0; i < args.length; i++) {
    if (args[i] === "--json") json = args[++i];
    else if (args[i].startsWith("--json=")) json = args[i].slice("--json=".length);
    else if (args[i].startsWith("-")) return undefined;
    else filter = args[i];
  }
  if (args.includes("--json") && json === undefined) return undefined; // without its file
  return { filter, json };
}

function benchFiles(): string[] {
  return Array.from(Deno.readDirSync(FOLDER), (entry) => entry.name)
    .filter((name) => name.endsWith("_bench.ts")).sort();
}

/** What JSON cannot hold came as `null`. */
function reviveRow(row: BenchRow): BenchRow {
  const { rate, baselineRate, ratio } = row;
  return {
    ...row,
    rate: rate ?? NaN,
    baselineRate: baselineRate ?? NaN,
    ratio: ratio ?? NaN,
  };
}

async function runGroup(file: string, filter: string): Promise<BenchRow[]> {
  const output = await Deno.makeTempFile({ prefix: "waggle_bench_", suffix: ".json" });
  const map = Deno.env.get("WAGGLE_IMPORT_MAP");
  const imports = map ? [`--import-map=${map}`] : [];
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--v8-flags=--expose-gc",
      ...imports,
      ...PERMISSIONS,
      RUNNER,
      new URL(file, FOLDER).href,
      output,
      filter,
    ],
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  const rows = success ? JSON.parse(await Deno.readTextFile(output)).map(reviveRow) : [];
  await Deno.remove(output);
  if (!success) throw new Error(`bench/${file} failed`);
  return rows;
}

async function main(options: Options | undefined): Promise<number> {
  if (options === undefined) {
    console.error(USAGE);
    return 2;
  }
  const { filter, json } = options;
  const rows: BenchRow[] = [];
  const broken: string[] = [];
  for (const file of benchFiles()) {
    try {
      const group = await runGroup(file, filter);
      for (const row of group) console.log(`${row.name}: ${outcome(row)}`);
      rows.push(...group);
    } catch (error) {
      broken.push((error as Error).message);
    }
  }
  if (json) await Deno.writeTextFile(json, JSON.stringify(rows.map(toJsonRow), null, 2) + "\n");
  console.log("\n" + formatTable(rows));
  for (const message of broken) console.error(message);
  return broken.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(parse(Deno.args)));

/**
 * `waggle window` on a file of JSON lines, results written as CSV, against DuckDB doing the same on
 * the same file: whole processes from start to end, both with two threads. DuckDB is told the types
 * of the four columns that it is to read, `waggle` finds them out. The file is in the page cache, the
 * first run of each side is not counted, and of the others the best is.
 *
 * @module
 */
import { type BenchGroup, type BenchRow, notRun, row } from "./support/bench.ts";
import { writeLines } from "./support/line_file.ts";
import { SHAPES } from "./support/shapes.ts";

const ROWS = 2_000_000;
const THREADS = 2;
const ROUNDS = 5;
const WINDOW_MS = 600_000;
const TARGET = 1.5;
const NAME = "waggle window, JSON lines to CSV, against DuckDB's COPY, both with two threads";
const CLI = new URL("../src/cli/cli.ts", import.meta.url);
const DUCKDB = new URL("support/duckdb_windows.ts", import.meta.url);

/** A group's count and maximum, and its mean rounded: sums are not taken in the same order. */
type Groups = ReadonlyMap<string, string>;

/** A side of the comparison. */
interface Side {
  /** Arguments of its process, which writes a file. */
  readonly args: (output: string) => string[];
  readonly output: string;
}

function sides(folder: string): { waggle: Side; duckDb: Side } {
  const lines = `${folder}/lines.ndjson`;
  const flags = ["--tumble", `${WINDOW_MS / 1000}`, "--workers", `${THREADS}`, "--quiet"];
  const aggregates = "count, mean(temperature) as warm, max(humidity) as damp";
  return {
    waggle: {
      args: (output) => [
        ...["run", "--no-lock", "--allow-read", "--allow-write", "--allow-env", CLI.href],
        ...["window", lines, "--time", "at", "--key", "sensor", "--agg", aggregates],
        ...[...flags, "--output", output, "--force"],
      ],
      output: `${folder}/waggle.csv`,
    },
    duckDb: {
      args: (output) => [
        ...["run", "--no-lock", "--allow-all", DUCKDB.href],
        ...[lines, output, `${WINDOW_MS}`, `${THREADS}`],
      ],
      output: `${folder}/duckdb.csv`,
    },
  };
}

/** Rows a second of a run from start to end. */
async function rate({ args, output }: Side): Promise<number> {
  const startMs = performance.now();
  const command = new Deno.Command(Deno.execPath(), { args: args(output), stdout: "null" });
  const { success, stderr } = await command.output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return ROWS / ((performance.now() - startMs) / 1000);
}

async function groups({ output }: Side): Promise<Groups> {
  const [, ...lines] = (await Deno.readTextFile(output)).trimEnd().split("\n");
  return new Map(lines.map((line) => {
    const [start, end, sensor, count, warm, damp] = line.split(",");
    const times = [start, end].map((text) =>
      Date.parse(text.replace(" ", "T").replace("Z", "") + "Z")
    );
    return [[...times, sensor].join(), [count, Number(warm).toFixed(9), damp].join()];
  }));
}

function checkSame(own: Groups, other: Groups): void {
  for (const [key, group] of own) {
    if (other.get(key) === group) continue;
    throw new Error(`Group ${key} is ${group} of waggle, ${other.get(key)} of DuckDB`);
  }
  if (own.size !== other.size) {
    throw new Error(`waggle gave ${own.size} groups, DuckDB ${other.size}`);
  }
}

async function compared(folder: string): Promise<BenchRow> {
  const { waggle, duckDb } = sides(folder);
  try {
    await rate(duckDb);
  } catch (error) {
    return notRun(NAME, `DuckDB failed: ${(error as Error).message.split("\n")[0]}`);
  }
  await rate(waggle);
  checkSame(await groups(waggle), await groups(duckDb));
  let [best, baselineRate] = [0, 0];
  for (let round = 0; round < ROUNDS; round++) {
    best = Math.max(best, await rate(waggle));
    baselineRate = Math.max(baselineRate, await rate(duckDb));
  }
  return row(NAME, { rate: best, baselineRate, target: TARGET });
}

/** The command line, against a database. */
export const group: BenchGroup = {
  name: "command line to windows",
  async rows() {
    const folder = await Deno.makeTempDir({ prefix: "waggle_windows_" });
    try {
      await writeLines(`${folder}/lines.ndjson`, SHAPES.sensor, ROWS);
      return [await compared(folder)];
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

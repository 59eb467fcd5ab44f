import { assert, assertEquals } from "@std/assert";
import { KeptProcess, waggle } from "./support/kept_process.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const START_S = 1_700_000_000;

/** A file of rows with such times. */
function fileOf(name: string, times: readonly (number | null)[]): string {
  const path = `${folder}/${name}`;
  const isCsv = name.endsWith(".csv");
  const lines = times.map((ts, x) => isCsv ? `${ts ?? ""},${x % 7}` : JSON.stringify({ ts, x }));
  Deno.writeTextFileSync(path, [...(isCsv ? ["ts,x"] : []), ...lines, ""].join("\n"));
  return path;
}

/** Times that are one unit apart. */
function timesFrom(start: number, count = 200): number[] {
  return Array.from({ length: count }, (_, i) => start + i);
}

const COUNT = ["-t", "ts", "-a", "count", "-q"];
const windowOf = (path: string, ...more: string[]) =>
  waggle(["window", path, "--tumble", "1h", ...COUNT, ...more]);
const told = (words: string, format: string, dates: [time: number, as: string, ms: string]) =>
  `waggle: the times in column "ts" look like ${words}, and are taken for milliseconds: ${
    dates[0]
  } is ${dates[1]} by the former, and ${
    dates[2]
  } by the latter; pass --time-format ${format}, or ` +
  `--time-format ms\n`;
const SECONDS = told("seconds", "s", [
  START_S,
  "2023-11-14T22:13:20.000Z",
  "1970-01-20T16:13:20.000Z",
]);

for (const name of ["s.csv", "s.ndjson"]) {
  Deno.test(`waggle window takes no seconds for milliseconds: ${name}`, async () => {
    const path = fileOf(name, timesFrom(START_S));
    assertEquals(await windowOf(path), { code: 2, out: "", err: SECONDS });
    const sessions = ["window", path, "--session", "1h", ...COUNT, "--bad-records", "skip"];
    assertEquals(await waggle(sessions), { code: 2, out: "", err: SECONDS });
    const typed = new KeptProcess();
    typed.typed = Deno.readTextFileSync(path);
    const format = ["--input-format", name.slice(2)];
    const args = ["window", "-", "--tumble", "1h", ...COUNT, ...format];
    assertEquals(await waggle(args, typed), { code: 2, out: "", err: SECONDS });
    const asSeconds = await windowOf(path, "--time-format", "s");
    assertEquals(JSON.parse(asSeconds.out).windowStart, "2023-11-14T22:00:00.000Z");
    const asMilliseconds = await windowOf(path, "--time-format", "ms");
    assertEquals(JSON.parse(asMilliseconds.out).windowStart, "1970-01-20T16:00:00.000Z");
  });
}

Deno.test("seconds are known whatever stands around them, and microseconds as well", async () => {
  const many = Array<null>(20).fill(null);
  const nulls = await windowOf(fileOf("nulls.ndjson", [...many, ...timesFrom(START_S)]));
  assertEquals([nulls.code, nulls.err], [2, SECONDS]);
  const path = `${folder}/quoted.csv`;
  const text = `"${"several\nlines\n".repeat(30)}"`;
  const rows = timesFrom(START_S, 400).map((ts) => `${text},${ts}\n`);
  Deno.writeTextFileSync(path, `text,ts\n${rows.join("")}`); // longer than what is looked at
  assertEquals((await windowOf(path)).err, SECONDS);
  const micros = await windowOf(fileOf("us.csv", timesFrom(START_S * 1e6)));
  assertEquals(
    micros.err,
    told("microseconds", "us", [
      START_S * 1e6,
      "2023-11-14T22:13:20.000Z",
      "+055840-11-08T22:13:20.000Z",
    ]),
  );
});

Deno.test("times that may be milliseconds are taken for them, without a word", async () => {
  const of1973 = Date.UTC(1973, 0) / 1000;
  const cases: [name: string, times: number[], code: number][] = [
    ["milliseconds", timesFrom(START_S * 1000), 0],
    ["from a start", Array.from({ length: 200 }, (_, i) => i * 1e6), 0],
    ["before what anybody has data of", timesFrom(of1973 - 200), 0],
    ["from when people have data", timesFrom(of1973), 2],
    ["one before that", timesFrom(of1973 - 1), 0],
    ["up to the century's end", timesFrom(Date.UTC(2100, 0) / 1000 - 50, 50), 2],
    ["beyond it", timesFrom(Date.UTC(2100, 0) / 1000 - 49, 50), 0],
  ];
  for (const [name, times, code] of cases) {
    const { code: ended, err } = await windowOf(fileOf("some.csv", times));
    assertEquals(ended, code, `${name}: ${err}`);
    if (code === 0) assertEquals(err, "", name);
  }
});

Deno.test("fit and report tell of times that look like seconds, and go on", async () => {
  const path = fileOf("twin.csv", timesFrom(START_S + 0.5));
  const part = "look like seconds, and are taken for milliseconds: 1700000000.5 is 2023-11-14";
  const model = ["-o", `${folder}/twin.waggle`, "--model", "independent"];
  for (
    const args of [["fit", path, "--time", "ts", ...model], ["report", path, path, "--time", "ts"]]
  ) {
    const { code, err } = await waggle(args);
    assertEquals(code, 0, err);
    assert(err.includes(part) && err.includes("; multiply them by 1,000 if that is wrong\n"), err);
    assertEquals(err.split(part).length, 2, err);
  }
  const { err } = await waggle(["report", path, path]);
  assert(!err.includes("seconds, and"), err);
});

Deno.test("waggle fit says of seconds in i32 what they are, and what to do", async () => {
  const path = fileOf("few.csv", timesFrom(START_S));
  const { code, err } = await waggle(["fit", path, "--time", "ts", "-o", `${folder}/few.waggle`]);
  assertEquals([code, err.split("\n").length], [1, 3], err);
  assert(
    err.endsWith(
      'waggle: Cannot fit generator: column "ts" is i32, and event times are timestamps, or i64 or ' +
        "f64 ms since 1970; whole numbers as small are seconds more likely than milliseconds: " +
        "multiply them by 1,000, or write them as ISO 8601\n",
    ),
    err,
  );
});

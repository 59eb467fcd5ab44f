import { assert, assertEquals, assertThrows } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import { aggregateList } from "../src/cli/aggregate_list.ts";
import { main } from "../src/cli/cli.ts";
import { ProgressLine } from "../src/cli/progress_line.ts";
import { count, elapsed, terminalText } from "../src/cli/terminal_text.ts";
import { durationMs, wholeMs, wholeNumber } from "../src/cli/values.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { denoProcess } from "../src/runtime/process.ts";
import { KeptProcess, waggle as run } from "./support/kept_process.ts";
import { worldWith } from "./support/world_with.ts";

const ROOT = new URL("../", import.meta.url);

const folder = await Deno.makeTempDir();
const model = `${folder}/model.waggle`;
const generator = await SyntheticGenerator.fit(
  Array.from({ length: 300 }, (_, i) => ({ id: i + 1, city: ["Rome", "Paris"][i % 2], x: i % 9 })),
  { primaryKey: "id" },
);
await generator.save(model);
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

Deno.test("waggle stream writes data alone to the standard output, and tells on the other", async () => {
  const { code, out, err } = await run(["stream", model, "--max-records", "250", "--seed", "3"]);
  assertEquals(code, 0);
  assertEquals(out.trimEnd().split("\n").map((line) => JSON.parse(line)), sampled(250, 3));
  assert(/^250 records in 3 batches to standard output, [\d,]+\/s\n$/.test(err), err);
});

function sampled(count: number, seed: number): Record<string, unknown>[] {
  return generator.sample(count, { seed }).toRows();
}

Deno.test("every flag of waggle stream does what it says", async () => {
  const file = `${folder}/some.csv`;
  const metrics = `${folder}/metrics.json`;
  const { code, out, err } = await run([
    ...["stream", model, "--batch-size", "10", "--interval", "0.01", "--max-batches", "4"],
    ...["--seed", "7", "--start", "20", "--rate-limit", "1e6", "--output", file, "--quiet"],
    ...["--metrics-json", metrics, "--adaptive", "--target-latency", "10s"],
  ]);
  assertEquals([code, out, err], [0, "", ""]);
  const [header, ...lines] = Deno.readTextFileSync(file).trimEnd().split("\n");
  assertEquals(header, "id,city,x");
  const rows = generator.sample(40, { seed: 7, start: 20 }).toRows();
  assertEquals(lines, rows.map(({ id, city, x }) => `${id},${city},${x}`));
  const { totalRecords, batchesSent } = JSON.parse(Deno.readTextFileSync(metrics));
  assertEquals([totalRecords, batchesSent], [40, 4]);
  const again = await run(["stream", model, "-o", file]);
  assertEquals(again.code, 2);
  assertEquals(
    again.err,
    `waggle: ${file} exists; pass --force to replace it, or another --output\n`,
  );
  const figures = ["stream", model, "--max-records", "1", "-q", "--metrics-json", metrics];
  assertEquals(await run([...figures, "-o", `${folder}/other.csv`]), {
    ...{ code: 2, out: "" },
    err: `waggle: ${metrics} exists; pass --force to replace it, or another --metrics-json\n`,
  });
  assertEquals(JSON.parse(Deno.readTextFileSync(metrics)).totalRecords, 40);
  assertEquals((await run([...figures, "--force"])).code, 0);
  assertEquals(JSON.parse(Deno.readTextFileSync(metrics)).totalRecords, 1);
  const forced = await run(["stream", model, "-o", file, "--force", "--max-records", "1"]);
  assertEquals(forced.code, 0);
  assertEquals(Deno.readTextFileSync(file).split("\n").length, 3);
});

Deno.test("waggle stream keeps --conditions, and says what is wrong with them", async () => {
  const args = ["stream", model, "--max-records", "50", "-q", "--conditions"];
  const { out } = await run([...args, '{"city": "Rome", "x": ["<", 4]}']);
  const rows = out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(rows.length, 50);
  assert(rows.every(({ city, x }) => city === "Rome" && x < 4));
  for (const wrong of ['{"city": "Rome"', '{"town": "Rome"}', '{"x": [">", 100]}']) {
    const { code, err } = await run([...args, wrong]);
    assertEquals(code, 2);
    assert(
      /^waggle: --conditions (takes JSON|cannot be kept: .*("town"|"x" > 100))/.test(err),
      err,
    );
  }
});

Deno.test("one row, one record and one batch are told as one", async () => {
  const [data, one] = [`${folder}/one-row.csv`, `${folder}/one-row.waggle`];
  Deno.writeTextFileSync(data, "ts,x\n2026-01-01T00:00:00Z,1\n");
  const fitted = await run(["fit", data, "-o", one, "--model", "independent"]);
  assertEquals(fitted.code, 0);
  assert(fitted.err.includes("learned from 1 row\n"), fitted.err);
  assert(/, 1 row\n$/.test(fitted.err), fitted.err);
  const { err } = await run(["report", data, one]);
  assert(err.includes("1 real row compared with"), err);
  const streamed = await run(["stream", one, "--max-records", "1"]);
  assert(streamed.err.startsWith("1 record in 1 batch to "), streamed.err);
});

Deno.test("an output that nobody reads any more is no error", async () => {
  const process = new KeptProcess();
  process.readsBytes = 1000;
  const { code, err } = await run(["stream", model], process);
  assertEquals(code, 0);
  assert(!err.includes("error"), err);
});

Deno.test("Ctrl-C ends a stream with what was done, and exit code 130", async () => {
  const process = new KeptProcess();
  const running = run(["stream", model, "--rate-limit", "100"], process);
  while (process.out === "") await new Promise((resolve) => setTimeout(resolve, 5));
  process.interrupt();
  const { code, out, err } = await running;
  assertEquals(code, 130);
  assert(err.endsWith(", interrupted\n"), err);
  assert(out.endsWith("\n"));
  for (const line of out.trimEnd().split("\n")) JSON.parse(line);
});

Deno.test("waggle fit writes a model that stream and inspect read", async () => {
  const path = `${folder}/weather.waggle`;
  const data = new URL("examples/data/weather.csv", ROOT).pathname;
  const fit = ["fit", data, "-o", path, "--ignore", "date", "--max-rows", "400", "--model"];
  const { code, out, err } = await run([...fit, "independent"]);
  assertEquals([code, out], [0, ""], err);
  assert(err.includes(`written to ${path} after`), err);
  const inspected = await run(["inspect", path]);
  assert(inspected.out.startsWith("independent columns, learned from"), inspected.out);
  const refused = await run([...fit, "independent"]);
  assertEquals([refused.code, refused.err.includes("--force")], [2, true]);
});

Deno.test("waggle fit reads JSON as an array or as lines, whichever it is", async () => {
  const rows = Array.from({ length: 60 }, (_, x) => ({ x: x % 3 }));
  const lines = rows.map((row) => JSON.stringify(row)).join("\n");
  for (const [name, text] of [["array", `\n${JSON.stringify(rows)}`], ["lines", lines]]) {
    Deno.writeTextFileSync(`${folder}/${name}.json`, text);
    const { code, err } = await run([
      "fit",
      `${folder}/${name}.json`,
      "-o",
      `${folder}/${name}.waggle`,
    ]);
    assertEquals(code, 0, err);
    assert(err.includes("60 rows"), err);
  }
});

Deno.test("waggle fit learns a stream, and waggle stream paces its twin", async () => {
  const data = `${folder}/stream.ndjson`;
  const rows = Array.from({ length: 2000 }, (_, i) => ({
    ts: new Date(Date.UTC(2024, 0, 1) + i * 500 + (i * 7919) % 400).toISOString(),
    sensor: `s${i % 3}`,
    t: (i % 3) * 10 + i % 4,
  }));
  Deno.writeTextFileSync(data, rows.map((row) => JSON.stringify(row)).join("\n"));
  const path = `${folder}/stream.waggle`;
  const fit = ["fit", data, "-o", path, "--time", "ts", "--key", "sensor"];
  assertEquals((await run([...fit, "--types", "ts=when"])).code, 2);
  const misnamed = await run(["fit", data, "-o", path, "--time", "sensor"]);
  assertEquals([misnamed.code, misnamed.err.includes('column "sensor" as timestamp')], [1, true]);
  const { code, err } = await run(fit);
  assertEquals(code, 0, err);
  assert(err.includes("twin of a stream"), err);
  const args = ["stream", path, "--speed", "100", "--max-records", "60", "-q"];
  const made = (await run(args)).out.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(made.length, 60);
  assert(made.every(({ sensor }) => /^s[012]$/.test(sensor)));
  assert(made.every(({ ts }) => new Date(ts).toISOString() === ts), "times are as they came");
  const windows = ["window", data, "-t", "ts", "--tumble", "1h", "-a", "count", "-q"];
  const [first] = (await run([...windows, "--max-disorder", "1s"])).out.split("\n");
  assertEquals(JSON.parse(first).windowStart, "2024-01-01T00:00:00.000Z");
});

Deno.test("waggle window --dead-letters writes bad records to a file, with what is wrong", async () => {
  const data = `${folder}/bad.ndjson`;
  const letters = `${folder}/bad.letters.ndjson`;
  const good = Array.from({ length: 40 }, (_, i) => JSON.stringify({ ts: i * 1000, v: i }));
  Deno.writeTextFileSync(
    data,
    [...good, '{"ts": 4, "v":', '{"ts":9000000000000000,"v":1}'].join("\n"),
  );
  const args = ["window", data, "-t", "ts", "--tumble", "1h", "-a", "count"];
  const { code, out, err } = await run([...args, "--dead-letters", letters]);
  assertEquals(code, 0, err);
  assertEquals(JSON.parse(out).count, 40);
  assert(err.includes(", 2 dead letters"), err);
  const found = Deno.readTextFileSync(letters).trimEnd().split("\n").map((line) =>
    JSON.parse(line)
  );
  assertEquals(found.map(({ record }) => record), [
    '{"ts": 4, "v":',
    '{"ts":9000000000000000,"v":1}',
  ]);
  assert(found.every(({ error }) => error.length > 20), JSON.stringify(found));
  assert(found.every(({ error }) => !/badRecords|deadLetter/.test(error)), JSON.stringify(found));
  const both = await run([...args, "--dead-letters", letters, "--bad-records", "skip", "--force"]);
  assertEquals(both.code, 2);
  assert(both.err.includes("exclude each other"), both.err);
  assertEquals((await run([...args, "--dead-letters", letters])).code, 2); // it exists
});

Deno.test("waggle window aggregates a file by key and window", async () => {
  const data = `${folder}/data.ndjson`;
  const rows = [[0, "a", 1], [30_000, "b", 5], [59_999, "a", 4], [60_000, "a", 7], [
    200_000,
    "b",
    2,
  ]];
  const text = rows.map(([ts, sensor, t]) => JSON.stringify({ ts, sensor, t })).join("\n");
  Deno.writeTextFileSync(data, text);
  const { code, out, err } = await run([
    ...["window", data, "--time", "ts", "--key", "sensor", "--tumble", "60s", "--format", "csv"],
    ...["--agg", "count, mean(t), max(t) as top"],
  ]);
  assertEquals(code, 0, err);
  const [header, ...lines] = out.trimEnd().split("\n");
  assertEquals(header, "windowStart,windowEnd,sensor,count,mean_t,top");
  assertEquals(lines.map((line) => line.split(",").slice(2).join()).sort(), [
    "a,1,7,7",
    "a,2,2.5,4",
    "b,1,2,2",
    "b,1,5,5",
  ]);
  assert(err.includes("5 rows in") && err.includes("3 windows, 0 late rows"), err);
});

Deno.test("waggle window takes the first, the last, the least and the greatest text", async () => {
  const data = `${folder}/names.csv`;
  Deno.writeTextFileSync(data, "ts,name\n0,bob\n10,\n20,ann\n59999,zo\u00eb\n60000,\ud83d\udc1d\n");
  const { code, out, err } = await run([
    ...["window", data, "--time", "ts", "--tumble", "60s", "--format", "csv"],
    ...["--agg", "first(name), last(name), min(name), max(name) as most", "--time-format", "ms"],
  ]);
  assertEquals(code, 0, err);
  const [header, ...lines] = out.trimEnd().split("\n");
  assertEquals(header, "windowStart,windowEnd,first_name,last_name,min_name,most");
  assertEquals(lines.map((line) => line.split(",").slice(2).join()), [
    "bob,zo\u00eb,ann,zo\u00eb",
    Array(4).fill("\ud83d\udc1d").join(),
  ]);
});

Deno.test("waggle window says which flag lets rows be late when it has left some out", async () => {
  const data = `${folder}/late.csv`;
  Deno.writeTextFileSync(data, "ts,k\n0,a\n60000,a\n120000,a\n1000,a\n");
  const args = ["window", data, "-t", "ts", "--tumble", "60s", "-a", "count"];
  const { err } = await run(args);
  assert(err.includes("3 windows, 1 late row left out (see --max-disorder)\n"), err);
  const all = await run([...args, "--max-disorder", "2m"]);
  assert(all.err.includes("3 windows, 0 late rows\n"), all.err);
});

Deno.test("waggle window says that there are no rows, and which file is not there therefore", async () => {
  const empty = { "empty.csv": "", "header.csv": "ts,k\n", "lines.ndjson": "\n\n" };
  for (const [name, text] of Object.entries(empty)) {
    const [data, output] = [`${folder}/${name}`, `${folder}/no-windows.csv`];
    Deno.writeTextFileSync(data, text);
    const args = ["window", data, "-t", "ts", "--tumble", "60s", "-a", "count"];
    const { code, out, err } = await run([...args, "-o", output]);
    assertEquals([code, out], [0, ""], err);
    assert(err.endsWith(`, 0 late rows; ${data} holds no rows; ${output} was not written\n`), err);
    const told = await run(args);
    assert(told.err.endsWith(`, 0 late rows; ${data} holds no rows\n`), told.err);
    assertEquals(await run([...args, "-q"]), { code: 0, out: "", err: "" });
  }
});

Deno.test("where no file can be written is told before any data are read", async () => {
  const runtime = worldWith({
    createFile: () => Promise.reject(new Deno.errors.PermissionDenied("Read-only file system")),
    openFile: (path) =>
      path === model
        ? denoRuntime.openFile(path)
        : Promise.reject(new Error("no data are to be read")),
  });
  const [data, output] = [`${folder}/some-rows.csv`, `${folder}/read-only.waggle`];
  Deno.writeTextFileSync(data, "ts\n1\n");
  for (
    const args of [
      ["fit", data, "-o", output],
      ["sample", model, "-o", `${output}.csv`],
      ["stream", model, "-o", `${output}.csv`],
      ["stream", model, "--metrics-json", output],
      ["window", data, "-t", "ts", "--tumble", "60s", "-a", "count", "-o", `${output}.csv`],
    ]
  ) {
    const process = new KeptProcess();
    assertEquals(await main(args, { process, runtime }), 1);
    assert(process.err.startsWith(`waggle: cannot write ${output}`), process.err);
    assert(process.err.endsWith(": Read-only file system\n"), process.err);
  }
});

Deno.test("a name that is too long for what stands beside it is told before any data are read", async () => {
  const data = `${folder}/not-read.csv`;
  Deno.writeTextFileSync(data, "no,data\nthat,is,right\n");
  const longest = 255 - ".12345678.part".length;
  const fit = async (bytes: number) => {
    const output = `${folder}/${"n".repeat(bytes)}`;
    const { code, err } = await run(["fit", data, "-o", output]);
    assertEquals(code, 1);
    return err;
  };
  assert((await fit(longest + 1)).startsWith(`waggle: cannot write ${folder}/nnn`));
  assert(!(await fit(longest)).includes("cannot write"));
});

Deno.test("a command that fails leaves no file behind", async () => {
  const place = `${folder}/left`;
  Deno.mkdirSync(place);
  const data = `${place}/bad.csv`;
  Deno.writeTextFileSync(data, "ts\nsoon\n");
  const args = ["window", data, "-t", "ts", "--tumble", "60s", "-a", "count"];
  assertEquals((await run([...args, "-o", `${place}/out.csv`])).code, 1);
  assertEquals((await run(["fit", data, "-o", `${place}/out.waggle`, "--max-rows", "0"])).code, 2);
  assertEquals(Array.from(Deno.readDirSync(place), ({ name }) => name), ["bad.csv"]);
});

Deno.test("a terminal that tells no size is taken to have 80 columns", () => {
  const { consoleSize } = Deno;
  try {
    Deno.consoleSize = () => ({ columns: 0, rows: 0 });
    assertEquals(denoProcess.stderr.columns, 80);
    Deno.consoleSize = () => ({ columns: 132, rows: 0 });
    assertEquals(denoProcess.stderr.columns, 132);
  } finally {
    Deno.consoleSize = consoleSize;
  }
});

Deno.test("what cannot be called so ends with 2, and says how", async () => {
  const birds = new URL("examples/data/birdstrikes.csv", ROOT).pathname;
  const cases: [string[], string][] = [
    [["strem"], "Did you mean stream?"],
    [["stream"], "missing required argument 'model'"],
    [
      ["stream", model, "--rate-limit", "0"],
      "--rate-limit takes a number of records a second above 0",
    ],
    [["stream", model, "--interval", "soon"], "a bare number is seconds"],
    [["stream", model, "--max-records", "-1"], "--max-records takes a whole number from 0"],
    [
      ["stream", model, "--format", "xml"],
      "--format takes ndjson, json, csv, avro, parquet or msgpack",
    ],
    [["stream", `${folder}/none.waggle`], "there is no such file; make one by"],
    [["fit", "data.xml", "-o", `${folder}/x.waggle`], "there is no such file"],
    [["fit", model, "-o", `${folder}/x.waggle`], "cannot tell what"],
    [["fit", birds, "-o", `${folder}/no/x.waggle`], `there is no folder ${folder}/no; make it`],
    [["stream", model, "-o", `${folder}/no/x.csv`], `there is no folder ${folder}/no; make it`],
    [
      ["stream", model, "--metrics-json", `${folder}/no/x`],
      `there is no folder ${folder}/no; make`,
    ],
    [["window", birds, "--time", "t", "--agg", "count"], "give one kind of window"],
    [["window", birds, "--time", "t", "--tumble", "1", "--agg", "men(x)"], "did you mean mean?"],
    [["window", birds, "-t", "t", "--tumble", "1", "--agg", "mean"], "mean(temperature), say"],
    [
      ["window", birds, "-t", "t", "--tumble", "1", "--agg", "p100(x)"],
      'no function "p100"; percentiles are pN, a percentile from p0 to below p100, such as p50 or ' +
      "p99.9; the greatest value is max(…)",
    ],
    [
      ["window", birds, "-t", "t", "--tumble", "1", "--agg", "P95(x)"],
      'no function "P95"; percentiles are pN',
    ],
    [
      ["window", birds, "-t", "t", "--tumble", "1", "--agg", "frobnicate(x)"],
      "approxCountDistinct, and pN, a percentile from p0",
    ],
    [["window", birds, "--hlep"], "unknown option '--hlep'"],
    [["fit", "--hlep"], "unknown option '--hlep'"],
    [["fit", "a", "b", "--quiet"], "too many arguments"],
    [["fit", birds], "required option '-o, --output <model>' not specified"],
    [["window", birds, "-t", "t"], "required option '-a, --agg <list>' not specified"],
    [["sample", model, "-n", "-5"], '-n, --rows takes a whole number from 0, received "-5"'],
    [["stream", model, "-f", "x"], "-f, --format takes ndjson"],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await run(args);
    assertEquals([code, out], [2, ""], err);
    assert(err.includes(message), `${args.join(" ")}: ${err}`);
  }
});

Deno.test("what fails ends with 1, and says why", async () => {
  const rubbish = `${folder}/rubbish.waggle`;
  Deno.writeTextFileSync(rubbish, "\u001b[31mnot a model");
  const { code, err } = await run(["inspect", rubbish]);
  assertEquals(code, 1);
  assert(err.startsWith(`waggle: cannot read the model ${rubbish}: `), err);
  assert(!err.includes("\u001b"));
});

Deno.test("a command whose output fails, and cannot be closed either, tells what failed first", async () => {
  const process = new KeptProcess();
  process.stdout.write = () => {
    throw new Error("the disk is full");
  };
  const { code, err } = await run(
    ["stream", model, "--max-records", "5", "--format", "avro"],
    process,
  );
  assertEquals(code, 1);
  assert(err.includes("waggle: Cannot publish batch 0, records 0 to 4: the disk is full;"), err);
});

Deno.test("--help tells of all commands on the standard output, and ends with 0", async () => {
  const { code, out, err } = await run(["--help"]);
  assertEquals([code, err], [0, ""]);
  for (const command of ["fit", "stream", "inspect", "window"]) assert(out.includes(command));
  const of = await run(["stream", "--help"]);
  assert(of.out.includes("--rate-limit") && of.out.includes("Examples:"));
});

Deno.test("a terminal gets one line that is written over, with a bar", async () => {
  const process = new KeptProcess(true);
  const args = ["stream", model, "--max-records", "60", "--rate-limit", "100", "--batch-size", "5"];
  const { code, err } = await run(args, process);
  assertEquals(code, 0);
  assert(err.includes("\r\u001b[2K") && err.includes("░") && err.includes(" left"), err);
  assert(err.endsWith("/s\n"));
});

Deno.test("a process of its own writes data that a pipe may close", async () => {
  const command = new Deno.Command("sh", {
    args: [
      "-c",
      `"${Deno.execPath()}" run --no-lock --allow-all src/cli/cli.ts stream "${model}" -f csv -q | head -n 2`,
    ],
    cwd: ROOT,
    stderr: "piped",
  });
  const { code, stdout, stderr } = await command.output();
  assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  const [row] = sampled(1, 0);
  assertEquals(new TextDecoder().decode(stdout), `id,city,x\n${row.id},${row.city},${row.x}\n`);
});

Deno.test("durations of flags are in seconds unless they say otherwise", () => {
  const all = ["1", "0.5", "500ms", "2s", "5m", "1h", "1d"].map((text) => durationMs(text, "-x"));
  assertEquals(all, [1000, 500, 500, 2000, 300_000, 3_600_000, 86_400_000]);
  for (const text of ["", "s", "-1", "1 s", "1w", "1e3"]) {
    assertThrows(() => durationMs(text, "--interval"), Error, "--interval takes a duration");
  }
  for (const text of ["99999999999999d", "1e400", "1e30s", "9".repeat(400)]) {
    assertThrows(() => durationMs(text, "--tumble"), Error, "and this is too large: it has more");
  }
  assertThrows(() => durationMs("-5d", "--interval"), Error, "which must not be below 0, received");
  assertThrows(() => wholeMs("-5d", "--tumble", 1), Error, "which must be above 0, received");
  assertThrows(() => wholeMs("-1", "--max-disorder", 0), Error, "must not be below 0, received");
  assertEquals([wholeNumber("1e6", "-n"), wholeNumber("1_000", "-n")], [1_000_000, 1000]);
});

Deno.test("lists of aggregates name what they cannot read", () => {
  assertEquals(Object.keys(aggregateList("count, p99.9(x) as slow, sum( y )")), [
    "count",
    "slow",
    "sum_y",
  ]);
  assertThrows(() => aggregateList("count, count"), Error, 'has "count" twice');
  assertThrows(() => aggregateList("mean(a"), Error, "--agg takes a list");
});

Deno.test("lists of aggregates are read in one pass, whatever blanks there are", () => {
  const blanks = " \t\n".repeat(1000);
  const list = `${blanks}mean${blanks}(${blanks}a b${blanks})${blanks}as${blanks}m${blanks},count`;
  assertEquals(Object.keys(aggregateList(list)), ["m", "count"]);
  for (const wrong of [`mean(${blanks}x`, `mean${blanks}!`, `mean(x)${blanks}as${blanks}`]) {
    const start = performance.now();
    assertThrows(() => aggregateList(wrong), Error, "--agg takes a list");
    assert(performance.now() - start < 1000, `it took ${performance.now() - start} ms`);
  }
});

Deno.test("what is shown is for people, and cannot act on a terminal", () => {
  assertEquals(terminalText("a\u001b[2Jb\u202ec\nd"), "a\ufffd[2Jb\ufffdc\nd");
  assertEquals([count(1234567.6), elapsed(1500), elapsed(65_000), elapsed(3_725_000)], [
    "1,234,568",
    "1.5 s",
    "1:05",
    "1:02:05",
  ]);
});

Deno.test("A command that fails at a terminal tells why in a line of its own", async () => {
  const data = `${folder}/late.ndjson`;
  const rows = Array.from({ length: 300_000 }, (_, i) => `{"x":${i}}`);
  Deno.writeTextFileSync(data, [...rows, '{"x'].join("\n"));
  const { code, err } = await run(
    ["fit", data, "-o", `${folder}/late.waggle`],
    new KeptProcess(true),
  );
  assertEquals(code, 1);
  const [drawn, told] = err.split("\r\u001b[2K").slice(-2);
  assert(drawn.includes("% ") && told.startsWith("waggle: Cannot read "), err);
});

Deno.test("A fit that Ctrl-C ends says so, and writes nothing", async () => {
  const process = new KeptProcess(true);
  const path = `${folder}/unfinished.waggle`;
  const data = new URL("examples/data/birdstrikes.csv", ROOT).pathname;
  const running = run(["fit", data, "-o", path], process);
  while (!process.err.includes("learning")) await new Promise((resolve) => setTimeout(resolve, 5));
  process.interrupt();
  const { code, err } = await running;
  assertEquals(code, 130);
  assert(err.endsWith("\r\u001b[2Kinterrupted; nothing was written\n"), err);
  assertThrows(() => Deno.statSync(path), Deno.errors.NotFound);
});

Deno.test("The time left goes by what was seen to be done", () => {
  const process = new KeptProcess();
  let nowMs = 0;
  const line = new ProgressLine(process, { ...denoRuntime, monotonicMs: () => nowMs }, false);
  for (const share of [0.4, 0.5, 0.9]) {
    nowMs += 5000;
    line.show(() => ({ of: "learning", share, text: "learning" }));
  }
  assertEquals(process.err.split("\n"), [
    "40 %  learning",
    "50 %  learning, 25.0 s left",
    "90 %  learning, 2.0 s left",
    "",
  ]);
});

Deno.test("A plain line is told again only when it is another", () => {
  const process = new KeptProcess();
  let nowMs = 0;
  const line = new ProgressLine(process, { ...denoRuntime, monotonicMs: () => nowMs }, false);
  for (const text of ["0 clients", "0 clients", "1 client", "1 client", "0 clients"]) {
    nowMs += 5000;
    line.show(() => ({ text }));
  }
  assertEquals(process.err, "0 clients\n1 client\n0 clients\n");
});

Deno.test("On a narrow terminal what is told of progress ends before what has no room, not within a number", () => {
  const text = "6,300 of 60,000 records, 19,657/s";
  const told = (columns: number) => {
    const process = new KeptProcess(true);
    Object.assign(process.stderr, { columns });
    const line = new ProgressLine(process, { ...denoRuntime, monotonicMs: () => 0 }, false);
    line.show(() => ({ share: 0.1, text }));
    return process.err.split("\u001b[2K").at(-1)!;
  };
  const left = "0.0 s left";
  assertEquals([77, 76, 52, 51, 40, 39, 30, 20].map(told), [
    `██${"░".repeat(22)} 10 %  ${text}, ${left}`,
    `10 %  ${text}, ${left}`,
    `10 %  ${text}, ${left}`,
    `10 %  ${text}`,
    `10 %  ${text}`,
    "10 %  6,300 of 60,000 records",
    "10 %  6,300 of 60,000 records",
    "10 %  6,300 of 60,0",
  ]);
});

Deno.test("waggle window --types has a text among numbers be a bad record, and not make all of them texts", async () => {
  const rows = Array.from({ length: 30 }, (_, i) => ({ ts: i * 1000, v: i === 7 ? "n/a" : i }));
  const ndjson = `${folder}/typed.ndjson`;
  const csv = `${folder}/typed.csv`;
  Deno.writeTextFileSync(ndjson, rows.map((row) => JSON.stringify(row)).join("\n"));
  Deno.writeTextFileSync(csv, `ts,v\n${rows.map(({ ts, v }) => `${ts},${v}`).join("\n")}`);
  for (const data of [ndjson, csv]) {
    const args = ["window", data, "-t", "ts", "--tumble", "1h", "-a", "count, sum(v) as all", "-q"];
    assert((await run(args)).code !== 0, data);
    const typed = await run([...args, "--types", "v=f64", "--bad-records", "skip"]);
    assertEquals(typed.code, 0, typed.err);
    const { count, all } = JSON.parse(typed.out);
    assertEquals([count, all], [29, 30 * 29 / 2 - 7]);
    const strict = await run([...args, "--types", "v=f64"]);
    assert(strict.code !== 0 && /"?n\/a/.test(strict.err), strict.err);
  }
  const none = await run([
    "window",
    csv,
    "-t",
    "ts",
    "--tumble",
    "1h",
    "-a",
    "count",
    "--types",
    "w=f64",
  ]);
  assert(none.code !== 0 && none.err.includes('"w"') && none.err.includes('"ts", "v"'), none.err);
  const odd = await run([
    "window",
    csv,
    "-t",
    "ts",
    "--tumble",
    "1h",
    "-a",
    "count",
    "--types",
    "v=x",
  ]);
  assertEquals(odd.code, 2);
  assert(odd.err.includes("--types takes columns with their types"), odd.err);
});

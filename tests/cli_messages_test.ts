import { assert, assertEquals, assertThrows } from "@std/assert";
import { RecordBatch, SyntheticGenerator } from "../mod.ts";
import { flagText } from "../src/cli/flag_text.ts";
import { FIT } from "../src/cli/commands/fit.ts";
import { STREAM } from "../src/cli/commands/stream.ts";
import { WINDOW } from "../src/cli/commands/window.ts";
import { counterpart } from "./support/counterpart.ts";
import { KeptProcess, waggle } from "./support/kept_process.ts";
import { waggleCommand } from "./support/waggle_command.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const at = (name: string) => `${folder}/${name}`;

const model = at("model.waggle");
await (await SyntheticGenerator.fit(
  Array.from({ length: 200 }, (_, i) => ({ weather: i % 2 ? "rain" : "sun", wind: i % 9 })),
  { model: "independent" },
)).save(model);
const days = at("days.waggle");
await (await SyntheticGenerator.fit(
  Array.from({ length: 200 }, (_, i) => ({
    weather: i % 2 ? "rain" : "sun",
    day: new Date(Date.UTC(2024, 0, 1 + i)),
  })),
  { model: "independent" },
)).save(days);
const FILES: Record<string, string> = {
  "ragged.csv": "a,b\n1,2\n3\n",
  "semicolons.csv": "ts;x\n2024-01-01;1\n",
  "tabs.csv": "ts\tx\n2024-01-01\t1\n",
  "twice.csv": "ts,ts\n1,2\n",
  "quote.csv": 'a,b\n1,"2\n',
  "empty.csv": "",
  "times.csv": "ts,k,x\nfoo,a,1\nbar,b,2\n",
  "weather.csv": "weather,wind,day\nrain,1,2024-01-01\nsun,2,2024-01-02\n".repeat(50)
    .replaceAll(/\nweather.*/g, ""),
  "bare.ndjson": "{}\n",
  "long.ndjson": JSON.stringify({ a: "x".repeat(2_000_000) }),
  "types.ndjson": '{"ts":1,"x":1}\n{"ts":"a","x":1}\n',
  "rubbish.waggle": "no model",
  "rubbish.ndjson": "no JSON\nnor this\n",
  "nested.ndjson": '{"ts":1,"x":{"a":[1,2]}}\n',
  "deep.ndjson": '{"ts":1,"x":{"a":[1,2]},"y":[1],"a b":[[2]]}\n',
  "text.avro": "this is no Avro file",
  "text.parquet": "this is no Parquet file",
};
for (const [name, text] of Object.entries(FILES)) Deno.writeTextFileSync(at(name), text);

/** What is wrong, with which exit code, and a part of what is told. */
const CASES: [args: string[], code: number, part: string][] = [
  [
    ["fit", at("ragged.csv"), "-o", at("x")],
    1,
    "received 1; correct it; or pass --bad-records skip",
  ],
  [["fit", at("semicolons.csv"), "-o", at("x")], 1, "; pass --separator ';', or --separator ','"],
  [["fit", at("tabs.csv"), "-o", at("x")], 1, "; pass --separator '\\t', or --separator ','"],
  [
    ["window", at("semicolons.csv"), "--time", "ts", "--tumble", "1d", "--agg", "count"],
    1,
    'semicolons.csv: line 1, the header: it has no comma, and "ts;x" looks like names',
  ],
  [["fit", at("twice.csv"), "-o", at("x")], 1, 'are named "ts"; rename them\n'],
  [["fit", at("quote.csv"), "-o", at("x")], 1, "belongs to the text; or pass --bad-records skip"],
  [["fit", at("empty.csv"), "-o", at("x")], 1, "there are no rows in"],
  [
    ["fit", at("rubbish.ndjson"), "-o", at("x"), "--bad-records", "skip"],
    1,
    "rubbish.ndjson could be decoded: 2 bad records were left out, and there are no others",
  ],
  [["fit", at("types.ndjson"), "-o", at("x")], 1, "leave it out by --ignore 'ts'\n"],
  [["fit", at("nested.ndjson"), "-o", at("x")], 1, "leave it out by --ignore 'x'\n"],
  [["fit", at("deep.ndjson"), "-o", at("x")], 1, "leave them out by --ignore 'x,y,a b'\n"],
  [["fit", at("long.ndjson"), "-o", at("x")], 1, "missing, or raise --max-record-bytes; or pass"],
  [["fit", at("text.avro"), "-o", at("x")], 1, 'does not begin with "Obj" and the byte 1\n'],
  [["fit", at("text.parquet"), "-o", at("x")], 1, "does not end with PAR1"],
  [
    ["fit", at("weather.csv"), "-o", at("x"), "--time", "weather"],
    1,
    'column "weather" as timestamp: expected timestamp (ISO 8601',
  ],
  [["fit", at("weather.csv"), "-o", at("x"), "--time", "nope"], 1, 'no column "nope"; they have'],
  [["fit", at("weather.csv"), "-o", at("x"), "--types", "wind=bool"], 1, "expected bool"],
  [["fit", at("weather.csv"), "-o", at("x"), "--key", "wind"], 2, "say by --time which column"],
  [["fit", at("weather.csv"), "-o", at("x"), "--model", "tree"], 2, "did you mean trees?"],
  [["fit", at("weather.csv"), "-o", at("x"), "--separator", "ab"], 2, "takes one character"],
  [["fit", at("weather.csv"), "-o", at("x"), "--max-rows", "0"], 2, "a whole number from 1"],
  [["fit", "-", "-o", at("x"), "--input-format", "parquet"], 2, "write it to a file"],
  [["fit", at("weather.csv"), "-o", at("x.csv")], 2, "is the name of data; end it in .waggle"],
  [["fit", at("weather.csv"), "-o", at("x.json.gz")], 2, "is the name of data; end it in .waggle"],
  [["fit", at("weather.csv")], 2, "waggle: required option '-o, --output <model>' not specified"],
  [["fit", at("weather.csv")], 2, "\nsee `waggle fit --help`\n"],
  [["report", at("weather.csv")], 2, "\nsee `waggle report --help`\n"],
  [
    ["window", at("bare.ndjson"), "-t", "ts", "--tumble", "1", "-a", "count"],
    1,
    'column "ts": there is none of that name, as there are no columns at all',
  ],
  [
    ["window", at("times.csv"), "-t", "ts", "--tumble", "1", "-a", "count"],
    1,
    `of format "iso", such as "2026-01-31T12:00:00Z", received "foo" (${at("times.csv")}, line 2)`,
  ],
  [["stream", model, "--speed", "2"], 2, "--speed is of streams, and this model has learned rows"],
  [["stream", model, "--buffer-size", "0"], 2, "--buffer-size takes a whole number from 1"],
  [["stream", model, "--buffer-size", "9", "--interval", "1"], 2, "make --buffer-size larger, or"],
  [["stream", model, "--rate-limit", "-5/s"], 2, "a number of records a second above 0"],
  [["stream", model, "--interval", "-1"], 2, "--interval takes a duration such as 1"],
  [["stream", model, "--drop-oldest"], 2, "--on-buffer-full drop loses; pass that as well"],
  [["stream", model, "--target-latency", "5"], 2, "pass --adaptive as well"],
  [["stream", model, "--on-error", "ignore"], 2, "--on-error takes retry, skip or stop"],
  [["stream", model, "--kafka-servers", "a:1"], 2, "name that by --topic"],
  [["stream", model, "--topic", "a"], 2, "--topic is of Kafka"],
  [["stream", model, "--workers", "300"], 2, "--workers takes a whole number from 0 to 255"],
  [["stream", model, "--conditions", "{"], 2, `--conditions takes JSON such as '{"segment"`],
  [["stream", model, "--conditions", "[1]"], 2, `10000]}': received an array of 1`],
  [["stream", model, "--conditions", '{"wnd": 3}'], 2, 'no column "wnd"; did you mean "wind"?'],
  [["stream", model, "--conditions", '{"wind": [">", 99]}'], 2, 'no row can satisfy "wind" > 99:'],
  [["stream", model, "-o", at("x.csv.gz"), "-f", "parquet"], 2, "compressed within: give --output"],
  [
    ["stream", at("weather.csv")],
    1,
    `it is no model, and its name says that it has records; learn one from them by \`waggle fit ${
      at("weather.csv")
    } -o model.waggle\`, and give that`,
  ],
  [
    ["stream", at("rubbish.waggle")],
    1,
    "and a model with 89 57 41 47 47 4c 45 0a; make one by `waggle",
  ],
  [
    ["report", at("weather.csv"), at("empty.csv")],
    1,
    `there are no synthetic ones in ${at("empty.csv")}; give some`,
  ],
  [["sample", model, "--start", "9007199254740991"], 2, "there are no 10 records from --start"],
  [
    ["sample", model, "-o", at("x")],
    2,
    "does not say what to write; end it in .ndjson, .csv, .avro",
  ],
  [["sample", model, "--force"], 2, "--force replaces a file that exists, and none is written"],
  [["sample", model, "-o", "-", "--force"], 2, "--force replaces a file that exists, and none is"],
  [["stream", model, "-o", "-", "--force"], 2, "--force replaces a file that exists, and none is"],
  [
    ["stream", model, "-o", "-", "--websocket", "ws://a"],
    2,
    "give one of --output and --websocket",
  ],
  [
    ["fit", at("weather.csv"), "-o", "-", "--force"],
    2,
    "--force replaces a file that exists, and none is written",
  ],
  [
    ["stream", model, "--metrics-json", "-"],
    2,
    "--metrics-json is a file, and - stands for the standard output; a file of that name is ./-",
  ],
  [
    ["fit", at("weather.csv"), "-o", at("x"), "--dead-letters", "-"],
    2,
    "--dead-letters is a file, and - stands for the standard output",
  ],
  [
    ["sample", model, "-f", "csv", "-o", "/dev/null"],
    1,
    "cannot write /dev/null: Deno has programs with all permissions alone open what is there; give a " +
    "file, or write to the standard output and redirect that to it\n",
  ],
  [["fit", at("weather.csv"), "-o", "/dev/full"], 1, "cannot write /dev/full: Deno has programs"],
  [
    ["stream", model, "--metrics-json", "/dev/full"],
    1,
    "cannot write /dev/full: Deno has programs with all permissions",
  ],
  [
    ["stream", days, "--conditions", '{"day": [">", "2030-01-01"]}'],
    2,
    'no row can satisfy "day" > 2030-01-01T00:00:00.000Z: "day" is from 2024-01-01T00:00:00.000Z',
  ],
  [
    ["stream", days, "--conditions", '{"day": ["not between", "2000-01-01", "2040-01-01"]}'],
    2,
    '"day" not between 2000-01-01T00:00:00.000Z and 2040-01-01T00:00:00.000Z: "day"',
  ],
  [
    ["stream", days, "--conditions", '{"weather": ["in", ["hail", "hum"]]}'],
    2,
    'no row can satisfy "weather" in ("hail", "hum"): the values',
  ],
  [["stream", days, "--conditions", '{"weather": ["like", "z%"]}'], 2, '"weather" like "z%": the'],
  [["stream", days, "--conditions", '{"day": null}'], 2, 'no row can satisfy "day" is null: "day"'],
  [["inspect", folder], 2, "it is a folder; give the path of a .waggle file"],
  [["window", at("times.csv"), "-t", "no", "--tumble", "1", "-a", "count"], 1, "none of that name"],
  [
    ["window", at("times.csv"), "-t", "ts", "--tumble", "1", "-a", "count"],
    1,
    "--bad-records skip\n",
  ],
  [["window", at("types.ndjson"), "-t", "ts", "--tumble", "1", "-a", "count"], 1, "correct them\n"],
  [
    ["window", at("nested.ndjson"), "-t", "ts", "--tumble", "1", "-a", "sum(x)"],
    1,
    "received struct\n",
  ],
  [
    ["window", at("times.csv"), "-t", "x", "--time-format", "iso", "--tumble", "1", "-a", "count"],
    1,
    "say by --time-format which",
  ],
  [["window", at("times.csv"), "-t", "ts", "--tumble", "0", "-a", "count"], 2, "from 1, received"],
  [
    ["window", at("times.csv"), "-t", "ts", "--tumble", "1", "-a", "count as windowEnd"],
    2,
    "always",
  ],
  [
    ["report", at("nested.ndjson"), at("nested.ndjson")],
    1,
    `there are no scores for struct<a: list<i32>>; leave it out by --ignore 'x'\n`,
  ],
  [["report", at("deep.ndjson"), at("deep.ndjson")], 1, "leave them out by --ignore 'x,y,a b'\n"],
  [["report", at("weather.csv"), at("times.csv")], 1, `leave it out by --ignore 'weather'`],
  [
    ["report", at("weather.csv"), at("weather.csv"), "--max-rows", "9", "--time", "wind"],
    1,
    "set --max-rows",
  ],
  [["report", "-", "-"], 2, "can be read once"],
];

/** What only programs can follow: names of options, objects, and calls, but for what is quoted. */
const OF_THE_API = /\b[a-z]+[A-Z]\w*\b|\{ \w+: |\w+\(\)|new [A-Z]/;

for (const [args, expected, part] of CASES) {
  const shown = args.join(" ").replaceAll(folder, "").slice(0, 80);
  Deno.test(`waggle ${shown} tells in words of the command line`, async () => {
    const { code, out, err } = await waggle(args);
    assertEquals([code, out], [expected, ""], err);
    assert(err.includes(part), err);
    assert(err.startsWith("waggle: "), err);
    const told = err.replaceAll(folder, "").replace(/received ".*"|name a result \w+/g, "");
    assert(!OF_THE_API.test(told), told);
  });
}

Deno.test("what the library says of options stands there as flags, and names in data stay", () => {
  const cases: [string, string][] = [
    [
      'raise maxRecordBytes, or pass badRecords: "skip" or "deadLetter"',
      "raise --max-record-bytes, or pass --bad-records skip",
    ],
    [
      'column "maxRows" is f64; correct it, or pass raggedRows: "pad"',
      'column "maxRows" is f64; correct it',
    ],
    ["look for it, or raise maxColumns if the input is to be trusted; end", "look for it; end"],
    ['such as { model: "trees" }', "such as --model trees"],
    ['such as { model: "a b" }', "such as --model 'a b'"],
    ["to go on with it, stream with start: 300", "to go on with it, pass --start 300"],
    [
      "not trusted: give that one's certificate as tls.ca",
      "not trusted: give that one's certificate by --kafka-ca",
    ],
    [
      "takes no logins at this port: leave out sasl, or take the port that does",
      "takes no logins at this port: leave out --kafka-user, or take the port that does",
    ],
    [
      'for key "price": it must be a number: give the source a schema, or cast it',
      'for key "price": it must be a number',
    ],
    ["no such topic; see to the option deadLetter", "no such topic; see to --dead-letters"],
  ];
  for (const [said, told] of cases) assertEquals(flagText(said, FIT.flags), told);
  assertEquals(
    flagText('no row can satisfy col("a").gt(1).and(col("b\\"").eq("x)y")): why', STREAM.flags),
    'no row can satisfy "a" > 1 and "b\\"" = "x)y": why',
  );
  assertEquals(
    flagText("set maxDisorder: 5 or dropOldest: true", WINDOW.flags),
    "set --max-disorder 5 or dropOldest: true",
  );
});

Deno.test("the help's example of sessions runs on clicks whose pages are texts", async () => {
  const example = WINDOW.examples.find((line) => line.includes("clicks.csv.gz"))!;
  const list = /-a '(.*?)'/.exec(example)![1];
  Deno.writeTextFileSync(
    at("clicks.csv"),
    "at,user,page\n2026-01-01T00:00Z,ann,/in\n2026-01-01T00:10Z,ann,/out\n",
  );
  const rest = ["-t", "at", "-k", "user", "--session", "30m", "-a", list];
  const { code, out, err } = await waggle(["window", at("clicks.csv"), ...rest]);
  assertEquals(code, 0, err);
  assertEquals(JSON.parse(out).countDistinct_page, 2);
});

Deno.test("bad records are skipped when that is asked for, and counted", async () => {
  const file = at("some.ndjson");
  const lines = Array.from({ length: 50 }, (_, x) => `{"at":${x * 1000},"x":${x % 3}}`);
  Deno.writeTextFileSync(file, [...lines, "oops", "{"].join("\n"));
  const failed = await waggle(["fit", file, "-o", at("some.waggle")]);
  assertEquals([failed.code, failed.err.includes("line 51")], [1, true], failed.err);
  const { code, err } = await waggle([
    "fit",
    file,
    "-o",
    at("some.waggle"),
    "--bad-records",
    "skip",
  ]);
  assertEquals(code, 0, err);
  assert(err.includes("50 rows, 2 bad records skipped\n"), err);
  const window = ["window", file, "-t", "at", "--tumble", "1m", "-a", "count", "--bad-records"];
  const windows = await waggle([...window, "skip"]);
  assertEquals(JSON.parse(windows.out).count, 50);
  assert(windows.err.includes("2 bad records skipped"), windows.err);
});

Deno.test("fit, window and report read the standard input", async () => {
  const typed = async (text: string, args: string[]) => {
    const process = new KeptProcess();
    process.typed = text;
    return await waggle(args, process);
  };
  const rows = Array.from(
    { length: 100 },
    (_, i) => ({ at: i * 1000, city: "ab"[i % 2], x: i % 5 }),
  );
  const batch = RecordBatch.fromRows(rows);
  const lines = batch.toJson({ lines: true });
  const csv = ["at,city,x", ...rows.map((row) => Object.values(row).join())].join("\n");
  const path = at("typed.waggle");
  const fitted = await typed(csv, ["fit", "-", "-o", path, "--input-format", "csv"]);
  assertEquals(fitted.code, 0, fitted.err);
  const windows = await typed(lines, ["window", "-", "-t", "at", "--tumble", "60s", "-a", "count"]);
  assertEquals(windows.out.trimEnd().split("\n").map((line) => JSON.parse(line).count), [60, 40]);
  const report = await typed(lines, ["report", "-", path, "--json", "-q"]);
  assertEquals(JSON.parse(report.out).rows, { real: 100, synthetic: 100 }, report.err);
  const json = await typed(JSON.stringify(rows), ["report", path.replace("waggle", "x"), "-"]);
  assertEquals(json.code, 2);
  const array = [
    "window",
    "-",
    "-t",
    "at",
    "--tumble",
    "1h",
    "-a",
    "count",
    "--input-format",
    "json",
  ];
  assertEquals(JSON.parse((await typed(JSON.stringify(rows), array)).out).count, 100);
});

Deno.test("CSV on the standard input is refused with the flag to pass, bad records skipped or not", async () => {
  const typed = async (text: string, args: string[]) => {
    const process = new KeptProcess();
    process.typed = text;
    return await waggle(args, process);
  };
  const window = ["window", "-", "-t", "at", "--tumble", "1d", "-a", "count"];
  const hint = (header: string) =>
    "waggle: the standard input is read as JSON lines, and its first line looks like the header of " +
    `CSV: ${
      JSON.stringify(header)
    }; pass --input-format csv, or --input-format ndjson if it is none\n`;
  const csv = "at,max temp,x_1\n2026-01-01,3,1\n";
  const headers = [csv, "at;x\n1;2\n", '"at"\t"x"\r\n1\t2\r\n', "at,x"];
  for (const text of headers) {
    for (
      const args of [window, [...window, "--bad-records", "skip"], ["fit", "-", "-o", at("y")]]
    ) {
      const { code, out, err } = await typed(text, args);
      assertEquals([code, out, err], [2, "", hint(text.split(/\r?\n/)[0])]);
    }
  }
  const line = '{"at":1,"x":2}\n';
  for (const text of [line + csv, csv + line, `oops, no JSON\n${line}`]) {
    const { code, out, err } = await typed(text, [...window, "--bad-records", "skip"]);
    assertEquals([code, JSON.parse(out).count], [0, 1], err);
  }
  const said = await typed(csv, [...window, "--input-format", "ndjson", "--bad-records", "skip"]);
  assertEquals([said.code, said.out, said.err], [
    1,
    "",
    "waggle: no record of the standard input could be read: 2 bad records skipped, and there are no " +
    "others; without --bad-records skip the first is told of\n",
  ]);
  const asCsv = await typed(csv, [...window, "--input-format", "csv"]);
  assertEquals(JSON.parse(asCsv.out).count, 1);
});

Deno.test("waggle window fails where all records go to the dead letters, and writes no windows", async () => {
  const letters = at("all.csv");
  const windows = at("none.csv");
  const window = ["window", at("rubbish.ndjson"), "-t", "at", "--tumble", "1d", "-a", "count"];
  const { code, err } = await waggle([...window, "--dead-letters", letters, "-o", windows]);
  assertEquals([code, err], [
    1,
    `waggle: no record of ${
      at("rubbish.ndjson")
    } could be read: 2 bad records went to ${letters}, ` +
    "which says what is wrong with them, and there are no others\n",
  ]);
  assertEquals(Deno.readTextFileSync(letters).match(/^no/gm)?.length, 2);
  assertThrows(() => Deno.statSync(windows), Deno.errors.NotFound);
});

Deno.test("what is wrong with records is told with --types, and no option of the API", async () => {
  const types = "bool, i32, i64, f64, timestamp, date, time, utf8";
  const good = Array.from({ length: 40 }, (_, i) => [i * 1000, i % 3]);
  const bad = ["1", "hello"];
  const csv = at("typed.csv");
  Deno.writeTextFileSync(csv, ["at,x", ...good, bad].join("\n"));
  const json = at("typed.ndjson");
  const rows = [...good, [1, "hello"]].map(([at, x]) => JSON.stringify({ at, x }));
  Deno.writeTextFileSync(json, rows.join("\n"));
  for (const [data, correct] of [[csv, "correct it"], [json, "correct the row"]]) {
    const args = ["window", data, "-t", "at", "--tumble", "1d", "-a", "sum(x)"];
    const letters = at(`letters.${data.split(".").at(-1)}.ndjson`);
    const advice = `; ${correct}, or give the column another type by --types: ${types}`;
    const given = ["--types", "x=i32"];
    const failed = await waggle([...args, ...given]);
    assertEquals([failed.code, failed.err.endsWith(`${advice}; or pass --bad-records skip\n`)], [
      1,
      true,
    ], failed.err);
    const kept = await waggle([...args, ...given, "--dead-letters", letters]);
    assertEquals(kept.code, 0, kept.err);
    const { error } = JSON.parse(Deno.readTextFileSync(letters));
    assert(error.endsWith(advice), error);
  }
  const said =
    "give the column another type in `schema` (`mixed` takes anything), or correct the row";
  assertEquals(flagText(said, STREAM.flags), "correct the row");
});

const bash = counterpart({ program: "bash", purpose: "limit the size of files" });
Deno.test(
  bash.test("a full disk and a limit of file sizes are told, and the device stays", async (path) => {
    const script = `
    ${waggleCommand()}
    cd "${folder}"
    waggle sample model.waggle -n 100000 -q -o /dev/full -f csv; echo $?
    waggle sample model.waggle -n 100000 -q > /dev/full; echo $?
    waggle report weather.csv weather.csv -q -o /dev/full; echo $?
    test -c /dev/full && echo device
    ulimit -f 200
    waggle sample model.waggle -n 1000000 -q -o large.csv; echo $?
    waggle sample model.waggle -n 1000000 -q > large.ndjson; echo $?
    ls large*`;
    const { stdout, stderr } = await new Deno.Command(path, { args: ["-c", script] }).output();
    const told = new TextDecoder().decode(stderr).trimEnd().split("\n");
    assertEquals(
      new TextDecoder().decode(stdout),
      "1\n1\n1\ndevice\n1\n1\nlarge.ndjson\n",
      told.join(),
    );
    const full = "No space left on device (os error 28)";
    assertEquals(told, [
      `waggle: Cannot write /dev/full: ${full}`,
      `waggle: Cannot write to the standard output: ${full}`,
      `waggle: cannot write /dev/full: ${full}: writefile '/dev/full'`,
      "waggle: Cannot write large.csv: File too large (os error 27)",
      "waggle: Cannot write to the standard output: File too large (os error 27)",
    ]);
  }),
);

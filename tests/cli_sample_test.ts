import { assert, assertEquals, assertThrows } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import { KeptProcess, waggle } from "./support/kept_process.ts";

const ROOT = new URL("../", import.meta.url);
const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const real = Array.from({ length: 300 }, (_, i) => ({
  city: ["Rome", "Paris", "Oslo"][i % 3],
  x: (i % 3) * 10 + (i * 7) % 9,
}));
const data = `${folder}/real.csv`;
Deno.writeTextFileSync(data, ["city,x", ...real.map(({ city, x }) => `${city},${x}`)].join("\n"));
const model = `${folder}/model.waggle`;
const generator = await SyntheticGenerator.fit(real, { model: "independent" });
await generator.save(model);

function parsed(lines: string): unknown[] {
  return lines.trimEnd().split("\n").map((line) => JSON.parse(line));
}

Deno.test("waggle sample writes as many records as are asked for, and the same ones again", async () => {
  const { code, out, err } = await waggle(["sample", model, "-n", "5000", "--seed", "3"]);
  assertEquals(code, 0, err);
  assertEquals(parsed(out), generator.sample(5000, { seed: 3 }).toRows());
  assert(/^5,000 records to standard output in [\d.]+ s \([\d,]+\/s\)\n$/.test(err), err);
  const some = await waggle(["sample", model, "-q", "--seed", "3", "--start", "4990"]);
  assertEquals([some.out, some.err], [out.split("\n").slice(4990).join("\n"), ""]);
  const bees = await waggle(["sample", model, "-n", "5000", "--seed", "3", "--workers", "1"]);
  assertEquals(bees.out, out);
});

Deno.test("waggle sample keeps --conditions, and writes files", async () => {
  const file = `${folder}/oslo.csv`;
  const args = ["sample", model, "-n", "40", "--conditions", '{"city": "Oslo"}', "-o", file, "-q"];
  assertEquals((await waggle(args)).code, 0);
  const lines = Deno.readTextFileSync(file).trimEnd().split("\n");
  assertEquals([lines.length, lines[0]], [41, "city,x"]);
  assert(lines.slice(1).every((line) => line.startsWith("Oslo,")));
  const again = await waggle(args);
  assertEquals([again.code, again.err], [
    2,
    `waggle: ${file} exists; pass --force to replace it, or another --output\n`,
  ]);
});

Deno.test("a sample of no records is a file with columns alone", async () => {
  const file = `${folder}/none.csv`;
  assertEquals((await waggle(["sample", model, "-n", "0", "-o", file, "-q"])).code, 0);
  assertEquals(Deno.readTextFileSync(file), "city,x\n");
});

Deno.test("Ctrl-C ends a sample with what was made, which is whole", async () => {
  const process = new KeptProcess();
  const file = `${folder}/interrupted.ndjson`;
  const running = waggle(["sample", model, "-n", "1e8", "-o", file, "--workers", "1"], process);
  const isBegun = () => Array.from(Deno.readDirSync(folder)).some(({ name }) => /part$/.test(name));
  while (!isBegun()) await new Promise((resolve) => setTimeout(resolve, 5));
  process.interrupt();
  const { code, err } = await running;
  assertEquals(code, 130);
  const [, made] = /^([\d,]+) records to .* of 100,000,000: interrupted\n$/.exec(err) ?? [];
  const rows = parsed(Deno.readTextFileSync(file));
  assertEquals(rows.length, Number(made?.replaceAll(",", "")), err);
});

Deno.test("waggle report compares files, and a file with a model that makes as many rows", async () => {
  const { code, out, err } = await waggle(["report", data, data]);
  assertEquals(code, 0, err);
  assert(out.startsWith("Quality of 300 synthetic rows against 300 real ones\n"), out);
  assert(/overall +1\.000\n/.test(out), out);
  // a slow machine is told of meanwhile, too
  assert(/^(comparing .*\n)*300 real rows compared with .* in [\d.]+ s\n$/.test(err), err);
  const json = await waggle(["report", data, model, "--json", "--seed", "4", "-q"]);
  const { rows, columns, overall } = JSON.parse(json.out);
  assertEquals([rows, json.err], [{ real: 300, synthetic: 300 }, ""]);
  assertEquals(columns.map(({ name }: { name: string }) => name), ["city", "x"]);
  assert(overall > 0.5 && overall < 1);
  const more = await waggle(["report", data, model, "--json", "-n", "1000", "--ignore", "x"]);
  assertEquals(JSON.parse(more.out).rows.synthetic, 1000);
  assertEquals(JSON.parse(more.out).columns.length, 1);
});

Deno.test("waggle report writes a page, with held-out rows and columns as they are said to be", async () => {
  const page = `${folder}/report.html`;
  const args = ["report", data, model, "--holdout", data, "--columns", "x=category", "-o", page];
  const { code, out, err } = await waggle([...args, "--title", "Cities & <b>"]);
  assertEquals([code, out], [0, ""], err);
  const html = Deno.readTextFileSync(page);
  assert(html.includes("Cities &amp; &lt;b"), html.slice(0, 500));
  assert(/nearest is known/.test(err) && /"x" +[\d.]+ +category/.test(err), err);
  assert(err.endsWith(`, written to ${page}\n`), err);
  assertEquals((await waggle(args)).code, 2);
});

Deno.test("what a report cannot compare is told with the flags that help", async () => {
  const cases: [string[], number, string][] = [
    [["report", data], 2, "missing required argument 'synthetic'"],
    [["report", data, data, "--rows", "5"], 2, "--rows says how many a model makes"],
    [["report", data, data, "--key", "city"], 2, "--key is of streams; say by --time"],
    [["report", data, data, "--columns", "x"], 2, "--columns takes columns with what they are"],
    [["report", data, data, "--columns", "x=numbr"], 2, "did you mean number?"],
    [["report", data, `${folder}/none.waggle`], 2, "there is no such file; make one by"],
    [["report", data, model, "-n", "0"], 2, "--rows takes a whole number from 1"],
  ];
  for (const [args, expected, message] of cases) {
    const { code, out, err } = await waggle(args);
    assertEquals([code, out], [expected, ""], err);
    assert(err.includes(message), `${args.join(" ")}: ${err}`);
  }
});

Deno.test("waggle --version is that of the package, and each command's help has examples", async () => {
  const { version } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  assertEquals(await waggle(["--version"]), { code: 0, out: `${version}\n`, err: "" });
  const { out } = await waggle(["--help"]);
  const commands = Array.from(out.matchAll(/^ {2}([a-z]+) .*(<|\[)/gm), ([, name]) => name);
  for (const command of commands.filter((name) => name !== "help" && name !== "waggle")) {
    const help = await waggle([command, "--help"]);
    assertEquals(help.code, 0);
    assert(help.out.includes(`\n  waggle ${command} `), `no example of ${command}: ${help.out}`);
  }
});

Deno.test("--output - is the standard output of every command, and ./- a file", async () => {
  const data = `${folder}/piped.ndjson`;
  const rows = Array.from({ length: 60 }, (_, i) => JSON.stringify({ at: i * 1000, x: i % 4 }));
  Deno.writeTextFileSync(data, rows.join("\n"));
  const window = ["window", data, "-t", "at", "--tumble", "1m", "-a", "count"];
  const calls = [
    ["sample", model, "-n", "3", "-f", "csv"],
    ["stream", model, "--max-records", "3"],
    ["report", data, data, "--json"],
    window,
  ];
  for (const call of calls) {
    const [plain, dashed] = [await waggle(call), await waggle([...call, "-o", "-"])];
    assertEquals([dashed.code, dashed.out], [0, plain.out], dashed.err);
    assert(dashed.out !== "" && dashed.err !== "");
  }
  const fitted = await waggle(["fit", data, "--model", "independent", "-o", "-"]);
  assertEquals([fitted.code, fitted.out.slice(1, 7)], [0, "WAGGLE"], fitted.err);
  assert(fitted.err.includes("\nwritten to standard output after "), fitted.err);
  assertThrows(() => Deno.statSync("-"), Deno.errors.NotFound);
  const there = `${folder}/./-`;
  assertEquals((await waggle([...window, "-o", there, "-f", "csv"])).code, 0);
  assert(Deno.readTextFileSync(there).startsWith("windowStart,"));
});

Deno.test("a model is not for a terminal", async () => {
  const process = new KeptProcess();
  process.stdout.isTerminal = true;
  const { code, err } = await waggle(["fit", "any.csv", "-o", "-"], process);
  assertEquals([code, err.includes("a model is not for a terminal: give a file")], [2, true], err);
});

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { counterpart } from "./support/counterpart.ts";
import { CsvDecoder, schema, types as t } from "../mod.ts";

const ROOT = new URL("../", import.meta.url);
const ENDLESS = 2_000_000_000;
const decoder = new TextDecoder();

/** The flags with which the task runs the demo. */
function demoFlags(): string[] {
  const { tasks } = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
  const words: string[] = tasks.demo.split(" ");
  assertEquals([words[0], words[1], words.at(-1)], ["deno", "run", "examples/demo.ts"]);
  return words.slice(1);
}

function demo(...args: unknown[]): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: [...demoFlags(), ...args.map(String)],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "piped",
  });
}

async function run(...args: unknown[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await demo(...args).output();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Reads until a text has come, and gives what came so far. */
async function until(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  text: string,
): Promise<string> {
  let seen = "";
  while (!seen.includes(text)) {
    const { done, value } = await reader.read();
    if (done) return seen;
    seen += decoder.decode(value, { stream: true });
  }
  return seen;
}

async function rest(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  let seen = "";
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    seen += decoder.decode(next.value, { stream: true });
  }
  return seen;
}

/** What the real rows come to for each size of animals in the whole years, in the plainest way. */
function expectedFigures(): Map<string, number[]> {
  const columns = schema({
    "Flight Date": t.date,
    "Wildlife Size": t.utf8,
    "Speed IAS in knots": t.i32,
  });
  const csv = new CsvDecoder({ schema: columns, extraKeys: "ignore" });
  const bytes = Deno.readFileSync(new URL("examples/data/birdstrikes.csv", ROOT));
  const rows = [...csv.push(bytes), ...csv.finish()].flatMap((batch) => batch.toRows());
  const yearOf = (row: typeof rows[number]) => Math.floor(row["Flight Date"]! / 365);
  const [first, last] = [yearOf(rows[0]), yearOf(rows.at(-1)!)];
  const whole = rows.filter((row) => yearOf(row) > first && yearOf(row) < last);
  return new Map(["Small", "Medium", "Large"].map((size) => {
    const ours = whole.filter((row) => row["Wildlife Size"] === size);
    const speeds = ours.map((row) => row["Speed IAS in knots"]).filter((speed) => speed !== null);
    const mean = speeds.reduce((sum, speed) => sum + speed, 0) / speeds.length;
    return [size, [ours.length / (last - first - 1), mean, 100 * speeds.length / ours.length]];
  }));
}

/** The lines of the closing table: real and synthetic figures in turns, by size. */
function tableOf(out: string): Map<string, number[]> {
  const lines = out.matchAll(/^(Small|Medium|Large) +([\d, ]+)$/gm);
  return new Map(Array.from(lines, ([, size, figures]) => [
    size,
    figures.trim().split(/ +/).map((figure) => Number(figure.replaceAll(",", ""))),
  ]));
}

Deno.test("The demo makes a million records, counts them all, and ends well", async () => {
  const { code, out, err } = await run();
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "1,000,000 of 1,000,000 records");
  assert(
    /1,000,000 in [\d,]{5,} windows, 0 late, 0 unaccounted for, 0 bees lost/.test(out),
    out,
  );
  assertStringIncludes(out, "\nbee 0 (");
  assertStringIncludes(out, "\nbee 1 (");
  // deno-lint-ignore no-control-regex
  assert(!/[\r\u001b]/.test(out), "elsewhere than on a terminal the progress is plain lines");
  const csv = new CsvDecoder();
  const bytes = Deno.readFileSync(new URL("demo-windows.csv", ROOT));
  const windows = [...csv.push(bytes), ...csv.finish()].flatMap((batch) => batch.toRows());
  const strikes = windows.reduce((sum, { strikes }) => sum + Number(strikes), 0);
  assertEquals(strikes, 1_000_000);
});

Deno.test("The demo's real figures are those of the rows counted one by one, and its synthetic ones are near", async () => {
  const { code, out } = await run(100_000);
  assertEquals(code, 0);
  const learning = out.match(/^\w+, [\d,]+ rows$/gm) ?? [];
  assertEquals(learning, [...new Set(learning)]);
  const table = tableOf(out);
  for (const [size, figures] of expectedFigures()) {
    const shown = table.get(size)!;
    assertEquals(shown.filter((_, at) => at % 2 === 0), figures.map(Math.round), size);
    for (const [at, real] of figures.entries()) {
      const synthetic = shown[2 * at + 1];
      assert(Math.abs(synthetic / real - 1) < 0.2, `${size}: ${synthetic} for ${real}`);
    }
  }
});

const script = counterpart({
  program: "script",
  purpose: "give the demo a terminal",
  debianPackage: "bsdutils",
});

Deno.test(script.test("On a terminal the demo writes its progress over itself", async (path) => {
  const command = [Deno.execPath(), ...demoFlags(), "1000000"].join(" ");
  const { code, stdout } = await new Deno.Command(path, {
    args: ["-qec", command, "/dev/null"],
    cwd: ROOT,
    stdin: "null",
  }).output();
  const out = decoder.decode(stdout);
  assertEquals(code, 0, out);
  // deno-lint-ignore no-control-regex
  const progress = out.match(/\r\u001b\[2K[█░]{24} [\d,]+ of 1,000,000 records/g) ?? [];
  assert(progress.length > 0, out);
  // A line that is wrapped cannot be written over.
  for (const line of out.split(/[\r\n]+/)) {
    assert(line.replace("\u001b[2K", "").length < 80, line);
  }
  assertStringIncludes(out, "0 unaccounted for");
}));

Deno.test(
  script.test("On a narrow terminal the demo's progress ends with a whole word", async (path) => {
    const command = `stty cols 30; ${[Deno.execPath(), ...demoFlags(), "1000000"].join(" ")}`;
    const { code, stdout } = await new Deno.Command(path, {
      args: ["-qec", command, "/dev/null"],
      cwd: ROOT,
      stdin: "null",
    }).output();
    const out = decoder.decode(stdout);
    assertEquals(code, 0, out);
    // deno-lint-ignore no-control-regex
    const shown = Array.from(out.matchAll(/\r\u001b\[2K([^\r\n]*? of 1,000,000[^\r\n\u001b]*)/g));
    assert(shown.length > 0, out);
    for (const [, line] of shown) {
      assert(line.length < 30 && /^[\d,]+ of 1,000,000( records)?$/.test(line), line);
    }
  }),
);

Deno.test("The demo ends quietly when nobody reads on", async () => {
  const child = demo(20_000).spawn();
  const reader = child.stdout.getReader();
  await until(reader, "Bird strikes");
  await reader.cancel();
  const [{ code }, err] = await Promise.all([child.status, new Response(child.stderr).text()]);
  assertEquals([code, err], [0, ""]);
});

Deno.test("Ctrl-C drains the demo, shows what was done, and exits 130", async () => {
  const child = demo(ENDLESS).spawn();
  const reader = child.stdout.getReader();
  await until(reader, "Learned");
  child.kill("SIGINT");
  const out = await rest(reader);
  const { code } = await child.status;
  await child.stderr.cancel();
  assertEquals(code, 130);
  assertStringIncludes(out, "Interrupted: finishing what has begun");
  assertStringIncludes(out, "0 late, 0 unaccounted for, 0 bees lost");
  assert(!out.includes("strikes a year"), "no comparison is begun");
});

Deno.test("A second Ctrl-C ends the demo at once, with 130 too", async () => {
  const child = demo(ENDLESS).spawn();
  const reader = child.stdout.getReader();
  await until(reader, "Learned");
  child.kill("SIGINT");
  await until(reader, "Interrupted");
  try {
    child.kill("SIGINT");
  } catch (error) {
    // It may have drained by now.
    if (!(error instanceof TypeError)) throw error;
  }
  await rest(reader);
  const { code } = await child.status;
  await child.stderr.cancel();
  assertEquals(code, 130);
});

Deno.test("Ctrl-C ends the demo while it learns, with 130", async () => {
  const child = demo(ENDLESS).spawn();
  const reader = child.stdout.getReader();
  await until(reader, "animal.");
  child.kill("SIGINT");
  assertStringIncludes(await rest(reader), "Nothing was learned yet");
  const { code } = await child.status;
  await child.stderr.cancel();
  assertEquals(code, 130);
});

Deno.test("The demo refuses what is no number of records", async () => {
  const { code, err } = await run("many");
  assertEquals(code, 2);
  assertStringIncludes(err, "give a number of records, received many");
});

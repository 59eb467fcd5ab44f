import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { counterpart } from "./support/counterpart.ts";
import { CsvDecoder, schema, types as t } from "../mod.ts";

const ROOT = new URL("../", import.meta.url);
const ENDLESS = 2_000_000_000;
const DAY_MS = 86_400_000;
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

/** The first windows, counted in the plainest way. */
function expectedCounts(): Map<string, number> {
  const columns = schema({ "Flight Date": t.date, "Wildlife Size": t.utf8 });
  const csv = new CsvDecoder({ schema: columns, extraKeys: "ignore" });
  const bytes = Deno.readFileSync(new URL("examples/data/birdstrikes.csv", ROOT));
  const counts = new Map<string, number>();
  for (const batch of [...csv.push(bytes), ...csv.finish()]) {
    for (const row of batch) {
      const start = Math.floor(row["Flight Date"]! / 365) * 365;
      const day = new Date(start * DAY_MS).toISOString().slice(0, 10);
      const key = `${day} ${row["Wildlife Size"]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return counts;
}

Deno.test("The demo streams a million rows and ends well, with nothing late or unaccounted for", async () => {
  const { code, out, err } = await run();
  assertEquals([code, err], [0, ""]);
  assertStringIncludes(out, "1,000,000 of 1,000,000 rows");
  assertStringIncludes(out, "1,000,000 in 1,256 windows, 0 late, 0 unaccounted for, 0 bees lost");
  assertStringIncludes(out, "\nbee 0 (");
  assertStringIncludes(out, "\nbee 1 (");
  // deno-lint-ignore no-control-regex
  assert(!/[\r\u001b]/.test(out), "elsewhere than on a terminal the progress is plain lines");
});

Deno.test("The demo's table equals the rows counted one by one", async () => {
  const { code, out } = await run(10_000);
  assertEquals(code, 0);
  const lines = out.matchAll(/^(\d{4}-\d\d-\d\d) +\d{4}-\d\d-\d\d +(\w+) +(\d+) /gm);
  const shown = Array.from(lines, ([, day, size, n]): [string, number] => [
    `${day} ${size}`,
    Number(n),
  ]);
  const expected = expectedCounts();
  assertEquals(shown.length, 15);
  for (const [key, n] of shown) assertEquals(expected.get(key), n, key);
  assertStringIncludes(out, `… ${expected.size - 15} more rows`);
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
  const progress = out.match(/\r\u001b\[2K[\d,]+ of 1,000,000 rows/g) ?? [];
  assert(progress.length > 0, out);
  assertStringIncludes(out, "0 unaccounted for");
}));

Deno.test("Ctrl-C drains the demo, shows what was done, and exits 130", async () => {
  const child = demo(ENDLESS).spawn();
  const reader = child.stdout.getReader();
  await until(reader, "animal.");
  child.kill("SIGINT");
  const out = await rest(reader);
  const { code } = await child.status;
  await child.stderr.cancel();
  assertEquals(code, 130);
  assertStringIncludes(out, "Interrupted: finishing what was read");
  assertStringIncludes(out, "0 late, 0 unaccounted for, 0 bees lost");
});

Deno.test("A second Ctrl-C ends the demo at once, with 130 too", async () => {
  const child = demo(ENDLESS).spawn();
  const reader = child.stdout.getReader();
  await until(reader, "animal.");
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

Deno.test("The demo refuses what is no number of rows", async () => {
  const { code, err } = await run("many");
  assertEquals(code, 2);
  assertStringIncludes(err, "give a number of rows, received many");
});

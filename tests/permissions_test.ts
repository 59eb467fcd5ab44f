import { assert, assertEquals, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const text = new TextDecoder();

/** What is given to the start in each of its forms, and the flags that docs/hive-stream.md lists. */
const FORMS: Record<string, { start: string; flags: string[] }> = {
  "function": {
    start: `(reading) => reading.temperature * 9 / 5 + 32`,
    flags: ["--allow-read=src"],
  },
  "expression": {
    start: `col("temperature").mul(9 / 5).add(32)`,
    flags: ["--allow-read=src"],
  },
  "export of a module": {
    start: `{ module: new URL("examples/fahrenheit.ts", import.meta.url), export: "toFahrenheit" }`,
    flags: ["--allow-read=src,examples"],
  },
};

/** Runs a stream of that form in a process with these flags and no more. */
async function run(start: string, flags: readonly string[]) {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-lock", "--no-check", ...flags, "-"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(`
    import { col, HiveStream } from "@waggle/stream";
    await using stream = new HiveStream({ workers: 2 });
    await stream.start(${start});
    await stream.submit("a", { temperature: 100 });
    console.log(await stream.getResult({ timeout: "20s" }));
  `));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  return { code, stdout: text.decode(stdout), stderr: text.decode(stderr) };
}

for (const [form, { start, flags }] of Object.entries(FORMS)) {
  Deno.test(`HiveStream starts with ${form} and ${flags.join(" ")}, and says what is missing without`, async () => {
    assertEquals(await run(start, flags), { code: 0, stdout: "212\n", stderr: "" });
    const { code, stderr } = await run(start, []);
    assert(code !== 0);
    assertStringIncludes(stderr, "UnfitBeeError: Cannot start: Requires read access");
  });
}

Deno.test("HiveStream.start() says which file of a function's module may not be read", async () => {
  const { code, stderr } = await run(FORMS["export of a module"].start, ["--allow-read=src"]);
  assert(code !== 0);
  assertStringIncludes(stderr, `Cannot load "toFahrenheit"`);
  assertStringIncludes(stderr, "Requires read access");
});

Deno.test("docs/hive-stream.md lists the flags that each form needs", async () => {
  const page = await Deno.readTextFile(new URL("docs/hive-stream.md", ROOT));
  for (const [form, { flags }] of Object.entries(FORMS)) {
    const row = page.split("\n").find((line) => line.startsWith(`| ${form} `)) ?? "";
    assertStringIncludes(row, `deno run ${flags.join(" ")} main.ts`);
  }
});

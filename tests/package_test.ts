import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type JsrPackage, serveJsr } from "./support/jsr_server.ts";

const ROOT = new URL("../", import.meta.url);
const PUBLISHED = /^\s+(file:\/\/\S+) \([\d.]+\s?[kKMG]?i?B\)$/gm;
const NO_CODE_FROM_STRINGS = "--v8-flags=--disallow-code-generation-from-strings";
const decoder = new TextDecoder();

const READINGS = `time,sensor,celsius
2024-01-01T00:00:01Z,a,20
2024-01-01T00:00:02Z,b,30
2024-01-01T00:00:59Z,a,22
2024-01-01T00:01:01Z,a,24
`;

interface Config {
  readonly name: string;
  readonly version: string;
  readonly exports: Record<string, string>;
  readonly imports: Record<string, string>;
}

const config: Config = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));

/** The files that a publish would upload, as the dry run lists them. */
async function publishedFiles(): Promise<URL[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const text = decoder.decode(stdout) + decoder.decode(stderr);
  assert(success, text);
  return Array.from(text.matchAll(PUBLISHED), ([, url]) => new URL(url));
}

/** What publishing does to a module: names of `deno.json` become what they stand for. */
function withResolvedImports(source: string): string {
  return source.replaceAll(/(\bfrom |\bimport\(|\bimport )"([^"]+)"/g, (match, before, name) => {
    const target = config.imports[name];
    return target?.match(/^(npm|jsr):/) ? `${before}"${target}"` : match;
  });
}

async function readPublished(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await Deno.readFile(url);
  if (!url.pathname.endsWith(".ts")) return bytes;
  return new TextEncoder().encode(withResolvedImports(decoder.decode(bytes)));
}

async function packageAsPublished(): Promise<JsrPackage> {
  const files = (await publishedFiles()).map(async (url) => {
    const path = `/${url.href.slice(ROOT.href.length)}`;
    return [path, await readPublished(url)] as const;
  });
  return { ...config, files: new Map(await Promise.all(files)) };
}

/** The folder with the npm packages that Deno has on this machine. */
async function npmCache(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(decoder.decode(stdout)).npmCache;
}

/** The modules that are loaded with one before it runs: not those that it asks for later. */
async function loadedWith(path: string): Promise<string[]> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--no-lock", "--json", path],
    cwd: ROOT,
  }).output();
  const { roots, modules } = JSON.parse(decoder.decode(stdout));
  const seen = new Set<string>(roots);
  for (const specifier of seen) {
    const module = modules.find((each: { specifier: string }) => each.specifier === specifier);
    for (const { code, isDynamic } of module?.dependencies ?? []) {
      if (code?.specifier && !isDynamic) seen.add(code.specifier);
    }
  }
  return [...seen].map((specifier) => specifier.replace(ROOT.href, ""));
}

/** Runs a script that knows the package only from the registry; npm packages alone are cached. */
async function runAsUser(item: JsrPackage, script: string, flags: readonly string[] = []) {
  await using server = serveJsr([item]);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.mkdir(`${folder}/cache`);
    await Deno.symlink(await npmCache(), `${folder}/cache/npm`);
    await Deno.mkdir(`${folder}/data`);
    await Deno.writeTextFile(`${folder}/data/readings.csv`, READINGS);
    await Deno.writeTextFile(`${folder}/main.ts`, script);
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-prompt", ...flags, "main.ts"],
      cwd: folder,
      env: { JSR_URL: server.url, DENO_DIR: `${folder}/cache`, NO_COLOR: "1" },
    }).output();
    const output = { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
    return { ...output, requests: [...server.requests] };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The flags that the README lists for a checkout, without the folder that only a checkout has. */
async function listedFlags(what: string): Promise<string[]> {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const command = readme.split("\n").find((line) => line.startsWith(`| ${what}`))
    ?.match(/`deno run (.*) main\.ts`/)?.[1];
  assert(command !== undefined, `The README lists no flags for: ${what}`);
  return command.replace(/=src,/, "=").split(" ").filter((flag) => flag !== "--allow-read=src");
}

const published = await packageAsPublished();

Deno.test("a thread loads what it is there for, and no tasks or commands besides", async () => {
  const bee = await loadedWith("src/hive/bee_worker.ts");
  const cli = await loadedWith("src/cli/cli.ts");
  assert(bee.includes("src/hive/bee.ts") && cli.includes("src/cli/usage_error.ts"));
  assertEquals(bee.filter((path) => /_task\.ts$|^src\/(batch|codecs|windows)\//.test(path)), []);
  assertEquals(cli.filter((path) => /^src\/(cli\/commands|stream|codecs)\//.test(path)), []);
  const windows = await loadedWith("src/hive/window_task.ts");
  const others = /ordered|record_task|functions|make_step|user_function|codecs\/(avro|csv|json)/;
  assertEquals(windows.filter((path) => others.test(path)), []);
  const lines = await loadedWith("src/codecs/json/ndjson_block_decoder.ts");
  assertEquals(lines.filter((path) => /codecs\/(avro|csv)/.test(path)), []);
  const run = await loadedWith("src/cli/commands/window_run.ts");
  assert(run.includes("src/hive/hive.ts"));
  assertEquals(run.filter((path) => /_task\.ts$|operator_loader|avro_source/.test(path)), []);
});

Deno.test("the package holds what it needs at run time and nothing else", () => {
  const paths = [...published.files.keys()].sort();
  for (const path of ["/mod.ts", "/LICENSE", "/README.md", "/src/kernel/kernel_wasm.ts"]) {
    assert(paths.includes(path), `${path} is not published`);
  }
  const strangers = paths.filter((path) =>
    !path.startsWith("/src/") &&
    !["/mod.ts", "/LICENSE", "/README.md", "/CHANGELOG.md", "/deno.json"].includes(path)
  );
  assertEquals(strangers, []);
});

Deno.test("the package is far below the registry's limit of 20 MB", () => {
  const bytes = published.files.values().reduce((sum, file) => sum + file.length, 0);
  assert(bytes < 10_000_000, `${bytes} bytes`);
});

Deno.test("a stranger's script type-checks and imports the package from the registry without a permission", async () => {
  const { code, stdout, stderr, requests } = await runAsUser(
    published,
    `import { RecordBatch } from "jsr:${config.name}@^${config.version}";
const batch = RecordBatch.fromRows([{ sensor: "a", celsius: 21.5 }]);
const length: number = batch.length;
console.log(length, batch.toJson());
`,
    ["--check"],
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout, `1 [{"sensor":"a","celsius":21.5}]\n`);
  assertStringIncludes(requests.join("\n"), "/mod.ts");
});

Deno.test("a stranger's script calls functions on bees from the registry, with the flags of the README", async () => {
  const { code, stdout, stderr } = await runAsUser(
    published,
    `import { HiveStream } from "jsr:${config.name}@^${config.version}";
await using stream = new HiveStream<{ value: number }, { doubled: number }>({ workers: 2 });
await stream.start((record) => ({ doubled: record.value * 2 }));
for (let value = 0; value < 1000; value++) await stream.submit(\`key_\${value % 7}\`, { value });
let sum = 0;
for (let i = 0; i < 1000; i++) {
  const result = await stream.getResult({ timeout: "10s" });
  if (!result || !("doubled" in result)) throw new Error(\`no result: \${JSON.stringify(result)}\`);
  sum += result.doubled;
}
console.log(sum, await stream.stop());
`,
    [NO_CODE_FROM_STRINGS, ...await listedFlags("`HiveStream`")],
  );
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "999000");
});

Deno.test("a stranger's script aggregates a file in windows, with the flags of the README", async () => {
  const { code, stdout, stderr } = await runAsUser(
    published,
    `import { count, csv, from, max, TumblingWindow } from "jsr:${config.name}@^${config.version}";
const rows = from(csv("data/readings.csv"), { workers: 2 })
  .timestamps("time")
  .keyBy("sensor")
  .window(new TumblingWindow({ size: "1m" }))
  .aggregate({ readings: count(), hottest: max("celsius") });
for await (const row of rows) {
  console.log(new Date(row.windowStart).toISOString(), row.sensor, row.readings, row.hottest);
}
`,
    [NO_CODE_FROM_STRINGS, ...await listedFlags("CSV, NDJSON, Avro files in `data`")],
  );
  assertEquals([code, stderr], [0, ""]);
  assertEquals(stdout.trim().split("\n").sort(), [
    "2024-01-01T00:00:00.000Z a 2 22",
    "2024-01-01T00:00:00.000Z b 1 30",
    "2024-01-01T00:01:00.000Z a 1 24",
  ]);
});

Deno.test("every entry point can be imported from the registry without a permission", async () => {
  const names = Object.keys(config.exports).map((path) =>
    `jsr:${config.name}@^${config.version}${path.slice(1)}`
  );
  const { code, stdout, stderr } = await runAsUser(
    published,
    `${names.map((name, i) => `import * as e${i} from "${name}";`).join("\n")}
console.log([${names.map((_, i) => `e${i}`).join(", ")}].every((e) => Object.keys(e).length > 0));
`,
  );
  assertEquals([code, stdout, stderr], [0, "true\n", ""]);
});

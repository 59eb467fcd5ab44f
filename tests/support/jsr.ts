/**
 * Runs `deno <subcommand> …` so that `@std/assert` resolves: from JSR where that can be reached,
 * else (behind a company proxy, say) from the adapter beside this file.
 */
const PACKAGE = "jsr:@std/assert@^1";
const PROBE_TIMEOUT_MS = 5_000;
const ADAPTER = "tests/support/std_assert.ts";

async function reachable(): Promise<boolean> {
  const probe = new Deno.Command("deno", {
    args: ["cache", "--no-config", "--no-lock", PACKAGE],
    stdout: "null",
    stderr: "null",
    signal: AbortSignal.timeout(PROBE_TIMEOUT_MS),
  });
  return (await probe.output()).success;
}

/** A copy of all imports of `deno.json` with the one entry replaced, as a file outside the tree. */
async function adaptedImportMap(): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile("deno.json"));
  const root = new URL("../../", import.meta.url);
  const adapted: Record<string, string> = {};
  for (const [name, target] of Object.entries<string>(imports)) {
    adapted[name] = target.startsWith("./") ? new URL(target, root).href : target;
  }
  adapted["@std/assert"] = new URL(ADAPTER, root).href;
  const path = await Deno.makeTempFile({ prefix: "waggle_imports_", suffix: ".json" });
  await Deno.writeTextFile(path, JSON.stringify({ imports: adapted }));
  return path;
}

const [subcommand, ...rest] = Deno.args;
const extra: string[] = [];
if (!await reachable()) {
  console.error(`${PACKAGE} cannot be reached: using ${ADAPTER} in its place`);
  extra.push("--no-lock", `--import-map=${await adaptedImportMap()}`);
}
const { code } = await new Deno.Command("deno", {
  args: [subcommand, ...extra, ...rest],
  stdin: "null",
  stdout: "inherit",
  stderr: "inherit",
}).output();
Deno.exit(code);

/**
 * Runs `deno <subcommand> …` so that `@std/assert` resolves: from JSR where that can be reached,
 * else (behind a company proxy, say) from the adapter beside this file.
 *
 * Usage: `jsr.ts [--default=path,path] <subcommand> [flags] [paths]`. The paths of `--default` are
 * those that exist of it, and are used when no path is given.
 *
 * @module
 */

/** The one package that the tests take from JSR. */
export const PACKAGE = "jsr:@std/assert@^1";
/** What stands in for it where JSR cannot be reached. */
export const ADAPTER = "tests/support/std_assert.ts";
/** The variable that tells child processes which import map to use, if any. */
export const IMPORT_MAP_VARIABLE = "WAGGLE_IMPORT_MAP";

const PROBE_TIMEOUT_MS = 5_000;
const SIGNAL_EXIT_CODE = 128;
const SIGINT_EXIT_CODE = 130;
const ROOT = new URL("../../", import.meta.url);
const FLAGS_WITH_VALUE = new Set(["--filter", "--reporter", "--junit-path", "--json", "--config"]);

/** Whether Deno finds the package in its cache or at JSR, within `timeoutMs`. */
export async function reachable(
  { timeoutMs = PROBE_TIMEOUT_MS, env = {} }: {
    timeoutMs?: number;
    env?: Record<string, string>;
  } = {},
): Promise<boolean> {
  const probe = new Deno.Command(Deno.execPath(), {
    args: ["cache", "--no-config", "--no-lock", PACKAGE],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    env,
  }).spawn();
  const timer = setTimeout(() => probe.kill("SIGKILL"), timeoutMs);
  const { success } = await probe.status;
  clearTimeout(timer);
  return success;
}

/** All `imports` of a `deno.json` with the one entry replaced, and file targets made absolute. */
export function adaptImports(imports: Record<string, string>, root: URL): Record<string, string> {
  const adapted = Object.entries(imports).map(([name, target]) => [
    name,
    target.startsWith("./") ? new URL(target, root).href : target,
  ]);
  return { ...Object.fromEntries(adapted), "@std/assert": new URL(ADAPTER, root).href };
}

/** Whether a path was named among the arguments, flags and their values left aside. */
export function namesPath(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const own = end === -1 ? args : args.slice(0, end);
  return own.some((arg, i) => !arg.startsWith("-") && !FLAGS_WITH_VALUE.has(own[i - 1]));
}

/** The arguments with the default paths put in when none was named. */
export function withDefaultPaths(args: readonly string[], defaults: readonly string[]): string[] {
  if (namesPath(args)) return [...args];
  const end = args.indexOf("--");
  return end === -1
    ? [...args, ...defaults]
    : [...args.slice(0, end), ...defaults, ...args.slice(end)];
}

/**
 * How the lock file is used: `free` to grow; in CI `frozen`; and as a `copy` where JSR is asked for
 * a package that the lock, made without JSR, does not know: then only its npm part is frozen.
 */
export function lockUse(
  lock: string,
  { ci, jsr }: { ci: boolean; jsr: boolean },
): "free" | "frozen" | "copy" {
  if (!ci) return "free";
  return jsr && !("jsr" in JSON.parse(lock)) ? "copy" : "frozen";
}

/** Whether two lock files hold the same npm packages. */
export function sameNpmPart(lock: string, other: string): boolean {
  return JSON.stringify(JSON.parse(lock).npm) === JSON.stringify(JSON.parse(other).npm);
}

async function writeImportMap(): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const path = await Deno.makeTempFile({ prefix: "waggle_imports_", suffix: ".json" });
  await Deno.writeTextFile(path, JSON.stringify({ imports: adaptImports(imports, ROOT) }));
  return path;
}

/** Runs Deno to its end: Ctrl-C reaches the child by itself, a polite end is passed on to it. */
async function runDeno(args: string[], env: Record<string, string>): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args,
    env,
    stdin: "null",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  Deno.addSignalListener("SIGINT", () => {});
  if (Deno.build.os !== "windows") {
    Deno.addSignalListener("SIGTERM", () => child.kill("SIGTERM"));
  }
  const { code, signal } = await child.status;
  return signal === "SIGINT" ? SIGINT_EXIT_CODE : signal ? SIGNAL_EXIT_CODE : code;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Runs with a lock file that may learn JSR's packages, and then must know no new npm ones. */
async function runWithLockCopy(lock: string, subcommand: string, args: string[]): Promise<number> {
  const copy = await Deno.makeTempFile({ prefix: "waggle_lock_", suffix: ".json" });
  try {
    await Deno.writeTextFile(copy, lock);
    const code = await runDeno([subcommand, `--lock=${copy}`, ...args], {});
    if (sameNpmPart(lock, await Deno.readTextFile(copy))) return code;
    console.error("deno.lock does not hold every npm package: run `deno task check`, commit it");
    return code || 1;
  } finally {
    await Deno.remove(copy);
  }
}

async function runWithAdapter(flags: string[], subcommand: string, args: string[]) {
  console.error(`${PACKAGE} cannot be reached: using ${ADAPTER} in its place`);
  const map = await writeImportMap();
  try {
    const env = { [IMPORT_MAP_VARIABLE]: map };
    return await runDeno([subcommand, ...flags, `--import-map=${map}`, ...args], env);
  } finally {
    await Deno.remove(map);
  }
}

async function main([first, ...others]: string[]): Promise<number> {
  const hasDefaults = first.startsWith("--default=");
  const defaults = hasDefaults ? first.slice("--default=".length).split(",").filter(exists) : [];
  const [subcommand, ...rest] = hasDefaults ? others : [first, ...others];
  const args = withDefaultPaths(rest, defaults);
  const jsr = await reachable();
  const lock = await Deno.readTextFile(new URL("deno.lock", ROOT));
  const use = lockUse(lock, { ci: Deno.env.get("CI") === "true", jsr });
  const flags = use === "frozen" ? ["--frozen"] : [];
  if (!jsr) return await runWithAdapter(flags, subcommand, args);
  if (use === "copy") return await runWithLockCopy(lock, subcommand, args);
  return await runDeno([subcommand, ...flags, ...args], {});
}

if (import.meta.main) Deno.exit(await main(Deno.args));

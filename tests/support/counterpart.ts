/**
 * The one way for a test or a bench to need a program from outside.
 *
 * @module
 */

/** The variables of the environment that matter here. */
export interface CounterpartEnv {
  readonly PATH?: string;
  readonly CI?: string;
  readonly HOME?: string;
  readonly XDG_CACHE_HOME?: string;
}

/** Options of {@linkcode counterpart}. */
export interface CounterpartOptions {
  /** The name of the executable, looked for on `PATH`. */
  program: string;
  /** What it is needed for, to end the sentence "… is needed to". */
  purpose: string;
  /** The Debian package that has it. Default: the program's name. */
  debianPackage?: string;
  /**
   * What of `tests/support/requirements.txt` the program, a Python, must have. It is looked for
   * first where `.ci/run` installs one with all of them.
   */
  pythonModules?: readonly string[];
  /** Where to look and how strict to be; default the process's own variables. */
  env?: CounterpartEnv;
}

/** A program from outside, there or not. */
export interface Counterpart {
  /** The full path of the executable; `undefined` when it is not installed. */
  readonly path?: string;
  /** Why there is no path, and what to do; `undefined` when there is one. */
  readonly reason?: string;
  /**
   * What to hand to `Deno.test()`: the test itself when the program is there. When it is not, the
   * test is ignored and its name says why; under `CI=true` it runs, and fails with the reason.
   */
  test(name: string, fn: (path: string) => void | Promise<void>): Deno.TestDefinition;
}

function isExecutable(path: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(path);
    return isFile && (mode === null || (mode & 0o111) !== 0);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

/** All executables of a name, in the order in which they are looked for. */
function find(program: string, folders: readonly string[]): string[] {
  const file = Deno.build.os === "windows" ? `${program}.exe` : program;
  return folders.filter((folder) => folder !== "").map((folder) => `${folder}/${file}`)
    .filter(isExecutable);
}

/** Where `.ci/run` installs Python with its packages. */
function pythonFolder(
  { HOME = "/root", XDG_CACHE_HOME = `${HOME}/.cache` }: CounterpartEnv,
): string {
  return `${XDG_CACHE_HOME}/waggle/python/bin`;
}

function hasModules(python: string, modules: readonly string[]): boolean {
  const args = ["-c", `import ${modules.join(", ")}`];
  return new Deno.Command(python, { args, stdout: "null", stderr: "null" }).outputSync().success;
}

/**
 * A test that runs unless there is a reason why it cannot; with one it is ignored and its name says
 * why, or under `CI=true` it fails with it.
 */
export function testUnless(
  reason: string | undefined,
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
  env: CounterpartEnv = Deno.env.toObject(),
): Deno.TestDefinition {
  if (reason === undefined) return { name, fn };
  if (env.CI !== "true") return { name: `${name} [${reason}]`, ignore: true, fn: () => {} };
  return {
    name,
    fn: () => {
      throw new Error(`Cannot run this test: ${reason}`);
    },
  };
}

/** Looks for a program. Installs nothing. */
export function counterpart(options: CounterpartOptions): Counterpart {
  const { program, purpose, debianPackage = program, pythonModules = [] } = options;
  const env: CounterpartEnv = options.env ?? Deno.env.toObject();
  const folders = (env.PATH ?? "").split(Deno.build.os === "windows" ? ";" : ":");
  if (pythonModules.length > 0) folders.unshift(pythonFolder(env));
  const path = find(program, folders).find((found) =>
    pythonModules.length === 0 || hasModules(found, pythonModules)
  );
  const what = pythonModules.length === 0
    ? `${program} is not installed (Debian package ${debianPackage})`
    : `${program} with ${pythonModules.join(", ")} is not installed (Debian package ` +
      `${debianPackage}; .ci/run installs tests/support/requirements.txt)`;
  const reason = path === undefined ? `${what}; it is needed to ${purpose}` : undefined;
  const test: Counterpart["test"] = (name, fn) => testUnless(reason, name, () => fn(path!), env);
  return { path, reason, test };
}

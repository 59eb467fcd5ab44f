/**
 * The one way for a test or a bench to need a program from outside.
 *
 * @module
 */

/** Options of {@linkcode counterpart}. */
export interface CounterpartOptions {
  /** The name of the executable, looked for on `PATH`. */
  program: string;
  /** What it is needed for, to end the sentence "… is needed to". */
  purpose: string;
  /** The Debian package that has it. Default: the program's name. */
  debianPackage?: string;
  /** Where to look and how strict to be; default the process's own `PATH` and `CI`. */
  env?: { readonly PATH?: string; readonly CI?: string };
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

function find(program: string, path: string): string | undefined {
  const windows = Deno.build.os === "windows";
  const file = windows ? `${program}.exe` : program;
  const folders = path.split(windows ? ";" : ":").filter((folder) => folder !== "");
  return folders.map((folder) => `${folder}/${file}`).find(isExecutable);
}

/** Looks for a program. Installs nothing. */
export function counterpart(options: CounterpartOptions): Counterpart {
  const { program, purpose, debianPackage = program, env = Deno.env.toObject() } = options;
  const path = find(program, env.PATH ?? "");
  const reason = path === undefined
    ? `${program} is not installed (Debian package ${debianPackage}); it is needed to ${purpose}`
    : undefined;
  const test: Counterpart["test"] = (name, fn) => {
    if (path !== undefined) return { name, fn: () => fn(path) };
    if (env.CI !== "true") return { name: `${name} [${reason}]`, ignore: true, fn: () => {} };
    return {
      name,
      fn: () => {
        throw new Error(`Cannot run this test: ${reason}`);
      },
    };
  };
  return { path, reason, test };
}

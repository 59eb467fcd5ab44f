/** Runs a script that imports Waggle in a process of its own, and gives its exit code and what it has printed. */
export async function runScript(
  script: string,
  flags: readonly string[] = [],
): Promise<{ readonly code: number; readonly out: string; readonly error: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-lock", ...flags, "-"],
    cwd: new URL("../../", import.meta.url),
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const [{ code, stdout, stderr }] = await Promise.all([
    child.output(),
    new Blob([script]).stream().pipeTo(child.stdin),
  ]);
  const decoder = new TextDecoder();
  return { code, out: decoder.decode(stdout), error: decoder.decode(stderr) };
}

/** The flag under which no code can be made from strings. */
export const NO_CODE_FROM_STRINGS = "--v8-flags=--disallow-code-generation-from-strings";

/**
 * Compiles `assembly/` and embeds the bytes in `src/kernel/kernel_wasm.ts`.
 *
 * With `--check` the committed file is compared instead of written, so that the published kernel
 * is always the one that its sources give. The compiler is the one of `deno.lock`.
 *
 * @module
 */

const TARGET = "src/kernel/kernel_wasm.ts";
const COMPILER = "npm:assemblyscript@0.28.20/asc";
const LINE_LENGTH = 100;

async function compile(frozen: boolean): Promise<Uint8Array<ArrayBuffer>> {
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      ...(frozen ? ["--frozen"] : []),
      "--allow-read=.",
      "--allow-write=assembly/out",
      "--allow-env",
      COMPILER,
      "--config",
      "assembly/asconfig.json",
      "--target",
      "release",
    ],
    stdout: "inherit",
    stderr: "piped",
  }).output();
  const text = new TextDecoder().decode(stderr);
  if (code !== 0) throw new Error(`Cannot build the kernel: the compiler failed\n${text}`);
  return await Deno.readFile("assembly/out/kernel.wasm");
}

/** The generated module: the wasm bytes as base64, in lines short enough for any editor. */
export function embed(wasm: Uint8Array<ArrayBuffer>): string {
  const base64 = wasm.toBase64();
  const lines = base64.match(new RegExp(`.{1,${LINE_LENGTH}}`, "g")) ?? [];
  return [
    "// Generated from assembly/ by `deno task build`; do not edit.",
    "/** The kernel's WebAssembly bytes, as base64. */",
    "export const KERNEL_BASE64: string = `",
    ...lines,
    "`;",
    "",
  ].join("\n");
}

/** Whether a generated module is the committed one. */
async function isCommitted(generated: string): Promise<boolean> {
  const same = generated === await Deno.readTextFile(TARGET);
  const advice = "differs from what assembly/ gives: run `deno task build`, commit it";
  console.log(`${TARGET} ${same ? "is what assembly/ gives" : advice}`);
  return same;
}

async function main(checking: boolean): Promise<number> {
  const generated = embed(await compile(checking));
  if (checking) return await isCommitted(generated) ? 0 : 1;
  await Deno.writeTextFile(TARGET, generated);
  console.log(`${TARGET}: ${generated.length} characters`);
  return 0;
}

if (import.meta.main) Deno.exit(await main(Deno.args.includes("--check")));

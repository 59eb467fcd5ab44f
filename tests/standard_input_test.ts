import { assertEquals } from "@std/assert";

/** Runs a script that reads its standard input, which gets these texts, a moment apart. */
async function withInput(script: string, texts: readonly string[], ends: boolean): Promise<string> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-lock", script],
    cwd: new URL("../", import.meta.url),
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = child.output();
  const writer = child.stdin.getWriter();
  for (const text of texts) await writer.write(new TextEncoder().encode(text));
  if (ends) await writer.close();
  const { stdout } = await output;
  if (!ends) await writer.close().catch(() => {}); // nobody reads it any more
  return new TextDecoder().decode(stdout);
}

Deno.test("A pipeline reads the standard input to its end", async () => {
  const script = `
    import { csv, from, standardInput } from "./mod.ts";
    for await (const { bird } of from(csv(standardInput()), { workers: 1 })) console.log(bird);
  `;
  assertEquals(await withInput(script, ["n,bird\n1,gu", "ll\n2,tern\n"], true), "gull\ntern\n");
});

Deno.test("A pipeline that is left does not wait for more of the standard input", async () => {
  const script = `
    import { from, ndjson, standardInput } from "./mod.ts";
    const lines = ndjson(standardInput(), { inferenceRows: 1 });
    for await (const { n } of from(lines, { workers: 1 })) {
      console.log(n);
      break;
    }
  `;
  assertEquals(await withInput(script, ['{"n":7}\n{"n":8}\n'], false), "7\n");
});

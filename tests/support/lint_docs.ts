/**
 * Runs `deno doc --lint` over every entry point of `deno.json`.
 *
 * @module
 */
const { exports } = JSON.parse(
  await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
);
const { code } = await new Deno.Command(Deno.execPath(), {
  args: ["doc", "--lint", "--quiet", ...Object.values<string>(exports)],
  stdin: "null",
  stdout: "inherit",
  stderr: "inherit",
}).output();
Deno.exit(code);

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { counterpart } from "./support/counterpart.ts";

const PURPOSE = "check the model of the ring";

async function withProgram(mode: number, run: (folder: string) => void | Promise<void>) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/waggle-tool`, "#!/bin/sh\n", { mode });
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("counterpart() hands the program's path to the test", async () => {
  await withProgram(0o755, async (folder) => {
    const env = { PATH: `/nowhere:${folder}`, CI: "true" };
    const tool = counterpart({ program: "waggle-tool", purpose: PURPOSE, env });
    let handed = "";
    const { ignore, fn } = tool.test("uses it", (path) => {
      handed = path;
    });
    await (fn as () => void | Promise<void>)();
    assertEquals([ignore, tool.reason, handed], [undefined, undefined, `${folder}/waggle-tool`]);
  });
});

Deno.test("counterpart() ignores the test of an absent program and names it with the reason", () => {
  const tool = counterpart({
    program: "waggle-tool",
    debianPackage: "waggle-utils",
    purpose: PURPOSE,
    env: { PATH: "/nowhere" },
  });
  const { name, ignore } = tool.test("uses it", () => {});
  assertEquals(ignore, true);
  assertEquals(
    name,
    "uses it [waggle-tool is not installed (Debian package waggle-utils); it is needed to " +
      "check the model of the ring]",
  );
});

Deno.test("counterpart() fails the test of an absent program under CI=true", () => {
  const env = { PATH: "/nowhere", CI: "true" };
  const tool = counterpart({ program: "waggle-tool", purpose: PURPOSE, env });
  const { ignore, fn } = tool.test("uses it", () => {});
  assertEquals(ignore, undefined);
  const error = assertThrows(fn as () => void, Error, "waggle-tool is not installed");
  assertStringIncludes(error.message, PURPOSE);
});

Deno.test("counterpart() takes no file that cannot be executed", async () => {
  await withProgram(0o644, (folder) => {
    const tool = counterpart({ program: "waggle-tool", purpose: PURPOSE, env: { PATH: folder } });
    assertEquals(tool.path, undefined);
  });
});

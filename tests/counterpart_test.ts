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

Deno.test("counterpart() takes a Python only with the packages that are needed", async () => {
  await withProgram(0o755, async (folder) => {
    const script = `#!/bin/sh\n[ "$2" = "import fastavro, msgpack" ]\n`;
    await Deno.writeTextFile(`${folder}/python3`, script, { mode: 0o755 });
    const python = (pythonModules: string[]) =>
      counterpart({
        program: "python3",
        debianPackage: "python3-venv",
        pythonModules,
        purpose: PURPOSE,
        env: { PATH: folder, HOME: "/nowhere" },
      });
    assertEquals(python(["fastavro", "msgpack"]).path, `${folder}/python3`);
    assertEquals(python(["fastavro"]).path, undefined);
    assertEquals(
      python(["fastavro"]).reason,
      "python3 with fastavro is not installed (Debian package python3-venv; .ci/run installs " +
        "tests/support/requirements.txt); it is needed to check the model of the ring",
    );
  });
});

Deno.test("counterpart() looks for Python first where .ci/run installs it", async () => {
  await withProgram(0o755, async (folder) => {
    const bin = `${folder}/waggle/python/bin`;
    await Deno.mkdir(bin, { recursive: true });
    for (const place of [folder, bin]) {
      await Deno.writeTextFile(`${place}/python3`, "#!/bin/sh\n", { mode: 0o755 });
    }
    const python = counterpart({
      program: "python3",
      pythonModules: ["fastavro"],
      purpose: PURPOSE,
      env: { PATH: folder, XDG_CACHE_HOME: folder },
    });
    assertEquals(python.path, `${bin}/python3`);
  });
});

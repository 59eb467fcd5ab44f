import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  ADAPTER,
  adaptImports,
  IMPORT_MAP_VARIABLE,
  lockUse,
  namesPath,
  reachable,
  sameNpmPart,
  withDefaultPaths,
} from "./support/jsr.ts";
import { type JsrPackage, serveJsr } from "./support/jsr_server.ts";

const ROOT = new URL("../", import.meta.url);
const WRAPPER = new URL("tests/support/jsr.ts", ROOT).href;
const NOBODY_LISTENS = "http://127.0.0.1:1/";

const ASSERT_PACKAGE: JsrPackage = {
  name: "@std/assert",
  version: "1.0.0",
  exports: { ".": "./mod.ts" },
  files: new Map([
    ["/mod.ts", new TextEncoder().encode(`export const origin: string = "the registry";\n`)],
  ]),
};

/** Runs the wrapper over a script that tells where `@std/assert` came from. */
async function runWrapper(jsrUrl: string, folder: string) {
  const script = `${folder}/origin.ts`;
  await Deno.writeTextFile(
    script,
    `import * as library from "@std/assert";
const { origin = "the adapter" } = library as { origin?: string };
console.log(origin, Deno.args.join(" "), Deno.env.get("${IMPORT_MAP_VARIABLE}") !== "");
`,
  );
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-lock", "--allow-read", "--allow-write", "--allow-env"],
      ...["--allow-run", WRAPPER, "run", "--quiet", "--no-lock"],
      ...["--config=deno.json", "--allow-env", script, "a", "b"],
    ],
    cwd: ROOT,
    env: {
      JSR_URL: jsrUrl,
      DENO_DIR: `${folder}/cache`,
      TMPDIR: folder,
      CI: "",
      NO_COLOR: "1",
      [IMPORT_MAP_VARIABLE]: "",
    },
  }).output();
  const decoder = new TextDecoder();
  return { code, stdout: decoder.decode(stdout), stderr: decoder.decode(stderr) };
}

async function inFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("the task wrapper takes @std/assert from JSR where that can be reached", async () => {
  await using server = serveJsr([ASSERT_PACKAGE]);
  await inFolder(async (folder) => {
    const { code, stdout, stderr } = await runWrapper(server.url, folder);
    assertEquals([code, stdout, stderr], [0, "the registry a b false\n", ""]);
  });
});

Deno.test("the task wrapper says in one line that JSR is out of reach, and uses the adapter", async () => {
  await inFolder(async (folder) => {
    const { code, stdout, stderr } = await runWrapper(NOBODY_LISTENS, folder);
    assertEquals([code, stdout], [0, "the adapter a b true\n"]);
    assertEquals(stderr.trim().split("\n").length, 1);
    assertStringIncludes(stderr, "jsr:@std/assert@^1 cannot be reached");
    const left = Array.from(Deno.readDirSync(folder), ({ name }) => name);
    assertEquals(left.filter((name) => name.startsWith("waggle_imports_")), []);
  });
});

Deno.test("reachable() gives up on a registry that accepts and never answers", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  await inFolder(async (folder) => {
    const env = { JSR_URL: `http://127.0.0.1:${listener.addr.port}/`, DENO_DIR: folder };
    assertEquals(await reachable({ timeoutMs: 500, env }), false);
  });
});

Deno.test("adaptImports() keeps every import, makes files absolute and replaces one entry", () => {
  const imports = { "@std/assert": "jsr:@std/assert@^1", "own": "./own.ts", "x": "npm:x@1.0.0" };
  assertEquals(adaptImports(imports, new URL("file:///repo/")), {
    "@std/assert": `file:///repo/${ADAPTER}`,
    own: "file:///repo/own.ts",
    x: "npm:x@1.0.0",
  });
});

Deno.test("withDefaultPaths() uses the defaults only when no path is named", () => {
  const defaults = ["tests", "docs"];
  assertEquals(withDefaultPaths(["--doc"], defaults), ["--doc", "tests", "docs"]);
  assertEquals(withDefaultPaths(["tests/a_test.ts"], defaults), ["tests/a_test.ts"]);
  assertEquals(
    withDefaultPaths(["--filter", "ring", "--", "seed"], defaults),
    ["--filter", "ring", "tests", "docs", "--", "seed"],
  );
});

Deno.test("namesPath() takes neither a flag's value nor a script's argument for a path", () => {
  assertEquals(namesPath(["--filter", "src"]), false);
  assertEquals(namesPath(["--filter=src", "--", "src"]), false);
  assertEquals(namesPath(["--filter", "src", "tests"]), true);
});

Deno.test("lockUse() freezes in CI, and asks no JSR entry of a lock made without JSR", () => {
  const npmOnly = `{"npm":{}}`;
  const complete = `{"npm":{},"jsr":{}}`;
  assertEquals(lockUse(npmOnly, { ci: true, jsr: false }), "frozen");
  assertEquals(lockUse(npmOnly, { ci: true, jsr: true }), "copy");
  assertEquals(lockUse(complete, { ci: true, jsr: true }), "frozen");
  assertEquals(lockUse(complete, { ci: false, jsr: true }), "free");
});

Deno.test("sameNpmPart() sees a new npm package and overlooks one of JSR", () => {
  const lock = `{"npm":{"a@1":{}}}`;
  assertEquals(sameNpmPart(lock, `{"npm":{"a@1":{}},"jsr":{"b@1":{}}}`), true);
  assertEquals(sameNpmPart(lock, `{"npm":{"a@1":{},"c@1":{}}}`), false);
});

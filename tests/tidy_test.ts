import { assert, assertEquals } from "@std/assert";
import { KERNEL_BASE64 } from "../src/kernel/kernel_wasm.ts";
import { FAMILIES, PLUMBING } from "./support/kernel_registry.ts";
import { parse, readModules, ROOT, type SourceFile } from "./support/source_tree.ts";
import {
  busyFaces,
  codeFromStrings,
  consoleUses,
  counterpartPackages,
  longFunctions,
  managedObjects,
  outsideUses,
  roomCycles,
  strayImports,
  unfinished,
  unreachedModules,
  wrongRooms,
} from "./support/tidy_rules.ts";

const config = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
const entryPoints = new Set(
  Object.values<string>(config.exports).map((path) => path.slice(2)).filter((path) =>
    path !== "mod.ts"
  ),
);
const face = parse("mod.ts", Deno.readTextFileSync(new URL("mod.ts", ROOT)));
const source = readModules("src");
const assembly = readModules("assembly");
const everything = [face, ...source, ...assembly, ...readModules("tests", "bench", "examples")];

function exists(path: string): boolean {
  try {
    return Deno.statSync(new URL(path, ROOT)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** What a rule says of one made-up module. */
function blame(rule: (files: readonly SourceFile[]) => string[], path: string, text: string) {
  return rule([parse(path, text)]).length;
}

Deno.test("no room imports from a higher room", () => {
  assertEquals(wrongRooms(source), []);
});

Deno.test("the room rule sees imports, types, re-exports, dynamic imports and workers", () => {
  const higher = [
    `import { hive } from "../hive/hive.ts";`,
    `import type { Hive } from "../hive/hive.ts";`,
    `export * from "../hive/hive.ts";`,
    `type A = import("../hive/hive.ts").Hive;`,
    `await import("../hive/hive.ts");`,
    `new URL("../hive/bee.ts", import.meta.url);`,
  ];
  for (const text of higher) assertEquals(blame(wrongRooms, "src/batch/a.ts", text), 1, text);
  assertEquals(blame(wrongRooms, "src/hive/a.ts", `import "../batch/schema.ts";`), 0);
  assertEquals(blame(wrongRooms, "src/attic/a.ts", ""), 1);
});

Deno.test("rooms of one tier import each other in one direction at most", () => {
  assertEquals(roomCycles(source), []);
  const circle = [
    parse("src/codecs/a.ts", `import "../windows/b.ts";`),
    parse("src/windows/b.ts", `import "../hive/c.ts";`),
    parse("src/hive/c.ts", `import "../codecs/a.ts";`),
  ];
  assertEquals(roomCycles(circle).length, 3);
  assertEquals(roomCycles(circle.slice(1)), []);
});

Deno.test("packages are imported at their own entry points only, files outside never", () => {
  assertEquals(strayImports([face, ...source], entryPoints), []);
  const stray = (text: string, path = "src/batch/a.ts") =>
    strayImports([parse(path, text)], new Set(["src/batch/arrow.ts"])).length;
  assertEquals(stray(`import "npm:apache-arrow@1.0.0";`), 1);
  assertEquals(stray(`import "apache-arrow";`, "src/batch/arrow.ts"), 0);
  assertEquals(stray(`import "jsr:@std/assert@1";`, "src/batch/arrow.ts"), 1);
  assertEquals(stray(`import "node:fs";`), 1);
  assertEquals(stray(`import "../../tests/a.ts";`), 1);
});

Deno.test("only src/runtime touches clock, timers, randomness, waiting, workers, the net and Deno", () => {
  assertEquals(outsideUses([face, ...source]), []);
});

Deno.test("the rule about the outside sees every way to reach it", () => {
  const touching = [
    "Atomics.wait(a, 0, 0);",
    "Atomics.waitAsync(a, 0, 0);",
    "setTimeout(f);",
    "globalThis.setTimeout(f);",
    "const later = setInterval;",
    "performance.now();",
    "Date.now();",
    "new Date();",
    "Math.random();",
    "crypto.randomUUID();",
    "new Worker(url);",
    "new globalThis.Worker(url);",
    "new WebSocket(url);",
    "fetch(url);",
    "globalThis.fetch(url);",
    "Deno.exit();",
    "globalThis.Deno.exit();",
    `globalThis["Deno"];`,
    "const { env } = Deno;",
  ];
  for (const text of touching) {
    assert(blame(outsideUses, "src/hive/a.ts", text) > 0, text);
    assertEquals(blame(outsideUses, "src/runtime/a.ts", text), 0, text);
  }
  const harmless = [
    "Atomics.load(a, 0);",
    "new Date(0);",
    "Math.max(1, 2);",
    `Symbol.for("Deno.customInspect");`,
    "clock.setTimeout(f);",
    "network.fetch(request);",
    "let socket: WebSocket;",
    "const runtime = { setTimeout: f };",
  ];
  for (const text of harmless) assertEquals(blame(outsideUses, "src/hive/a.ts", text), 0, text);
});

Deno.test("nothing is printed outside the command line and the console publisher", () => {
  assertEquals(consoleUses([face, ...source]), []);
  assertEquals(blame(consoleUses, "src/hive/a.ts", "console.log(1);"), 1);
  assertEquals(blame(consoleUses, "src/publishers/console.ts", "console.log(1);"), 0);
});

Deno.test("no code is made from strings", () => {
  assertEquals(codeFromStrings([face, ...source]), []);
  for (const text of [`eval("1");`, `new Function("1");`, `Function("1");`]) {
    assertEquals(blame(codeFromStrings, "src/hive/a.ts", text), 1, text);
  }
});

Deno.test("no function is longer than 70 lines", () => {
  assertEquals(longFunctions(everything), []);
  const body = (lines: number) => `const f = () => {\n${"f();\n".repeat(lines - 2)}};`;
  assertEquals(blame(longFunctions, "a.ts", body(70)), 0);
  assertEquals(blame(longFunctions, "a.ts", body(71)), 1);
});

Deno.test("mod.ts files only re-export, under a @module comment", () => {
  assertEquals(busyFaces([face, ...source]), []);
  assertEquals(blame(busyFaces, "mod.ts", "export const a = 1;"), 2);
});

Deno.test("every module is led to by an entry point, a test or a bench", () => {
  assertEquals(unreachedModules(everything, new Set([...entryPoints, "mod.ts"])), []);
  const house = [
    parse("src/a.ts", `import "./b.ts";`),
    parse("src/b.ts", ""),
    parse("src/c.ts", ""),
    parse("src/d.ts", `import "./c.ts";`),
    parse("tests/c_test.ts", `import "../src/c.ts";`),
  ];
  assertEquals(unreachedModules(house, new Set(["src/a.ts"])).length, 1);
});

Deno.test("every bench file exports its group", () => {
  const benches = everything.filter((file) => file.path.endsWith("_bench.ts"));
  const mute = benches.filter((file) => !/^export const group\b/m.test(file.text));
  assertEquals(mute.map((file) => file.path), []);
});

Deno.test("nothing is left unfinished and no test is switched off", () => {
  const own = /^tests\/(tidy_test|support\/(tidy_rules|counterpart))\.ts$|^tests\/counterpart_test/;
  assertEquals(unfinished(everything.filter((file) => !own.test(file.path))), []);
  assertEquals(blame(unfinished, "a.ts", "// TODO: more"), 1);
  assertEquals(blame(unfinished, "a.ts", "Deno.test.only(f);"), 1);
});

Deno.test("every public symbol is documented", async () => {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", "--quiet", ...Object.values<string>(config.exports)],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  assert(success, new TextDecoder().decode(stderr));
});

Deno.test("no task takes every permission", () => {
  const greedy = Object.entries<string>(config.tasks).filter(([, command]) =>
    /(^|\s)(-A|--allow-all)\b/.test(command)
  );
  assertEquals(greedy, []);
});

Deno.test("the CI script runs the test command of the README", () => {
  const command = "npx --yes deno@2.9.6 task test";
  assert(read("README.md").includes(command));
  assert(read(".ci/run").includes(`\n${command} `));
});

Deno.test("the CI script installs the package of every outside program", () => {
  const files = everything.filter((file) => file.path !== "tests/counterpart_test.ts");
  const asked = new Set(counterpartPackages(files));
  assert(asked.size > 0);
  const installed = read(".ci/run").match(/^packages=\((.*)\)$/m)?.[1].split(" ") ?? [];
  assertEquals([...asked].filter((name) => !installed.includes(name)), []);
});

const kernel = new WebAssembly.Module(Uint8Array.fromBase64(KERNEL_BASE64));
const kernelExports = WebAssembly.Module.exports(kernel).map(({ name }) => name).sort();

Deno.test("every export of the kernel has its twin, its property test and its bench", () => {
  const listed = [...FAMILIES, ...PLUMBING].flatMap((family) => family.exports).sort();
  assertEquals(listed, kernelExports);
  for (const { twin, test, bench } of FAMILIES) {
    const [file, symbol] = twin.split("#");
    const missing = [file, test, bench].filter((path) => !exists(path));
    assertEquals(missing, [], twin);
    assert(new RegExp(`export .*\\b${symbol}\\b`).test(read(file)), `${file} has no ${symbol}`);
    assert(read(test).includes(symbol), `${test} does not use ${symbol}`);
  }
  for (const { test } of PLUMBING) assert(exists(test), test);
});

Deno.test("the kernel imports nothing and holds no managed objects", () => {
  assertEquals(WebAssembly.Module.imports(kernel), []);
  const runtime = kernelExports.filter((name) => name.startsWith("__"));
  assertEquals(runtime, []);
  assertEquals(managedObjects(assembly), []);
});

Deno.test("the rule about managed objects sees what AssemblyScript would allocate", () => {
  const allocating = [
    "const a = new Foo();",
    `const a = "text";`,
    "const a = [1, 2];",
    "const a = { b: 1 };",
    "const f = (): void => {};",
    "class A { b: i32; }",
    "let a: Array<i32>;",
    "function f(a: string): void {}",
    "function f(): void { throw a; }",
  ];
  for (const text of allocating) {
    assert(blame(managedObjects, "assembly/a.ts", text) > 0, text);
  }
  const plain = [
    `import { a } from "./b";`,
    "const a: usize = memory.data<u8>([1, 2]);",
    "let a: v128 = i32x4.splat(1);",
    "let a: StaticThing<i32>;",
  ];
  for (const text of plain) assertEquals(blame(managedObjects, "assembly/a.ts", text), 0, text);
});

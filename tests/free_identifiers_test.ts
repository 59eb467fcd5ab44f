import { assert, assertEquals } from "@std/assert";
import * as acorn from "acorn";
import { analyze } from "eslint-scope";
import fc from "fast-check";
import ts from "typescript";
import { readFunction } from "../src/hive/free_identifiers.ts";

const CORPUS = new URL("./support/function_corpus.txt", import.meta.url);
const LONGEST = 20_000;

/** The tree of a function's source, as an expression or as a method; `undefined` if refused. */
function parse(source: string): acorn.Program | undefined {
  for (const text of [`(${source}\n)`, `({ ${source}\n})`]) {
    try {
      return acorn.parse(text, { ecmaVersion: "latest", sourceType: "module", ranges: true });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
}

/** The free identifiers as acorn and eslint-scope find them; `undefined` if acorn refuses. */
function oracle(source: string): string[] | undefined {
  // The two packages type the same tree a little differently.
  const program = parse(source) as unknown as Parameters<typeof analyze>[0] | undefined;
  if (!program) return;
  const scopes = analyze(program, { ecmaVersion: 2026, sourceType: "module" });
  const names = scopes.globalScope!.through.map(({ identifier }) => identifier.name);
  return [...new Set(names)].sort();
}

/** What is no identifier to the oracle is left out here: `this`, private names, `import(…)`. */
function identifiers(source: string): string[] {
  return readFunction(source).free
    .filter((name) => /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name))
    .filter((name) => name !== "this" && name !== "super").sort();
}

/** The sources of all functions that can be reached from `root`, methods and accessors included. */
function sourcesWithin(root: object): Set<string> {
  const seen = new Set<unknown>([root]);
  const sources = new Set<string>();
  for (const value of seen) {
    if (typeof value === "function") sources.add(Function.prototype.toString.call(value));
    for (const key of Reflect.ownKeys(value as object)) {
      const { value: inner, get, set } = Object.getOwnPropertyDescriptor(value, key)!;
      for (const next of [inner, get, set]) {
        if (typeof next === "function" || (typeof next === "object" && next)) seen.add(next);
      }
    }
  }
  return sources;
}

/** Compares every source with the oracle and says how many there were. */
function compareAll(sources: Iterable<string>): number {
  let compared = 0;
  for (const source of sources) {
    if (source.length > LONGEST || source.includes("[native code]")) continue;
    if (/^class\b(?!\s*\()/.test(source)) continue;
    const expected = oracle(source);
    if (!expected) continue;
    assertEquals(identifiers(source), expected, source);
    compared++;
  }
  return compared;
}

async function readCorpus(): Promise<string[]> {
  return (await Deno.readTextFile(CORPUS)).split("\n---\n").map((text) => text.trim());
}

Deno.test("readFunction() finds the free identifiers that acorn finds, in a corpus of hard cases", async () => {
  const corpus = await readCorpus();
  assertEquals(corpus.filter((source) => !parse(source)), []);
  assertEquals(compareAll(corpus), corpus.length);
  assert(corpus.length >= 200);
});

Deno.test("readFunction() agrees with acorn on the functions of acorn, fast-check and TypeScript", () => {
  const compared = [acorn, fc, ts].map((root) => compareAll(sourcesWithin(root)));
  assert(compared[0] >= 200 && compared[1] >= 100 && compared[2] >= 2000, `${compared}`);
});

// Places for functions inside a function; each reads them in another state of the grammar.
const FRAMES: ((f: string, g: string) => string)[] = [
  (f, g) => `(a) => (${f})(${g})`,
  (f, g) => `async (b = ${f}, { c = ${g} }) => [b, c]`,
  // The semicolon spares acorn: it reads `? b : function () {} /c/g` as a regular expression.
  (f, g) => `function () { const c = ${f}\nlet d = ${g};\n/c/g.test(d)\n}`,
  (f, g) => "(d) => `x ${" + f + "} / ${{ e: " + g + "}.e} }`",
  (f, g) => `(e) => e ? ${f} : ${g}`,
  (f, g) => `async (f) => ({ g: ${f}, async *[${g}]() {}, h })`,
  (f, g) => `() => class h extends (${f}) { i = ${g}; static { ((${f})) } }`,
  (f, g) => `() => { for (const i of [${f}]) { if (i) ${"(" + g + ")"} / i / (${f}) } }`,
  (f, g) =>
    `() => { switch (${f}) { case (${g}): let k = (${f})(k) } try { } catch (l) { l = ${g} } }`,
];

Deno.test("readFunction() agrees with acorn on functions nested in one another at random", async () => {
  const expressions = (await readCorpus()).filter((source) => !/^\w*\(\) \{/.test(source));
  const nested = fc.letrec<{ source: string }>((tie) => ({
    source: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      fc.constantFrom(...expressions),
      fc.tuple(fc.constantFrom(...FRAMES), tie("source"), tie("source"))
        .map(([frame, f, g]) => frame(f, g)),
    ),
  })).source;
  fc.assert(
    fc.property(nested, (source) => {
      const expected = oracle(source);
      assert(expected === undefined || source.length > LONGEST || compareAll([source]) === 1);
    }),
    { numRuns: 2_000 },
  );
});

Deno.test("readFunction() finds this, super, new.target, import.meta, private names and relative imports", () => {
  const cases: [source: string, free: string[]][] = [
    ["() => this", ["this"]],
    ["() => () => this.a", ["this"]],
    ["() => function () { return this }", []],
    ["function () { return this }", ["this"]],
    ["(a = this) => a", ["this"]],
    ["() => ({ a() { return [this, super.b, arguments, new.target] } })", []],
    ["() => class { a = this; static { this.b } [this.c]() {} }", ["this"]],
    ["() => class extends this.a { b() { return super.b() } }", ["this"]],
    ["method() { return super.a() }", ["super"]],
    ["() => new.target", ["new.target"]],
    ["function () { return () => new.target }", []],
    ["() => import.meta.url", ["import.meta"]],
    ["() => import('./a.js')", ['import("./a.js")']],
    ["() => import('npm:a')", []],
    ["(a) => a.#b", ["#b"]],
    ["(a) => #b in a", ["#b"]],
    ["(a) => a?.#b.c", ["#b"]],
    ["() => class { #a; b(c) { return c.#a + c.#d } }", ["#d"]],
    ["() => arguments", ["arguments"]],
    ["[a + b](c) { return d }", ["d"]],
  ];
  for (const [source, free] of cases) assertEquals(readFunction(source).free, free, source);
});

Deno.test("readFunction() tells the forms of functions apart by their sources", () => {
  const cases: [source: string, form: string, isAsync: boolean, isGenerator: boolean][] = [
    ["() => 1", "arrow", false, false],
    ["async => 1", "arrow", false, false],
    ["async (a) => 1", "arrow", true, false],
    ["async a => 1", "arrow", true, false],
    ["function f() {}", "function", false, false],
    ["async function () {}", "function", true, false],
    ["async function* () {}", "function", true, true],
    ["a() {}", "method", false, false],
    ["async a() {}", "method", true, false],
    ["async() {}", "method", false, false],
    ["get() {}", "method", false, false],
    ["class() {}", "method", false, false],
    ["*a() {}", "method", false, true],
    ["async *'a b'() {}", "method", true, true],
    ["#a() {}", "method", false, false],
    ["[`a${b}`]() {}", "method", false, false],
    ["12() {}", "method", false, false],
    ["get a() {}", "accessor", false, false],
    ["set [a](b) {}", "accessor", false, false],
    ["class {}", "class", false, false],
    ["class A extends B {}", "class", false, false],
  ];
  for (const [source, form, isAsync, isGenerator] of cases) {
    const read = readFunction(source);
    assertEquals([read.form, read.isAsync, read.isGenerator], [form, isAsync, isGenerator], source);
    if (form === "method") assertEquals(source[read.parametersAt], "(", source);
  }
});

Deno.test("readFunction() ends with a SyntaxError on text that is no function, whatever it is", () => {
  const pieces = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    "a",
    "=>",
    "`",
    "${",
    "/",
    "'",
    "\\",
    "class ",
    "async ",
  ];
  pieces.push(
    "function ",
    "for",
    "of ",
    "yield ",
    "#",
    ",",
    ";",
    "?",
    ":",
    "...",
    "\n",
    "import",
    "1",
    "=",
  );
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 30 }), (parts) => {
      try {
        readFunction(parts.join(""));
      } catch (error) {
        assert(error instanceof SyntaxError, `${error}`);
      }
    }),
    { numRuns: 20_000 },
  );
});

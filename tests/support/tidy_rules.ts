/**
 * The house rules, each a function from modules to what breaks it.
 *
 * @module
 */
import ts from "typescript";
import { type Import, importsOf, lineOf, nodes, type SourceFile } from "./source_tree.ts";

/** Rooms by tier: a room imports only from lower tiers, from itself, and without a cycle beside. */
const TIERS: readonly (readonly string[])[] = [
  ["runtime", "kernel"],
  ["batch", "metrics"],
  ["codecs", "windows", "hive"],
  ["stream"],
  ["generators", "sources"],
  ["publishers", "kafka", "testing", "quality"],
  ["cli"],
];

const MAX_FUNCTION_LINES = 70;
const TIMERS = new Set([
  ...["setTimeout", "setInterval", "setImmediate"],
  ...["clearTimeout", "clearInterval", "clearImmediate"],
]);
/** Built-in modules that compute and touch nothing. */
const PURE_BUILT_INS = new Set(["node:buffer", "node:v8", "node:zlib"]);

function at(file: SourceFile, node: ts.Node | number, what: string): string {
  return `${file.path}:${typeof node === "number" ? node : lineOf(node)}: ${what}`;
}

function roomOf(path: string): string | undefined {
  return path.match(/^src\/([^/]+)\//)?.[1];
}

function tierOf(room: string): number {
  return TIERS.findIndex((rooms) => rooms.includes(room));
}

function roomImports(file: SourceFile): { room: string; from: Import }[] {
  return importsOf(file).flatMap((from) => {
    const room = from.path === undefined ? undefined : roomOf(from.path);
    return room === undefined || room === roomOf(file.path) ? [] : [{ room, from }];
  });
}

/** Modules that import from a higher room, or that stand in no room at all. */
export function wrongRooms(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const room = roomOf(file.path);
    if (room === undefined) return [at(file, 1, "stands in no room")];
    if (tierOf(room) === -1) return [at(file, 1, `stands in ${room}, which is no room we know`)];
    return roomImports(file)
      .filter((other) => tierOf(other.room) > tierOf(room))
      .map(({ room: higher, from }) =>
        at(file, from.line, `${room} takes ${from.specifier} from the higher room ${higher}`)
      );
  });
}

function reaches(graph: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string) {
  const seen = new Set<string>();
  const waiting = [from];
  for (let room = waiting.pop(); room !== undefined; room = waiting.pop()) {
    for (const next of graph.get(room) ?? []) {
      if (next === to) return true;
      if (!seen.has(next)) waiting.push(next);
      seen.add(next);
    }
  }
  return false;
}

/** Rooms that import each other, directly or around. */
export function roomCycles(files: readonly SourceFile[]): string[] {
  const graph = new Map<string, Set<string>>();
  for (const file of files) {
    const room = roomOf(file.path) ?? "";
    const targets = graph.getOrInsertComputed(room, () => new Set());
    for (const other of roomImports(file)) targets.add(other.room);
  }
  return [...graph.keys()].filter((room) => reaches(graph, room, room))
    .map((room) => `src/${room}: imports itself by way of another room`);
}

/** Imports of packages outside the entry points, and of anything outside the package. */
export function strayImports(
  files: readonly SourceFile[],
  entryPoints: ReadonlySet<string>,
): string[] {
  return files.flatMap((file) =>
    importsOf(file).flatMap(({ specifier, path, line }) => {
      if (path !== undefined) {
        const own = path.startsWith("src/") || path === "mod.ts";
        return own ? [] : [at(file, line, `takes ${specifier}, which is not published`)];
      }
      if (specifier.startsWith("node:")) {
        const allowed = PURE_BUILT_INS.has(specifier) || roomOf(file.path) === "runtime";
        return allowed ? [] : [at(file, line, `takes ${specifier} outside src/runtime`)];
      }
      const allowed = entryPoints.has(file.path) && !/^(jsr|https?):/.test(specifier);
      return allowed ? [] : [at(file, line, `takes the package ${specifier}`)];
    })
  );
}

/** The name of the object in `object.name`, when it is a plain name. */
function objectName(node: ts.PropertyAccessExpression): string {
  return ts.isIdentifier(node.expression) ? node.expression.text : "";
}

function outsideProperty(node: ts.PropertyAccessExpression): boolean {
  const object = objectName(node);
  const name = node.name.text;
  return (object === "Atomics" && name.startsWith("wait")) ||
    (object === "Date" && name === "now") ||
    (object === "Math" && name === "random") ||
    (object === "crypto" && name.startsWith("random")) ||
    (object === "crypto" && name === "getRandomValues") ||
    object === "performance" ||
    name === "Deno";
}

/** Whether an identifier is the name of a member or key, and so no use of a global. */
function isMemberName(node: ts.Identifier): boolean {
  const parent = node.parent;
  if (ts.isPropertyAccessExpression(parent)) {
    return parent.name === node && parent.expression.getText() !== "globalThis";
  }
  return (ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) ||
    ts.isPropertySignature(parent) || ts.isMethodSignature(parent) ||
    ts.isPropertyDeclaration(parent)) && parent.name === node;
}

function usesOutside(node: ts.Node): boolean {
  if (ts.isPropertyAccessExpression(node)) return outsideProperty(node);
  if (ts.isIdentifier(node)) {
    return (node.text === "Deno" || TIMERS.has(node.text)) && !isMemberName(node);
  }
  if (ts.isElementAccessExpression(node)) {
    return node.expression.getText() === "globalThis" &&
      /^["'`](Deno|Worker)/.test(node.argumentExpression.getText());
  }
  const name = ts.isNewExpression(node) || ts.isCallExpression(node)
    ? node.expression.getText().replace(/^globalThis\./, "")
    : "";
  if (ts.isNewExpression(node)) {
    if (name === "Worker" || name === "WebSocket" || name === "EventSource") return true;
  } else if (name === "fetch") return true;
  return name === "Date" && (node as ts.NewExpression).arguments?.length === 0;
}

/** Clocks, timers, randomness, waiting, workers, the net and Deno itself, outside `src/runtime`. */
export function outsideUses(files: readonly SourceFile[]): string[] {
  return files.filter((file) => roomOf(file.path) !== "runtime").flatMap((file) =>
    Array.from(nodes(file.tree)).filter(usesOutside)
      .map((node) => at(file, node, `touches the outside: ${node.getText().slice(0, 60)}`))
  );
}

/** Uses of `console` where nothing may be printed. */
export function consoleUses(files: readonly SourceFile[]): string[] {
  const mayPrint = /^src\/(cli\/|publishers\/console)/;
  return files.filter((file) => !mayPrint.test(file.path)).flatMap((file) =>
    Array.from(nodes(file.tree))
      .filter((node) => ts.isIdentifier(node) && node.text === "console" && !isMemberName(node))
      .map((node) => at(file, node, "uses the console"))
  );
}

/** Code made from strings. */
export function codeFromStrings(files: readonly SourceFile[]): string[] {
  const makers = new Set(["eval", "Function", "globalThis.eval", "globalThis.Function"]);
  return files.flatMap((file) =>
    Array.from(nodes(file.tree)).filter((node) =>
      (ts.isCallExpression(node) || ts.isNewExpression(node)) &&
      makers.has(node.expression.getText())
    ).map((node) => at(file, node, `makes code from a string: ${node.getText().slice(0, 60)}`))
  );
}

function lineCount(node: ts.Node): number {
  const file = node.getSourceFile();
  const last = file.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
  return last - lineOf(node) + 1;
}

/** Functions that do not fit a screen. */
export function longFunctions(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    Array.from(nodes(file.tree)).filter((node) =>
      ts.isFunctionLike(node) && lineCount(node) > MAX_FUNCTION_LINES
    ).map((node) =>
      at(file, node, `a function of ${lineCount(node)} lines, at most ${MAX_FUNCTION_LINES}`)
    )
  );
}

/** Files named `mod.ts` that hold more than re-exports, or say not what they are. */
export function busyFaces(files: readonly SourceFile[]): string[] {
  return files.filter((file) => /(^|\/)mod\.ts$/.test(file.path)).flatMap((file) => {
    const stray = file.tree.statements.filter((node) =>
      !(ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined)
    );
    const untold = file.text.includes("@module") ? [] : [at(file, 1, "has no @module comment")];
    return [...untold, ...stray.map((node) => at(file, node, "mod.ts only re-exports"))];
  });
}

/** Notes about work left, and tests that are switched off. */
export function unfinished(files: readonly SourceFile[]): string[] {
  const marks = /\b(TODO|FIXME|XXX|HACK)\b|\bDeno\.test\.(ignore|only)\b|\b(only|ignore): true\b/;
  return files.flatMap((file) =>
    file.text.split("\n").flatMap((line, i) =>
      marks.test(line) ? [at(file, i + 1, `unfinished: ${line.trim()}`)] : []
    )
  );
}

/** Modules of `src` that neither an entry point nor a test or bench leads to. */
export function unreachedModules(
  files: readonly SourceFile[],
  entryPoints: ReadonlySet<string>,
): string[] {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const starts = files.filter((file) =>
    entryPoints.has(file.path) || /_(test|bench)\.ts$/.test(file.path)
  );
  const seen = new Set(starts.map((file) => file.path));
  for (const path of seen) {
    const file = byPath.get(path);
    for (const other of file ? importsOf(file) : []) if (other.path) seen.add(other.path);
  }
  return files.filter((file) => file.path.startsWith("src/") && !seen.has(file.path))
    .map((file) => at(file, 1, "is imported by nothing that is published or tested"));
}

function textProperty(node: ts.Expression | undefined, name: string): string | undefined {
  if (node === undefined || !ts.isObjectLiteralExpression(node)) return undefined;
  const found = node.properties.find((property) => property.name?.getText() === name);
  if (found === undefined || !ts.isPropertyAssignment(found)) return undefined;
  return ts.isStringLiteralLike(found.initializer) ? found.initializer.text : undefined;
}

/** The Debian packages of all outside programs that modules ask for by `counterpart()`. */
export function counterpartPackages(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    Array.from(nodes(file.tree)).flatMap((node) => {
      if (!ts.isCallExpression(node) || node.expression.getText() !== "counterpart") return [];
      const [options] = node.arguments;
      const name = textProperty(options, "debianPackage") ?? textProperty(options, "program");
      return name === undefined ? [] : [name];
    })
  );
}

const MANAGED_TYPES = new Set([
  ...["Array", "StaticArray", "ArrayBuffer", "DataView", "Map", "Set", "String", "string"],
  ...["Int8Array", "Uint8Array", "Int16Array", "Uint16Array", "Int32Array", "Uint32Array"],
  ...["Int64Array", "Uint64Array", "Float32Array", "Float64Array", "Function", "Error", "Date"],
]);

/** What of AssemblyScript takes memory that only its runtime could give back. */
function managedConstruct(node: ts.Node): string | undefined {
  if (ts.isNewExpression(node)) return "new";
  if (ts.isObjectLiteralExpression(node)) return "an object";
  if (ts.isArrowFunction(node) || ts.isFunctionExpression(node)) return "a closure";
  if (ts.isClassDeclaration(node)) return "a class";
  if (ts.isThrowStatement(node)) return "throw";
  if (ts.isTemplateExpression(node)) return "a string";
  if (ts.isTypeReferenceNode(node) && MANAGED_TYPES.has(node.typeName.getText())) {
    return `the type ${node.typeName.getText()}`;
  }
  if (node.kind === ts.SyntaxKind.StringKeyword) return "the type string";
  if (ts.isArrayLiteralExpression(node) && !isStaticData(node)) return "an array";
  if (ts.isStringLiteralLike(node) && !namesModule(node)) return "a string";
}

function namesModule({ parent }: ts.Node): boolean {
  return ts.isImportDeclaration(parent) || ts.isExportDeclaration(parent);
}

function isStaticData(node: ts.ArrayLiteralExpression): boolean {
  return ts.isCallExpression(node.parent) &&
    node.parent.expression.getText().startsWith("memory.data");
}

/** Managed objects in AssemblyScript sources. */
export function managedObjects(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) =>
    Array.from(nodes(file.tree)).flatMap((node) => {
      const construct = managedConstruct(node);
      return construct === undefined ? [] : [at(file, node, `uses ${construct}`)];
    })
  );
}

/**
 * The repository's modules as syntax trees, for tests about how the code is written.
 *
 * @module
 */
import ts from "typescript";

/** The repository's root folder. */
export const ROOT: URL = new URL("../../", import.meta.url);

const GENERATED = new Set(["src/kernel/kernel_wasm.ts"]);

/** One parsed module. */
export interface SourceFile {
  /** From the root, such as `src/hive/hive.ts`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

/** One thing that a module takes from elsewhere. */
export interface Import {
  /** As written. */
  readonly specifier: string;
  /** The path from the root when it is a file of the repository. */
  readonly path?: string;
  readonly line: number;
}

/** Parses a module. */
export function parse(path: string, text: string): SourceFile {
  return { path, text, tree: ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true) };
}

function* walkFolder(folder: string): Generator<string> {
  for (const { name, isDirectory } of Deno.readDirSync(new URL(folder, ROOT))) {
    if (isDirectory) yield* walkFolder(`${folder}${name}/`);
    else if (name.endsWith(".ts") && !name.endsWith(".d.ts")) yield `${folder}${name}`;
  }
}

/** Paths of the modules below a folder of the repository, sorted; generated ones left out. */
export function modulePaths(folder: string): string[] {
  return Array.from(walkFolder(`${folder}/`)).filter((path) => !GENERATED.has(path)).sort();
}

/** Every module below the folders. */
export function readModules(...folders: string[]): SourceFile[] {
  return folders.flatMap(modulePaths).map((path) =>
    parse(path, Deno.readTextFileSync(new URL(path, ROOT)))
  );
}

/** The line of a node, from 1. */
export function lineOf(node: ts.Node): number {
  const file = node.getSourceFile();
  return file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1;
}

/** Every node of a tree, parents first. */
export function* nodes(node: ts.Node): Generator<ts.Node> {
  yield node;
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => void children.push(child));
  for (const child of children) yield* nodes(child);
}

function isImportMeta(node: ts.Node | undefined): boolean {
  return node !== undefined && node.getText() === "import.meta.url";
}

/** The string a node imports by: declarations, types, `import()`, and workers by their URL. */
function specifierOf(node: ts.Node): ts.Node | undefined {
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) return node.moduleSpecifier;
  if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
    return node.argument.literal;
  }
  if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
    return node.arguments[0];
  }
  if (ts.isNewExpression(node) && node.expression.getText() === "URL") {
    return isImportMeta(node.arguments?.[1]) ? node.arguments?.[0] : undefined;
  }
}

/** Everything that a module takes from elsewhere, types included. */
export function importsOf({ path, tree }: SourceFile): Import[] {
  const found: Import[] = [];
  for (const node of nodes(tree)) {
    const specifier = specifierOf(node);
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) continue;
    const relative = specifier.text.startsWith(".");
    const url = relative ? new URL(specifier.text, new URL(path, "file:///")) : undefined;
    found.push({
      specifier: specifier.text,
      path: url?.pathname.slice(1),
      line: lineOf(node),
    });
  }
  return found;
}

import { assert, assertEquals } from "@std/assert";
import { IMPORT_MAP_VARIABLE } from "./support/jsr.ts";
import { modulePaths, ROOT } from "./support/source_tree.ts";

/** A snippet that is not run, in a page or behind the stars of a comment. */
const SNIPPET = /^(?<margin>[ *]*)```ts ignore\n(?<code>[\s\S]*?)^[ *]*```$/gm;

/** The snippets of a file that stand by themselves, each as a module. */
function snippetsOf(path: string): string[] {
  const text = Deno.readTextFileSync(new URL(path, ROOT));
  return Array.from(text.matchAll(SNIPPET), ({ groups }) => {
    const { margin, code } = groups!;
    return `// ${path}\n` + code.split("\n").map((line) => line.slice(margin.length)).join("\n");
  }).filter((code) => /^import /m.test(code));
}

/** Compiles modules in a folder: what the compiler says, and of which. */
async function compile(
  modules: readonly string[],
  folder: string,
): Promise<{ readonly said: string; readonly wrong: readonly string[] }> {
  const paths = modules.map((code, at) => {
    Deno.writeTextFileSync(`${folder}/${at}.ts`, code);
    return `${folder}/${at}.ts`;
  });
  const importMap = Deno.env.get(IMPORT_MAP_VARIABLE);
  const flags = ["--quiet", "--no-lock", "--config=deno.json"];
  if (importMap) flags.push(`--import-map=${importMap}`);
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", ...flags, ...paths],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
  }).output();
  const said = new TextDecoder().decode(stderr);
  return { said, wrong: modules.filter((_, at) => said.includes(`${folder}/${at}.ts`)) };
}

Deno.test("Snippets that are not run, for they need a server or a file, compile", async () => {
  const docs = Array.from(Deno.readDirSync(new URL("docs", ROOT)), ({ name }) => `docs/${name}`);
  const pages = docs.filter((path) => path.endsWith(".md"));
  const snippets = [...pages, ...modulePaths("src")].flatMap(snippetsOf);
  assert(snippets.length > 5, `${snippets.length} were found`);
  const bad = `import { count } from "@waggle/stream";\ncount("x", "y", "z");\n`;
  const folder = Deno.makeTempDirSync();
  try {
    const { said, wrong } = await compile([...snippets, bad], folder);
    assertEquals(wrong, [bad], said);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

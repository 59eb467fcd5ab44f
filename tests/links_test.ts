import { assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);
const LINK = /\]\(([^)\s]+)\)/g;
const HEADING = /^#{1,6} (.+)$/gm;
const FENCE = /^```[\s\S]*?^```$/gm;

/** The pages, by their paths from the root. */
async function pages(): Promise<Map<string, string>> {
  const paths = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"];
  for await (const { name } of Deno.readDir(new URL("docs/", ROOT))) {
    if (name.endsWith(".md")) paths.push(`docs/${name}`);
  }
  const texts = paths.map(async (path) => {
    const text = await Deno.readTextFile(new URL(path, ROOT));
    return [path, text.replaceAll(FENCE, "")] as const;
  });
  return new Map(await Promise.all(texts));
}

/** What a heading is called in a link to it. */
function anchorOf(heading: string): string {
  return heading.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-");
}

async function exists(url: URL): Promise<boolean> {
  try {
    await Deno.stat(url);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

Deno.test("every link of the pages leads to a file, and to a heading in it", async () => {
  const all = await pages();
  const broken: string[] = [];
  for (const [path, text] of all) {
    for (const [, target] of text.matchAll(LINK)) {
      if (/^https?:/.test(target)) continue;
      const url = new URL(target, new URL(path, ROOT));
      const [anchor, file] = [url.hash.slice(1), new URL(url.pathname, ROOT)];
      const page = all.get(file.href.slice(ROOT.href.length));
      const anchors = Array.from(page?.matchAll(HEADING) ?? [], ([, heading]) => anchorOf(heading));
      const leads = await exists(file) && (anchor === "" || anchors.includes(anchor));
      if (!leads) broken.push(`${path}: ${target}`);
    }
  }
  assertEquals(broken, []);
});

import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { csv, FileSourceError, from } from "../mod.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { worldWith } from "./support/world_with.ts";

const ROWS = 3_000_000;
const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

/** A world in which something happens to a file when its first bytes were read. */
function afterFirstRead(path: string, happens: (readBytes: number) => void): Runtime {
  return worldWith({
    async openFile(opened) {
      const file = await denoRuntime.openFile(opened);
      if (opened !== path) return file;
      let isFirst = true;
      const read = async (into: Uint8Array) => {
        const count = await file.read(into);
        if (isFirst) happens(count ?? 0);
        isFirst = false;
        return count;
      };
      return { ...file, read };
    },
  });
}

function fileOfRows(name: string): string {
  const path = `${folder}/${name}.csv`;
  Deno.writeTextFileSync(path, "a\n" + "1\n".repeat(ROWS));
  return path;
}

async function rowsOf(path: string, runtime: Runtime): Promise<number> {
  return (await from(csv(path), { workers: 1, runtime }).run()).recordsIn;
}

Deno.test("A file that becomes shorter while it is read fails the run", async () => {
  const path = fileOfRows("shorter");
  const runtime = afterFirstRead(path, (readBytes) => Deno.truncateSync(path, readBytes));
  const error = await assertRejects(() => rowsOf(path, runtime), FileSourceError);
  assertMatch(error.message, /has become shorter while it was read, \d+ bytes of 6000002/);
});

Deno.test("A file that is replaced or removed while it is read is read to its end", async () => {
  const changes: ((path: string) => void)[] = [
    (path) => Deno.removeSync(path),
    (path) => {
      Deno.writeTextFileSync(`${path}.new`, "a\n1\n");
      Deno.renameSync(`${path}.new`, path);
    },
  ];
  for (const [at, change] of changes.entries()) {
    const path = fileOfRows(`changed${at}`);
    assertEquals(await rowsOf(path, afterFirstRead(path, () => change(path))), ROWS);
  }
});

Deno.test("A file of which less can be read than it claims, as of devices, is read as it is", async () => {
  const path = `${folder}/claims.csv`;
  Deno.writeTextFileSync(path, "a\n1\n");
  const claims = { sizeBytes: 4096 };
  const runtime = worldWith({
    openFile: async (opened) => ({ ...await denoRuntime.openFile(opened), ...claims }),
    fileStatus: async (of) => ({ ...await denoRuntime.fileStatus(of), ...claims }),
  });
  assertEquals(await rowsOf(path, runtime), 1);
});

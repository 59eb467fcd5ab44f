import { assert, assertEquals } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import { readingFault } from "../src/runtime/reading_fault.ts";
import { counterpart } from "./support/counterpart.ts";
import { waggleCommand } from "./support/waggle_command.ts";

const FORBIDDEN = "Permission denied (os error 13)";
const RIGHTS =
  "the system forbids it to the user that runs the program: give that user the right " +
  "to read it (chmod), and to enter the folders above it";

/** What is wrong with reading a path. */
async function faultOf(path: string): Promise<string> {
  try {
    await Deno.readFile(path);
  } catch (error) {
    return readingFault(error);
  }
  throw new Error(`${path} could be read`);
}

Deno.test("what to do about a file that cannot be read goes by why", async () => {
  const missing = await faultOf("no/such.csv");
  assert(
    missing.endsWith("; check that the path is right (it is relative to the working directory)"),
  );
  const folder = await faultOf("src");
  assert(folder.endsWith("; check that it is a file, and not a folder"), folder);
  const denied = new Deno.errors.PermissionDenied(FORBIDDEN);
  assertEquals(readingFault(denied), `${FORBIDDEN}; ${RIGHTS}`);
  const lacking = 'Requires read access to "a.csv", run again with the --allow-read flag';
  assertEquals(readingFault(new Deno.errors.NotCapable(lacking)), lacking);
  assert(readingFault(new Error("odd")).startsWith("odd; check that the path is right"));
  assert(readingFault("odd").startsWith("odd; check that the path is right"));
});

const setpriv = counterpart({
  program: "setpriv",
  purpose: "take from the administrator the right to read all files",
  debianPackage: "util-linux",
});
Deno.test(
  setpriv.test("waggle says of files that the system forbids that it does", async (path) => {
    const folder = await Deno.makeTempDir();
    const model = await SyntheticGenerator.fit(
      Array.from({ length: 50 }, (_, i) => ({ x: i })),
      { model: "independent" },
    );
    await model.save(`${folder}/no.waggle`);
    for (const name of ["no.csv", "no.json", "no.parquet"]) {
      Deno.writeTextFileSync(`${folder}/${name}`, "ts");
    }
    for (const { name } of Deno.readDirSync(folder)) Deno.chmodSync(`${folder}/${name}`, 0);
    Deno.mkdirSync(`${folder}/shut`, { mode: 0 });
    const script = `
    ${waggleCommand()}
    cd "${folder}"
    waggle window no.csv -t ts --tumble 1h -a count; echo $?
    waggle fit no.json -o x.waggle; echo $?
    waggle fit no.parquet -o x.waggle; echo $?
    waggle fit shut/a.csv -o x.waggle; echo $?
    waggle sample no.waggle; echo $?`;
    const rights = Deno.uid() === 0 ? ["--bounding-set=-dac_override,-dac_read_search"] : [];
    const args = [...rights, "bash", "-c", script];
    const { stdout, stderr } = await new Deno.Command(path, { args }).output();
    Deno.chmodSync(`${folder}/shut`, 0o700);
    Deno.removeSync(folder, { recursive: true });
    assertEquals(new TextDecoder().decode(stdout), "1\n1\n1\n1\n1\n");
    assertEquals(new TextDecoder().decode(stderr).trimEnd().split("\n"), [
      `waggle: Cannot read no.csv: ${FORBIDDEN}: open 'no.csv'; ${RIGHTS}`,
      `waggle: cannot read no.json: ${FORBIDDEN}: open 'no.json'; ${RIGHTS}`,
      `waggle: Cannot read no.parquet: ${FORBIDDEN}: open 'no.parquet'; ${RIGHTS}`,
      `waggle: cannot read shut/a.csv: ${FORBIDDEN}: stat 'shut/a.csv'; ${RIGHTS}`,
      `waggle: cannot read the model no.waggle: ${FORBIDDEN}: open 'no.waggle'; ${RIGHTS}`,
    ]);
  }),
);

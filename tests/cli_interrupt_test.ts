import { assert, assertEquals, assertThrows } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import { main } from "../src/cli/cli.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { KeptProcess } from "./support/kept_process.ts";
import { worldWith } from "./support/world_with.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));

const rows = Array.from({ length: 300 }, (_, at) => ({ at: at * 1000, x: at % 7 }));
const model = `${folder}/model.waggle`;
await (await SyntheticGenerator.fit(rows, { model: "independent" })).save(model);
const data = `${folder}/rows.ndjson`;
Deno.writeTextFileSync(data, rows.map((row) => JSON.stringify(row)).join("\n"));

for (const schedule of [[], ["--interval", "1ms"], ["--adaptive"]]) {
  Deno.test(`Ctrl-C while a batch is being written is told after it: stream ${schedule.join(" ")}`, async () => {
    const file = `${folder}/stream${schedule.length}${schedule[0]}.ndjson`;
    const process = new KeptProcess();
    let isPressed = false;
    const press = () => {
      if (!isPressed) process.interrupt();
      isPressed = true;
    };
    const runtime = worldWith({
      async createFile(path, how) {
        const made = await denoRuntime.createFile(path, how);
        const write = async (bytes: Uint8Array) => {
          press();
          await new Promise((resolve) => setTimeout(resolve, 20));
          await made.write(bytes);
        };
        return { ...made, write };
      },
    });
    const metrics = `${file}.figures`;
    const args = ["stream", model, "-o", file, "--metrics-json", metrics, ...schedule];
    assertEquals(await main(args, { process, runtime }), 130);
    const lines = Deno.readTextFileSync(file).split("\n").length - 1;
    const [, records] = /^([\d,]+) records in .*, interrupted\n$/.exec(process.err) ?? [];
    assertEquals(Number(records?.replaceAll(",", "")), lines, process.err);
    assertEquals(JSON.parse(Deno.readTextFileSync(metrics)).totalRecords, lines);
  });
}

const COMMANDS: Readonly<Record<string, string[]>> = {
  sample: ["sample", model, "-n", "1000"],
  stream: ["stream", model, "--max-records", "1000"],
  window: ["window", data, "-t", "at", "--tumble", "10s", "-a", "count"],
};

for (const [name, args] of Object.entries(COMMANDS)) {
  Deno.test(`waggle ${name} tells what it wrote when the file has its name, and not before`, async () => {
    const file = `${folder}/${name}.ndjson`;
    const process = new KeptProcess();
    let told = "not moved";
    const runtime = worldWith({
      moveFile(from, to) {
        told = process.err;
        return denoRuntime.moveFile(from, to);
      },
    });
    assertEquals(await main([...args, "-o", file], { process, runtime }), 0, process.err);
    assertEquals(told, "");
    assert(/^[\d,]+ (records|rows) .*\n$/.test(process.err), process.err);
  });
}

Deno.test("Ctrl-C before the first row is no word that there are none", async () => {
  const process = new KeptProcess();
  const pressed = Promise.withResolvers<void>();
  async function* chunks() {
    process.interrupt();
    await pressed.promise;
    yield new TextEncoder().encode('{"at":0}\n');
  }
  Object.assign(process.stdin, { chunks });
  const file = `${folder}/unbegun.ndjson`;
  const args = ["window", "-", "-t", "at", "--tumble", "10s", "-a", "count", "-o", file];
  const ended = main(args, { process, runtime: denoRuntime });
  setTimeout(() => pressed.resolve(), 50);
  assertEquals(await ended, 130, process.err);
  const told = new RegExp(`^0 rows in .*, 0 late rows, interrupted; ${file} was not written\n$`);
  assert(told.test(process.err), process.err);
  assertThrows(() => Deno.statSync(file), Deno.errors.NotFound);
});

for (const name of ["sample", "window"] as const) {
  Deno.test(`waggle ${name} whose file cannot have its name tells of nothing that it wrote`, async () => {
    const process = new KeptProcess();
    const runtime = worldWith({ moveFile: () => Promise.reject(new Error("no space")) });
    const args = [...COMMANDS[name], "-o", `${folder}/${name}_full.ndjson`];
    assertEquals(await main(args, { process, runtime }), 1);
    assert(/^waggle: .*no space.*\n$/.test(process.err), process.err);
  });
}

Deno.test("a second Ctrl-C ends at once, and leaves a terminal at the beginning of a line", async () => {
  const process = new KeptProcess(true);
  const running = main(["stream", model, "-o", `${folder}/twice.ndjson`], { process });
  while (!process.err.includes("records")) await new Promise((resolve) => setTimeout(resolve, 1));
  assert(!process.err.endsWith("\n"));
  process.interrupt();
  assertThrows(() => process.interrupt(), Error, "exited");
  assert(process.err.endsWith("\n"));
  assertEquals(await running, 130);
});

import { assert, assertEquals } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import { counterpart } from "./support/counterpart.ts";
import { waggle } from "./support/kept_process.ts";
import { waggleCommand } from "./support/waggle_command.ts";

const folder = await Deno.makeTempDir();
addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
const at = (name: string) => `${folder}/${name}`;

const DATA = "ts,x\n" + Array.from({ length: 200 }, (_, i) => `${1.7e12 + i},${i % 7}\n`).join("");
const data = at("data.csv");
const model = at("model.waggle");
Deno.writeTextFileSync(data, DATA);
const generator = await SyntheticGenerator.fit(
  Array.from({ length: 200 }, (_, i) => ({ x: i % 9 })),
  { model: "independent" },
);
await generator.save(model);
Deno.symlinkSync(data, at("symbolic.csv"));
Deno.linkSync(data, at("hard.csv"));
Deno.symlinkSync(model, at("symbolic.waggle"));
Deno.copyFileSync(data, at("data.waggle"));
const MODEL = Deno.readFileSync(model);

const WINDOW = ["window", data, "-t", "ts", "--tumble", "1m", "-a", "count"];
const FIT = ["fit", at("data.waggle"), "--input-format", "csv"];
const read = (path: string, of = path, flag = "--output") =>
  `waggle: cannot write ${path}: it is ${path === of ? "" : `${of} by another name, `}what is ` +
  `read, and would be replaced; give another ${flag}\n`;
const both = (path: string, flag: string) =>
  `waggle: cannot write ${path} for ${flag}: it is the file of --output too, and one would replace ` +
  `the other; give another ${flag}\n`;

const CASES: [args: string[], told: string][] = [
  [[...WINDOW, "-o", data], read(data)],
  [[...WINDOW, "-o", `${folder}/.//data.csv`], read(`${folder}/.//data.csv`)],
  [[...WINDOW, "-o", at("symbolic.csv")], read(at("symbolic.csv"), data)],
  [[...WINDOW, "-o", at("hard.csv")], read(at("hard.csv"), data)],
  [[...WINDOW, "--dead-letters", at("hard.csv")], read(at("hard.csv"), data, "--dead-letters")],
  [
    [...WINDOW, "-o", at("new.csv"), "--dead-letters", at("./new.csv")],
    both(at("./new.csv"), "--dead-letters"),
  ],
  [[...FIT, "-o", at("data.waggle")], read(at("data.waggle"))],
  [
    [...FIT, "-o", at("new.waggle"), "--dead-letters", at("data.waggle")],
    read(at("data.waggle"), at("data.waggle"), "--dead-letters"),
  ],
  [["sample", model, "-f", "csv", "-o", model], read(model)],
  [["report", data, data, "-o", data], read(data)],
  [
    ["report", at("other.csv"), model, "-o", at("symbolic.waggle")],
    read(at("symbolic.waggle"), model),
  ],
  [["report", at("other.csv"), model, "--holdout", data, "-o", data], read(data)],
  [["stream", model, "--max-records", "1", "-f", "csv", "-o", model], read(model)],
];

for (const [args, told] of CASES) {
  const shown = args.join(" ").replaceAll(folder, "");
  Deno.test(`waggle ${shown} replaces nothing that is read, with --force or without`, async () => {
    for (const force of [[], ["--force"]]) {
      assertEquals(await waggle([...args, ...force]), { code: 2, out: "", err: told });
    }
    assertEquals(Deno.readTextFileSync(data), DATA);
    assertEquals(Deno.readTextFileSync(at("data.waggle")), DATA);
    assertEquals(Deno.readFileSync(model), MODEL);
  });
}

Deno.test("figures of a stream replace neither its model nor its records", async () => {
  const args = ["stream", model, "--max-records", "1", "--metrics-json"];
  assertEquals(await waggle([...args, model]), {
    ...{ code: 2, out: "" },
    err: read(model, model, "--metrics-json"),
  });
  const file = at("records.ndjson");
  assertEquals(await waggle([...args, file, "-o", file]), {
    ...{ code: 2, out: "" },
    err: both(file, "--metrics-json"),
  });
  assertEquals(Deno.readFileSync(model), MODEL);
});

Deno.test("a file that was read is a file like others to the next call, and a copy is another", async () => {
  const copy = at("copy.csv");
  Deno.copyFileSync(data, copy);
  const { code, err } = await waggle([...WINDOW, "-o", copy, "--force"]);
  assertEquals(code, 0, err);
  assert(Deno.readTextFileSync(copy).startsWith("windowStart,windowEnd,count\n"));
});

const bash = counterpart({ program: "bash", purpose: "allow the command line all devices" });
Deno.test(
  bash.test("a device is read and written at once, since nothing replaces it", async (path) => {
    const script = `
    ${waggleCommand()}
    waggle window /dev/null -t ts --tumble 1m -a count --input-format ndjson -f csv -o /dev/null -q`;
    const { code, stderr } = await new Deno.Command(path, { args: ["-c", script] }).output();
    assertEquals([code, new TextDecoder().decode(stderr)], [0, ""]);
  }),
);

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { NO_CODE_FROM_STRINGS, runScript } from "./support/run_script.ts";

const ROOT = new URL("../", import.meta.url);

/** What is given to the start in each of its forms, and the flags that docs/hive-stream.md lists. */
const FORMS: Record<string, { start: string; flags: string[] }> = {
  "function": {
    start: `(reading) => reading.temperature * 9 / 5 + 32`,
    flags: ["--allow-read=src"],
  },
  "expression": {
    start: `col("temperature").mul(9 / 5).add(32)`,
    flags: ["--allow-read=src"],
  },
  "export of a module": {
    start: `{ module: new URL("examples/fahrenheit.ts", import.meta.url), export: "toFahrenheit" }`,
    flags: ["--allow-read=src,examples"],
  },
};

/** Runs a stream of that form in a process with these flags and no more. */
function run(start: string, flags: readonly string[]) {
  const script = `
    import { col, HiveStream } from "@waggle/stream";
    await using stream = new HiveStream({ workers: 2 });
    await stream.start(${start});
    await stream.submit("a", { temperature: 100 });
    console.log(await stream.getResult({ timeout: "20s" }));
  `;
  return runScript(script, ["--no-check", ...flags]);
}

for (const [form, { start, flags }] of Object.entries(FORMS)) {
  Deno.test(`HiveStream starts with ${form} and ${flags.join(" ")}, and says what is missing without`, async () => {
    assertEquals(await run(start, flags), { code: 0, out: "212\n", error: "" });
    const { code, error } = await run(start, []);
    assert(code !== 0);
    assertStringIncludes(error, "UnfitBeeError: Cannot start: Requires read access");
  });
}

Deno.test("HiveStream.start() says which file of a function's module may not be read", async () => {
  const { code, error } = await run(FORMS["export of a module"].start, ["--allow-read=src"]);
  assert(code !== 0);
  assertStringIncludes(error, `Cannot load "toFahrenheit"`);
  assertStringIncludes(error, "Requires read access");
});

Deno.test("docs/hive-stream.md lists the flags that each form needs", async () => {
  const page = await Deno.readTextFile(new URL("docs/hive-stream.md", ROOT));
  for (const [form, { flags }] of Object.entries(FORMS)) {
    const row = page.split("\n").find((line) => line.startsWith(`| ${form} `)) ?? "";
    assertStringIncludes(row, `deno run ${flags.join(" ")} main.ts`);
  }
});

Deno.test("WebSocket servers need no more than the permission that docs/websocket.md tells", async () => {
  const script = `
    import { StreamServer, SyntheticGenerator } from "@waggle/stream";
    const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
    await using server = new StreamServer(generator, { token: "of-the-hive" });
    const { uri } = await server.listen();
    const socket = new WebSocket(uri + "?records=5", ["waggle", "bearer.of-the-hive"]);
    socket.onmessage = ({ data }) => console.log(JSON.parse(data).length ?? data);
    await new Promise((resolve) => socket.onclose = resolve);
  `;
  const flag = "--allow-net=127.0.0.1";
  const page = await Deno.readTextFile(new URL("docs/websocket.md", ROOT));
  assertStringIncludes(page, `needs the permission \`${flag}\``);
  const done = '{"done":{"action":"stream","records":5,"dropped":0,"next":5}}';
  const found = await runScript(script, ["--no-check", flag]);
  assertEquals(found, { code: 0, out: `5\n${done}\n`, error: "" });
  const { code, error } = await runScript(script, ["--no-check"]);
  assert(code !== 0);
  assertStringIncludes(error, `Cannot listen on "127.0.0.1", port 0: Requires net access`);
});

Deno.test("records of every compression need no more than the permissions that docs/kafka.md tells", async () => {
  const script = `
    import { from, RecordBatch } from "@waggle/stream";
    import { KafkaPublisher, kafkaSource } from "@waggle/stream/kafka";
    import { SimulatedKafka } from "@waggle/stream/testing";
    using driver = new SimulatedKafka({ topics: { birds: 1 } });
    const there = { driver, bootstrapServers: "in-memory:9092" };
    for (const compression of ["none", "gzip", "snappy", "lz4", "zstd"]) {
      await using publisher = new KafkaPublisher({ ...there, topic: "birds", compression });
      const rows = Array.from({ length: 500 }, (_, n) => ({ n, bird: "Gull" }));
      await publisher.publish(RecordBatch.fromRows(rows));
    }
    let sum = 0;
    const source = kafkaSource({ ...there, topics: "birds", until: "end" });
    for await (const { n } of from(source, { workers: 1 })) sum += n;
    console.log(sum);
  `;
  const page = await Deno.readTextFile(new URL("docs/kafka.md", ROOT));
  assertStringIncludes(page, '`--allow-env="KAFKAJS_*" --allow-net=broker:9092`');
  assertStringIncludes(page, "reading a topic in a checkout also `--allow-read=src`");
  const flags = ["--allow-env=KAFKAJS_*", "--allow-read=src", NO_CODE_FROM_STRINGS];
  const found = await runScript(script, ["--no-check", ...flags]);
  assertEquals(found, { code: 0, out: `${5 * 124_750}\n`, error: "" });
});

Deno.test("a file that may be written and not read leaves nothing behind", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const script = `
      import { denoRuntime } from "./src/runtime/deno_runtime.ts";
      await denoRuntime.createFile("${folder}/rows.part", "new").catch(({ message }) => console.log(message));
    `;
    const { out } = await runScript(script, ["--no-check", `--allow-write=${folder}`]);
    assertStringIncludes(out, "Requires read access");
    assertEquals(Array.from(Deno.readDirSync(folder)), []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

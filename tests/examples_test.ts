import { assert, assertEquals } from "@std/assert";
import { dirname } from "node:path";
import { kafka, type SharedKafka, sharedKafka } from "./support/kafka/kafka.ts";

const ROOT = new URL("../", import.meta.url);
const FIRST_LINE = /^\/\/ [A-Z].+\. Run: deno run (.*?)(examples\/\w+\.ts)$/;
const SCRIPT = "examples/generation_10_command_line.sh";

/** Figures that differ from run to run, each replaced by a #. */
const VARYING = /\d+(\.\d+)?(?=\/sec| records\/sec|%| ms)|(?<=workers: )(true|false)/g;

/** What each example prints, by file name. */
const PRINTED: Record<string, string> = {
  "basics_01_create.ts": `
0 bees at work, 0 records processed
`,
  "basics_02_process.ts": `
{ original: 7, doubled: 14, squared: 49 }
`,
  "basics_03_start.ts": `
4 bees are ready
`,
  "basics_04_submit.ts": `
2 records from the map
105 records processed
`,
  "basics_05_results.ts": `
{ doubled: 0 }
{ doubled: 2 }
{ doubled: 4 }
{ doubled: 6 }
{ doubled: 8 }
`,
  "basics_06_stop.ts": `
{ dropped: 0, processed: 4, lostBees: 0 }
key_1 1
key_2 4
key_3 9
key_4 16
`,
  "basics_07_sensors.ts": `
Reading 3 sensors 50 times; Ctrl-C ends it early
⚠️  sensor_1: 23.0°F - LOW
⚠️  sensor_1: 101.8°F - HIGH
⚠️  sensor_2: 115.0°F - HIGH
⚠️  sensor_3: 29.1°F - LOW
⚠️  sensor_3: 108.0°F - HIGH
⚠️  sensor_1: 121.1°F - HIGH
⚠️  sensor_1: 100.9°F - HIGH
⚠️  sensor_2: 114.1°F - HIGH
⚠️  sensor_3: 28.2°F - LOW
⚠️  sensor_3: 107.1°F - HIGH
⚠️  sensor_1: 120.2°F - HIGH
⚠️  sensor_1: 100.0°F - HIGH
⚠️  sensor_2: 113.2°F - HIGH
⚠️  sensor_3: 27.3°F - LOW
⚠️  sensor_3: 106.2°F - HIGH
⚠️  sensor_1: 119.3°F - HIGH
Processed 50 records
`,
  "basics_08_monitoring.ts": `
Records processed: 10000
Processing rate: #/sec
Worker utilization: #%
Latency p99: # ms
Errors: 0, lost bees: 0
Faster without workers: #
`,
  "basics_09_error_handling.ts": `
{ success: true, data: 4 }
{
  success: false,
  error: "RangeError: -4 has no real root",
  record: { value: -4 }
}
{ success: true, data: 3 }
a: 4
b failed: -4 has no real root
c: 3
`,
  "basics_10_advanced.ts": `
Window result: 0s sensor_1: 5 of 60, avg 12
Window result: 0s sensor_2: 5 of 95, avg 19
Window result: 0s sensor_3: 5 of 130, avg 26
Window result: 60s sensor_1: 5 of 85, avg 17
Window result: 60s sensor_2: 5 of 120, avg 24
Window result: 60s sensor_3: 5 of 75, avg 15
3 results of the window that was still open
Records processed: 45, late: 0
Processing rate: #/sec
Worker utilization: #%
`,
  "generation_01_quick_start.ts": `
100 customers, from id 1
100 customers, from id 101
100 customers, from id 201
`,
  "generation_02_pull.ts": `
10000 records
`,
  "generation_03_websocket.ts": `
250 records received
`,
  "generation_04_websocket_server.ts": `
batch 1: 10 records
batch 2: 10 records
batch 3: 10 records
`,
  "generation_05_conditions.ts": `
2000 customers of high value, 0 others
`,
  "generation_06_rate_limit.ts": `
500 records at #/sec
50500 records altogether
`,
  "generation_07_backpressure.ts": `
10100 records delivered, 39900 dropped
The last is number 50000, the first behind the gap 40001
`,
  "generation_08_monitoring.ts": `
Total records: 25000
Records/second: #/sec
Batches sent: 250
Errors: 0
`,
  "generation_09_error_handling.ts": `
500 records after 7 attempts
Streaming failed: Cannot publish batch 0, records 0 to 99: the sink is out of order; it was tried 4 times, and nothing behind it was; to go on with it, stream with start: 0
`,
};

/** The same of those that need a broker. */
const PRINTED_WITH_KAFKA: Record<string, string> = {
  "generation_11_kafka_push.ts": `
1000 records in 10 batches
`,
  "generation_12_kafka_setup.ts": `
500 customers
`,
  "generation_13_kafka_avro.ts": `
1000 customers as Avro
`,
  "generation_14_complete.ts": `
Total records sent: 2000
Average rate: # records/sec
`,
};

let broker: SharedKafka | undefined;

Deno.test.beforeAll(async () => {
  if (kafka.reason === undefined) broker = await sharedKafka();
});
Deno.test.afterAll(async () => {
  await broker?.[Symbol.asyncDispose]();
});

function pages(): string[] {
  return [...Deno.readDirSync(new URL("examples/", ROOT))].map(({ name }) => name)
    .filter((name) => /^(basics|generation)_.+\.ts$/.test(name)).sort();
}

/** The flags that the first line of an example says it needs. */
function flagsOf(name: string): string[] {
  const [first] = Deno.readTextFileSync(new URL(`examples/${name}`, ROOT)).split("\n");
  const [, flags, file] = FIRST_LINE.exec(first) ?? [];
  assertEquals(file, `examples/${name}`, `the first line of ${name} must tell how to run it`);
  return flags.split(" ").filter((flag) => flag !== "");
}

function command(name: string, bootstrap = broker?.bootstrap): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--no-lock", ...flagsOf(name), `examples/${name}`],
    cwd: ROOT,
    env: { NO_COLOR: "1", ...(bootstrap && { KAFKA_BOOTSTRAP: bootstrap }) },
    stdout: "piped",
    stderr: "piped",
  });
}

const text = new TextDecoder();

Deno.test("every example is in the list of what they print", () => {
  assertEquals(pages(), [...Object.keys(PRINTED), ...Object.keys(PRINTED_WITH_KAFKA)]);
});

async function printsAsItShould(name: string, printed: string): Promise<void> {
  const { code, stdout, stderr } = await command(name).output();
  assertEquals(text.decode(stderr), "");
  assertEquals(`\n${text.decode(stdout)}`.replaceAll(VARYING, "#"), printed);
  assertEquals(code, 0);
}

for (const [name, printed] of Object.entries(PRINTED)) {
  Deno.test(`examples/${name} prints what it should, with no more permissions than it states`, () =>
    printsAsItShould(name, printed));
}

for (const [name, printed] of Object.entries(PRINTED_WITH_KAFKA)) {
  Deno.test(
    kafka.test(`examples/${name} prints what it should, with no more permissions than it states`, () =>
      printsAsItShould(name, printed)),
  );
}

for (const name of [...Object.keys(PRINTED_WITH_KAFKA), "kafka_windows.ts"]) {
  Deno.test(`examples/${name} says in a line that no broker answers`, async () => {
    const { code, stderr } = await command(name, "127.0.0.1:1").output();
    const told = text.decode(stderr);
    assertEquals([code, told.split("\n").length], [1, 2], told);
    assert(told.includes("Cannot connect to Kafka: 127.0.0.1:1 refused the connection"), told);
  });
}

Deno.test("examples state no permission that they could do without", async () => {
  for (const name of pages().filter((name) => flagsOf(name).length > 0)) {
    const args = ["run", "--no-prompt", "--no-lock", `examples/${name}`];
    const bare = new Deno.Command(Deno.execPath(), { args, cwd: ROOT });
    const { success } = await bare.output();
    assert(!success, `${name} runs without ${flagsOf(name).join(" ")}`);
  }
});

/** Reads until the text is there; returns all that was read. */
async function readUntil(reader: ReadableStreamDefaultReader<string>, wanted: string) {
  let read = "";
  while (!read.includes(wanted)) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`Ended before ${JSON.stringify(wanted)}: ${JSON.stringify(read)}`);
    read += value;
  }
  return read;
}

Deno.test("Ctrl-C ends the sensor example early: it reports what was done and exits with 130", async () => {
  await using child = command("basics_07_sensors.ts").spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await readUntil(reader, "ends it early");
  child.kill("SIGINT");
  const rest = await readUntil(reader, " records\n");
  const processed = Number(/Processed (\d+) records/.exec(rest)?.[1]);
  assert(processed < 50, `${processed} records were processed`);
  assertEquals((await child.status).code, 130);
  await reader.cancel();
  await child.stderr.cancel();
});

Deno.test("examples/generation_10_command_line.sh prints what it should", async () => {
  const { code, stdout, stderr } = await new Deno.Command("sh", {
    args: [SCRIPT],
    cwd: ROOT,
    env: { NO_COLOR: "1", PATH: `${dirname(Deno.execPath())}:${Deno.env.get("PATH")}` },
  }).output();
  assertEquals([code, text.decode(stderr), text.decode(stdout)], [0, "", "200\n10000\n"]);
});

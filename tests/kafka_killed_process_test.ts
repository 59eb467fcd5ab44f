import { assert, assertEquals } from "@std/assert";
import { from } from "../mod.ts";
import { KafkaPublisher, kafkaSource } from "../src/kafka/kafka.ts";
import { kafka, sharedKafka, uniqueName } from "./support/kafka/kafka.ts";
import type { WindowProcess } from "./support/kafka/window_main.ts";
import { createTopic } from "./support/kafka/wire.ts";
import { Random } from "./support/random.ts";

const ROWS = 60_000;
const PARTITIONS = 4;
const SIZE = 100;
const DISORDER = 50;
const KILLS = 4;

interface Row {
  readonly at: number;
  readonly key: string;
  readonly x: number;
}

interface Result {
  readonly windowStart: number;
  readonly key: string;
  readonly n: number;
  readonly total: number;
  readonly most: number;
}

function randomRows(random: Random): Row[] {
  return Array.from({ length: ROWS }, (_, row) => ({
    at: 1_700_000_000_000 + Math.floor(row / 4) - random.below(DISORDER),
    key: `k${random.below(12)}`,
    x: random.below(1000),
  }));
}

/** By window and key. */
function windowsOf(rows: readonly Row[]): Map<string, Result> {
  const results = new Map<string, Result>();
  for (const { at, key, x } of rows) {
    const windowStart = Math.floor(at / SIZE) * SIZE;
    const name = `${windowStart} ${key}`;
    const { n, total, most } = results.get(name) ?? { n: 0, total: 0, most: -1 };
    const more = { n: n + 1, total: total + x, most: Math.max(most, x) };
    results.set(name, { windowStart, key, ...more });
  }
  return results;
}

/**
 * Lets a process work, and kills it when it has published so many batches; how many records it has
 * read, if it came to the end.
 */
async function live(given: WindowProcess, killAfter: number): Promise<number | undefined> {
  const main = new URL("./support/kafka/window_main.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", "--no-lock", main, JSON.stringify(given)],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let [rest, records]: [string, number | undefined] = ["", undefined];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const { batches, recordsIn } = JSON.parse(line);
      records = recordsIn;
      if (batches === killAfter) child.kill("SIGKILL");
    }
  }
  const { success } = await child.status;
  assertEquals(success, records !== undefined);
  return records;
}

async function resultsIn(bootstrapServers: string, topic: string): Promise<Result[]> {
  const results: Result[] = [];
  for await (const row of from(kafkaSource({ bootstrapServers, topics: topic, until: "end" }))) {
    results.push(row as unknown as Result);
  }
  return results;
}

Deno.test(
  kafka.test("A process that is killed again and again while it counts in windows loses nothing", async () => {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0];
    const random = new Random(seed);
    await using broker = await sharedKafka();
    const { bootstrap } = broker;
    const [input, output] = [uniqueName("ack-in"), uniqueName("ack-out")];
    for (const topic of [input, output]) {
      await createTopic(bootstrap, topic, { partitions: PARTITIONS });
    }
    const rows = randomRows(random);
    const writer = new KafkaPublisher({ bootstrapServers: bootstrap, topic: input, key: "key" });
    await from(rows, { workers: 1, deliveryGuarantee: "atLeastOnce" }).to(writer).run();
    await writer[Symbol.asyncDispose]();
    const group = uniqueName("ack");
    const given = {
      bootstrap,
      input,
      output,
      group,
      partitions: PARTITIONS,
      size: SIZE,
      disorder: DISORDER,
    };
    let kills = 0;
    // What is settled by the first batches is committed once the group's coordinator is found.
    while (kills < KILLS && await live(given, 4 + random.below(3)) === undefined) kills++;
    assert(kills > 1, `seed ${seed}: killed ${kills} times`);
    const read = (await live(given, Infinity))!;
    assert(read < ROWS, `seed ${seed}: nothing was settled by those who were killed`);
    const expected = windowsOf(rows);
    const exact = new Map<string, number>();
    let partial = 0;
    for (const { windowStart, key, n, total, most } of await resultsIn(bootstrap, output)) {
      const name = `${Number(windowStart)} ${key}`;
      const whole = expected.get(name)!;
      if (n === whole.n) {
        assertEquals([Number(total), most], [whole.total, whole.most], `seed ${seed}: ${name}`);
        exact.set(name, (exact.get(name) ?? 0) + 1);
      } else {
        assert(n < whole.n, `seed ${seed}: ${name} counts more than there is`);
        assert(exact.has(name), `seed ${seed}: the first result of ${name} is not whole`);
        partial++;
      }
    }
    const lost = [...expected.keys()].filter((name) => !exact.has(name));
    assertEquals(lost, [], `seed ${seed}`);
    const repeats = [...exact.values()].reduce((sum, times) => sum + times - 1, 0);
    assert(repeats + partial <= kills * expected.size, `seed ${seed}: ${repeats} came again`);
  }),
);

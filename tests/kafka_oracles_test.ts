// What we write, other clients read record for record, and the other way round.
import { assert, assertEquals } from "@std/assert";
import { from, RecordBatch } from "../mod.ts";
import { KafkaPublisher, kafkaSource, type KafkaSourceOptions } from "../src/kafka/kafka.ts";
import { kafka, type SharedKafka, sharedKafka, uniqueName } from "./support/kafka/kafka.ts";
import {
  consoleConsume,
  consoleProduce,
  type JavaCase,
  javaCases,
  type JavaRecord,
} from "./support/kafka/java_tools.ts";
import { kcat, kcatConsume, kcatProduce } from "./support/kafka/kcat.ts";
import { createTopic } from "./support/kafka/wire.ts";

const CODECS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
const needed = kafka.with(kcat);
let shared: SharedKafka;

Deno.test.beforeAll(async () => {
  if (needed.reason === undefined) shared = await sharedKafka();
});
Deno.test.afterAll(async () => {
  await shared?.[Symbol.asyncDispose]();
});

function test(name: string, work: (bootstrapServers: string) => Promise<void>): void {
  Deno.test(needed.test(name, () => work(shared.bootstrap)));
}

async function newTopic(partitions = 1): Promise<string> {
  const topic = uniqueName("oracle");
  await createTopic(shared.bootstrap, topic, { partitions });
  return topic;
}

type Row = Record<string, unknown>;

/** All rows of topics, up to their ends. */
async function rowsOf(
  topics: string | readonly string[],
  options: Partial<KafkaSourceOptions> = {},
): Promise<Row[]> {
  const bootstrapServers = shared.bootstrap;
  const source = kafkaSource({ bootstrapServers, topics, until: "end", ...options });
  return await Array.fromAsync(from(source, { workers: 1 }) as AsyncIterable<Row>);
}

function byPlace(
  a: { partition: number; offset: number },
  b: { partition: number; offset: number },
) {
  return a.partition - b.partition || a.offset - b.offset;
}

const ROWS = Array.from({ length: 1000 }, (_, i) => ({
  sensor: `s${i % 50} größer`,
  celsius: i / 8,
  at: new Date(1_700_000_000_000 + 10 * i),
  trace: `t${i}`,
}));

test("Java's console consumer and kcat read what KafkaPublisher wrote, at Java's partitions", async (bootstrapServers) => {
  const [topic, javas] = [await newTopic(3), await newTopic(3)];
  await using publisher = new KafkaPublisher({
    ...{ bootstrapServers, topic, key: "sensor", headers: { trace: "trace" }, timestamp: "at" },
    ...{ compression: "lz4", batchBytes: 10_000, valueColumns: ["celsius", "sensor"] },
  });
  await publisher.publish(RecordBatch.fromRows(ROWS) as RecordBatch);
  const read = (await consoleConsume(bootstrapServers, topic, ROWS.length)).toSorted(byPlace);
  const seen = (await kcatConsume(bootstrapServers, topic)).toSorted(byPlace);
  assertEquals(
    seen.map(({ ts, key, payload, partition, offset, headers }) => ({
      ...{ timestamp: ts, partition, offset, headers: headers!.join(":"), key, value: payload },
    })),
    read,
  );
  const sent = ROWS.map(({ sensor, celsius, at, trace }) => ({
    ...{ timestamp: at.getTime(), headers: `trace:${trace}`, key: sensor },
    value: JSON.stringify({ celsius, sensor }),
  }));
  const got = read.map(({ timestamp, headers, key, value }) => ({
    timestamp,
    headers,
    key,
    value,
  }));
  assertEquals(got.toSorted((a, b) => a.timestamp - b.timestamp), sent);
  const keys = [...new Set(ROWS.map(({ sensor }) => sensor))];
  await consoleProduce(bootstrapServers, javas, keys.map((key) => `${key}\tx`));
  const partitionOf = new Map(read.map(({ key, partition }) => [key, partition]));
  for (const { key, partition } of await kcatConsume(bootstrapServers, javas)) {
    assertEquals(partitionOf.get(key!), partition, key!);
  }
});

const BESIDE = {
  keyColumn: "key",
  headersColumn: "headers",
  topicColumn: "topic",
  partitionColumn: "partition",
  offsetColumn: "offset",
  timestampColumn: "timestamp",
} as const;

/** A record of Java as a row; of several headers by one name the last one counts. */
function rowOf({ headers, ...record }: JavaRecord): Row {
  return { ...record, headers: new Map(headers) };
}

function plain({ headers, ...row }: Row): Row {
  const pairs = headers instanceof Map ? headers : Object.entries((headers ?? {}) as Row);
  return { ...row, headers: new Map(pairs as Iterable<[string, unknown]>) };
}

test("kafkaSource reads what Java wrote, with what stands beside it", async (bootstrapServers) => {
  const cases: [JavaCase, string][] = [];
  for (const codec of CODECS) cases.push([`codec-${codec}`, await newTopic()]);
  for (const name of ["shapes", "interleaved", "two-aborts", "key-zero", "spanning"] as const) {
    cases.push([name, await newTopic()]);
  }
  const written = Map.groupBy(await javaCases(bootstrapServers, cases), ({ topic }) => topic);
  const raw = { values: "raw", keys: "raw", tombstones: "row", maxPartitionBytes: 50_000 } as const;
  const rows = await rowsOf(cases.map(([, topic]) => topic), { ...raw, ...BESIDE });
  const read = Map.groupBy(rows, ({ topic }) => topic as string);
  for (const [name, topic] of cases) {
    assertEquals(read.get(topic)!.map(plain), written.get(topic)!.map(rowOf), name);
  }
});

test("kafkaSource reads what kcat wrote, as JSON, by each codec", async (bootstrapServers) => {
  const topic = await newTopic(2);
  const lines: string[] = [];
  for (const [partition, codec] of CODECS.entries()) {
    const own = Array.from({ length: 200 }, (_, i) => `k${i}|{"codec":"${codec}","n":${i}}`);
    const args = ["-z", codec, "-p", String(partition % 2), "-H", `codec=${codec}`];
    await kcatProduce(bootstrapServers, topic, own, { args });
    lines.push(...own);
  }
  const rows = await rowsOf(topic, { ...BESIDE, headerColumns: { codec: "header" } });
  assertEquals(rows.length, lines.length);
  const seen = rows.map(({ key, codec, n, header }) => {
    assertEquals(header, codec);
    return `${key}|${JSON.stringify({ codec, n })}`;
  });
  assertEquals(seen.toSorted(), lines.toSorted());
  const offsets = Map.groupBy(rows, ({ partition }) => partition);
  for (const [partition, own] of offsets) {
    assert(own.every(({ offset }, i) => offset === i), `partition ${partition} is out of order`);
  }
});

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as fc from "fast-check";
import {
  type BadInput,
  col,
  count,
  from,
  MemoryPublisher,
  type PipelineOptions,
  schema,
  type Source,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { KafkaRecordError } from "../src/kafka/source/kafka_block.ts";
import { kafkaSource } from "../src/kafka/source/kafka_source.ts";
import type { KafkaSourceOptions } from "../src/kafka/source/kafka_source_options.ts";
import { SimulatedKafka } from "../src/testing/kafka/simulated_kafka.ts";
import { runSimulated, simulatedRuns } from "./support/simulated_runs.ts";
import { TopicWriter, type Written } from "./support/kafka/topic_case.ts";

type Row = Record<string, unknown>;

const JSON_COLUMNS = schema({ x: t.f64, s: t.utf8 });
/** Beside the values. */
const BESIDE = {
  keyColumn: "key",
  headerColumns: { trace: "trace" },
  headersColumn: "headers",
  topicColumn: "topic",
  partitionColumn: "partition",
  offsetColumn: "offset",
  timestampColumn: "time",
} as const;

function source(kafka: SimulatedKafka, options: Partial<KafkaSourceOptions> = {}) {
  return kafkaSource({
    ...{ bootstrapServers: "simulated:9092", topics: "t", until: "end", driver: kafka },
    ...options,
  });
}

/** The same, without telling that it can give blocks. */
function decodedOnMain(source: Source): Source {
  const { name, tellsPartitions } = source;
  return {
    ...{ name, ...(tellsPartitions && { tellsPartitions }) },
    ...(source.schema && { schema: source.schema }),
    open: (options) => source.open(options),
  };
}

/** A log in memory, and what a naive reader makes of it. */
interface Sent {
  readonly partition: number;
  readonly records: readonly Written[];
  readonly how: "plain" | "commit" | "abort";
}

const text = fc.string({ unit: fc.constantFrom("a", "é", "\n", '"', "\\", "0"), maxLength: 6 });
const value = fc.oneof(
  { weight: 8, arbitrary: fc.record({ x: fc.double({ noNaN: true }), s: text }) },
  { weight: 1, arbitrary: fc.constant(null) },
);
const record: fc.Arbitrary<Written> = fc.record({
  value: fc.tuple(value, fc.boolean()).map(([value, isWide]) =>
    value && JSON.stringify(value, null, isWide ? 2 : 0)
  ),
  key: fc.option(text),
  headers: fc.dictionary(fc.constantFrom("trace", "other"), fc.option(text)),
  timestamp: fc.integer({ min: 0, max: 2_000_000_000_000 }),
});
const logs: fc.Arbitrary<Sent[]> = fc.array(
  fc.record({
    partition: fc.nat({ max: 2 }),
    records: fc.array(record, { minLength: 1, maxLength: 20 }),
    how: fc.constantFrom("plain", "plain", "commit", "abort"),
  }),
  { maxLength: 12 },
);

async function write(kafka: SimulatedKafka, all: readonly Sent[]): Promise<void> {
  await using writer = await TopicWriter.of(kafka);
  for (const { partition, records, how } of all) {
    const at = { topic: "t", partition };
    if (how === "plain") await writer.send(at, records);
    else await writer.transact(at, records, how);
  }
}

function expected(all: readonly Sent[], { tombstones }: { tombstones: "skip" | "row" }): Row[] {
  const next = [0, 0, 0];
  return all.flatMap(({ partition, records, how }) => {
    const first = next[partition];
    next[partition] += records.length + (how === "plain" ? 0 : 1);
    if (how === "abort") return [];
    return records.flatMap(({ value, key = null, headers = {}, timestamp = 0 }, at) => {
      if (value === null && tombstones === "skip") return [];
      const bytes = Object.fromEntries(
        Object.entries(headers).map((
          [name, text],
        ) => [name, text === null ? null : new TextEncoder().encode(text)]),
      );
      const { x = null, s = null } = value === null ? {} : JSON.parse(value);
      return [{
        ...{ x, s, key, headers: bytes, trace: headers.trace ?? null, topic: "t", partition },
        ...{ offset: first + at, time: timestamp },
        ...(tombstones === "row" && { gone: value === null }),
      }];
    });
  });
}

function inOrder(rows: readonly Row[]): Row[] {
  const place = ({ partition, offset }: Row) => 1e6 * Number(partition) + Number(offset);
  return rows.map((row) => ({ ...row })).sort((a, b) => place(a) - place(b));
}

for (const decoding of ["bees", "main thread"] as const) {
  Deno.test(`Whatever is in a topic, the ${decoding} make rows of it as a naive reader does`, async () => {
    await fc.assert(
      fc.asyncProperty(
        logs,
        fc.constantFrom("skip" as const, "row" as const),
        fc.integer({ min: 200, max: 100_000 }),
        simulatedRuns(2),
        async (all, tombstones, maxPartitionBytes, run) => {
          const options = {
            ...BESIDE,
            ...{ schema: JSON_COLUMNS as never, tombstones, maxPartitionBytes },
            ...(tombstones === "row" && { tombstoneColumn: "gone" }),
          };
          using kafka = new SimulatedKafka({ topics: { t: 3 } });
          await write(kafka, all);
          const { results, metrics } = await runSimulated(run, (how) => {
            const given = source(kafka, options);
            return from(decoding === "bees" ? given : decodedOnMain(given), how);
          });
          const rows = expected(all, { tombstones });
          assertEquals(inOrder(results as Row[]), inOrder(rows));
          assertEquals([metrics.recordsIn, metrics.source?.lag], [rows.length, 0]);
        },
      ),
      { numRuns: 60 },
    );
  });
}

const badInputs = () => {
  const letters: BadInput[] = [];
  return { letters, deadLetter: (bad: BadInput) => void letters.push(bad) };
};

for (const decoding of ["bees", "main thread"] as const) {
  const ways = (given: Source) => decoding === "bees" ? given : decodedOnMain(given);

  Deno.test(`A poison message is told with its place, or skipped, or a dead letter (${decoding})`, async () => {
    using kafka = new SimulatedKafka({ topics: { t: 2 } });
    await using writer = await TopicWriter.of(kafka);
    await writer.send({ topic: "t", partition: 0 }, [{ value: '{"x":1}' }]);
    const poison = '{"x":\n"a"}';
    await writer.send({ topic: "t", partition: 1 }, [
      ...[{ value: '{"x":2}' }, { value: poison }, { value: '{"x":3}' }, { value: " " }],
      { value: `{"x":${"9".repeat(300)}}` },
    ]);
    const options = { schema: schema({ x: t.f64 }) as never, maxRecordBytes: 200 };
    const read = (how: PipelineOptions) =>
      Array.fromAsync(
        from(ways(source(kafka, options)), { workers: 1, ...how }) as AsyncIterable<Row>,
      );
    const error = await assertRejects(() => read({}), KafkaRecordError);
    assertEquals([error.topic, error.partition], ["t", 1]);
    const kept = [1, 2, 3];
    const xs = (rows: Row[]) => rows.map(({ x }) => x).sort();
    assertEquals(xs(await read({ badRecords: "skip" })), kept);
    const { letters, deadLetter } = badInputs();
    assertEquals(xs(await read({ badRecords: "deadLetter", deadLetter })), kept);
    const decoder = new TextDecoder();
    const found = letters.map(({ record, position }) =>
      [position, decoder.decode(record as Uint8Array).slice(0, 20)] as const
    ).sort((a, b) => a[0] - b[0]);
    assertEquals(found, [[1, poison], [3, " "], [4, '{"x":999999999999999']]);
    const [first] = letters.filter(({ position }) => position === 1);
    assertEquals(
      first.error.message,
      'Cannot read Kafka topic t: topic "t", partition 1, offset 1, column "x": expected f64 (a ' +
        'number), received "a" (string); give the column another type in `schema` (`mixed` takes ' +
        'anything), or correct the row; or pass badRecords: "skip" or "deadLetter"',
    );
  });
}

/** Readings of sensors in four partitions, each in order. */
async function sensors(kafka: SimulatedKafka, rows: number): Promise<void> {
  await using writer = await TopicWriter.of(kafka);
  for (let partition = 0; partition < 4; partition++) {
    for (let first = 0; first < rows; first += 100) {
      const at = { topic: "t", partition };
      await writer.send(
        at,
        Array.from({ length: 100 }, (_, row) => {
          const reading = { at: 10 * (first + row) + partition, sensor: `s${row % 7}` };
          return { value: JSON.stringify(reading) };
        }),
      );
    }
  }
}

Deno.test("Windows of a topic close by the watermarks of its partitions, and nothing is late", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 4 } });
  await sensors(kafka, 1000);
  const readings = source(kafka, { maxPartitionBytes: 1000 });
  const pipeline = from(readings as Source<{ at: number; sensor: string }>, { workers: 2 })
    .timestamps("at").keyBy("sensor").window(new TumblingWindow({ size: 700 }))
    .aggregate({ n: count() });
  assert(/decoded +by the bees/.test(pipeline.explain()), pipeline.explain());
  const rows = await Array.fromAsync(pipeline);
  assertEquals(rows.reduce((sum, { n }) => sum + n, 0), 4000);
  const { late, source: told, unaccounted } = pipeline.metrics();
  assertEquals([late, unaccounted, told?.lag], [0, 0, 0]);
  assertEquals(told?.partitions.map(({ name, position }) => [name, position]), [
    ...[["t/0", 1000], ["t/1", 1000], ["t/2", 1000], ["t/3", 1000]],
  ]);
});

Deno.test("A member that reads up to the end ends there, and has committed it", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 4 } });
  await sensors(kafka, 100);
  for (const expected of [400, 0]) {
    const publisher = new MemoryPublisher();
    await from(source(kafka, { groupId: "g" }), { deliveryGuarantee: "atLeastOnce" })
      .filter(col("at").gte(0)).to(publisher).run();
    assertEquals(publisher.length, expected);
  }
  const committed = kafka.group("g").offsets.map(({ offset }) => offset);
  assertEquals(committed, [100, 100, 100, 100]);
});

Deno.test("What kafkaSource() cannot go by is refused at once, and says what it may be", () => {
  const given = { bootstrapServers: "a:9092", topics: "t" };
  const cases: [Partial<KafkaSourceOptions>, string][] = [
    [{ topics: [] }, "topics must name at least one topic"],
    [{ topics: "a b" }, "topics must be 1 to 249 of the characters"],
    [{ start: "committed" }, 'start: "committed" needs a groupId'],
    [{ start: "first" as "latest" }, 'start must be "earliest" or "latest" or "committed"'],
    [{ start: { timestamp: "noon" } }, "start.timestamp must be a time"],
    [{ start: { offsets: [{ topic: "u", partition: 0, offset: 1 }] } }, "none of the topics t"],
    [{ partitions: [-1] }, "partitions must be whole numbers from 0, received -1"],
    [{ values: "avro" }, "needs the schema that they were written with"],
    [{ values: "raw", schema: JSON_COLUMNS as never }, 'schema is about values: "json"'],
    [{ tombstoneColumn: "gone" }, 'pass tombstones: "row" with it'],
    [{ keyColumn: "k", offsetColumn: "k" }, 'two columns are to be named "k"'],
    [{ maxBufferBytes: 0 }, "maxBufferBytes must be a whole number from 1"],
    [{ keyColum: "k" } as Partial<KafkaSourceOptions>, "did you mean keyColumn?"],
    [
      { schema: JSON_COLUMNS as never, keyColumn: "s" },
      'values have a column "s", and what belongs to the record is to have the same name',
    ],
  ];
  for (const [options, message] of cases) {
    const error = assertThrows(() => kafkaSource({ ...given, ...options }));
    assert((error as Error).message.includes(message), (error as Error).message);
  }
});

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  AvroEncoder,
  avroMessages,
  type BadInput,
  count,
  from,
  type PipelineOptions,
  RecordBatch,
  schema,
  type Source,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { SchemaRegistryError } from "../src/kafka/registry/registry_error.ts";
import { SchemaRegistry } from "../src/kafka/registry/schema_registry.ts";
import { kafkaSource } from "../src/kafka/source/kafka_source.ts";
import type { KafkaSourceOptions } from "../src/kafka/source/kafka_source_options.ts";
import { encodePlainBatch } from "../src/kafka/records/reference_records.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { delay } from "../src/stream/delay.ts";
import { SimulatedKafka } from "../src/testing/kafka/simulated_kafka.ts";
import { TopicWriter } from "./support/kafka/topic_case.ts";

const P0 = { topic: "t", partition: 0 };
const OLD = {
  type: "record",
  name: "Reading",
  fields: [{ name: "sensor", type: "string" }, { name: "celsius", type: "double" }],
};
/** The same, later. */
const NEW = { ...OLD, fields: [...OLD.fields, { name: "ok", type: "boolean", default: true }] };

/** A registry with these schemas, numbered from 1; the last one is the latest. */
function registryOf(...schemas: object[]): SchemaRegistry {
  const answer = (url: string): object | undefined => {
    const id = /schemas\/ids\/(\d+)/.exec(url)?.[1];
    if (id !== undefined) return schemas[+id - 1] && { schema: JSON.stringify(schemas[+id - 1]) };
    const schema = JSON.stringify(schemas.at(-1));
    return { subject: "t-value", version: 1, id: schemas.length, schema };
  };
  const fetch = ({ url }: Request): Promise<Response> => {
    const body = answer(url);
    if (body) return Promise.resolve(Response.json(body));
    return Promise.resolve(Response.json({ error_code: 40403, message: "no" }, { status: 404 }));
  };
  return new SchemaRegistry({ url: "http://registry", network: { fetch } as never });
}

function messages(schema: object, schemaId: number, rows: object[]): Uint8Array<ArrayBuffer>[] {
  using encoder = new AvroEncoder(schema);
  return avroMessages(encoder.encode(RecordBatch.fromRows(rows)), { schemaId });
}

async function sendValues(
  kafka: SimulatedKafka,
  values: readonly (Uint8Array | null)[],
): Promise<void> {
  await using cluster = await kafka.connect({
    bootstrapServers: ["simulated:9092"],
    clientId: "writer",
    connectionTimeoutMs: 1000,
    requestTimeoutMs: 1000,
  });
  await using sink = await cluster.sink({
    ...{ acks: "all", idempotent: false, requestTimeoutMs: 1000, deliveryTimeoutMs: 1000 },
  });
  const records = values.map((value, offset) => {
    return { offset, timestamp: 0, key: null, value, headers: [] };
  });
  await sink.send({ ...P0, records: records.length, bytes: encodePlainBatch({ records }) });
}

async function read(
  kafka: SimulatedKafka,
  options: Partial<KafkaSourceOptions>,
  pipeline: PipelineOptions = {},
): Promise<object[]> {
  const source = kafkaSource({
    ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, until: "end" },
    ...options,
  });
  const rows = await Array.fromAsync(from(source, { workers: 1, ...pipeline }));
  return rows.map((row) => ({ ...row }));
}

Deno.test("Avro values of several schemas of a registry become rows of the latest", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 1 } });
  const old = messages(OLD, 1, [{ sensor: "a", celsius: 1 }, { sensor: "b", celsius: 2 }]);
  const newer = messages(NEW, 2, [{ sensor: "c", celsius: 3, ok: false }]);
  await sendValues(kafka, [old[0], newer[0], null, old[1]]);
  const registry = registryOf(OLD, NEW);
  const rows = [
    { sensor: "a", celsius: 1, ok: true, offset: 0 },
    { sensor: "c", celsius: 3, ok: false, offset: 1 },
    { sensor: "b", celsius: 2, ok: true, offset: 3 },
  ];
  const options = { values: "avro", registry, offsetColumn: "offset" } as const;
  assertEquals(await read(kafka, options), rows);
  const named = rows.map(({ ok: _, ...row }) => row);
  assertEquals(await read(kafka, { ...options, avroSchema: OLD }), named);
});

Deno.test("An Avro value that the registry knows nothing of is a poison message", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 1 } });
  const [good] = messages(OLD, 1, [{ sensor: "a", celsius: 1 }]);
  const [strange] = messages(OLD, 7, [{ sensor: "b", celsius: 2 }]);
  await sendValues(kafka, [good, strange, new TextEncoder().encode("{}")]);
  const options = { values: "avro", registry: registryOf(OLD) } as const;
  await assertRejects(
    () => read(kafka, options),
    Error,
    "partition 0, offset 1: the registry has no schema of the number 7, by which it was written",
  );
  const letters: unknown[] = [];
  const deadLetter = ({ record, position }: { record: unknown; position: number }) =>
    void letters.push([position, record]);
  const rows = await read(kafka, options, { badRecords: "deadLetter", deadLetter });
  assertEquals(rows, [{ sensor: "a", celsius: 1 }]);
  assertEquals(letters, [[1, strange], [2, new TextEncoder().encode("{}")]]);
});

Deno.test("Avro values without a registry are read by the schema that is given", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 1 } });
  const values = messages(OLD, 1, [{ sensor: "a", celsius: 1 }, { sensor: "b", celsius: 2 }]);
  await sendValues(kafka, [...values.map((value) => value.slice(5)), null]);
  const tombstones = "row" as const;
  assertEquals(await read(kafka, { values: "avro", avroSchema: OLD }), [
    { sensor: "a", celsius: 1 },
    { sensor: "b", celsius: 2 },
  ]);
  const nullable = {
    ...OLD,
    fields: OLD.fields.map(({ name, type }) => ({ name, type: ["null", type] })),
  };
  const [value] = messages(nullable, 1, [{ sensor: "a", celsius: 1 }]).map((each) => each.slice(5));
  using other = new SimulatedKafka({ topics: { t: 1 } });
  await sendValues(other, [value, null]);
  const options = { values: "avro", avroSchema: nullable, tombstones } as const;
  assertEquals(await read(other, { ...options, tombstoneColumn: "gone" }), [
    { sensor: "a", celsius: 1, gone: false },
    { sensor: null, celsius: null, gone: true },
  ]);
});

Deno.test("Texts and bytes are one column, which a function of yours decodes in the bees", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 1 } });
  await sendValues(kafka, [new TextEncoder().encode("7;x"), null]);
  assertEquals(await read(kafka, { values: "text" }), [{ value: "7;x" }]);
  assertEquals(await read(kafka, { values: "raw", valueColumn: "v", tombstones: "row" }), [
    { v: new TextEncoder().encode("7;x") },
    { v: null },
  ]);
  const source = kafkaSource<{ value: string }>({
    ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, until: "end" },
    values: "text",
  });
  const decoded = from(source, { workers: 1 }).map(({ value }) => {
    const [n, name] = value.split(";");
    return { n: Number(n), name };
  });
  assertEquals((await Array.fromAsync(decoded)).map((row) => ({ ...row })), [{ n: 7, name: "x" }]);
});

Deno.test("Columns of a live topic are those of the records that come within inferenceWait", async () => {
  const runtime = new SimulatedRuntime({ seed: 3 });
  await runtime.drive(async () => {
    using kafka = new SimulatedKafka({ topics: { t: 1 }, runtime });
    await using writer = await TopicWriter.of(kafka);
    const source = kafkaSource<{ n: number; name: string | null }>({
      ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, runtime },
    });
    const rows = from(source, { workers: 1, runtime });
    const taken: object[] = [];
    const reading = (async () => {
      for await (const row of rows) if (taken.push({ ...row }) === 3) break;
    })();
    await delay(runtime, 2000);
    await writer.send(P0, [{ value: '{"n":1}' }]);
    await delay(runtime, 300);
    assertEquals(taken, []);
    await writer.send(P0, [{ value: '{"n":2,"name":"b"}' }]);
    await delay(runtime, 1000);
    assertEquals(taken, [{ n: 1, name: null }, { n: 2, name: "b" }]);
    // few rows say little: a fraction fits
    await writer.send(P0, [{ value: '{"n":2.5}' }]);
    await reading;
    assertEquals(taken[2], { n: 2.5, name: null });
  });
});

Deno.test("Where the first records are all poison, the columns are those of the first good one", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 1 } });
  const texts = ["nothing", '{"n":1}'].map((text) => new TextEncoder().encode(text));
  await sendValues(kafka, [texts[0]]);
  await sendValues(kafka, [texts[1]]);
  assertEquals(await read(kafka, { inferenceRows: 1 }, { badRecords: "skip" }), [{ n: 1 }]);
  assert(
    (await assertRejects(() => read(kafka, {}), Error)).message.includes("partition 0, offset 0"),
  );
});

/** Reads Avro of two schemas, and the registry is away from the first value on for some time. */
function readWithout(registryMs: number): Promise<object[]> {
  const runtime = new SimulatedRuntime({ seed: 5 });
  return runtime.drive(async () => {
    using kafka = new SimulatedKafka({ topics: { t: 1 }, runtime });
    await sendValues(kafka, messages(OLD, 1, [{ sensor: "a", celsius: 1 }]));
    const there = registryOf(OLD, NEW);
    let awayUntilMs = 0;
    const network = {
      fetch: async (request: Request) => {
        if (runtime.monotonicMs() < awayUntilMs) return new Response("<html>", { status: 503 });
        const id = /schemas\/ids\/(\d+)/.exec(request.url)?.[1];
        return Response.json(
          id === undefined ? await there.latest("t-value") : await there.byId(+id),
        );
      },
    };
    const registry = new SchemaRegistry({ url: "http://r", network: network as never, runtime });
    const source = kafkaSource({
      ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, runtime },
      ...{ values: "avro", registry, retryTimeout: "1m" },
    });
    const rows: object[] = [];
    const reading = (async () => {
      for await (const row of from(source, { workers: 1, runtime })) {
        if (rows.push({ ...row }) === 2) return;
      }
    })();
    await delay(runtime, 1000);
    awayUntilMs = runtime.monotonicMs() + registryMs;
    await sendValues(kafka, messages(NEW, 2, [{ sensor: "b", celsius: 2, ok: false }]));
    await reading;
    return rows;
  });
}

Deno.test("A registry that is away for a while is waited for, but not longer than retryTimeout", async () => {
  assertEquals(await readWithout(30_000), [
    { sensor: "a", celsius: 1, ok: true },
    { sensor: "b", celsius: 2, ok: false },
  ]);
  const { message } = await assertRejects(() => readWithout(120_000), SchemaRegistryError);
  assertStringIncludes(message, "Cannot get schema 2 from http://r/: the answer was 503");
});

Deno.test("What is nested too deeply is told with what a reader of topics can do about it", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 1 } });
  await sendValues(kafka, [new TextEncoder().encode('{"x":'.repeat(70) + "1" + "}".repeat(70))]);
  const { message } = await assertRejects(() => read(kafka, {}), Error);
  assertStringIncludes(
    message,
    'flatten it, or read values: "text" and parse them in a step of yours',
  );
});

const utf8 = new TextEncoder();
const WALL = { after: "10s", clock: "wall" } as const;

for (const [where, times] of [["bees", {}], ["main thread", { idle: WALL }]] as const) {
  Deno.test(`A row that is refused for its time is told with its offset, decoded by the ${where}`, async () => {
    using kafka = new SimulatedKafka({ topics: { t: 1 } });
    const values = ['{"at":1}', "nothing", '{"at":1e300}', null, '{"at":2}', '{"at":-1e300}'];
    await sendValues(kafka, values.map((value) => value === null ? null : utf8.encode(value)));
    const source = kafkaSource<{ at: number }>({
      ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, until: "end" },
    });
    const letters: BadInput[] = [];
    const deadLetter = (letter: BadInput) => void letters.push(letter);
    const windows = (options: PipelineOptions) =>
      Array.fromAsync(
        from(source, { workers: 1, ...options }).timestamps("at", times)
          .window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() }),
      );
    const [window] = await windows({ badRecords: "deadLetter", deadLetter });
    assertEquals(window.n, 2);
    const told = letters.toSorted((a, b) => a.position - b.position);
    assertEquals(told.map(({ position, place }) => [position, place]), [
      [1, undefined], // the error says it
      [2, 'topic "t", partition 0, offset 2'],
      [5, 'topic "t", partition 0, offset 5'],
    ]);
    const skipping = kafkaSource<{ at: number }>({
      ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, until: "end" },
      badRecords: "skip",
    });
    const failing = from(skipping, { workers: 1 }).timestamps("at", times);
    await assertRejects(
      () => Array.fromAsync(failing),
      Error,
      '(topic "t", partition 0, offset 2); correct it',
    );
  });
}

Deno.test("What cannot be decoded is told by its own offset, however many batches its block makes", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 1 } });
  const length = 30_000;
  const bad = new Set([3, 20_000, 29_998]);
  kafka.append(P0, Array.from({ length }, (_, i) => ({ value: bad.has(i) ? "no" : "{}" })));
  const source = kafkaSource({
    ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, until: "end" },
    ...{ schema: schema({ n: t.f64 }) as never, maxPartitionBytes: 1 << 24 },
  });
  const letters: number[] = [];
  const deadLetter = ({ position }: BadInput) => void letters.push(position);
  const policy = { badRecords: "deadLetter", deadLetter } as const;
  const { name, tellsPartitions } = source;
  const onMain: Source = {
    ...{ name, ...(tellsPartitions && { tellsPartitions }) },
    open: (options) => source.open(options),
  };
  const rows = await Array.fromAsync(from(onMain, { workers: 1, ...policy }));
  assertEquals([rows.length, letters], [length - 3, [...bad]]);
});

Deno.test("A column that is not there is answered with all that there are, with idle too", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 1 } });
  await sendValues(kafka, [utf8.encode('{"at":1,"sensor":"a","celsius":2}')]);
  for (const times of [{}, { idle: WALL }]) {
    const source = kafkaSource<Record<string, number>>({
      ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, until: "end" },
    });
    const windows = from(source, { workers: 1 }).timestamps("at", times).keyBy("senser")
      .window(new TumblingWindow({ size: "1s" })).aggregate({ n: count() });
    const { message } = await assertRejects(() => Array.fromAsync(windows), Error);
    assertStringIncludes(message, '"at", "sensor", "celsius"');
  }
});

Deno.test("An empty value is told as that, and what to write in its place", async () => {
  for (const value of ["", " \n "]) {
    using kafka = new SimulatedKafka({ topics: { t: 1 } });
    await sendValues(kafka, [utf8.encode('{"n":1}'), null, utf8.encode(value)]);
    const { message } = await assertRejects(() => read(kafka, {}), Error);
    assertStringIncludes(message, "offset 2: the value is empty, or nothing but white space");
    assertStringIncludes(message, "(a tombstone) has no value at all");
  }
});

Deno.test("Numbers of a topic are inferred alike, whatever of it has come in time", async () => {
  using kafka = new SimulatedKafka({ topics: { t: 1 } });
  kafka.append(P0, Array.from({ length: 2000 }, (_, n) => ({ value: `{"n":${n}}` })));
  kafka.append(P0, [{ value: '{"n":0.5}' }]);
  for (const inferenceRows of [1, 1024, 5000]) {
    const rows = await read(kafka, { inferenceRows });
    assertEquals([rows.length, rows.at(-1)], [2001, { n: 0.5 }]);
  }
});

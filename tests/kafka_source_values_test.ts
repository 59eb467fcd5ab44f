import { assert, assertEquals, assertRejects } from "@std/assert";
import { AvroEncoder, avroMessages, from, type PipelineOptions, RecordBatch } from "../mod.ts";
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

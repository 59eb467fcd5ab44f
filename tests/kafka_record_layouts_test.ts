import { assert, assertEquals, assertRejects } from "@std/assert";
import { AvroEncoder, avroSchemaOf, RecordBatch, RetryPolicy, schema, types as t } from "../mod.ts";
import { KafkaError } from "../src/kafka/driver/kafka_error.ts";
import { RecordDecoder } from "../src/kafka/records/record_decoder.ts";
import { partitionOfKey } from "../src/kafka/records/murmur2.ts";
import { SchemaRegistry } from "../src/kafka/registry/schema_registry.ts";
import { SchemaRegistryError } from "../src/kafka/registry/registry_error.ts";
import { create } from "../src/kernel/kernel.ts";
import type { KafkaPublisherOptions } from "../src/kafka/publisher/publisher_options.ts";
import { registryNetwork, type RegistryReply } from "./support/fake_registry.ts";
import { type KafkaPublisherCase, simulatePublishing } from "./support/kafka/publisher_case.ts";

const utf8 = new TextDecoder();
const SCHEMA = schema({
  id: t.required(t.i32),
  name: t.utf8,
  at: t.timestamp,
  trace: t.bytes,
  gone: t.bool,
  p: t.i32,
});
const AT = Date.UTC(2026, 1, 3);
const ROWS = [
  { id: 1, name: "bee", at: AT, trace: new Uint8Array([7, 8]), gone: false, p: 2 },
  { id: 2, name: null, at: AT + 5, trace: null, gone: true, p: 0 },
];
const BATCH = RecordBatch.fromRows(ROWS, { schema: SCHEMA }) as RecordBatch;

interface Written {
  readonly partition: number;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [string, Uint8Array | null])[];
}

function cell({ bytes, starts, lengths }: RecordDecoderCells, at: number): Uint8Array | null {
  return lengths[at] < 0 ? null : bytes.slice(starts[at], starts[at] + lengths[at]);
}

interface RecordDecoderCells {
  readonly bytes: Uint8Array;
  readonly starts: Uint32Array;
  readonly lengths: Int32Array;
}

/** What lies in the partitions of `rows`. */
function written({ kafka }: KafkaPublisherCase, partitions: number): Written[] {
  using decoder = new RecordDecoder(create(), {
    isolation: "read_uncommitted",
    maxBatchBytes: 1 << 24,
  });
  const found: Written[] = [];
  for (let partition = 0; partition < partitions; partition++) {
    const place = { topic: "rows", partition };
    for (const bytes of kafka.batches(place)) {
      for (const records of decoder.decode({ ...place, bytes, from: 0, aborted: [] })) {
        const { keys, values, headers: { firsts, names, values: cells }, timestamps } = records;
        for (let at = 0; at < records.count; at++) {
          const headers: (readonly [string, Uint8Array | null])[] = [];
          for (let h = firsts[at]; h < firsts[at + 1]; h++) {
            headers.push([utf8.decode(cell(names, h)!), cell(cells, h)]);
          }
          const [key, value, timestamp] = [cell(keys, at), cell(values, at), timestamps[at]];
          found.push({ partition, timestamp, key, value, headers });
        }
      }
    }
  }
  return found;
}

/** What a batch becomes with these options. */
async function writtenOf(
  options: Partial<KafkaPublisherOptions>,
  batch = BATCH,
  partitions = 3,
): Promise<Written[]> {
  let found: Written[] = [];
  await simulatePublishing(async (at) => {
    await at.publisher(options).publish(batch);
    found = written(at, partitions);
  }, { partitions });
  return found;
}

function refused(options: Partial<KafkaPublisherOptions>, part: string, batch = BATCH) {
  return simulatePublishing(async ({ publisher }) => {
    const error = await assertRejects(() => publisher(options).publish(batch), Error, part);
    assertEquals((error as KafkaError).retriable, false, error.message);
  }, { partitions: 3 });
}

function text(bytes: Uint8Array | null): string | null {
  return bytes && utf8.decode(bytes);
}

Deno.test("KafkaPublisher makes keys, headers, times, partitions and tombstones of columns", async () => {
  const found = await writtenOf({
    key: "id",
    headers: { trace: "trace", who: "name" },
    timestamp: "at",
    tombstone: "gone",
    partitioner: { column: "p" },
  });
  assertEquals(found.map(({ partition }) => partition), [0, 2]);
  const [gone, bee] = found;
  assertEquals([text(gone.key), gone.value, gone.timestamp], ["2", null, AT + 5]);
  assertEquals(gone.headers, [["trace", null], ["who", null]]);
  assertEquals([text(bee.key), bee.timestamp], ["1", AT]);
  assertEquals(bee.headers.map(([name, value]) => [name, [...value!]]), [
    ["trace", [7, 8]],
    ["who", [98, 101, 101]],
  ]);
  assertEquals(JSON.parse(text(bee.value)!), { id: 1, at: AT }); // what is elsewhere is not in it
});

Deno.test("KafkaPublisher finds the partition of a key as Java does, or as a function says", async () => {
  const rows = Array.from({ length: 50 }, (_, id) => ({ id: `key-${id}` }));
  const batch = RecordBatch.fromRows(rows) as RecordBatch;
  for (const { key, partition } of await writtenOf({ key: "id" }, batch)) {
    assertEquals(partition, partitionOfKey(key!, 3));
  }
  const partitioner = (key: Uint8Array | null, count: number) => key!.length % count;
  for (const { key, partition } of await writtenOf({ key: "id", partitioner }, batch)) {
    assertEquals(partition, key!.length % 3);
  }
});

Deno.test("KafkaPublisher keeps rows without a key together", async () => {
  const rows = Array.from({ length: 500 }, (_, id) => ({ id }));
  const found = await writtenOf({}, RecordBatch.fromRows(rows) as RecordBatch);
  assertEquals(new Set(found.map(({ partition }) => partition)).size, 1);
});

Deno.test("KafkaPublisher writes the columns that valueColumns names, or one as it is", async () => {
  const [first] = await writtenOf({ valueColumns: ["name", "id"] });
  assertEquals(text(first.value), '{"name":"bee","id":1}');
  const [raw, none] = await writtenOf(
    {
      valueSerializer: "raw",
      valueColumns: ["trace"],
      key: "id",
    },
    undefined,
    1,
  );
  assertEquals([[...raw.value!], none.value], [[7, 8], null]);
  const lone = RecordBatch.fromRows([{ k: "a", v: "text" }]) as RecordBatch;
  const [only] = await writtenOf({ valueSerializer: "raw", key: "k" }, lone);
  assertEquals(text(only.value), "text");
});

Deno.test("KafkaPublisher writes Avro by the schema that is given, and else by that of the columns", async () => {
  const batch = BATCH.select(["id", "name"]) as unknown as RecordBatch;
  const given = {
    type: "record",
    name: "Bird",
    fields: [{ name: "name", type: ["null", "string"] }, { name: "id", type: "long" }],
  };
  for (const avroSchema of [given, JSON.stringify(given), undefined]) {
    using encoder = new AvroEncoder(avroSchema ?? avroSchemaOf(batch.schema));
    const { bytes, offsets } = encoder.encode(batch);
    const expected = [0, 1].map((at) => [...bytes.subarray(offsets[at], offsets[at + 1])]);
    const found = await writtenOf(
      { valueSerializer: "avro", ...(avroSchema && { avroSchema }) },
      batch,
    );
    assertEquals(found.map(({ value }) => [...value!]), expected);
  }
});

function registryOf(reply: (path: string) => RegistryReply) {
  const paths: string[] = [];
  const network = registryNetwork(({ url }) => {
    const { pathname } = new URL(url);
    paths.push(pathname);
    return reply(pathname);
  });
  const retryPolicy = new RetryPolicy({ maxRetries: 0 });
  return { registry: new SchemaRegistry({ url: "http://registry", network, retryPolicy }), paths };
}

Deno.test("KafkaPublisher registers the schemas of values and keys, and puts their numbers in front", async () => {
  const { registry, paths } = registryOf((path) => [200, { id: path.includes("key") ? 5 : 6 }]);
  const batch = BATCH.select(["id"]) as unknown as RecordBatch;
  const found = await writtenOf({
    ...{ valueSerializer: "avro", registry, key: "id", keySerializer: "avro" },
  }, batch);
  assertEquals(paths.sort(), ["/subjects/rows-key/versions", "/subjects/rows-value/versions"]);
  const first = found.find(({ value }) => value![5] === 2)!;
  assertEquals([[...first.key!], [...first.value!]], [[0, 0, 0, 0, 5, 2], [0, 0, 0, 0, 6, 2]]);
});

Deno.test("KafkaPublisher says why a registry refuses a schema, and asks again for the next batch", async () => {
  let isGood = false;
  const { registry } = registryOf((path) => {
    if (isGood) return [200, { id: 1 }];
    if (path.startsWith("/compat")) return [200, { is_compatible: false, messages: ["no id"] }];
    return [409, { error_code: 409, message: "incompatible" }];
  });
  await simulatePublishing(async ({ publisher }) => {
    const to = publisher({ valueSerializer: "avro", registry });
    const error = await assertRejects(() => to.publish(BATCH), SchemaRegistryError, "no id");
    assertEquals(error.retriable, false);
    isGood = true;
    assertEquals((await to.publish(BATCH)).records, 2);
  });
});

Deno.test("KafkaPublisher says which column is missing, or of a type that does not do", async () => {
  const has = "it has";
  await refused({ key: "nope" }, 'the batch has no column "nope" for key; ' + has);
  await refused({ headers: { a: "nope" } }, 'no column "nope" for header "a"');
  await refused({ timestamp: "nope" }, 'no column "nope" for timestamp');
  await refused({ key: "id", tombstone: "nope" }, 'no column "nope" for tombstone');
  await refused({ partitioner: { column: "nope" } }, 'no column "nope" for partitioner');
  await refused({ valueColumns: ["nope"] }, 'no column "nope" for valueColumns');
  await refused({ timestamp: "id" }, 'column "id" for timestamp must be timestamp, and is i32');
  await refused({ key: "id", tombstone: "id" }, 'column "id" for tombstone must be bool');
  await refused({ partitioner: { column: "name" } }, "must be i32, and is utf8");
  await refused(
    { valueSerializer: "raw" },
    'valueSerializer "raw" writes one column, and there are',
  );
  await refused({ valueSerializer: "raw", valueColumns: ["id"] }, "must be utf8 or dict or bytes");
  const lists = RecordBatch.fromRows([{ l: [1], id: 1 }]) as RecordBatch;
  await refused({ key: "l" }, 'column "l" for key must be utf8', lists);
  await refused({ headers: { a: "id" } }, "no column for the value", batchOfIds());
});

function batchOfIds(): RecordBatch {
  return RecordBatch.fromRows([{ id: 1 }]) as RecordBatch;
}

Deno.test("KafkaPublisher names the row that cannot become a record, and publishes nothing of its batch", async () => {
  await simulatePublishing(async ({ publisher, arrived }) => {
    const to = publisher({ maxRecordBytes: 1000, key: "key", tombstone: "gone" });
    const rows = (text: string, key: string | null, gone: boolean) =>
      RecordBatch.fromRows([{ key: "a", text: "b", gone: false }, { key, text, gone }]);
    const large = await assertRejects(
      () => to.publish(rows("x".repeat(2000), "b", false) as RecordBatch),
      KafkaError,
      "row 1 makes one of",
    );
    assertEquals([large.code, large.retriable], ["MESSAGE_TOO_LARGE", false]);
    assert(large.message.startsWith('Cannot publish to topic "rows": '), large.message);
    await assertRejects(
      () => to.publish(rows("x", null, true) as RecordBatch),
      KafkaError,
      "row 1 is a tombstone without a key",
    );
    await to.publish(rows("x", "b", false) as RecordBatch);
    assertEquals((await arrived()).length, 2);
  });
});

Deno.test("KafkaPublisher publishes batches of other columns behind those before", async () => {
  await simulatePublishing(async ({ publisher, arrived }) => {
    const to = publisher();
    const batches = [{ a: 1 }, { b: 2 }, { b: 3 }, { a: 4 }].map((row) =>
      RecordBatch.fromRows([row]) as RecordBatch
    );
    await Promise.all(batches.map((batch) => to.publish(batch)));
    assertEquals(await arrived(), [{ a: 1 }, { b: 2 }, { b: 3 }, { a: 4 }]);
  });
});

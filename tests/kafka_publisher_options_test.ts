import { assertEquals, assertThrows } from "@std/assert";
import { KafkaPublisher } from "../src/kafka/publisher/kafka_publisher.ts";
import { publisherSettings } from "../src/kafka/publisher/publisher_settings.ts";
import { SchemaRegistry } from "../src/kafka/registry/schema_registry.ts";

// deno-lint-ignore no-explicit-any -- programs that are not type-checked
type Any = any;

const LEAST = { bootstrapServers: "localhost", topic: "readings" };

function refused(given: Any, part: string, Wrong: Any = TypeError): void {
  const error = assertThrows(() => new KafkaPublisher({ ...LEAST, ...given }), Wrong, part);
  assertEquals(error.message.startsWith("Cannot "), true, error.message);
}

Deno.test("KafkaPublisher has the defaults of Java's producer, but for the size of batches", () => {
  const { sink, ...settings } = publisherSettings(LEAST);
  assertEquals(sink, {
    acks: "all",
    idempotent: true,
    requestTimeoutMs: 30_000,
    deliveryTimeoutMs: 120_000,
  });
  assertEquals([settings.compression, settings.lingerMs, settings.bufferBytes], [
    "none",
    5,
    32 * 2 ** 20,
  ]);
});

Deno.test("KafkaPublisher is idempotent unless acks is not all, and refuses what excludes it", () => {
  const idempotent = (given: Any) => publisherSettings({ ...LEAST, ...given }).sink.idempotent;
  assertEquals([{}, { acks: 1 }, { acks: 0 }, { idempotent: false }].map(idempotent), [
    true,
    false,
    false,
    false,
  ]);
  refused({ acks: 1, idempotent: true }, 'idempotent needs acks: "all", received acks: 1');
  refused({ acks: 0, transactionalId: "a" }, 'transactionalId needs acks: "all", received acks: 0');
  refused({ idempotent: false, transactionalId: "a" }, "transactionalId needs idempotent: true");
  refused({ acks: -1 }, 'acks must be "all", 1 or 0, received -1; -1 is "all" here');
  refused({ acks: "1" }, 'received "1"');
  refused({ idempotent: "yes" }, "idempotent must be true or false");
});

Deno.test("KafkaPublisher refuses options that are none, by name", () => {
  refused({ topics: "a" }, "did you mean topic?");
  refused({ topic: undefined }, "topic must be 1 to 249 of the characters");
  refused({ topic: "a/b" }, 'received "a/b"');
  refused({ bootstrapServers: undefined }, "bootstrapServers must be addresses");
  refused({ compression: "brotli" }, 'compression must be "none" or "gzip" or "snappy"');
  refused({ valueSerializer: "xml" }, 'valueSerializer must be "json" or "avro" or "raw"');
  refused({ keySerializer: "avro" }, "keySerializer needs a key");
  refused({ avroSchema: "string" }, 'avroSchema needs valueSerializer: "avro"');
  refused({ key: "a", keyAvroSchema: "string" }, 'keyAvroSchema needs keySerializer: "avro"');
  refused({ valueSerializer: "avro", avroSchema: 5 }, "avroSchema must be a schema");
  refused({ valueSerializer: "avro", avroSchema: { type: "recrd" } }, "recrd");
  refused({ valueSerializer: "avro", json: {} }, 'json is about valueSerializer: "json"');
  refused({ json: { time: "iso" } }, "did you mean times?");
  refused({ json: { times: "text" } }, 'times must be "number" or "iso"');
  refused({ key: 5 }, "key must be the name of a column, received 5");
  refused({ headers: "trace" }, "headers must be an object of columns by the names of headers");
  refused({ headers: { trace: 1 } }, 'headers["trace"] must be the name of a column');
  refused({ tombstone: "gone" }, "tombstone needs a key");
  refused({ valueColumns: [] }, "valueColumns must be names of columns, at least one");
  refused({ valueColumns: ["a", "a"] }, 'valueColumns has "a" twice');
  refused({ partitioner: "round-robin" }, 'partitioner must be "murmur2", { column }');
  refused({ partitioner: {} }, "partitioner must be");
  refused({ key: "a", partitioner: { column: "a" } }, "partitioner.column must be another");
  refused({ transactionalId: "" }, "transactionalId must be a text of at least one character");
  refused({ transactionInterval: "1s" }, "transactionInterval needs a transactionalId");
  refused({ createTopic: 4 }, "createTopic must be true, false or an object");
  refused({ createTopic: { partition: 4 } }, "did you mean partitions?");
  refused({ createTopic: { config: { "retention.ms": 5 } } }, 'received 5 for "retention.ms"');
});

Deno.test("KafkaPublisher refuses sizes and times that cannot be", () => {
  for (const name of ["batchBytes", "maxRecordBytes", "bufferBytes"]) {
    for (const value of [0, -1, 1.5, NaN, "1"]) {
      refused({ [name]: value }, `${name} must be a whole number from 1`, RangeError);
    }
  }
  refused({ bufferBytes: 1000 }, "bufferBytes must be at least 1000128", RangeError);
  refused({ batchBytes: 2 ** 31 }, "batchBytes must be at most", RangeError);
  refused(
    { createTopic: { partitions: 0 } },
    "partitions must be a whole number from 1",
    RangeError,
  );
  for (const name of ["linger", "deliveryTimeout", "requestTimeout", "connectionTimeout"]) {
    refused({ [name]: -1 }, name, RangeError);
    refused({ [name]: "soon" }, name, TypeError);
  }
  refused(
    { transactionalId: "a", transactionInterval: "11m" },
    "transactionInterval must be at most 10m",
    RangeError,
  );
});

Deno.test("KafkaPublisher gives a broker's transaction the time that its last records may take", () => {
  const timeout = (given: Any) =>
    publisherSettings({ ...LEAST, transactionalId: "a", ...given }).sink.transactionTimeoutMs;
  assertEquals(timeout({}), 120_100);
  assertEquals(timeout({ deliveryTimeout: "1h" }), 900_000);
});

Deno.test("KafkaPublisher refuses a registry that is none, or that has nothing to register", () => {
  const registry = new SchemaRegistry({ url: "http://localhost:8081" });
  refused({ registry }, 'registry needs valueSerializer: "avro"');
  refused({ registry: "http://localhost", valueSerializer: "avro" }, "registry must be");
  refused({ valueSerializer: "avro", schemas: "lookUp" }, "schemas needs a registry");
  refused({ valueSerializer: "avro", subjectNaming: "topic" }, "subjectNaming needs a registry");
  new KafkaPublisher({ ...LEAST, registry, valueSerializer: "avro", schemas: "latest" });
  new KafkaPublisher({ ...LEAST, registry, key: "id", keySerializer: "avro" });
});

import { assertEquals, assertThrows } from "@std/assert";
import { CsvDecoder, NdjsonDecoder, type RecordBatch, schema, types as t } from "../mod.ts";
import { kafkaSource } from "../src/kafka/source/kafka_source.ts";

interface Decoder {
  push(bytes: Uint8Array): RecordBatch[];
  finish(): RecordBatch[];
}

function rowsOf(decoder: Decoder, text: string) {
  const batches = [...decoder.push(new TextEncoder().encode(text)), ...decoder.finish()];
  const [{ schema: { fields } }] = batches;
  return {
    rows: batches.flatMap((batch) => batch.toRows()),
    kinds: Object.fromEntries(fields.map(({ name, type }) => [name, type.kind])),
  };
}

Deno.test("types says what columns of NDJSON are that are inferred otherwise, also of keys that come later", () => {
  const decoder = new NdjsonDecoder({
    types: { v: t.f64, at: t.timestamp, later: t.utf8 },
    badRecords: "skip",
  });
  const lines = ['{"v":1,"at":0,"n":5}', '{"v":"x","at":1,"n":6}', '{"v":2,"at":2,"n":7}'];
  const { rows, kinds } = rowsOf(decoder, lines.join("\n"));
  assertEquals(kinds, { v: "f64", at: "timestamp", n: "i32", later: "utf8" });
  assertEquals(rows.map(({ v }) => v), [1, 2]);
  assertEquals(decoder.metrics().badRecords, 1);
});

Deno.test("types says what columns of CSV are, and each has to be there", () => {
  const typed = new CsvDecoder({ types: { zip: t.utf8 } });
  const { rows, kinds } = rowsOf(typed, "zip,n\n1234,1\n99,2\n");
  assertEquals([kinds.zip, rows.map(({ zip }) => zip)], ["utf8", ["1234", "99"]]);
  assertThrows(
    () => rowsOf(new CsvDecoder({ types: { zap: t.utf8 } }), "zip,n\n1234,1\n"),
    TypeError,
    'types has "zap", and the columns are "zip", "n"',
  );
});

Deno.test("types is refused beside a schema, and when it is none", () => {
  const both = { schema: schema({ v: t.f64 }), types: { v: t.f64 } };
  const message = "a schema has the types of all columns";
  assertThrows(() => new NdjsonDecoder(both), TypeError, message);
  assertThrows(() => new CsvDecoder(both), TypeError, message);
  const topic = { bootstrapServers: "localhost", topics: "t" };
  assertThrows(() => kafkaSource({ ...topic, ...both } as never), TypeError, message);
  const avro = { ...topic, values: "avro", types: { v: t.f64 } } as const;
  assertThrows(() => kafkaSource(avro), TypeError, 'types is about values: "json"');
  for (const types of [null, 3, [], { v: "f64" }]) {
    assertThrows(() => new NdjsonDecoder({ types } as never), TypeError);
  }
});

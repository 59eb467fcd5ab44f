import { assertEquals, assertThrows } from "@std/assert";
import { AvroFileDecoder, RecordBatch, schema, types as t } from "@waggle/stream";
import { fromMessagePack } from "@waggle/stream/msgpack";
import { type MessageEncoder, messageEncoder } from "../src/publishers/message_format.ts";
import { OptionalFormat } from "../src/codecs/optional_format.ts";
import { runScript } from "./support/run_script.ts";

const ROWS = [{ bird: "Gull", count: 3, weight: 1.5 }, { bird: "Öwl 🦉", count: 1, weight: 0.25 }];
const birds = RecordBatch.fromRows(ROWS);

function avroRows(message: Uint8Array): unknown[] {
  const decoder = new AvroFileDecoder();
  return [...decoder.push(message), ...decoder.finish()].flatMap((batch) => batch.toRows());
}

function textOf(encoder: MessageEncoder): unknown {
  assertEquals(new TextDecoder().decode(encoder.bytes(birds)), encoder.encode(birds));
  return encoder.encode(birds);
}

Deno.test("A JSON message is an array of objects, as toJson() writes it", () => {
  using encoder = messageEncoder("json");
  assertEquals(textOf(encoder), birds.toJson());
  assertEquals(encoder.encode(birds.slice(0, 0)), "[]");
  assertEquals(encoder.contentType, "application/json");
});

Deno.test("A message of JSON lines is one object a line, with the options that were given", () => {
  using encoder = messageEncoder("ndjson", { json: { decimals: { weight: 1 } } });
  const [gull, owl] = (textOf(encoder) as string).split("\n");
  assertEquals(gull, '{"bird":"Gull","count":3,"weight":1.5}');
  assertEquals(owl, '{"bird":"Öwl 🦉","count":1,"weight":0.3}');
});

Deno.test("A text that begins with a byte-order mark keeps it in a JSON message", () => {
  using encoder = messageEncoder("ndjson");
  const marked = RecordBatch.fromRows([{ "\ufeffa": "\ufeffb" }]);
  assertEquals(encoder.encode(marked), '{"\ufeffa":"\ufeffb"}\n');
});

Deno.test("Each Avro message is a file that can be read by itself, whatever the columns", () => {
  using encoder = messageEncoder("avro");
  const others = RecordBatch.fromRows([{ at: 1 }, { at: 2 }], { schema: schema({ at: t.i64 }) });
  for (const batch of [birds, others, birds, birds.slice(1), birds.slice(0, 0)]) {
    assertEquals(avroRows(encoder.bytes(batch)), batch.toRows());
  }
});

Deno.test("An Avro message has the schema that was given, and one block however large it is", () => {
  const avro = {
    type: "record",
    name: "Bird",
    fields: [{ name: "bird", type: "string" }, { name: "count", type: "long" }],
  };
  using encoder = messageEncoder("avro", { avro: { schema: avro, extraColumns: "ignore" } });
  const batch = RecordBatch.concat(Array.from({ length: 20_000 }, () => birds));
  const decoder = new AvroFileDecoder({ batchRows: 100_000 });
  const batches = decoder.push(encoder.encode(batch) as Uint8Array);
  assertEquals(batches.map(({ length }) => length), [40_000]);
  assertEquals(batches[0].row(1).toObject(), { bird: "Öwl 🦉", count: 1n });
  assertEquals(JSON.parse(decoder.info!.schema.json).name, "Bird");
  decoder.finish();
});

Deno.test("An Avro message that cannot be made leaves nothing behind for the next", () => {
  const fields = [{ name: "count", type: "long" }];
  const avro = { schema: { type: "record", name: "Count", fields } };
  using encoder = messageEncoder("avro", { avro });
  const counted = { schema: schema({ count: t.i64 }) };
  const [good, bad] = [[1, 2], [3, null]].map((counts) =>
    RecordBatch.fromRows(counts.map((count) => ({ count })), counted)
  );
  for (const batch of [bad, good, good, bad, bad, good, good.slice(0, 0), good]) {
    if (batch === bad) assertThrows(() => encoder.encode(batch), RangeError, "received null");
    else assertEquals(avroRows(encoder.bytes(batch)), batch.toRows());
  }
});

Deno.test("A MessagePack message is an array of maps", () => {
  using encoder = messageEncoder("msgpack");
  assertEquals(fromMessagePack(encoder.bytes(birds)).toRows(), birds.toRows());
  assertEquals(encoder.contentType, "application/vnd.msgpack");
});

Deno.test("A format that there is not, and options that cannot be, are told of at once", () => {
  assertThrows(() => messageEncoder("xml" as "json"), TypeError, 'must be "json" or "ndjson"');
  const unknown = { avro: { codecs: "null" } as object };
  assertThrows(() => messageEncoder("avro", unknown), TypeError, "did you mean codec?");
  const broken = { avro: { schema: "{" } };
  assertThrows(() => messageEncoder("avro", broken), TypeError);
});

Deno.test("Without its entry point MessagePack is an error that names it", async () => {
  const format = new OptionalFormat<number>('the format "x"', "@waggle/stream/x");
  assertThrows(
    () => format.get("write"),
    TypeError,
    'Cannot write: the format "x" takes a package that is loaded only on request; add import ' +
      '"@waggle/stream/x"',
  );
  format.offer(7);
  assertEquals(format.get("write"), 7);
  const url = new URL("../src/publishers/message_format.ts", import.meta.url);
  const { error } = await runScript(`
    import { messageEncoder } from ${JSON.stringify(url.href)};
    messageEncoder("msgpack");
  `);
  assertEquals(error.includes('add import "@waggle/stream/msgpack"'), true, error);
});

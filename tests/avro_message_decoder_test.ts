import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { avroColumns, parseAvroSchema, RecordBatch, schema, types as t } from "../mod.ts";
import {
  AvroMessageDecoder,
  type AvroMessageSpec,
} from "../src/codecs/avro/avro_message_decoder.ts";
import { avroMessagePrefix } from "../src/codecs/avro/avro_messages.ts";
import { ReferenceAvroReader } from "../src/codecs/avro/reference_avro_reader.ts";
import type { MessagePlaces } from "../src/kernel/avro_message_reader.ts";
import { create } from "../src/kernel/kernel.ts";
import { anyRecord, avscType, CUSTOMER } from "./support/avro_cases.ts";
import { forSeeds, type Random } from "./support/random.ts";

const V1 = CUSTOMER;
const V2 = {
  ...CUSTOMER,
  fields: [
    { name: "city", type: "string", default: "?" },
    { name: "income", type: "float" },
    { name: "id", type: "string" },
    { name: "age", type: "int" },
  ],
};

/** A message with the number of its schema in front. */
function message(id: number, record: Uint8Array): Uint8Array {
  return new Uint8Array([...avroMessagePrefix({ schemaId: id }), ...record]);
}

/** Messages with some bytes between them; null is one without a value. */
function placed(messages: readonly (Uint8Array | null)[], gap = 0): MessagePlaces {
  const starts: number[] = [];
  const bytes: number[] = [];
  for (const each of messages) {
    starts.push(bytes.length);
    bytes.push(...each ?? [], ...new Array(gap).fill(0xff));
  }
  const lengths = messages.map((each) => each?.length ?? -1);
  return {
    bytes: new Uint8Array(bytes),
    starts: new Uint32Array(starts),
    lengths: new Int32Array(lengths),
  };
}

function decoderOf(reader: object, options: Partial<AvroMessageSpec> = {}) {
  const readerSchema = JSON.stringify(reader);
  const columns = avroColumns(parseAvroSchema(reader));
  const spec = { schema: columns, readerSchema, maxRecordBytes: 1 << 20, ...options };
  return new AvroMessageDecoder(spec, create());
}

const customer = (n: number) => ({ id: `c${n}`, age: n, income: n / 2 });

Deno.test("AvroMessageDecoder reads what several schemas wrote in turn as one", () => {
  using decoder = decoderOf(V2);
  decoder.know(7, JSON.stringify(V1));
  decoder.know(0x01020304, JSON.stringify(V2));
  const [one, two] = [avscType(V1), avscType(V2)];
  const messages = Array.from(
    { length: 60 },
    (_, n) =>
      n % 7 < 4
        ? message(7, one.toBuffer(customer(n)))
        : message(0x01020304, two.toBuffer({ ...customer(n), city: `city ${n}` })),
  );
  const places = placed(messages, 3);
  assertEquals(decoder.unknownIds(places), []);
  for (let again = 0; again < 2; again++) {
    const { batch, bad } = decoder.decode(places);
    assertEquals(bad, []);
    assertEquals(
      batch.toRows(),
      messages.map((_, n) => ({ city: n % 7 < 4 ? "?" : `city ${n}`, ...customer(n) })),
    );
  }
});

Deno.test("AvroMessageDecoder names the numbers that it was not told of", () => {
  using decoder = decoderOf(V1);
  const record = avscType(V1).toBuffer(customer(1));
  const ids = [5, 5, 9, 5, 7, 9];
  const odd = [null, new Uint8Array(), new Uint8Array([1, 2, 3, 4, 5, 6]), new Uint8Array([0, 1])];
  const places = placed([...odd, ...ids.map((id) => message(id, record))]);
  assertEquals(decoder.unknownIds(places), [5, 9, 7]);
  decoder.know(9, JSON.stringify(V1));
  decoder.know(7, { reason: "the registry has it no more", fix: "ask for it" });
  assertEquals(decoder.unknownIds(places), [5]);
  const { batch, bad } = decoder.decode(places);
  assertEquals(batch.length, 2);
  assertEquals(bad.map(({ record }) => record), [0, 1, 2, 3, 4, 5, 7, 8]);
  assertStringIncludes(bad[4].reason, "nothing is known of schema 5");
  assertEquals(bad[7].reason, "the registry has it no more");
});

Deno.test("AvroMessageDecoder tells what is wrong with a message, and reads the others", () => {
  using decoder = decoderOf(V1);
  decoder.know(1, JSON.stringify(V1));
  decoder.know(2, JSON.stringify({ ...V1, fields: [{ name: "id", type: "string" }] }));
  const record = avscType(V1).toBuffer(customer(1));
  const good = message(1, record);
  const cases: readonly [Uint8Array | null, string, string | undefined][] = [
    [null, "it is null, where columns take no nulls", undefined],
    [new Uint8Array(), "received none", undefined],
    [new Uint8Array([0, 0, 1]), "received 3 (000001)", undefined],
    [new TextEncoder().encode('{"id":1}'), "received 7b22696422", undefined],
    [new Uint8Array([0, 0xff, 0, 0, 1, 0]), "received 00ff000001", undefined],
    [message(3, record), "nothing is known of schema 3", undefined],
    [
      message(2, new Uint8Array([0])),
      "schema 2, by which it was written, cannot be read",
      undefined,
    ],
    [message(1, record.subarray(0, 4)), "but the input ends", "income"],
    [message(1, new Uint8Array([...record, 1, 2])), "2 bytes follow the record", undefined],
    [message(1, new Uint8Array([2, 0xff, 2, 0, 0, 0, 0])), "not valid UTF-8", "id"],
  ];
  const { batch, bad } = decoder.decode(placed([good, ...cases.flatMap(([each]) => [each, good])]));
  assertEquals(batch.toRows(), new Array(cases.length + 1).fill(customer(1)));
  assertEquals(bad.length, cases.length);
  cases.forEach(([bytes, reason, column], at) => {
    assertStringIncludes(bad[at].reason, reason);
    const { record, column: found, start, end } = bad[at];
    assertEquals([record, found], [2 * at + 1, column], reason);
    assertEquals(end - start, bytes?.length ?? 0);
    assert(bad[at].fix.length > 10);
  });
});

Deno.test("AvroMessageDecoder makes rows of nulls of messages that are null, where columns take them", () => {
  const reader = {
    ...V1,
    fields: V1.fields.map(({ name, type }) => ({ name, type: ["null", type] })),
  };
  using decoder = decoderOf(reader);
  assertEquals(decoder.decode(placed([null])).batch.toRows(), [{
    id: null,
    age: null,
    income: null,
  }]);
  decoder.know(1, JSON.stringify(V1));
  const good = message(1, avscType(V1).toBuffer(customer(4)));
  const { batch, bad } = decoder.decode(placed([null, good, null, null, good]));
  const none = { id: null, age: null, income: null };
  assertEquals(batch.toRows(), [none, customer(4), none, none, customer(4)]);
  assertEquals(bad, []);
});

Deno.test("AvroMessageDecoder holds messages to their size, and reads the columns that are wanted", () => {
  using decoder = decoderOf(V1, { schema: schema({ age: t.required(t.i32) }), maxRecordBytes: 12 });
  decoder.know(1, JSON.stringify(V1));
  const type = avscType(V1);
  const { batch, bad } = decoder.decode(placed([
    message(1, type.toBuffer(customer(1))),
    message(1, type.toBuffer({ ...customer(2), id: "x".repeat(20) })),
  ]));
  assertEquals(batch.toRows(), [{ age: 1 }]);
  assertStringIncludes(bad[0].reason, "the record has 26 bytes");
});

/** A change that a sender, a disk or a wire might make. */
function damaged(random: Random, bytes: Uint8Array): Uint8Array | null {
  const kind = random.below(12);
  if (kind === 0) return null;
  if (kind === 1) return bytes.slice(0, random.below(bytes.length + 1));
  if (kind === 2) return new Uint8Array([...bytes, ...new Array(1 + random.below(3)).fill(0)]);
  if (kind > 3) return bytes;
  const copy = bytes.slice();
  copy[random.below(copy.length)] ^= 1 << random.below(8);
  return copy;
}

Deno.test("AvroMessageDecoder and ReferenceAvroReader agree on random messages, good and bad", () => {
  let [good, faulty] = [0, 0];
  forSeeds(200, (random) => {
    const { avro, schema, make, wire } = anyRecord(random);
    const fields = (avro as { fields: object[] }).fields;
    const extra = { name: "extra_of_two", type: "string" };
    const writers = [avro, { ...avro, fields: [extra, ...fields.toReversed()] }];
    const parsed = writers.map((each) => {
      try {
        return parseAvroSchema(each);
      } catch {
        return undefined; // reversed, a type may be named before it is defined
      }
    }).filter((each) => each !== undefined);
    const reader = parsed[0];
    const twins = parsed.map((writer) => new ReferenceAvroReader(writer, reader, schema));
    const types = parsed.map(({ json }) => avscType(JSON.parse(json)));
    const takesNulls = schema.fields.every(({ nullable }) => nullable !== false);
    const messages = Array.from({ length: 1 + random.below(60) }, () => {
      const at = random.below(types.length);
      const row = wire(make(random)) as object;
      return damaged(random, message(at, types[at].toBuffer({ ...row, extra_of_two: "x" })));
    });
    const none = Object.fromEntries(schema.fields.map(({ name }) => [name, null]));
    const expected = messages.map((each) => {
      if (each === null) return takesNulls ? none : undefined;
      const id = each.length < 5 ? -1 : new DataView(each.buffer, each.byteOffset).getInt32(1);
      if (each[0] !== 0 || !twins[id]) return undefined;
      const found = twins[id].read(each, 5);
      return found && !found.isUnfit && found.end === each.length ? found.row : undefined;
    });
    using decoder = decoderOf(avro, { schema });
    parsed.forEach(({ json }, id) => decoder.know(id, json));
    const { batch, bad } = decoder.decode(placed(messages, random.below(3)));
    const rows = expected.filter((row) => row !== undefined);
    assertEquals(batch.toRows(), RecordBatch.fromRows(rows, { schema }).toRows());
    assertEquals(
      bad.map(({ record }) => record),
      expected.flatMap((row, at) => row === undefined ? [at] : []),
    );
    good += rows.length;
    faulty += bad.length;
  });
  assert(good > 1000 && faulty > 300, `${good} ${faulty}`);
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  avroCanonicalForm,
  AvroEncoder,
  avroFingerprint,
  avroMessages,
  avroSchemaOf,
  openAvroMessage,
  parseAvroSchema,
  RecordBatch,
  schema,
  types as t,
} from "../mod.ts";
import { avscType, bufferOf } from "./support/avro_cases.ts";
import { bytesOf } from "./support/chunks.ts";

/** Fingerprints of the specification's test data: CRC-64-AVRO as signed numbers, then MD5. */
const VECTORS: Readonly<Record<string, readonly [crc: bigint, md5: string]>> = {
  null: [7195948357588979594n, "9b41ef67651c18488a8b08bb67c75699"],
  boolean: [-6970731678124411036n, "01f692b30d4a1c8a3e600b1440637f8f"],
  int: [8247732601305521295n, "ef524ea1b91e73173d938ade36c1db32"],
  long: [-3434872931120570953n, "e1dd9a1ef98b451b53690370b393966b"],
  float: [5583340709985441680n, "50a6b9db85da367a6d2df400a41758a6"],
  double: [-8181574048448539266n, "bfc71a62f38b99d6a93690deeb4b3af6"],
  bytes: [5746618253357095269n, "b462f06cb909be57c85008867784cde6"],
  string: [-8142146995180207161n, "095d71cf12556b9d5e330ad575b3df5d"],
};

Deno.test("avroFingerprint() gives the fingerprints of the specification's test data", () => {
  for (const [name, [crc, md5]] of Object.entries(VECTORS)) {
    const fingerprint = avroFingerprint(name);
    assertEquals(new DataView(fingerprint.buffer).getBigInt64(0, true), crc, name);
    assertEquals(avroFingerprint(name, "MD5").toHex(), md5, name);
  }
});

Deno.test("avroFingerprint() digests the canonical form as Web Crypto and avsc do", async () => {
  const avro = {
    type: "record",
    name: "Bird",
    namespace: "zoo",
    doc: "left out of the canonical form",
    fields: [
      { name: "name", type: { type: "string" }, default: "?" },
      { name: "kind", type: { type: "enum", name: "Kind", symbols: ["A", "B"] } },
      { name: "next", type: ["null", "Bird"] },
    ],
  };
  const form = avroCanonicalForm(parseAvroSchema(avro).type);
  const sha = new Uint8Array(await crypto.subtle.digest("SHA-256", bytesOf(form)));
  assertEquals(avroFingerprint(avro, "SHA-256"), sha);
  assertEquals(avroFingerprint(avro, "MD5"), new Uint8Array(avscType(avro).fingerprint("md5")));
  assertEquals(avroFingerprint(avro), avroFingerprint(form));
  const other = { ...avro, fields: avro.fields.slice(1) };
  assert(avroFingerprint(avro).toHex() !== avroFingerprint(other).toHex());
});

Deno.test("avroFingerprint() refuses an algorithm that it does not have", () => {
  assertThrows(() => avroFingerprint("int", "SHA-1" as "MD5"), TypeError, 'received "SHA-1"');
});

const BIRD = {
  type: "record",
  name: "Bird",
  fields: [{ name: "name", type: "string" }, { name: "count", type: "int" }],
};

Deno.test("avroMessages() puts the fingerprint or the registry's number before each record", () => {
  using encoder = new AvroEncoder(BIRD);
  const rows = [{ name: "Gull", count: 3 }, { name: "", count: -1 }];
  const encoded = encoder.encode(RecordBatch.fromRows(rows));
  const singles = avroMessages(encoded, { schema: BIRD });
  const numbered = avroMessages(encoded, { schemaId: 258 });
  assertEquals(singles.length, 2);
  rows.forEach((row, at) => {
    const plain = { ...row };
    assertEquals(singles[at].subarray(0, 10).toHex(), `c301${avroFingerprint(BIRD).toHex()}`);
    assertEquals(numbered[at].subarray(0, 5).toHex(), "0000000102");
    for (const message of [singles[at], numbered[at]]) {
      const opened = openAvroMessage(message);
      assertEquals({ ...avscType(BIRD).fromBuffer(bufferOf(opened.record)) }, plain);
      if (opened.format === "confluent") assertEquals(opened.schemaId, 258);
      else assertEquals(opened.fingerprint, avroFingerprint(BIRD));
    }
  });
});

Deno.test("avroMessages() and openAvroMessage() refuse what is in no format", () => {
  using encoder = new AvroEncoder(BIRD);
  const encoded = encoder.encode(RecordBatch.fromRows([{ name: "Gull", count: 3 }]));
  for (const schemaId of [-1, 2 ** 31, 1.5, NaN]) {
    assertThrows(() => avroMessages(encoded, { schemaId }), RangeError, "schemaId");
  }
  const broken = ["", "c3", "c301", "c30100000000000000", "00000000", "01", "00ffffffff", "c302"];
  for (const hex of broken) {
    assertThrows(() => openAvroMessage(Uint8Array.fromHex(hex)), RangeError, "c3 01");
  }
  assertEquals(openAvroMessage(Uint8Array.fromHex("0000000007")).record.length, 0);
});

Deno.test("avroSchemaOf() finds a type for every column, and avsc takes it", () => {
  const columns = schema({
    a: t.required(t.bool),
    b: t.i32,
    c: t.i64,
    d: t.f32,
    e: t.f64,
    f: t.timestamp,
    g: t.date,
    h: t.time,
    i: t.decimal(12, 2),
    j: t.utf8,
    k: t.dict,
    l: t.bytes,
    m: t.list(t.i32),
    n: t.map(t.f64),
    o: t.struct({ p: t.utf8, o: t.struct({ q: t.i32 }) }),
    o_o: t.struct({ r: t.i32 }),
  });
  const { type, json } = avroSchemaOf(columns, { name: "Reading", namespace: "zoo" });
  assertEquals(type.type === "record" && type.name, "zoo.Reading");
  avscType(JSON.parse(json));
  const fields = Object.fromEntries(
    JSON.parse(json).fields.map((field: { name: string }) => [field.name, field]),
  );
  assertEquals(fields.a, { name: "a", type: "boolean" });
  assertEquals(fields.f, {
    name: "f",
    type: ["null", { type: "long", logicalType: "timestamp-millis" }],
    default: null,
  });
  assertEquals(fields.i.type[1], {
    type: "bytes",
    logicalType: "decimal",
    precision: 12,
    scale: 2,
  });
  assertEquals(fields.m.type[1], { type: "array", items: ["null", "int"] });
});

Deno.test("avroSchemaOf() names the column that Avro has no type or name for", () => {
  assertThrows(
    () => avroSchemaOf(schema({ x: t.mixed })),
    TypeError,
    'column "x": Avro has no type',
  );
  const inner = schema({ s: t.struct({ "two words": t.i32 }) });
  assertThrows(() => avroSchemaOf(inner), TypeError, 'column "s.two words": the name is none');
  assertThrows(() => avroSchemaOf(schema({ x: t.i32 }), { nam: "R" } as object), TypeError, "name");
});

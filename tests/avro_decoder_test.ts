import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  avroColumns,
  AvroDataError,
  AvroDecoder,
  type AvroDecoderOptions,
  AvroEncoder,
  type DataType,
  KernelMemoryError,
  parseAvroSchema,
  RecordBatch,
  type Schema,
  types as t,
} from "../mod.ts";
import { ReferenceAvroReader } from "../src/codecs/avro/reference_avro_reader.ts";
import { anyRecord, avscType, bufferOf, CUSTOMER, record } from "./support/avro_cases.ts";
import { forSeeds } from "./support/random.ts";

function decoded(avro: object, hex: string, options: AvroDecoderOptions = {}) {
  using decoder = new AvroDecoder(avro, options);
  return decoder.decode(Uint8Array.fromHex(hex)).toRows();
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

Deno.test("AvroDecoder reads customers that avsc wrote", () => {
  const rows = [{ id: "ann", age: 34, income: 51_234.5 }, { id: "日本", age: -1, income: 0 }];
  const type = avscType(CUSTOMER);
  using decoder = new AvroDecoder(CUSTOMER);
  const bytes = concat(rows.map((row) => type.toBuffer(row)));
  assertEquals(decoder.decode(bytes).toRows(), rows);
  assertEquals(decoder.schema, avroColumns(parseAvroSchema(CUSTOMER)));
  assertEquals(decoder.decode(new Uint8Array()).toRows(), []);
});

Deno.test("AvroDecoder and ReferenceAvroReader read 10^5 random values as avsc wrote them", () => {
  let values = 0;
  forSeeds(400, (random) => {
    const { avro, schema, make, wire } = anyRecord(random);
    const rows = Array.from({ length: 1 + random.below(150) }, () => make(random));
    const type = avscType(avro);
    const bytes = concat(rows.map((row) => type.toBuffer(wire(row))));
    using decoder = new AvroDecoder(avro, { schema });
    const batch = decoder.decode(bytes);
    assertEquals(batch.toRows(), RecordBatch.fromRows(rows, { schema }).toRows());
    values += rows.length * schema.fields.length;
    using encoder = new AvroEncoder(avro);
    assertEquals(encoder.encode(batch).bytes, bytes);
    const parsed = parseAvroSchema(avro);
    const twin = new ReferenceAvroReader(parsed, parsed, schema);
    let at = 0;
    for (const row of batch.toRows().slice(0, 10)) {
      const found = twin.read(bytes, at)!;
      assertEquals(found.row, row);
      assert(!found.isUnfit);
      at = found.end;
    }
  });
  assert(values > 1e5, `${values}`);
});

Deno.test("AvroDecoder is of no use when it was disposed of", () => {
  const decoder = new AvroDecoder(CUSTOMER);
  decoder[Symbol.dispose]();
  decoder[Symbol.dispose]();
  assertThrows(() => decoder.decode(new Uint8Array()), TypeError, "was disposed of");
});

Deno.test("AvroDecoder resolves the reader's schema: order, defaults, aliases, wider numbers", () => {
  const writer = record(
    { name: "gone", type: { type: "array", items: ["null", "string", "R"] } },
    { name: "a", type: "int" },
    { name: "b", type: "string" },
    { name: "old", type: "long" },
    { name: "e", type: { type: "enum", name: "E", symbols: ["A", "B", "C"] } },
    { name: "n", type: "float" },
  );
  const reader = {
    ...record(
      { name: "n", type: ["null", "double"] },
      { name: "added", type: "string", default: "none" },
      { name: "fresh", type: "double", aliases: ["older", "old"] },
      { name: "e", type: { type: "enum", name: "E", symbols: ["C", "OTHER"], default: "OTHER" } },
      { name: "b", type: "bytes" },
      { name: "a", type: "double" },
      { name: "tags", type: { type: "array", items: "int" }, default: [1, 2] },
    ),
    ...{ name: "New", aliases: ["R"] },
  };
  const row = { gone: [null, "x"], a: -7, b: "hi", old: 9n, e: "B", n: 1.5 };
  const bytes = avscType(writer).toBuffer(row);
  using decoder = new AvroDecoder(writer, { readerSchema: reader });
  const rows = decoder.decode(concat([bytes, bytes])).toRows();
  assertEquals(rows.length, 2);
  assertEquals(rows[1], {
    ...{ n: 1.5, added: "none", fresh: 9, e: "OTHER", b: new Uint8Array([104, 105]), a: -7 },
    tags: [1, 2],
  });
});

Deno.test("AvroDecoder resolves pairs of schemas as avsc does, where that can", () => {
  const named = (type: unknown) => ({ type: "record", name: "R", fields: [{ name: "a", type }] });
  const types = [
    ...["boolean", "int", "long", "float", "double", "string", "bytes"],
    ...[["null", "int"], ["double", "null"], ["null", "string"], ["long"]],
    { type: "fixed", name: "F", size: 2 },
    { type: "fixed", name: "F", size: 3 },
    { type: "fixed", name: "G", aliases: ["F"], size: 2 },
    { type: "enum", name: "E", symbols: ["A", "B"], default: "A" },
    { type: "enum", name: "E", symbols: ["B", "A", "C"] },
    { type: "array", items: "int" },
    { type: "array", items: ["null", "double"] },
    { type: "map", values: "float" },
    { type: "map", values: "double" },
    { type: "record", name: "S", fields: [{ name: "x", type: "int" }] },
    { type: "record", name: "S", fields: [{ name: "y", type: "long", aliases: ["x"] }] },
    { type: "record", name: "T", fields: [{ name: "x", type: "int" }] },
  ];
  let resolved = 0;
  for (const written of types) {
    for (const read of types) {
      const writer = avscType(named(written));
      const reader = avscType(named(read));
      let resolver;
      try {
        resolver = reader.createResolver(writer);
      } catch {
        // nothing that avsc refuses is read, but for a union that only may not fit
        if (Array.isArray(written) && !(Array.isArray(read) && read.includes("null"))) continue;
        assertThrows(
          () => new AvroDecoder(named(written), { readerSchema: named(read) }),
          TypeError,
        );
        continue;
      }
      using decoder = new AvroDecoder(named(written), { readerSchema: named(read) });
      for (let round = 0; round < 5; round++) {
        const value = written === "bytes"
          ? { a: bufferOf(Uint8Array.of(104, 105)) }
          : writer.random();
        const bytes = writer.toBuffer(value);
        const expected = reader.fromBuffer(bytes, resolver) as { a: unknown };
        assertEquals(
          plain(decoder.decode(bytes).toRows()[0]),
          // avsc leaves what it reads as a float as it was written
          plain({ a: read === "float" ? Math.fround(Number(expected.a)) : expected.a }),
          JSON.stringify([written, read]),
        );
        resolved++;
      }
    }
  }
  assert(resolved > 200, `${resolved}`);
});

/** Values whose classes do not matter. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (typeof value === "bigint") return Number(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([key, each]) => [key, plain(each)] as const);
  return Object.fromEntries(entries.toSorted(([a], [b]) => a < b ? -1 : 1));
}

Deno.test("AvroDecoder says at which byte and field a record goes wrong", () => {
  const wrong = (avro: object, hex: string, message: string, options?: AvroDecoderOptions) => {
    const error = assertThrows(() => decoded(avro, hex, options), AvroDataError);
    assert(error.message.includes(message), `${error.message}\nlacks ${message}`);
    return error;
  };
  const a = (type: unknown) => record({ name: "x", type: "int" }, { name: "a", type });
  const error = wrong(
    a("string"),
    "0202" + "41" + "02",
    'record 1, byte 4, field "a": expected string: the input ends',
  );
  assertEquals([error.record, error.at, error.field], [1, 4, "a"]);
  wrong(
    a("string"),
    "02" + "feffffffffffffffff01",
    'byte 1, field "a": expected string: 9223372036854775807 bytes were to follow',
  );
  wrong(a("string"), "02" + "01", "its length is -1");
  wrong(a("bytes"), "02" + "ff".repeat(11), "a whole number has more than 10 bytes");
  wrong(a("int"), "02" + "8080808020", "4294967296 is no int");
  wrong(a("boolean"), "0202", "a boolean is 0 or 1, received 2");
  wrong(a("string"), "0204ff41", "its text is not valid UTF-8");
  wrong(a(["null", "int"]), "0204", "its union has no branch 2");
  wrong(a({ type: "enum", name: "E", symbols: ["A"] }), "0202", "the enum has no symbol number 1");
  wrong(a({ type: "int", logicalType: "time-millis" }), "0201", "-1 is no time of a day");
  wrong(
    a({ type: "bytes", logicalType: "decimal", precision: 2, scale: 0 }),
    "02027f",
    "more than 2 digits",
  );
  wrong(
    a({ type: "array", items: "int" }),
    "02" + "03" + "06" + "0202" + "0000",
    "a block of items does not have the size",
  );
  wrong(
    a({ type: "array", items: "int" }),
    "02" + "feffffffffffffffff01" + "02",
    "the input ends within it",
  );
  wrong(a("string"), "020641414102", "the record has 5 bytes; raise maxRecordBytes", {
    maxRecordBytes: 4,
  });
  const reader = a("int");
  wrong(a(["null", "int"]), "0200", "it is null, where the reader has no null", {
    readerSchema: reader,
  });
});

Deno.test("bombs of a few bytes are refused at once", () => {
  const a = (type: unknown) => record({ name: "x", type: "int" }, { name: "a", type });
  const claims = "feffffffffffffffff01"; // 2^63 - 1
  const empty = { type: "record", name: "Empty", fields: [{ name: "n", type: "null" }] };
  const only: AvroDecoderOptions = { schema: { fields: [{ name: "x", type: t.i32 }] } };
  for (const items of ["null", empty, { type: "fixed", name: "F", size: 0 }]) {
    const array = a({ type: "array", items });
    assertEquals(decoded(array, "02" + claims + "00", only), [{ x: 1 }]);
    assertThrows(() => decoded(array, "02" + claims, only), AvroDataError);
    assertThrows(() => new AvroDecoder(array), TypeError, 'import "@waggle/stream/avro"');
  }
  for (const items of ["int", "string", ["null", "int"], { type: "array", items: "int" }]) {
    assertThrows(() => decoded(a({ type: "array", items }), "02" + claims, only), AvroDataError);
    const sized = "02" + "01" + claims;
    assertThrows(() => decoded(a({ type: "array", items }), sized, only), AvroDataError);
  }
  const list = record({ name: "x", type: "int" }, { name: "next", type: ["null", "R"] });
  assertThrows(
    () => decoded(list, "0202".repeat(100_000), only),
    AvroDataError,
    "nested more than 512",
  );
  assertEquals(decoded(list, "0202".repeat(100) + "0200", only), [{ x: 1 }]);
  assertThrows(() => new AvroDecoder(empty), TypeError);
});

Deno.test("AvroDecoder refuses schemas and columns that do not go together", () => {
  const refuses = (avro: object, options: AvroDecoderOptions, message: string) => {
    const error = assertThrows(() => new AvroDecoder(avro, options), TypeError);
    assert(error.message.includes(message), `${error.message}\nlacks ${message}`);
  };
  const a = (type: unknown, rest: object = {}) => record({ name: "a", type, ...rest });
  const column = (type: Schema["fields"][number]["type"]) => ({
    schema: { fields: [{ name: "a", type }] },
  });
  refuses(a("string"), column(t.i32), "it is string, its column i32");
  refuses(
    a("int"),
    { schema: { fields: [{ name: "b", type: t.i32 }] } },
    'no field for the column "b"',
  );
  refuses(a("string"), { readerSchema: a("int") }, "string cannot be read as int");
  refuses(
    a("int"),
    { readerSchema: record({ name: "b", type: "int" }) },
    '"b": it was not written, and has no default',
  );
  refuses(a(["int", "string"]), {}, 'import "@waggle/stream/avro"');
  refuses(a(["null", "R"]), {}, "which contains itself");
  refuses(a({ type: "array", items: CUSTOMER }), {}, "arrays and maps hold plain values only");
  refuses(a("int"), { readerSchema: { ...a("int"), name: "Q" } }, "since the names differ");
  const time = (unit: string) => a({ type: "long", logicalType: `timestamp-${unit}` });
  refuses(time("millis"), { readerSchema: time("micros") }, "timestamp-millis cannot be read as");
  refuses(CUSTOMER, { maxRecordByte: 1 } as never, "did you mean maxRecordBytes?");
  assertThrows(() => new AvroDecoder(CUSTOMER, { maxRecordBytes: 0 }), RangeError);
});

Deno.test("a schema of few definitions that makes endlessly many columns is refused", () => {
  let type: unknown = "int";
  for (let level = 0; level < 40; level++) {
    type = {
      ...{ type: "record", name: `L${level}` },
      fields: [{ name: "a", type }, { name: "b", type: level === 0 ? "int" : `L${level - 1}` }],
    };
  }
  assertThrows(() => new AvroDecoder(type as object), TypeError, "columns");
  const schema = { fields: [{ name: "x", type: t.i32 }] };
  const outer = record({ name: "x", type: "int" }, { name: "skipped", type });
  using decoder = new AvroDecoder(outer, { schema });
  assertThrows(
    () => decoder.decode(Uint8Array.of(2, 2)),
    AvroDataError,
    "the input ends within it",
  );
});

Deno.test("a schema of few definitions that is endless otherwise is read or refused in time", () => {
  /** Each record holds the one before it twice. */
  const twice = (levels: number, innermost: unknown, rest: object = {}) => {
    let type: unknown = { type: "record", name: "L0", fields: [{ name: "n", type: innermost }] };
    for (let level = 1; level < levels; level++) {
      const before = `L${level - 1}`;
      const fields = [{ name: "a", type, ...rest }, { name: "b", type: before, ...rest }];
      type = { type: "record", name: `L${level}`, fields };
    }
    return type;
  };
  const x = { name: "x", type: "int" };
  const only: AvroDecoderOptions = { schema: { fields: [{ name: "x", type: t.i32 }] } };
  const empty = record(x, { name: "skipped", type: twice(100, "null") });
  assertEquals(decoded(empty, "0204", only), [{ x: 1 }, { x: 2 }]);
  const inner = { type: "record", name: "L0", fields: [{ ...x, default: 1 }] };
  const given = twice(40, "int", { default: {} }) as { fields: { type: unknown }[] };
  let deepest = given;
  while (deepest.fields.length > 1) deepest = deepest.fields[0].type as typeof given;
  Object.assign(deepest, inner);
  const reader = record(x, { name: "added", type: given, default: {} });
  const columns: Schema = { fields: [{ name: "added", type: t.struct({}) }] };
  assertThrows(
    () => new AvroDecoder(record(x), { readerSchema: reader, schema: columns }),
    TypeError,
    "more than 65536 values",
  );
  /** Each record refers to the one before it, which was defined beside it. */
  const chain = Array.from({ length: 2_000 }, (_, at) => ({
    name: `f${at}`,
    type: {
      ...{ type: "record", name: `C${at}` },
      fields: [at === 0 ? x : { name: "c", type: `C${at - 1}` }],
    },
  }));
  const last = record(...chain.slice(0, -1), { name: "x", type: chain[1_999].type });
  const options = { schema: { fields: [{ name: "x", type: t.struct({ c: t.struct({}) }) }] } };
  assertThrows(
    () => decoded(last as object, "02".repeat(2_000), options),
    AvroDataError,
    "values are nested more than 512 levels deep",
  );
});

Deno.test("fields that nobody wants are passed over, within records that are null too", () => {
  const inner = {
    ...{ type: "record", name: "S" },
    fields: [{ name: "a", type: "int" }, { name: "b", type: "double" }],
  };
  const avro = record(
    { name: "s", type: ["null", inner] },
    { name: "c", type: "float" },
    { name: "d", type: ["string", "null"] },
    { name: "e", type: ["null", "boolean"] },
    { name: "f", type: "int" },
  );
  const rows = [
    { s: { a: 1, b: 2 }, c: 3, d: "x", e: null, f: 4 },
    { s: null, c: 3, d: null, e: true, f: 5 },
  ];
  const type = avscType(avro);
  const schema = {
    fields: [{ name: "s", type: t.struct({ a: t.i32 }) }, { name: "f", type: t.i32 }],
  };
  using decoder = new AvroDecoder(avro, { schema });
  const found = decoder.decode(concat(rows.map((row) => type.toBuffer(row)))).toRows();
  assertEquals(found, [{ s: { a: 1 }, f: 4 }, { s: null, f: 5 }]);
});

Deno.test("fields are read into other columns that hold them, and written from these", () => {
  const long = (logicalType: string) => ({ type: "long", logicalType });
  const int = (logicalType: string) => ({ type: "int", logicalType });
  const money = { type: "bytes", logicalType: "decimal", precision: 6, scale: 2 };
  const uuid = { type: "fixed", name: "U", size: 16, logicalType: "uuid" };
  const both: [avro: unknown, column: DataType, value: unknown, written: unknown][] = [
    ["int", t.i64, 7n, 7],
    ["int", t.f64, -7, -7],
    ["int", t.date, 7, 7],
    ["int", t.time, 7, 7],
    ["long", t.f64, 7, 7n],
    ["long", t.timestamp, 7, 7n],
    ["float", t.f64, 1.5, 1.5],
    ["string", t.dict, "x", "x"],
    [int("date"), t.i32, 9, 9],
    [int("time-millis"), t.i32, 9, 9],
    [long("time-micros"), t.i64, 9_001n, 9_001n],
    [long("timestamp-millis"), t.i64, -1n, -1n],
    [long("timestamp-micros"), t.i64, -1n, -1n],
    [long("timestamp-micros"), t.f64, 5, 5n],
    [long("timestamp-nanos"), t.timestamp, -3, -3_000_000n],
    [long("local-timestamp-millis"), t.timestamp, 12, 12n],
    [long("local-timestamp-micros"), t.timestamp, 12, 12_000n],
    [money, t.bytes, new Uint8Array([1, 2]), bufferOf(new Uint8Array([1, 2]))],
    [money, t.decimal(5, 2), "-1.23", bufferOf(new Uint8Array([0x85]))],
    [uuid, t.bytes, new Uint8Array(16), bufferOf(new Uint8Array(16))],
  ];
  for (const [type, column, value, written] of both) {
    const avro = record({ name: "a", type });
    const schema: Schema = { fields: [{ name: "a", type: column }] };
    const bytes = new Uint8Array(avscType(avro).toBuffer({ a: written }));
    using decoder = new AvroDecoder(avro, { schema });
    assertEquals(decoder.decode(bytes).toRows(), [{ a: value }], JSON.stringify(type));
    using encoder = new AvroEncoder(avro);
    const batch = RecordBatch.fromRows([{ a: value }], { schema: schema as never });
    assertEquals(encoder.encode(batch).bytes.toHex(), bytes.toHex(), JSON.stringify(type));
  }
});

Deno.test("digits of times beyond milliseconds are dropped, downwards", () => {
  const type = { type: "long", logicalType: "timestamp-micros" };
  const avro = record({ name: "a", type });
  for (const [micros, ms] of [[1_999, 1], [-1, -1], [-1_000, -1], [-1_001, -2]]) {
    const bytes = avscType(avro).toBuffer({ a: BigInt(micros) });
    assertEquals(decoded(avro, new Uint8Array(bytes).toHex()), [{ a: ms }]);
  }
});

Deno.test("a default may be a record, and null", () => {
  const writer = record({ name: "a", type: "int" });
  const inner = {
    ...{ type: "record", name: "In" },
    fields: [{ name: "x", type: "int", default: 5 }, { name: "y", type: ["null", "string"] }],
  };
  const reader = record(
    { name: "s", type: inner, default: { y: null } },
    { name: "o", type: ["null", "In"], default: null },
    { name: "m", type: { type: "map", values: "double" }, default: { k: 1 } },
    { name: "a", type: "long" },
  );
  assertEquals(decoded(writer, "0204", { readerSchema: reader }), [
    { s: { x: 5, y: null }, o: null, m: { k: 1 }, a: 1n },
    { s: { x: 5, y: null }, o: null, m: { k: 1 }, a: 2n },
  ]);
  const schema: Schema = {
    fields: [{ name: "o", type: { kind: "struct", fields: [] }, nullable: false }],
  };
  const options = { readerSchema: reader, schema };
  assertThrows(() => new AvroDecoder(writer, options), TypeError, "its default is null");
});

Deno.test("a budget that is spent is an error, and less fits after it", () => {
  const avro = record({ name: "a", type: "string" });
  const budgetBytes = 1 << 20;
  const batch = (rows: number) =>
    RecordBatch.fromRows(Array.from({ length: rows }, () => ({ a: "x".repeat(100) })));
  using encoder = new AvroEncoder(avro, { budgetBytes });
  assertThrows(() => encoder.encode(batch(20_000)), KernelMemoryError, "encode fewer rows");
  const { bytes } = encoder.encode(batch(10));
  using decoder = new AvroDecoder(avro, { budgetBytes });
  const many = concat(Array.from({ length: 2_000 }, () => bytes));
  assertThrows(() => decoder.decode(many), KernelMemoryError, "raise budgetBytes");
  assertEquals(decoder.decode(bytes).toRows(), batch(10).toRows());
});

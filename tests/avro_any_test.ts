import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  AvroDataError,
  AvroFileDecoder,
  AvroFileEncoder,
  AvroFileError,
  RecordBatch,
  schema,
  types as t,
  UnsupportedAvroError,
} from "@waggle/stream";
import { anyAvro, anyAvroColumns, decodeAnyAvro } from "@waggle/stream/avro";
import { AvroDecoder, AvroEncoder, parseAvroSchema } from "../mod.ts";
import { anyRecord, record } from "./support/avro_cases.ts";
import { forSeeds, Random } from "./support/random.ts";

const SEED = Number(Deno.env.get("WAGGLE_TEST_SEED") ?? 5);

/** What comes back of rows that are written to a file and read again. */
function there(avro: object | string, batch: RecordBatch<never>): unknown[] {
  const encoder = new AvroFileEncoder({ schema: avro, engine: anyAvro, codec: "deflate" });
  const pieces = [...encoder.push(batch), ...encoder.finish()];
  const decoder = new AvroFileDecoder({ engine: anyAvro });
  const batches = pieces.flatMap((bytes) => decoder.push(bytes));
  return [...batches, ...decoder.finish()].flatMap((each) => each.toRows());
}

function mixedRows(rows: readonly { v: unknown }[]): RecordBatch<never> {
  return RecordBatch.fromRows(rows, { schema: schema({ v: t.mixed }) }) as never;
}

Deno.test("anyAvro takes unions of several types", () => {
  const rows = [
    { v: null },
    { v: 7n },
    { v: "seven" },
    { v: 7.5 },
    { v: true },
    { v: Uint8Array.of(1, 2) },
    { v: [1n, "x"] },
    { v: { x: "y" } },
  ];
  const items = { type: "array", items: ["long", "string"] };
  const branches = ["null", "long", "string", "double", "boolean", "bytes", items];
  const avro = record({ name: "v", type: [...branches, { type: "map", values: "string" }] });
  assertEquals(there(avro, mixedRows(rows)), rows);
});

Deno.test("anyAvro takes records that contain themselves, and records in arrays and maps", () => {
  const tree = {
    type: "record",
    name: "Tree",
    namespace: "forest",
    fields: [{ name: "leaf", type: "int" }, { name: "next", type: ["null", "Tree"] }],
  };
  const rows = [{ v: { leaf: 1, next: { leaf: 2, next: null } } }, { v: { leaf: 3, next: null } }];
  assertEquals(there(record({ name: "v", type: tree }), mixedRows(rows)), rows);
  const point = record({ name: "x", type: "double" }, { name: "y", type: ["null", "double"] });
  const avro = {
    ...{ type: "record", name: "Line" },
    fields: [
      { name: "points", type: { type: "array", items: { ...point, name: "Point" } } },
      { name: "named", type: { type: "map", values: "Point" } },
    ],
  };
  const lines = [{ points: [{ x: 1, y: null }, { x: 2.5, y: 3 }], named: { a: { x: 0, y: 1 } } }];
  const columns = anyAvroColumns(parseAvroSchema(avro));
  assertEquals(columns.fields.map(({ type }) => type.kind), ["list", "map"]);
  assertEquals(there(avro, RecordBatch.fromRows(lines, { schema: columns }) as never), lines);
  assertThrows(() => new AvroDecoder(avro), UnsupportedAvroError, "@waggle/stream/avro");
});

Deno.test("anyAvro takes schemas that are no record, as a column named value", () => {
  const rows = [{ value: "a" }, { value: "" }];
  assertEquals(there("string", RecordBatch.fromRows(rows) as never), rows);
  const longs = { type: "array", items: "long" };
  const lists = RecordBatch.fromRows([{ value: [1n, 2n] }], {
    schema: schema({ value: t.list(t.i64) }),
  });
  assertEquals(there(longs, lists as never), lists.toRows());
});

Deno.test("anyAvro reads and writes what the kernel does, alike", () => {
  forSeeds(150, (random) => {
    const { avro, schema: columns, make } = anyRecord(random);
    const rows = Array.from({ length: 1 + random.below(20) }, () => make(random) as object);
    const batch = RecordBatch.fromRows(rows, { schema: columns });
    using kernel = new AvroEncoder(avro);
    const expected = kernel.encode(batch as RecordBatch<unknown>);
    using any = anyAvro.encoder(avro, {});
    const found = any.encode(batch as RecordBatch<unknown>);
    assertEquals(found.bytes.toHex(), expected.bytes.toHex());
    assertEquals(found.offsets, new Uint32Array(expected.offsets));
    const back = decodeAnyAvro(avro, found.bytes, { schema: columns });
    assertEquals(back.toRows(), batch.toRows());
  });
});

Deno.test("anyAvro keeps logical types within unions of several", () => {
  const logical = [
    { type: "long", logicalType: "timestamp-micros" },
    { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
  ];
  const rows = [{ v: new Date(1_700_000_000_123) }, { v: "-12.34" }, { v: new Date(-1) }];
  assertEquals(there(record({ name: "v", type: logical }), mixedRows(rows)), rows);
});

Deno.test("decodeAnyAvro() reads by another schema", () => {
  const writer = record({ name: "a", type: ["int", "string"] }, { name: "b", type: "int" });
  const reader = record(
    { name: "c", type: "string", default: "?" },
    { name: "a", type: ["string", "double", "long"] },
  );
  const rows = [{ a: 5, b: 1 }, { a: "x", b: 2 }];
  const encoder = anyAvro.encoder(writer, {});
  const columns = anyAvroColumns(parseAvroSchema(writer));
  const { bytes } = encoder.encode(RecordBatch.fromRows(rows, { schema: columns }) as never);
  const back = decodeAnyAvro(writer, bytes, { readerSchema: reader });
  assertEquals(back.toRows() as unknown[], [{ c: "?", a: 5 }, { c: "?", a: "x" }]);
  const other = record({ name: "d", type: "int" });
  assertThrows(
    () => decodeAnyAvro(writer, bytes, { readerSchema: other }),
    TypeError,
    "Cannot read Avro by another schema",
  );
});

Deno.test("decodeAnyAvro() takes neither time nor memory for what a few bytes claim", () => {
  const cases: [object, number[], string][] = [
    [{ type: "array", items: "null" }, [0xfe, 0xff, 0xff, 0xff, 0x0f, 0], "values take no bytes"],
    [
      { type: "array", items: { ...record(), name: "Empty" } },
      [0xfe, 0xff, 0xff, 0xff, 0x0f, 0],
      "values take no bytes",
    ],
    [
      { type: "array", items: "long" },
      [0xfe, 0xff, 0xff, 0xff, 0x0f, 0],
      "the bytes end within it",
    ],
    [{ type: "map", values: "int" }, [0xfe, 0xff, 0xff, 0xff, 0x0f, 2], "the bytes end within it"],
    [
      { type: "array", items: "bytes" },
      [2, 0xfe, 0xff, 0xff, 0xff, 0x0f],
      "the bytes end within it",
    ],
    [{ type: "array", items: "string" }, [2, 1], "a length is -1"],
    [{ type: "array", items: "string" }, [2, 4, 0xff, 0xfe, 0], "not valid UTF-8"],
    [{ type: "array", items: "int" }, [2, 0x80, 0x80, 0x80, 0x80, 0x80, 0x20, 0], "beyond 32 bits"],
    [{ type: "array", items: "boolean" }, [2, 2, 0], "a boolean is neither 0 nor 1"],
    [{ type: "array", items: ["int", "null"] }, [2, 4, 0], "has no 2, only 0 to 1"],
    [
      { type: "map", values: "int" },
      [2, 18, ...new TextEncoder().encode("__proto__"), 2, 0],
      "a key is __proto__",
    ],
  ];
  for (const [type, bytes, reason] of cases) {
    const error = assertThrows(
      () => decodeAnyAvro(record({ name: "v", type }), Uint8Array.from(bytes)),
      AvroDataError,
    ) as AvroDataError;
    assert(error.message.includes(reason), `${error.message} lacks ${reason}`);
  }
  const list = {
    type: "record",
    name: "List",
    fields: [{ name: "next", type: ["null", "List"] }],
  };
  const deep = Uint8Array.from({ length: 100_000 }, () => 2);
  assertThrows(() => decodeAnyAvro(list, deep), AvroDataError, "nested deeper than 64 levels");
});

Deno.test("anyAvro meets random and mutated bytes with bad records or rows", () => {
  const random = new Random(SEED);
  const avro = record(
    { name: "a", type: ["null", "long", "string", { type: "array", items: ["int", "string"] }] },
    { name: "b", type: { type: "map", values: ["double", "bytes"] } },
    { name: "c", type: { type: "enum", name: "E", symbols: ["X", "Y"] } },
  );
  const made = anyAvro.encoder(avro, {}).encode(
    RecordBatch.fromRows([{ a: [1, "é"], b: { k: 2.5, l: Uint8Array.of(1) }, c: "Y" }], {
      schema: anyAvroColumns(parseAvroSchema(avro)),
    }) as never,
  );
  const json = JSON.stringify(avro);
  const columns = anyAvroColumns(parseAvroSchema(avro));
  using decoder = anyAvro.decoder({
    ...{ format: "avro", schema: columns, batchRows: 100, maxRecordBytes: 1e6 },
    ...{ writerSchema: json, readerSchema: json },
  }, {});
  let taken = 0;
  for (let run = 0; run < 20_000; run++) {
    const bytes = run % 2
      ? made.bytes.slice()
      : Uint8Array.from({ length: 1 + random.below(20) }, () => random.below(256));
    for (let times = random.below(3); times > 0; times--) {
      bytes[random.below(bytes.length)] = random.below(256);
    }
    const { batch, bad, records, end } = decoder.decode(bytes);
    assertEquals(batch.length + bad.length, records, `seed ${SEED}, run ${run}`);
    assert(end <= bytes.length && records > 0, `seed ${SEED}, run ${run}`);
    taken += batch.length;
  }
  assert(taken > 100);
});

Deno.test("anyAvro names row and field of what it cannot write", () => {
  const avro = record({ name: "v", type: ["int", "string"] }, {
    name: "w",
    type: "int",
    default: 3,
  });
  using encoder = anyAvro.encoder(avro, {});
  assertThrows(
    () => encoder.encode(mixedRows([{ v: 1 }, { v: 2.5 }])),
    RangeError,
    'Cannot encode Avro: row 1, field "v',
  );
  const extra = RecordBatch.fromRows([{ v: 1, x: 2 }]) as RecordBatch<unknown>;
  assertThrows(() => encoder.encode(extra), TypeError, 'no field for the column "x"');
  using ignoring = anyAvro.encoder(avro, { extraColumns: "ignore" });
  const { bytes } = ignoring.encode(extra);
  assertEquals(decodeAnyAvro(avro, bytes).toRows(), [{ v: 1, w: 3 }]);
  const price = record({
    name: "v",
    type: { type: "bytes", logicalType: "decimal", precision: 4 },
  });
  assertThrows(
    () => anyAvro.encoder(price, {}).encode(mixedRows([{ v: "12345" }])),
    RangeError,
    "row 0",
  );
  const proto = record({ name: "__proto__", type: "int" });
  assertThrows(() => anyAvro.encoder(proto, {}), TypeError, "field __proto__");
});

Deno.test("AvroFileDecoder with anyAvro passes bad records by policy", () => {
  const avro = record({ name: "v", type: ["int", "string"] });
  const encoder = new AvroFileEncoder({ schema: avro, engine: anyAvro });
  const rows = Array.from({ length: 10 }, (_, v) => ({ v: v % 2 ? v : `s${v}` }));
  const pieces = [...encoder.push(mixedRows(rows)), ...encoder.finish()];
  const columns = schema({ v: t.i32 });
  const decoder = new AvroFileDecoder({ engine: anyAvro, schema: columns, badRecords: "skip" });
  const found = pieces.flatMap((bytes) => decoder.push(bytes)).flatMap((batch) => batch.toRows());
  assertEquals(found, rows.filter(({ v }) => typeof v === "number") as { v: number }[]);
  assertEquals(decoder.metrics().badRecords, 5);
  const strict = new AvroFileDecoder({ engine: anyAvro, schema: columns });
  assertThrows(() => pieces.forEach((bytes) => strict.push(bytes)), AvroFileError, "record 0");
});

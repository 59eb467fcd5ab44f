import { assert, assertEquals, assertThrows } from "@std/assert";
import { AvroEncoder, parseAvroSchema, RecordBatch, schema, types as t } from "../mod.ts";
import { AvroBlockDecoder } from "../src/codecs/avro/avro_block_decoder.ts";
import { planWriting } from "../src/codecs/avro/write_plan.ts";
import { AvroWriter } from "../src/kernel/avro_writer.ts";
import { create } from "../src/kernel/kernel.ts";
import { ReferenceAvroWriter } from "../src/codecs/avro/reference_avro_writer.ts";
import { anyRecord, avscType, bufferOf, CUSTOMER, record } from "./support/avro_cases.ts";
import { forSeeds } from "./support/random.ts";

/** The bytes of each row. */
function encoded(avro: object, batch: RecordBatch<never>): Uint8Array[] {
  using encoder = new AvroEncoder(avro);
  const { bytes, offsets } = encoder.encode(batch);
  return Array.from({ length: batch.length }, (_, row) => {
    return bytes.slice(offsets[row], offsets[row + 1]);
  });
}

Deno.test("AvroEncoder writes customers, a double as the nearest float", () => {
  const columns = schema({ id: t.utf8, age: t.i64, income: t.f64 });
  const rows = [
    { id: "ann", age: 34n, income: 51_234.567 },
    { id: "", age: -1n, income: 0.1 },
  ];
  const type = avscType(CUSTOMER);
  const found = encoded(CUSTOMER, RecordBatch.fromRows(rows, { schema: columns }) as never);
  const back = found.map((bytes) => ({ ...type.fromBuffer(bufferOf(bytes)) }));
  assertEquals(back, [
    { id: "ann", age: 34, income: Math.fround(51_234.567) },
    { id: "", age: -1, income: Math.fround(0.1) },
  ]);
});

Deno.test("AvroEncoder writes 10^5 random values as ReferenceAvroWriter and avsc do", () => {
  let values = 0;
  forSeeds(400, (random) => {
    const { avro, schema, make, wire } = anyRecord(random);
    const rows = Array.from({ length: 1 + random.below(150) }, () => make(random));
    const batch = RecordBatch.fromRows(rows, { schema });
    const twin = new ReferenceAvroWriter(parseAvroSchema(avro), schema.fields);
    const type = avscType(avro);
    const found = encoded(avro, batch as never);
    rows.forEach((row, at) => {
      const hex = found[at].toHex();
      if (hex !== twin.write(row).toHex()) assertEquals(hex, twin.write(row).toHex());
      const expected = new Uint8Array(type.toBuffer(wire(row))).toHex();
      if (hex !== expected) assertEquals(hex, expected);
      values += schema.fields.length;
    });
  });
  assert(values > 1e5, `${values}`);
});

Deno.test("AvroEncoder takes columns of other numbers, and says which row does not fit", () => {
  const types = ["int", "long", "float", "double"] as const;
  const columns = { i32: t.i32, i64: t.i64, f32: t.f32, f64: t.f64 } as const;
  forSeeds(300, (random) => {
    const kind = random.pick(Object.keys(columns)) as keyof typeof columns;
    const type = random.pick(types);
    const made = [
      0,
      -1,
      2 ** 31 - 1,
      2 ** 31,
      -(2 ** 31) - 1,
      1.5,
      2 ** 53,
      -(2 ** 63),
      2 ** 63,
      NaN,
    ];
    const isWhole = kind === "i32" || kind === "i64";
    const value = random.pick(
      made.filter((each) =>
        !isWhole || Number.isInteger(each) && each < 2 ** (kind === "i32" ? 31 : 63) &&
          each >= -(2 ** (kind === "i32" ? 31 : 63))
      ),
    );
    const given = kind === "i64" ? BigInt(value) + (random.chance(0.5) ? 0n : 1n) : value;
    const avro = record({ name: "a", type });
    const columnsOf = schema({ a: columns[kind] });
    const batch = RecordBatch.fromRows([{ a: 0 }, { a: given }] as never[], { schema: columnsOf });
    const twin = new ReferenceAvroWriter(parseAvroSchema(avro), columnsOf.fields);
    let expected: string | undefined;
    try {
      expected = twin.write(batch.toRows()[1]).toHex();
    } catch (error) {
      assert(error instanceof RangeError);
    }
    if (expected !== undefined) assertEquals(encoded(avro, batch as never)[1].toHex(), expected);
    else {
      assertThrows(
        () => encoded(avro, batch as never),
        RangeError,
        `Cannot encode Avro: row 1, field "a": expected ${type}, received`,
      );
    }
  });
});

Deno.test("AvroEncoder gives fields without columns their defaults", () => {
  const avro = record(
    { name: "a", type: "int" },
    { name: "b", type: ["null", "string"], default: null },
    { name: "c", type: { type: "array", items: "long" }, default: [1, 2] },
    { name: "d", type: CUSTOMER, default: { id: "x", age: 1, income: 2 } },
    { name: "e", type: "bytes", default: "\u0001\u00ff" },
    { name: "f", type: { type: "enum", name: "E", symbols: ["A", "B"] }, default: "B" },
  );
  const [bytes] = encoded(avro, RecordBatch.fromRows([{ a: 7 }]) as never);
  assertEquals({ ...avscType(avro).fromBuffer(bufferOf(bytes)) as object, d: 0, e: 0, c: 0 }, {
    ...{ a: 7, b: null, c: 0, d: 0, e: 0, f: "B" },
  });
  assertEquals(
    bytes.toHex(),
    "0e" + "00" + "04" + "020400" + "027802" + "00000040" + "0401ff" + "02",
  );
});

Deno.test("AvroEncoder says which rows do not go, and why", () => {
  const refuses = (
    avro: object,
    columns: Parameters<typeof schema>[0],
    rows: object[],
    message: string,
  ) => {
    const batch = RecordBatch.fromRows(rows as never[], { schema: schema(columns) });
    assertThrows(() => encoded(avro, batch as never), RangeError, message);
  };
  const array = { type: "array", items: "int" };
  refuses(
    record({ name: "a", type: "int" }),
    { a: t.i32 },
    [{ a: 1 }, { a: null }],
    'row 1, field "a": expected int, received null; make the field a union',
  );
  refuses(record({ name: "a", type: array }), { a: t.list(t.f64) }, [{ a: [1] }, { a: [] }, {
    a: [2, 2.5],
  }], 'row 2, field "a[]": expected int, received 2.5');
  refuses(record({ name: "a", type: { type: "fixed", name: "F", size: 2 } }), { a: t.bytes }, [{
    a: new Uint8Array(3),
  }], 'row 0, field "a": expected fixed F, received');
  refuses(record({ name: "a", type: { type: "enum", name: "E", symbols: ["A"] } }), { a: t.utf8 }, [
    { a: "A" },
    { a: "B" },
  ], 'row 1, field "a": expected enum E, received "B" (string); add the symbol');
  refuses(
    record({ name: "a", type: { type: "fixed", name: "F", size: 16, logicalType: "uuid" } }),
    { a: t.utf8 },
    [{ a: "no" }],
    'expected fixed F, received "no"',
  );
});

Deno.test("AvroEncoder refuses schemas and columns that do not go together", () => {
  const refuses = (avro: object, columns: Parameters<typeof schema>[0], message: string) => {
    using encoder = new AvroEncoder(avro);
    const batch = RecordBatch.fromRows([], { schema: schema(columns) });
    assertThrows(() => encoder.encode(batch), TypeError, message);
  };
  const a = (type: unknown) => record({ name: "a", type });
  refuses(a("string"), { a: t.i32 }, 'the column "a" is i32, the field string');
  refuses(a("int"), { a: t.i32, b: t.i32 }, 'record R has no field for the column "b"');
  refuses(a("int"), {}, 'there is no column for the field "a", which has no default');
  refuses(a(["int", "string"]), { a: t.i32 }, 'import "@waggle/stream/avro"');
  refuses(a(["null", "R"]), { a: t.struct({ a: t.i32 }) }, "which contains itself");
  refuses(
    a({ type: "array", items: CUSTOMER }),
    { a: t.list(t.struct({ id: t.utf8 })) },
    "arrays and maps hold plain values only",
  );
  refuses(a({ type: "bytes", logicalType: "decimal", precision: 4, scale: 1 }), {
    a: t.decimal(4, 2),
  }, "of precision 4 and scale 1");
  using ignoring = new AvroEncoder(a("int"), { extraColumns: "ignore" });
  assertEquals(ignoring.encode(RecordBatch.fromRows([{ a: 1, b: 2 }])).bytes.toHex(), "02");
  assertThrows(
    () => new AvroEncoder(a("int"), { extraColumns: "no" as never }),
    TypeError,
    "extraColumns",
  );
});

Deno.test("AvroEncoder takes batches only, and can be used again when it was disposed of", () => {
  const encoder = new AvroEncoder(record({ name: "a", type: "int" }));
  assertThrows(() => encoder.encode([{ a: 1 }] as never), TypeError, "a RecordBatch is needed");
  for (let round = 0; round < 2; round++) {
    assertEquals(encoder.encode(RecordBatch.fromRows([{ a: 1 }])).bytes.toHex(), "02");
    encoder[Symbol.dispose]();
  }
});

Deno.test("AvroWriter takes columns that lie in its kernel's memory where they are", () => {
  const kernel = create();
  const columns = schema({ id: t.dict, note: t.utf8, n: t.i64, on: t.bool });
  const avro = record(
    { name: "id", type: "string" },
    { name: "note", type: ["null", "string"] },
    { name: "n", type: ["null", "long"] },
    { name: "on", type: "boolean" },
  );
  const rows = Array.from({ length: 1000 }, (_, at) => ({
    ...{ id: `sensor ${at % 7}`, note: at % 3 === 0 ? null : "x".repeat(at % 90) },
    ...{ n: at % 5 === 0 ? null : BigInt(at), on: at % 2 === 0 },
  }));
  using encoder = new AvroEncoder(avro);
  const block = encoder.encode(RecordBatch.fromRows(rows, { schema: columns })).bytes.slice();
  const limits = { batchRows: 2_000, maxRecordBytes: 1_000 };
  const writerSchema = encoder.schema.json;
  const spec = { format: "avro", schema: columns, writerSchema, ...limits } as const;
  using decoder = new AvroBlockDecoder(spec, kernel);
  const steps = planWriting(encoder.schema, columns, { extraColumns: "error" });
  using writer = new AvroWriter(kernel, steps);
  for (let round = 0; round < 2; round++) {
    const { batch } = decoder.decode(block);
    const sources = steps.map(({ from }) => ({ column: batch.columns[from![0]] }));
    const written = writer.write(sources, batch.length);
    assert("bytes" in written);
    assertEquals(written.bytes.toHex(), block.toHex());
  }
});

Deno.test("AvroEncoder writes a batch of no rows, and texts of any length", () => {
  using encoder = new AvroEncoder(
    record({ name: "a", type: "string" }, { name: "b", type: "string" }),
  );
  const columns = schema({ a: t.utf8, b: t.dict });
  const none = encoder.encode(RecordBatch.fromRows([], { schema: columns }));
  assertEquals([none.bytes.length, [...none.offsets]], [0, [0]]);
  const rows = Array.from({ length: 3000 }, (_, at) => {
    return { a: "é".repeat(at % 67), b: "b".repeat(at % 50) };
  });
  rows.push({ a: "z".repeat(10_000_000), b: "y".repeat(1_000_000) });
  const { bytes, offsets } = encoder.encode(RecordBatch.fromRows(rows, { schema: columns }));
  const twin = new ReferenceAvroWriter(encoder.schema, columns.fields);
  for (const [at, row] of rows.entries()) {
    const found = bytes.subarray(offsets[at], offsets[at + 1]);
    const expected = twin.write(row);
    assert(
      found.length === expected.length && found.every((byte, i) => byte === expected[i]),
      `${at}`,
    );
  }
});

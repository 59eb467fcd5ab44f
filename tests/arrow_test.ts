import { zstdCompressSync } from "node:zlib";
import { assert, assertEquals, assertThrows, fail } from "@std/assert";
import * as apache from "apache-arrow";
import fc from "fast-check";
import * as flechette from "@uwdata/flechette";
import { type DataType, RecordBatch, types as t } from "@waggle/stream";
import { fromArrow, fromArrowIpc, toArrow, toArrowIpc } from "@waggle/stream/arrow";
import { formatDecimal } from "../src/batch/decimal.ts";
import { assertSame, holds, schemaAndRows } from "./support/batches.ts";
import { counterpart } from "./support/counterpart.ts";
import { forSeeds } from "./support/random.ts";

const FORMATS = ["stream", "file"] as const;

Deno.test("fromArrow() gives back any batch that toArrow() was given", () => {
  holds(schemaAndRows, ({ schema, rows }) => {
    if (schema.fields.length === 0) return;
    const back = fromArrow(toArrow(RecordBatch.fromRows(rows, { schema })));
    assertSame(back.schema, schema);
    assertSame(back.toRows(), rows);
  });
});

Deno.test("fromArrow() gives back any batch that went through Arrow's stream and file formats", () => {
  holds(schemaAndRows, ({ schema, rows }) => {
    if (schema.fields.length === 0) return;
    const batch = RecordBatch.fromRows(rows, { schema });
    const format = FORMATS[rows.length % 2];
    const back = fromArrowIpc(toArrowIpc(batch.slice(1), { format }));
    assertSame(back.schema, schema);
    assertSame(back.toRows(), rows.slice(1));
  });
});

Deno.test("toArrow() copies nothing, and fromArrow() neither", () => {
  const batch = RecordBatch.fromRows([{ x: 1.5, s: "a" }]);
  const back = fromArrow(toArrow(batch));
  assert(back.column("x").values!.buffer === batch.column("x").values!.buffer);
  assert(back.column("s").values!.buffer === batch.column("s").values!.buffer);
});

const ALL_TYPES: Record<string, [DataType, unknown]> = {
  bool: [t.bool, true],
  i32: [t.i32, -7],
  i64: [t.i64, 2n ** 62n],
  f32: [t.f32, 1.5],
  f64: [t.f64, 0.1],
  timestamp: [t.timestamp, 1_700_000_000_123],
  date: [t.date, 19_000],
  time: [t.time, 86_399_999],
  decimal: [t.decimal(38, 2), "-123456789012345678901234567890123456.78"],
  utf8: [t.utf8, "ü😀"],
  dict: [t.dict, "x"],
  bytes: [t.bytes, Uint8Array.of(1, 2)],
  list: [t.list(t.i32), [1, null, 3]],
  struct: [t.struct({ a: t.i32, b: t.utf8 }), { a: 1, b: "y" }],
  map: [t.map(t.f64), { k: 2.5 }],
};
const ALL_FIELDS = Object.entries(ALL_TYPES).map(([name, [type]]) => ({ name, type }));
const FULL_ROW = Object.fromEntries(
  Object.entries(ALL_TYPES).map(([name, [, value]]) => [name, value]),
);
const NULL_ROW = Object.fromEntries(Object.keys(ALL_TYPES).map((name) => [name, null]));

/** A value as npm:apache-arrow gives it, as ours would be. */
function fromApache(value: unknown, type: apache.DataType): unknown {
  if (value === null) return null;
  if (apache.DataType.isDate(type)) return Number(value) / 86_400_000;
  if (apache.DataType.isDecimal(type)) {
    const words = value as Uint32Array;
    const wide = words.reduceRight((sum, word) => (sum << 32n) | BigInt(word), 0n);
    return formatDecimal(BigInt.asIntN(128, wide), type.scale);
  }
  if (apache.DataType.isList(type)) return Array.from(value as Iterable<unknown>);
  if (apache.DataType.isStruct(type) || apache.DataType.isMap(type)) {
    return { ...(value as { toJSON(): object }).toJSON() };
  }
  return value;
}

Deno.test("npm:apache-arrow reads the same values from the bytes of toArrow()", () => {
  const rows = [FULL_ROW, NULL_ROW, FULL_ROW];
  const batch = RecordBatch.fromRows(rows, { schema: { fields: ALL_FIELDS } });
  for (const format of FORMATS) {
    const table = apache.tableFromIPC(toArrowIpc(batch, { format }));
    for (const { name } of ALL_FIELDS) {
      const vector = table.getChild(name)!;
      const values = rows.map((_, at) => fromApache(vector.get(at), vector.type));
      assertEquals(values, rows.map((row) => row[name]), name);
    }
  }
});

Deno.test("fromArrow() reads what npm:apache-arrow wrote, in several record batches", () => {
  const rows = [FULL_ROW, NULL_ROW, FULL_ROW];
  const batch = RecordBatch.fromRows(rows, { schema: { fields: ALL_FIELDS } });
  const table = apache.tableFromIPC(toArrowIpc(batch));
  const twice = apache.tableToIPC(table.concat(table), "stream");
  assertSame(fromArrowIpc(twice).toRows(), [...rows, ...rows]);
  const cut = apache.tableToIPC(table.slice(1), "file");
  assertSame(fromArrowIpc(cut).toRows(), rows.slice(1));
});

function readBack(
  type: flechette.DataType,
  values: unknown[],
): { kind: string; values: unknown[] } {
  const column = flechette.columnFromArray(values, type);
  const table = flechette.tableFromColumns({ c: column });
  const batch = fromArrow(
    flechette.tableFromIPC(flechette.tableToIPC(table, { format: "stream" })!),
  );
  const { kind } = batch.schema.fields[0].type;
  return { kind, values: batch.toRows().map(({ c }) => c) };
}

Deno.test("fromArrow() turns Arrow's other types exactly into ours", () => {
  const day = 86_400_000;
  const cases: [flechette.DataType, unknown[], string, unknown[]?][] = [
    [flechette.int8(), [-1, null], "i32"],
    [flechette.uint8(), [255, null], "i32"],
    [flechette.int16(), [-300, null], "i32"],
    [flechette.uint16(), [65_535, null], "i32"],
    [flechette.uint32(), [4_294_967_295, null], "i64"],
    [flechette.uint64(), [5n, null], "i64"],
    [flechette.float16(), [1.5, null], "f32"],
    [flechette.largeUtf8(), ["a", null, "é"], "utf8"],
    [flechette.largeBinary(), [Uint8Array.of(1), null], "bytes"],
    [flechette.fixedSizeBinary(2), [Uint8Array.of(1, 2), null], "bytes"],
    [flechette.largeList(flechette.int8()), [[1, 2], null, [3]], "list"],
    [flechette.fixedSizeList(flechette.int8(), 2), [[1, 2], null, [3, 4]], "list"],
    [flechette.dictionary(flechette.int32()), [7, null, 7], "i32"],
    [flechette.dictionary(flechette.utf8(), flechette.int8()), ["a", null, "b"], "dict"],
    [flechette.dateMillisecond(), [2 * day, null], "date", [2, null]],
    [flechette.timeSecond(), [60, null], "time", [60_000, null]],
    [flechette.timeMicrosecond(), [5_000n, null], "time", [5, null]],
    [flechette.timestamp(flechette.TimeUnit.SECOND), [7000, null], "timestamp"],
    [flechette.timestamp(flechette.TimeUnit.NANOSECOND), [7, null], "timestamp"],
    [flechette.decimal64(10, 1), [-1.5, null], "decimal", ["-1.5", null]],
    [flechette.decimal256(38, 2), [-0.25, null], "decimal", ["-0.25", null]],
    [flechette.nullType(), [null, null], "mixed"],
  ];
  for (const [type, values, kind, expected = values] of cases) {
    assertSame(readBack(type, values), { kind, values: expected });
  }
});

Deno.test("fromArrow() reads views of strings, short ones inline and long ones apart", () => {
  const data = new TextEncoder().encode("a text longer than twelve");
  const values = new Uint8Array(48);
  const view = new DataView(values.buffer);
  view.setInt32(0, 1, true);
  values[4] = "z".charCodeAt(0);
  view.setInt32(32, data.length, true);
  const type = flechette.utf8View();
  const Class = flechette.batchType(type) as unknown as new (
    parts: object,
  ) => flechette.Batch<string>;
  const validity = Uint8Array.of(0b101);
  const batch = new Class({ length: 3, nullCount: 1, type, validity, values, data: [data] });
  const table = flechette.tableFromColumns({ c: new flechette.Column([batch]) });
  const rows = [{ c: "z" }, { c: null }, { c: "a text longer than twelve" }];
  assertSame(fromArrow(table).toRows(), rows);
});

Deno.test("fromArrow() keeps a byte-order mark within views and entries of dictionaries", () => {
  const texts = ["\ufeffa", "\ufeff longer than twelve bytes", null];
  const { values, offsets } = RecordBatch.fromRows([{ c: texts[1] }]).column("c");
  const data = (values as Uint8Array).subarray(offsets![0], offsets![1]);
  const views = new Uint8Array(48);
  const view = new DataView(views.buffer);
  view.setInt32(0, 4, true);
  views.set(new TextEncoder().encode(texts[0]!), 4);
  view.setInt32(16, data.length, true);
  const parts = { length: 3, nullCount: 1, validity: Uint8Array.of(0b011), values: views };
  const type = flechette.utf8View();
  const Class = flechette.batchType(type) as unknown as new (
    parts: object,
  ) => flechette.Batch<string>;
  const read = (data: Uint8Array[]) => {
    const batch = new Class({ ...parts, type, data });
    return fromArrow(flechette.tableFromColumns({ c: new flechette.Column([batch]) }));
  };
  assertSame(read([data]).toRows().map(({ c }) => c), texts);
  assertThrows(() => read([]), RangeError, 'column "c": row 1: a view runs past its buffer');
  assertThrows(() => read([data.subarray(1)]), RangeError, "row 1: a view runs past its buffer");

  const entries = toArrow(RecordBatch.fromRows(texts.map((c) => ({ c })))).getChild("c");
  const indices = flechette.dictionary(flechette.utf8(), flechette.int32());
  const Indices = flechette.batchType(indices) as unknown as new (parts: object) => {
    setDictionary(entries: unknown): flechette.Batch<string>;
  };
  const bits = new Uint8Array(0);
  const rows = { length: 3, nullCount: 0, validity: bits, values: Int32Array.of(2, 1, 0) };
  const batch = new Indices({ ...rows, type: indices }).setDictionary(entries);
  const table = flechette.tableFromColumns({ c: new flechette.Column([batch]) });
  assertSame(fromArrow(table).toRows().map(({ c }) => c), texts.toReversed());
});

Deno.test("fromArrowIpc() reads dictionaries of integers that no double holds", () => {
  const type = flechette.dictionary(flechette.int64());
  const column = flechette.columnFromArray([5n, 6n, null, 5n], type);
  const [{ dictionary }] = column.data as unknown as { dictionary: flechette.Column<bigint> }[];
  (dictionary.data[0].values as BigInt64Array).set([2n ** 63n - 1n, -(2n ** 63n)]);
  const bytes = flechette.tableToIPC(flechette.tableFromColumns({ c: column }), {})!;
  const batch = fromArrowIpc(bytes);
  assertEquals(batch.schema.fields[0].type.kind, "i64");
  const values = [2n ** 63n - 1n, -(2n ** 63n), null, 2n ** 63n - 1n];
  assertSame(batch.toRows().map(({ c }) => c), values);
});

Deno.test("fromArrow() refuses times of other units that would wrap around", () => {
  const cases: [flechette.DataType, (values: never) => void, string][] = [
    [flechette.timestamp(flechette.TimeUnit.SECOND), (all: BigInt64Array) => {
      all[0] = 2n ** 61n;
    }, "row 0: 2305843009213693952 is beyond what a timestamp holds"],
    [flechette.timeSecond(), (all: Int32Array) => {
      all[0] = 536_870_912;
    }, "row 0: 536870912 is beyond what a time holds"],
    [flechette.dateMillisecond(), (all: BigInt64Array) => {
      all[0] = 86_400_000n * 2n ** 32n;
    }, "row 0: 371085174374400000 is beyond what a date holds"],
  ];
  for (const [type, set, message] of cases) {
    const column = flechette.columnFromArray([0], type);
    set(column.data[0].values as never);
    const table = flechette.tableFromColumns({ c: column });
    assertThrows(() => fromArrow(table), RangeError, message);
  }
});

Deno.test("fromArrow() takes what lies below a null struct or list for null, whatever it is", () => {
  const nano = flechette.timestamp(flechette.TimeUnit.NANOSECOND);
  for (
    const type of [
      flechette.struct({ at: nano }),
      flechette.fixedSizeList(flechette.field("item", nano), 1),
    ]
  ) {
    const given = type.typeId === flechette.Type.Struct ? { at: 7 } : [7];
    const column = flechette.columnFromArray([given, null, given], type);
    (column.data[0].children[0].values as BigInt64Array)[1] = 1n;
    Object.assign(column.data[0].children[0], { validity: new Uint8Array(0), nullCount: 0 });
    const batch = fromArrow(flechette.tableFromColumns({ c: column }));
    assertSame(batch.toRows().map(({ c }) => c), [given, null, given]);
  }
});

Deno.test("fromArrow() refuses what would lose something, naming column, row and fix", () => {
  const micro = flechette.timestamp(flechette.TimeUnit.MICROSECOND);
  const cases: [flechette.DataType, unknown[], string][] = [
    [flechette.uint64(), [1n, 2n ** 63n], "row 1: 9223372036854775808 is beyond i64; cast it"],
    [micro, [null, 0.5], "row 1: 500 is not whole milliseconds; cast it to timestamp first"],
    [flechette.timeNanosecond(), [1n], "row 0: 1 is not whole milliseconds"],
    [flechette.decimal256(50, 2), [1.5], "decimal256(50, 2) is beyond decimal(38, 0 to 38)"],
    [flechette.duration(), [1n], "no column type holds Arrow's duration; cast it first"],
    [
      flechette.map(flechette.int32(), flechette.int32()),
      [[[1, 2]]],
      "the keys of a map must be strings",
    ],
  ];
  for (const [type, values, message] of cases) {
    const table = flechette.tableFromColumns({ c: flechette.columnFromArray(values, type) });
    assertThrows(() => fromArrow(table), RangeError, `Cannot read Arrow column "c": ${message}`);
  }
});

Deno.test("fromArrow() reads columns whose offsets do not start at 0", () => {
  const rows = [{ s: "ab", l: [1, 2] }, { s: "c", l: [3] }, { s: "de", l: [] }];
  const table = toArrow(RecordBatch.fromRows(rows));
  for (const { data: [batch] } of table.children) {
    const length = batch.length - 1;
    Object.assign(batch, { length, offsets: (batch.offsets as Int32Array).subarray(1) });
  }
  const cut = new flechette.Table(
    table.schema,
    table.children.map(({ data }) => new flechette.Column([...data])),
  );
  assertSame(fromArrow(cut).toRows(), rows.slice(1));
});

Deno.test("fromArrow() reads decimals of 32 bits", () => {
  const column = flechette.columnFromArray([1, null, 2], flechette.decimal32(5, 2));
  (column.data[0].values as Int32Array).set([125, 0, -99_999]);
  const batch = fromArrow(flechette.tableFromColumns({ c: column }));
  assertSame(batch.toRows().map(({ c }) => c), ["1.25", null, "-999.99"]);
});

Deno.test("fromArrow() refuses a date in milliseconds that is not a whole day", () => {
  const type = flechette.dateMillisecond();
  const column = flechette.columnFromArray([86_400_000], type);
  (column.data[0].values as BigInt64Array)[0] = 5n;
  assertThrows(
    () => fromArrow(flechette.tableFromColumns({ c: column })),
    RangeError,
    "row 0: 5 is not whole days; cast it to date first",
  );
});

Deno.test("fromArrow() of damaged columns is an error", () => {
  const table = toArrow(RecordBatch.fromRows([{ s: "ab" }, { s: "cd" }]));
  (table.children[0].data[0].offsets as Int32Array)[1] = 900;
  assertThrows(() => fromArrow(table), RangeError, 'Arrow column "s": an offset goes back');
});

const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  pythonModules: ["pyarrow"],
  purpose: "compress Arrow files that are read here",
});
/** Takes a file of ours, and gives it back with compressed buffers, in record batches of 7 rows. */
const COMPRESS = `
import sys
import pyarrow as pa
codec, kind = sys.argv[1:]
table = pa.ipc.open_stream(sys.stdin.buffer.read()).read_all()
options = pa.ipc.IpcWriteOptions(compression=codec, emit_dictionary_deltas=True)
sink = pa.BufferOutputStream()
new = pa.ipc.new_file if kind == "file" else pa.ipc.new_stream
with new(sink, table.schema, options=options) as writer:
    writer.write_table(table, max_chunksize=7)
sys.stdout.buffer.write(sink.getvalue())
`;

for (const codec of ["lz4", "zstd"]) {
  Deno.test(
    python.test(`fromArrowIpc() reads buffers that pyarrow compressed by ${codec}`, async (path) => {
      const rows = Array.from({ length: 60 }, (_, at) => at % 5 === 4 ? NULL_ROW : FULL_ROW);
      const long = rows.map((row, at) => ({ ...row, long: "waggle ".repeat(at * 100) }));
      const fields = [...ALL_FIELDS, { name: "long", type: t.utf8 }];
      const given = toArrowIpc(RecordBatch.fromRows(long, { schema: { fields } }));
      for (const format of FORMATS) {
        const args = ["-c", COMPRESS, codec, format];
        const child = new Deno.Command(path, { args, stdin: "piped", stdout: "piped" }).spawn();
        const [{ stdout, success }] = await Promise.all([
          child.output(),
          new Blob([given as BlobPart]).stream().pipeTo(child.stdin),
        ]);
        assert(success);
        assert(stdout.length < given.length / 2, `${stdout.length} of ${given.length}`);
        assertSame(fromArrowIpc(stdout).toRows(), long);
      }
    }),
  );
}

Deno.test("fromArrowIpc() holds buffers to what they claim, and leaves flechette's codecs alone", () => {
  const { CompressionType, getCompressionCodec, setCompressionCodec } = flechette;
  const own = {
    encode: (bytes: Uint8Array) => zstdCompressSync(bytes),
    decode: () => fail("asked"),
  };
  setCompressionCodec(CompressionType.ZSTD, own);
  const rows = Array.from({ length: 500 }, (_, at) => ({ n: at % 3, s: "aaaa" }));
  const table = toArrow(RecordBatch.fromRows(rows));
  const bytes = flechette.tableToIPC(table, { codec: CompressionType.ZSTD })!;
  assertSame(fromArrowIpc(bytes).toRows(), rows);
  assert(getCompressionCodec(CompressionType.ZSTD) === own);
  assert(getCompressionCodec(CompressionType.LZ4_FRAME) === null);
  const begins = [0x28, 0xb5, 0x2f, 0xfd];
  const frame = bytes.findIndex((_, at) => begins.every((byte, i) => bytes[at + i] === byte));
  const length = new DataView(bytes.buffer, bytes.byteOffset + frame - 8);
  const claimed = length.getBigInt64(0, true);
  for (const claim of [claimed - 4n, claimed + 4n, 2n ** 50n]) {
    length.setBigInt64(0, claim, true);
    assertThrows(() => fromArrowIpc(bytes), RangeError, "Cannot read Arrow bytes: a buffer");
  }
  length.setBigInt64(0, claimed, true);
  forSeeds(200, (random) => {
    const damaged = bytes.slice();
    damaged[frame + random.below(bytes.length - frame)] ^= 1 << random.below(8);
    try {
      assertEquals(fromArrowIpc(damaged).length, rows.length);
    } catch (error) {
      assert(error instanceof RangeError, String((error as Error).stack));
    }
  });
  setCompressionCodec(CompressionType.ZSTD, null as never);
});

Deno.test("fromArrowIpc() of bytes that are no Arrow is a RangeError", () => {
  for (const bytes of [[], [1, 2, 3], new Array(64).fill(77), new Array(100).fill(0)]) {
    assertThrows(() => fromArrowIpc(Uint8Array.from(bytes)), RangeError, "Cannot read Arrow");
  }
});

type AnyBatch = flechette.Batch<unknown>;

function allBatches(batch: AnyBatch): AnyBatch[] {
  return [batch, ...(batch.children ?? []).flatMap((child) => allBatches(child))];
}

/** Damages one buffer or length somewhere in a table, as a faulty producer would. */
function damage(table: flechette.Table, { batch: which, part, at, value }: Damage): void {
  const batches = table.children.flatMap((column) => allBatches(column.data[0]));
  const batch = batches[which % batches.length];
  if (part === "length") Object.assign(batch, { length: value });
  else {
    const { buffer, byteOffset, byteLength } = batch[part] ?? new Uint8Array();
    const bytes = new Uint8Array(buffer, byteOffset, byteLength);
    if (bytes.length > 0) bytes[at % bytes.length] = value;
  }
}

const anyDamage = fc.record({
  batch: fc.nat(),
  part: fc.constantFrom("length", "validity", "values", "offsets"),
  at: fc.nat(),
  value: fc.oneof(fc.nat(255), fc.constant(2 ** 40)),
});
type Damage = typeof anyDamage extends fc.Arbitrary<infer T> ? T : never;

Deno.test("fromArrow() of a damaged table gives a RangeError or rows that can be read", () => {
  holds(fc.tuple(schemaAndRows, anyDamage), ([{ schema, rows }, how]) => {
    if (schema.fields.length === 0) return;
    const table = toArrow(RecordBatch.fromRows(rows, { schema }));
    damage(table, how);
    try {
      fromArrow(table).toRows();
    } catch (error) {
      assert(error instanceof RangeError, String((error as Error).stack));
    }
  });
});

Deno.test("toArrow() of rows without a column is an error, of nothing at all an empty table", () => {
  assertThrows(() => toArrow(RecordBatch.fromRows([{}])), RangeError, "1 row without a column");
  const empty = RecordBatch.fromRows([], { schema: { fields: ALL_FIELDS } });
  assertSame(fromArrow(toArrow(empty)).toRows(), []);
  assertEquals(fromArrow(toArrow(RecordBatch.fromRows([]))).length, 0);
});

import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  FilePublisher,
  type FilePublisherOptions,
  from,
  RecordBatch,
  schema,
  toByteStream,
  types as t,
} from "../mod.ts";
import type { DataType, Field } from "../src/batch/schema.ts";
import { parquet, type ParquetCodecName } from "../src/sources/parquet.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { counterpart } from "./support/counterpart.ts";
import { forSeedsAsync, type Random } from "./support/random.ts";
import { randomFields, randomRow } from "./support/random_rows.ts";
import { runScript } from "./support/run_script.ts";

const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  pythonModules: ["pyarrow"],
  purpose: "read Parquet files that are written here",
});
const READER = new URL("support/read_parquet.py", import.meta.url).pathname;
const CODECS: readonly ParquetCodecName[] = ["snappy", "gzip", "zstd", "none"];
const OPENED = {
  signal: new AbortController().signal,
  badRecords: "fail",
  deadLetter: () => {},
} as const;

async function read(path: string, runtime: Runtime = denoRuntime): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const { batch } of parquet(path).open({ ...OPENED, runtime })) {
    if (batch) batches.push(batch);
  }
  return batches;
}

async function rowsIn(path: string, runtime?: Runtime): Promise<Record<string, unknown>[]> {
  return (await read(path, runtime)).flatMap((batch) => batch.toRows());
}

function hasGroup(type: DataType, wrong: (fields: readonly Field[]) => boolean): boolean {
  if (type.kind === "list") return hasGroup(type.item, wrong);
  if (type.kind === "map") return hasGroup(type.value, wrong);
  if (type.kind !== "struct") return false;
  return wrong(type.fields) || type.fields.some((field) => hasGroup(field.type, wrong));
}

/** Columns that Parquet, and its readers, can have. */
function writableFields(random: Random): Field[] {
  const isBad = (fields: readonly Field[]) =>
    fields.length === 0 || fields.some(({ name }) => name === "__proto__" || name.includes("."));
  const fields = randomFields(random, 1 + random.below(6)).filter(({ name, type }) =>
    !isBad([{ name, type }]) && !hasGroup(type, isBad)
  );
  return fields.length > 0 ? fields : [{ name: "id", type: t.i32 }];
}

/** A value as the source of Parquet files gives it. */
function readAs(type: DataType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "i64":
      return BigInt(value as bigint);
    case "list":
      return (value as unknown[]).map((each) => readAs(type.item, each));
    case "map":
      return Object.entries(value as object).map(([key, each]) => ({
        key,
        value: readAs(type.value, each),
      }));
    case "struct":
      return Object.fromEntries(
        type.fields.map(({ name, type }) => [name, readAs(type, (value as never)[name])]),
      );
    case "mixed": {
      const cell = { fields: [{ name: "v", type }] };
      const text = RecordBatch.fromRows([{ v: value }], { schema: cell }).toJson({ lines: true });
      return text.trimEnd().slice('{"v":'.length, -1);
    }
    default:
      return value;
  }
}

Deno.test("batches of any columns come back from a Parquet file as they were", async () => {
  const folder = await Deno.makeTempDir();
  await forSeedsAsync(120, async (random, seed) => {
    const fields = writableFields(random);
    const path = `${folder}/${seed}.parquet`;
    const rows: Record<string, unknown>[] = [];
    {
      await using file = new FilePublisher(path, {
        parquet: { codec: random.pick(CODECS), rowGroupRows: 1 + random.below(40) },
      });
      for (let batches = 1 + random.below(4); batches > 0; batches--) {
        const some = Array.from({ length: random.below(30) }, () => randomRow(fields, random));
        const batch = RecordBatch.fromRows(some, { schema: { fields } }) as RecordBatch;
        await file.publish(batch);
        rows.push(...batch.toRows());
      }
    }
    const back = await rowsIn(path);
    assertEquals(back.length, rows.length);
    rows.forEach((row, at) => {
      for (const { name, type } of fields) {
        assertEquals(back[at][name], readAs(type, row[name]), `${name}, row ${at}`);
      }
    });
  });
  await Deno.remove(folder, { recursive: true });
});

const COLUMNS = schema({
  bool: t.bool,
  i32: t.i32,
  i64: t.i64,
  f32: t.f32,
  f64: t.f64,
  at: t.timestamp,
  day: t.date,
  time: t.time,
  small: t.decimal(7, 2),
  medium: t.decimal(18, 4),
  large: t.decimal(38, 10),
  text: t.utf8,
  kind: t.dict,
  bytes: t.bytes,
  list: t.list(t.i32),
  struct: t.struct({ x: t.f64, tags: t.list(t.utf8) }),
  map: t.map(t.i64),
  json: t.mixed,
});

function everyKind(start: number, count: number): RecordBatch {
  const rows = Array.from({ length: count }, (_, n) => {
    const i = start + n;
    if (i % 5 === 4) return {};
    const sign = i % 2 ? "-" : "";
    return {
      ...{ bool: i % 3 === 0, i32: 2 ** 31 - 1 - i, i64: -(2n ** 63n) + BigInt(i), f32: i / 8 },
      ...{ f64: [i / 10, NaN, -Infinity, -0][i % 4], at: (i - 50) * 1_000_003, day: i - 20_000 },
      ...{ time: i * 1000 + 7, small: `${sign}123.4${i % 10}`, medium: `${sign}${i}.0001` },
      ...{ large: `${sign}1234567890123456789012345678.000000000${i % 10}`, text: `ü😀${i}` },
      ...{ kind: `kind ${i % 3}`, bytes: Uint8Array.of(i % 256, 0, 255) },
      list: Array.from({ length: i % 4 }, (_, j) => j || null),
      struct: i % 3 ? { x: i / 2, tags: i % 2 ? null : ["a", null] } : { x: null, tags: [] },
      map: Object.fromEntries(Array.from({ length: i % 3 }, (_, j) => [`k${j}`, j ? null : 7n])),
      json: [{ a: [1, null] }, i, "text", true][i % 4],
    };
  });
  return RecordBatch.fromRows(rows, { schema: COLUMNS }) as RecordBatch;
}

/** A value as the Python script writes it. */
function printed(type: DataType, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (type.kind) {
    case "f32":
    case "f64":
      return Number.isFinite(value)
        ? hex(value as number)
        : String(value).replace("Infinity", "inf").replace("NaN", "nan");
    case "bool":
    case "utf8":
    case "dict":
    case "decimal":
      return value;
    case "mixed":
      return JSON.stringify(value);
    case "bytes":
      return (value as Uint8Array).toHex();
    case "list":
      return (value as unknown[]).map((each) => printed(type.item, each));
    case "map":
      return Object.entries(value as object).map(([key, each]) => ({
        key,
        value: printed(type.value, each),
      }));
    case "struct":
      return Object.fromEntries(
        type.fields.map(({ name, type }) => [name, printed(type, (value as never)[name])]),
      );
    default:
      return String(value);
  }
}

/** A double as Python's `float.hex` writes it. */
function hex(value: number): string {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const high = bits.getUint32(0);
  const exponent = (high >>> 20) & 0x7ff;
  const digits = (bits.getBigUint64(0) & 0xfffffffffffffn).toString(16).padStart(13, "0");
  const sign = high >>> 31 ? "-" : "";
  if (value === 0) return `${sign}0x0.0p+0`;
  const power = exponent - 1023;
  return `${sign}0x1.${digits}p${power < 0 ? "" : "+"}${power}`;
}

async function writeAll(path: string, options: FilePublisherOptions = {}): Promise<void> {
  await using file = new FilePublisher(path, options);
  for (const start of [0, 130, 131]) await file.publish(everyKind(start, start === 0 ? 130 : 100));
}

Deno.test(
  python.test("pyarrow reads all types, nulls and row groups as they were written", async (path) => {
    const folder = await Deno.makeTempDir();
    const files = CODECS.map((codec) => ({ codec, file: `${folder}/${codec}.parquet` }));
    for (const { codec, file } of files) {
      await writeAll(file, { parquet: { codec, rowGroupRows: 150 } });
    }
    const { success, stdout, stderr } = await new Deno.Command(path, {
      args: [READER, ...files.map(({ file }) => file)],
    }).output();
    await Deno.remove(folder, { recursive: true });
    assert(success, new TextDecoder().decode(stderr));
    const rows = [everyKind(0, 130), everyKind(130, 100), everyKind(131, 100)].flatMap((batch) =>
      batch.toRows()
    );
    const told = new TextDecoder().decode(stdout).trimEnd().split("\n");
    assertEquals(told.length, 4);
    for (const text of told) {
      const { names, types, groups, columns } = JSON.parse(text);
      assertEquals(names, COLUMNS.fields.map(({ name }) => name));
      assertEquals(groups, [150, 150, 30]);
      assertEquals(types.slice(0, 14), [
        ...["bool", "int32", "int64", "float", "double", "timestamp[ms, tz=UTC]", "date32[day]"],
        ...["time32[ms]", "decimal128(7, 2)", "decimal128(18, 4)", "decimal128(38, 10)"],
        ...["string", "string", "binary"],
      ]);
      COLUMNS.fields.forEach(({ name, type }, at) => {
        assertEquals(columns[at], rows.map((row) => printed(type, row[name])), name);
      });
    }
  }),
);

Deno.test("columns that are never null are required, and a file may have no rows", async () => {
  const file = await Deno.makeTempFile({ suffix: ".parquet" });
  const fields: Field[] = [{ name: "n", type: t.i64, nullable: false }, { name: "x", type: t.f64 }];
  const write = async (rows: object[]) => {
    await using to = new FilePublisher(file, { ifExists: "replace" });
    await to.publish(RecordBatch.fromRows(rows, { schema: { fields } }) as RecordBatch);
  };
  await write([{ n: 5n, x: null }, { n: 6n, x: 1 }]);
  const [batch] = await read(file);
  assertEquals(batch.schema.fields[0], fields[0]);
  assertEquals(batch.toRows(), [{ n: 5n, x: null }, { n: 6n, x: 1 }]);
  await write([]);
  assertEquals(await rowsIn(file), []);
  await Deno.remove(file);
});

/** A world whose disk is full now and then, after some bytes of what is written. */
class FullDisk extends SimulatedRuntime {
  isFull = false;

  override async createFile(path: string, how: "new" | "append") {
    const file = await super.createFile(path, how);
    const write = async (bytes: Uint8Array) => {
      if (!this.isFull) return await file.write(bytes);
      await file.write(bytes.subarray(0, bytes.length >> 1));
      throw new Error("disk full");
    };
    return { ...file, write };
  }
}

function numbers(start: number, count: number): RecordBatch {
  const rows = Array.from({ length: count }, (_, i) => ({ id: start + i, x: Math.sin(start + i) }));
  return RecordBatch.fromRows(rows, { schema: schema({ id: t.f64, x: t.f64 }) }) as RecordBatch;
}

Deno.test("what is tried again after a full disk stands in the file once, and can be read", async () => {
  await forSeedsAsync(30, async (random) => {
    const runtime = new FullDisk({ seed: 1 });
    const file = new FilePublisher("a.parquet", {
      runtime,
      parquet: { codec: "none", rowGroupRows: 1 + random.below(9000) },
    });
    let start = 0;
    for (let batches = random.below(8); batches >= 0; batches--) {
      const count = random.pick([1, 50, 5000, 20_000]);
      for (let failures = random.below(3); failures >= 0; failures--) {
        runtime.isFull = failures > 0;
        const isPublished = await file.publish(numbers(start, count)).then(() => true, (error) => {
          assertEquals([error.name, error.retriable], ["StreamingError", true]);
          return false;
        });
        if (isPublished) break;
      }
      start += count;
    }
    runtime.isFull = false;
    await file[Symbol.asyncDispose]();
    const rows = await rowsIn("a.parquet", runtime);
    assertEquals(rows.map(({ id }) => id), Array.from({ length: start }, (_, i) => i));
    assert(rows.every(({ x }, i) => x === Math.sin(i)));
  });
});

Deno.test("memory is bounded by rows of a group, and by their bytes", async () => {
  const runtime = new SimulatedRuntime({ seed: 1 });
  const write = async (batches: RecordBatch[]) => {
    await using file = new FilePublisher("a.parquet", { runtime, ifExists: "replace" });
    const bytes: number[] = [];
    for (const batch of batches) bytes.push((await file.publish(batch)).bytes!);
    return bytes;
  };
  const rows = Array.from({ length: 11 }, (_, i) => numbers(i * 20_000, 20_000));
  const sizes = (await write(rows)).map((size) => size > 1000);
  assertEquals(sizes, rows.map((_, i) => i === 4 || i === 9), "groups of 100,000 rows");
  const large = RecordBatch.fromRows(
    Array.from({ length: 40 }, (_, i) => ({ text: String(i % 10).repeat(1_000_000) })),
  ) as unknown as RecordBatch;
  const larger = (await write([large, large, large])).map((size) => size > 1000);
  assertEquals(larger, [false, true, false], "64 MiB");
});

Deno.test("a stream of batches is the bytes of a Parquet file", async () => {
  const body = toByteStream([numbers(0, 250), numbers(250, 50)], {
    format: "parquet",
    parquet: { rowGroupRows: 100 },
  });
  const file = await new Response(body).bytes();
  const rows = await Array.fromAsync(from(parquet(file), { workers: 1 }));
  assertEquals(rows.map(({ id }) => id), Array.from({ length: 300 }, (_, i) => i));
});

Deno.test("Parquet is refused where it cannot be, and needs its entry point", async () => {
  const make = (path: string, options?: object) => () => new FilePublisher(path, options);
  assertThrows(make("rows.parquet.gz"), TypeError, 'codec: "zstd"');
  assertThrows(make("rows.parquet", { ifExists: "append" }), TypeError, "cannot be appended to");
  assertThrows(make("a.parquet", { parquet: { codec: "lz4" } }), TypeError, '"zstd" or "none"');
  assertThrows(
    make("a.parquet", { parquet: { rowGroupRows: 0 } }),
    RangeError,
    "a whole number from 1",
  );
  assertThrows(make("a.parquet", { parquet: { rows: 1 } }), TypeError, "rowGroupRows");
  const runtime = new SimulatedRuntime({ seed: 1 });
  await using file = new FilePublisher("a.parquet", { runtime });
  const empty = RecordBatch.fromRows([{}], {
    schema: { fields: [{ name: "s", type: t.list({ kind: "struct", fields: [] }) }] },
  }) as RecordBatch;
  const refused = (batch: RecordBatch, text: string) =>
    assertRejects(() => file.publish(batch), Error, text);
  await refused(empty, 'column "s[]" is a struct without fields');
  await file.publish(numbers(0, 5));
  await refused(everyKind(0, 1), "all batches of a file have the same columns");
  await file.publish(numbers(5, 5));
  await file[Symbol.asyncDispose]();
  assertEquals((await rowsIn("a.parquet", runtime)).length, 10);
  const script = `import { FilePublisher } from "./mod.ts";
    try { new FilePublisher("a.parquet"); } catch (error) { console.log(error.message); }`;
  const { out } = await runScript(script, []);
  assertEquals(
    out,
    'Cannot create FilePublisher: the format "parquet" takes a package that is loaded only on ' +
      'request; add import "@waggle/stream/parquet"\n',
  );
});

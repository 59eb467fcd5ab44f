import { Buffer } from "node:buffer";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { parquetWriteBuffer } from "hyparquet-writer";
import {
  count,
  FileSourceError,
  from,
  type RecordBatch,
  SyntheticGenerator,
  TumblingWindow,
} from "../mod.ts";
import {
  parquet,
  ParquetError,
  type ParquetInput,
  type ParquetOptions,
} from "../src/sources/parquet.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { counterpart } from "./support/counterpart.ts";
import { forSeedsAsync } from "./support/random.ts";

const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  pythonModules: ["pyarrow"],
  purpose: "write Parquet files that are read here",
});
const SCRIPT = new URL("support/parquet_files.py", import.meta.url).pathname;
const OPENED = {
  signal: new AbortController().signal,
  badRecords: "fail",
  deadLetter: () => {},
} as const;

async function batchesOf(
  input: ParquetInput,
  options: ParquetOptions = {},
  opened: object = { runtime: denoRuntime },
): Promise<RecordBatch[]> {
  const batches: RecordBatch[] = [];
  for await (const { batch } of parquet(input, options).open({ ...OPENED, ...opened } as never)) {
    if (batch) batches.push(batch);
  }
  return batches;
}

async function rowsOf(...args: Parameters<typeof batchesOf>) {
  return (await batchesOf(...args)).flatMap((batch) => batch.toRows());
}

async function written(path: string, ...args: (string | number)[]): Promise<string> {
  const file = await Deno.makeTempFile({ suffix: ".parquet" });
  const { success, stderr } = await new Deno.Command(path, {
    args: [SCRIPT, file, ...args.map(String)],
  }).output();
  assert(success, new TextDecoder().decode(stderr));
  return file;
}

/** What the script writes as row i. */
function expected(i: number): Record<string, unknown> {
  const us = (at: number) => 1_000_003_000_000 * (at - 50) + (at * 7919) % 1_000_000;
  const ms = Math.floor(us(i) / 1000);
  const money = (BigInt(i - 50) * 10n ** 20n + BigInt(i)).toString();
  const digits = money.replace("-", "").padStart(4, "0");
  const row = {
    bool: i % 3 === 0,
    i8: -128 + (i * 7919) % 256,
    i32: i - 50,
    i64: BigInt(i - 50) * 2n ** 40n,
    u8: (i * 7919) % 256,
    u32: 2 ** 32 - 1 - i,
    u64: String(2n ** 64n - 1n - BigInt(i)),
    f16: i / 4,
    f32: i / 8,
    f64: i / 10,
    text: `ü${i}`,
    few: `kind ${i % 3}`,
    bytes: Uint8Array.of(i % 256, 255),
    fixed: new Uint8Array(4).fill(i % 256),
    date: Math.floor(ms / 86_400_000),
    time_ms: i * 1000 + 7,
    time_us: i,
    at_ms: Math.trunc(us(i) / 1000),
    at_us: ms,
    at_ns: ms,
    small: ((i - 50) / 100).toFixed(2),
    money: `${money.startsWith("-") ? "-" : ""}${digits.slice(0, -3)}.${digits.slice(-3)}`,
    list: Array.from({ length: i % 4 }, (_, j) => j || null),
    struct: { x: i / 2, y: i % 2 ? null : `y${i}` },
    map: Array.from({ length: i % 3 }, (_, j) => ({ key: `k${j}`, value: j })),
    deep: Array.from({ length: i % 3 }, (_, j) => ({
      at: Math.floor(us(j) / 1000),
      n: [BigInt(j)],
    })),
  };
  const nulled = Object.fromEntries(Object.keys(row).map((name) => [name, null]));
  return { ...(i % 5 === 4 ? nulled : row), nothing: null };
}

for (
  const [codec, version] of [["none", "1.0"], ["snappy", "2.0"], ["gzip", "1.0"], ["zstd", "1.0"], [
    "brotli",
    "2.0",
  ], ["lz4", "1.0"]]
) {
  Deno.test(
    python.test(`files of pyarrow are read as they are: ${codec}, pages ${version}`, async (path) => {
      const file = await written(path, codec, 230, 100, version);
      const batches = await batchesOf(file, { batchRows: 64 });
      await Deno.remove(file);
      assertEquals(batches.map(({ length }) => length), [64, 36, 64, 36, 30]);
      const rows = batches.flatMap((batch) => batch.toRows());
      rows.forEach((row, i) => assertEquals(row, { ...row, ...expected(i) }, `row ${i}`));
      assertEquals(Object.keys(rows[0]).length, 27);
    }),
  );
}

function table(rows: number): ArrayBuffer {
  const columnData = [
    {
      name: "at",
      data: Array.from({ length: rows }, (_, i) => new Date(i * 1000)),
      type: "TIMESTAMP",
    },
    { name: "city", data: Array.from({ length: rows }, (_, i) => `city ${i % 5}`), type: "STRING" },
    { name: "n", data: Array.from({ length: rows }, (_, i) => i % 7 ? i : null), type: "INT32" },
    { name: "x", data: Float64Array.from({ length: rows }, (_, i) => i / 3), type: "DOUBLE" },
  ] as const;
  return parquetWriteBuffer({ columnData: columnData as never, rowGroupSize: 300 });
}

const bytes = new Uint8Array(table(1000));

Deno.test("files of npm:hyparquet-writer are read, from bytes, paths and URLs, a row group at a time", async () => {
  const rows = await rowsOf(bytes);
  assertEquals(rows.length, 1000);
  rows.forEach((row, i) => {
    assertEquals(row, { at: i * 1000, city: `city ${i % 5}`, n: i % 7 ? i : null, x: i / 3 });
  });
  const file = await Deno.makeTempFile({ suffix: ".parquet" });
  await Deno.writeFile(file, bytes);
  assertEquals(await rowsOf(file), rows);
  assertEquals(await rowsOf(new URL(`file://${file}`)), rows);
  await Deno.remove(file);
  const runtime = new SimulatedRuntime({ files: new Map([["a.parquet", bytes]]) });
  assertEquals(await rowsOf("a.parquet", {}, { runtime }), rows);
  const batches = await batchesOf(bytes);
  assertEquals(batches.map(({ length }) => length), [300, 300, 300, 100]);
});

Deno.test("bytes are read that are a part of larger memory, as those of a Buffer are", async () => {
  const columnData = [{ name: "n", data: [1, 2, 3], type: "INT32" as const }];
  const file = new Uint8Array(parquetWriteBuffer({ columnData }));
  const memory = Buffer.alloc(file.length + 32);
  memory.set(file, 16);
  const part = memory.subarray(16, 16 + file.length);
  assertEquals(await rowsOf(part), [{ n: 1 }, { n: 2 }, { n: 3 }]);
});

Deno.test("only the columns that are asked for are read", async () => {
  const names = async (options: ParquetOptions, opened: object = {}) =>
    (await batchesOf(bytes, options, { runtime: denoRuntime, ...opened }))[0].names;
  assertEquals(await names({ columns: ["x", "city"] }), ["city", "x"]);
  assertEquals(await names({}, { columns: new Set(["n"]) }), ["n"]);
  assertEquals(await names({}, { columns: new Set(["n"]), wholeRecords: true }), [
    "at",
    "city",
    "n",
    "x",
  ]);
  await assertRejects(() => rowsOf(bytes, { columns: ["citty"] }), TypeError, 'mean "city"');
});

Deno.test("a Parquet file is a source of pipelines and of fits", async () => {
  const minutes = from(parquet(bytes), { workers: 1 })
    .timestamps("at")
    .window(new TumblingWindow({ size: "5m" }))
    .aggregate({ n: count() });
  const counts: number[] = [];
  for await (const { n } of minutes) counts.push(Number(n));
  assertEquals(counts, [300, 300, 300, 100]);
  const generator = await SyntheticGenerator.fit(parquet(bytes), { model: "independent" });
  const cities = new Set(generator.sample(500).toRows().map(({ city }) => city));
  assertEquals(cities.size, 5);
});

Deno.test("what is no Parquet file, damaged, cut off or too large is said so", async () => {
  const refused = async (input: Uint8Array, ...texts: string[]) => {
    const error = await assertRejects(() => rowsOf(input, { name: "a file" }), ParquetError);
    for (const each of ["Cannot read a file", ...texts]) {
      assert(error.message.includes(each), error.message);
    }
  };
  await refused(new Uint8Array(), "does not end with PAR1");
  await refused(new TextEncoder().encode("a,b\n1,2\n3,4\n"), "another kind of file");
  await refused(bytes.slice(0, -100), "cut off");
  const encrypted = bytes.slice();
  encrypted.set(new TextEncoder().encode("PARE"), bytes.length - 4);
  await refused(encrypted, "encrypted");
  const long = bytes.slice();
  new DataView(long.buffer).setUint32(long.length - 8, 1e9, true);
  await refused(long, "footer says that it has 1000000000 bytes");
  await assertRejects(
    () => rowsOf(bytes, { maxRowGroupBytes: 100 }),
    ParquetError,
    "smaller row groups",
  );
  await assertRejects(
    () => rowsOf("no/such.parquet"),
    FileSourceError,
    "check that the path is right",
  );
  for (const input of [5, new URL("https://example.org/a.parquet"), null]) {
    assertThrows(() => parquet(input as never), TypeError, "expected the path");
  }
  assertThrows(() => parquet(bytes, { batchRows: 0 }), RangeError, "batchRows");
  assertThrows(() => parquet(bytes, { column: ["a"] } as never), TypeError, "columns");
});

Deno.test("two columns of one name are an error, unless others are asked for", async () => {
  const columnData = ["a", "b", "a"].map((name) => ({
    name,
    data: [1, 2],
    type: "INT32" as const,
  }));
  const twice = new Uint8Array(parquetWriteBuffer({ columnData }));
  await assertRejects(() => rowsOf(twice), ParquetError, 'it has two columns "a"; write it');
  assertEquals(await rowsOf(twice, { columns: ["b"] }), [{ b: 1 }, { b: 2 }]);
});

/** Writes a file of columns a and b, of which a is encrypted and the footer is not. */
const ENCRYPT = `
import base64, sys
import pyarrow as pa, pyarrow.parquet as pq, pyarrow.parquet.encryption as pe
class Keys(pe.KmsClient):
    def __init__(self, config):
        super().__init__()
    def wrap_key(self, key, name):
        return base64.b64encode(key)
    def unwrap_key(self, key, name):
        return base64.b64decode(key)
factory = pe.CryptoFactory(lambda config: Keys(config))
how = pe.EncryptionConfiguration(footer_key="f", column_keys={"k": ["a"]}, plaintext_footer=True)
given = factory.file_encryption_properties(pe.KmsConnectionConfig(), how)
table = pa.table({"a": [1], "b": [2]})
with pq.ParquetWriter(sys.argv[1], table.schema, encryption_properties=given) as writer:
    writer.write_table(table)
`;

Deno.test(
  python.test("a column that is encrypted is named, and the others are read", async (path) => {
    const file = await Deno.makeTempFile({ suffix: ".parquet" });
    const args = ["-c", ENCRYPT, file];
    const { success, stderr } = await new Deno.Command(path, { args }).output();
    assert(success, new TextDecoder().decode(stderr));
    await assertRejects(() => rowsOf(file), ParquetError, "column a is encrypted; decrypt it");
    assertEquals(await rowsOf(file, { columns: ["b"] }), [{ b: 2n }]);
    await Deno.remove(file);
  }),
);

Deno.test("a file that is cut off anywhere, or whose footer is cleared anywhere, is an error", async () => {
  const small = new Uint8Array(table(60));
  const footer = small.length - 8 - new DataView(small.buffer).getUint32(small.length - 8, true);
  await forSeedsAsync(60, async (random) => {
    const cut = small.slice(0, random.below(small.length));
    await assertRejects(() => rowsOf(cut), ParquetError, "Cannot read the bytes");
    const cleared = small.slice();
    const from = footer + random.below(20);
    cleared.fill(0, from, from + 60);
    await assertRejects(() => rowsOf(cleared), Error, "Cannot read the bytes");
  });
});

const CODED = new URL("support/coded_parquet.py", import.meta.url).pathname;
Deno.test(
  python.test("files whose pages are damaged anywhere are read, or an error, and never a loop", async (path) => {
    const folder = await Deno.makeTempDir();
    const { stdout } = await new Deno.Command(path, { args: [CODED, folder] }).output();
    const names = new TextDecoder().decode(stdout).trim().split("\n");
    assertEquals(names.length, 8);
    const files = names.map((name) => Deno.readFileSync(name));
    await Deno.remove(folder, { recursive: true });
    for (const file of files) assertEquals((await rowsOf(file)).length, 900);
    let errors = 0;
    await forSeedsAsync(240, async (random) => {
      const file = random.pick(files);
      const footer = file.length - 8 - new DataView(file.buffer).getUint32(file.length - 8, true);
      const damaged = file.slice();
      for (let changes = 1 + random.below(8); changes > 0; changes--) {
        damaged[4 + random.below(footer - 4)] = random.chance(0.5) ? 255 : random.below(256);
      }
      await rowsOf(damaged).catch((error: Error) => {
        assert(error.message.startsWith("Cannot read the bytes: row group "), error.message);
        errors++;
      });
    });
    assert(errors > 50, String(errors));
  }),
);

import { assert, assertEquals } from "@std/assert";
import {
  type AvroCodec,
  AvroEncoder,
  AvroFileDecoder,
  AvroFileEncoder,
  avroFingerprint,
  avroMessages,
  avroSchemaOf,
  CsvDecoder,
  CsvEncoder,
  JsonEncoder,
  NdjsonDecoder,
  RecordBatch,
  schema,
  types as t,
} from "@waggle/stream";
import { fromMessagePack, toMessagePack } from "@waggle/stream/msgpack";
import { AVRO_CODECS } from "../src/codecs/avro/avro_block_codecs.ts";
import { bytesOf } from "./support/chunks.ts";
import { counterpart } from "./support/counterpart.ts";

const python = counterpart({
  program: "python3",
  debianPackage: "python3-venv",
  pythonModules: ["cramjam", "fastavro", "msgpack", "zstandard"],
  purpose: "read what is written here, and write what is read",
});
const SCRIPT = new URL("support/interop.py", import.meta.url).pathname;

/** What a command of the script writes. */
async function run(path: string, command: string, input: Uint8Array): Promise<Uint8Array> {
  const child = new Deno.Command(path, { args: [SCRIPT, command], stdin: "piped", stdout: "piped" })
    .spawn();
  const fed = new Blob([input as Uint8Array<ArrayBuffer>]).stream().pipeTo(child.stdin);
  const [{ success, stdout }] = await Promise.all([child.output(), fed]);
  assert(success, command);
  return stdout;
}

async function read(path: string, command: string, input: Uint8Array): Promise<unknown> {
  return JSON.parse(new TextDecoder().decode(await run(path, command, input)));
}

async function write(path: string, command: string, given: object): Promise<Uint8Array> {
  return await run(path, command, bytesOf(JSON.stringify(given)));
}

const columns = schema({
  name: t.required(t.utf8),
  kind: t.dict,
  whole: t.i32,
  long: t.i64,
  x: t.f64,
  isNew: t.bool,
  at: t.timestamp,
  raw: t.bytes,
  list: t.list(t.i32),
  inner: t.struct({ a: t.utf8, b: t.f64 }),
  counts: t.map(t.i32),
});
const avroColumns = schema({
  ...{ name: t.required(t.utf8), kind: t.dict, whole: t.i32, long: t.i64, x: t.f64, isNew: t.bool },
  ...{ at: t.timestamp, raw: t.bytes, list: t.list(t.i32), counts: t.map(t.i32) },
  ...{
    inner: t.struct({ a: t.utf8, b: t.f64 }),
    price: t.decimal(12, 2),
    day: t.date,
    time: t.time,
  },
});

type Row = Record<string, unknown>;

function rowAt(at: number): Row {
  if (at % 7 === 6) {
    const none = Object.fromEntries(columns.fields.map(({ name }) => [name, null]));
    return { ...none, name: `bird ${at}` };
  }
  return {
    name: at % 5 === 0 ? `Gr\u00fcnfink \u{1f99c} ${at}` : `bird ${at}`,
    kind: ["gull", "owl", ""][at % 3],
    whole: (at - 50) * 40_000_000 | 0,
    long: BigInt.asIntN(64, 0x9e3779b97f4a7c15n * BigInt(at)),
    x: Math.sin(at + 1) * 10 ** (at % 30 - 20),
    isNew: at % 2 === 0,
    at: 1_700_000_000_123 + at * 86_399_999,
    raw: Uint8Array.of(0, at, 255),
    list: [at, null, -at],
    inner: { a: `a${at}`, b: at / 3 },
    counts: { x: at, "\u00e9": -1 },
  };
}

function avroRowAt(at: number): Row {
  const more = at % 7 === 6
    ? { price: null, day: null, time: null }
    : { price: `${at - 50}.${at % 10}5`, day: 19_000 + at, time: at * 1_001 };
  return { ...rowAt(at), ...more };
}

/** A value as the script spells it in JSON. */
function spelled(name: string, value: unknown): unknown {
  if (value === null) return null;
  if (typeof value === "bigint") {
    return value > 2n ** 53n || value < -(2n ** 53n) ? { int: String(value) } : Number(value);
  }
  if (value instanceof Uint8Array) return { hex: value.toHex() };
  if (name === "at") return { ms: value };
  if (name === "day") return { days: value };
  if (name === "time") return { time: value };
  return name === "price" ? { decimal: value } : value;
}

function spelledRows(rows: readonly Row[]): unknown[] {
  return rows.map((row) =>
    Object.fromEntries(Object.entries(row).map(([name, value]) => [name, spelled(name, value)]))
  );
}

const rows = Array.from({ length: 100 }, (_, at) => rowAt(at));
const batch = RecordBatch.fromRows(rows, { schema: columns });
const avroRows = Array.from({ length: 1_000 }, (_, at) => avroRowAt(at));
const avroBatch = RecordBatch.fromRows(avroRows, { schema: avroColumns });

/** A row with its keys in the order of the columns. */
function ordered(row: Row, { fields }: { fields: readonly { name: string }[] }): Row {
  return Object.fromEntries(fields.map(({ name }) => [name, row[name]]));
}

async function encodedAvro(codec: AvroCodec): Promise<Uint8Array> {
  using encoder = new AvroFileEncoder({ codec, blockBytes: 8_000 });
  const pieces = [...encoder.push(avroBatch), ...encoder.finish()];
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}

for (const codec of AVRO_CODECS) {
  Deno.test(
    python.test(`fastavro reads Avro files of codec ${codec} that are written here`, async (path) => {
      const found = await read(path, "read_avro", await encodedAvro(codec));
      assertEquals(found, spelledRows(avroRows.map((row) => ordered(row, avroColumns))));
    }),
  );
}

for (const codec of AVRO_CODECS) {
  Deno.test(
    python.test(`Avro files of codec ${codec} that fastavro writes are read here`, async (path) => {
      const rows = spelledRows(avroRows);
      const avro = JSON.parse(avroSchemaOf(avroColumns).json);
      const file = await write(path, "write_avro", { schema: avro, codec, rows });
      const decoder = new AvroFileDecoder({ schema: avroColumns });
      const batches = [...decoder.push(file), ...decoder.finish()];
      assert(batches.length > 10);
      assertEquals(decoder.info?.codec, codec);
      assertEquals(RecordBatch.concat(batches).toRows(), avroBatch.toRows());
    }),
  );
}

Deno.test(python.test("fastavro gives the same fingerprints", async (path) => {
  const avro = avroSchemaOf(avroColumns, { name: "Bird", namespace: "zoo" });
  const [, ...found] = await read(path, "fingerprints", bytesOf(avro.json)) as string[];
  const digests = (["CRC-64-AVRO", "MD5", "SHA-256"] as const).map((algorithm) =>
    avroFingerprint(avro, algorithm).toHex()
  );
  assertEquals(found, digests);
}));

Deno.test(
  python.test("Python's msgpack reads what is written here, and the other way round", async (path) => {
    assertEquals(await read(path, "read_msgpack", toMessagePack(batch)), spelledRows(rows));
    const bytes = await write(path, "write_msgpack", { rows: spelledRows(rows) });
    assertEquals(fromMessagePack(bytes, { schema: columns }).toRows(), batch.toRows());
  }),
);

/** The columns that JSON has values for. */
const plain = batch.select([
  "name",
  "kind",
  "whole",
  "long",
  "x",
  "isNew",
  "list",
  "inner",
  "counts",
]);

Deno.test(
  python.test("Python's json reads the JSON lines that are written here, and the other way round", async (path) => {
    const expected = spelledRows(plain.toRows());
    using lines = new JsonEncoder({ lines: true });
    assertEquals(await read(path, "read_jsonl", lines.encode(plain as never)), expected);
    using array = new JsonEncoder();
    assertEquals(await read(path, "read_json", array.encode(plain as never)), expected);
    const written = await write(path, "write_jsonl", { rows: expected });
    const decoder = new NdjsonDecoder({ schema: plain.schema });
    const batches = [...decoder.push(written), ...decoder.finish()];
    assertEquals(RecordBatch.concat(batches).toRows(), plain.toRows());
  }),
);

Deno.test(python.test("CSV that Python's csv writes is read here", async (path) => {
  const texts = [
    "",
    "a,b",
    'say "hi"',
    "two\nlines",
    "cr\r\nlf",
    " blanks ",
    "\u00fc\u{1f41d}",
    "'",
  ];
  const given = texts.flatMap((a, at) => texts.map((b) => ({ a: `${at}${a}`, b, n: String(at) })));
  const bytes = await write(path, "write_csv", { rows: given });
  const types = schema({ a: t.utf8, b: t.utf8, n: t.i32 });
  const decoder = new CsvDecoder({ schema: types, emptyStrings: "keep" });
  const found = RecordBatch.concat([...decoder.push(bytes), ...decoder.finish()]).toRows();
  assertEquals(found, given.map((row) => ({ ...row, n: Number(row.n) })));
}));

Deno.test(python.test("Python's csv reads the CSV that is written here", async (path) => {
  const flat = batch.select(["name", "kind", "whole", "long", "x", "isNew"]);
  using encoder = new CsvEncoder();
  const found = await read(path, "read_csv", encoder.encode(flat as never));
  const texts = flat.toRows().map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [name, value === null ? "" : String(value)]),
    )
  );
  assertEquals(found, texts);
}));

Deno.test(
  python.test("fastavro reads the records of messages that are written here", async (path) => {
    using encoder = new AvroEncoder(avroSchemaOf(avroColumns));
    const encoded = encoder.encode(avroBatch.slice(0, 20) as never);
    const { schema } = encoder;
    const messages = [
      ...avroMessages(encoded, { schema }),
      ...avroMessages(encoded, { schemaId: 513 }),
    ];
    const lines = [schema.json, ...messages.map((message) => message.toHex())].join("\n");
    const found = await read(path, "read_message", bytesOf(lines));
    const expected = spelledRows(avroRows.slice(0, 20).map((row) => ordered(row, avroColumns)));
    const prefixes = [`c301${avroFingerprint(schema).toHex()}`, "0000000201"];
    assertEquals(found, prefixes.flatMap((hex) => expected.map((row) => [{ hex }, row])));
  }),
);

import { assert, assertEquals } from "@std/assert";
import { type DataType, type Field, type Schema, types as t } from "../mod.ts";
import { AvroBlockDecoder } from "../src/codecs/avro/avro_block_decoder.ts";
import type { BlockDecoder } from "../src/codecs/block_decoder.ts";
import { createBlockDecoder } from "../src/codecs/create_block_decoder.ts";
import { parseAvroSchema } from "../src/codecs/avro/parse_avro_schema.ts";
import { ReferenceAvroReader } from "../src/codecs/avro/reference_avro_reader.ts";
import { create } from "../src/kernel/kernel.ts";
import { anyRecord, type AvroCase, type AvroCaseField, avscType } from "./support/avro_cases.ts";
import { forSeeds, type Random } from "./support/random.ts";

const SEEDS = 250;
const DOCUMENTS = 400;
const RECORD_BYTES = 1 << 20;

/** What there is in a document: rows, and where bad records begin and end. */
interface Content {
  readonly rows: unknown[];
  readonly bad: number[][];
}

function decoderOf(writer: object, reader: object, schema: Schema): BlockDecoder {
  const schemas = { writerSchema: JSON.stringify(writer), readerSchema: JSON.stringify(reader) };
  const limits = { batchRows: 4_096, maxRecordBytes: RECORD_BYTES };
  return createBlockDecoder({ format: "avro", schema, ...schemas, ...limits }, create());
}

function byKernel(decoder: BlockDecoder, bytes: Uint8Array): Content {
  const { batch, bad, end } = decoder.decode(bytes);
  assertEquals(end, bytes.length);
  for (const { at, start, end } of bad) assert(at! >= start && at! <= end);
  return { rows: batch.toRows(), bad: bad.map(({ start, end }) => [start, end]) };
}

function byTwin(twin: ReferenceAvroReader, bytes: Uint8Array): Content {
  const rows: unknown[] = [];
  const bad: number[][] = [];
  for (let at = 0; at < bytes.length;) {
    const found = twin.read(bytes, at);
    const end = found?.end ?? bytes.length;
    if (found === undefined || found.isUnfit) bad.push([at, end]);
    else rows.push(found.row);
    at = end;
  }
  return { rows, bad };
}

/** Whether two plain values are the same; quick where they are, unlike `assertEquals`. */
function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((key) =>
      isSame((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key])
    );
}

/** Types that there are no columns for, which can be passed over all the same. */
function unwanted(random: Random, at: number): unknown {
  const inner = {
    ...{ type: "record", name: `Inner${at}` },
    fields: [{ name: "a", type: "int" }, { name: "b", type: ["string", "double", "null"] }],
  };
  const list = {
    ...{ type: "record", name: `List${at}` },
    fields: [{ name: "a", type: "boolean" }, { name: "next", type: ["null", `List${at}`] }],
  };
  return random.pick([
    ["null", "string", { type: "fixed", name: `Fixed${at}`, size: 3 }],
    { type: "array", items: inner },
    { type: "map", values: { type: "array", items: ["long", "null"] } },
    ["int", { type: "map", values: "bytes" }, inner],
    { type: "array", items: "null" },
    list,
    { type: "array", items: list },
  ]);
}

/** A random record with more fields in between that nobody wants. */
function withUnwanted(random: Random): AvroCase {
  const made = anyRecord(random);
  const more = Array.from({ length: random.below(3) }, (_, at) => {
    const type = unwanted(random, at);
    return { name: `more${at}`, type, avsc: avscType(type) };
  });
  const all = [...made.avro.fields, ...more.map(({ name, type }) => ({ name, type }))];
  return {
    ...made,
    avro: { ...made.avro, fields: random.shuffle(all) },
    wire: (row) => ({
      ...made.wire(row),
      ...Object.fromEntries(more.map(({ name, avsc }) => [name, avsc.random()])),
    }),
  };
}

/** A field as a later schema may have it, with its column. */
function evolvedField(random: Random, { name, type }: AvroCaseField, column: Field) {
  let [avro, into] = [type, column.type];
  const wider = { int: ["long", t.i64], float: ["double", t.f64], string: ["bytes", t.bytes] };
  const isPlain = ["i32", "f32", "utf8"].includes(into.kind);
  if (into.kind === "struct") {
    into = { ...into, fields: random.shuffle(into.fields).filter(() => random.chance(0.6)) };
  }
  if (isPlain && Object.hasOwn(wider, String(avro)) && random.chance(0.5)) {
    [avro, into] = wider[avro as keyof typeof wider] as [string, DataType];
  }
  let nullable = Array.isArray(avro);
  if (random.chance(0.3)) {
    avro = Array.isArray(avro) ? avro.find((each) => each !== "null") : ["null", avro];
    nullable = !nullable;
  }
  const renamed = random.chance(0.3) ? `${name}_new` : name;
  const aliases = renamed === name ? [] : ["other", name];
  return {
    field: { name: renamed, aliases, type: avro },
    column: { name: renamed, type: into, nullable },
  };
}

/** What a later schema reads: fields in another order, some dropped, some added. */
function evolved(random: Random, { avro, schema }: AvroCase) {
  const kept = schema.fields.map((column) => {
    const field = avro.fields.find(({ name }) => name === column.name)!;
    return evolvedField(random, field, column);
  }).filter(() => random.chance(0.8));
  const added: typeof kept = [
    {
      field: { name: "added", aliases: [], type: "string", default: "späť" } as AvroCaseField & {
        aliases: string[];
      },
      column: { name: "added", type: t.utf8, nullable: false },
    },
    {
      field: {
        ...{ name: "tags", aliases: [], type: { type: "array", items: "int" } },
        default: [1, -1],
      } as AvroCaseField & { aliases: string[] },
      column: { name: "tags", type: t.list(t.i32), nullable: false },
    },
  ];
  const all = random.shuffle([...kept, ...added.filter(() => random.chance(0.4))]);
  return {
    reader: { ...avro, fields: all.map(({ field }) => field) },
    columns: { fields: all.map(({ column }) => column) },
  };
}

/** Holds kernel and twin equal on documents of a random schema, read as it is or as another. */
function compareAll(random: Random, documents: (made: AvroCase) => Iterable<Uint8Array>): number {
  const made = withUnwanted(random);
  const { reader, columns } = random.chance(0.5)
    ? evolved(random, made)
    : { reader: made.avro, columns: made.schema };
  const writer = parseAvroSchema(made.avro);
  const twin = new ReferenceAvroReader(writer, parseAvroSchema(reader), columns);
  using decoder = decoderOf(made.avro, reader, columns);
  let count = 0;
  for (const bytes of documents(made)) {
    const [found, expected] = [byKernel(decoder, bytes), byTwin(twin, bytes)];
    if (!isSame(found, expected)) {
      assertEquals(found, expected, `${bytes.toHex()} by ${JSON.stringify([made.avro, reader])}`);
    }
    count++;
  }
  return count;
}

function anyDocument(random: Random): Uint8Array {
  const length = 1 + random.below(24);
  // small numbers are lengths and branches that go on
  const most = random.pick([3, 8, 40, 256]);
  return Uint8Array.from({ length }, () => random.below(most));
}

/** A few records that were written properly. */
function valid({ avro, make, wire }: AvroCase, random: Random): Uint8Array {
  const type = avscType(avro);
  const parts = Array.from(
    { length: 1 + random.below(3) },
    () => type.toBuffer(wire(make(random))),
  );
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

function mutated(document: Uint8Array, random: Random): Uint8Array {
  const bytes = document.slice();
  for (let left = 1 + random.below(3); left > 0; left--) {
    const at = random.below(bytes.length);
    const how = random.below(4);
    if (how === 0) bytes[at] = random.below(256);
    else if (how === 1) bytes[at] ^= 1 << random.below(8);
    else if (how === 2) bytes.copyWithin(at, random.below(bytes.length));
    else bytes[at] = random.pick([0, 1, 2, 0x7f, 0x80, 0xff]);
  }
  return random.chance(0.2) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes;
}

Deno.test("AvroBlockDecoder reads of 10^5 documents of random bytes what ReferenceAvroReader reads", () => {
  let count = 0;
  forSeeds(SEEDS, (random) => {
    count += compareAll(random, function* () {
      for (let left = DOCUMENTS; left > 0; left--) yield anyDocument(random);
    });
  });
  assert(count >= 1e5, `${count}`);
});

Deno.test("AvroBlockDecoder reads of 10^5 damaged documents what ReferenceAvroReader reads", () => {
  let count = 0;
  forSeeds(SEEDS, (random) => {
    count += compareAll(random, function* (made) {
      const documents = Array.from({ length: 8 }, () => valid(made, random));
      for (let left = DOCUMENTS; left > 0; left--) yield mutated(random.pick(documents), random);
    });
  });
  assert(count >= 1e5, `${count}`);
});

Deno.test("AvroBlockDecoder reads documents that are cut at any byte", () => {
  forSeeds(100, (random) => {
    compareAll(random, function* (made) {
      const bytes = valid(made, random);
      for (let end = 0; end <= bytes.length; end++) yield bytes.subarray(0, end);
    });
  });
});

Deno.test("AvroBlockDecoder goes on after a bad record and stops at a full batch", () => {
  const avro = { type: "record", name: "R", fields: [{ name: "a", type: "int" }] };
  const schema: Schema = { fields: [{ name: "a", type: { kind: "i32" } }] };
  using decoder = new AvroBlockDecoder({
    ...{ format: "avro", schema, batchRows: 3, maxRecordBytes: 10 },
    writerSchema: JSON.stringify(avro),
  }, create());
  const block = Uint8Array.fromHex("02" + "8080808020" + "04" + "06" + "08" + "80");
  const first = decoder.decode(block);
  assertEquals(first.batch.toRows(), [{ a: 1 }, { a: 2 }]);
  assertEquals([first.records, first.end, first.lines], [3, 7, 0]);
  assertEquals(first.bad, [{
    ...{ record: 1, line: 0, start: 1, end: 6, at: 1, column: "a" },
    reason: "expected int: 4294967296 is no int (of 32 bits)",
    fix: "the bytes are damaged, or were written with another schema: pass the writer's",
  }]);
  const second = decoder.decode(block, first.end);
  assertEquals(second.batch.toRows(), [{ a: 3 }, { a: 4 }]);
  assertEquals([second.records, second.end], [3, block.length]);
  assertEquals(second.bad.map(({ record, start, end }) => [record, start, end]), [[2, 9, 10]]);
});

Deno.test("AvroBlockDecoder reads blocks larger than its window, and records larger than that", () => {
  const avro = { type: "record", name: "R", fields: [{ name: "a", type: "string" }] };
  const schema: Schema = { fields: [{ name: "a", type: { kind: "utf8" } }] };
  const type = avscType(avro);
  const texts = Array.from({ length: 40 }, (_, at) => "x".repeat((at % 7) * 20_000 + at));
  texts.splice(20, 0, "y".repeat(5_000_000));
  const block = Uint8Array.from(
    texts.map((a) => type.toBuffer({ a })).reduce((all, part) => {
      const joined = new Uint8Array(all.length + part.length);
      joined.set(all);
      joined.set(part, all.length);
      return joined;
    }, new Uint8Array()),
  );
  const read = (maxRecordBytes: number) => {
    const plan = { schema, batchRows: 16, maxRecordBytes, writerSchema: JSON.stringify(avro) };
    using decoder = new AvroBlockDecoder({ format: "avro", ...plan }, create());
    const rows: unknown[] = [];
    const bad: string[] = [];
    for (let at = 0; at < block.length;) {
      const found = decoder.decode(block, at);
      rows.push(...found.batch.toRows().map(({ a }) => a));
      bad.push(...found.bad.map(({ reason }) => reason));
      at = found.end;
    }
    return { rows, bad };
  };
  const all = read(10_000_000);
  assert(isSame(all.rows, texts) && all.bad.length === 0);
  const some = read(2_000_000);
  assert(isSame(some.rows, texts.slice(0, 20)));
  assertEquals(some.bad, ["the record is larger than maxRecordBytes (2000000)"]);
});

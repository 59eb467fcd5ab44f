import { assert, assertEquals, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { deflateSync } from "node:zlib";
import avsc from "avsc";
import {
  type AvroCodec,
  AvroFileDecoder,
  type AvroFileDecoderOptions,
  AvroFileEncoder,
  type AvroFileEncoderOptions,
  AvroFileError,
  type BadRecord,
  RecordBatch,
  schema,
  types as t,
} from "../mod.ts";
import { concatBytes } from "../src/batch/concat_bytes.ts";
import { AVRO_CODECS } from "../src/codecs/avro/avro_block_codecs.ts";
import { AvroFileFaultError } from "../src/codecs/avro/avro_file_fault.ts";
import { AvroFileReader } from "../src/codecs/avro/avro_file_records.ts";
import { anyRecord } from "./support/avro_cases.ts";
import { forSeeds, Random } from "./support/random.ts";

const SYNC = Uint8Array.from({ length: 16 }, (_, at) => 0xf0 + at);
const columns = schema({ bird: t.required(t.utf8), count: t.i32, x: t.f64 });
const SEED = Number(Deno.env.get("WAGGLE_TEST_SEED") ?? 5);

function birds(count: number): RecordBatch<never> {
  const rows = Array.from({ length: count }, (_, at) => ({
    bird: `Gull ${at}`,
    count: at % 3 === 0 ? null : at,
    x: at / 7,
  }));
  return RecordBatch.fromRows(rows, { schema: columns }) as never;
}

function fileOf(batch: RecordBatch<never>, options: AvroFileEncoderOptions = {}): Uint8Array {
  using encoder = new AvroFileEncoder({ syncMarker: SYNC, ...options });
  return concatBytes([...encoder.push(batch), ...encoder.finish()]);
}

interface Read {
  readonly rows: unknown[];
  readonly bad: BadRecord[];
  readonly decoder: AvroFileDecoder;
  readonly batches: RecordBatch[];
}

function read(chunks: Iterable<Uint8Array>, options: AvroFileDecoderOptions = {}): Read {
  const bad: BadRecord[] = [];
  const policy = options.badRecords === "deadLetter"
    ? { deadLetter: (each: BadRecord) => void bad.push(each) }
    : {};
  const decoder = new AvroFileDecoder({ ...options, ...policy });
  const batches: RecordBatch[] = [];
  for (const chunk of chunks) batches.push(...decoder.push(chunk));
  batches.push(...decoder.finish());
  const rows = batches.flatMap((batch) => batch.toRows());
  const { records, badRecords } = decoder.metrics();
  assertEquals(decoder.metrics().rows, rows.length);
  assertEquals(records, rows.length + badRecords);
  return { rows, bad, decoder, batches };
}

function rejection(bytes: Uint8Array, options?: AvroFileDecoderOptions): AvroFileError {
  return assertThrows(() => read([bytes], options), AvroFileError) as AvroFileError;
}

/** A file by hand: metadata, then blocks of a count, a size and bytes, and a marker. */
function fileByHand(
  metadata: Record<string, string>,
  blocks: readonly { count?: bigint; size?: bigint; bytes: Uint8Array; sync?: Uint8Array }[],
): Uint8Array {
  const long = (value: bigint): number[] => {
    const bytes: number[] = [];
    let left = BigInt.asUintN(64, value << 1n ^ value >> 63n);
    for (; left > 127n; left >>= 7n) bytes.push(Number(left & 127n) | 128);
    return [...bytes, Number(left)];
  };
  const text = (value: string): number[] => {
    const bytes = new TextEncoder().encode(value);
    return [...long(BigInt(bytes.length)), ...bytes];
  };
  const entries = Object.entries(metadata);
  const head = entries.flatMap(([key, value]) => [...text(key), ...text(value)]);
  const count = entries.length === 0 ? [] : long(BigInt(entries.length));
  return Uint8Array.from([
    ...[0x4f, 0x62, 0x6a, 1, ...count, ...head, 0, ...SYNC],
    ...blocks.flatMap(({ count = 1n, bytes, size = BigInt(bytes.length), sync = SYNC }) => [
      ...[...long(count), ...long(size), ...bytes, ...sync],
    ]),
  ]);
}

const ONE_INT = JSON.stringify({
  type: "record",
  name: "R",
  fields: [{ name: "a", type: "int" }],
});

for (const codec of AVRO_CODECS) {
  Deno.test(`AvroFileDecoder gives back what AvroFileEncoder was given, codec ${codec}`, () => {
    const batch = birds(3_000);
    const file = fileOf(batch, { codec, blockBytes: 10_000 });
    const { rows, decoder, batches } = read([file]);
    assertEquals(rows, batch.toRows());
    assertEquals(decoder.info?.codec, codec);
    assert(batches.length > 3);
    assertEquals(batches[0].schema.fields.map(({ name, type }) => [name, type.kind]), [
      ["bird", "utf8"],
      ["count", "i32"],
      ["x", "f64"],
    ]);
  });

  Deno.test(`AvroFileDecoder gives the same however the bytes are cut, codec ${codec}`, () => {
    const batch = birds(20);
    const file = fileOf(batch, { codec, blockBytes: 100 });
    const expected = batch.toRows();
    for (let at = 0; at <= file.length; at += 3) {
      assertEquals(read([file.slice(0, at), file.slice(at)]).rows, expected, `${at}`);
    }
    assertEquals(read(Array.from(file, (byte) => Uint8Array.of(byte))).rows, expected);
  });

  Deno.test(`AvroFileDecoder meets a changed byte with an error or records, codec ${codec}`, () => {
    const random = new Random(SEED);
    const file = fileOf(birds(30), { codec, blockBytes: 200 });
    const start = markersOf(file)[0] + 16;
    for (let run = 0; run < 400; run++) {
      const damaged = file.slice();
      damaged[start + random.below(file.length - start)] ^= 1 + random.below(255);
      const { rows, decoder } = read([damaged], { badRecords: "skip" });
      assert(rows.length > 0 && rows.length <= 40, `seed ${SEED}, run ${run}`);
      try {
        const { rows: all } = read([damaged]);
        assertEquals(all.length, rows.length);
      } catch (error) {
        assert(error instanceof AvroFileError, `seed ${SEED}, run ${run}: ${error}`);
        assert(decoder.metrics().badRecords > 0, `seed ${SEED}, run ${run}`);
      }
    }
  });
}

Deno.test("AvroFileDecoder reads files of any schema that avsc writes", async () => {
  const files: { file: Uint8Array; rows: unknown[]; avro: object }[] = [];
  for (let seed = 1; seed <= 25; seed++) {
    const random = new Random(seed);
    const { avro, schema: types, make } = anyRecord(random);
    const rows = Array.from({ length: 200 }, () => make(random));
    const batch = RecordBatch.fromRows(rows as object[], { schema: types });
    const encoder = new AvroFileEncoder({ schema: avro, codec: random.pick(AVRO_CODECS) });
    const pieces = [...encoder.push(batch), ...encoder.finish()];
    files.push({ file: concatBytes(pieces), rows: batch.toRows(), avro });
    assertEquals(read(pieces, { schema: types }).rows, batch.toRows(), `seed ${seed}`);
  }
  const encoder = new avsc.streams.BlockEncoder(JSON.parse(ONE_INT), { codec: "deflate" });
  const chunks: Buffer[] = [];
  encoder.on("data", (chunk: Buffer) => chunks.push(chunk));
  const done = new Promise((resolve) => encoder.on("end", resolve));
  for (let a = 0; a < 1_000; a++) encoder.write({ a });
  encoder.end();
  await done;
  const { rows } = read([new Uint8Array(Buffer.concat(chunks))]);
  assertEquals(rows, Array.from({ length: 1_000 }, (_, a) => ({ a })));
  assert(files.length === 25);
});

Deno.test("AvroFileDecoder reads only the columns that are wanted, and by another schema", () => {
  const file = fileOf(birds(10));
  const wanted = schema({ x: t.f64 });
  assertEquals(read([file], { schema: wanted }).rows, birds(10).toRows().map(({ x }) => ({ x })));
  const readerSchema = {
    type: "record",
    name: "Row",
    fields: [
      { name: "species", aliases: ["bird"], type: "string" },
      { name: "place", type: "string", default: "?" },
    ],
  };
  const { rows } = read([file], { readerSchema });
  assertEquals(rows[3], { species: "Gull 3", place: "?" });
});

Deno.test("AvroFileDecoder makes batches of at most batchRows", () => {
  const { batches, rows } = read([fileOf(birds(1_000), { blockBytes: 1e6 })], { batchRows: 300 });
  assertEquals(batches.map(({ length }) => length), [300, 300, 300, 100]);
  assertEquals(rows, birds(1_000).toRows());
});

Deno.test("AvroFileDecoder keeps its batches when it goes on", () => {
  const file = fileOf(birds(400), { blockBytes: 500 });
  const decoder = new AvroFileDecoder();
  const half = file.length >> 1;
  const first = decoder.push(file.slice(0, half));
  const before = first.map((batch) => batch.toRows());
  decoder.push(file.slice(half));
  decoder.finish();
  assertEquals(first.map((batch) => batch.toRows()), before);
});

Deno.test("AvroFileDecoder passes damaged blocks by policy, and goes on behind them", () => {
  for (const codec of ["deflate", "snappy", "zstandard"] as AvroCodec[]) {
    const file = fileOf(birds(100), { codec, blockBytes: 300 });
    const markers = markersOf(file);
    const damaged = file.slice();
    damaged.fill(0xff, markers[1] + 16 + 4, markers[1] + 16 + 24);
    const { message, offset, line } = rejection(damaged, { name: "birds.avro" });
    assertEquals([offset, line], [markers[1] + 16, 0]);
    assert(
      message.startsWith(`Cannot read birds.avro: byte ${offset}: a block cannot be`),
      message,
    );
    const { rows, bad, decoder } = read([damaged], { badRecords: "deadLetter" });
    assert(rows.length > 80 && rows.length < 100);
    assertEquals([bad.length, decoder.metrics().badRecords], [1, 1]);
    const head = markers[2] - markers[1] - 16 - bad[0].bytes.length;
    assert(head === 2 || head === 3);
    assertEquals(rows.at(-1), birds(100).toRows().at(-1));
  }
});

/** Where sync markers begin in a file. */
function markersOf(file: Uint8Array): number[] {
  const found: number[] = [];
  for (let at = 0; at + 16 <= file.length; at++) {
    if (SYNC.every((byte, i) => file[at + i] === byte)) found.push(at);
  }
  return found;
}

Deno.test("AvroFileDecoder goes on behind the next right sync marker after a wrong one", () => {
  const file = fileOf(birds(100), { blockBytes: 300 });
  const markers = markersOf(file);
  const damaged = file.slice();
  damaged[markers[2]] ^= 1;
  const error = rejection(damaged);
  assertEquals(error.offset, markers[2]);
  assert(error.message.includes("the sync marker behind a block is not that of the file"));
  for (const size of [1, 50, damaged.length]) {
    const chunks = Array.from(
      { length: Math.ceil(damaged.length / size) },
      (_, at) => damaged.slice(at * size, (at + 1) * size),
    );
    const { rows, decoder } = read(chunks, { badRecords: "skip" });
    assertEquals(decoder.metrics().badRecords, 1);
    assert(rows.length > 60 && rows.length < 100);
    assertEquals(rows.at(-1), birds(100).toRows().at(-1));
  }
});

Deno.test("AvroFileDecoder names the byte at which a file is cut short", () => {
  const file = fileOf(birds(20), { blockBytes: 100, codec: "deflate" });
  const markers = markersOf(file).map((at) => at + 16);
  for (let length = 0; length < file.length; length += 7) {
    if (markers.includes(length)) continue;
    const { offset, message } = rejection(file.slice(0, length));
    assert(offset <= length, message);
    assert(/cut short|it is empty/.test(message), message);
  }
  const { rows, decoder } = read([file.slice(0, -3)], { badRecords: "skip" });
  assertEquals(decoder.metrics().badRecords, 1);
  assert(rows.length > 10);
});

Deno.test("AvroFileDecoder says what is wrong with a header", () => {
  const schemaOnly = { "avro.schema": ONE_INT };
  const cases: [Uint8Array, string][] = [
    [new Uint8Array(0), "it is no Avro file: it is empty"],
    [
      new TextEncoder().encode("bird,count\n"),
      "byte 0: it is no Avro file: it does not begin with",
    ],
    [Uint8Array.of(0x4f, 0x62, 0x6a, 2), "byte 3: it is no Avro file"],
    [fileByHand({}, []), "the header has no schema"],
    [fileByHand({ "avro.schema": "{" }, []), "its schema cannot be used: Cannot use Avro schema"],
    [
      fileByHand({ ...schemaOnly, "avro.codec": "bzip2" }, []),
      'compressed by the codec "bzip2", which is not known here (null, deflate, snappy, zstandard',
    ],
    [Uint8Array.of(0x4f, 0x62, 0x6a, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f), "more than 4096 entries"],
    [Uint8Array.of(0x4f, 0x62, 0x6a, 1, 2, 1), "a length in the header is none"],
    [Uint8Array.of(0x4f, 0x62, 0x6a, 1, ...new Array(11).fill(0xff)), "more than 4096 entries"],
  ];
  for (const [file, reason] of cases) {
    const { message } = rejection(file, { badRecords: "skip" });
    assert(message.includes(reason), `${message} lacks ${reason}`);
    assert(!message.includes("or pass badRecords"), message);
  }
  const long = fileByHand({ ...schemaOnly, note: "x".repeat(5_000) }, []);
  assert(rejection(long, { maxHeaderBytes: 4_000 }).message.includes("maxHeaderBytes (4000)"));
  assertEquals(read([long], { maxHeaderBytes: long.length }).rows, []);
});

Deno.test("AvroFileDecoder says what is wrong with a block, and takes no memory for it", () => {
  const head = fileByHand({ "avro.schema": ONE_INT }, []).length;
  const bytes = Uint8Array.of(2);
  const cases: [Parameters<typeof fileByHand>[1][number], string, number][] = [
    [{ count: -1n, bytes }, "a block says that it has -1 records", head],
    [{ size: -5n, bytes }, "a block says that it has -5 bytes", head + 1],
    [
      { size: 2n ** 40n, bytes },
      "1099511627776 bytes, more than maxBlockBytes (67108864)",
      head + 1,
    ],
    [
      { count: 2n ** 62n, bytes },
      "record 1 (byte 1 of its records): the block ends here, with 4611686018427388000 records less",
      head,
    ],
    [{ count: 0n, bytes }, "the block has 1 record more than it says", head],
    [
      { count: 3n, bytes: new Uint8Array(0) },
      "a block of no bytes says that it has 3 records",
      head,
    ],
    [{ bytes: Uint8Array.of(0x80) }, 'record 0, field "a"', head],
    [{ bytes, sync: new Uint8Array(16) }, "the sync marker behind a block", head + 3],
  ];
  for (const [block, reason, offset] of cases) {
    const file = fileByHand({ "avro.schema": ONE_INT }, [{ bytes }, block, { bytes }]);
    const error = rejection(file);
    assert(error.message.includes(reason), `${error.message} lacks ${reason}`);
    assertEquals(error.offset, offset + 19, error.message);
    const { rows, decoder } = read([file], { badRecords: "skip" });
    assertEquals((rows as { a: number }[])[0].a, 1);
    assert(decoder.metrics().badRecords >= 1);
  }
});

Deno.test("AvroFileDecoder caps what a block may become", () => {
  const zeros = RecordBatch.fromRows([{ raw: new Uint8Array(900_000) }]) as never;
  for (const codec of ["deflate", "snappy", "zstandard"] as AvroCodec[]) {
    const file = fileOf(zeros, { codec });
    assertEquals(read([file]).rows.length, 1);
    assert(rejection(file, { maxBlockBytes: 100_000 }).message.includes("100000"));
  }
});

Deno.test("AvroFileDecoder finds the marker of files that hold other markers", () => {
  forSeeds(20, (random) => {
    const raw = Array.from({ length: 50 }, () => ({ raw: SYNC.slice(0, random.below(17)) }));
    const batch = RecordBatch.fromRows(raw);
    assertEquals(read([fileOf(batch as never, { blockBytes: 40 })]).rows, batch.toRows());
  });
});

Deno.test("AvroFileDecoder refuses options that are none, and use after its end", () => {
  const refused: [object, string][] = [
    [{ batchRows: 0 }, "batchRows must be a whole number from 1"],
    [{ maxBlockBytes: -1 }, "maxBlockBytes must be a whole number from 1"],
    [{ badRecords: "ignore" }, "badRecords must be"],
    [{ schemas: [] }, "did you mean schema?"],
  ];
  for (const [options, reason] of refused) {
    const error = assertThrows(() => new AvroFileDecoder(options)) as Error;
    assert(error.message.includes(reason), error.message);
  }
  const decoder = new AvroFileDecoder({ name: "birds.avro" });
  decoder.push(fileOf(birds(1)));
  decoder.finish();
  assertThrows(() => decoder.push(SYNC), TypeError, "the decoder has finished");
  const failed = new AvroFileDecoder();
  assertThrows(() => failed.push(SYNC), AvroFileError);
  assertThrows(() => failed.finish(), TypeError, "the decoder has failed");
  assertThrows(() => new AvroFileDecoder().push("x" as never), TypeError, "Uint8Array");
});

Deno.test("AvroFileDecoder takes what is left of zlib behind deflate, and nothing else", () => {
  const records = Uint8Array.of(2, 4, 6);
  const zlib = deflateSync(records); // two bytes of a frame, deflate, and the checksum
  const metadata = { "avro.schema": ONE_INT, "avro.codec": "deflate" };
  for (const end of [-4, -3, -1, zlib.length]) {
    const file = fileByHand(metadata, [{ count: 3n, bytes: zlib.subarray(2, end) }]);
    assertEquals(read([file]).rows, [{ a: 1 }, { a: 2 }, { a: 3 }]);
  }
  const wrong = zlib.slice(2);
  wrong[wrong.length - 2] ^= 1;
  for (const bytes of [wrong, concatBytes([zlib.subarray(2), Uint8Array.of(0)])]) {
    const { message } = rejection(fileByHand(metadata, [{ count: 3n, bytes }]));
    assert(message.includes("bytes follow its deflate stream"), message);
  }
});

Deno.test("AvroFileReader meets random and mutated files with faults or blocks", () => {
  const random = new Random(SEED);
  const limits = { maxHeaderBytes: 2_000, maxBlockBytes: 10_000 };
  const files = AVRO_CODECS.map((codec) => fileOf(birds(8), { codec, blockBytes: 60 }));
  let [lost, blocks, refused] = [0, 0, 0];
  for (let run = 0; run < 20_000; run++) {
    const file = files[run % files.length].slice(
      0,
      random.chance(0.1) ? random.below(600) : undefined,
    );
    // most of the time the header stays as it is
    const first = random.chance(0.1) ? 0 : file.length - 150;
    for (let times = 1 + random.below(3); times > 0; times--) {
      file[first + random.below(file.length - first)] = random.below(256);
    }
    const reader = new AvroFileReader(limits, () => void lost++);
    const read = (all: Iterable<{ bytes: Uint8Array }>) => {
      for (const { bytes } of all) {
        assert(bytes.length > 0 && bytes.length <= limits.maxBlockBytes);
        blocks++;
      }
    };
    try {
      read(reader.read(file));
      read(reader.finish());
    } catch (error) {
      assert(error instanceof AvroFileFaultError, `seed ${SEED}, run ${run}: ${error}`);
      refused++;
    }
  }
  assert(lost > 5_000 && blocks > 5_000 && refused > 100, `${lost}, ${blocks}, ${refused}`);
});

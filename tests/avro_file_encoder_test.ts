import { assert, assertEquals, assertThrows } from "@std/assert";
import avsc from "avsc";
import {
  AvroEncoder,
  AvroFileDecoder,
  AvroFileEncoder,
  type AvroFileEncoderOptions,
  RecordBatch,
} from "../mod.ts";
import { schema, types as t } from "../mod.ts";
import { AVRO_CODECS, decompressBlock } from "../src/codecs/avro/avro_block_codecs.ts";
import { AvroFileBlocks } from "../src/codecs/avro/avro_file_blocks.ts";
import { concatBytes } from "../src/batch/concat_bytes.ts";
import { bufferOf } from "./support/avro_cases.ts";
import { forSeeds } from "./support/random.ts";

const LIMITS = { maxHeaderBytes: 1e6, maxBlockBytes: 1e7 };
const columns = schema({ bird: t.required(t.utf8), count: t.i32, x: t.f64 });

function birds(count: number, first = 0): RecordBatch<never> {
  const rows = Array.from({ length: count }, (_, at) => ({
    bird: `Gull ${first + at}`,
    count: at % 3 === 0 ? null : at,
    x: at / 7,
  }));
  return RecordBatch.fromRows(rows, { schema: columns }) as never;
}

function fileOf(batches: readonly RecordBatch<never>[], options: AvroFileEncoderOptions) {
  using encoder = new AvroFileEncoder(options);
  const pieces = batches.flatMap((batch) => encoder.push(batch));
  return concatBytes([...pieces, ...encoder.finish()]);
}

/** The rows of a file as avsc reads them. */
async function rowsByAvsc(file: Uint8Array): Promise<Record<string, unknown>[]> {
  const decoder = new avsc.streams.BlockDecoder();
  const rows: Record<string, unknown>[] = [];
  const done = new Promise((resolve, reject) => {
    decoder.on("data", (row: object) => rows.push({ ...row }));
    decoder.on("end", resolve);
    decoder.on("error", reject);
  });
  decoder.end(bufferOf(file));
  await done;
  return rows;
}

for (const codec of ["null", "deflate"] as const) {
  Deno.test(`AvroFileEncoder writes files of codec ${codec} that avsc reads`, async () => {
    const batches = [birds(500), birds(0), birds(3_000, 500)];
    const rows = await rowsByAvsc(fileOf(batches, { codec, blockBytes: 10_000 }));
    // avsc unwraps unions of null and one type
    assertEquals(rows, batches.flatMap((batch) => batch.toRows()));
  });
}

for (const codec of AVRO_CODECS) {
  Deno.test(`AvroFileEncoder writes blocks of codec ${codec} with all records in order`, () => {
    const batches = [birds(700), birds(2_000)];
    const file = fileOf(batches, { codec, blockBytes: 4_096, metadata: { by: "us" } });
    const reader = new AvroFileBlocks(LIMITS);
    reader.push(file);
    const found: Uint8Array[] = [];
    let [records, blocks] = [0, 0];
    for (let part = reader.next(); part.state !== "more"; part = reader.next()) {
      assert(part.state === "block");
      found.push(decompressBlock(codec, part.block.bytes, 1e6).slice());
      records += part.block.records;
      blocks++;
    }
    assertEquals(reader.finish(), undefined);
    assertEquals(reader.header!.codec, codec);
    assertEquals(new TextDecoder().decode(reader.header!.metadata.get("by")), "us");
    assertEquals(records, 2_700);
    assert(blocks > 5);
    using encoder = new AvroEncoder(reader.header!.schema);
    const expected = batches.map((batch) => encoder.encode(batch).bytes.slice());
    assertEquals(concatBytes(found), concatBytes(expected));
  });
}

Deno.test("AvroFileEncoder ends blocks when they are full, whatever the batches are", () => {
  const whole = birds(1_000);
  const syncMarker = new Uint8Array(16).fill(7);
  const options = { blockBytes: 1_000, syncMarker };
  const one = fileOf([whole], options);
  const many = fileOf(
    [0, 100, 101, 500].map((start, at, all) => whole.slice(start, all[at + 1] ?? 1_000) as never),
    options,
  );
  assertEquals(one, many);
});

Deno.test("AvroFileEncoder writes a file without records when it has a schema", async () => {
  const avro = { type: "record", name: "R", fields: [{ name: "a", type: "int" }] };
  const file = fileOf([], { schema: avro });
  assertEquals(await rowsByAvsc(file), []);
  assertThrows(() => fileOf([], {}), TypeError, "there was no batch");
});

Deno.test("AvroFileEncoder has written nothing of a batch that it refuses", async () => {
  const avro = { type: "record", name: "R", fields: [{ name: "a", type: "int" }] };
  using encoder = new AvroFileEncoder({ schema: avro });
  const good = RecordBatch.fromRows([{ a: 1 }]);
  const pieces = encoder.push(good);
  assertThrows(() => encoder.push(RecordBatch.fromRows([{ a: 2 }, { a: 2 ** 40 }])), RangeError);
  const file = concatBytes([...pieces, ...encoder.push(good), ...encoder.finish()]);
  assertEquals(await rowsByAvsc(file), [{ a: 1 }, { a: 1 }]);
  assertThrows(() => encoder.push(good), TypeError, "it is finished");
  assertThrows(() => encoder.finish(), TypeError, "it is finished");
});

Deno.test("AvroFileEncoder refuses options that are none", () => {
  const refused: [object, string][] = [
    [{ codec: "bzip2" }, 'codec must be "null" or "deflate" or "snappy" or "zstandard"'],
    [{ blockBytes: 0 }, "Cannot make Avro file: blockBytes must be a whole number from 1"],
    [{ syncMarker: new Uint8Array(15) }, "syncMarker must be a Uint8Array of 16 bytes"],
    [{ metadata: { "avro.codec": "x" } }, 'do not begin with "avro."'],
    [{ metadata: { by: 1 } }, '"by": 1'],
    [{ codek: "null" }, "did you mean codec?"],
    [{ schema: "nonsense" }, "Cannot use Avro schema"],
  ];
  for (const [options, reason] of refused) {
    const error = assertThrows(() => new AvroFileEncoder(options)) as Error;
    assert(error.message.includes(reason), error.message);
  }
});

Deno.test("a flushed Avro file can be read so far, and what was undone is not in it", () => {
  forSeeds(60, (random) => {
    const encoder = new AvroFileEncoder({
      codec: random.pick(AVRO_CODECS),
      blockBytes: 1 + random.below(300),
    });
    const out: Uint8Array[] = [];
    const expected: number[] = [];
    let next = 0;
    for (let step = 0; step < 12; step++) {
      const ids = Array.from({ length: random.below(40) }, () => next++);
      const batch = RecordBatch.fromRows(ids.map((id) => ({ id })), {
        schema: schema({ id: t.i32 }),
      });
      const pieces = random.chance(0.7) ? encoder.push(batch) : undefined;
      if (pieces && random.chance(0.4)) encoder.undo();
      else if (pieces) {
        out.push(...pieces);
        expected.push(...ids);
      }
      if (out.length === 0 || random.chance(0.5)) continue;
      const flushed = encoder.flush();
      if (random.chance(0.4)) encoder.undo();
      else {
        out.push(...flushed);
        using decoder = new AvroFileDecoder();
        const read = [...decoder.push(concatBytes(out)), ...decoder.finish()];
        assertEquals(read.flatMap((each) => each.toRows().map(({ id }) => id)), expected);
      }
    }
    if (out.length === 0) return;
    using decoder = new AvroFileDecoder();
    const read = [...decoder.push(concatBytes([...out, ...encoder.finish()])), ...decoder.finish()];
    assertEquals(read.flatMap((each) => each.toRows().map(({ id }) => id)), expected);
  });
});

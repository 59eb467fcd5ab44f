import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  avro,
  AvroFileEncoder,
  type AvroFileEncoderOptions,
  AvroFileError,
  type AvroSourceOptions,
  type BadInput,
  col,
  count,
  from,
  max,
  RecordBatch,
  schema,
  type Source,
  sum,
  TumblingWindow,
  types as t,
  UnsupportedAvroError,
} from "../mod.ts";
import { anyAvro } from "../src/codecs/avro/avro.ts";
import { concatBytes } from "../src/batch/concat_bytes.ts";
import { AVRO_CODECS } from "../src/codecs/avro/avro_block_codecs.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { forSeedsAsync, type Random } from "./support/random.ts";
import { NO_CODE_FROM_STRINGS, runScript } from "./support/run_script.ts";

const PATH = "rows.avro";
const SYNC = Uint8Array.from({ length: 16 }, (_, at) => 0xf0 + at);
const AVRO = {
  type: "record",
  name: "Row",
  fields: [
    { name: "at", type: "long" },
    { name: "key", type: ["null", "string"], default: null },
    { name: "value", type: "double" },
    { name: "note", type: "string" },
  ],
};
const columns = schema({
  at: t.required(t.i64),
  key: t.utf8,
  value: t.required(t.f64),
  note: t.required(t.utf8),
});

function fileOf(random: Random, count: number, options: AvroFileEncoderOptions = {}): Uint8Array {
  const rows = Array.from({ length: count }, (_, at) => ({
    at: BigInt(1e12 + at * 500 - random.below(20_000)),
    key: random.chance(0.1) ? null : `k${random.below(5)}`,
    value: random.below(1000) / 8,
    note: `row ${at} ${"x".repeat(random.below(30))}`,
  }));
  const encoder = new AvroFileEncoder({ schema: AVRO, syncMarker: SYNC, ...options });
  const batch = RecordBatch.fromRows(rows, { schema: columns });
  return concatBytes([...encoder.push(batch), ...encoder.finish()]);
}

/** The same source, which does not say that it has bytes. */
function decodedOnMain<Row>(source: Source<Row>): Source<Row> {
  const { name, schema } = source;
  return { name, ...(schema && { schema }), open: (options) => source.open(options) };
}

function simulationWith(bytes: Uint8Array, seed = 1): SimulatedRuntime {
  return new SimulatedRuntime({ seed, files: new Map([[PATH, bytes]]) });
}

/** Where the first block begins. */
function afterHeader(file: Uint8Array): number {
  let at = 0;
  while (!SYNC.every((byte, i) => file[at + i] === byte)) at++;
  return at + SYNC.length;
}

interface Case {
  readonly file: Uint8Array;
  readonly source: Pick<AvroSourceOptions, "maxRecordBytes" | "batchRows" | "blockBytes">;
  readonly seed: number;
  readonly workers: number;
  readonly onMain?: boolean;
}

async function runWindows({ file, source, seed, workers, onMain }: Case) {
  const runtime = simulationWith(file, seed);
  const letters: string[] = [];
  const deadLetter = ({ record, position, error: { name, message } }: BadInput) => {
    letters.push(`${name} at ${position}: ${message}: ${(record as Uint8Array).toHex()}`);
  };
  const input = avro<{ at: bigint; key: string; value: number }>(PATH, source);
  const given = { badRecords: "deadLetter", deadLetter, runtime, workers } as const;
  const pipeline = from(onMain ? decodedOnMain(input) : input, given)
    .timestamps("at", { format: "ms", maxDisorder: "20s" })
    .filter(col<number>("value").gt(3)).keyBy("key")
    .window(new TumblingWindow({ size: "10s" }))
    .aggregate({ n: count(), total: sum("value"), last: max("value") });
  const rows: unknown[] = [];
  await runtime.drive(async () => {
    for await (const row of pipeline) rows.push(row);
  });
  const { recordsIn, absorbed, deadLettered, unaccounted } = pipeline.metrics();
  return { rows, letters, counts: { recordsIn, absorbed, deadLettered, unaccounted } };
}

Deno.test("Bees give of an Avro file what the main thread gives, damaged blocks included", async () => {
  let [letters, miscounted] = [0, 0];
  await forSeedsAsync(40, async (random, seed) => {
    const codec = random.pick(AVRO_CODECS);
    const file = fileOf(random, random.below(600), {
      codec,
      blockBytes: random.pick([200, 3_000, 50_000]),
    });
    const start = afterHeader(file);
    for (let times = file.length > start ? random.below(3) : 0; times > 0; times--) {
      file[start + random.below(file.length - start)] ^= 1 + random.below(255);
    }
    if (file.length > start && random.chance(0.3)) file[start] ^= 2; // the first block's count
    const source = {
      maxRecordBytes: 300,
      batchRows: random.pick([7, 8192]),
      blockBytes: random.pick([1, 20_000]),
    };
    const given = { file, source, seed, workers: 1 + random.below(3) };
    const bees = await runWindows(given);
    const main = await runWindows({ ...given, onMain: true });
    assertEquals(bees.rows, main.rows, `seed ${seed}`);
    assertEquals(bees.letters.toSorted(), main.letters.toSorted());
    assertEquals(bees.counts, main.counts);
    assertEquals(bees.counts.unaccounted, 0);
    letters += bees.letters.length;
    miscounted += bees.letters.filter((letter) => letter.includes("than it says")).length;
  });
  assert(letters > 20 && miscounted > 0, `only ${letters} letters, ${miscounted} miscounted`);
});

Deno.test("A large block goes to the bees in parts, none of them larger than a block may be", async () => {
  await forSeedsAsync(5, async (random, seed) => {
    const file = fileOf(random, 2_000, { blockBytes: 1e6, codec: "deflate" });
    const source = avro<{ at: bigint; note: string }>(PATH, { maxRecordBytes: 200, blockBytes: 1 });
    const runtime = simulationWith(file, seed);
    const blocks: number[] = [];
    const watched: Source<{ at: bigint; note: string }> = {
      name: PATH,
      recordBytes: source.recordBytes!,
      async *open(options) {
        for await (const read of source.open(options)) {
          if (read.block) {
            assert(read.block.bytes.length <= options.blockBytes!);
            blocks.push(read.block.bytes.length);
          }
          yield read;
        }
      },
    };
    const rows = await runtime.drive(() =>
      Array.fromAsync(from(watched, { workers: 2, runtime }).select({ note: col("note") }))
    );
    assertEquals(
      rows.map(({ note }) => (note as string).split(" ")[1]).map(Number).toSorted(
        (a, b) => a - b,
      ),
      Array.from({ length: 2_000 }, (_, at) => at),
    );
    assert(blocks.length > 5);
  });
});

Deno.test("An Avro file's error names the block, the record and the field", async () => {
  await forSeedsAsync(1, async (random) => {
    const file = fileOf(random, 500, { blockBytes: 1_000 });
    const text = new TextEncoder().encode("row 60 ");
    file[file.findIndex((_, at) => text.every((byte, i) => file[at + i] === byte))] = 0xff;
    for (const onMain of [true, false]) {
      const runtime = simulationWith(file);
      const input = avro(PATH);
      const pipeline = from(onMain ? decodedOnMain(input) : input, { workers: 2, runtime });
      const error = await assertRejects(() => runtime.drive(() => pipeline.run()), AvroFileError);
      assertStringIncludes(
        error.message,
        `Cannot read ${PATH}: byte ${error.offset}: in the block`,
      );
      assertStringIncludes(error.message, 'field "note"');
      const start = afterHeader(file);
      assert(error.offset > start + 1_000 && error.offset < start + 5_000);
    }
  });
});

Deno.test("avro() inflates, decodes only what is asked for, and tells how far it is", async () => {
  await forSeedsAsync(1, async (random) => {
    const plain = fileOf(random, 300);
    const zipped = new Blob([plain as Uint8Array<ArrayBuffer>]).stream()
      .pipeThrough(new CompressionStream("gzip"));
    const file = new Uint8Array(await new Response(zipped).arrayBuffer());
    const runtime = simulationWith(file);
    const source = avro<{ value: number }>(PATH);
    const pipeline = from(source, { workers: 1, runtime }).select({ value: col("value") });
    const rows = await runtime.drive(() => Array.fromAsync(pipeline));
    assertEquals(rows.length, 300);
    assertStringIncludes(pipeline.explain(), '"value", of 4 columns');
    const { bytesRead, bytesTotal } = pipeline.metrics();
    assertEquals([bytesRead, bytesTotal], [file.length, file.length]);
  });
});

Deno.test("avro() reads types without columns where it is given an engine for them", async () => {
  const avroSchema = {
    type: "record",
    name: "R",
    fields: [{ name: "v", type: ["long", "string"] }],
  };
  const encoder = new AvroFileEncoder({ schema: avroSchema, engine: anyAvro });
  const rows = [{ v: 1n }, { v: "two" }];
  const batch = RecordBatch.fromRows(rows, { schema: schema({ v: t.mixed }) });
  const file = concatBytes([...encoder.push(batch), ...encoder.finish()]);
  const read = (options: AvroSourceOptions) => {
    const runtime = simulationWith(file);
    const pipeline = from(avro(PATH, options), { workers: 1, runtime });
    return runtime.drive(() => Array.fromAsync(pipeline));
  };
  assertEquals(await read({ engine: anyAvro }) as unknown[], rows);
  await assertRejects(() => read({}), UnsupportedAvroError, "@waggle/stream/avro");
  const both = { engine: anyAvro, blockBytes: 65_536 };
  assertThrows(() => avro(PATH, both), TypeError, "leave one of the two out");
});

Deno.test("avro() refuses what is no Avro file, and options that are none", async () => {
  for (const text of ["", "bird,count\n"]) {
    const runtime = simulationWith(new TextEncoder().encode(text));
    const pipeline = from(avro(PATH), { workers: 1, runtime, badRecords: "skip" });
    await assertRejects(() => runtime.drive(() => pipeline.run()), AvroFileError, "no Avro file");
  }
  assertThrows(() => avro(PATH, { batchRows: 0 }), RangeError, "batchRows");
  assertThrows(() => avro(PATH, { compression: "rar" as "gzip" }), TypeError, "compression");
  assertThrows(() => avro(5 as unknown as string), TypeError, "Cannot read Avro");
});

Deno.test("avro() needs src alone to be read, and makes no code from strings", async () => {
  const script = `
    import { avro, AvroFileEncoder, from, RecordBatch } from "@waggle/stream";
    const encoder = new AvroFileEncoder({ codec: "zstandard" });
    const rows = RecordBatch.fromRows([{ a: 1 }]);
    const file = new Blob([...encoder.push(rows), ...encoder.finish()]);
    for await (const { a } of from(avro(file.stream()), { workers: 1 })) console.log(a);
  `;
  const { out, error } = await runScript(script, ["--allow-read=src", NO_CODE_FROM_STRINGS]);
  assertEquals(out, "1\n", error);
});

Deno.test("@waggle/stream/avro needs no permission", async () => {
  const script = `
    import { decodeAnyAvro } from "@waggle/stream/avro";
    console.log(decodeAnyAvro("string", Uint8Array.of(2, 97)).toRows()[0].value);
  `;
  const { out, error } = await runScript(script);
  assertEquals(out, "a\n", error);
});

import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  type BadInput,
  type BadRecord,
  BadRecordError,
  col,
  count,
  csv,
  DeliveryGuarantee,
  FileSourceError,
  from,
  type LateRow,
  max,
  ndjson,
  type NdjsonSourceOptions,
  type PipelineMetrics,
  type PipelineOptions,
  RecordBatch,
  schema,
  type Source,
  sum,
  together,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { forSeedsAsync, type Random } from "./support/random.ts";
import { breakBees } from "./support/simulated_case.ts";

const PATH = "rows.ndjson";
const columns = schema({ at: t.utf8, key: t.utf8, value: t.utf8, note: t.utf8 });
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function bytesOf(lines: readonly string[]): Uint8Array {
  return encoder.encode(lines.map((line) => `${line}\n`).join(""));
}

/** Lines of which some are no records, some have no time, and some fail an expression. */
function dirtyLines(random: Random): string[] {
  const dirt = random.pick([0, 0.02, 0.3]);
  return Array.from({ length: random.below(400) }, (_, row) => {
    if (random.chance(dirt)) {
      return random.pick(["{", "", "[]", `{"at":"${"x".repeat(300)}"}`, "\r"]);
    }
    const time = new Date(1e12 + row * 500 - random.below(20_000)).toISOString();
    const at = random.chance(dirt) ? random.pick(["never", null]) : time;
    const value = random.chance(dirt) ? "none" : String(random.below(1000) / 8);
    return JSON.stringify({
      at,
      key: `k${random.below(5)}`,
      value,
      note: `row ${row}`,
      more: [row],
    });
  });
}

/** The same source, which does not say that it has bytes. */
function decodedOnMain<Row>(source: Source<Row>): Source<Row> {
  const { name, schema } = source;
  return { name, ...(schema && { schema }), open: (options) => source.open(options) };
}

interface Outcome {
  readonly rows: unknown[];
  readonly letters: string[];
  readonly late: LateRow[];
  readonly metrics: PipelineMetrics;
}

/** Runs a pipeline with windows over lines, in blocks of these bytes at most. */
async function runWindows(
  lines: readonly string[],
  { options, source, seed, faults, onMain = false }: {
    options: PipelineOptions;
    source: Pick<NdjsonSourceOptions, "maxRecordBytes" | "batchRows" | "blockBytes">;
    seed: number;
    faults?: Random;
    onMain?: boolean;
  },
): Promise<Outcome> {
  const runtime = new SimulatedRuntime({ seed, files: new Map([[PATH, bytesOf(lines)]]) });
  const letters: string[] = [];
  const late: LateRow[] = [];
  const deadLetter = ({ record, position, error: { name, message } }: BadInput) => {
    const shown = record instanceof Uint8Array ? decoder.decode(record) : JSON.stringify(record);
    letters.push(`${name} at ${position}: ${message}: ${shown}`);
  };
  const file = ndjson(PATH, { schema: columns, extraKeys: "ignore", ...source });
  const pipeline = from(
    onMain ? decodedOnMain(file) : file,
    {
      badRecords: "deadLetter",
      deadLetter,
      lateData: "sideOutput",
      lateOutput: (row) => void late.push(row),
      maxLostBees: 1000,
      recordTimeout: 50,
      runtime,
      ...options,
    },
  ).timestamps("at", { maxDisorder: "4s" })
    .withColumn("number", col<string>("value").cast("f64"))
    .filter(col<number>("number").gt(3)).keyBy("key")
    .window(new TumblingWindow({ size: "10s" }))
    .aggregate({ n: count(), total: sum("number"), last: max("number") });
  const rows: unknown[] = [];
  await runtime.drive(async () => {
    if (faults) breakBees(runtime, faults);
    for await (const row of pipeline) rows.push(row);
  });
  return { rows, letters, late, metrics: pipeline.metrics() };
}

function countsOf({ metrics }: Outcome) {
  const { recordsIn, absorbed, filtered, late, untimed, skipped, deadLettered } = metrics;
  const { unaccounted, inFlight, bytesRead, lateOut } = metrics;
  const known = { recordsIn, absorbed, filtered, late, untimed, skipped, deadLettered };
  return { ...known, unaccounted, inFlight, bytesRead, lateOut };
}

Deno.test("Bees give what the main thread gives, the bad and the late records included", async () => {
  let [letters, late] = [0, 0];
  await forSeedsAsync(50, async (random, seed) => {
    const lines = dirtyLines(random);
    const options = { workers: 1 + random.below(4), epochRows: random.pick([5, 100, 65_536]) };
    const source = { maxRecordBytes: 250, batchRows: random.pick([2, 40, 8192]) };
    const blockBytes = random.pick([1, 1000, 20_000]);
    const bees = await runWindows(lines, { options, source: { ...source, blockBytes }, seed });
    const given = { options, source: { ...source, blockBytes }, seed };
    const main = await runWindows(lines, { ...given, onMain: true });
    assertEquals(bees.rows, main.rows);
    assertEquals(bees.letters.toSorted(), main.letters.toSorted());
    assertEquals(bees.late, main.late);
    assertEquals(countsOf(bees), countsOf(main));
    letters += bees.letters.length;
    late += bees.late.length;
  });
  assert(letters > 500 && late > 100, `only ${letters} letters and ${late} late rows`);
});

Deno.test("Bees that are lost over blocks leave dead letters and late rows as they are", async () => {
  let replayed = 0;
  await forSeedsAsync(25, async (random, seed) => {
    const lines = dirtyLines(random);
    const options = { workers: 1 + random.below(3), checkpointBatches: random.pick([1, 3, 100]) };
    const source = { maxRecordBytes: 250, blockBytes: random.pick([1, 1000]) };
    const sound = await runWindows(lines, { options, source, seed });
    const hurt = await runWindows(lines, { options, source, seed, faults: random });
    assertEquals(hurt.rows, sound.rows);
    assertEquals(hurt.letters, sound.letters);
    assertEquals(hurt.late, sound.late);
    assertEquals(countsOf(hurt), countsOf(sound));
    replayed += hurt.metrics.replayedBatches;
  });
  assert(replayed > 20, `only ${replayed} blocks were sent again`);
});

Deno.test("A lost bee's blocks are given up by AtMostOnce, and their records counted", async () => {
  let lost = 0;
  await forSeedsAsync(25, async (random, seed) => {
    const lines = dirtyLines(random);
    const options = { workers: 2, deliveryGuarantee: DeliveryGuarantee.AtMostOnce };
    const source = { maxRecordBytes: 250, blockBytes: 600 };
    const hurt = await runWindows(lines, { options, source, seed, faults: random });
    const records = lines.filter((line) => line !== "" && line !== "\r").length;
    assertEquals([hurt.metrics.recordsIn, hurt.metrics.unaccounted], [records, 0]);
    lost += hurt.metrics.lost;
  });
  assert(lost > 0);
});

async function gzipped(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  return await new Response(stream.pipeThrough(new CompressionStream("gzip"))).bytes();
}

function simulationWith(bytes: Uint8Array, seed = 1): SimulatedRuntime {
  return new SimulatedRuntime({ seed, files: new Map([[PATH, bytes]]) });
}

Deno.test("A file's error names the line and the column, whatever the block that it is in", async () => {
  const lines = Array.from({ length: 500 }, (_, row) => `{"at":${row},"value":${row}}`);
  lines[321] = '{"at":321,"value":"much"}';
  const runtime = simulationWith(bytesOf(lines));
  const given = schema({ at: t.timestamp, value: t.f64 });
  const source = ndjson(PATH, { schema: given, maxRecordBytes: 100, blockBytes: 1 });
  const pipeline = from(source, { workers: 3, runtime }).select({ value: col("value") });
  const error = await assertRejects(() => runtime.drive(() => pipeline.run()), BadRecordError);
  assertStringIncludes(error.message, `Cannot read ${PATH}: line 322, column "value": `);
  assertStringIncludes(error.message, 'or pass badRecords: "skip" or "deadLetter"');
  assertEquals(error.line, 322);
});

Deno.test("A source's own policy takes precedence, and its callback gets the bytes and the line", async () => {
  const lines = ["a,b", "1,2", "oops", "# note", '"3', '4",5', "6,7,8"];
  for (const onMain of [true, false]) {
    const runtime = simulationWith(encoder.encode(lines.join("\r\n")));
    const bad: string[] = [];
    const file = csv(PATH, {
      schema: schema({ a: t.utf8, b: t.i32 }),
      comment: "#",
      maxRecordBytes: 50,
      blockBytes: 1,
      badRecords: "deadLetter",
      deadLetter: ({ line, bytes }: BadRecord) => bad.push(`${line}: ${decoder.decode(bytes)}`),
    });
    const rows: unknown[] = [];
    const pipeline = from(onMain ? decodedOnMain(file) : file, { workers: 2, runtime });
    await runtime.drive(async () => {
      for await (const row of pipeline) rows.push(row);
    });
    assertEquals(rows, [{ a: "1", b: 2 }, { a: "3\r\n4", b: 5 }]);
    assertEquals(bad, ["3: oops", "7: 6,7,8"]);
    assertEquals(pipeline.metrics().deadLettered, 2);
  }
});

Deno.test("A record that is too large is a bad one, and its beginning its dead letter", async () => {
  const long = `{"a":"${"x".repeat(5000)}"}`;
  for (const end of ["\n", "\r\n"]) {
    const bytes = encoder.encode(['{"a":"1"}', long, '{"a":"2"}', "{", '{"a":"3"}'].join(end));
    const runtime = simulationWith(bytes, 3);
    const bad: [number, number][] = [];
    const file = ndjson(PATH, {
      schema: schema({ a: t.utf8 }),
      maxRecordBytes: 100,
      blockBytes: 1,
      badRecords: "deadLetter",
      deadLetter: ({ line, bytes: { length } }) => bad.push([line, length]),
    });
    const rows: unknown[] = [];
    await runtime.drive(async () => {
      for await (const { a } of from(file, { workers: 2, runtime })) rows.push(a);
    });
    assertEquals(rows, ["1", "2", "3"]);
    assertEquals(bad, [[2, 100], [4, 1]]);
  }
});

Deno.test("Columns that nobody asks for are not converted: what is in them is not looked at", async () => {
  const lines = ['{"a":1,"b":"x"}', '{"a":2,"b":{}}', '{"c":0,"a":3}'];
  const runtime = simulationWith(bytesOf(lines));
  const given = schema({ a: t.i32, b: t.utf8 });
  const source = ndjson(PATH, { schema: given, extraKeys: "ignore" });
  const pipeline = from(source, { workers: 1, runtime }).select({ a: col("a") });
  assertEquals(
    await runtime.drive(() => Array.fromAsync(pipeline)),
    [{ a: 1 }, { a: 2 }, { a: 3 }],
  );
  assertStringIncludes(pipeline.explain(), '"a", of 2 columns');
});

Deno.test("Compressed files are inflated on the way, and say how far they are", async () => {
  const lines = Array.from({ length: 2000 }, (_, row) => `{"at":${row * 10},"n":1}`);
  const bytes = await gzipped(bytesOf(lines));
  const runtime = simulationWith(bytes);
  const told: [number, number | undefined, number][] = [];
  const source = ndjson(PATH, { blockBytes: 4000, maxRecordBytes: 1000 });
  const pipeline = from(source, { workers: 2, runtime }).timestamps("at", { format: "ms" })
    .window(new TumblingWindow({ size: "1s" })).aggregate({ n: sum("n") });
  const onProgress = ({ bytesRead, bytesTotal, recordsIn }: PipelineMetrics) => {
    told.push([bytesRead, bytesTotal, recordsIn]);
  };
  const metrics = await runtime.drive(() => pipeline.run({ onProgress }));
  assertEquals(metrics.rowsOut, 20);
  assertEquals(told.at(-1), [bytes.length, bytes.length, 2000]);
  const cut = simulationWith(bytes.subarray(0, bytes.length - 20));
  const truncated = from(ndjson(PATH), { workers: 1, runtime: cut });
  await assertRejects(() => cut.drive(() => truncated.run()), Error, `Cannot inflate ${PATH}`);
});

Deno.test("Streams of bytes, bodies of responses and asynchronous iterables are read once", async () => {
  const text = "a,b\n1,2\n3,4\n";
  async function* pieces() {
    for (const byte of encoder.encode(text)) yield Uint8Array.of(byte);
  }
  for (const input of [new Response(text), new Response(text).body!, pieces()]) {
    const pipeline = from(csv<{ a: number }>(input), { workers: 1 });
    const rows = await Array.fromAsync(pipeline);
    assertEquals(rows as unknown[], [{ a: 1, b: 2 }, { a: 3, b: 4 }]);
    const { bytesRead, bytesTotal } = pipeline.metrics();
    assertEquals([bytesRead, bytesTotal], [text.length, undefined]);
  }
  for (const input of [new Response(text), new Response(text).body!, pieces()]) {
    const source = csv(input);
    await from(source, { workers: 1 }).run();
    await assertRejects(() => from(source, { workers: 1 }).run(), TypeError, "can be read once");
  }
  const anew = csv({ [Symbol.asyncIterator]: pieces });
  for (const _time of [1, 2]) {
    assertEquals((await from(anew, { workers: 1 }).run()).recordsIn, 2);
  }
  const texts = ReadableStream.from(["a\n"]) as unknown as ReadableStream<Uint8Array>;
  await assertRejects(() => from(csv(texts), { workers: 1 }).run(), TypeError, "TextEncoderStream");
  assertThrows(() => csv(5 as unknown as string), TypeError, "the path of a file");
  assertThrows(() => ndjson("a", { blockBytes: 0 }), RangeError, "Cannot read input: blockBytes");
  assertThrows(() => ndjson("a", { compression: "rar" as "none" }), TypeError, "compression");
});

Deno.test("The body of a response that is an error is not taken for records", async () => {
  const missing = new Response("a\n1\n", { status: 404, statusText: "Not Found" });
  await assertRejects(
    () => from(csv(missing), { workers: 1 }).run(),
    FileSourceError,
    "the response has the status 404 Not Found; look whether the address is right",
  );
});

Deno.test("A live stream's records do not wait for a block to be full", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const source = ndjson(readable, { schema: schema({ a: t.i32 }) });
  const rows = from(source, { workers: 1 })[Symbol.asyncIterator]();
  for (const a of [1, 2]) {
    void writer.write(encoder.encode(`{"a":${a}}\n{"a"`));
    void writer.write(encoder.encode(":0}\n"));
    assertEquals((await rows.next()).value, { a });
    assertEquals((await rows.next()).value, { a: 0 });
  }
  await writer.close();
  assertEquals((await rows.next()).done, true);
});

Deno.test("A file that is not there, or is a folder, is a FileSourceError", async () => {
  for (const path of ["no such file.ndjson", "tests"]) {
    const pipeline = from(ndjson(path), { workers: 1 });
    const error = await assertRejects(() => pipeline.run(), FileSourceError);
    assertStringIncludes(error.message, `Cannot read ${path}: `);
  }
});

Deno.test("A file without records gives nothing, whatever else is in it", async () => {
  for (const text of ["", "\n\n", "\ufeff", "\r\n"]) {
    const runtime = simulationWith(encoder.encode(text));
    const metrics = await runtime.drive(() => from(ndjson(PATH), { workers: 1, runtime }).run());
    assertEquals([metrics.recordsIn, metrics.rowsOut], [0, 0]);
  }
  const runtime = simulationWith(encoder.encode("\ufeffa,b\n"));
  const metrics = await runtime.drive(() => from(csv(PATH), { workers: 1, runtime }).run());
  assertEquals([metrics.recordsIn, metrics.bytesRead], [0, 7]);
});

Deno.test("Pipelines that share windows over one file have their bees decode it", async () => {
  const lines = Array.from({ length: 900 }, (_, row) => {
    return `{"at":${row * 100},"key":"k${row % 4}","n":${row % 5},"other":"x"}`;
  });
  const runtime = simulationWith(bytesOf(lines), 7);
  const source = ndjson(PATH, { maxRecordBytes: 200, blockBytes: 2000 });
  const timed = from(source, { workers: 3, runtime }).timestamps("at", { format: "ms" });
  const byKey = timed.keyBy("key").window(new TumblingWindow({ size: "10s" })).aggregate({
    total: sum("n"),
  });
  const byMinute = timed.window(new TumblingWindow({ size: "1m" })).aggregate({ rows: count() });
  const both = together(byKey, byMinute);
  const [first, second] = await runtime.drive(() => {
    const [totals, counts] = both.batches();
    return Promise.all([Array.fromAsync(totals), Array.fromAsync(counts)]);
  });
  const totals = first.flatMap((batch) => batch.toRows());
  assertEquals(totals.length, 36);
  assertEquals(totals.reduce((sum, { total }) => sum + Number(total), 0), 1800);
  assertEquals(second.flatMap((batch) => batch.toRows()).map(({ rows }) => rows), [600, 300]);
  assertEquals(both.metrics().map(({ recordsIn }) => recordsIn), [900, 900]);
});

Deno.test("A function may filter the rows that its bee decodes, in promises too", async () => {
  const text = Array.from({ length: 3000 }, (_, row) => `${row},${row % 10}\n`).join("");
  const file = csv<{ a: number; b: number }>(new Response(`a,b\n${text}`), { blockBytes: 5000 });
  const pipeline = from(file, { workers: 2 })
    .filter(async ({ b }: { a: number; b: number }) => {
      await Promise.resolve();
      return b === 3;
    });
  const rows = await Array.fromAsync(pipeline);
  assertEquals(rows.map(({ a }) => a), Array.from({ length: 300 }, (_, row) => 10 * row + 3));
});

Deno.test("A source that gives batches among its blocks is refused", async () => {
  const runtime = simulationWith(bytesOf(['{"a":1}', '{"a":2}']));
  const file = ndjson(PATH);
  const batch = RecordBatch.fromRows([{ a: 1 }]);
  const mixed = (after: boolean): Source => ({
    name: "mixed",
    recordBytes: 100,
    async *open(options) {
      if (after) yield* file.open(options);
      else yield { block: { bytes: bytesOf(["{}"]), offset: 0, linesBefore: 0 } };
      yield { batch };
    },
  });
  for (const after of [true, false]) {
    const pipeline = from(mixed(after), { workers: 1, runtime });
    await assertRejects(() => runtime.drive(() => pipeline.run()), TypeError, "then blocks");
  }
});

Deno.test("Records may be said to be larger than all memory: it is taken when they come", async () => {
  const text = "x".repeat(9_000_000);
  const options = { workers: 1, ringBytes: 33_554_432 };
  for (const layout of ["lines", "array"] as const) {
    const lines = [1, 2, 3].map((n) => JSON.stringify({ n, text: n === 2 ? text : "" }));
    const json = layout === "lines" ? lines.join("\n") : `[${lines.join(",")}]`;
    const input = ReadableStream.from([encoder.encode(json)]);
    const source = ndjson<{ n: number; text: string }>(input, { layout, maxRecordBytes: 1e12 });
    const rows = await Array.fromAsync(from(source, options));
    assertEquals(rows.map(({ n, text }) => [n, text.length]), [[1, 0], [2, 9_000_000], [3, 0]]);
  }
  const input = ReadableStream.from([encoder.encode(`n,text\n1,\n2,${text}\n`)]);
  const rows = await Array.fromAsync(from(csv(input, { maxRecordBytes: 1e12 }), options));
  assertEquals(rows.map(({ n }) => Number(n)), [1, 2]);
});

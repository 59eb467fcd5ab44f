import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BadRecordError,
  count,
  csv,
  from,
  ndjson,
  type NdjsonSourceOptions,
  schema,
  sum,
  TumblingWindow,
  types as t,
} from "../mod.ts";
import { blockableNdjson } from "../src/codecs/block_scout.ts";
import { FileSourceError } from "../src/sources/byte_input.ts";
import { InflateError } from "../src/codecs/inflate/inflate_error.ts";

const COLUMNS = schema({ at: t.required(t.timestamp), n: t.required(t.i32) });

interface Row {
  at: number;
  n: number;
}

/** Bytes in chunks of a few. */
async function* chunksOf(text: string, length = 7): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.slice(at, at + length);
}

function sumsOf(text: string, options: Partial<NdjsonSourceOptions<Row>> = {}) {
  const source = ndjson<Row>(chunksOf(text), { schema: COLUMNS, layout: "array", ...options });
  return from(source, { workers: 2 }).timestamps("at").window(new TumblingWindow({ size: 10 }))
    .aggregate({ rows: count(), total: sum("n") });
}

Deno.test('ndjson() with layout: "array" gives the elements of one array, over any lines', async () => {
  const text = '[\n {"at":1,"n":5},\n {"at":3,\n  "n":6}, {"at":12,"n":7}\n]\n';
  const pipeline = sumsOf(text);
  const rows = [];
  for await (const { windowStart, rows: n, total } of pipeline) rows.push([windowStart, n, total]);
  assertEquals(rows, [[0, 2, 11], [10, 1, 7]]);
  assertEquals(pipeline.metrics().recordsIn, 3);
});

Deno.test("Elements that cannot be decoded go the way of badRecords, and an open array is told of", async () => {
  const text = '[{"at":1,"n":5},\n{"at":2,"n":"six"},\n{"at":3,"n":7}';
  await assertRejects(() => sumsOf(text).run(), BadRecordError, 'line 2, column "n"');
  const letters: string[] = [];
  const pipeline = sumsOf(text, {
    badRecords: "deadLetter",
    deadLetter: ({ bytes, line }) => letters.push(`${line} ${new TextDecoder().decode(bytes)}`),
  });
  const metrics = await pipeline.run();
  assertEquals(letters[0], '2 {"at":2,"n":"six"}');
  const { recordsIn, absorbed, deadLettered, unaccounted } = metrics;
  assertEquals([recordsIn, absorbed, deadLettered, unaccounted], [4, 2, 2, 0]);
  assertEquals((await sumsOf(text, { badRecords: "skip" }).run()).skipped, 2);
});

Deno.test("Arrays are inflated on the way, and a file that is not there is told of", async () => {
  const rows = [{ at: 1, n: 2 }, { at: 2, n: 3 }];
  const packed = new Blob([JSON.stringify(rows)]).stream()
    .pipeThrough(new CompressionStream("gzip"));
  const source = ndjson<Row>(packed, { schema: COLUMNS, layout: "array" });
  assertEquals((await from(source, { workers: 1 }).run()).recordsIn, 2);
  const missing = ndjson("no such file.json", { layout: "array" });
  await assertRejects(() => from(missing, { workers: 1 }).run(), FileSourceError);
  const zipped = ndjson(chunksOf("PK\x03\x04 and more"), { layout: "array" });
  await assertRejects(() => from(zipped, { workers: 1 }).run(), InflateError);
});

Deno.test("Arrays are not read in blocks, and blockBytes is refused with them", () => {
  assertThrows(
    () => ndjson(chunksOf("[]"), { layout: "array", blockBytes: 1000 }),
    TypeError,
    'layout "array" is not read in blocks, received blockBytes 1000; leave blockBytes out',
  );
});

Deno.test("trusted reaches the decoders of blocks", () => {
  const options = { schema: COLUMNS as never, trusted: true };
  assertEquals(blockableNdjson("x", options).specOf(COLUMNS, ["at", "n"]), {
    ...blockableNdjson("x", { schema: COLUMNS as never }).specOf(COLUMNS, ["at", "n"]),
    trusted: true,
  } as never);
});

Deno.test("A header that is too large is told of as that", async () => {
  const source = csv(chunksOf(`a,${"b".repeat(3000)}\n1,2\n`, 500), { maxRecordBytes: 1000 });
  await assertRejects(
    () => from(source, { workers: 1 }).run(),
    TypeError,
    "line 1, the header: the record is larger than maxRecordBytes (1000)",
  );
});

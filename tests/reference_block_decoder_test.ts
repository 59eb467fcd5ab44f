import { assertEquals } from "@std/assert";
import { CsvDecoder, NdjsonDecoder } from "../mod.ts";
import type { BadRecord } from "../src/codecs/bad_record.ts";
import type { BlockDecoderSpec } from "../src/codecs/block_specs.ts";
import { createBlockDecoder } from "../src/codecs/create_block_decoder.ts";
import { create } from "../src/kernel/kernel.ts";
import { forSeeds, type Random } from "./support/random.ts";

const LIMITS = { maxRecordBytes: 200, maxDepth: 64, maxColumns: 4096 };
const FIELDS = [
  { name: "at", type: { kind: "timestamp" } },
  { name: "key", type: { kind: "utf8" } },
  { name: "value", type: { kind: "f64" } },
] as const;

interface Read {
  readonly rows: unknown[];
  readonly bad: { readonly line: number; readonly bytes: string }[];
  readonly records: number;
}

/** Bytes in memory of several threads, so many bytes behind a word's start. */
function sharedCopy(bytes: Uint8Array, shift: number): Uint8Array {
  const copy = new Uint8Array(new SharedArrayBuffer(shift + bytes.length), shift);
  copy.set(bytes);
  return copy;
}

/** Reads a text cut into blocks behind some of its lines, which lie where they come to lie. */
function readBlocks(text: string, spec: BlockDecoderSpec, cuts: readonly number[]): Read {
  using decoder = createBlockDecoder(spec, create());
  const bytes = new TextEncoder().encode(text);
  const read: Read = { rows: [], bad: [], records: 0 };
  let [records, lines] = [0, 0];
  [...cuts, bytes.length].reduce((from, to) => {
    const block = sharedCopy(bytes.subarray(from, to), from % 8);
    for (let at = 0; at < block.length;) {
      const decoded = decoder.decode(block, at);
      read.rows.push(...decoded.batch.toRows());
      for (const { line, start, end } of decoded.bad) {
        const text = new TextDecoder().decode(block.slice(start, Math.min(end, start + 200)));
        read.bad.push({ line: lines + line + 1, bytes: text });
      }
      records += decoded.records;
      lines += decoded.lines;
      at = decoded.end;
    }
    return to;
  }, 0);
  return { ...read, records };
}

function lineOf(random: Random, csv: boolean): string {
  const [at, value] = [random.below(100_000), random.below(1000) / 4];
  const key = random.pick(["a", "é", "long ".repeat(random.below(60)), ""]);
  if (random.chance(0.05)) return csv ? "1,2" : '{"at":';
  if (random.chance(0.05)) return "";
  return csv ? `${at},"${key}",${value}` : JSON.stringify({ at, key, value, other: [value] });
}

for (const format of ["ndjson", "csv"] as const) {
  Deno.test(`A block decoder of ${format} gives what the decoder of a whole input does`, () => {
    forSeeds(200, (random) => {
      const end = random.pick(["\n", "\r\n"]);
      const lines = Array.from(
        { length: random.below(80) },
        () => lineOf(random, format === "csv"),
      );
      const text = lines.join(end) + random.pick(["", end]);
      const cuts: number[] = [];
      let at = 0;
      for (const line of lines.slice(0, -1)) {
        at += new TextEncoder().encode(line + end).length;
        if (random.chance(0.2)) cuts.push(at);
      }
      const bad: { line: number; bytes: string }[] = [];
      const options = {
        schema: { fields: FIELDS },
        maxRecordBytes: 200,
        extraKeys: "ignore" as const,
        badRecords: "deadLetter" as const,
        deadLetter: ({ line, bytes }: BadRecord) => {
          bad.push({ line, bytes: new TextDecoder().decode(bytes) });
        },
      };
      const whole = format === "csv"
        ? new CsvDecoder({ ...options, header: FIELDS.map(({ name }) => name) })
        : new NdjsonDecoder(options);
      const batches = [...whole.push(new TextEncoder().encode(text)), ...whole.finish()];
      const schema = { fields: FIELDS };
      const batchRows = random.pick([1, 7, 1000]);
      const spec = format === "csv"
        ? { format, schema, batchRows, ...LIMITS, names: FIELDS.map(({ name }) => name) }
        : { format, schema, batchRows, ...LIMITS };
      const { rows, bad: found, records } = readBlocks(text, spec, cuts);
      assertEquals(rows, batches.flatMap((batch) => [...batch.toRows()]));
      assertEquals(found, bad);
      assertEquals(records, whole.metrics().records);
    });
  });
}

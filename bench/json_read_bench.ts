/**
 * Lines of JSON to columns, as a bee reads them: blocks of 1 MiB that end at a line, rows in batches
 * of 8,192, the copy into the kernel's memory included. The baseline splits the same lines and
 * parses each, and makes no columns.
 *
 * @module
 */
import type { Schema } from "../src/batch/schema.ts";
import type { BlockDecoder } from "../src/codecs/block_decoder.ts";
import { NdjsonDecoder } from "../src/codecs/json/ndjson_decoder.ts";
import { NdjsonBlockDecoder } from "../src/codecs/json/ndjson_block_decoder.ts";
import { create } from "../src/kernel/kernel.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";
import {
  ndjsonOf,
  randomOf,
  recordsOf,
  type Shape,
  SHAPES,
  TEN_COLUMNS,
  tenColumns,
} from "./support/shapes.ts";

const ROWS = 60_000;
const BLOCK_BYTES = 1 << 20;
const LINE_FEED = 10;
const FOUR = ["id", "at", "temperature", "note"];
const ODD_SHARE = 0.05;
/** The contender does this many times as much, so that both sides take about as long. */
const TURNS = 5;

/** Bytes cut behind lines, as a source hands them out. */
function blocksOf(bytes: Uint8Array): Uint8Array[] {
  const blocks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const end = bytes.lastIndexOf(LINE_FEED, Math.min(at + BLOCK_BYTES, bytes.length) - 1) + 1;
    blocks.push(bytes.subarray(at, end));
    at = end;
  }
  return blocks;
}

function decoderOf(schema: Schema, trusted = false): BlockDecoder {
  return new NdjsonBlockDecoder({
    format: "ndjson",
    schema,
    trusted,
    batchRows: 8_192,
    maxRecordBytes: BLOCK_BYTES,
    maxDepth: 64,
    maxColumns: 4_096,
  }, create());
}

function decodeAll(decoder: BlockDecoder, blocks: readonly Uint8Array[]): number {
  let rows = 0;
  for (const block of Array.from({ length: TURNS }, () => blocks).flat()) {
    for (let at = 0; at < block.length;) {
      const { batch, end } = decoder.decode(block, at);
      rows += batch.length;
      at = end;
    }
  }
  return rows;
}

/** Lines to objects, and no columns. */
function parseLines(blocks: readonly Uint8Array[]): number {
  const decoder = new TextDecoder();
  let rows = 0;
  for (const block of blocks) {
    for (const line of decoder.decode(block).split("\n")) {
      if (line === "") continue;
      JSON.parse(line);
      rows++;
    }
  }
  return rows;
}

interface Input {
  readonly name: string;
  readonly schema: Schema;
  readonly bytes: Uint8Array;
  readonly target: number;
}

async function againstParse({ name, schema, bytes, target }: Input): Promise<BenchRow[]> {
  const blocks = blocksOf(bytes);
  const [strict, trusting] = [decoderOf(schema), decoderOf(schema, true)];
  const baseline = () => parseLines(blocks);
  return [
    await compare({ name, contender: () => decodeAll(strict, blocks), baseline, target }),
    await compare({
      name: `${name}, trusted`,
      contender: () => decodeAll(trusting, blocks),
      baseline,
      note: "what is not wanted is not validated",
    }),
  ];
}

/** The same from the public decoder, in chunks that end anywhere, columns copied out. */
async function wholeDecoder({ name, schema, bytes }: Input): Promise<BenchRow> {
  const blocks = blocksOf(bytes);
  const once = Array.from(
    { length: Math.ceil(bytes.length / BLOCK_BYTES) },
    (_, at) => bytes.subarray(at * BLOCK_BYTES, (at + 1) * BLOCK_BYTES),
  );
  const chunks = Array.from({ length: TURNS }, () => once).flat();
  const contender = () => {
    const decoder = new NdjsonDecoder({ schema, extraKeys: "ignore" });
    let rows = 0;
    for (const chunk of chunks) {
      for (const batch of decoder.push(chunk)) rows += batch.length;
    }
    for (const batch of decoder.finish()) rows += batch.length;
    return rows;
  };
  return await compare({
    name: `${name}, by NdjsonDecoder`,
    contender,
    baseline: () => parseLines(blocks),
    note: "chunks cut anywhere, batches that stay",
  });
}

function inputOf(shape: Shape, target: number): Input {
  const bytes = ndjsonOf(recordsOf(shape, ROWS));
  const { name, schema } = shape;
  return { name: `NDJSON to all columns, ${name}; JSON.parse`, schema, bytes, target };
}

function fourOfTen(): Input {
  const random = randomOf(1);
  const records = Array.from({ length: ROWS }, (_, row) => tenColumns(row, random));
  return {
    name: "NDJSON to 4 of 10 columns; JSON.parse",
    schema: { fields: TEN_COLUMNS.fields.filter(({ name }) => FOUR.includes(name)) },
    bytes: ndjsonOf(records),
    target: 7.5,
  };
}

function reordered(record: Record<string, unknown>): Record<string, unknown> {
  const [first, ...others] = Object.entries(record);
  return Object.fromEntries([...others, first]);
}

/** A record that hardly another one is like: keys in any order, one missing, one more. */
function odd(record: Record<string, unknown>, random: () => number): Record<string, unknown> {
  const entries = Object.entries(record).map((entry) => [random(), entry] as const);
  const shuffled = entries.sort(([a], [b]) => a - b).map(([, entry]) => entry);
  return Object.fromEntries([...shuffled.slice(1), [`x${Math.floor(random() * 100)}`, random()]]);
}

/** Lines of two orders of their keys at random, and some of any other, against lines of one. */
async function changingLayouts({ schema, ...shape }: Shape): Promise<BenchRow> {
  const records = recordsOf({ schema, ...shape }, ROWS);
  const random = randomOf(2);
  const plain = blocksOf(ndjsonOf(records));
  const changing = blocksOf(ndjsonOf(records.map((record) => {
    if (random() < ODD_SHARE) return odd(record, random);
    return random() < 0.5 ? record : reordered(record);
  })));
  const [decoder, other] = [decoderOf(schema), decoderOf(schema)];
  return await compare({
    name: `key order changes at random, 5 % odd rows, ${shape.name}; the same without`,
    contender: () => decodeAll(decoder, changing),
    baseline: () => decodeAll(other, plain),
    target: 0.8,
    rounds: 15,
  });
}

async function rows(): Promise<BenchRow[]> {
  const { sensor, mixed, bid } = SHAPES;
  const inputs = [inputOf(sensor, 6.5), inputOf(mixed, 6.5), inputOf(bid, 4.5), fourOfTen()];
  const all: BenchRow[] = [];
  for (const input of inputs) all.push(...await againstParse(input), await wholeDecoder(input));
  all.push(await changingLayouts(sensor), await changingLayouts(mixed));
  return all;
}

/** Reading JSON. */
export const group: BenchGroup = { name: "json_read", rows };

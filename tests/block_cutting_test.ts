import { assertEquals } from "@std/assert";
import {
  BlockCutting,
  type BlockCuttingOptions,
  type CutBlock,
  roomyChunk,
} from "../src/codecs/block_cutting.ts";
import { blockableCsv, blockableNdjson } from "../src/codecs/block_scout.ts";
import { forSeeds, type Random } from "./support/random.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Records with their line ends, some of them too large for a block of 200 bytes. */
function recordsOf(random: Random, csv: boolean): string[] {
  const end = random.pick(["\n", "\r\n"]);
  return Array.from({ length: random.below(60) }, () => {
    const size = random.chance(0.1) ? 150 + random.below(1000) : random.below(40);
    if (!csv) return "x".repeat(size) + end;
    if (random.chance(0.1)) return `# ${"c".repeat(random.below(30))}${end}`;
    const text = Array.from(
      { length: size },
      () => random.pick(["a", "é", '""', "\n", "\r\n", ","]),
    );
    return `"${text.join("")}",1${end}`;
  });
}

/** A roomy chunk of so many bytes, somewhere in a larger memory. */
function roomyOf(length: number): Uint8Array {
  const memory = new Uint8Array(new ArrayBuffer(2 * length + 8), 3);
  return roomyChunk(memory).subarray(0, length);
}

/** The blocks of bytes that come in random pieces. */
function cutAll(
  bytes: Uint8Array,
  way: Pick<BlockCuttingOptions, "cutter" | "scanner">,
  random: Random,
): CutBlock[] {
  const released: Uint8Array[] = [];
  const release = (chunk: Uint8Array) => void released.push(chunk);
  const blockBytes = random.pick([200, 200, 150, 64, 1]);
  const cutting = new BlockCutting({ ...way, blockBytes, mostBytes: 200, release });
  const blocks: CutBlock[] = [];
  const most = random.pick([1, 10, 180, 1000]);
  for (let at = 0; at < bytes.length;) {
    const piece = bytes.subarray(at, at + 1 + random.below(most));
    const chunk = random.chance(0.5) ? roomyOf(piece.length) : new Uint8Array(piece.length);
    chunk.set(piece);
    const fresh = [...cutting.push(chunk)];
    const isKept = fresh.some(({ bytes }) => bytes.buffer === chunk.buffer);
    assertEquals(released.pop(), isKept ? undefined : chunk);
    assertEquals(cutting.cutsInPlace, isKept);
    blocks.push(...fresh);
    if (random.chance(0.2)) blocks.push(...cutting.flush());
    at += piece.length;
  }
  return [...blocks, ...cutting.finish()];
}

Deno.test("A record that may be larger than all memory takes what it needs, and blocks stay as they are", () => {
  const way = blockableNdjson("a", { maxRecordBytes: 1e12 });
  const cutting = new BlockCutting({ ...way, blockBytes: 200, mostBytes: 1e12 });
  const records = [..."abc"].flatMap((letter) => [letter.repeat(5000), ..."defghijklm".repeat(50)]);
  const bytes = encoder.encode(records.map((record) => `${record}\n`).join(""));
  const blocks = [...cutting.push(bytes), ...cutting.finish()].map(({ bytes }) => bytes);
  assertEquals(blocks.map((block) => decoder.decode(block)).join(""), decoder.decode(bytes));
  const large = blocks.filter(({ length }) => length > 200);
  assertEquals(large.length, 3);
  for (const { buffer } of large) assertEquals(buffer.byteLength < 20_000, true);
});

for (const format of ["ndjson", "csv"] as const) {
  Deno.test(`Blocks of ${format} hold whole records, all of them, however the bytes come`, () => {
    forSeeds(400, (random) => {
      const csv = format === "csv";
      const records = recordsOf(random, csv);
      const bom = random.pick(["", "\ufeff"]);
      const bytes = encoder.encode(bom + records.join(""));
      const way = csv
        ? blockableCsv("a", { comment: "#" })
        : blockableNdjson("a", { maxRecordBytes: 198 });
      const blocks = cutAll(bytes, way, random);
      const starts = new Map<number, number>();
      let [offset, lines] = [bom === "" ? 0 : 3, 0];
      for (const record of records) {
        starts.set(offset, lines);
        offset += encoder.encode(record).length;
        lines += record.split("\n").length - 1;
      }
      starts.set(offset, lines);
      let at = bom === "" ? 0 : 3;
      for (const { bytes: own, offset, linesOfAll } of blocks) {
        const line = starts.get(offset);
        assertEquals([typeof line, offset], ["number", at]);
        if (linesOfAll === undefined) at += own.length;
        else {
          // The beginning of one record, which is as large as a block.
          assertEquals(own.length, 200);
          at = [...starts.keys()].find((start) => start > offset)!;
          assertEquals(linesOfAll, starts.get(at)! - line!);
        }
        assertEquals(
          decoder.decode(own),
          decoder.decode(bytes.subarray(offset, offset + own.length)),
        );
      }
      assertEquals(at, bytes.length);
    });
  });
}

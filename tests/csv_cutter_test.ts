import { assertEquals } from "@std/assert";
import type { CsvBlockSpec } from "../src/codecs/block_specs.ts";
import { CsvCutter } from "../src/codecs/csv/csv_cutter.ts";
import { dialectOf, scannerOf } from "../src/codecs/csv/csv_options.ts";
import type { CsvScanner } from "../src/codecs/csv/csv_scanner.ts";
import { CR, FoundRecords, LF } from "../src/codecs/record_scanner.ts";
import { create, type Kernel } from "../src/kernel/kernel.ts";
import { bytesOf } from "./support/chunks.ts";
import { randomBytes, randomSpec } from "./support/csv_cases.ts";
import { forSeeds } from "./support/random.ts";

const SPECS = 1_500;
const BLOCKS = 40;

/** Whether a record that is put behind these bytes starts there, by the scanner. */
function isEnd(bytes: Uint8Array, spec: CsvBlockSpec): boolean {
  const scanner: CsvScanner = scannerOf(dialectOf(spec), spec.comment);
  const found = new FoundRecords();
  const all = new Uint8Array([...bytes, ...bytesOf("z\n")]);
  scanner.scan(all, { from: 0, to: all.length }, found);
  return found.starts.at(-1) === bytes.length;
}

/** The last place where a record may start, not within a CRLF or what may become one. */
function lastEnd(bytes: Uint8Array, spec: CsvBlockSpec): number {
  for (let at = bytes.length; at > 0; at--) {
    const isOpen = bytes[at - 1] === CR && (at === bytes.length || bytes[at] === LF);
    const isLineEnd = bytes[at - 1] === LF || bytes[at - 1] === CR;
    if (isLineEnd && !isOpen && isEnd(bytes.subarray(0, at), spec)) return at;
  }
  return 0;
}

/** A record of some megabytes in front and behind, so that pieces are cut within. */
function cutLong(kernel: Kernel, inner: string): number {
  using cutter = new CsvCutter({}, kernel);
  return cutter.cut(bytesOf(`a,b\n"${inner}`));
}

Deno.test("CsvCutter cuts where CsvScanner has a record start, whatever comes and however it comes", () => {
  const kernel = create();
  forSeeds(SPECS, (random) => {
    const spec = randomSpec(random);
    using cutter = new CsvCutter(spec, kernel);
    for (let left = BLOCKS; left > 0; left--) {
      const bytes = randomBytes(random, spec);
      const text = JSON.stringify(new TextDecoder().decode(bytes));
      assertEquals(cutter.cut(bytes), lastEnd(bytes, spec), text);
      for (let seen = 0, to = 1; to <= bytes.length; to += 1 + random.below(9)) {
        const part = bytes.subarray(0, to);
        const end = cutter.cut(part, seen);
        assertEquals(end, lastEnd(part, spec), `${text} up to ${to}`);
        if (end > 0) break;
        seen = to;
      }
    }
  });
  assertEquals(kernel.usedBytes, 0);
});

Deno.test("CsvCutter looks through megabytes in quotes for the end of their record", () => {
  const kernel = create();
  const long = 'line,\n""\r\n'.repeat(100_000);
  assertEquals(cutLong(kernel, long), 4);
  assertEquals(cutLong(kernel, `${long}",c\nd`), 4 + 1 + long.length + 4);
  assertEquals(cutLong(kernel, `${long}""",c\nd`), 4 + 1 + long.length + 6);
});

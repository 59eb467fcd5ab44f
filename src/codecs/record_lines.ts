import type { RecordFormat } from "./batch_reader.ts";
import { FoundRecords, type RecordScanner } from "./record_scanner.ts";
import { utf8Text } from "./utf8_text.ts";

const SPACE = 0x20;

/** How records are found in bytes. */
export interface RecordFinding {
  readonly scanner: () => RecordScanner;
  /** What says which of them are none. */
  readonly format: Pick<RecordFormat<never>, "isSkipped">;
}

/**
 * On which physical line of a block of whole records each of them starts, from 0. What is no record,
 * such as an empty line, is not among them.
 */
export function recordLines(block: Uint8Array, { scanner, format }: RecordFinding): number[] {
  const finding = scanner();
  const found = new FoundRecords();
  finding.scan(block, { from: 0, to: block.length }, found);
  if (finding.start < block.length) found.add(finding.start, block.length, finding.line);
  const { starts, ends, lines } = found;
  const isRecord = (at: number) => {
    // Blank lines alone are skipped: the others need not be made texts.
    if (starts[at] < ends[at] && block[starts[at]] > SPACE) return true;
    const text = utf8Text(block.slice(starts[at], ends[at]), false);
    return text === undefined || !format.isSkipped(text);
  };
  return lines.filter((_, at) => isRecord(at)).map((line) => line - 1);
}

/** A record's place in words, as it is told of all that cannot be used. */
export function lineText(name: string, line: number): string {
  return `${name}, line ${line}`;
}

/**
 * The record that a row was made of, both counted from 0.
 *
 * @param bad Those that no rows were made of, in their order; each of them stands for one.
 */
export function recordOfRow(row: number, bad: readonly { readonly record: number }[]): number {
  let [low, high] = [0, bad.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (bad[middle].record - middle <= row) low = middle + 1;
    else high = middle;
  }
  return row + low;
}

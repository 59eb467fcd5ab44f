import type { ResultBuffers } from "./result_columns.ts";
import { MAX_KEY_BYTES } from "./window_check.ts";
import type { ResultColumn } from "./window_types.ts";

/** The most bytes of texts in a column. */
export const MOST_TEXT_BYTES = 0x7fff_ffff;
/** Longest text decoded at once: V8's strings end at 2²⁹ characters. */
const MAX_TEXT = 2 ** 28;

/** Texts one behind the other. */
interface Text {
  readonly values: Uint8Array;
  readonly offsets: Int32Array;
}

/** How many of the next keys fit into so many bytes at once, by where they start and end. */
export function fitting(ends: Int32Array, bytes: number): number {
  const reach = ends[0] + bytes;
  if (ends[ends.length - 1] <= reach) return ends.length - 1;
  return ends.findIndex((end) => end > reach) - 1;
}

/** Indices into a dictionary of the distinct strings. */
export function dictionaryOf({ values, offsets }: Text, valid: Uint8Array): ResultBuffers {
  const ids = new Map<string, number>();
  const entries: number[] = [];
  const indices = new Int32Array(valid.length);
  // a byte a character, so that offsets of bytes cut the text
  const bytewise = new TextDecoder("latin1");
  const names = values.length <= MAX_TEXT ? bytewise.decode(values) : undefined;
  for (let row = 0; row < valid.length; row++) {
    if (valid[row] === 0) continue;
    const [start, end] = [offsets[row], offsets[row + 1]];
    const name = names?.slice(start, end) ?? bytewise.decode(values.subarray(start, end));
    const id = ids.get(name) ?? ids.size;
    indices[row] = id;
    if (id < ids.size) continue;
    ids.set(name, id);
    entries.push(row);
  }
  return { values: indices, children: [entryColumn({ values, offsets }, entries)] };
}

function entryColumn({ values, offsets }: Text, rows: readonly number[]): ResultColumn {
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, id) => starts[id + 1] = starts[id] + offsets[row + 1] - offsets[row]);
  const bytes = new Uint8Array(starts[rows.length]);
  rows.forEach((row, id) => bytes.set(values.subarray(offsets[row], offsets[row + 1]), starts[id]));
  return {
    type: { kind: "utf8" },
    length: rows.length,
    nullCount: 0,
    values: bytes,
    offsets: starts,
  };
}

/** Why texts that end there cannot be a column. */
export function longKeys(ends: Uint32Array, start: number): RangeError {
  const longest = ends.reduce(
    (most, end, row) => Math.max(most, end - (ends[row - 1] ?? start)),
    0,
  );
  if (longest > MAX_KEY_BYTES) return damagedKey(longest);
  return new RangeError(
    `Cannot give results: the keys of the windows that close take ${
      ends.at(-1)
    } bytes or more, a ` +
      "column holds 2 GiB; close more often or use shorter windows",
  );
}

/** No row has such a key: it came with a delta or snapshot whose bytes were changed. */
export function damagedKey(bytes: number): RangeError {
  return new RangeError(
    `Cannot give results: a key has ${bytes} bytes, at most ${MAX_KEY_BYTES} can be; a delta or ` +
      "snapshot that was folded into the windows is damaged",
  );
}

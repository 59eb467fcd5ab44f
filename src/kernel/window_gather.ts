import { bitmapOf, columnOfWords, type ResultBuffers } from "./result_columns.ts";
import { MAX_KEY_BYTES, resultTypeOf, sumInRange } from "./window_check.ts";
import type { TableContext } from "./window_context.ts";
import { pairColumn } from "./window_pairs.ts";
import { type Spread, SPREADS, type ValueLayout } from "./window_layout.ts";
import type { WindowShape } from "./window_shape.ts";
import type {
  AggregateOp,
  ClosedWindows,
  KeyType,
  PlannedAggregate,
  ResultColumn,
} from "./window_types.ts";

/** Rows gathered at a time: 8 bytes and a flag each fit into the buffer. */
const GATHER_ROWS = 8192;
const FLAGS_AT = GATHER_ROWS * 8;

/** Bytes of the buffer that results are gathered in. */
export const GATHER_BYTES: number = GATHER_ROWS * 9;

/** Longest text decoded at once: V8's strings end at 2²⁹ characters. */
const MAX_TEXT = 2 ** 28;

/** A sorted window: its position among the open ones, and how many groups it has. */
export interface SortedWindow {
  readonly index: number;
  readonly groups: number;
}

/** Makes columns of the sorted windows of a table. */
export class WindowGather {
  readonly #context: TableContext;
  readonly #windows: readonly SortedWindow[];
  readonly #length: number;
  /** The states of all groups, a column for every 8 bytes. */
  readonly #words: readonly ArrayBuffer[];

  constructor(context: TableContext, windows: readonly SortedWindow[]) {
    this.#context = context;
    this.#windows = windows;
    this.#length = windows.reduce((sum, { groups }) => sum + groups, 0);
    this.#words = this.#gatherWords();
  }

  /** Calls `gather` for pieces of each window, with the result row at which a piece starts. */
  #forPieces(
    most: number,
    gather: (window: number, from: number, count: number, row: number) => void,
  ): void {
    let row = 0;
    for (const { index, groups } of this.#windows) {
      for (let from = 0; from < groups; from += most) {
        gather(index, from, Math.min(most, groups - from), row + from);
      }
      row += groups;
    }
  }

  #gatherWords(): ArrayBuffer[] {
    const { kernel, table, buffer, bufferBytes, layout } = this.#context;
    const words = Array.from(
      { length: layout.bytes / 8 },
      () => new Float64Array(this.#length),
    );
    this.#forPieces(Math.floor(bufferBytes / layout.bytes), (window, from, count, row) => {
      kernel.exports.gatherWords(table, window, from, count, buffer);
      words.forEach((column, word) => {
        column.set(new Float64Array(kernel.u8.buffer, buffer + word * count * 8, count), row);
      });
    });
    return words.map(({ buffer }) => buffer);
  }

  #wordsAt(at: number): ArrayBuffer {
    return this.#words[at / 8];
  }

  /** Non-negative 64-bit integers as doubles, exact to 2⁵³. */
  #counts(at: number): Float64Array {
    const halves = new Uint32Array(this.#wordsAt(at));
    const counts = new Float64Array(this.#length);
    for (let row = 0; row < counts.length; row++) {
      counts[row] = halves[2 * row] + halves[2 * row + 1] * 0x1_0000_0000;
    }
    return counts;
  }

  /** Starts and ends of the windows, which are of a kind, one a row. */
  bounds(kind: WindowShape): Pick<ClosedWindows, "length" | "windowStart" | "windowEnd"> {
    const { kernel, table, shape } = this.#context;
    const windowStart = new BigInt64Array(this.#length);
    const windowEnd = new BigInt64Array(this.#length);
    this.#forPieces(this.#length, (window, _from, count, row) => {
      const at = kernel.exports.tableStart(table, window);
      const end = shape.isPlain ? at + kind.size : at;
      windowStart.fill(BigInt(kind.startOf(end)), row, row + count);
      windowEnd.fill(BigInt(end), row, row + count);
    });
    return { length: this.#length, windowStart, windowEnd };
  }

  /** The columns of the keys. */
  keys(): ResultColumn[] {
    return this.#context.plan.keys.map((type, part) => {
      const text = type.kind === "utf8" || type.kind === "dict" || type.kind === "bytes";
      return text ? this.#textKeys(type, part) : this.#fixedKeys(type, part);
    });
  }

  #fixedKeys(type: KeyType, part: number): ResultColumn {
    const { kernel, table, buffer } = this.#context;
    const words = new Uint8Array(this.#length * 8);
    const valid = new Uint8Array(this.#length);
    this.#forPieces(GATHER_ROWS, (window, from, count, row) => {
      const flags = buffer + FLAGS_AT;
      kernel.exports.gatherKeys(table, window, from, count, part, buffer, flags);
      words.set(kernel.u8.subarray(buffer, buffer + count * 8), row * 8);
      valid.set(kernel.u8.subarray(flags, flags + count), row);
    });
    return columnOfWords(type, words.buffer, valid);
  }

  #textKeys(type: KeyType, part: number): ResultColumn {
    const { kernel, table, buffer } = this.#context;
    const lengths = new Uint32Array(this.#length);
    const valid = new Uint8Array(this.#length);
    this.#forPieces(GATHER_ROWS, (window, from, count, row) => {
      const flags = buffer + FLAGS_AT;
      kernel.exports.gatherLengths(table, window, from, count, part, buffer, flags);
      lengths.set(new Uint32Array(kernel.u8.buffer, buffer, count), row);
      valid.set(kernel.u8.subarray(flags, flags + count), row);
    });
    const text = this.#bytesOf(lengths, part);
    const own = type.kind === "dict" ? dictionaryOf(text, valid) : text;
    return { type, length: this.#length, ...bitmapOf(valid), ...own };
  }

  #bytesOf(lengths: Uint32Array, part: number): Text {
    const { kernel, table, buffer } = this.#context;
    const offsets = new Int32Array(this.#length + 1);
    let total = 0;
    for (let row = 0; row < lengths.length; row++) offsets[row + 1] = total += lengths[row];
    if (total > 0x7fff_ffff) {
      throw new RangeError(
        `Cannot give results: the keys of the windows that close take ${total} bytes, a column ` +
          `holds 2 GiB; close more often or use shorter windows`,
      );
    }
    const values = new Uint8Array(total);
    this.#forPieces(GATHER_ROWS, (window, from, count, row) => {
      for (let done = 0; done < count;) {
        const some = fitting(lengths.subarray(row + done, row + count));
        if (some === 0) throw damagedKey(lengths[row + done]);
        const bytes = kernel.exports.gatherBytes(table, window, from + done, some, part, buffer);
        values.set(kernel.u8.subarray(buffer, buffer + bytes), offsets[row + done]);
        done += some;
      }
    });
    return { values, offsets };
  }

  /** The column of an aggregate. */
  aggregate({ op, value, by }: PlannedAggregate): ResultColumn {
    const { plan, layout } = this.#context;
    const type = resultTypeOf(op, plan.values[value]?.type);
    if (value < 0) return columnOfWords(type, this.#wordsAt(0));
    if (by !== undefined) {
      const pair = layout.pairs.find(({ x, y }) => x === value && y === by)!;
      return pairColumn({ op, type, pair, wordsAt: (at) => this.#wordsAt(at) });
    }
    const fields = layout.values[value];
    const spread = SPREADS.get(op);
    if (spread) return this.#spread(fields.moments, spread);
    const counts = this.#valuesOf(fields.nulls);
    if (op === "count") return columnOfWords(type, wordsOfCounts(counts));
    return columnOfWords(type, this.#wordsOf(op, fields, counts), someOf(counts, 1));
  }

  #wordsOf(
    op: AggregateOp,
    fields: ValueLayout,
    counts: Float64Array,
  ): ArrayBuffer {
    const float = fields.domain === "float";
    switch (op) {
      case "sum":
        return float ? this.#sums(fields.sum).buffer : this.#wordsAt(fields.sum);
      case "mean":
        return this.#means(fields, counts).buffer;
      case "min":
        return float ? this.#extremes(fields.range, 1).buffer : this.#wordsAt(fields.range);
      case "max":
        return float
          ? this.#extremes(fields.range + 8, -1).buffer
          : this.#wordsAt(fields.range + 8);
      default:
        return this.#wordsAt(op === "first" ? fields.first : fields.last);
    }
  }

  #valuesOf(nulls: number): Float64Array {
    const counts = this.#counts(0);
    if (nulls < 0) return counts;
    const without = this.#counts(nulls);
    for (let row = 0; row < counts.length; row++) counts[row] -= without[row];
    return counts;
  }

  /** Sums with their compensations, which mean nothing once a sum is infinite or NaN. */
  #sums(at: number): Float64Array<ArrayBuffer> {
    const sums = new Float64Array(this.#wordsAt(at));
    const errors = new Float64Array(this.#wordsAt(at + 8));
    const totals = new Float64Array(this.#length);
    for (let row = 0; row < totals.length; row++) {
      const total = sums[row] + errors[row];
      totals[row] = Number.isFinite(sums[row]) && !Number.isNaN(errors[row]) ? total : sums[row];
    }
    return totals;
  }

  #means({ domain, sum }: ValueLayout, counts: Float64Array): Float64Array<ArrayBuffer> {
    const means = domain === "float" ? this.#sums(sum) : this.#integerSums(sum);
    for (let row = 0; row < means.length; row++) means[row] /= counts[row];
    return means;
  }

  #integerSums(at: number): Float64Array<ArrayBuffer> {
    const low = new BigUint64Array(this.#wordsAt(at));
    const high = new BigInt64Array(this.#wordsAt(at + 8));
    const sums = new Float64Array(this.#length);
    for (let row = 0; row < sums.length; row++) sums[row] = Number((high[row] << 64n) + low[row]);
    return sums;
  }

  /** Least or (negated) greatest values, never −0, whose order with 0 is chance. */
  #extremes(at: number, sign: 1 | -1): Float64Array<ArrayBuffer> {
    const extremes = new Float64Array(this.#wordsAt(at).slice(0));
    for (let row = 0; row < extremes.length; row++) extremes[row] = sign * extremes[row] + 0;
    return extremes;
  }

  #spread(at: number, { less, root }: Spread): ResultColumn {
    const counts = new Float64Array(this.#wordsAt(at));
    const squares = new Float64Array(this.#wordsAt(at + 16));
    const spread = new Float64Array(this.#length);
    for (let row = 0; row < spread.length; row++) {
      const variance = squares[row] / (counts[row] - less);
      spread[row] = root ? Math.sqrt(variance) : variance;
    }
    return columnOfWords({ kind: "f64" }, spread.buffer, someOf(counts, 1 + less));
  }
}

/** A byte a row: whether its count is at least `least`. */
function someOf(counts: Float64Array, least: number): Uint8Array {
  const some = new Uint8Array(counts.length);
  for (let row = 0; row < counts.length; row++) some[row] = counts[row] >= least ? 1 : 0;
  return some;
}

/** Whole numbers below 2⁵³ as 64-bit integers. */
function wordsOfCounts(counts: Float64Array): ArrayBuffer {
  const halves = new Uint32Array(counts.length * 2);
  for (let row = 0; row < counts.length; row++) {
    halves[2 * row] = counts[row];
    halves[2 * row + 1] = counts[row] / 0x1_0000_0000;
  }
  return halves.buffer;
}

type Text = { values: Uint8Array; offsets: Int32Array };

/** How many of the next keys fit into the buffer at once. */
function fitting(lengths: Uint32Array): number {
  let [count, bytes] = [0, 0];
  while (count < lengths.length && bytes + lengths[count] <= GATHER_ROWS * 8) {
    bytes += lengths[count++];
  }
  return count;
}

/** Indices into a dictionary of the distinct strings. */
function dictionaryOf({ values, offsets }: Text, valid: Uint8Array): ResultBuffers {
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

/**
 * Throws if an integer sum of a window does not fit into 64 bits.
 *
 * @throws {RangeError} with the sum.
 */
export function checkSums(
  context: TableContext,
  index: number,
  aggregates: readonly PlannedAggregate[],
): void {
  const { kernel, table, layout } = context;
  for (const { op, value } of aggregates) {
    if (op !== "sum" || layout.values[value].domain === "float") continue;
    const at = layout.values[value].sum;
    const state = kernel.exports.findOverflow(table, index, at) >>> 0;
    if (state === 0) continue;
    const halves = new DataView(kernel.u8.buffer, state + at, 16);
    sumInRange((halves.getBigInt64(8, true) << 64n) + halves.getBigUint64(0, true));
  }
}

/** No row has such a key: it came with a delta or snapshot whose bytes were changed. */
function damagedKey(bytes: number): RangeError {
  return new RangeError(
    `Cannot give results: a key has ${bytes} bytes, at most ${MAX_KEY_BYTES} can be; a delta or ` +
      "snapshot that was folded into the windows is damaged",
  );
}

import { bitmapOf, columnOf, columnOfWords, isHalf } from "./result_columns.ts";
import { damagedKey, dictionaryOf, fitting, longKeys, MOST_TEXT_BYTES } from "./result_texts.ts";
import { resultTypeOf, sumInRange } from "./window_check.ts";
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

/** What the kernel makes of a state's fields, as `assembly/window/gather.ts` has it. */
const Result = { count: 0, word: 1, sum: 2, mean: 3, least: 4, greatest: 5, half: 6 } as const;
type ResultName = keyof typeof Result;

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
  #words: readonly ArrayBuffer[] | undefined;

  constructor(context: TableContext, windows: readonly SortedWindow[]) {
    this.#context = context;
    this.#windows = windows;
    this.#length = windows.reduce((sum, { groups }) => sum + groups, 0);
  }

  /** Calls `gather` for pieces of the results, whatever windows they are of. */
  #forPieces(most: number, gather: (from: number, count: number) => void): void {
    for (let from = 0; from < this.#length; from += most) {
      gather(from, Math.min(most, this.#length - from));
    }
  }

  #gatherWords(): ArrayBuffer[] {
    const { kernel, table, buffer, bufferBytes, layout } = this.#context;
    const words = Array.from(
      { length: layout.bytes / 8 },
      () => new Float64Array(this.#length),
    );
    this.#forPieces(Math.floor(bufferBytes / layout.bytes), (from, count) => {
      kernel.exports.gatherWords(table, from, count, buffer);
      words.forEach((column, word) => {
        column.set(new Float64Array(kernel.u8.buffer, buffer + word * count * 8, count), from);
      });
    });
    return words.map(({ buffer }) => buffer);
  }

  /** A word of the states of all groups. */
  #wordsAt(at: number): ArrayBuffer {
    this.#words ??= this.#gatherWords();
    return this.#words[at / 8];
  }

  /** What the kernel makes of the fields of all groups, and which of these had values. */
  #results(
    name: ResultName,
    { at, nulls }: { readonly at: number; readonly nulls: number },
  ): { readonly words: ArrayBuffer; readonly valid?: Uint8Array } {
    const { kernel, table, buffer } = this.#context;
    const width = name === "half" ? 4 : 8;
    const words = new Uint8Array(this.#length * width);
    const valid = new Uint8Array(this.#length);
    const flags = buffer + FLAGS_AT;
    let some = 0;
    this.#forPieces(GATHER_ROWS, (from, count) => {
      some += kernel.exports
        .gatherResults(table, from, count, Result[name], at, nulls, buffer, flags);
      words.set(kernel.u8.subarray(buffer, buffer + count * width), from * width);
      valid.set(kernel.u8.subarray(flags, flags + count), from);
    });
    return { words: words.buffer, ...(some < this.#length && { valid }) };
  }

  /** How many values the groups had, as doubles, exact to 2⁵³. */
  #counts(nulls: number): Float64Array {
    const halves = new Uint32Array(this.#results("count", { at: 0, nulls }).words);
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
    let row = 0;
    for (const { index, groups } of this.#windows) {
      const at = kernel.exports.tableStart(table, index);
      const end = shape.isPlain ? at + kind.size : at;
      windowStart.fill(BigInt(kind.startOf(end)), row, row + groups);
      windowEnd.fill(BigInt(end), row, row + groups);
      row += groups;
    }
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
    const flags = buffer + FLAGS_AT;
    let some = 0;
    this.#forPieces(GATHER_ROWS, (from, count) => {
      some += kernel.exports.gatherKeys(table, from, count, part, buffer, flags);
      words.set(kernel.u8.subarray(buffer, buffer + count * 8), from * 8);
      valid.set(kernel.u8.subarray(flags, flags + count), from);
    });
    return columnOfWords(type, words.buffer, some < this.#length ? valid : undefined);
  }

  #textKeys(type: KeyType, part: number): ResultColumn {
    const { kernel, table, buffer } = this.#context;
    const offsets = new Int32Array(this.#length + 1);
    const valid = new Uint8Array(this.#length);
    const flags = buffer + FLAGS_AT;
    let some = 0;
    this.#forPieces(GATHER_ROWS, (from, count) => {
      const start = offsets[from];
      some += kernel.exports.gatherEnds(table, from, count, part, start, buffer, flags);
      const ends = new Uint32Array(kernel.u8.buffer, buffer, count);
      if (ends[count - 1] > MOST_TEXT_BYTES) throw longKeys(ends, start);
      offsets.set(ends, from + 1);
      valid.set(kernel.u8.subarray(flags, flags + count), from);
    });
    const text = { offsets, values: this.#bytesOf(offsets, part) };
    const nulls = some < this.#length ? bitmapOf(valid) : { nullCount: 0 };
    const own = type.kind === "dict" ? dictionaryOf(text, valid) : text;
    return { type, length: this.#length, ...nulls, ...own };
  }

  #bytesOf(offsets: Int32Array, part: number): Uint8Array {
    const { kernel, table, buffer } = this.#context;
    const values = new Uint8Array(offsets[this.#length]);
    this.#forPieces(GATHER_ROWS, (from, count) => {
      for (let done = 0; done < count;) {
        const ends = offsets.subarray(from + done, from + count + 1);
        const some = fitting(ends, GATHER_ROWS * 8);
        if (some === 0) throw damagedKey(ends[1] - ends[0]);
        const bytes = kernel.exports.gatherBytes(table, from + done, some, part, buffer);
        values.set(kernel.u8.subarray(buffer, buffer + bytes), ends[0]);
        done += some;
      }
    });
    return values;
  }

  /** The column of an aggregate. */
  aggregate({ op, value, by }: PlannedAggregate): ResultColumn {
    const { plan, layout } = this.#context;
    const type = resultTypeOf(op, plan.values[value]?.type);
    if (value < 0) return columnOfWords(type, this.#results("count", { at: 0, nulls: -1 }).words);
    if (by !== undefined) {
      const pair = layout.pairs.find(({ x, y }) => x === value && y === by)!;
      return pairColumn({ op, type, pair, wordsAt: (at) => this.#wordsAt(at) });
    }
    const fields = layout.values[value];
    const spread = SPREADS.get(op);
    if (spread) return this.#spread(fields.moments, spread);
    if (op === "mean" && fields.domain === "integer") return this.#integerMeans(type, fields);
    return this.#columnOfResults(type, op, fields);
  }

  #columnOfResults(type: KeyType, op: AggregateOp, fields: ValueLayout): ResultColumn {
    const { nulls } = fields;
    const { name, at } = resultOf(op, fields);
    if (op === "count") return columnOfWords(type, this.#results(name, { at, nulls }).words);
    if (name === "word" && isHalf(type)) {
      const { words, valid } = this.#results("half", { at, nulls });
      return columnOf(type, new Int32Array(words), valid);
    }
    const { words, valid } = this.#results(name, { at, nulls });
    return columnOfWords(type, words, valid);
  }

  #integerMeans(type: KeyType, { sum, nulls }: ValueLayout): ResultColumn {
    const counts = this.#counts(nulls);
    const means = this.#integerSums(sum);
    for (let row = 0; row < means.length; row++) means[row] /= counts[row];
    return columnOfWords(type, means.buffer, someOf(counts, 1));
  }

  #integerSums(at: number): Float64Array<ArrayBuffer> {
    const low = new BigUint64Array(this.#wordsAt(at));
    const high = new BigInt64Array(this.#wordsAt(at + 8));
    const sums = new Float64Array(this.#length);
    for (let row = 0; row < sums.length; row++) sums[row] = Number((high[row] << 64n) + low[row]);
    return sums;
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

/** Which result an aggregate is, and where its field lies. */
function resultOf(
  op: AggregateOp,
  { domain, sum, range, first, last }: ValueLayout,
): { readonly name: ResultName; readonly at: number } {
  const float = domain === "float";
  switch (op) {
    case "count":
      return { name: "count", at: 0 };
    case "sum":
      return { name: float ? "sum" : "word", at: sum };
    case "mean":
      return { name: "mean", at: sum };
    case "min":
      return { name: float ? "least" : "word", at: range };
    case "max":
      return { name: float ? "greatest" : "word", at: range + 8 };
    default:
      return { name: "word", at: op === "first" ? first : last };
  }
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

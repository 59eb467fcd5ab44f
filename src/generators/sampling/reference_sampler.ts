import type { BlockSeed } from "../../kernel/sampler_kernel.ts";
import { normalQuantile } from "../normal.ts";
import { mix64 } from "./seeded_random.ts";
import type { TreeWalk } from "../trees/symbol_tree.ts";

const GOLDEN = 0x9e37_79b9_7f4a_7c15n;
const LANES = 4;
const TWO_32 = 4294967296;

function rotate(word: number, by: number): number {
  return ((word << by) | (word >>> (32 - by))) >>> 0;
}

/** Records of four words. */
type Records = Int32Array;

/** What symbols are drawn by. */
interface DrawOptions {
  readonly parents?: Uint16Array;
  /** The bits of a parent that its symbol has as well. */
  readonly keep?: number;
  /** The bits of a parent that count. */
  readonly known?: number;
}

/**
 * What {@linkcode SamplerKernel} does, row by row on arrays: the twin that it is held to. Where the
 * kernel has addresses of tables, this has their positions in a list of tables.
 */
export class ReferenceSampler {
  readonly #random: Uint32Array;

  /** With the random words of one stream of a block. */
  constructor({ seed, block }: BlockSeed, stream: number, count: number) {
    const words: number[] = [];
    const start = mix64(mix64(mix64(seed) ^ BigInt(block)) ^ BigInt(stream));
    for (let i = 0n; i < 8n; i++) {
      const word = mix64(BigInt.asUintN(64, start + i * GOLDEN));
      words.push(Number(word & 0xffff_ffffn), Number(word >> 32n));
    }
    this.#random = new Uint32Array(count);
    for (let lane = 0; lane < LANES; lane++) {
      const s = [0, 1, 2, 3].map((at) => words[at * LANES + lane]);
      for (let i = lane; i < count; i += LANES) this.#random[i] = nextWord(s);
    }
  }

  /** The random words. */
  words(): Uint32Array {
    return this.#random;
  }

  #drawn(row: number, table: Uint32Array, start: number, bits: number): number {
    const word = this.#random[row];
    const own = word % 2 ** bits;
    const entry = table[start + own];
    return (word >>> 16) < (entry >>> 16) ? own : entry & 0xffff;
  }

  /** Symbols by those of `parents`, or all from the first table. */
  draw(
    tables: Uint32Array,
    bits: number,
    { parents, keep = 0, known = 0xffff }: DrawOptions = {},
  ): Uint16Array {
    return Uint16Array.from(this.#random, (_, row) => {
      const parent = (parents?.[row] ?? 0) & known;
      const kept = parents ? parent & keep : 0;
      return this.#drawn(row, tables, parent * 2 ** bits, bits) | kept;
    });
  }

  /** Normal deviates. */
  normals(): Float32Array {
    return Float32Array.from(this.#random, (word) => normalQuantile((word + 0.5) / TWO_32));
  }

  /** Symbols of sums of columns of normal deviates. */
  copula(
    normals: readonly Float32Array[],
    weights: Float32Array,
    limits: Float32Array,
  ): Uint16Array {
    return Uint16Array.from(this.#random, (_, row) => {
      let sum = 0;
      weights.forEach((weight, j) => {
        sum = Math.fround(sum + Math.fround(weight * normals[j][row]));
      });
      return limits.filter((limit) => limit <= sum).length;
    });
  }

  /** Symbols by a tree over those of other variables, which has a table of `2^bits` a leaf. */
  tree(
    walk: TreeWalk,
    columns: readonly Uint16Array[],
    tables: Uint32Array,
    bits: number,
  ): Uint16Array {
    return Uint16Array.from(this.#random, (_, row) => {
      const leaf = walk.shape.numbers[walk.leafOf(columns, row)];
      return this.#drawn(row, tables, leaf * 2 ** bits, bits);
    });
  }

  /** Positions of values from symbols: records of first position, table (1 more, 0 none), bits. */
  values(symbols: Uint16Array, records: Records, tables: readonly Uint32Array[]): Int32Array {
    return Int32Array.from(symbols, (symbol, row) => {
      const [first, table, bits] = records.subarray(symbol * 4);
      return table === 0 ? first : first + this.#drawn(row, tables[table - 1], 0, bits);
    });
  }

  /** Positions of values from those of one or two other columns. */
  lookup(
    [first, second]: readonly Int32Array[],
    { entries, width, choices }: {
      entries: Int32Array;
      width: number;
      choices: readonly { table: Uint32Array; bits: number; values: Int32Array }[];
    },
  ): Int32Array {
    return Int32Array.from(first, (position, row) => {
      const entry = entries[(position + 1) * width + (second ? second[row] + 1 : 0)];
      if (entry >= -1) return entry;
      const { table, bits, values } = choices[-2 - entry];
      return values[this.#drawn(row, table, 0, bits)];
    });
  }

  /** Numbers between the knots of symbols. */
  numbers(
    symbols: Uint16Array,
    { knots, bits, whole, scale }: {
      knots: Float64Array;
      bits: number;
      whole: boolean;
      scale: number;
    },
    added?: Float64Array,
  ): Float64Array {
    return Float64Array.from(symbols, (symbol, row) => {
      const place = this.#random[row] / TWO_32 * 2 ** bits;
      const at = symbol * (2 ** bits + 1) + Math.floor(place);
      const value = knots[at] + (knots[at + 1] - knots[at]) * (place % 1);
      const scaled = (whole ? Math.floor(value + 0.5) : value) * scale;
      return added ? added[row] + scaled : scaled;
    });
  }
}

function nextWord(s: number[]): number {
  const result = (rotate((s[0] + s[3]) >>> 0, 7) + s[0]) >>> 0;
  const t = (s[1] << 9) >>> 0;
  s[2] = (s[2] ^ s[0]) >>> 0;
  s[3] = (s[3] ^ s[1]) >>> 0;
  s[1] = (s[1] ^ s[2]) >>> 0;
  s[0] = (s[0] ^ s[3]) >>> 0;
  s[2] = (s[2] ^ t) >>> 0;
  s[3] = rotate(s[3], 11);
  return result;
}

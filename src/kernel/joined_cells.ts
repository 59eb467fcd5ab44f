import { JsonWrite } from "./json_write_ops.ts";
import type { Kernel } from "./kernel.ts";
import { MemoryBlock } from "./memory_block.ts";
import { type CellSlots, strideOf } from "./prepared_cells.ts";

/** Whole numbers below this have places of their own. */
const MOST_COUNTS = 1024;
const LEAST_COUNTS = 8;
const COUNT_BYTES = 4;
/** Fewer rows are written sooner than anything is prepared for them. */
const LEAST_ROWS = 256;
/** The most bytes of a place of two cells, and of all of them: a part of what processors have at hand. */
const MOST_STRIDE = 192;
const MOST_JOINED_BYTES = 192 * 1024;
/** Zeros of a column are written together where as many rows have them. */
const ZERO_SHARE = 0.75;
const ZERO = 0x30;
const NOTHING = new Uint8Array();

/** An operation in kernel memory. */
export interface PlacedOp {
  /** Its words, as `assembly/json/write_ops.ts` has them. */
  readonly words: readonly number[];
  readonly prefix: Uint8Array;
  /** Of slots: where they are. */
  readonly slots?: CellSlots;
}

/** What was prepared for one place among the operations. */
interface Prepared {
  readonly block: MemoryBlock;
  readonly from: readonly unknown[];
  readonly slots: CellSlots;
}

/** Whether it writes whole numbers, none of them null. */
function isPlainCount({ words: [kind, , , validity] }: PlacedOp): boolean {
  return kind === JsonWrite.count && validity === 0;
}

function slotOp(values: number, slots: CellSlots, prefix: Uint8Array): PlacedOp {
  const { at, stride } = slots;
  return { words: [JsonWrite.slot, 0, values, 0, 0, 0, at, stride], prefix, slots };
}

/** Makes fewer operations that write the same: cells that follow each other become one. */
export class JoinedCells implements Disposable {
  readonly #kernel: Kernel;
  readonly #prepared = new Map<string, Prepared>();
  /** Pairs that came before, and might come again. */
  readonly #met = new Map<number, readonly CellSlots[]>();
  readonly #marks = new Map<number, MemoryBlock>();
  readonly #texts: MemoryBlock;

  /** In the memory of a kernel. */
  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#texts = new MemoryBlock(kernel);
  }

  /** Fewer operations for as many rows, whose values may be changed. */
  join(ops: readonly PlacedOp[], rows: number): readonly PlacedOp[] {
    if (rows < LEAST_ROWS) return ops;
    const out: PlacedOp[] = [];
    ops.forEach((op, at) => {
      const own = this.#counted(op, at, rows);
      const joined = this.#joined(out.at(-1), own, at, rows);
      if (joined) out.pop();
      out.push(joined ?? own);
    });
    return this.#withZeros(out, rows);
  }

  /** What was prepared at a place, if it was of the same. */
  #known(name: string, from: readonly unknown[]): CellSlots | undefined {
    const known = this.#prepared.get(name);
    return known?.from.every((each, at) => each === from[at]) ? known.slots : undefined;
  }

  /** Prepares places: what is in the way is overwritten. */
  #prepare(
    name: string,
    from: readonly unknown[],
    { count, longest }: Pick<CellSlots, "count" | "longest">,
    write: (slots: CellSlots) => void,
  ): CellSlots {
    const block = this.#prepared.get(name)?.block ?? new MemoryBlock(this.#kernel);
    this.#prepared.delete(name);
    const stride = strideOf(longest);
    const slots = { at: block.reserve(stride * count), stride, count, longest };
    write(slots);
    this.#prepared.set(name, { block, from, slots });
    return slots;
  }

  /** Whole numbers that are all small, as slots. */
  #counted(op: PlacedOp, at: number, rows: number): PlacedOp {
    const { words: [kind, , values, validity], prefix } = op;
    if (kind !== JsonWrite.count) return op;
    const { exports } = this.#kernel;
    const largest = exports.jsonLargest(values, rows) >>> 0;
    if (largest >= MOST_COUNTS) return op;
    const slots = this.#countSlots(`count ${at}`, prefix, largest);
    exports.jsonSlotRows(values, validity, rows, slots.count - 1);
    return slotOp(values, slots, prefix);
  }

  #countSlots(name: string, prefix: Uint8Array, largest: number): CellSlots {
    const known = this.#known(name, [prefix]);
    if (known && largest < known.count - 1) return known;
    let count = LEAST_COUNTS;
    while (count <= largest) count *= 2;
    const longest = prefix.length + COUNT_BYTES;
    return this.#prepare(name, [prefix], { count: count + 1, longest }, ({ at, stride }) => {
      const prefixAt = this.#texts.write(prefix);
      this.#kernel.exports.jsonPrepareCounts(prefixAt, prefix.length, count, stride, at);
    });
  }

  /** Two cells as one, where that does not take too much memory and they come again and again. */
  #joined(
    a: PlacedOp | undefined,
    b: PlacedOp,
    at: number,
    rows: number,
  ): PlacedOp | undefined {
    if (!a?.slots || !b.slots) return undefined;
    const [first, second] = [a.slots, b.slots];
    const slots = this.#pairs(first, second, at);
    if (!slots) return undefined;
    const values = a.words[2];
    this.#kernel.exports.jsonJoinRows(values, b.words[2], rows, second.count);
    return slotOp(values, slots, a.prefix);
  }

  #pairs(a: CellSlots, b: CellSlots, at: number): CellSlots | undefined {
    const longest = a.longest + b.longest;
    const count = a.count * b.count;
    const stride = strideOf(longest);
    if (stride > MOST_STRIDE || stride * count > MOST_JOINED_BYTES) return undefined;
    const name = `pairs ${at}`;
    const known = this.#known(name, [a, b]);
    if (known) return known;
    const met = this.#met.get(at);
    this.#met.set(at, [a, b]);
    if (met?.[0] !== a || met[1] !== b) return undefined;
    const { exports } = this.#kernel;
    return this.#prepare(
      name,
      [a, b],
      { count, longest },
      (to) =>
        exports.jsonJoinSlots(a.at, a.stride, a.count, b.at, b.stride, b.count, to.stride, to.at),
    );
  }

  /** Puts before whole numbers that mostly are all zero what then is written of them. */
  #withZeros(ops: readonly PlacedOp[], rows: number): PlacedOp[] {
    const out: PlacedOp[] = [];
    for (let at = 0; at < ops.length;) {
      let end = at;
      while (end < ops.length && isPlainCount(ops[end])) end++;
      const zeros = end > at ? this.#zeros(ops.slice(at, end), out.length, rows) : undefined;
      if (zeros) out.push(zeros);
      if (end === at) end++;
      out.push(...ops.slice(at, end));
      at = end;
    }
    return out;
  }

  #zeros(ops: readonly PlacedOp[], at: number, rows: number): PlacedOp | undefined {
    const longest = ops.reduce((sum, { prefix }) => sum + prefix.length + 1, 0);
    if (strideOf(longest) > MOST_STRIDE) return undefined;
    const { exports } = this.#kernel;
    const marks = this.#marksOf(at).reserve(rows + 16);
    let zeros = 0;
    ops.forEach(({ words }, each) => {
      zeros = exports.jsonMarkZeros(words[2], rows, each, marks);
    });
    if (zeros < ZERO_SHARE * rows) return undefined;
    const prefixes = ops.map(({ prefix }) => prefix);
    const slots = this.#known(`zeros ${at}`, prefixes) ??
      this.#prepare(`zeros ${at}`, prefixes, { count: 1, longest }, (to) => {
        const { u8 } = this.#kernel;
        let end = to.at;
        for (const prefix of prefixes) {
          u8.set(prefix, end);
          end += prefix.length;
          u8[end++] = ZERO;
        }
        new Uint32Array(u8.buffer, to.at + to.stride - 4, 1)[0] = longest;
      });
    const words = [JsonWrite.zeros, 0, marks, 0, 0, 0, slots.at, slots.stride, ops.length];
    return { words, prefix: NOTHING };
  }

  #marksOf(at: number): MemoryBlock {
    let marks = this.#marks.get(at);
    if (!marks) this.#marks.set(at, marks = new MemoryBlock(this.#kernel));
    return marks;
  }

  /** Gives the memory back; it can be used again. */
  [Symbol.dispose](): void {
    this.#texts[Symbol.dispose]();
    for (const marks of this.#marks.values()) marks[Symbol.dispose]();
    for (const { block } of this.#prepared.values()) block[Symbol.dispose]();
    this.#prepared.clear();
    this.#met.clear();
  }
}

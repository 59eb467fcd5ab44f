import type { Field } from "../../batch/schema.ts";
import { type CodedColumn, type Dependency, lookupKey } from "./dependencies.ts";
import { nearest } from "./category_plan.ts";
import type { LookupPlan, NumberUnit, Vocabulary } from "./plans.ts";

const NULL = -1;
const UNKNOWN = -2_147_483_648;

/** What a lookup is made from. */
export interface LookupInput {
  readonly field: Field;
  readonly dependency: Dependency;
  readonly columns: readonly (CodedColumn | undefined)[];
  /** The values of the column that follows. */
  readonly values: Vocabulary;
  readonly unit?: NumberUnit;
  /** The values of the columns that decide. */
  readonly deciding: readonly Vocabulary[];
}

/** The values of some rows by weight. */
function choiceOf(positions: readonly number[]) {
  const counts = new Map<number, number>();
  for (const position of positions) counts.set(position, (counts.get(position) ?? 0) + 1);
  const sorted = Array.from(counts).sort((a, b) => b[1] - a[1] || a[0] - b[0]).slice(0, 32_768);
  return {
    values: Int32Array.from(sorted, ([value]) => value),
    weights: Float64Array.from(sorted, ([, count]) => count),
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** What two values that never came together lead to: it has to be the same each time. */
class Guesses {
  readonly #entries: Int32Array;
  readonly #width: number;
  readonly #values: Vocabulary;
  readonly #likeness: readonly [rows: Likeness, columns: Likeness] | undefined;

  constructor(seen: Int32Array, width: number, { values, deciding }: LookupInput) {
    this.#entries = withMirrored(seen, width, mirrorOf(deciding));
    this.#width = width;
    this.#values = values;
    const rows = seen.length / width;
    if (seen.length * Math.max(rows, width) > MOST_LIKENESS) return;
    const unlike = values.kind === "texts"
      ? (a: number, b: number) => a === b ? 0 : 1
      : (a: number, b: number) => Math.abs(values.numbers[a] - values.numbers[b]);
    this.#likeness = [
      new Likeness(this.#entries, width, unlike),
      new Likeness(transposed(this.#entries, width), rows, unlike),
    ];
  }

  /**
   * The value of the same two the other way round, or that of one of them with the value that is most
   * like the other: what is near to both is about as far away. Else one between those of each.
   */
  of(first: number, second: number): number {
    const mirrored = this.#entries[first * this.#width + second];
    if (mirrored >= 0) return mirrored;
    const [rows, columns] = this.#likeness ?? [];
    const [a, b] = [rows?.nearest(first, second), columns?.nearest(second, first)];
    if (a && b) return a.distance <= b.distance ? a.value : b.value;
    return (a ?? b)?.value ?? this.#between(first, second);
  }

  #between(first: number, second: number): number {
    const known = [this.#row(first), this.#column(second)].filter((each) => each.length > 0);
    if (known.length === 0) return 0;
    if (this.#values.kind === "texts") return known[0][0];
    const { numbers } = this.#values;
    return nearest(numbers, mean(known.map((each) => mean(each.map((at) => numbers[at])))));
  }

  #row(first: number): number[] {
    const start = first * this.#width;
    return Array.from(this.#entries.subarray(start, start + this.#width)).filter((at) => at >= 0);
  }

  #column(second: number): number[] {
    const out: number[] = [];
    for (let at = second; at < this.#entries.length; at += this.#width) {
      if (this.#entries[at] >= 0) out.push(this.#entries[at]);
    }
    return out;
  }
}

/** Entries with those of the same two values the other way round. */
function withMirrored(
  seen: Int32Array,
  width: number,
  back: readonly number[][] | undefined,
): Int32Array {
  if (!back) return seen;
  return seen.map((entry, at) => {
    const [first, second] = [Math.floor(at / width), at % width];
    const [row, column] = [back[1][second], back[0][first]];
    return entry >= 0 || row < 0 || column < 0 ? entry : seen[row * width + column];
  });
}

/** Where each value of one column, null first, is among those of the other. */
function mirrorOf([a, b]: readonly (Vocabulary | undefined)[]): readonly number[][] | undefined {
  const listOf = (of: Vocabulary): readonly (string | number)[] =>
    of.kind === "texts" ? of.texts : Array.from(of.numbers);
  const positions = (from: Vocabulary, to: Vocabulary) => {
    const map = new Map(listOf(to).map((value, at) => [value, at + 1]));
    return [-1, ...listOf(from).map((value) => map.get(value) ?? -1)];
  };
  return a && b && a.kind === b.kind ? [positions(a, b), positions(b, a)] : undefined;
}

/** Multiplications that likeness may take. */
const MOST_LIKENESS = 100_000_000;

/** How far the rows of a table are from each other, by what they have in common. */
class Likeness {
  readonly #entries: Int32Array;
  readonly #width: number;
  readonly #unlike: (a: number, b: number) => number;
  readonly #known = new Map<number, { row: number; distance: number }[]>();

  constructor(entries: Int32Array, width: number, unlike: (a: number, b: number) => number) {
    this.#entries = entries;
    this.#width = width;
    this.#unlike = unlike;
  }

  /** The entry of the row most like one that has one in a column. */
  nearest(row: number, column: number): { value: number; distance: number } | undefined {
    let order = this.#known.get(row);
    if (!order) this.#known.set(row, order = this.#order(row));
    for (const { row: other, distance } of order) {
      const value = this.#entries[other * this.#width + column];
      if (value >= 0) return { value, distance };
    }
    return undefined;
  }

  #order(row: number) {
    const width = this.#width;
    const out: { row: number; distance: number }[] = [];
    for (let other = 0; other * width < this.#entries.length; other++) {
      let [sum, both] = [0, 0];
      for (let column = 0; column < width; column++) {
        const a = this.#entries[row * width + column];
        const b = this.#entries[other * width + column];
        if (a < 0 || b < 0) continue;
        sum += this.#unlike(a, b);
        both++;
      }
      if (other !== row && both > 0) out.push({ row: other, distance: sum / both });
    }
    return out.sort((a, b) => a.distance - b.distance || a.row - b.row);
  }
}

function transposed(entries: Int32Array, width: number): Int32Array {
  const rows = entries.length / width;
  return Int32Array.from(entries, (_, at) => entries[(at % rows) * width + Math.floor(at / rows)]);
}

/** Fills in what no row has shown. */
function complete(entries: Int32Array, width: number, input: LookupInput): void {
  const seen = entries.slice();
  const guesses = new Guesses(seen, width, input);
  for (let at = 0; at < entries.length; at++) {
    if (entries[at] !== UNKNOWN) continue;
    const first = Math.floor(at / width);
    entries[at] = width === 1 ? NULL : guesses.of(first, at - first * width);
  }
}

/** The lookup that a dependency is. */
export function lookupPlan(input: LookupInput): LookupPlan {
  const { field, dependency: { target, by }, columns, values, unit } = input;
  const deciding = by.map((at) => columns[at]!);
  const width = deciding.length === 2 ? deciding[1].size + 1 : 1;
  const entries = new Int32Array((deciding[0].size + 1) * width).fill(UNKNOWN);
  const { positions } = columns[target]!;
  const folded: number[] = [];
  for (let row = 0; row < positions.length; row++) {
    const key = lookupKey(deciding, row);
    if (key < 0) folded.push(positions[row]);
    else entries[key] = positions[row];
  }
  if (deciding.some(({ other }) => other >= 0)) {
    for (let at = 0; at < entries.length; at++) if (isFolded(deciding, at, width)) entries[at] = -2;
  }
  complete(entries, width, input);
  const choices = folded.length > 0 ? [choiceOf(folded)] : [choiceOf(Array.from(positions))];
  const has = entries.includes(-2);
  return {
    kind: "lookup",
    field,
    values,
    ...(unit && { unit }),
    by,
    entries,
    width,
    choices: has ? choices : [],
  };
}

function isFolded(by: readonly CodedColumn[], key: number, width: number): boolean {
  const first = Math.floor(key / width);
  const parts = by.length === 2 ? [first, key - first * width] : [first];
  return parts.some((part, at) => by[at].other >= 0 && part - 1 === by[at].other);
}

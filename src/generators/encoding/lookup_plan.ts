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
  readonly #mirror: readonly number[][] | undefined;

  constructor(entries: Int32Array, width: number, { values, deciding }: LookupInput) {
    this.#entries = entries;
    this.#width = width;
    this.#values = values;
    this.#mirror = mirrorOf(deciding);
  }

  /** The value of the same two the other way round, or one between those of each. */
  of(first: number, second: number): number {
    const back = this.#mirror;
    if (back && back[0][first] >= 0 && back[1][second] >= 0) {
      const mirrored = this.#entries[back[1][second] * this.#width + back[0][first]];
      if (mirrored >= 0) return mirrored;
    }
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

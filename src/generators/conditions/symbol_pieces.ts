import { KNOTS } from "../encoding/plans.ts";
import { Spread } from "../sampling/spread.ts";
import type { WholeRange } from "../sampling/sum_cell.ts";
import { doubleBefore, type Range } from "./number_ranges.ts";
import {
  type ListSymbol,
  numberPieces,
  type NumberSymbol,
  writeKnots,
} from "./refined_variable.ts";
import type { Refinement } from "./refinement.ts";

/** How much of the parts of a variable's symbols is wanted, by variable and part. */
export type KeptParts = ReadonlyMap<number, ReadonlyMap<number, number>>;

/** How the sum of two lies to ranges: all of it within one, none, or some. */
export function placeOf(
  [a, b]: readonly [Spread, Spread],
  ranges: readonly WholeRange[],
): 0 | 1 | undefined {
  const [low, high] = [a.low + b.low, a.high + b.high];
  const near = ranges.find(([from, to]) => from <= high && low <= to);
  if (!near) return 0;
  return near[0] <= low && high <= near[1] ? 1 : undefined;
}

/** The parts of symbols of variables: those that they were refined into, and others of their own. */
export class SymbolPieces {
  readonly #refinement: Refinement;
  readonly #more = new Map<number, NumberSymbol[]>();
  readonly #spreads = new Map<number, Spread[]>();
  readonly #within = new Map<string, readonly number[]>();

  /** Of variables that are refined. */
  constructor(refinement: Refinement) {
    this.#refinement = refinement;
  }

  /** All parts of a variable's symbols. */
  of(variable: number): readonly (ListSymbol | NumberSymbol)[] {
    const { symbols } = this.#refinement.variable(variable);
    return [...symbols, ...this.#more.get(variable) ?? []];
  }

  /** How many a variable's symbols were refined into. */
  count(variable: number): number {
    return this.#refinement.variable(variable).symbols.length;
  }

  /** What of the parts of a variable is wanted: all of them where a box says nothing else. */
  wanted(kept: KeptParts, variable: number): ReadonlyMap<number, number> {
    return kept.get(variable) ??
      new Map(Array.from({ length: this.count(variable) }, (_, at) => [at, 1]));
  }

  /** How the numbers of a part are spread. */
  spread(variable: number, part: number): Spread {
    const known = this.#spreads.get(variable) ?? [];
    this.#spreads.set(variable, known);
    return known[part] ??= spreadOf(this.#symbol(variable, part));
  }

  #symbol(variable: number, part: number): NumberSymbol {
    const { symbols } = this.#refinement.variable(variable);
    const symbol = symbols[part] ?? this.#more.get(variable)![part - symbols.length];
    return symbol as NumberSymbol;
  }

  #add(variable: number, symbol: NumberSymbol): number {
    const more = this.#more.get(variable) ?? [];
    this.#more.set(variable, more);
    return this.count(variable) + more.push(symbol) - 1;
  }

  /** One more part that is the same, to be told apart from it. */
  copy(variable: number, part: number): number {
    return this.#add(variable, this.#symbol(variable, part));
  }

  /** What of a part is in ranges of whole numbers, as parts of their own. */
  within(variable: number, part: number, ranges: readonly WholeRange[]): readonly number[] {
    const { low, high } = this.spread(variable, part);
    const near = ranges.find(([from, to]) => from <= high && low <= to);
    if (!near) return [];
    if (near[0] <= low && high <= near[1]) return [part];
    const key = `${variable} ${part}: ${ranges.join(" ")}`;
    const known = this.#within.get(key) ?? this.#cut(variable, part, ranges);
    this.#within.set(key, known);
    return known;
  }

  #cut(variable: number, part: number, ranges: readonly WholeRange[]): readonly number[] {
    const { knots } = this.spread(variable, part);
    const { of, share } = this.#symbol(variable, part);
    const wanted = ranges.map(([from, to]): Range => [from - 0.5, doubleBefore(to + 0.5)]);
    return numberPieces(knots, of, [{ kind: "number", ranges: wanted, null: false }])
      .filter(({ truths: [isIn] }) => isIn)
      .map((piece) => this.#add(variable, { ...piece, share: piece.share * share }));
  }
}

function spreadOf(symbol: NumberSymbol): Spread {
  const knots = new Float64Array(KNOTS);
  writeKnots(symbol, knots);
  return new Spread(knots);
}

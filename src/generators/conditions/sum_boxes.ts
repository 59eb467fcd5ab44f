import type { Encoding, SumPlan } from "../encoding/plans.ts";
import type { Box } from "./boxes.ts";
import { merged, type Range, WHOLE } from "./number_ranges.ts";
import type { NumberSymbol } from "./refined_variable.ts";
import type { Refinement } from "./refinement.ts";
import { partsOfSum, sumVariable } from "./sum_condition.ts";
import { type KeptParts, placeOf, SymbolPieces } from "./symbol_pieces.ts";
import { type CutPair, SumShares, type WantedSum } from "./sum_shares.ts";

/** The most boxes that conditions of sums may fall into. */
const MOST_BOXES = 64;
/** Boxes that a box falls into where it would be more than those. */
const ROUGH_BOXES = 16;
/** The most numbers of the part of more symbols that boxes of their own are made for. */
const MOST_SINGLE = 4;

/** The pairs that are cut of a sum, and the variables that their parts are of. */
export interface CutPairs {
  readonly variables: readonly [number, number];
  readonly pairs: CutPair[];
}

/** Boxes by parts of symbols, without sums. */
export interface PartedBoxes {
  readonly boxes: readonly KeptParts[];
  /** The parts of symbols of variables that have more than those they were refined into. */
  readonly pieces: SymbolPieces;
  /** The pairs that are cut, by the column of their sums. */
  readonly cuts: ReadonlyMap<number, CutPairs>;
  /** Whether nothing else is in them. */
  readonly isExact: boolean;
}

/** Takes boxes apart until what they say of sums is said of their parts. */
class SumBoxes {
  readonly #encoding: Encoding;
  readonly #refinement: Refinement;
  readonly #shares = new Map<string, SumShares>();
  readonly pieces: SymbolPieces;
  readonly cuts = new Map<number, CutPairs>();

  constructor(encoding: Encoding, refinement: Refinement) {
    this.#encoding = encoding;
    this.#refinement = refinement;
    this.pieces = new SymbolPieces(refinement);
  }

  /** The boxes of a box; undefined where they are too many or depend on each other. */
  split(box: Box, most: number): KeptParts[] | undefined {
    const { kept, sums } = this.#read(box);
    const parts = sums.flatMap(({ variables }) => variables);
    if (new Set(parts).size < parts.length) return undefined;
    let boxes: KeptParts[] = [kept];
    for (const sum of sums) {
      const next: KeptParts[] = [];
      for (const each of boxes) {
        const some = this.#splitBy(each, sum, most - next.length);
        if (!some) return undefined;
        next.push(...some);
      }
      boxes = next;
    }
    return boxes;
  }

  /** At most so many boxes with all that the sums of one can be of, and more. */
  around(box: Box, most: number): KeptParts[] {
    const { kept, sums } = this.#read(box);
    let boxes: KeptParts[] = [kept];
    for (const [at, sum] of sums.entries()) {
      const groups = at === 0 ? most : 1;
      boxes = boxes.flatMap((each) => this.#around(each, sum, groups));
    }
    return boxes;
  }

  #around(kept: KeptParts, { variables: [few, many], ranges }: WantedSum, groups: number) {
    const own = Array.from(this.pieces.wanted(kept, few));
    const other = Array.from(this.pieces.wanted(kept, many));
    const can = (i: number, j: number) =>
      placeOf([this.pieces.spread(few, i), this.pieces.spread(many, j)], ranges) !== 0;
    const size = Math.ceil(own.length / groups);
    return Array.from({ length: Math.ceil(own.length / size) }, (_, group): KeptParts => {
      const some = own.slice(group * size, (group + 1) * size)
        .filter(([i]) => other.some(([j]) => can(i, j)));
      const left = other.filter(([j]) => some.some(([i]) => can(i, j)));
      return new Map([...kept, [few, new Map(some)], [many, new Map(left)]]);
    }).filter((box) => box.get(few)!.size > 0);
  }

  #read(box: Box): { kept: KeptParts; sums: WantedSum[] } {
    const kept = new Map<number, Map<number, number>>();
    const sums: WantedSum[] = [];
    const first = sumVariable(this.#encoding, 0);
    for (const [variable, wanted] of box) {
      const { symbols, classes } = this.#refinement.variable(variable);
      const live = symbols.map((_, at) => at).filter((at) => wanted.has(classes[at]));
      if (variable < first) {
        kept.set(variable, new Map(live.map((at) => [at, 1])));
        continue;
      }
      const column = variable - first;
      const [a, b] = partsOfSum(this.#encoding, this.#encoding.columns[column] as SumPlan)
        .map(({ parts: [part] }) => part.variable)
        .toSorted((a, b) => this.pieces.count(a) - this.pieces.count(b));
      const ranges = live.map((at): Range => {
        const [low, high] = (symbols[at] as NumberSymbol).ends;
        return [Math.floor(low + 0.5), Math.floor(high + 0.5)];
      });
      sums.push({ column, variables: [a, b], ranges: merged(ranges, WHOLE) });
    }
    return { kept, sums };
  }

  #splitBy(kept: KeptParts, wanted: WantedSum, most: number): KeptParts[] | undefined {
    const { column, variables, ranges } = wanted;
    const key = `${column}: ${ranges.join(" ")}`;
    const cuts = this.cuts.get(column) ?? { variables, pairs: [] };
    this.cuts.set(column, cuts);
    const shares = this.#shares.get(key) ?? new SumShares(this.pieces, wanted, cuts.pairs);
    this.#shares.set(key, shares);
    return shares.split(kept, { most, mostSingle: MOST_SINGLE });
  }
}

function hasSum(encoding: Encoding, box: Box): boolean {
  return Array.from(box.keys()).some((variable) => variable >= sumVariable(encoding, 0));
}

/**
 * Boxes by parts of symbols: of each group of parts of one column that leave the same for the other
 * one box, with how much of each part of that one is wanted. Where they would be too many the boxes
 * hold more than is wanted.
 */
export function partedBoxes(
  encoding: Encoding,
  refinement: Refinement,
  boxes: readonly Box[],
): PartedBoxes {
  const sums = new SumBoxes(encoding, refinement);
  const { pieces, cuts } = sums;
  const plain = boxes.filter((box) => !hasSum(encoding, box)).length;
  let left = MOST_BOXES - plain;
  const splits: KeptParts[] = [];
  for (const box of boxes) {
    const some = sums.split(box, hasSum(encoding, box) ? left : Infinity);
    if (!some) {
      const around = new SumBoxes(encoding, refinement);
      const groups = Math.max(1, Math.floor(ROUGH_BOXES / boxes.length));
      const all = boxes.flatMap((each) => around.around(each, groups));
      return { boxes: all, pieces: around.pieces, cuts: around.cuts, isExact: false };
    }
    if (hasSum(encoding, box)) left -= some.length;
    splits.push(...some);
  }
  return { boxes: splits, pieces, cuts, isExact: true };
}

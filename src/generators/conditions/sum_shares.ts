import { SumCell, type WholeRange } from "../sampling/sum_cell.ts";
import { type KeptParts, placeOf, type SymbolPieces } from "./symbol_pieces.ts";

/** What a sum has to be. */
export interface WantedSum {
  readonly column: number;
  /** The variables of what is added, that of fewer symbols first. */
  readonly variables: readonly [number, number];
  readonly ranges: readonly WholeRange[];
}

/** Two parts of symbols of which only some numbers are wanted. */
export interface CutPair {
  readonly parts: readonly [number, number];
  readonly cell: SumCell;
}

/** How much of the pairs of one part of the column of fewer symbols with those of the other is wanted. */
interface Row {
  readonly part: number;
  readonly shares: ReadonlyMap<number, number>;
  /** The parts of the other column that are wanted in part. */
  readonly cut: readonly number[];
}

/** How many boxes are made. */
interface MostBoxes {
  readonly most: number;
  /** Those for single numbers of the column of more symbols. */
  readonly mostSingle: number;
}

/** Ranges less a number. */
function less(ranges: readonly WholeRange[], number: number): WholeRange[] {
  return ranges.map(([from, to]) => [from - number, to - number]);
}

/** How much of the pairs of parts of two columns has a sum in some ranges. */
export class SumShares {
  readonly #pieces: SymbolPieces;
  readonly #wanted: WantedSum;
  readonly #pairs: CutPair[];
  readonly #cells = new Map<string, SumCell>();
  readonly #copies = new Map<number, number>();

  /** Of a sum; the pairs that are cut are added to `pairs`. */
  constructor(pieces: SymbolPieces, wanted: WantedSum, pairs: CutPair[]) {
    this.#pieces = pieces;
    this.#wanted = wanted;
    this.#pairs = pairs;
  }

  /**
   * The boxes of those of a box of which the sum is in the ranges. Where one part is a single number
   * the other is taken apart, so that only pairs of which neither is have to be drawn again.
   *
   * @returns Undefined where they are more than `most`.
   */
  split(kept: KeptParts, { most, mostSingle }: MostBoxes): KeptParts[] | undefined {
    const { variables: [few, many] } = this.#wanted;
    const [own, other] = [few, many].map((variable) => this.#pieces.wanted(kept, variable));
    const rows = Array.from(own.keys(), (part) => this.#row(part, other));
    const uncut = rows.filter(({ cut }) => cut.length === 0);
    const cut = rows.filter(({ cut }) => cut.length > 0);
    const singles = cut.filter(({ part }) => this.#isSingle(few, part));
    const wide = cut.filter(({ part }) => !this.#isSingle(few, part));
    const numbers = Array.from(new Set(wide.flatMap((row) => row.cut)))
      .filter((part) => this.#isSingle(many, part)).slice(0, mostSingle);
    const groups = this.#groups(uncut);
    if (groups.length + cut.length + numbers.length > most) return undefined;
    const boxes = [
      ...groups,
      ...singles.map(({ part }) => this.#beside(few, part, other)),
      ...numbers.map((part) => this.#beside(many, part, new Map(wide.map((row) => [row.part, 1])))),
      ...this.#cutBoxes(wide, new Set(numbers)),
    ];
    return boxes.filter((box) => Array.from(box.values()).every(({ size }) => size > 0))
      .map((box) => new Map([...kept, ...box]));
  }

  #isSingle(variable: number, part: number): boolean {
    const { low, high } = this.#pieces.spread(variable, part);
    return low === high;
  }

  #row(part: number, other: ReadonlyMap<number, number>): Row {
    const { variables: [few, many], ranges } = this.#wanted;
    const [shares, cut] = [new Map<number, number>(), [] as number[]];
    const own = this.#pieces.spread(few, part);
    for (const each of other.keys()) {
      const place = placeOf([own, this.#pieces.spread(many, each)], ranges);
      if (place === undefined) cut.push(each);
      else if (place === 1) shares.set(each, 1);
    }
    return { part, shares, cut };
  }

  /** Parts that leave the same of the other column, as one box. */
  #groups(rows: readonly Row[]): KeptParts[] {
    const { variables: [few, many] } = this.#wanted;
    const groups = new Map<string, { parts: Map<number, number>; shares: Row["shares"] }>();
    for (const { part, shares } of rows) {
      const key = Array.from(shares.keys()).join();
      const group = groups.get(key) ?? { parts: new Map(), shares };
      groups.set(key, group);
      group.parts.set(part, 1);
    }
    return Array.from(
      groups.values(),
      ({ parts, shares }) => new Map([[few, parts], [many, shares]]),
    );
  }

  /** A single number, and what it leaves of parts of the other column. */
  #beside(variable: number, part: number, parts: ReadonlyMap<number, number>): KeptParts {
    const { variables: [few, many], ranges } = this.#wanted;
    const other = variable === few ? many : few;
    const left = less(ranges, this.#pieces.spread(variable, part).low);
    const some = Array.from(parts.keys()).flatMap((each) => this.#pieces.within(other, each, left));
    return new Map([[variable, new Map([[part, 1]])], [other, new Map(some.map((at) => [at, 1]))]]);
  }

  /** Of each part a box; `apart` are parts of the other column that have theirs where they are cut. */
  #cutBoxes(rows: readonly Row[], apart: ReadonlySet<number>): KeptParts[] {
    const { variables: [few, many] } = this.#wanted;
    return rows.map(({ part, shares, cut }) => {
      const all = new Map(Array.from(shares).filter(([each]) => !apart.has(each)));
      let own = part;
      for (const each of cut) {
        if (apart.has(each)) continue;
        const cell = this.#cell(part, each);
        if (!(cell.mass > 0)) continue;
        own = this.#copy(part);
        all.set(each, cell.mass);
      }
      return new Map([[few, new Map([[own, 1]])], [many, all]]);
    });
  }

  /** A part to itself: the same pair may be cut in other ways by other ranges. */
  #copy(part: number): number {
    const copy = this.#copies.get(part) ?? this.#pieces.copy(this.#wanted.variables[0], part);
    this.#copies.set(part, copy);
    return copy;
  }

  #cell(first: number, second: number): SumCell {
    const { variables: [few, many], ranges } = this.#wanted;
    const key = `${first} ${second}`;
    const known = this.#cells.get(key);
    if (known) return known;
    const spreads = [this.#pieces.spread(few, first), this.#pieces.spread(many, second)] as const;
    const cell = new SumCell(spreads, ranges);
    this.#cells.set(key, cell);
    if (cell.mass > 0) this.#pairs.push({ parts: [this.#copy(first), second], cell });
    return cell;
  }
}

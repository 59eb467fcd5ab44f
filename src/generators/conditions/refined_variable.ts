import { countLeading } from "../../batch/count_leading.ts";
import type { CategoryPlan } from "../encoding/plans.ts";
import { KNOTS } from "../encoding/plans.ts";
import type { Atom, ListAtom, NumberAtom } from "./atoms.ts";
import { BY_CHOICE } from "./atoms.ts";
import { doubleAfter, doubleBefore, type Range } from "./number_ranges.ts";

/** Atoms whose truths are a number together that is exact. */
const SHORT_KEY = 50;

/** A part of a symbol, for all of which the same atoms hold. */
export interface RefinedSymbol {
  /** The symbol that it is a part of. */
  readonly of: number;
  /** What part. */
  readonly share: number;
  /** Which atoms hold. */
  readonly truths: readonly boolean[];
}

/** A part of a symbol of numbers, or null. */
export interface NumberSymbol extends RefinedSymbol {
  /** The least and the greatest number. */
  readonly ends: Range;
  /** Its knots; absent where all numbers between the ends are as likely. */
  readonly knots?: Float64Array;
  readonly isNull: boolean;
}

/** A part of a symbol of listed values. */
export interface ListSymbol extends RefinedSymbol {
  /** The position of the value, or the first of several; −1 for null. */
  readonly first: number;
  /** How likely the values from the first on are, where there are several. */
  readonly weights?: Float64Array;
  /** Of a value whose lookups are chosen: the cell of each lookup, by its column. */
  readonly cells?: ReadonlyMap<number, number>;
}

/** A choice of a lookup taken apart: outcomes for which the same atoms hold. */
export interface ChoiceCell {
  readonly values: Int32Array;
  readonly weights: Float64Array;
  readonly share: number;
}

/** The first of ascending ranges that ends at a value or behind it. */
function rangeFrom(value: number, ranges: readonly Range[]): number {
  return countLeading(ranges.length, (at) => ranges[at][1] < value);
}

function within(value: number, ranges: readonly Range[]): boolean {
  const range = ranges[rangeFrom(value, ranges)];
  return range !== undefined && range[0] <= value;
}

/** Where pieces of a segment begin that ranges cut. */
function startsOf([from, to]: Range, atoms: readonly NumberAtom[]): number[] {
  const starts = new Set([from]);
  for (const { ranges } of atoms) {
    for (let at = rangeFrom(from, ranges); at < ranges.length && ranges[at][0] < to; at++) {
      const [low, high] = ranges[at];
      for (const start of [low, doubleAfter(high)]) {
        if (start > from && start < to) starts.add(start);
      }
    }
  }
  return Array.from(starts).sort((a, b) => a - b);
}

/** Writes the knots of a part of a symbol. */
export function writeKnots({ ends: [low, high], knots }: NumberSymbol, to: Float64Array): void {
  if (knots) to.set(knots);
  else for (let k = 0; k < KNOTS; k++) to[k] = low + (high - low) * (k / (KNOTS - 1));
  to[KNOTS - 1] = high;
}

/** The parts of a symbol of numbers: itself where no range cuts it, else pieces within its segments. */
export function numberPieces(
  knots: Float64Array,
  of: number,
  atoms: readonly NumberAtom[],
): NumberSymbol[] {
  const truthsAt = (value: number) => atoms.map(({ ranges }) => within(value, ranges));
  const piece = ([low, end]: Range, share: number): NumberSymbol => {
    const truths = truthsAt(low);
    const isOpen = end > low && truthsAt(end).some((each, at) => each !== truths[at]);
    // what rounding may lead to is another piece's
    return { of, share, truths, ends: [low, isOpen ? doubleBefore(end) : end], isNull: false };
  };
  const all: Range = [knots[0], knots[KNOTS - 1]];
  if (startsOf(all, atoms).length === 1) return [{ ...piece(all, 1), knots }];
  const pieces: NumberSymbol[] = [];
  for (let k = 0; k + 1 < KNOTS; k++) {
    const [from, to] = [knots[k], knots[k + 1]];
    const starts = startsOf([from, to], atoms);
    starts.forEach((start, at) => {
      const end = starts[at + 1] ?? to;
      const share = (to > from ? (end - start) / (to - from) : 1) / (KNOTS - 1);
      pieces.push(piece([start, end], share));
    });
  }
  return pieces;
}

/** The symbols of a part of a number, taken apart where atoms cut them. */
export function refinedNumbers(
  knots: Float64Array,
  none: number,
  atoms: readonly Atom[],
): NumberSymbol[] {
  const own = atoms as readonly NumberAtom[];
  const out: NumberSymbol[] = [];
  for (let of = 0; of * KNOTS < knots.length; of++) {
    const some = knots.subarray(of * KNOTS, (of + 1) * KNOTS);
    if (of !== none) out.push(...numberPieces(some, of, own));
    else {
      const truths = own.map((atom) => atom.null);
      const ends: Range = [some[0], some[KNOTS - 1]];
      out.push({ of, share: 1, truths, ends, knots: some, isNull: true });
    }
  }
  return out;
}

/** What a list's symbols are taken apart by. */
export interface ListRefinement {
  readonly atoms: readonly ListAtom[];
  /** The cells that a value's choices fall into, by the column that is looked up. */
  readonly cellsOf: (position: number, column: number) => readonly ChoiceCell[];
  /** Whether an atom holds for a cell's values. */
  readonly holds: (atom: ListAtom, cell: ChoiceCell) => boolean;
}

/** The parts of one value whose lookups are chosen: one for each combination of their cells. */
function chosenParts(
  position: number,
  { of, share }: { of: number; share: number },
  { atoms, cellsOf, holds }: ListRefinement,
): ListSymbol[] {
  const columns = new Set(
    atoms.filter(({ truths }) => truths[position + 1] === BY_CHOICE).map((atom) =>
      atom.choice!.column
    ),
  );
  let parts: { share: number; cells: Map<number, number> }[] = [{ share, cells: new Map() }];
  for (const column of columns) {
    parts = parts.flatMap((part) =>
      cellsOf(position, column).map((cell, number) => ({
        share: part.share * cell.share,
        cells: new Map(part.cells).set(column, number),
      }))
    );
  }
  return parts.map((part) => {
    const truths = atoms.map((atom) => {
      const truth = atom.truths[position + 1];
      if (truth !== BY_CHOICE) return truth === 1;
      const { column } = atom.choice!;
      return holds(atom, cellsOf(position, column)[part.cells.get(column)!]);
    });
    return { of, share: part.share, truths, first: position, cells: part.cells };
  });
}

/** Values of one symbol for which the same atoms hold. */
interface Alike {
  readonly example: number;
  readonly weights: Float64Array;
  sum: number;
  count: number;
}

/** Which atoms hold for a value, as one key, and whether any is by choice. */
function keyOf(
  position: number,
  atoms: readonly ListAtom[],
): { key: string | number; chosen: boolean } {
  const isShort = atoms.length <= SHORT_KEY;
  let [short, chosen] = [0, false];
  for (const { truths } of atoms) {
    const truth = truths[position + 1];
    if (truth === BY_CHOICE) chosen = true;
    short = 2 * short + truth;
  }
  const key = isShort ? short : atoms.map(({ truths }) => truths[position + 1]).join("");
  return { key, chosen };
}

/** The parts of a symbol of the values from one position to before another. */
function listPieces(
  { of, first, end }: { of: number; first: number; end: number },
  weights: Float64Array,
  refinement: ListRefinement,
): ListSymbol[] {
  const { atoms } = refinement;
  const size = end - first;
  let total = 0;
  for (let at = first; at < end; at++) total += weights[at];
  const groups = new Map<string | number, Alike>();
  const out: ListSymbol[] = [];
  for (let at = first; at < end; at++) {
    const share = size === 1 ? 1 : weights[at] / total;
    const { key, chosen } = keyOf(at, atoms);
    if (chosen) {
      out.push(...chosenParts(at, { of, share }, refinement));
      continue;
    }
    let group = groups.get(key);
    if (!group) {
      group = { example: at, weights: new Float64Array(size), sum: 0, count: 0 };
      groups.set(key, group);
    }
    group.weights[at - first] = weights[at];
    group.sum += share;
    group.count++;
  }
  for (const { example, weights, sum: share, count } of groups.values()) {
    if (!(share > 0)) continue;
    const truths = atoms.map((atom) => atom.truths[example + 1] === 1);
    if (count === 1) out.push({ of, share, truths, first: example });
    else out.push({ of, share, truths, first, weights });
  }
  return out;
}

/** The symbols of a column of categories, taken apart where atoms tell values apart. */
export function refinedList(plan: CategoryPlan, refinement: ListRefinement): ListSymbol[] {
  const { sizes, weights, nulls } = plan;
  const out: ListSymbol[] = [];
  let first = 0;
  sizes.forEach((size, of) => {
    out.push(...listPieces({ of, first, end: first + size }, weights, refinement));
    first += size;
  });
  if (nulls) {
    const truths = refinement.atoms.map((atom) => atom.truths[0] === 1);
    out.push({ of: sizes.length, share: 1, truths, first: -1 });
  }
  return out;
}

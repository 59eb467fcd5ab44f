import type { Encoding, LookupPlan, NumberPlan, SumPlan } from "../encoding/plans.ts";
import { KNOTS } from "../encoding/plans.ts";
import type { Evidence, SymbolParts } from "../model/model_face.ts";
import type { CutSums } from "../sampling/cut_sums.ts";
import type { SumCell } from "../sampling/sum_cell.ts";
import {
  type CategorySymbols,
  type ColumnSymbols,
  type LookupEntries,
  type NumberSymbols,
  numberSymbols,
} from "../sampling/column_symbols.ts";
import { type ListSymbol, type NumberSymbol, writeKnots } from "./refined_variable.ts";
import type { Refinement } from "./refinement.ts";
import type { CutPairs, PartedBoxes } from "./sum_boxes.ts";

/** Boxes as a model takes them, and what the symbols that it then draws stand for. */
export interface RefinedEvidence extends Evidence {
  /** Of columns for which that is different. */
  readonly columns: ReadonlyMap<number, ColumnSymbols>;
}

/** Values of a column that stand for one whose lookups are chosen: the position of that, and cells. */
interface StandIn {
  readonly position: number;
  readonly cells: ReadonlyMap<number, number>;
}

/** Collects, variable by variable, what boxes leave of symbols. */
class EvidenceBuilder {
  readonly #encoding: Encoding;
  readonly #refinement: Refinement;
  readonly #parted: PartedBoxes;
  readonly variables = new Map<number, SymbolParts>();
  readonly columns = new Map<number, ColumnSymbols>();
  readonly kept: Map<number, Float64Array>[];
  /** What of the parts of a variable's symbols is in some box, by variable. */
  readonly #live = new Map<number, readonly number[]>();
  readonly #cuts = new Map<number, CutSums>();
  readonly #knots = new Map<number, { knots: Float64Array; none?: number }>();
  readonly #standIns = new Map<number, StandIn[]>();

  constructor(encoding: Encoding, refinement: Refinement, parted: PartedBoxes) {
    this.#encoding = encoding;
    this.#refinement = refinement;
    this.#parted = parted;
    const { boxes, cuts } = parted;
    this.kept = boxes.map(() => new Map());
    const variables = new Set(boxes.flatMap((box) => Array.from(box.keys())));
    for (const variable of variables) this.#add(variable);
    for (const [column, pairs] of cuts) this.#cut(column, pairs);
    this.#encoding.columns.forEach((plan, column) => {
      if (plan.kind === "number") this.#numbers(plan, column);
      if (plan.kind === "lookup") this.#lookup(plan, column);
    });
    this.#encoding.columns.forEach((plan, column) => {
      if (plan.kind === "sum") this.#sum(plan, column);
    });
  }

  #add(variable: number): void {
    const { column } = this.#refinement.variable(variable);
    const { boxes, pieces } = this.#parted;
    const symbols = pieces.of(variable);
    const some = boxes.map((box) => pieces.wanted(box, variable));
    const live = symbols.map((_, at) => at).filter((at) => some.some((kept) => kept.has(at)));
    this.#live.set(variable, live);
    this.variables.set(variable, {
      of: Uint16Array.from(live, (at) => symbols[at].of),
      shares: Float64Array.from(live, (at) => symbols[at].share),
    });
    const isMore = symbols.length > pieces.count(variable);
    some.forEach((kept, box) => {
      // a box that says nothing of a variable keeps all that it was refined into, and nothing else
      if (!isMore && !boxes[box].has(variable)) return;
      this.kept[box].set(variable, Float64Array.from(live, (at) => kept.get(at) ?? 0));
    });
    const own = live.map((at) => symbols[at]);
    if (this.#encoding.columns[column].kind === "category") {
      this.columns.set(column, this.#list(own as ListSymbol[], column));
    } else this.#knots.set(variable, knotsOf(own as NumberSymbol[]));
  }

  /** Pairs that are cut, by the numbers of symbols that are left. */
  #cut(column: number, { variables, pairs }: CutPairs): void {
    const [a, b] = variables.map((variable) =>
      new Map(this.#live.get(variable)?.map((part, at) => [part, at]))
    );
    const cells = new Map<number, SumCell>();
    for (const { parts, cell } of pairs) {
      const [row, at] = [a.get(parts[0]), b.get(parts[1])];
      if (row !== undefined && at !== undefined) cells.set(row * b.size + at, cell);
    }
    if (cells.size === 0) return;
    this.#cuts.set(column, { column, variables, height: a.size, width: b.size, cells });
  }

  #list(symbols: readonly ListSymbol[], column: number): CategorySymbols {
    const plan = this.#encoding.columns[column];
    const size = plan.kind === "category" ? plan.weights.length : 0;
    const standIns: StandIn[] = [];
    const firsts = Int32Array.from(symbols, ({ first, cells }) => {
      if (!cells) return first;
      return size + standIns.push({ position: first, cells }) - 1;
    });
    const groups = symbols.map(({ weights }) => weights);
    if (standIns.length === 0) return { firsts, groups };
    this.#standIns.set(column, standIns);
    const renamed = new Int32Array(size + 1 + standIns.length);
    for (let at = 0; at <= size; at++) renamed[at] = at - 1;
    standIns.forEach(({ position }, at) => renamed[size + 1 + at] = position);
    return { firsts, groups, renamed };
  }

  #numbers(plan: NumberPlan, column: number): void {
    const parts = plan.parts.map(({ variable }) => this.#knots.get(variable));
    if (!parts.some((part) => part)) return;
    const base = numberSymbols(plan);
    const [first] = parts;
    const none = first ? first.none : base.none;
    const symbols: NumberSymbols = {
      knots: parts.map((part, at) => part?.knots ?? base.knots[at]),
      ...(none !== undefined && { none }),
      cuts: Array.from(this.#cuts.values())
        .filter(({ variables }) => variables.includes(plan.parts[0].variable)),
    };
    this.columns.set(column, symbols);
  }

  /** A sum of columns some of whose symbols are taken apart. */
  #sum({ of }: SumPlan, column: number): void {
    if (!of.some((at) => this.columns.has(at))) return;
    const parts = of.map((at) =>
      this.columns.get(at) as NumberSymbols ??
        numberSymbols(this.#encoding.columns[at] as NumberPlan)
    );
    const cuts = this.#cuts.get(column);
    this.columns.set(column, { parts, ...(cuts && { cuts }) });
  }

  /** A lookup by columns some of whose values have others that stand in for them. */
  #lookup(plan: LookupPlan, column: number): void {
    const standIns = plan.by.map((at) => this.#standIns.get(at) ?? []);
    if (standIns.every(({ length }) => length === 0)) return;
    const entries = new ExtendedLookup(
      plan,
      standIns,
      (standIn, by) =>
        this.#refinement.cells(column, { column: by, position: standIn.position })[
          standIn.cells.get(column)!
        ],
    );
    this.columns.set(column, entries.of(column));
  }
}

type CellOf = (standIn: StandIn, by: number) => { values: Int32Array; weights: Float64Array };

/** A lookup with entries for values that stand in for others, where choices are those of their cells. */
class ExtendedLookup {
  readonly #plan: LookupPlan;
  readonly #standIns: readonly (readonly StandIn[])[];
  readonly #cellOf: CellOf;
  readonly #choices: LookupEntries["choices"][number][];
  readonly #known = new Map<StandIn, number>();

  constructor(plan: LookupPlan, standIns: readonly (readonly StandIn[])[], cellOf: CellOf) {
    this.#plan = plan;
    this.#standIns = standIns;
    this.#cellOf = cellOf;
    this.#choices = [...plan.choices];
  }

  of(column: number): LookupEntries {
    const { width, entries } = this.#plan;
    const [first, second = []] = this.#standIns;
    const rows = entries.length / width;
    const wide = width + second.length;
    const out = new Int32Array((rows + first.length) * wide);
    for (let row = 0; row < rows + first.length; row++) {
      const ofRow = first[row - rows];
      const from = (ofRow ? ofRow.position + 1 : row) * width;
      for (let at = 0; at < wide; at++) {
        const ofColumn = second[at - width];
        const entry = entries[from + (ofColumn ? ofColumn.position + 1 : at)];
        out[row * wide + at] = this.#entry(entry, column, [ofRow, ofColumn]);
      }
    }
    return { entries: out, width: wide, choices: this.#choices };
  }

  /** An entry; of a choice, that of the cell which the first value that has one is in. */
  #entry(entry: number, column: number, by: readonly (StandIn | undefined)[]): number {
    if (entry >= -1) return entry;
    const place = by.findIndex((standIn) => standIn?.cells.has(column));
    const standIn = by[place];
    if (!standIn) return entry;
    let choice = this.#known.get(standIn);
    if (choice === undefined) {
      const { values, weights } = this.#cellOf(standIn, this.#plan.by[place]);
      choice = this.#choices.push({ values, weights }) - 1;
      this.#known.set(standIn, choice);
    }
    return -2 - choice;
  }
}

function knotsOf(symbols: readonly NumberSymbol[]): { knots: Float64Array; none?: number } {
  const knots = new Float64Array(symbols.length * KNOTS);
  symbols.forEach((symbol, at) => writeKnots(symbol, knots.subarray(at * KNOTS, (at + 1) * KNOTS)));
  const none = symbols.findIndex(({ isNull }) => isNull);
  return none < 0 ? { knots } : { knots, none };
}

/** Boxes as evidence for a model. */
export function evidenceOf(
  encoding: Encoding,
  refinement: Refinement,
  parted: PartedBoxes,
): RefinedEvidence {
  const { variables, columns, kept } = new EvidenceBuilder(encoding, refinement, parted);
  return { variables, columns, boxes: kept };
}

import {
  type CategoryPlan,
  type Encoding,
  KNOTS,
  type LookupPlan,
  type NumberPlan,
} from "../encoding/plans.ts";
import { knotsWithNull } from "../sampling/column_symbols.ts";
import type { Atom, Atoms, ListAtom } from "./atoms.ts";
import {
  type ChoiceCell,
  type ListSymbol,
  type NumberSymbol,
  refinedList,
  refinedNumbers,
  type RefinedSymbol,
} from "./refined_variable.ts";
import { sumAsNumber, sumVariable } from "./sum_condition.ts";

const NO_SYMBOL = -1;

/** A variable whose symbols are taken apart where atoms tell them apart. */
export interface RefinedVariable {
  /** The column that it is of. */
  readonly column: number;
  readonly symbols: readonly (ListSymbol | NumberSymbol)[];
  /** The class of each symbol: those of one class agree in all atoms. */
  readonly classes: Uint16Array;
  /** Which atoms hold for each class. */
  readonly truths: readonly (readonly boolean[])[];
}

/** Takes the symbols of variables apart, of each when it is asked for. */
export class Refinement {
  readonly #encoding: Encoding;
  readonly #atoms: Atoms;
  readonly #places = new Map<number, { column: number; part: number }>();
  readonly #variables = new Map<number, RefinedVariable>();
  readonly #cells = new Map<string, readonly ChoiceCell[]>();
  /** The conditions of each looked-up column whose choices they are taken apart by. */
  readonly #choices = new Map<number, Uint8Array[]>();

  /** By atoms of which there will be no more. */
  constructor(encoding: Encoding, atoms: Atoms) {
    this.#encoding = encoding;
    this.#atoms = atoms;
    encoding.columns.forEach((plan, column) => {
      if (plan.kind === "category") this.#places.set(plan.variable, { column, part: 0 });
      if (plan.kind === "sum") this.#places.set(sumVariable(encoding, column), { column, part: 0 });
      if (plan.kind !== "number") return;
      plan.parts.forEach(({ variable }, part) => this.#places.set(variable, { column, part }));
    });
    for (const { column, truths } of atoms.choices()) {
      const known = this.#choices.get(column) ?? [];
      if (!known.includes(truths)) this.#choices.set(column, [...known, truths]);
    }
  }

  /** A variable, taken apart. */
  variable(variable: number): RefinedVariable {
    const known = this.#variables.get(variable) ?? this.#refined(variable);
    this.#variables.set(variable, known);
    return known;
  }

  #refined(variable: number): RefinedVariable {
    const { column, part } = this.#places.get(variable)!;
    const plan = this.#encoding.columns[column];
    const atoms = this.#atoms.of(variable);
    const symbols = plan.kind === "category" ? this.#list(plan, column, atoms) : numbers(
      plan.kind === "sum" ? sumAsNumber(this.#encoding, plan) : plan as NumberPlan,
      part,
      atoms,
    );
    const known = new Map<string, number>();
    const truths: (readonly boolean[])[] = [];
    const classes = Uint16Array.from<RefinedSymbol>(symbols, (symbol) => {
      const key = symbol.truths.join();
      const before = known.get(key);
      if (before !== undefined) return before;
      known.set(key, truths.length);
      return truths.push(symbol.truths) - 1;
    });
    return { column, symbols, classes, truths };
  }

  #list(plan: CategoryPlan, column: number, atoms: readonly Atom[]): ListSymbol[] {
    return refinedList(plan, {
      atoms: atoms as readonly ListAtom[],
      cellsOf: (position, lookup) => this.cells(lookup, { column, position }),
      holds: ({ choice }, { values }) => choice!.truths[values[0] + 1] === 1,
    });
  }

  /** What a value's choices for a looked-up column fall into. */
  cells(lookup: number, by: { column: number; position: number }): readonly ChoiceCell[] {
    const plan = this.#encoding.columns[lookup] as LookupPlan;
    const choice = choiceOf(plan, by);
    const key = `${lookup} ${choice}`;
    const known = this.#cells.get(key) ?? cellsOf(plan.choices[choice], this.#choices.get(lookup)!);
    this.#cells.set(key, known);
    return known;
  }
}

function numbers({ parts, nulls }: NumberPlan, at: number, atoms: readonly Atom[]): NumberSymbol[] {
  const { knots } = parts[at];
  const none = nulls && at === 0 ? knots.length / KNOTS : NO_SYMBOL;
  return refinedNumbers(knotsWithNull(knots, nulls), none, atoms);
}

/** The choice that a value of a column leads to. */
function choiceOf(
  { by, entries, width }: LookupPlan,
  { column, position }: { column: number; position: number },
): number {
  const isFirst = by[0] === column;
  const start = isFirst ? (position + 1) * width : position + 1;
  const step = isFirst ? 1 : width;
  for (let at = start; at < entries.length; at += step) {
    if (entries[at] < -1) return -2 - entries[at];
  }
  return 0;
}

function cellsOf(
  { values, weights }: LookupPlan["choices"][number],
  wanted: readonly Uint8Array[],
): ChoiceCell[] {
  const groups = new Map<string, number[]>();
  values.forEach((value, at) => {
    const key = wanted.map((truths) => truths[value + 1]).join("");
    const group = groups.get(key);
    if (group) group.push(at);
    else groups.set(key, [at]);
  });
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return Array.from(groups.values(), (members) => {
    const own = Float64Array.from(members, (at) => weights[at]);
    return {
      values: Int32Array.from(members, (at) => values[at]),
      weights: own,
      share: own.reduce((sum, weight) => sum + weight, 0) / total,
    };
  });
}

import type { CategoryPlan, Encoding, LookupPlan } from "../encoding/plans.ts";
import { type Atoms, BY_CHOICE, type ListAtom } from "./atoms.ts";
import type { ConditionFormula } from "./condition_formula.ts";
import { FALSE, type Formula, type Formulas, TRUE } from "./formula.ts";

/** What formulas are made of. */
export interface FormulaParts {
  readonly formulas: Formulas;
  readonly atoms: Atoms;
  /** Groups of the pairs of values that a lookup is by, at most. */
  readonly groups: number;
}

type Choice = NonNullable<ListAtom["choice"]>;

/** Turns what a looked-up column has to be into what decides it has to be. */
export class LookupConditions {
  readonly #encoding: Encoding;
  readonly #formulas: Formulas;
  readonly #atoms: Atoms;
  readonly #groups: number;

  /**
   * Over an encoding's variables. Pairs of deciding values that lead to a set are taken apart into so
   * many groups at most.
   */
  constructor(encoding: Encoding, { formulas, atoms, groups }: FormulaParts) {
    this.#groups = groups;
    this.#encoding = encoding;
    this.#formulas = formulas;
    this.#atoms = atoms;
  }

  /** The formula of the values, null first, that a looked-up column may have. */
  of(plan: LookupPlan, choice: Choice): ConditionFormula {
    const truths = entryTruths(plan, choice.truths);
    const [first, second] = plan.by.map((at) => this.#encoding.columns[at] as CategoryPlan);
    if (!second) return { formula: this.#atom(first, truths, choice), isExact: true };
    return this.#pairs({ truths, width: plan.width, choice }, first, second);
  }

  #atom(plan: CategoryPlan, truths: Uint8Array, choice: Choice): Formula {
    const present = plan.nulls ? truths : truths.subarray(1);
    if (present.every((each) => each === 0)) return FALSE;
    if (present.every((each) => each === 1)) return TRUE;
    const isChoice = truths.includes(BY_CHOICE);
    const atom: ListAtom = { kind: "list", truths, ...(isChoice && { choice }) };
    return this.#formulas.atom(plan.variable, this.#atoms.add(plan.variable, atom));
  }

  /** Of two deciders: values of the first are taken together that leave the same of the second. */
  #pairs(
    { truths, width, choice }: { truths: Uint8Array; width: number; choice: Choice },
    first: CategoryPlan,
    second: CategoryPlan,
  ): ConditionFormula {
    const rows = truths.length / width;
    const groups = new Map<string, { row: Uint8Array; members: Uint8Array }>();
    for (let at = first.nulls ? 0 : 1; at < rows; at++) {
      const row = truths.subarray(at * width, (at + 1) * width);
      const key = row.subarray(second.nulls ? 0 : 1).join("");
      const group = groups.get(key) ?? { row, members: new Uint8Array(rows) };
      groups.set(key, group);
      group.members[at] = 1;
    }
    if (groups.size > this.#groups) return this.#around(groups.values(), first, second);
    const parts = Array.from(groups.values(), ({ row, members }) => {
      // where the first one's value was folded it is chosen, whatever the second is
      if (row.every((each) => each === BY_CHOICE)) {
        return this.#atom(first, members.map((each) => each * BY_CHOICE), choice);
      }
      const rest = this.#atom(second, row.slice(), choice);
      return this.#formulas.all([this.#atom(first, members, choice), rest]);
    });
    return { formula: this.#formulas.any(parts), isExact: true };
  }

  /** What each of the deciders has to be at least. */
  #around(
    groups: Iterable<{ row: Uint8Array; members: Uint8Array }>,
    first: CategoryPlan,
    second: CategoryPlan,
  ): ConditionFormula {
    const ofFirst = new Uint8Array(first.weights.length + 1);
    const ofSecond = new Uint8Array(second.weights.length + 1);
    for (const { row, members } of groups) {
      if (row.every((each) => each === 0)) continue;
      members.forEach((each, at) => ofFirst[at] |= each);
      row.forEach((each, at) => ofSecond[at] |= Number(each > 0));
    }
    const none = { column: -1, truths: new Uint8Array() };
    const sides = [this.#atom(first, ofFirst, none), this.#atom(second, ofSecond, none)];
    return { formula: this.#formulas.all(sides), isExact: false };
  }
}

/** Whether each entry of a lookup leads to a wanted value; `BY_CHOICE` where it may. */
function entryTruths({ entries, choices }: LookupPlan, wanted: Uint8Array): Uint8Array {
  const ofChoices = choices.map(({ values }) => {
    const truths = values.map((value) => wanted[value + 1]);
    return truths.every((each) => each === truths[0]) ? truths[0] : BY_CHOICE;
  });
  const out = new Uint8Array(entries.length);
  entries.forEach((entry, at) => {
    out[at] = entry >= -1 ? wanted[entry + 1] : ofChoices[-2 - entry];
  });
  return out;
}

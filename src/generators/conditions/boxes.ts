import { FALSE, type Formula, type Formulas, TRUE } from "./formula.ts";
import type { Refinement } from "./refinement.ts";

/** The most parts that conditions may fall into. */
const MOST_BOXES = 256;
const MOST_STEPS = 200_000;

/** What variables have to be: of each that matters, its classes. */
export type Box = ReadonlyMap<number, ReadonlySet<number>>;

/** Takes a formula apart into boxes of which no two have a row in common. */
export class BoxFinder {
  readonly #formulas: Formulas;
  readonly #refinement: Refinement;
  readonly #boxes: Box[] = [];
  #steps = 0;

  /** With the classes of a refinement. */
  constructor(formulas: Formulas, refinement: Refinement) {
    this.#formulas = formulas;
    this.#refinement = refinement;
  }

  /**
   * The boxes of a formula.
   *
   * @throws {RangeError} when they are too many.
   */
  find(formula: Formula): readonly Box[] {
    this.#split(formula, new Map());
    return this.#boxes;
  }

  #split(formula: Formula, box: Box): void {
    if (formula === FALSE) return;
    if (formula === TRUE) {
      if (this.#boxes.push(box) > MOST_BOXES) tooMany();
      return;
    }
    const { variable, groups } = this.#best(formula);
    const { truths } = this.#refinement.variable(variable);
    for (const [left, classes] of groups) {
      const isAll = classes.size === truths.length;
      this.#split(left, isAll ? box : new Map(box).set(variable, classes));
    }
  }

  /** The variable that is decided next: the first of those that leave least to be decided. */
  #best(formula: Formula): Decision {
    let best: Decision | undefined;
    for (const variable of this.#formulas.variables(formula)) {
      const groups = this.#groups(formula, variable);
      const open = groups.size - Number(groups.has(TRUE)) - Number(groups.has(FALSE));
      if (!best || open < best.open) best = { variable, groups, open };
      if (open === 0) break;
    }
    return best!;
  }

  /** What the classes of a variable leave to be decided; those that leave the same go together. */
  #groups(formula: Formula, variable: number): Map<Formula, Set<number>> {
    const { truths } = this.#refinement.variable(variable);
    const groups = new Map<Formula, Set<number>>();
    truths.forEach((each, number) => {
      if (++this.#steps > MOST_STEPS) tooMany();
      const left = this.#formulas.given(formula, variable, each);
      const group = groups.get(left);
      if (group) group.add(number);
      else groups.set(left, new Set([number]));
    });
    return groups;
  }
}

interface Decision {
  readonly variable: number;
  readonly groups: ReadonlyMap<Formula, ReadonlySet<number>>;
  /** How many of them are neither true nor false. */
  readonly open: number;
}

function tooMany(): never {
  throw new RangeError(
    `Cannot compile conditions: they fall into more than ${MOST_BOXES} parts that have no row in ` +
      `common; use fewer alternatives that each concern several columns, or sample each of them by ` +
      `itself`,
  );
}

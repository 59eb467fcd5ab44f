import type { Range } from "./number_ranges.ts";

/** A truth that is as the choice of a lookup turns out. */
export const BY_CHOICE = 2;

/** Something about a variable whose symbols stand for values of a list. */
export interface ListAtom {
  readonly kind: "list";
  /** 1 where it holds, null first; `BY_CHOICE` where that depends on a lookup's choice. */
  readonly truths: Uint8Array;
  /** The column that is looked up, and whether it holds for its values, null first. */
  readonly choice?: { readonly column: number; readonly truths: Uint8Array };
}

/** Something about a variable whose symbols stand for ranges of numbers. */
export interface NumberAtom {
  readonly kind: "number";
  /** The numbers that it holds for, before they are rounded: ranges in ascending order, apart. */
  readonly ranges: readonly Range[];
  readonly null: boolean;
}

/** Something about a variable. */
export type Atom = ListAtom | NumberAtom;

/** The atoms of every variable that a condition says something about. */
export class Atoms {
  readonly #of = new Map<number, Atom[]>();

  /** Adds an atom, and returns its number among those of the variable. */
  add(variable: number, atom: Atom): number {
    const atoms = this.#of.get(variable) ?? [];
    this.#of.set(variable, atoms);
    return atoms.push(atom) - 1;
  }

  /** The atoms of a variable. */
  of(variable: number): readonly Atom[] {
    return this.#of.get(variable) ?? [];
  }

  /** Atoms of any variable that depend on a lookup's choice. */
  *choices(): Iterable<NonNullable<ListAtom["choice"]>> {
    for (const atoms of this.#of.values()) {
      for (const atom of atoms) if (atom.kind === "list" && atom.choice) yield atom.choice;
    }
  }
}

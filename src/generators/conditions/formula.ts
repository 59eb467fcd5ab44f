/** A formula by its number. Equal formulas have equal numbers. */
export type Formula = number;

/** The formula that always holds. */
export const TRUE: Formula = 0;
/** The formula that never does. */
export const FALSE: Formula = 1;

type Node =
  | { readonly kind: "constant" }
  | { readonly kind: "atom"; readonly variable: number; readonly atom: number }
  | { readonly kind: "all" | "any"; readonly parts: readonly Formula[] };

/** Formulas without negation over atoms of variables, each distinct one kept once. */
export class Formulas {
  readonly #nodes: Node[] = [{ kind: "constant" }, { kind: "constant" }];
  readonly #known = new Map<string, Formula>();
  readonly #variables: (readonly number[])[] = [[], []];

  /** Something about a variable. */
  atom(variable: number, atom: number): Formula {
    return this.#keep(`${variable}.${atom}`, { kind: "atom", variable, atom }, [variable]);
  }

  /** Holds where all parts do. */
  all(parts: readonly Formula[]): Formula {
    return this.#several("all", parts, { idle: TRUE, decisive: FALSE });
  }

  /** Holds where any part does. */
  any(parts: readonly Formula[]): Formula {
    return this.#several("any", parts, { idle: FALSE, decisive: TRUE });
  }

  /** The variables that a formula says something about, in ascending order. */
  variables(formula: Formula): readonly number[] {
    return this.#variables[formula];
  }

  /** What is left of a formula where atoms of one variable are known. */
  given(formula: Formula, variable: number, truths: readonly boolean[]): Formula {
    const done = new Map<Formula, Formula>();
    const of = (part: Formula): Formula => {
      if (!this.#variables[part].includes(variable)) return part;
      const node = this.#nodes[part];
      if (node.kind === "atom") return truths[node.atom] ? TRUE : FALSE;
      if (node.kind === "constant") return part;
      const before = done.get(part);
      if (before !== undefined) return before;
      const parts = node.parts.map(of);
      const left = node.kind === "all" ? this.all(parts) : this.any(parts);
      done.set(part, left);
      return left;
    };
    return of(formula);
  }

  #several(
    kind: "all" | "any",
    given: readonly Formula[],
    { idle, decisive }: { idle: Formula; decisive: Formula },
  ): Formula {
    const parts = new Set<Formula>();
    for (const part of given) {
      if (part === decisive) return decisive;
      if (part === idle) continue;
      const node = this.#nodes[part];
      if (node.kind === kind) node.parts.forEach((each) => parts.add(each));
      else parts.add(part);
    }
    if (parts.size === 0) return idle;
    const sorted = Array.from(parts).sort((a, b) => a - b);
    if (sorted.length === 1) return sorted[0];
    const variables = new Set(sorted.flatMap((part) => this.#variables[part]));
    const ascending = Array.from(variables).sort((a, b) => a - b);
    return this.#keep(`${kind} ${sorted.join()}`, { kind, parts: sorted }, ascending);
  }

  #keep(key: string, node: Node, variables: readonly number[]): Formula {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#nodes.push(node);
    this.#variables.push(variables);
    this.#known.set(key, this.#nodes.length - 1);
    return this.#nodes.length - 1;
  }
}

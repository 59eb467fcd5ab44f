import {
  type CircuitCounts,
  type CircuitParameters,
  emptyCounts,
} from "../../kernel/circuit_kernel.ts";

/**
 * What {@linkcode CircuitKernel} does, row by row in doubles: the twin that it is held to.
 *
 * With symbol s of a variable, E its emissions, T its transitions: below(h) = E[s][h] × Π messages
 * of its children; its message to the parent's state p is Σ_h T[p][h] below(h), or of a variable
 * without states of its own E[s][p].
 */
export class ReferenceCircuit {
  readonly #parameters: CircuitParameters;

  /** Of the same parameters. */
  constructor(parameters: CircuitParameters) {
    this.#parameters = parameters;
  }

  /** The log-likelihood of a row; with `counts` it is added to them, by its weight. */
  row(symbols: readonly number[], counts?: CircuitCounts, weight = 1): number {
    const { states, parents, prior, emissions, transitions } = this.#parameters;
    const all = Array.from({ length: states }, (_, h) => h);
    const below = parents.map((_, v) => all.map((h) => emissions[v][symbols[v] * states + h]));
    const messages: number[][] = [];
    for (let v = parents.length - 1; v > 0; v--) {
      const of = transitions[v];
      messages[v] = of.length === 0
        ? below[v]
        : all.map((p) => sum(all.map((h) => of[p * states + h] * below[v][h])));
      all.forEach((p) => below[parents[v]][p] *= messages[v][p]);
    }
    const joint = all.map((h) => prior[h] * below[0][h]);
    const likelihood = sum(joint);
    if (!counts) return Math.log(likelihood);
    const known: number[][] = [joint.map((each) => weight * each / likelihood)];
    known[0].forEach((each, h) => counts.prior[h] += each);
    parents.forEach((parent, v) => {
      if (v > 0 && transitions[v].length === 0) known[v] = known[parent];
      else if (v > 0) {
        const outside = all.map((p) => known[parent][p] / messages[v][p]);
        const pair = (p: number, h: number) =>
          outside[p] * transitions[v][p * states + h] * below[v][h];
        all.forEach((p) => all.forEach((h) => counts.transitions[v][p * states + h] += pair(p, h)));
        known[v] = all.map((h) => sum(all.map((p) => pair(p, h))));
      }
      all.forEach((h) => counts.emissions[v][symbols[v] * states + h] += known[v][h]);
    });
    return Math.log(likelihood);
  }

  /** Counts of zero. */
  counts(): CircuitCounts {
    return emptyCounts(this.#parameters);
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, each) => total + each, 0);
}

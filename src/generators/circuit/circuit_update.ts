import type { CircuitCounts, CircuitParameters } from "../../kernel/circuit_kernel.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { SymbolRows } from "../encoding/symbol_rows.ts";
import type { ModelUpdateOptions } from "../model/model_face.ts";
import type { CircuitModel } from "../model/models.ts";
import { CircuitFit } from "./circuit_fit.ts";

/** Steps of EM over the rows of an update. */
const STEPS = 10;

/** How likely each variable's states are, on their own; its parent's where it has none. */
function stateShares({ states, parents, prior, transitions }: CircuitParameters): Float64Array[] {
  const out: Float64Array[] = [];
  parents.forEach((parent, v) => {
    if (parent < 0) return void out.push(Float64Array.from(prior));
    if (transitions[v].length === 0) return void out.push(out[parent]);
    const shares = new Float64Array(states);
    for (let at = 0; at < states * states; at++) {
      shares[at % states] += out[parent][Math.floor(at / states)] * transitions[v][at];
    }
    out.push(shares);
  });
  return out;
}

/** What would be counted, on average, of so many rows of a tree. */
export function expectedCounts(of: CircuitParameters, rows: number): CircuitCounts {
  const { states, parents, prior, emissions, transitions } = of;
  const shares = stateShares(of);
  return {
    prior: Float64Array.from(prior, (share) => share * rows),
    emissions: emissions.map((each, v) =>
      Float64Array.from(each, (share, at) => share * shares[v][at % states] * rows)
    ),
    transitions: transitions.map((each, v) =>
      Float64Array.from(
        each,
        (share, at) => share * shares[parents[v]][Math.floor(at / states)] * rows,
      )
    ),
  };
}

/**
 * Fits a mixture of trees to rows, with what it knew before as counts of so many rows: maximum a
 * posteriori by EM, the prior being conjugate (Neal, Hinton, "A view of the EM algorithm that justifies
 * incremental, sparse, and other variants", 1998).
 */
export async function updateCircuit(
  kernel: Kernel,
  { model, rows }: { model: CircuitModel; rows: SymbolRows },
  { before, onStep }: ModelUpdateOptions,
): Promise<CircuitModel> {
  const counts = model.components.map((each, m) => expectedCounts(each, before * model.weights[m]));
  const linked = rows.symbols.map((symbols) => new Uint8Array(symbols));
  using fit = new CircuitFit(kernel, model, { rows, linked });
  for (let step = 1; step <= STEPS; step++) {
    for (const _ of fit.wholeStep(counts)) await onStep(step / STEPS);
  }
  return fit.model;
}

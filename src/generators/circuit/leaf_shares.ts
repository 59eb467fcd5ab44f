import type { CircuitParameters } from "../../kernel/circuit_kernel.ts";

const known = new WeakMap<CircuitParameters, (Float64Array | Float32Array)[]>();

/**
 * How likely the symbols of a variable without children are by the state of its parent: `[symbol]
 * [parent's state]`. Kept with the parameters, since conditions ask for it again.
 */
export function leafShares(
  parameters: CircuitParameters,
  place: number,
): Float64Array | Float32Array {
  const { emissions, transitions } = parameters;
  if (transitions[place].length === 0) return emissions[place]; // it has no states of its own
  const all = known.get(parameters) ?? [];
  known.set(parameters, all);
  return all[place] ??= sharesOf(parameters, place);
}

function sharesOf(
  { states, emissions, transitions }: CircuitParameters,
  place: number,
): Float64Array {
  const [shown, moves] = [emissions[place], transitions[place]];
  const out = new Float64Array(shown.length);
  for (let symbol = 0; symbol < shown.length; symbol += states) {
    for (let p = 0; p < states; p++) {
      const row = p * states;
      let sum = 0;
      for (let h = 0; h < states; h++) sum += moves[row + h] * shown[symbol + h];
      out[symbol + p] = sum;
    }
  }
  return out;
}

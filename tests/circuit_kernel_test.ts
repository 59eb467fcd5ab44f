import { assert } from "@std/assert";
import { ReferenceCircuit } from "../src/generators/circuit/reference_circuit.ts";
import {
  CircuitKernel,
  type CircuitParameters,
  emptyCounts,
} from "../src/kernel/circuit_kernel.ts";
import { create } from "../src/kernel/kernel.ts";
import { forSeeds, type Random } from "./support/random.ts";

const TILE_ROWS = 64;

function distributions(random: Random, rows: number, columns: number): Float32Array {
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    const weights = Array.from({ length: columns }, () => random.next() ** 3 + 1e-3);
    const total = weights.reduce((a, b) => a + b);
    weights.forEach((weight, at) => out[row * columns + at] = weight / total);
  }
  return out;
}

function randomParameters(random: Random): CircuitParameters {
  const states = 16 * (1 + random.below(2));
  const variables = 1 + random.below(6);
  const parents = Array.from({ length: variables }, (_, v) => v === 0 ? -1 : random.below(v));
  const symbols = parents.map(() => 1 + random.below(7));
  // variables without children may have no states of their own
  const hasStates = parents.map((_, v) => v > 0 && (parents.includes(v) || random.below(2) === 0));
  return {
    states,
    parents,
    symbols,
    prior: distributions(random, 1, states),
    emissions: symbols.map((count) => distributions(random, count, states)),
    transitions: hasStates.map((has) => distributions(random, has ? states : 0, states)),
  };
}

function assertNear(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  for (let i = 0; i < expected.length; i++) {
    const near = Math.abs(actual[i] - expected[i]) <= 1e-3 * Math.abs(expected[i]) + 1e-5;
    assert(near, `${what}[${i}]: ${actual[i]}, expected ${expected[i]}`);
  }
}

Deno.test("CircuitKernel gives the likelihoods and counts of ReferenceCircuit", () => {
  const kernel = create();
  forSeeds(40, (random) => {
    const parameters = randomParameters(random);
    const { symbols } = parameters;
    const rows = 1 + random.below(150);
    const columns = symbols.map((count) =>
      Uint8Array.from({ length: rows }, () => random.below(count))
    );
    const reference = new ReferenceCircuit(parameters);
    const expected = reference.counts();
    const counts = emptyCounts(parameters);
    using circuit = new CircuitKernel(kernel, parameters, rows);
    circuit.clear();
    circuit.put(columns, 0, rows);
    for (let from = 0; from < rows; from += TILE_ROWS) {
      const logs = circuit.up(from).slice();
      const weights = Float32Array.from(
        { length: TILE_ROWS },
        (_, i) => from + i < rows && random.below(8) > 0 ? random.next() : 0,
      );
      circuit.down(from, weights);
      for (let i = 0; i < TILE_ROWS && from + i < rows; i++) {
        const row = columns.map((column) => column[from + i]);
        assertNear([logs[i]], [reference.row(row, expected, weights[i])], "log-likelihood");
      }
    }
    circuit.addTo(counts);
    assertNear(counts.prior, expected.prior, "prior");
    symbols.forEach((_, v) => {
      assertNear(counts.emissions[v], expected.emissions[v], `emissions of ${v}`);
      assertNear(counts.transitions[v], expected.transitions[v], `transitions of ${v}`);
    });
  });
});

Deno.test("CircuitKernel stays finite when a variable has very many children", () => {
  const variables = 200;
  const states = 16;
  const sure = (symbol: number) =>
    Float32Array.from(
      { length: 2 * states },
      (_, i) => Math.trunc(i / states) === symbol ? 1e-6 : 1 - 1e-6,
    );
  const parameters: CircuitParameters = {
    states,
    parents: Array.from({ length: variables }, (_, v) => v === 0 ? -1 : 0),
    symbols: Array(variables).fill(2),
    prior: new Float32Array(states).fill(1 / states),
    emissions: Array.from({ length: variables }, () => sure(0)),
    transitions: Array.from(
      { length: variables },
      (_, v) => new Float32Array(v && states * states).fill(1 / states),
    ),
  };
  using circuit = new CircuitKernel(create(), parameters, 1);
  circuit.put(parameters.symbols.map(() => new Uint8Array(1)), 0, 1);
  const [log] = circuit.up(0);
  assertNear([log], [variables * Math.log(1e-6)], "log-likelihood");
});

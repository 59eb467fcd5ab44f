import { circuitDraws } from "../src/generators/circuit/circuit_draws.ts";
import type { CircuitModel } from "../src/generators/model/models.ts";
import { patternColumn } from "../src/generators/sampling/key_maker.ts";
import { create } from "../src/kernel/kernel.ts";
import { BLOCK_ROWS, SamplerKernel } from "../src/kernel/sampler_kernel.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";
import { randomOf } from "./support/shapes.ts";

/** A mixture of as many trees, states and symbols as that of the zip codes of the United States. */
function randomMixture(): CircuitModel {
  const random = randomOf(6);
  const [states, parents, symbols] = [32, [-1, 0, 0, 0, 0], [254, 128, 55, 128, 254]];
  const weights = new Float64Array(32).fill(1 / 32);
  // most of what a state shows is few symbols
  const shares = (length: number) => Float32Array.from({ length }, () => random() ** 20);
  const components = Array.from(weights, () => ({
    states,
    parents,
    symbols,
    prior: new Float32Array(states).fill(1 / states),
    emissions: symbols.map((count) => shares(count * states)),
    transitions: parents.map(() => new Float32Array()),
  }));
  const tree = { order: [0, 1, 2, 3, 4], parents };
  return { kind: "circuit", tree, weights, components };
}

/** The least place of shares up to each of which the last is above a number. */
function searched(shares: Float64Array, start: number, end: number, number: number): number {
  let [low, high] = [start, end - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shares[middle] <= number) low = middle + 1;
    else high = middle;
  }
  return low - start;
}

/** What one would write: of each row a state, and by that each symbol by binary search. */
function plainMixture({ components }: CircuitModel): (rows: number) => number {
  const [{ states, symbols }] = components;
  const shares = symbols.map((count, place) => {
    const out = new Float64Array(components.length * states * count);
    for (let state = 0; state < components.length * states; state++) {
      const { emissions } = components[Math.floor(state / states)];
      let sum = 0;
      for (let s = 0; s < count; s++) {
        out[state * count + s] = sum += emissions[place][s * states + state % states];
      }
      for (let s = 0; s < count; s++) out[state * count + s] /= sum;
    }
    return out;
  });
  return (rows) => {
    const columns = symbols.map(() => new Uint8Array(rows));
    for (let row = 0; row < rows; row++) {
      const state = Math.floor(components.length * states * Math.random());
      symbols.forEach((count, place) => {
        const start = state * count;
        columns[place][row] = searched(shares[place], start, start + count, Math.random());
      });
    }
    return rows;
  };
}

function mixture(): Promise<BenchRow> {
  const model = randomMixture();
  const sampler = new SamplerKernel(create());
  const draws = circuitDraws(sampler, model);
  const symbols = model.tree.order.map(() => sampler.reserve(BLOCK_ROWS * 2));
  const plain = plainMixture(model);
  let block = 0;
  return compare({
    name: "symbols of 5 variables by a mixture of 32 trees of 32 states, against plain JS",
    contender: () => {
      for (let i = 0; i < 50; i++) draws.draw({ seed: 1n, block: block++ }, symbols);
      return 50 * BLOCK_ROWS;
    },
    baseline: () => plain(BLOCK_ROWS),
    target: 10,
  });
}

/** A column of keys such as 04217, of which no two are the same. */
function keys(): Promise<BenchRow> {
  const maker = { kind: "pattern", text: "00000", classes: "99999" } as const;
  const encoder = new TextEncoder();
  return compare({
    name: "keys of five digits as a column, against numbers that are padded and encoded",
    contender: () => {
      for (let block = 0; block < 200; block++) {
        patternColumn(maker, { start: block * BLOCK_ROWS, count: BLOCK_ROWS, seed: 1n });
      }
      return 200 * BLOCK_ROWS;
    },
    baseline: () => {
      const offsets = new Int32Array(BLOCK_ROWS + 1);
      const texts = Array.from({ length: BLOCK_ROWS }, (_, row) => {
        offsets[row + 1] = 5 * (row + 1);
        return String((row * 7919 + 1) % 100_000).padStart(5, "0");
      });
      encoder.encode(texts.join(""));
      return BLOCK_ROWS;
    },
    target: 5,
  });
}

/** What generated rows are made of: symbols by mixtures, and keys. */
export const group: BenchGroup = {
  name: "parts of generated rows",
  rows: async () => [await mixture(), await keys()],
};

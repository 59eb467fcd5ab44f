import { SyntheticGenerator } from "../mod.ts";
import { CopulaDraws } from "../src/generators/copula/copula_draws.ts";
import { limitsOf } from "../src/generators/copula/copula_fit.ts";
import type { SymbolTree } from "../src/generators/model/models.ts";
import { TreeWalk } from "../src/generators/trees/symbol_tree.ts";
import { growTree } from "../src/generators/trees/tree_growth.ts";
import { TreesDraws } from "../src/generators/trees/trees_draws.ts";
import { create } from "../src/kernel/kernel.ts";
import { BLOCK_ROWS, SamplerKernel } from "../src/kernel/sampler_kernel.ts";
import { randomOf } from "./support/shapes.ts";
import { type BenchGroup, type BenchRow, compare } from "./support/bench.ts";

const SYMBOLS = [3, 8, 20, 40, 60];
const LEARNED_ROWS = 10_000;
const BLOCKS = 20;

/** Columns of symbols of which each has to do with those before it. */
function symbolColumns(): Uint8Array[] {
  const random = randomOf(5);
  const columns = SYMBOLS.map(() => new Uint8Array(LEARNED_ROWS));
  for (let row = 0; row < LEARNED_ROWS; row++) {
    let share = random();
    SYMBOLS.forEach((count, v) => {
      share = (share + random() * random()) % 1;
      columns[v][row] = Math.floor(share * count);
    });
  }
  return columns;
}

function treesOf(columns: readonly Uint8Array[]): SymbolTree[] {
  return columns.map((target, place) =>
    growTree(Uint32Array.from({ length: LEARNED_ROWS }, (_, row) => row), {
      columns: columns.slice(0, place),
      target,
      ordered: SYMBOLS.map(() => true),
      leastRows: 20,
      strictness: 1,
      smoothing: 4,
    })
  );
}

/** What one would write: a walk for each row and variable, and a search among the leaf's counts. */
function plainDraw(walks: readonly TreeWalk[]): number {
  const columns = walks.map(() => new Uint8Array(BLOCK_ROWS));
  walks.forEach((walk, place) => {
    const { starts, values, counts } = walk.tree;
    for (let row = 0; row < BLOCK_ROWS; row++) {
      const leaf = walk.shape.numbers[walk.leafOf(columns, row)];
      const end = starts[leaf + 1];
      let rows = 0;
      for (let at = starts[leaf]; at < end; at++) rows += counts[at];
      let left = Math.random() * rows;
      let at = starts[leaf];
      while (at < end - 1 && (left -= counts[at]) >= 0) at++;
      columns[place][row] = values[at];
    }
  });
  return BLOCK_ROWS;
}

function drawing(): Promise<BenchRow> {
  const trees = treesOf(symbolColumns());
  const walks = trees.map((tree) => new TreeWalk(tree));
  const sampler = new SamplerKernel(create());
  const symbols = SYMBOLS.map(() => sampler.reserve(BLOCK_ROWS * 2));
  const order = SYMBOLS.map((_, v) => v);
  const draws = new TreesDraws(sampler, { kind: "trees", order, symbols: SYMBOLS, trees });
  let block = 0;
  return compare({
    name: "symbols of 5 variables by decision trees, against plain JS",
    contender: () => {
      for (let i = 0; i < BLOCKS; i++) draws.draw({ seed: 1n, block: block++ }, symbols);
      return BLOCKS * BLOCK_ROWS;
    },
    baseline: () => plainDraw(walks),
    target: 3,
  });
}

/** What one would write: sums of deviates by Box and Muller, and a search of the symbol. */
function plainCopula(weights: readonly Float64Array[], limits: Float64Array): number {
  const columns = weights.map(() => new Uint8Array(BLOCK_ROWS));
  const deviates = new Float64Array(weights.length);
  for (let row = 0; row < BLOCK_ROWS; row++) {
    for (let v = 0; v < deviates.length; v++) {
      const radius = Math.sqrt(-2 * Math.log(1 - Math.random()));
      deviates[v] = radius * Math.cos(2 * Math.PI * Math.random());
    }
    weights.forEach((own, v) => {
      let sum = 0;
      for (let k = 0; k <= v; k++) sum += own[k] * deviates[k];
      let symbol = 0;
      while (limits[symbol + 1] <= sum) symbol++;
      columns[v][row] = symbol;
    });
  }
  return BLOCK_ROWS;
}

function copula(): Promise<BenchRow> {
  const variables = 8;
  const weights = Array.from(
    { length: variables },
    (_, v) => new Float64Array(v + 1).fill(1 / Math.sqrt(v + 1)),
  );
  const shares = new Float64Array(32).fill(1 / 32);
  const sampler = new SamplerKernel(create());
  const symbols = weights.map(() => sampler.reserve(BLOCK_ROWS * 2));
  const factor = Float64Array.from(weights.flatMap((own) => Array.from(own)));
  const model = { kind: "copula", shares: weights.map(() => shares), factor } as const;
  const draws = new CopulaDraws(sampler, model);
  let block = 0;
  return compare({
    name: "symbols of 8 variables by a copula, against plain JS",
    contender: () => {
      for (let i = 0; i < BLOCKS; i++) draws.draw({ seed: 1n, block: block++ }, symbols);
      return BLOCKS * BLOCK_ROWS;
    },
    baseline: () => plainCopula(weights, limitsOf(shares)),
    target: 3,
  });
}

async function models(): Promise<BenchRow> {
  const columns = symbolColumns();
  const rows = Array.from(
    { length: LEARNED_ROWS },
    (_, row) => Object.fromEntries(columns.map((column, v) => [`c${v}`, column[row]])),
  );
  const fitted = async (model: "trees" | "circuit") => {
    const generator = await SyntheticGenerator.fit(rows, { model, seed: 1, maxRows: 2000 });
    return () => {
      let count = 0;
      const sample = generator.sample(BLOCKS * BLOCK_ROWS, { seed: 1 });
      for (const { length } of sample.batches()) count += length;
      return count;
    };
  };
  return await compare({
    name: "rows of 5 columns by decision trees, against a circuit",
    contender: await fitted("trees"),
    baseline: await fitted("circuit"),
  });
}

/** Models other than the circuit. */
export const group: BenchGroup = {
  name: "models of generators",
  rows: async () => [await drawing(), await copula(), await models()],
};

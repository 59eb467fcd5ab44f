import { assert, assertEquals } from "@std/assert";
import { SyntheticGenerator } from "../mod.ts";
import type { SymbolTree } from "../src/generators/model/models.ts";
import { writeAliasTable } from "../src/generators/sampling/alias_table.ts";
import { ReferenceSampler } from "../src/generators/sampling/reference_sampler.ts";
import { nodeShares } from "../src/generators/trees/leaf_shares.ts";
import { type Split, type SplitInput, SplitSearch } from "../src/generators/trees/split_search.ts";
import { LEAF, SIDE_WORDS, treeShape, TreeWalk } from "../src/generators/trees/symbol_tree.ts";
import { growTree } from "../src/generators/trees/tree_growth.ts";
import { TreesDraws } from "../src/generators/trees/trees_draws.ts";
import { TREES } from "../src/generators/trees/trees_face.ts";
import { create } from "../src/kernel/kernel.ts";
import { BLOCK_ROWS, SamplerKernel } from "../src/kernel/sampler_kernel.ts";
import { forSeeds, forSeedsAsync, type Random } from "./support/random.ts";

const kernel = create();

/** Nodes in preorder that ask for one of so many variables. */
function randomAsks(random: Random, places: number, depth = 0): number[] {
  if (places === 0 || depth > 6 || random.chance(0.3)) return [LEAF];
  const branch = () => randomAsks(random, places, depth + 1);
  return [random.below(places), ...branch(), ...branch()];
}

function randomTree(random: Random, places: number, symbols: number): SymbolTree {
  const asks = Int32Array.from(randomAsks(random, places));
  const { leaves } = treeShape(asks)!;
  const starts = [0];
  const values: number[] = [];
  for (let leaf = 0; leaf < leaves; leaf++) {
    const least = random.below(symbols);
    for (let s = 0; s < symbols; s++) if (s === least || random.chance(0.3)) values.push(s);
    starts.push(values.length);
  }
  return {
    asks,
    sides: Int32Array.from({ length: (leaves - 1) * SIDE_WORDS }, () => random.below(2 ** 32)),
    starts: Int32Array.from(starts),
    values: Uint8Array.from(values),
    counts: Float32Array.from(values, () => 1 + random.below(50)),
    smoothing: random.pick([0, 0.5, 3]),
  };
}

function columnsOf(random: Random, symbols: readonly number[], rows: number): Uint8Array[] {
  return symbols.map((count) => Uint8Array.from({ length: rows }, () => random.below(count)));
}

Deno.test("treeShape() leads where reading the nodes one by one does, and nowhere for what is no tree", () => {
  forSeeds(300, (random) => {
    const asks = Int32Array.from(randomAsks(random, 3));
    if (random.chance(0.3)) asks[random.below(asks.length)] = random.below(3) - 1;
    let at = 0;
    const others = new Map<number, number>();
    const read = (): boolean => {
      const node = at++;
      if (node >= asks.length) return false;
      if (asks[node] === LEAF) return true;
      if (!read()) return false;
      others.set(node, at);
      return read();
    };
    const isTree = read() && at === asks.length;
    const shape = treeShape(asks);
    assertEquals(shape !== undefined, isTree);
    if (shape) { for (const [node, other] of others) assertEquals(shape.others[node], other); }
  });
});

Deno.test("SamplerKernel.tree() draws the symbols of ReferenceSampler", () => {
  forSeeds(30, (random) => {
    using sampler = new SamplerKernel(kernel);
    const counts = [1 + random.below(255), 1 + random.below(255), 1 + random.below(255)];
    const columns = counts.map((count) =>
      Uint16Array.from({ length: BLOCK_ROWS }, () => random.below(count))
    );
    const symbols = counts.map((_, place) => sampler.place(columns[place]));
    const order = random.shuffle([0, 1, 2]);
    const trees = order.map((v, place) => randomTree(random, place, counts[v]));
    const model = { kind: "trees", order, trees, symbols: order.map((v) => counts[v]) } as const;
    const at = { seed: BigInt(random.below(2 ** 32)), block: random.below(1000) };
    new TreesDraws(sampler, model).draw(at, symbols);
    order.forEach((v, place) => {
      const walk = new TreeWalk(trees[place]);
      const shares = nodeShares(trees[place], walk.shape, counts[v]);
      const bits = Math.ceil(Math.log2(counts[v]));
      const tables = new Uint32Array(walk.shape.leaves << bits);
      trees[place].asks.forEach((ask, node) => {
        if (ask !== LEAF) return;
        const start = walk.shape.numbers[node] << bits;
        const own = shares.subarray(node * counts[v], (node + 1) * counts[v]);
        writeAliasTable(own, bits, tables.subarray(start, start + (1 << bits)));
      });
      const drawn = new Uint16Array(sampler.bytes(symbols[v], BLOCK_ROWS * 2).buffer);
      const reference = new ReferenceSampler(at, v * 4 + 1, BLOCK_ROWS);
      assertEquals(drawn, reference.tree(walk, order.map((u) => columns[u]), tables, bits));
      columns[v] = drawn;
    });
  });
});

/** Σ n ln n over the counts of symbols, less n ln n of all. */
function logLikelihood(target: Uint8Array, rows: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(target[row], (counts.get(target[row]) ?? 0) + 1);
  let sum = 0;
  for (const count of counts.values()) sum += count * Math.log(count / rows.length);
  return sum;
}

function gainOf(input: SplitInput, rows: readonly number[], { place, side }: Omit<Split, "gain">) {
  const isIn = (row: number) => side.includes(input.columns[place][row]);
  const [one, other] = [rows.filter(isIn), rows.filter((row) => !isIn(row))];
  if (Math.min(one.length, other.length) < input.leastRows) return -Infinity;
  const all = logLikelihood(input.target, rows);
  return logLikelihood(input.target, one) + logLikelihood(input.target, other) - all;
}

Deno.test("SplitSearch finds the best cut of ordered symbols, and for two outcomes the best of all sets", () => {
  forSeeds(80, (random) => {
    const length = 20 + random.below(100);
    const symbols = [2 + random.below(5), 2 + random.below(5)];
    const ordered = symbols.map(() => random.chance(0.5));
    // for two outcomes the order by their share has the best set (Breiman et al., CART, theorem 4.5)
    const outcomes = ordered.every(Boolean) ? 2 + random.below(6) : 2;
    const columns = columnsOf(random, symbols, length);
    const target = Uint8Array.from(
      { length },
      (_, row) => random.chance(0.6) ? (columns[0][row] * 3) % outcomes : random.below(outcomes),
    );
    const input = { columns, target, ordered, leastRows: 1 + random.below(10) };
    const rows = Array.from({ length }, (_, row) => row).filter(() => random.chance(0.9));
    let best = 0;
    symbols.forEach((count, place) => {
      for (let set = 1; set < 2 ** count - 1; set++) {
        if (ordered[place] && (set & (set + 1)) !== 0) continue;
        const side = Array.from({ length: count }, (_, s) => s).filter((s) => set >> s & 1);
        best = Math.max(best, gainOf(input, rows, { place, side, kinds: outcomes }));
      }
    });
    const found = new SplitSearch(input, rows.length).best(Uint32Array.from(rows));
    assert(Math.abs((found?.gain ?? 0) - best) < 1e-9, `${found?.gain}, the best gains ${best}`);
    if (found) assert(Math.abs(gainOf(input, rows, found) - best) < 1e-9);
  });
});

Deno.test("growTree() puts every row in one leaf, none with fewer rows than it may have", () => {
  forSeeds(30, (random) => {
    const length = 50 + random.below(500);
    const columns = columnsOf(random, [4, 9, 200], length);
    const target = columns[1].map((symbol, row) => (symbol + (columns[2][row] >> 6)) % 7);
    const leastRows = 1 + random.below(30);
    const ordered = [true, false, true];
    const options = { columns, target, ordered, leastRows, strictness: 0.5, smoothing: 2 };
    const tree = growTree(Uint32Array.from({ length }, (_, row) => row), options);
    const walk = new TreeWalk(tree);
    const counts = new Map<string, number>();
    for (let row = 0; row < length; row++) {
      const leaf = walk.shape.numbers[walk.leafOf(columns, row)];
      const key = `${leaf}:${target[row]}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    let entries = 0;
    for (let leaf = 0; leaf < walk.shape.leaves; leaf++) {
      let rows = 0;
      for (let at = tree.starts[leaf]; at < tree.starts[leaf + 1]; at++, entries++) {
        assertEquals(tree.counts[at], counts.get(`${leaf}:${tree.values[at]}`));
        rows += tree.counts[at];
      }
      assert(rows >= leastRows, `${rows} rows, at least ${leastRows}`);
    }
    assertEquals(entries, counts.size);
  });
});

Deno.test("nodeShares() sums to one everywhere and mixes the counts of a node with what is above it", () => {
  forSeeds(50, (random) => {
    const symbols = 1 + random.below(20);
    const tree = randomTree(random, 2, symbols);
    const shape = treeShape(tree.asks)!;
    const shares = nodeShares(tree, shape, symbols);
    const countsAt = (node: number): number[] => {
      const out = Array<number>(symbols).fill(0);
      if (tree.asks[node] !== LEAF) {
        const [one, other] = [countsAt(node + 1), countsAt(shape.others[node])];
        return out.map((_, s) => one[s] + other[s]);
      }
      const leaf = shape.numbers[node];
      for (let at = tree.starts[leaf]; at < tree.starts[leaf + 1]; at++) {
        out[tree.values[at]] = tree.counts[at];
      }
      return out;
    };
    const expected = (node: number): number[] => {
      const above = shape.parents[node];
      const counts = countsAt(node);
      const prior = above < 0 ? counts.map(() => 1 / symbols) : expected(above);
      const weight = above < 0 ? 1 : tree.smoothing * counts.filter((count) => count > 0).length;
      const total = counts.reduce((a, b) => a + b) + weight;
      return counts.map((count, s) => (count + weight * prior[s]) / total);
    };
    for (let node = 0; node < tree.asks.length; node++) {
      const own = shares.subarray(node * symbols, (node + 1) * symbols);
      assert(Math.abs(own.reduce((a, b) => a + b) - 1) < 1e-9);
      expected(node).forEach((share, s) => assert(Math.abs(share - own[s]) < 1e-9));
    }
  });
});

Deno.test("trees give all combinations of symbols probabilities of sum 1, and draw them so often", async () => {
  await forSeedsAsync(5, async (random) => {
    const symbols = [3, 4, 2];
    const rows = columnsOf(random, symbols, 2000);
    rows[2] = rows[2].map((symbol, row) => random.chance(0.8) ? Number(rows[1][row] > 1) : symbol);
    const options = { seed: 1n, ordered: [symbols[0], 0, 0], onStep: () => Promise.resolve() };
    const model = await TREES.fit({ columns: rows, symbols, length: 2000 }, options);
    const all = Array.from(
      { length: 24 },
      (_, at) => [at % 3, Math.floor(at / 3) % 4, at / 12 | 0],
    );
    const columns = symbols.map((_, v) => Uint8Array.from(all, (each) => each[v]));
    const likely = TREES.logLikelihoods(model, { columns, symbols, length: 24 }).map(Math.exp);
    assert(Math.abs(likely.reduce((a, b) => a + b) - 1) < 1e-9);
    using sampler = new SamplerKernel(kernel);
    const to = symbols.map(() => sampler.reserve(BLOCK_ROWS * 2));
    const draws = TREES.draws(sampler, model);
    const counts = new Float64Array(24);
    for (let block = 0; block < 20; block++) {
      draws.draw({ seed: 3n, block }, to);
      const [a, b, c] = to.map((at) => new Uint16Array(sampler.bytes(at, BLOCK_ROWS * 2).buffer));
      for (let row = 0; row < BLOCK_ROWS; row++) counts[a[row] + 3 * b[row] + 12 * c[row]]++;
    }
    counts.forEach((count, at) => {
      const [share, deviation] = [count / (20 * BLOCK_ROWS), Math.sqrt(likely[at] / 81_920)];
      assert(Math.abs(share - likely[at]) < 5 * deviation + 2e-5, `${at}: ${share}, ${likely[at]}`);
    });
  });
});

function readings(count: number, random: Random) {
  return Array.from({ length: count }, () => {
    const room = random.below(5);
    const heat = random.chance(0.1) ? null : 15 + room * 2 + random.below(30) / 10;
    return { room: "abcde"[room], heat, open: heat !== null && heat > 20 && random.chance(0.8) };
  });
}

Deno.test("a generator of trees learns what depends on what, and is saved, loaded and described", async () => {
  await forSeedsAsync(3, async (random) => {
    const rows = readings(3000, random);
    const held = readings(1000, random);
    const trees = await SyntheticGenerator.fit(rows, { model: "trees", seed: 1 });
    const independent = await SyntheticGenerator.fit(rows, { model: "independent" });
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / values.length;
    const own = mean(trees.logLikelihood(held));
    assert(own > mean(independent.logLikelihood(held)) + 1);
    const sampled = trees.sample(5000, { seed: 2 }).toRows();
    assert(Math.abs(mean(trees.logLikelihood(sampled as never)) - own) < 0.15);
    const loaded = await SyntheticGenerator.load(trees.toBytes());
    assertEquals(loaded.sample(5000, { seed: 2 }).toRows(), sampled as never);
    assertEquals(loaded.toBytes(), trees.toBytes());
    assert(/^decision trees of \d+ leaves for 3 variables/.test(trees.describe()));
  });
});

import type { SymbolTree } from "../model/models.ts";
import { LEAF, type TreeShape } from "./symbol_tree.ts";

/** Rows of even symbols that the counts of all rows are smoothed with. */
const EVEN_ROWS = 1;

/** Counts of symbols at each node, `[node][symbol]`: of those that ask the sums of both branches. */
function nodeCounts(tree: SymbolTree, shape: TreeShape, symbols: number): Float64Array {
  const { asks, starts, values, counts } = tree;
  const out = new Float64Array(asks.length * symbols);
  for (let node = asks.length - 1; node >= 0; node--) {
    const at = node * symbols;
    if (asks[node] === LEAF) {
      const leaf = shape.numbers[node];
      for (let i = starts[leaf]; i < starts[leaf + 1]; i++) out[at + values[i]] += counts[i];
    }
    const above = shape.parents[node] * symbols;
    if (above >= 0) { for (let s = 0; s < symbols; s++) out[above + s] += out[at + s]; }
  }
  return out;
}

/**
 * How likely each symbol is at each node, `[node][symbol]`: the counts there, mixed with what is likely
 * at the node above, which weighs `tree.smoothing` rows for each symbol that there are counts of
 * (Witten, Bell, "The zero-frequency problem", 1991, method C, node by node); where nothing was
 * counted, as above.
 */
export function nodeShares(tree: SymbolTree, shape: TreeShape, symbols: number): Float64Array {
  const out = nodeCounts(tree, shape, symbols);
  for (let node = 0; node < tree.asks.length; node++) {
    const at = node * symbols;
    const above = shape.parents[node] * symbols;
    let [rows, kinds] = [0, 0];
    for (let s = 0; s < symbols; s++) {
      rows += out[at + s];
      kinds += Math.min(1, out[at + s]);
    }
    const weight = above < 0 ? EVEN_ROWS : tree.smoothing * kinds;
    for (let s = 0; s < symbols; s++) {
      const prior = above < 0 ? 1 / symbols : out[above + s];
      out[at + s] = rows > 0 ? (out[at + s] + weight * prior) / (rows + weight) : prior;
    }
  }
  return out;
}

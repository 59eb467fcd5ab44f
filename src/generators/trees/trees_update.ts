import type { SymbolRows } from "../encoding/symbol_rows.ts";
import type { SymbolTree, TreesModel } from "../model/models.ts";
import { TreeWalk } from "./symbol_tree.ts";

/** Counts that are forgotten: far less than a row. */
const LEAST_COUNT = 1e-3;

function updateTree(
  tree: SymbolTree,
  columns: readonly Uint8Array[],
  { target, symbols, before }: { target: Uint8Array; symbols: number; before: number },
): SymbolTree {
  const walk = new TreeWalk(tree);
  const { leaves, numbers } = walk.shape;
  const all = new Float64Array(leaves * symbols);
  const scale = before / tree.counts.reduce((sum, each) => sum + each, 0);
  for (let leaf = 0; leaf < leaves; leaf++) {
    for (let at = tree.starts[leaf]; at < tree.starts[leaf + 1]; at++) {
      all[leaf * symbols + tree.values[at]] = tree.counts[at] * scale;
    }
  }
  for (let row = 0; row < target.length; row++) {
    all[numbers[walk.leafOf(columns, row)] * symbols + target[row]]++;
  }
  const starts = new Int32Array(leaves + 1);
  const values: number[] = [];
  const counts: number[] = [];
  for (let at = 0; at < all.length; at++) {
    if (all[at] >= LEAST_COUNT) {
      values.push(at % symbols);
      counts.push(all[at]);
    }
    if ((at + 1) % symbols === 0) starts[(at + 1) / symbols] = values.length;
  }
  return { ...tree, starts, values: Uint8Array.from(values), counts: Float32Array.from(counts) };
}

/** Trees that ask as before, with the counts of leaves as learned before and those of rows. */
export function updateTrees(model: TreesModel, rows: SymbolRows, before: number): TreesModel {
  const columns = model.order.map((v) => rows.columns[v]);
  const trees = model.trees.map((tree, place) =>
    updateTree(tree, columns, { target: columns[place], symbols: model.symbols[place], before })
  );
  return { ...model, trees };
}

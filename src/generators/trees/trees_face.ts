import type { SymbolRows } from "../encoding/symbol_rows.ts";
import type { ModelFace } from "../model/model_face.ts";
import type { TreesModel } from "../model/models.ts";
import { ConditionedTrees } from "./conditioned_trees.ts";
import { nodeShares } from "./leaf_shares.ts";
import { TreeWalk } from "./symbol_tree.ts";
import { TreesDraws } from "./trees_draws.ts";
import { fitTrees } from "./trees_fit.ts";
import { readTrees, writeTrees } from "./trees_sections.ts";
import { updateTrees } from "./trees_update.ts";

function logLikelihoods({ order, symbols, trees }: TreesModel, rows: SymbolRows): Float64Array {
  const out = new Float64Array(rows.length);
  const columns = order.map((v) => rows.columns[v]);
  trees.forEach((tree, place) => {
    const walk = new TreeWalk(tree);
    const logs = nodeShares(tree, walk.shape, symbols[place]).map(Math.log);
    for (let row = 0; row < out.length; row++) {
      out[row] += logs[walk.leafOf(columns, row) * symbols[place] + columns[place][row]];
    }
  });
  return out;
}

/** Variables one after the other, each by a decision tree over those before it. */
export const TREES: ModelFace<TreesModel> = {
  fit: fitTrees,
  update: (model, rows, { before }) => Promise.resolve(updateTrees(model, rows, before)),
  logLikelihoods,
  draws: (kernel, model) => new TreesDraws(kernel, model),
  condition: (model, evidence) => ConditionedTrees.of(model, evidence),
  write: writeTrees,
  read: readTrees,
  describe: ({ trees }) => {
    const leaves = trees.reduce((sum, { starts }) => sum + starts.length - 1, 0);
    return `decision trees of ${leaves} leaves for ${trees.length} variables`;
  },
};

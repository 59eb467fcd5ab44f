import type { Evidence } from "../model/model_face.ts";
import type { TreesModel } from "../model/models.ts";
import { nodeShares } from "./leaf_shares.ts";
import { TreeWalk } from "./symbol_tree.ts";

/** The most cells: the outcomes of an alias table. */
export const MOST_CELLS = 65_536;

/** What the first variables of trees can be. */
export interface PrefixCells {
  /** Their symbols in each cell, by place. */
  readonly columns: readonly Uint8Array[];
  /** How likely each cell is. */
  readonly shares: Float64Array;
}

/** How much of each symbol of a variable a box keeps; all of it where it is about others. */
export function keptShares(
  { variables, boxes }: Evidence,
  { variable, symbols, box }: { variable: number; symbols: number; box: number },
): Float64Array {
  const out = new Float64Array(symbols);
  const kept = boxes[box].get(variable);
  if (!kept) return out.fill(1);
  const { of, shares } = variables.get(variable)!;
  kept.forEach((is, part) => {
    out[of[part]] += is * shares[part];
  });
  return out;
}

/** The symbols of a variable of which some box keeps something. */
function possible(evidence: Evidence, variable: number, symbols: number): number[] {
  const kept = evidence.boxes.map((_, box) => keptShares(evidence, { variable, symbols, box }));
  return Array.from({ length: symbols }, (_, s) => s)
    .filter((s) => kept.some((shares) => shares[s] > 0));
}

/** Cells with the symbols of one more variable. */
function extended(
  { columns, shares }: PrefixCells,
  { model, place, symbols }: { model: TreesModel; place: number; symbols: readonly number[] },
): PrefixCells {
  const walk = new TreeWalk(model.trees[place]);
  const count = model.symbols[place];
  const likely = nodeShares(walk.tree, walk.shape, count);
  const length = shares.length * symbols.length;
  const wider = columns.map(() => new Uint8Array(length));
  const [own, joint] = [new Uint8Array(length), new Float64Array(length)];
  let at = 0;
  for (let cell = 0; cell < shares.length; cell++) {
    const leaf = walk.leafOf(columns, cell) * count;
    for (const symbol of symbols) {
      columns.forEach((column, before) => wider[before][at] = column[cell]);
      own[at] = symbol;
      joint[at++] = shares[cell] * likely[leaf + symbol];
    }
  }
  return { columns: [...wider, own], shares: joint };
}

/**
 * What the first variables can be, up to the last that evidence is about, as far as it lets them;
 * undefined where that is too much.
 */
export function prefixCells(model: TreesModel, evidence: Evidence): PrefixCells | undefined {
  const last = Math.max(...model.order.map((v, place) => evidence.variables.has(v) ? place : -1));
  let cells: PrefixCells = { columns: [], shares: Float64Array.of(1) };
  for (let place = 0; place <= last; place++) {
    const symbols = possible(evidence, model.order[place], model.symbols[place]);
    if (cells.shares.length * symbols.length > MOST_CELLS) return undefined;
    cells = extended(cells, { model, place, symbols });
  }
  return cells;
}

import type { SymbolTree } from "../model/models.ts";

/** Words of the set of symbols that a node's first branch takes. */
export const SIDE_WORDS = 8;
/** What stands for a leaf among what nodes ask. */
export const LEAF = -1;

/** The most leaves that a tree has. */
export const MOST_LEAVES = 32_768;
/** The most nodes. */
export const MOST_NODES = 2 * MOST_LEAVES - 1;

/** Where a tree's nodes lead to. */
export interface TreeShape {
  /** The node that a symbol outside of the set leads to; 0 for leaves. */
  readonly others: Int32Array;
  /** The number of each node among those that ask, or among the leaves. */
  readonly numbers: Int32Array;
  /** The node above each, −1 for the first. */
  readonly parents: Int32Array;
  /** How many leaves there are. */
  readonly leaves: number;
}

/**
 * The shape of the tree whose nodes, in preorder, ask these variables: a node that asks is followed by
 * the one that symbols of its set lead to. Undefined when they are no tree.
 */
export function treeShape(asks: Int32Array): TreeShape | undefined {
  const others = new Int32Array(asks.length);
  const numbers = new Int32Array(asks.length);
  const parents = new Int32Array(asks.length).fill(-1);
  const waiting: number[] = [];
  let [inner, leaves] = [0, 0];
  for (let node = 0; node < asks.length; node++) {
    if (node > 0 && asks[node - 1] === LEAF) {
      const above = waiting.pop();
      if (above === undefined) return undefined; // the tree had ended
      others[above] = node;
      parents[node] = above;
    } else parents[node] = node - 1;
    if (asks[node] === LEAF) numbers[node] = leaves++;
    else {
      numbers[node] = inner++;
      waiting.push(node);
    }
  }
  return leaves === inner + 1 ? { others, numbers, parents, leaves } : undefined;
}

/** Whether a set of symbols has one. */
function hasSymbol(sides: Int32Array, inner: number, symbol: number): boolean {
  return (sides[inner * SIDE_WORDS + (symbol >> 5)] >>> (symbol & 31) & 1) === 1;
}

/** A tree with its shape, to walk. */
export class TreeWalk {
  readonly tree: SymbolTree;
  readonly shape: TreeShape;

  /** Of a tree that is one. */
  constructor(tree: SymbolTree) {
    this.tree = tree;
    this.shape = treeShape(tree.asks)!;
  }

  /** The node at which a row ends up. */
  leafOf(columns: readonly (Uint8Array | Uint16Array)[], row: number): number {
    const { asks, sides } = this.tree;
    const { others, numbers } = this.shape;
    let node = 0;
    while (asks[node] !== LEAF) {
      const symbol = columns[asks[node]][row];
      node = hasSymbol(sides, numbers[node], symbol) ? node + 1 : others[node];
    }
    return node;
  }
}

import type { CircuitParameters } from "../../kernel/circuit_kernel.ts";
import type { Tree } from "../circuit/circuit_tree.ts";

/** A mixture of hidden Chow-Liu trees of one shape. */
export interface CircuitModel {
  readonly kind: "circuit";
  readonly tree: Tree;
  /** How likely each component is. */
  readonly weights: Float64Array;
  /** Their parameters, variables in the order of the tree. */
  readonly components: readonly CircuitParameters[];
}

/** Columns that have nothing to do with each other. */
export interface IndependentModel {
  readonly kind: "independent";
  /** How likely each variable's symbols are. */
  readonly shares: readonly Float64Array[];
}

/** How a variable is drawn by those before it: questions of their symbols, and shares at the end. */
export interface SymbolTree {
  /**
   * Nodes in preorder: the place in the order of the variable whose symbol is asked for, −1 for a
   * leaf. A node that asks is followed by the one to which the symbols of its set lead.
   */
  readonly asks: Int32Array;
  /** The sets of symbols, 256 bits for each node that asks, in preorder. */
  readonly sides: Int32Array;
  /** Where the counts of each leaf start, and where the last ones end. */
  readonly starts: Int32Array;
  /** The symbols that leaves have counts of. */
  readonly values: Uint8Array;
  /** How many rows had them. */
  readonly counts: Float32Array;
  /** Rows of the node above that the counts of a node are smoothed with. */
  readonly smoothing: number;
}

/** Variables that are drawn one after the other, each by a decision tree over those before it. */
export interface TreesModel {
  readonly kind: "trees";
  /** Variables in the order in which they are drawn. */
  readonly order: readonly number[];
  /** How many symbols each has, in this order. */
  readonly symbols: readonly number[];
  /** Their trees, in this order. */
  readonly trees: readonly SymbolTree[];
}

/** Symbols that normal deviates stand for, which correlate. */
export interface CopulaModel {
  readonly kind: "copula";
  /** How likely each variable's symbols are. */
  readonly shares: readonly Float64Array[];
  /**
   * The lower triangle, row by row, by which independent deviates become those of the variables; each
   * row has the length 1.
   */
  readonly factor: Float64Array;
}

/** What a generator has learned of how symbols go together. */
export type Model = CircuitModel | IndependentModel | TreesModel | CopulaModel;

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

/** What a generator has learned of how symbols go together. */
export type Model = CircuitModel | IndependentModel;

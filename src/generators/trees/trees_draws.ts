import {
  type BlockSeed,
  type DrawTable,
  type SamplerKernel,
  TREE_SCRATCH_BYTES,
} from "../../kernel/sampler_kernel.ts";
import type { SymbolDraws } from "../model/model_face.ts";
import type { SymbolTree, TreesModel } from "../model/models.ts";
import { drawTables } from "../sampling/draw_tables.ts";
import { STREAMS, SYMBOL } from "../sampling/streams.ts";
import { nodeShares } from "./leaf_shares.ts";
import { LEAF, SIDE_WORDS, type TreeShape, treeShape } from "./symbol_tree.ts";

const NODE_WORDS = 4 + SIDE_WORDS;

/** A tree in kernel memory. */
interface PlacedTree {
  readonly nodes: number;
  /** What the records of its nodes are made of. */
  readonly tree: SymbolTree;
  readonly shape: TreeShape;
  readonly leaves: DrawTable;
}

/**
 * Writes the records of a tree's nodes: where to look and which symbols go on, or the leaf's table.
 */
function nodeRecords(
  { nodes, tree, shape, leaves }: PlacedTree,
  columns: readonly number[],
): Uint32Array {
  const out = new Uint32Array(tree.asks.length * NODE_WORDS);
  tree.asks.forEach((place, node) => {
    const at = node * NODE_WORDS;
    const number = shape.numbers[node];
    if (place === LEAF) {
      out[at + 1] = leaves.at + (number << (leaves.bits + 2));
      return;
    }
    out[at] = columns[place];
    out[at + 1] = nodes + shape.others[node] * NODE_WORDS * 4;
    const sides = tree.sides.subarray(number * SIDE_WORDS, (number + 1) * SIDE_WORDS);
    out.set(sides, at + NODE_WORDS - SIDE_WORDS);
  });
  return out;
}

function placedTree(kernel: SamplerKernel, tree: SymbolTree, outcomes: number): PlacedTree {
  const shape = treeShape(tree.asks)!;
  const shares = nodeShares(tree, shape, outcomes);
  const ends = Array.from(tree.asks.keys()).filter((node) => tree.asks[node] === LEAF);
  const weigh = (leaf: number, out: Float64Array) => {
    const start = ends[leaf] * outcomes;
    out.set(shares.subarray(start, start + outcomes));
  };
  const leaves = drawTables(kernel, { count: shape.leaves, outcomes, weigh });
  const nodes = kernel.reserve(tree.asks.length * NODE_WORDS * 4);
  return { nodes, tree, shape, leaves };
}

/** Draws of variables by trees over those drawn before. */
export class TreesDraws implements SymbolDraws {
  readonly #kernel: SamplerKernel;
  readonly #order: readonly number[];
  readonly #scratch: number;
  readonly #trees: readonly PlacedTree[];
  #symbols: readonly number[] = [];

  /** Compiles a model to alias tables in kernel memory. */
  constructor(kernel: SamplerKernel, { order, trees, symbols }: TreesModel) {
    this.#kernel = kernel;
    this.#order = order;
    this.#scratch = kernel.reserve(TREE_SCRATCH_BYTES);
    this.#trees = trees.map((tree, place) => placedTree(kernel, tree, symbols[place]));
  }

  /** Draws one block. */
  draw(at: BlockSeed, symbols: readonly number[]): void {
    this.drawFrom(0, at, symbols);
  }

  /** Draws the variables from a place on, where those before it have their symbols. */
  drawFrom(first: number, at: BlockSeed, symbols: readonly number[]): void {
    if (symbols !== this.#symbols) this.#look(symbols);
    this.#order.slice(first).forEach((variable, i) => {
      const place = first + i;
      const { nodes, leaves: { bits } } = this.#trees[place];
      this.#kernel.randomize(at, variable * STREAMS + SYMBOL);
      this.#kernel.tree({ nodes, bits, scratch: this.#scratch }, symbols[variable]);
    });
  }

  /** Has nodes look for symbols where they lie. */
  #look(symbols: readonly number[]): void {
    const columns = this.#order.map((variable) => symbols[variable]);
    for (const tree of this.#trees) this.#kernel.write(tree.nodes, nodeRecords(tree, columns));
    this.#symbols = symbols;
  }
}

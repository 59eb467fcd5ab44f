import { isOrder, list, MOST_COLUMNS } from "../model/checks.ts";
import type { Json } from "../model/model_face.ts";
import { badModel, type SectionReader, type SectionWriter } from "../model/model_sections.ts";
import type { SymbolTree, TreesModel } from "../model/models.ts";
import { LEAF, MOST_NODES, SIDE_WORDS, treeShape } from "./symbol_tree.ts";

const MOST_COUNTS = 8_388_608;
/** Counts are sums of rows, and are added up. */
const MOST_ROWS = 1e15;
const MOST_SMOOTHING = 1e6;

/** Writes trees: of each what its nodes ask, which symbols go on where, and the counts of its leaves. */
export function writeTrees({ order, trees }: TreesModel, to: SectionWriter): Json {
  return {
    order,
    trees: trees.map(({ asks, sides, starts, values, counts, smoothing }) => ({
      asks: to.add(asks),
      sides: to.add(sides),
      starts: to.add(starts),
      values: to.add(values),
      counts: to.add(counts),
      smoothing,
    })),
  };
}

function checkCounts({ starts, values, counts }: SymbolTree, symbols: number): void {
  const last = starts.length - 1;
  if (counts.length === 0) badModel("a tree has no counts");
  if (starts[0] !== 0 || starts[last] !== values.length || values.length !== counts.length) {
    badModel("the counts of leaves do not lie one after the other");
  }
  for (let leaf = 0; leaf < last; leaf++) {
    if (!(starts[leaf] <= starts[leaf + 1])) badModel("the counts of leaves are in disorder");
    for (let at = starts[leaf]; at < starts[leaf + 1]; at++) {
      const isNext = at === starts[leaf] || values[at - 1] < values[at];
      if (!isNext || values[at] >= symbols) badModel("a leaf counts symbols that there are not");
      if (!(counts[at] > 0 && counts[at] <= MOST_ROWS)) badModel("a leaf has counts that are none");
    }
  }
}

function readTree(from: SectionReader, json: Json, place: number, symbols: number): SymbolTree {
  const { smoothing } = json;
  const isNumber = typeof smoothing === "number" && smoothing >= 0 && smoothing <= MOST_SMOOTHING;
  if (!isNumber) badModel("the smoothing of a tree is no number of rows");
  const asks = from.section(json.asks, "i32", MOST_NODES);
  if (asks.some((ask) => ask < LEAF || ask >= place)) {
    badModel("a node asks for a variable that does not come before");
  }
  const shape = treeShape(asks);
  if (!shape) badModel("the nodes of a tree are no tree");
  const sides = from.section(json.sides, "i32", MOST_NODES * SIDE_WORDS);
  const starts = from.section(json.starts, "i32", MOST_NODES);
  if (sides.length !== (shape.leaves - 1) * SIDE_WORDS || starts.length !== shape.leaves + 1) {
    badModel("a tree has not as many sets and leaves as nodes");
  }
  const values = from.section(json.values, "u8", MOST_COUNTS);
  const counts = from.section(json.counts, "f32", MOST_COUNTS);
  const tree = { asks, sides, starts, values, counts, smoothing };
  checkCounts(tree, symbols);
  return tree;
}

/** Reads what {@linkcode writeTrees} has written. */
export function readTrees(
  from: SectionReader,
  json: Json,
  symbols: readonly number[],
): TreesModel {
  const order = list(json.order, "the order of the variables", MOST_COLUMNS);
  if (!isOrder(order, symbols.length)) badModel("its variables are in no order");
  const given = list(json.trees, "the trees", MOST_COLUMNS);
  if (given.length !== order.length) badModel("it has not as many trees as variables");
  const counts = order.map((v) => symbols[v]);
  const trees = given.map((each, place) =>
    readTree(from, Object(each) as Json, place, counts[place])
  );
  return { kind: "trees", order, symbols: counts, trees };
}

import { type CircuitParameters, isLeaf } from "../../kernel/circuit_kernel.ts";
import { checkShares, isOrder, list, MOST_COLUMNS } from "../model/checks.ts";
import type { Json } from "../model/model_face.ts";
import { badModel, type SectionReader, type SectionWriter } from "../model/model_sections.ts";
import type { CircuitModel } from "../model/models.ts";
import type { Tree } from "./circuit_tree.ts";

const MOST_COMPONENTS = 64;
const STATES: readonly unknown[] = [16, 32, 64, 128, 256];

function joined(arrays: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const each of arrays) {
    out.set(each, at);
    at += each.length;
  }
  return out;
}

/** Writes a mixture of hidden trees. */
export function writeCircuit(model: CircuitModel, to: SectionWriter): Json {
  const { tree: { order, parents }, weights, components } = model;
  const all = (of: (component: CircuitParameters) => Float32Array) =>
    to.add(joined(components.map(of)));
  return {
    states: components[0].states,
    order,
    parents,
    weights: to.add(weights),
    prior: all(({ prior }) => prior),
    emissions: order.map((_, at) => all(({ emissions }) => emissions[at])),
    transitions: order.map((_, at) => all(({ transitions }) => transitions[at])),
  };
}

function readTree(json: Json, variables: number): Tree {
  const order = list(json.order, "the order of the tree", MOST_COLUMNS);
  const parents = list(json.parents, "the parents of the tree", MOST_COLUMNS) as number[];
  const isTree = parents.length === variables &&
    parents.every((parent, at) =>
      at === 0 ? parent === -1 : Number.isInteger(parent) && parent >= 0 && parent < at
    );
  if (!isOrder(order, variables) || !isTree || variables === 0) {
    badModel("its variables are in no tree");
  }
  return { order, parents };
}

/** Reads what {@linkcode writeCircuit} has written. */
export function readCircuit(
  from: SectionReader,
  json: Json,
  symbols: readonly number[],
): CircuitModel {
  const tree = readTree(json, symbols.length);
  if (!STATES.includes(json.states)) badModel(`it has not ${STATES.join(", ")} states`);
  const states = json.states as number;
  const weights = from.section(json.weights, "f64", MOST_COMPONENTS);
  checkShares(weights, weights.length, 1);
  const count = weights.length;
  if (count === 0) badModel("it is a mixture of nothing");
  const counts = tree.order.map((v) => symbols[v]);
  const sized = (number: unknown, length: number) => {
    const values = from.section(number, "f32", length);
    if (values.length !== length) badModel("a section has not the size of what it holds");
    return values;
  };
  const prior = sized(json.prior, count * states);
  checkShares(prior, states, 1);
  const places = list(json.emissions, "the emissions", MOST_COLUMNS);
  const edges = list(json.transitions, "the transitions", MOST_COLUMNS);
  const emissions = counts.map((symbols, at) => {
    const values = sized(places[at], count * symbols * states);
    checkShares(values, symbols, states);
    return values;
  });
  const transitions = counts.map((_, at) => {
    const most = at === 0 ? 0 : count * states * states;
    const values = from.section(edges[at], "f32", most);
    // variables without children may have no states of their own
    const isSize = values.length === most || (isLeaf(tree.parents, at) && values.length === 0);
    if (!isSize) badModel("a section has not the size of what it holds");
    checkShares(values, states, 1);
    return values;
  });
  const part = (values: Float32Array, m: number) =>
    values.subarray((values.length / count) * m, (values.length / count) * (m + 1));
  const components = Array.from(weights, (_, m): CircuitParameters => ({
    states,
    parents: tree.parents,
    symbols: counts,
    prior: part(prior, m),
    emissions: emissions.map((each) => part(each, m)),
    transitions: transitions.map((each) => part(each, m)),
  }));
  return { kind: "circuit", tree, weights, components };
}

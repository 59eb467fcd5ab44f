import { type CircuitParameters, isLeaf } from "../../kernel/circuit_kernel.ts";
import type { SymbolRows } from "../encoding/symbol_rows.ts";
import type { Tree } from "./circuit_tree.ts";
import { type Feature, featureOf, halved } from "../encoding/alike_groups.ts";
import type { SeededRandom } from "../sampling/seeded_random.ts";

const OWN_SHARE = 0.3;
const JITTER = 0.6;
/** How much a variable's own order counts beside what it explains of others. */
const OWN_WEIGHT = 0.5;

function sharesOf(column: Uint8Array, symbols: number, rows: readonly number[] | undefined) {
  const shares = new Float64Array(symbols).fill(0.5);
  if (rows) { for (const row of rows) shares[column[row]]++; }
  else for (const symbol of column) shares[symbol]++;
  const total = shares.reduce((sum, each) => sum + each, 0);
  return shares.map((each) => each / total);
}

/** How common each symbol of a variable is in rows; none is 0. */
export function symbolShares({ columns, symbols }: SymbolRows, variable: number): Float64Array {
  return sharesOf(columns[variable], symbols[variable], undefined);
}

/** Symbols as ranks from 0 to 1, the most frequent first where they are in no order. */
function symbolRanks({ columns, symbols, length }: SymbolRows, v: number, ordered: number) {
  const counts = new Float64Array(symbols[v]);
  for (const symbol of columns[v]) counts[symbol]++;
  const order = Array.from(counts.keys());
  if (ordered === 0) order.sort((a, b) => counts[b] - counts[a] || a - b);
  const ranks = new Float64Array(symbols[v]);
  let below = 0;
  for (const symbol of order) {
    ranks[symbol] = (below + counts[symbol] / 2) / length;
    below += counts[symbol];
  }
  return ranks;
}

/** Which symbols begin together: those that go with like symbols of other variables. */
export class SymbolOwners {
  readonly #rows: SymbolRows;
  readonly #ranks: readonly Float64Array[];
  readonly #features = new Map<number, readonly Feature[]>();

  /** Of rows; of each variable so many symbols, from the first on, are in order. */
  constructor(rows: SymbolRows, ordered: readonly number[]) {
    this.#rows = rows;
    this.#ranks = rows.columns.map((_, v) => symbolRanks(rows, v, ordered[v]));
  }

  /** As many groups of a variable's symbols, of which it has no fewer. */
  groups(variable: number, groups: number): number[][] {
    const { columns, symbols } = this.#rows;
    let features = this.#features.get(variable);
    if (!features) {
      features = columns.map((column, u) => {
        if (u === variable) return { means: this.#ranks[u], explained: OWN_WEIGHT };
        const ranks = Float64Array.from(column, (symbol) => this.#ranks[u][symbol]);
        return featureOf(ranks, columns[variable], symbols[variable]);
      });
      this.#features.set(variable, features);
    }
    const all = Array.from({ length: symbols[variable] }, (_, s) => s);
    const weights = symbolShares(this.#rows, variable);
    return halved(all, groups, { features, weights });
  }
}

/**
 * Which symbols each state begins with: those alike together where there are more symbols than
 * states, and several states for frequent symbols where there are fewer.
 */
function ownersOf(
  shares: Float64Array,
  states: number,
  groups: (groups: number) => number[][],
): number[][] {
  const symbols = shares.length;
  if (symbols >= states) return groups(states);
  const owned = Array.from({ length: states }, (): number[] => []);
  const copies = Array<number>(symbols).fill(1);
  for (let spare = states - symbols; spare > 0; spare--) {
    let most = 0;
    for (let s = 1; s < symbols; s++) {
      if (shares[s] / copies[s] > shares[most] / copies[most]) most = s;
    }
    copies[most]++;
  }
  let state = 0;
  copies.forEach((count, s) => {
    for (let i = 0; i < count; i++) owned[state++].push(s);
  });
  return owned;
}

function startEmissions(
  shares: Float64Array,
  owners: readonly number[][],
  random: SeededRandom,
): Float32Array {
  const states = owners.length;
  const symbols = shares.length;
  const out = new Float32Array(symbols * states);
  owners.forEach((own, h) => {
    const total = own.reduce((sum, s) => sum + shares[s], 0);
    let sum = 0;
    for (let s = 0; s < symbols; s++) {
      const share = (1 - OWN_SHARE) * shares[s] * (1 + JITTER * (2 * random.next() - 1)) +
        (own.includes(s) ? OWN_SHARE * shares[s] / total : 0);
      out[s * states + h] = share;
      sum += share;
    }
    for (let s = 0; s < symbols; s++) out[s * states + h] /= sum;
  });
  return out;
}

/** How likely each state is behind each symbol: `[symbol][state]`. */
function behindSymbols(emissions: Float32Array, states: number): Float64Array {
  const out = Float64Array.from(emissions);
  for (let start = 0; start < out.length; start += states) {
    let sum = 0;
    for (let h = 0; h < states; h++) sum += out[start + h];
    for (let h = 0; h < states; h++) out[start + h] /= sum;
  }
  return out;
}

/** How likely a child's symbols are given the parent's, and those given the parent's states. */
interface Edge {
  /** `[parent's symbol][symbol]`. */
  readonly conditional: Float64Array;
  readonly symbols: number;
  readonly parentEmissions: Float32Array;
  readonly states: number;
}

/** How likely a child's symbols are given a state of its parent. */
function symbolsOfState(
  { conditional, symbols, parentEmissions, states }: Edge,
  p: number,
): Float64Array {
  const out = new Float64Array(symbols);
  for (let sp = 0; sp * states < parentEmissions.length; sp++) {
    const weight = parentEmissions[sp * states + p];
    for (let s = 0; s < symbols; s++) out[s] += weight * conditional[sp * symbols + s];
  }
  return out;
}

/** Emissions of a variable without children, by the states of its parent. */
function startLeaf(edge: Edge, random: SeededRandom): Float32Array {
  const { symbols, states } = edge;
  const out = new Float32Array(symbols * states);
  for (let p = 0; p < states; p++) {
    const shares = symbolsOfState(edge, p).map((each) =>
      each * (1 + JITTER * (2 * random.next() - 1))
    );
    const sum = shares.reduce((total, each) => total + each, 0);
    for (let s = 0; s < symbols; s++) out[s * states + p] = shares[s] / sum;
  }
  return out;
}

/** Transitions that lead to what the columns show of two symbols. */
function startTransitions(
  edge: Edge,
  emissions: Float32Array,
  random: SeededRandom,
): Float32Array {
  const { symbols, states } = edge;
  const behind = behindSymbols(emissions, states);
  const out = new Float32Array(states * states);
  for (let p = 0; p < states; p++) {
    const shown = symbolsOfState(edge, p);
    let sum = 0;
    for (let h = 0; h < states; h++) {
      let likely = 0;
      for (let s = 0; s < symbols; s++) likely += shown[s] * behind[s * states + h];
      likely *= 1 + JITTER * (2 * random.next() - 1);
      out[p * states + h] = likely;
      sum += likely;
    }
    for (let h = 0; h < states; h++) out[p * states + h] /= sum;
  }
  return out;
}

/** How likely a child's symbols are given the parent's: `[parent's symbol][symbol]`. */
function conditionalOf(
  { columns, symbols, length }: SymbolRows,
  [parent, child]: readonly [number, number],
  rows: readonly number[] | undefined,
): Float64Array {
  const wide = symbols[child];
  const joint = new Float64Array(symbols[parent] * wide);
  const [a, b] = [columns[parent], columns[child]];
  if (rows) { for (const row of rows) joint[a[row] * wide + b[row]]++; }
  else for (let row = 0; row < length; row++) joint[a[row] * wide + b[row]]++;
  const shares = sharesOf(b, wide, rows);
  for (let start = 0; start < joint.length; start += wide) {
    let total = 1;
    for (let s = 0; s < wide; s++) total += joint[start + s];
    for (let s = 0; s < wide; s++) joint[start + s] = (joint[start + s] + shares[s]) / total;
  }
  return joint;
}

/**
 * Parameters to begin with: the Chow-Liu tree of the rows, or of some, as far as states go. Variables
 * without children have no states of their own: what goes through those of its parent and then its own
 * would be blurred twice.
 */
export function startCircuit(
  rows: SymbolRows,
  { tree, states, random, owners, some }: {
    tree: Tree;
    states: number;
    random: SeededRandom;
    owners: SymbolOwners;
    some?: readonly number[];
  },
): CircuitParameters {
  const symbols = tree.order.map((v) => rows.symbols[v]);
  const emissions: Float32Array[] = [];
  const transitions: Float32Array[] = [];
  tree.order.forEach((v, at) => {
    const parent = tree.parents[at];
    const edge = () => ({
      conditional: conditionalOf(rows, [tree.order[parent], v], some),
      symbols: symbols[at],
      parentEmissions: emissions[parent],
      states,
    });
    if (isLeaf(tree.parents, at)) {
      emissions.push(startLeaf(edge(), random));
      transitions.push(new Float32Array());
      return;
    }
    const shares = sharesOf(rows.columns[v], symbols[at], some);
    const owned = ownersOf(shares, states, (groups) => owners.groups(v, groups));
    emissions.push(startEmissions(shares, owned, random));
    transitions.push(
      parent < 0 ? new Float32Array() : startTransitions(edge(), emissions[at], random),
    );
  });
  const shares = sharesOf(rows.columns[tree.order[0]], symbols[0], some);
  const behind = behindSymbols(emissions[0], states);
  const prior = new Float32Array(states);
  for (let i = 0; i < behind.length; i++) {
    prior[i % states] += shares[Math.floor(i / states)] * behind[i];
  }
  return { states, parents: tree.parents, symbols, prior, emissions, transitions };
}

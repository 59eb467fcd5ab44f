import { type CircuitParameters, isLeaf } from "../../kernel/circuit_kernel.ts";
import type { DrawTable, SamplerKernel } from "../../kernel/sampler_kernel.ts";
import type { ConditionedModel, Evidence, SymbolDraws } from "../model/model_face.ts";
import type { CircuitModel } from "../model/models.ts";
import { drawTables } from "../sampling/draw_tables.ts";
import { leafShares } from "./leaf_shares.ts";
import { componentBits, type VariableDraw, VariableDraws } from "./circuit_draws.ts";

const MOST_STATES = 65_536;
const MOST_BITS = 16;

/**
 * A mixture of hidden trees of those rows that satisfy evidence: it is one as well, with a component
 * for each box and component, whose states and symbols are weighted by how likely what lies below
 * them satisfies the evidence. A table is made anew only where that matters: for variables that the
 * evidence is about, and those above them. The box is drawn with the state that all in which boxes
 * differ lies below: above it one state serves all of them.
 */
export class ConditionedCircuit implements ConditionedModel {
  readonly probability: number;
  readonly #model: CircuitModel;
  readonly #evidence: Evidence;
  readonly #states: number;
  /** States from those of one box to those of the next. */
  readonly #stride: number;
  /** Whether evidence is about a variable or one below it, by place. */
  readonly #changed: readonly boolean[];
  /** Whether all boxes say the same of a variable, by place. */
  readonly #alike: readonly boolean[];
  /** Whether they say the same of a variable and all below it, by place. */
  readonly #alikeBelow: readonly boolean[];
  /** The place whose state says which box a row is of. */
  readonly #fork: number;
  /** How many boxes states are told apart by, by place. */
  readonly #boxes: readonly number[];
  /** How likely the evidence is below each state, by place: `[box][component][state]`. */
  readonly #below: readonly (Float64Array | undefined)[];
  readonly #root: Float64Array;

  /**
   * Works out how likely the evidence is.
   *
   * @throws {RangeError} when it has too many boxes for a model of so many states.
   */
  constructor(model: CircuitModel, evidence: Evidence) {
    this.#model = model;
    this.#evidence = evidence;
    const { components, tree } = model;
    this.#states = components[0].states;
    const all = this.#states * components.length;
    const { boxes } = evidence;
    this.#stride = boxes.length === 1 ? all : 2 ** Math.ceil(Math.log2(all));
    if (this.#stride * boxes.length > MOST_STATES) {
      throw new RangeError(
        `Cannot compile conditions: they fall into ${boxes.length} parts that have no row in common, ` +
          `and a model of ${all} states can have ${
            Math.floor(MOST_STATES / this.#stride)
          }; sample ` +
          `alternatives by themselves`,
      );
    }
    const changed = tree.order.map((variable) => evidence.variables.has(variable));
    for (let place = changed.length - 1; place > 0; place--) {
      if (changed[place]) changed[tree.parents[place]] = true;
    }
    changed[0] = true;
    this.#changed = changed;
    this.#alike = tree.order.map((variable) => isAlike(evidence, variable));
    const alikeBelow = this.#alike.slice();
    for (let place = alikeBelow.length - 1; place > 0; place--) {
      if (!alikeBelow[place]) alikeBelow[tree.parents[place]] = false;
    }
    this.#alikeBelow = alikeBelow;
    this.#fork = forkOf(model, this.#alike);
    const boxesAt: number[] = [];
    for (const [place, parent] of tree.parents.entries()) {
      boxesAt[place] = place === this.#fork ? boxes.length : boxesAt[parent] ?? 1;
    }
    this.#boxes = boxesAt;
    this.#below = changed.map((is, place) =>
      is ? new Float64Array(this.#count(place)).fill(1) : undefined
    );
    this.#passUp();
    this.#root = this.#rootWeights();
    this.probability = Math.min(1, this.#root.reduce((sum, weight) => sum + weight, 0));
  }

  /** How many states a place has, those between strides included. */
  #count(place: number): number {
    return this.#stride * this.#boxes[place];
  }

  /** Where the states of a component begin at a place, for each box and component. */
  *#starts(place: number): Iterable<{ start: number; box: number; component: number }> {
    const { components } = this.#model;
    for (let box = 0; box < this.#boxes[place]; box++) {
      for (let component = 0; component < components.length; component++) {
        yield { start: box * this.#stride + component * this.#states, box, component };
      }
    }
  }

  #passUp(): void {
    for (let place = this.#model.tree.order.length - 1; place >= 0; place--) {
      if (this.#below[place]) this.#tell(place, this.#below[place]!);
    }
  }

  /** Works out how likely the evidence is below a place, and tells the one above. */
  #tell(place: number, below: Float64Array): void {
    const { tree: { parents }, components } = this.#model;
    const above = this.#below[parents[place]];
    const joined = place === this.#fork ? new Float64Array(this.#states) : undefined;
    const told: Float64Array[] = [];
    for (const { start, box, component } of this.#starts(place)) {
      const own = below.subarray(start, start + this.#states);
      // what all boxes say alike is worked out for the first
      const isKnown = box > 0 && this.#alikeBelow[place];
      if (isKnown) own.set(below.subarray(component * this.#states).subarray(0, own.length));
      else this.#show(place, box, { emissions: this.#shown(place, components[component]), own });
      if (!above) continue;
      const { transitions } = components[component];
      if (isLeaf(parents, place)) told[component] = own;
      else if (!isKnown) told[component] = toldBy(transitions[place], own);
      if (joined) {
        told[component].forEach((share, p) => joined[p] += share);
      } else {
        const to = above.subarray(start, start + this.#states);
        told[component].forEach((share, p) => to[p] *= share);
      }
    }
    if (above) joined?.forEach((share, p) => above[p] *= share);
  }

  /** How likely a variable's symbols are by its state, or where it has no children its parent's. */
  #shown(place: number, of: CircuitParameters): Float32Array | Float64Array {
    return isLeaf(of.parents, place) ? leafShares(of, place) : of.emissions[place];
  }

  /** Multiplies in how likely a variable's symbols are in a box. */
  #show(
    place: number,
    box: number,
    to: { emissions: Float32Array | Float64Array; own: Float64Array },
  ): void {
    const variable = this.#model.tree.order[place];
    const kept = this.#evidence.boxes[box].get(variable);
    if (!kept) return;
    const { of, shares } = this.#evidence.variables.get(variable)!;
    const { own, emissions } = to;
    const sums = new Float64Array(own.length);
    kept.forEach((is, part) => {
      if (is === 0) return;
      const start = of[part] * own.length;
      const share = is * shares[part];
      for (let h = 0; h < own.length; h++) sums[h] += emissions[start + h] * share;
    });
    for (let h = 0; h < own.length; h++) own[h] *= sums[h];
  }

  #rootWeights(): Float64Array {
    const { weights, components } = this.#model;
    const below = this.#below[0]!;
    const out = new Float64Array(below.length);
    for (const { start, component } of this.#starts(0)) {
      const { prior } = components[component];
      for (let h = 0; h < this.#states; h++) {
        out[start + h] = weights[component] * prior[h] * below[start + h];
      }
    }
    return out;
  }

  /** Compiles it. */
  draws(kernel: SamplerKernel, of: SymbolDraws): VariableDraws {
    const base = of as VariableDraws;
    const draws = base.draws.map((draw, place) => this.#draw(kernel, draw, place));
    return new VariableDraws(kernel, draws, {
      keep: componentBits(this.#states),
      states: base.states,
    });
  }

  #draw(kernel: SamplerKernel, base: VariableDraw, place: number): VariableDraw {
    // tables that are the same for all boxes go by what is left of a state without its box
    const isOne = this.#evidence.boxes.length === 1;
    const common = isOne ? 2 ** MOST_BITS - 1 : this.#stride - 1;
    if (!this.#changed[place]) return { ...base, known: common, shown: common };
    const isShown = this.#evidence.variables.has(base.variable);
    if (!base.states) {
      const symbols = this.#symbols(kernel, place);
      return { ...base, symbols, ...(this.#alike[place] && { shown: common }) };
    }
    const states = place === 0
      ? drawTables(kernel, {
        count: 1,
        outcomes: this.#count(0),
        weigh: (_, out) => out.set(this.#root),
      })
      : this.#transitions(kernel, place);
    return {
      ...base,
      states,
      ...(place > 0 && this.#alikeBelow[place] && { known: common }),
      ...(isShown && { symbols: this.#symbols(kernel, place) }),
      ...((!isShown || this.#alike[place]) && { shown: common }),
    };
  }

  #component(state: number) {
    return this.#model.components[Math.floor((state % this.#stride) / this.#states)];
  }

  #transitions(kernel: SamplerKernel, place: number): DrawTable {
    const states = this.#states;
    const below = this.#below[place]!;
    if (place === this.#fork) return this.#forks(kernel);
    const weigh = (table: number, out: Float64Array) => {
      const start = (table % states) * states;
      const moves = this.#component(table)?.transitions[place];
      if (!moves) return out.fill(0);
      const first = table - table % states;
      for (let h = 0; h < states; h++) out[h] = moves[start + h] * below[first + h];
    };
    const count = this.#alikeBelow[place] ? this.#stride : this.#count(place);
    return drawTables(kernel, { count, outcomes: states, weigh });
  }

  /** Transitions to the states of all boxes. */
  #forks(kernel: SamplerKernel): DrawTable {
    const [states, stride] = [this.#states, this.#stride];
    const moves = this.#model.components[0].transitions[this.#fork];
    const below = this.#below[this.#fork]!;
    const weigh = (table: number, out: Float64Array) => {
      out.fill(0);
      for (let box = 0; box < out.length; box += stride) {
        for (let h = 0; h < states; h++) out[box + h] = moves[table * states + h] * below[box + h];
      }
    };
    return drawTables(kernel, { count: states, outcomes: below.length, weigh });
  }

  /** Parts of symbols by states, of which a box may keep some. */
  #symbols(kernel: SamplerKernel, place: number): DrawTable {
    const states = this.#states;
    const variable = this.#model.tree.order[place];
    const { of, shares } = this.#evidence.variables.get(variable)!;
    const kept = this.#evidence.boxes.map((box) => box.get(variable));
    const weigh = (table: number, out: Float64Array) => {
      const component = this.#component(table);
      const emissions = component && this.#shown(place, component);
      const within = kept[Math.floor(table / this.#stride)];
      if (!emissions) return out.fill(0);
      for (let part = 0; part < out.length; part++) {
        const weight = within ? within[part] * shares[part] : shares[part];
        out[part] = weight * emissions[of[part] * states + table % states];
      }
    };
    const count = this.#alike[place] ? this.#stride : this.#count(place);
    return drawTables(kernel, { count, outcomes: of.length, weigh });
  }
}

/**
 * The place below which all lies that boxes differ in: the first where they differ in nothing. So it
 * is in a mixture, whose components would each have the states of all boxes in their tables.
 */
function forkOf(
  { components, tree: { parents } }: CircuitModel,
  alike: readonly boolean[],
): number {
  if (components.length > 1) return 0;
  let fork = alike.lastIndexOf(false);
  if (fork <= 0) return 0;
  for (const [place, is] of alike.entries()) {
    let other = is ? fork : place;
    while (other !== fork) {
      if (other > fork) other = parents[other];
      else fork = parents[fork];
    }
  }
  return isLeaf(parents, fork) ? parents[fork] : fork;
}

/** Whether all boxes keep the same of a variable. */
function isAlike({ boxes: [first, ...others] }: Evidence, variable: number): boolean {
  const kept = first.get(variable);
  return others.every((box) => {
    const own = box.get(variable);
    return own === kept || (own && kept?.every((each, at) => each === own[at])) === true;
  });
}

/** What a variable's states say of those of its parent. */
function toldBy(transitions: Float32Array, own: Float64Array): Float64Array {
  const states = own.length;
  const out = new Float64Array(states);
  for (let p = 0; p < states; p++) {
    let sum = 0;
    for (let h = 0; h < states; h++) sum += transitions[p * states + h] * own[h];
    out[p] = sum;
  }
  return out;
}

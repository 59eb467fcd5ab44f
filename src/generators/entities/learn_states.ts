import { SeededRandom } from "../sampling/seeded_random.ts";
import { fitChain } from "./chain_fit.ts";
import { type KeyStates, NO_STATES, type StateColumn, type WalkColumn } from "./entities.ts";
import type { KeyEvents } from "./key_gaps.ts";
import { normalQuantile } from "../normal.ts";
import { conditionalRanks, RowMatcher, slabsFor, sortWords } from "./row_matching.ts";
import { fitWalk, profilesOf } from "./state_fit.ts";
import { cutValues, type LagStatistics, lagStatistics } from "./state_statistics.ts";
import { StateWalk } from "./state_walk.ts";

const FEW_COLUMNS = 2;
const CHUNK_EVENTS = 16_384;
const LARGE_CHUNK_EVENTS = 65_536;
const MOST_COLUMNS = 8;
/** What is left of an autocorrelation, or of a level, that is not worth a column. */
const NEGLIGIBLE = 0.02;
const TRIED_EVENTS = 98_304;
const ROUNDS = 4;
/** The share of an error that a round makes good: all of it would be too much where memory is long. */
const STEP = 0.7;
const MOST_MEMORY = 0.999;

/** A column in which keys may have states, of each event in the order of event times. */
export interface StateValues {
  /** Its position among the columns that the model draws. */
  readonly column: number;
  /** Numbers, or what stands for categories. */
  readonly values: Float64Array;
  /** 1 where the value is null. */
  readonly nulls: Uint8Array;
  /** What stands for each category. */
  readonly scores?: Float64Array;
  /** Of few categories, the symbols and how many there are. */
  readonly chain?: { readonly of: Uint32Array; readonly symbols: number };
}

/** A column, and what is known of it. */
interface Candidate {
  readonly given: StateValues;
  /** Its values without what is far out. */
  readonly cut: Float64Array;
  readonly words: Uint32Array;
  readonly real: LagStatistics;
}

/** Numbers that sort as values do, in 32 bits: as differences from one of them. */
export function stateWords(values: ArrayLike<number>, nulls?: Uint8Array): Uint32Array {
  const from = values.length > 0 ? values[0] : 0;
  const near = new Float32Array(values.length);
  for (let i = 0; i < near.length; i++) near[i] = values[i] - from;
  return sortWords(near, nulls);
}

function wordsAt(words: Uint32Array, rows: Uint32Array): Uint32Array {
  const out = new Uint32Array(rows.length);
  for (let at = 0; at < out.length; at++) out[at] = words[rows[at]];
  return out;
}

function shuffledRows(length: number): Uint32Array {
  const random = new SeededRandom(3n, 5);
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = length - 1; i > 0; i--) {
    const j = Math.floor(random.next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** How many groups of equal size would be as mixed as those of equal words. */
function effectiveGroups(columns: readonly Uint32Array[]): number {
  const counts = new Map<number, number>();
  const { length } = columns[0];
  for (let row = 0; row < length; row++) {
    const group = columns.reduce((sum, words) => sum * 32 + words[row], 0);
    counts.set(group, (counts.get(group) ?? 0) + 1);
  }
  let squares = 0;
  for (const count of counts.values()) squares += (count / length) ** 2;
  return 1 / squares;
}

/** Columns that go on by states, and how far rows are from what they were, by candidate. */
interface Tried {
  readonly chosen: readonly Candidate[];
  readonly states: KeyStates;
  readonly errors: readonly number[];
}

function squares(errors: readonly number[]): number {
  return errors.reduce((sum, error) => sum + error * error, 0);
}

/** Learns what keys remember of columns from one event to the next. */
class StateLearner {
  readonly #events: KeyEvents;
  readonly #candidates: readonly Candidate[];
  /** All events in random order. */
  readonly #shuffled: Uint32Array;
  readonly #tried: KeyEvents;
  readonly #least: number;

  constructor(events: KeyEvents, columns: readonly StateValues[], least: number) {
    this.#events = events;
    this.#least = least;
    const tried = Math.min(TRIED_EVENTS, events.keys.length);
    this.#tried = {
      keys: events.keys.subarray(0, tried),
      counts: events.counts,
      previous: events.previous.subarray(0, tried),
    };
    this.#shuffled = shuffledRows(events.keys.length);
    this.#candidates = columns.map((given) => {
      const { values, nulls, chain } = given;
      const words = chain?.of ?? stateWords(values, nulls);
      const cut = cutValues(values, nulls);
      return { given, cut, words, real: lagStatistics(events, cut, nulls) };
    });
  }

  learn(): KeyStates {
    let best = this.#attempt([]);
    const waiting = new Set(this.#candidates);
    while (best.chosen.length < MOST_COLUMNS) {
      const next = this.#worst(best.errors, waiting);
      if (!next) break;
      waiting.delete(next);
      const tried = this.#attempt([...best.chosen, next]);
      // what follows from other columns may be worse off by itself, and they with it
      if (squares(tried.errors) < squares(best.errors)) best = tried;
    }
    return best.states;
  }

  /** The column that is furthest from what it was; categories only where numbers are near. */
  #worst(errors: readonly number[], waiting: ReadonlySet<Candidate>): Candidate | undefined {
    const far = this.#candidates.map((of, at) => ({ of, error: errors[at] }))
      .filter(({ of, error }) => waiting.has(of) && error >= NEGLIGIBLE)
      .sort((a, b) => b.error - a.error);
    return (far.find(({ of }) => of.given.chain === undefined) ?? far[0])?.of;
  }

  /** What comes out of states of some columns. */
  #attempt(some: readonly Candidate[]): Tried {
    const [chains, walks] = [true, false].map((isChain) =>
      some.filter(({ given }) => (given.chain !== undefined) === isChain)
    );
    const chosen = [...chains, ...walks];
    let states = some.length === 0 ? NO_STATES : this.#fit(chains, walks);
    let made = this.#made(states, chosen);
    let best = { chosen, states, errors: this.#errors(made) };
    for (let round = 0; round < ROUNDS && walks.length > 0; round++) {
      states = this.#corrected(states, chosen, made);
      made = this.#made(states, chosen);
      const errors = this.#errors(made);
      if (squares(errors) < squares(best.errors)) best = { chosen, states, errors };
    }
    return best;
  }

  #fit(chains: readonly Candidate[], walks: readonly Candidate[]): KeyStates {
    const words = [...chains, ...walks].map(({ words }) => words);
    const groups = chains.length > 0 ? effectiveGroups(words.slice(0, chains.length)) : 1;
    const chunk = walks.length > FEW_COLUMNS || (groups > 1.5 && walks.length > 1)
      ? LARGE_CHUNK_EVENTS
      : CHUNK_EVENTS;
    const slabs = slabsFor(walks.length, chunk / groups);
    const plan = { exact: chains.length, slabs };
    const ranks = conditionalRanks(words, plan, this.#shuffled).slice(chains.length);
    const scores = ranks.map((of) => of.map(normalQuantile));
    const fitted = scores.map((of) => fitWalk(this.#events, of));
    const profiles = profilesOf(this.#events, { scores, walks: fitted, least: this.#least });
    const ofChains = chains.map(({ given: { column, chain } }) =>
      fitChain(this.#events, { column, ...chain!, least: this.#least })
    );
    const ofWalks = fitted.map((walk, at): WalkColumn => {
      const { column, scores } = walks[at].given;
      return { kind: "walk", column, ...walk, ...(scores && { scores }) };
    });
    return { columns: [...ofChains, ...ofWalks], chunk, slabs, ...profiles };
  }

  /** What rows look like that are given to the events by their states. */
  #made(states: KeyStates, chosen: readonly Candidate[]): LagStatistics[] {
    const events = this.#tried;
    const picked = this.#picked(states, chosen);
    return this.#candidates.map(({ given: { nulls }, cut }) => {
      const made = new Float64Array(picked.length);
      const missing = new Uint8Array(picked.length);
      for (let at = 0; at < picked.length; at++) {
        made[at] = cut[picked[at]];
        missing[at] = nulls[picked[at]];
      }
      return lagStatistics(events, made, missing);
    });
  }

  #picked(states: KeyStates, chosen: readonly Candidate[]): Uint32Array {
    const { keys, counts } = this.#tried;
    const all = this.#shuffled.subarray(0, keys.length);
    if (chosen.length === 0) return all;
    const random = new SeededRandom(5n, 7);
    const walk = new StateWalk(states, counts.length, 11);
    counts.forEach((_, key) => walk.begin(key, key));
    const exact = states.columns.filter(({ kind }) => kind === "chain").length;
    const picked = new Uint32Array(keys.length);
    for (let start = 0; start < keys.length; start += states.chunk) {
      const slots = keys.subarray(start, start + states.chunk);
      const matcher = new RowMatcher(slots.length, { exact, slabs: states.slabs });
      const pool = all.subarray(start, start + slots.length);
      const rows = chosen.map(({ words }) => wordsAt(words, pool));
      const match = matcher.match(walk.next(slots, random), rows);
      for (let i = 0; i < slots.length; i++) picked[start + i] = pool[match[i]];
    }
    return picked;
  }

  #errors(made: readonly LagStatistics[]): number[] {
    return made.map((of, at) => {
      const { real } = this.#candidates[at];
      // levels are also known by key, so that their share matters less
      return Math.max(Math.abs(real.lag - of.lag), Math.abs(real.level - of.level) / 2);
    });
  }

  /** States whose rows are nearer to what there was. */
  #corrected(
    states: KeyStates,
    chosen: readonly Candidate[],
    made: readonly LagStatistics[],
  ): KeyStates {
    const wide = states.columns.filter(({ kind }) => kind === "walk").length;
    const [spreads, memories] = [states.spreads.slice(), states.memories.slice()];
    const columns = states.columns.map((column, c): StateColumn => {
      if (column.kind === "chain") return column;
      const at = this.#candidates.indexOf(chosen[c]);
      const [real, got] = [this.#candidates[at].real, made[at]];
      const next = nearerLag(column, got.lag, real.lag);
      const spread = Math.sqrt(spreadFactor(got.level, real.level));
      for (let key = 0; key < states.profiles; key++) {
        const of = key * wide + c - (states.columns.length - wide);
        spreads[of] *= spread;
        const memory = memories[of] + next.memory - column.memory;
        memories[of] = Math.max(-MOST_MEMORY, Math.min(MOST_MEMORY, memory));
      }
      return next;
    });
    return { ...states, columns, spreads, memories };
  }
}

/** A column that carries on more, or less, so that its lag-1 autocorrelation comes nearer. */
function nearerLag(column: WalkColumn, got: number, wanted: number): WalkColumn {
  const now = column.carried * column.memory;
  const next = Math.max(-MOST_MEMORY, Math.min(MOST_MEMORY, now + STEP * (wanted - got)));
  if (column.memory === 0 || Math.sign(next) !== Math.sign(column.memory)) {
    return { ...column, carried: 1, memory: next };
  }
  const carried = Math.min(1, next / column.memory);
  return { ...column, carried, memory: carried === 1 ? next : column.memory };
}

/** What to multiply the variance about levels by, so that these are the share that they were. */
function spreadFactor(got: number, wanted: number): number {
  if (!(got > 0.01 && got < 0.999 && wanted > 0.01 && wanted < 0.999)) return 1;
  const factor = ((1 - wanted) / wanted) / ((1 - got) / got);
  return Math.min(1.5, Math.max(0.5, factor));
}

/**
 * Learns what keys remember. Columns are taken one by one, those first that say most of a key's next
 * event, and what is learned is corrected by what comes out of it.
 *
 * @param least How many events a key has to have for a level of its own.
 */
export function learnStates(
  events: KeyEvents,
  columns: readonly StateValues[],
  least: number,
): KeyStates {
  return new StateLearner(events, columns, least).learn();
}

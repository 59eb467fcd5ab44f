import { SeededRandom } from "../sampling/seeded_random.ts";
import type { KeyStates, StateColumn } from "./entities.ts";
import type { KeyEvents } from "./key_gaps.ts";
import { normalQuantile } from "./normal.ts";
import { conditionalRanks, RowMatcher, slabsFor, sortWords } from "./row_matching.ts";
import { fitWalk, profilesOf } from "./state_fit.ts";
import { type LagStatistics, lagStatistics } from "./state_statistics.ts";
import { StateWalk } from "./state_walk.ts";

const FEW_COLUMNS = 2;
const CHUNK_EVENTS = 16_384;
const LARGE_CHUNK_EVENTS = 65_536;
const MOST_COLUMNS = 8;
/** What is left of an autocorrelation, or of a level, that is not worth a column. */
const NEGLIGIBLE = 0.02;
const TRIED_EVENTS = 131_072;
const ROUNDS = 4;
const MOST_MEMORY = 0.999;

/** How many events are matched with rows at a time, where so many columns have states. */
export function chunkEvents(columns: number): number {
  return columns <= FEW_COLUMNS ? CHUNK_EVENTS : LARGE_CHUNK_EVENTS;
}

/** A column in which keys may have states, of each event in the order of event times. */
export interface StateValues {
  /** Its position among the columns that the model draws. */
  readonly column: number;
  /** Numbers, or what stands for categories. */
  readonly values: Float64Array;
  /** 1 where the value is null. */
  readonly nulls: Uint8Array;
  readonly scores?: Float64Array;
}

/** A column, and what is known of it. */
interface Candidate {
  readonly given: StateValues;
  readonly words: Uint32Array;
  readonly real: LagStatistics;
}

/** Numbers that sort as values do, in 32 bits: as differences from one of them. */
export function stateWords(values: ArrayLike<number>, nulls?: Uint8Array): Uint32Array {
  const [from] = Array.from({ length: 1 }, () => values[0] ?? 0);
  const near = new Float32Array(values.length);
  for (let i = 0; i < near.length; i++) near[i] = values[i] - from;
  return sortWords(near, nulls);
}

/** Learns what keys remember of columns from one event to the next. */
class StateLearner {
  readonly #events: KeyEvents;
  readonly #candidates: readonly Candidate[];
  readonly #pool: Uint32Array;
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
    this.#pool = shuffledRows(events.keys.length, tried);
    this.#candidates = columns.map((given) => ({
      given,
      words: stateWords(given.values, given.nulls),
      real: lagStatistics(events, given.values, given.nulls),
    }));
  }

  learn(): KeyStates {
    const chosen: Candidate[] = [];
    let states = this.#fit(chosen);
    while (chosen.length < MOST_COLUMNS) {
      const errors = this.#errors(states, chosen);
      const worst = this.#candidates.map((_, at) => at)
        .filter((at) => !chosen.includes(this.#candidates[at]))
        .reduce((a, b) => (errors[a] ?? -1) >= errors[b] ? a : b, -1);
      if (worst < 0 || errors[worst] < NEGLIGIBLE) break;
      chosen.push(this.#candidates[worst]);
      states = this.#fit(chosen);
    }
    for (let round = 0; round < ROUNDS && chosen.length > 0; round++) {
      states = this.#corrected(states, chosen);
    }
    return states;
  }

  #fit(chosen: readonly Candidate[]): KeyStates {
    const empty = new Float32Array();
    if (chosen.length === 0) {
      return { columns: [], profiles: 0, levels: empty, spreads: empty, memories: empty };
    }
    const slabs = slabsFor(chosen.length, chunkEvents(chosen.length));
    const ranks = conditionalRanks(chosen.map(({ words }) => words), slabs);
    const scores = ranks.map((of) => of.map(normalQuantile));
    const walks = scores.map((of) => fitWalk(this.#events, of));
    const columns = walks.map((walk, at): StateColumn => {
      const { column, scores } = chosen[at].given;
      return { column, ...walk, ...(scores && { scores }) };
    });
    return { columns, ...profilesOf(this.#events, { scores, walks, least: this.#least }) };
  }

  /** What rows look like that are given to the events by their states. */
  #made(states: KeyStates, chosen: readonly Candidate[]): LagStatistics[] {
    const events = this.#tried;
    const picked = chosen.length === 0 ? this.#pool : this.#picked(states, chosen);
    return this.#candidates.map(({ given: { values, nulls } }) => {
      const made = Float64Array.from(picked, (row) => values[row]);
      return lagStatistics(events, made, Uint8Array.from(picked, (row) => nulls[row]));
    });
  }

  #picked(states: KeyStates, chosen: readonly Candidate[]): Uint32Array {
    const { keys, counts } = this.#tried;
    const random = new SeededRandom(5n, 7);
    const walk = new StateWalk(states, counts.length, 11);
    counts.forEach((_, key) => walk.begin(key, key));
    const chunk = chunkEvents(chosen.length);
    const picked = new Uint32Array(keys.length);
    for (let start = 0; start < keys.length; start += chunk) {
      const length = Math.min(chunk, keys.length - start);
      const matcher = new RowMatcher(length, slabsFor(chosen.length, chunk));
      const targets = walk.next(keys.subarray(start, start + length), random);
      const pool = this.#pool.subarray(start, start + length);
      const rows = chosen.map(({ words }) => Uint32Array.from(pool, (row) => words[row]));
      const match = matcher.match(targets.map((each) => sortWords(each)), rows);
      for (let i = 0; i < length; i++) picked[start + i] = pool[match[i]];
    }
    return picked;
  }

  #errors(states: KeyStates, chosen: readonly Candidate[]): number[] {
    return this.#made(states, chosen).map((made, at) => {
      const { real } = this.#candidates[at];
      return Math.max(Math.abs(real.lag - made.lag), Math.abs(real.level - made.level));
    });
  }

  /** States whose rows are nearer to what there was. */
  #corrected(states: KeyStates, chosen: readonly Candidate[]): KeyStates {
    const made = this.#made(states, chosen);
    const wide = states.columns.length;
    const [spreads, memories] = [states.spreads.slice(), states.memories.slice()];
    const columns = states.columns.map((column, c) => {
      const at = this.#candidates.indexOf(chosen[c]);
      const [real, got] = [this.#candidates[at].real, made[at]];
      const next = nearerLag(column, got.lag, real.lag);
      const spread = Math.sqrt(spreadFactor(got.level, real.level));
      for (let key = 0; key < states.profiles; key++) {
        spreads[key * wide + c] *= spread;
        const memory = memories[key * wide + c] + next.memory - column.memory;
        memories[key * wide + c] = Math.max(-MOST_MEMORY, Math.min(MOST_MEMORY, memory));
      }
      return next;
    });
    return { ...states, columns, spreads, memories };
  }
}

/** A column that carries on more, or less, so that its lag-1 autocorrelation comes nearer. */
function nearerLag(column: StateColumn, got: number, wanted: number): StateColumn {
  const now = column.carried * column.memory;
  const next = Math.max(-MOST_MEMORY, Math.min(MOST_MEMORY, now + (wanted - got)));
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

function shuffledRows(length: number, count: number): Uint32Array {
  const random = new SeededRandom(3n, 5);
  const order = Uint32Array.from({ length }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const j = i + Math.floor(random.next() * (length - i));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order.slice(0, count);
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

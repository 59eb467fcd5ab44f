/** A hidden Markov chain of symbols. */
export interface SymbolChain {
  readonly states: number;
  /** Row by row how likely each state is after each. */
  readonly transitions: Float64Array;
  /** Row by row how likely each symbol is in each state. */
  readonly weights: Float64Array;
}

const STATES = [2, 3, 4, 6];
const STEPS = 25;
/** Symbols that a chain of more than one state is learned from, at most. */
const MOST_SYMBOLS = 131_072;
/** By how much a step must make a symbol likelier, in nats, for another to be taken. */
const WORTH = 1e-5;
const FEWEST_SYMBOLS = 500;
/** Gaps over which a mean is taken to find the states to start with. */
const SMOOTHING = 16;
/** Symbols that every state and transition has seen before the first. */
const PRIOR = 0.1;

/** Rows of counts as shares. */
export function normalized(counts: Float64Array, rows: number): Float64Array {
  const width = counts.length / rows;
  const out = new Float64Array(counts.length);
  for (let row = 0; row < rows; row++) {
    let total = 0;
    for (let at = row * width; at < (row + 1) * width; at++) total += counts[at];
    for (let at = row * width; at < (row + 1) * width; at++) out[at] = counts[at] / total;
  }
  return out;
}

function shares(symbols: Uint16Array, count: number): Float64Array {
  const out = new Float64Array(count);
  for (const symbol of symbols) out[symbol] += 1 / symbols.length;
  return out;
}

/** The mean rank of the symbols around each. */
function smoothed(symbols: Uint16Array, ranks: Float64Array): Float64Array {
  const out = new Float64Array(symbols.length);
  let sum = 0;
  for (let at = 0; at < symbols.length; at++) {
    sum += ranks[symbols[at]];
    if (at >= SMOOTHING) sum -= ranks[symbols[at - SMOOTHING]];
    out[Math.max(0, at - SMOOTHING / 2)] = sum / Math.min(at + 1, SMOOTHING);
  }
  for (let at = Math.max(0, symbols.length - SMOOTHING / 2); at < symbols.length; at++) {
    out[at] = sum / Math.min(symbols.length, SMOOTHING);
  }
  return out;
}

/** A chain to start from: states are quantiles of the smoothed gaps. */
function startChain(symbols: Uint16Array, ranks: Float64Array, states: number) {
  const count = ranks.length;
  const means = smoothed(symbols, ranks);
  const sorted = means.toSorted();
  const cuts = Array.from(
    { length: states - 1 },
    (_, at) => sorted[Math.floor(sorted.length * (at + 1) / states)],
  );
  const stateOf = (mean: number) => cuts.filter((cut) => mean >= cut).length;
  const transitions = new Float64Array(states * states).fill(1);
  const own = shares(symbols, count);
  const weights = Float64Array.from({ length: states * count }, (_, at) => own[at % count]);
  let before = stateOf(means[0]);
  for (let at = 0; at < symbols.length; at++) {
    const state = stateOf(means[at]);
    weights[state * count + symbols[at]]++;
    if (at > 0) transitions[before * states + state]++;
    before = state;
  }
  return { transitions: normalized(transitions, states), weights: normalized(weights, states) };
}

/** What expectation finds: counts of transitions and symbols, and the log-likelihood. */
interface Expected {
  readonly transitions: Float64Array;
  readonly weights: Float64Array;
  readonly logLikelihood: number;
}

/** Fills the probabilities of states by what came before; returns the log-likelihood. */
function forward(
  symbols: Uint16Array,
  { states, transitions, weights }: SymbolChain,
  alpha: Float64Array,
): number {
  const count = weights.length / states;
  let logLikelihood = 0;
  const before = new Float64Array(states).fill(1 / states);
  for (let at = 0; at < symbols.length; at++) {
    const row = at * states;
    let total = 0;
    for (let to = 0; to < states; to++) {
      let sum = 0;
      for (let from = 0; from < states; from++) {
        sum += before[from] * transitions[from * states + to];
      }
      total += alpha[row + to] = sum * weights[to * count + symbols[at]];
    }
    logLikelihood += Math.log(total);
    for (let to = 0; to < states; to++) before[to] = alpha[row + to] /= total;
  }
  return logLikelihood;
}

/** Baum-Welch's expectation step, scaled (Rabiner, "A tutorial on hidden Markov models", 1989). */
function expect(symbols: Uint16Array, chain: SymbolChain, alpha: Float64Array): Expected {
  const { states, transitions, weights } = chain;
  const count = weights.length / states;
  const logLikelihood = forward(symbols, chain, alpha);
  const pairs = new Float64Array(states * states).fill(PRIOR);
  const own = new Float64Array(states * count).fill(PRIOR / count);
  let beta = new Float64Array(states).fill(1);
  let next = new Float64Array(states);
  for (let at = symbols.length - 1; at >= 0; at--) {
    const row = at * states;
    const symbol = symbols[at];
    let total = 0;
    for (let state = 0; state < states; state++) total += alpha[row + state] * beta[state];
    for (let state = 0; state < states; state++) {
      own[state * count + symbol] += alpha[row + state] * beta[state] / total;
    }
    if (at === 0) break;
    for (let to = 0; to < states; to++) beta[to] *= weights[to * count + symbol];
    const norm = backward(alpha, row - states, { states, transitions, weights }, beta, next, pairs);
    for (let from = 0; from < states; from++) next[from] /= norm;
    [beta, next] = [next, beta];
  }
  return { transitions: pairs, weights: own, logLikelihood };
}

/** One step back: fills what comes after a state, adds to the counts of pairs; returns the total. */
function backward(
  alpha: Float64Array,
  row: number,
  { states, transitions }: SymbolChain,
  after: Float64Array,
  next: Float64Array,
  pairs: Float64Array,
): number {
  let total = 0;
  for (let from = 0; from < states; from++) {
    let sum = 0;
    for (let to = 0; to < states; to++) sum += transitions[from * states + to] * after[to];
    next[from] = sum;
    total += alpha[row + from] * sum;
  }
  for (let from = 0; from < states; from++) {
    const share = alpha[row + from] / total;
    for (let to = 0; to < states; to++) {
      pairs[from * states + to] += share * transitions[from * states + to] * after[to];
    }
  }
  return total;
}

function fitStates(symbols: Uint16Array, ranks: Float64Array, states: number) {
  let chain: SymbolChain = { states, ...startChain(symbols, ranks, states) };
  const alpha = new Float64Array(symbols.length * states);
  let last = -Infinity;
  for (let step = 0; step < STEPS; step++) {
    const { transitions, weights, logLikelihood } = expect(symbols, chain, alpha);
    if (logLikelihood - last < symbols.length * WORTH) break;
    last = logLikelihood;
    chain = {
      states,
      transitions: normalized(transitions, states),
      weights: normalized(weights, states),
    };
  }
  return { chain, logLikelihood: last };
}

/**
 * The hidden Markov chain of symbols, of one to six states; more are taken as long as the Bayesian
 * information criterion (Schwarz, 1978) gets better by them.
 *
 * @param symbols In the order in which they came.
 * @param ranks How large what each symbol stands for is, 0 to 1; states begin with those of like size.
 * @param given How many states there are, if that is known.
 */
export function fitChain(symbols: Uint16Array, ranks: Float64Array, given?: number): SymbolChain {
  const count = ranks.length;
  const own = shares(symbols, count);
  let best: SymbolChain = { states: 1, transitions: Float64Array.of(1), weights: own };
  if (symbols.length < FEWEST_SYMBOLS || count < 2 || given === 1) return best;
  const learned = symbols.subarray(0, MOST_SYMBOLS);
  if (given !== undefined) return fitStates(learned, ranks, given).chain;
  const price = Math.log(learned.length) / 2;
  let worth = learned.reduce((sum, symbol) => sum + Math.log(own[symbol]), 0) - price * (count - 1);
  for (const states of STATES) {
    const { chain, logLikelihood } = fitStates(learned, ranks, states);
    const now = logLikelihood - price * states * (count - 1 + states - 1);
    if (now <= worth) break;
    [best, worth] = [chain, now];
  }
  return best;
}

import type { KeyEvents } from "./key_gaps.ts";

const STEPS = 200;
/** No symbol is as large: what rows have that were not learned from. */
const NO_SYMBOL = 255;

/**
 * Numbers for symbols that are the nearer the more often one follows on the other within a key: the
 * second eigenvector of the matrix of transitions, both ways (as correspondence analysis has it; Hill,
 * "Correspondence analysis: a neglected multivariate method", 1974). By power iteration.
 *
 * @param symbols The symbol of each event, in order of event times.
 * @param count How many symbols there are.
 */
export function categoryScores(
  { previous }: KeyEvents,
  symbols: Uint8Array,
  count: number,
): Float64Array {
  const joint = new Float64Array(count * count);
  for (let at = 0; at < symbols.length; at++) {
    const [a, b] = [symbols[at], symbols[previous[at]]];
    if (previous[at] < 0 || a === NO_SYMBOL || b === NO_SYMBOL) continue;
    joint[a * count + b]++;
    joint[b * count + a]++;
  }
  const sums = Float64Array.from({ length: count }, (_, a) => {
    let sum = 1e-9;
    for (let b = 0; b < count; b++) sum += joint[a * count + b];
    return sum;
  });
  let scores = centred(Float64Array.from(sums, (_, at) => at), sums);
  for (let step = 0; step < STEPS; step++) {
    const next = Float64Array.from(scores, (own, a) => {
      let sum = 0;
      for (let b = 0; b < count; b++) sum += joint[a * count + b] * scores[b];
      return own + sum / sums[a]; // so that the greatest is sought, not the greatest in size
    });
    scores = centred(next, sums);
  }
  return scores;
}

/** Scores of mean 0 and variance 1. */
function centred(scores: Float64Array, weights: Float64Array): Float64Array {
  const total = weights.reduce((a, b) => a + b, 0);
  const mean = scores.reduce((sum, score, at) => sum + score * weights[at], 0) / total;
  const variance = scores.reduce((sum, score, at) => sum + (score - mean) ** 2 * weights[at], 0);
  const scale = Math.sqrt(total / (variance || 1));
  return scores.map((score) => (score - mean) * scale);
}

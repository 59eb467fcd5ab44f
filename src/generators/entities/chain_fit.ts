import type { ChainColumn } from "./entities.ts";
import type { KeyEvents } from "./key_gaps.ts";

/** Numbers that the transitions of keys of their own take, at most. */
const MOST_OWN = 400_000;
/** Events for each symbol from which on a key has transitions of its own. */
const EVENTS_A_SYMBOL = 50;
/** Events that the transitions of all keys count as, beside a key's own, for each symbol. */
const PRIOR_EVENTS = 8;
const SMOOTHING = 0.5;

/** Rows of counts as shares, smoothed by others. */
function shared(counts: Float64Array, symbols: number, by: (at: number) => number): Float32Array {
  const out = new Float32Array(counts.length);
  for (let start = 0; start < counts.length; start += symbols) {
    let [total, added] = [0, 0];
    for (let at = start; at < start + symbols; at++) {
      [total, added] = [total + counts[at], added + by(at)];
    }
    for (let at = start; at < start + symbols; at++) {
      out[at] = (counts[at] + by(at)) / (total + added);
    }
  }
  return out;
}

/**
 * Learns how the symbols of a column follow on each other within keys.
 *
 * @param of The symbols of events in the order of their times.
 * @param least How many events a key has to have for transitions of its own.
 */
export function fitChain(
  { keys, counts, previous }: KeyEvents,
  { column, of, symbols, least }: {
    column: number;
    of: Uint32Array;
    symbols: number;
    least: number;
  },
): ChainColumn {
  const square = symbols ** 2;
  const enough = Math.max(least, EVENTS_A_SYMBOL * symbols);
  const found = counts.findIndex((count) => count < enough);
  const own = Math.min(found < 0 ? counts.length : found, Math.floor(MOST_OWN / square));
  const all = new Float64Array(square);
  const each = new Float64Array(own * square);
  const shares = new Float64Array(symbols).fill(SMOOTHING);
  for (let at = 0; at < of.length; at++) {
    shares[of[at]]++;
    if (previous[at] < 0) continue;
    const to = of[previous[at]] * symbols + of[at];
    all[to]++;
    if (keys[at] < own) each[keys[at] * square + to]++;
  }
  const total = shares.reduce((a, b) => a + b, 0);
  const common = shared(all, symbols, (at) => SMOOTHING * shares[at % symbols] / total);
  const transitions = new Float32Array((own + 1) * square);
  transitions.set(common);
  transitions.set(shared(each, symbols, (at) => PRIOR_EVENTS * common[at % square]), square);
  return { kind: "chain", column, symbols, shares: shares.map((n) => n / total), transitions };
}

import type { Vocabulary } from "../encoding/plans.ts";
import { keyMakerOf } from "../sampling/key_maker.ts";
import type { KeyPopulation, Newcomers } from "./entities.ts";
import {
  dispersionOf,
  type KeyEvents,
  learnGaps,
  learnNewcomers,
  transientKeys,
} from "./key_gaps.ts";
import { madeKeys } from "./key_names.ts";
import { expectedCounts } from "./key_shares.ts";

/** The most keys that come as themselves. */
const MOST_KNOWN = 1_000_000;

function scaled(newcomers: Newcomers, share: number): Newcomers {
  const { lives } = newcomers;
  const mean = lives.reduce((sum, each) => sum + Math.max(1, Math.round(each)), 0) / lives.length;
  return { ...newcomers, rate: share / mean };
}

/**
 * Learns which keys events have: how frequent they are, and how their events are apart.
 *
 * @param events Keys by how frequent they are.
 * @param keys The keys themselves, in the same order.
 * @param minCount How many events a key has to have to come as itself.
 */
export function learnKeys(events: KeyEvents, keys: Vocabulary, minCount: number): KeyPopulation {
  const transient = transientKeys(events);
  const newcomers = learnNewcomers(events, transient);
  const lasting = events.counts.filter((_, key) => transient[key] === 0);
  const expected = expectedCounts(lasting, dispersionOf(events, transient));
  const total = lasting.reduce((a, b) => a + b, 0) / events.keys.length;
  const sum = expected.reduce((a, b) => a + b, 0) || 1;
  const shares = expected.map((each) => each / sum * total);
  const gaps = learnGaps(events, transient);
  return {
    known: knownKeys(events, { keys, transient, minCount }),
    made: madeKeys(keys, keyMakerOf),
    shares,
    ...(gaps && { gaps }),
    ...(newcomers && { newcomers: scaled(newcomers, 1 - total) }),
  };
}

/** Keys that are frequent enough to come as themselves: the first, up to one that is not. */
function knownKeys(
  { counts }: KeyEvents,
  { keys, transient, minCount }: { keys: Vocabulary; transient: Uint8Array; minCount: number },
): Vocabulary {
  const end = counts.findIndex((count, key) => count < minCount || transient[key] === 1);
  const known = Math.min(MOST_KNOWN, end < 0 ? counts.length : end);
  return keys.kind === "texts"
    ? { kind: "texts", texts: keys.texts.slice(0, known) }
    : { kind: "numbers", numbers: keys.numbers.slice(0, known) };
}

import { assert, assertEquals } from "@std/assert";
import type { KeyPopulation } from "../src/generators/entities/entities.ts";
import { keyDraws } from "../src/generators/entities/key_draws.ts";
import { keyEvents, learnGaps, transientKeys } from "../src/generators/entities/key_gaps.ts";
import { KeyNames, madeKeys } from "../src/generators/entities/key_names.ts";
import { expectedCounts } from "../src/generators/entities/key_shares.ts";
import {
  conditionalRanks,
  RowMatcher,
  sortWords,
} from "../src/generators/entities/row_matching.ts";
import { keyMakerOf } from "../src/generators/sampling/key_maker.ts";
import { SeededRandom } from "../src/generators/sampling/seeded_random.ts";
import { forSeeds, Random } from "./support/random.ts";
import { distance } from "./support/readings.ts";

function wordsOf(random: Random, length: number, most: number): Uint32Array {
  return Uint32Array.from({ length }, () => random.below(most));
}

/** The same matching, group by group. */
function plainMatch(
  targets: readonly Uint32Array[],
  rows: readonly Uint32Array[],
  cuts: (words: readonly number[], column: number) => number[],
): Map<number, number> {
  const found = new Map<number, number>();
  const match = (events: number[], places: number[], column: number): void => {
    const by = (of: Uint32Array) => (a: number, b: number) => of[a] - of[b] || a - b;
    const [e, r] = [events.toSorted(by(targets[column])), places.toSorted(by(rows[column]))];
    if (column === targets.length - 1) return e.forEach((event, i) => void found.set(event, r[i]));
    const starts = [...cuts(r.map((row) => rows[column][row]), column), r.length];
    for (let i = 0; i + 1 < starts.length; i++) {
      match(e.slice(starts[i], starts[i + 1]), r.slice(starts[i], starts[i + 1]), column + 1);
    }
  };
  const all = Array.from(targets[0].keys());
  match(all, all, 0);
  return found;
}

Deno.test("RowMatcher gives each event a row of its own, by rank within the slabs before", () => {
  forSeeds(40, (random) => {
    const length = 20 + random.below(400);
    const columns = 1 + random.below(3);
    const exact = random.below(columns + 1);
    const make = (column: number) => wordsOf(random, length, column < exact ? 3 : 2 ** 32);
    const targets = Array.from({ length: columns }, (_, at) => make(at));
    const rows = Array.from({ length: columns }, (_, at) => make(at));
    const matcher = new RowMatcher(length, { exact, slabs: 2 });
    const picked = matcher.match(targets, rows);
    assertEquals(picked.toSorted(), Uint32Array.from({ length }, (_, i) => i));
    const cuts = (words: readonly number[], column: number) =>
      column < exact
        ? words.flatMap((word, i) => i === 0 || word !== words[i - 1] ? [i] : [])
        : [0, Math.round(words.length / 2)];
    const plain = plainMatch(targets, rows, cuts);
    picked.forEach((row, event) => assertEquals(row, plain.get(event)));
    assertEquals(matcher.match(targets, rows), picked);
  });
});

Deno.test("conditionalRanks() are uniform, whatever columns have to do with each other", () => {
  forSeeds(5, (random) => {
    const length = 4000;
    const first = Float32Array.from({ length }, () => random.next() - 0.5);
    const second = first.map((x) => x * 3 + random.next() - 0.5);
    const order = Uint32Array.from({ length }, (_, i) => i);
    const plan = { exact: 0, slabs: 20 };
    const ranks = conditionalRanks([sortWords(first), sortWords(second)], plan, order);
    for (const of of ranks) {
      of.toSorted().forEach((rank, i) => assert(Math.abs(rank - i / length) < 0.02));
    }
    const mean = (values: Float64Array) => values.reduce((a, b) => a + b) / length;
    const product = ranks[0].map((rank, i) => (rank - 0.5) * (ranks[1][i] - 0.5));
    assert(Math.abs(mean(product)) < 0.008);
  });
});

Deno.test("sortWords() sort as numbers do, nulls last", () => {
  forSeeds(10, (random) => {
    const values = Float32Array.from(
      { length: 200 },
      () => (random.next() - 0.5) * 10 ** random.below(30),
    );
    const nulls = Uint8Array.from(values, () => random.chance(0.1) ? 1 : 0);
    const words = sortWords(values, nulls);
    const order = Array.from(values.keys()).sort((a, b) => words[a] - words[b]);
    const present = order.filter((at) => nulls[at] === 0);
    assertEquals(order.slice(0, present.length), present);
    present.forEach((at, i) => assert(i === 0 || values[present[i - 1]] <= values[at]));
  });
});

Deno.test("KeyNames gives known keys as they are and others as often as there are, none twice", () => {
  forSeeds(30, (random) => {
    const size = 2 + random.below(60);
    const start = random.below(1000) - 500;
    const wide = random.pick([1, 3, 1_000_003]);
    const texts = Array.from({ length: size }, (_, i) => `k-${String(start + 1000 + i)}`);
    const numbers = Float64Array.from({ length: size }, (_, i) => start + i * wide);
    const all = random.chance(0.5)
      ? { kind: "texts" as const, texts: random.shuffle(texts) }
      : { kind: "numbers" as const, numbers: Float64Array.from(random.shuffle([...numbers])) };
    const made = madeKeys(all, keyMakerOf);
    const known = random.below(size + 1);
    const values = all.kind === "texts" ? all.texts : Array.from(all.numbers);
    const population: KeyPopulation = {
      known: all.kind === "texts"
        ? { kind: "texts", texts: all.texts.slice(0, known) }
        : { kind: "numbers", numbers: all.numbers.slice(0, known) },
      made,
      shares: Float64Array.of(1),
    };
    const names = new KeyNames(population);
    const given = Array.from({ length: size }, (_, key) => names.at(key));
    assertEquals(given.slice(0, known), values.slice(0, known));
    assertEquals(new Set(given).size, size);
  });
});

Deno.test("expectedCounts() find how many keys there are, and scatter no more than counts do", () => {
  forSeeds(6, (random) => {
    const keys = 200 + random.below(2000);
    const expected = 3 + random.below(20);
    const poisson = () => {
      let [count, product] = [0, random.next()];
      while (product > Math.exp(-expected)) [count, product] = [count + 1, product * random.next()];
      return count;
    };
    const counts = Float64Array.from({ length: keys }, poisson).filter((count) => count > 0);
    const found = expectedCounts(counts);
    const sum = (values: Float64Array) => values.reduce((a, b) => a + b, 0);
    assert(Math.abs(sum(found) / sum(counts) - 1) < 0.02);
    assert(Math.abs(found.length / keys - 1) < 0.12, `${found.length} of ${keys} keys`);
    const spread = sum(found.map((each) => (each - sum(found) / found.length) ** 2)) / found.length;
    assert(spread < expected / 2 + 0.3, `${spread}, of counts ${expected}`);
  });
});

Deno.test("keys that are due at even distances, or after memories, come as they are learned", () => {
  const random = new Random(4);
  const due = Array.from({ length: 30 }, (_, key) => ({ key, at: random.next() * (20 + key) }));
  const codes = Int32Array.from({ length: 30_000 }, () => {
    const next = due.reduce((a, b) => a.at <= b.at ? a : b);
    next.at += (20 + next.key) * (0.9 + 0.2 * random.next());
    return next.key;
  });
  const events = keyEvents(codes, 30);
  const transient = transientKeys(events);
  assert(transient.every((each) => each === 0));
  const gaps = learnGaps(events, transient)!;
  const shares = events.counts.map((count) => count / codes.length);
  const known = { kind: "numbers" as const, numbers: new Float64Array() };
  const made = { kind: "range" as const, low: 0, high: 29, step: 1 };
  const draws = keyDraws({ known, made, shares, gaps }, new SeededRandom(1n, 1));
  const slots = new Int32Array(30_000);
  draws.next(slots, new SeededRandom(1n, 2), () => {});
  const again = keyEvents(slots, 30);
  again.counts.forEach((count, key) => assert(Math.abs(count / events.counts[key] - 1) < 0.05));
  const gapsOf = ({ keys, previous }: typeof again) =>
    Array.from(previous, (before, at) => before < 0 ? -1 : (at - before) * shares[keys[at]])
      .filter((gap) => gap >= 0);
  const [were, are] = [gapsOf(events), gapsOf(again)];
  assert(distance(were, are) < 0.1, `${distance(were, are)}`);
  assert(are.filter((gap) => gap > 0.7 && gap < 1.3).length > 0.95 * are.length);
});

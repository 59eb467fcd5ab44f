import type { TopicPartition } from "../driver/driver.ts";
import {
  type Assignor,
  byText,
  inOrder,
  partitionsOf,
  type Subscriber,
  topicsOf,
} from "./assignor.ts";

interface Reader {
  readonly memberId: string;
  readonly topics: ReadonlySet<string>;
  /** Keys of its partitions. */
  readonly keys: Set<string>;
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${partition}/${topic}`;
}

/**
 * Shares partitions so that loads differ as little as they can, and moves as few as that takes:
 * members keep what they had, the ones with most give some up, the ones with least get them.
 *
 * Loads are as even as they can be when no chain of moves leads from a member to one that has at
 * least two fewer (Harvey, Ladner, Lovász, Tamir: "Semi-matchings for bipartite graphs and load
 * balancing", 2006, theorem 1). Where all ask for the same topics, a chain is one move.
 */
export const assignSticky: Assignor = (members, partitions) => {
  const sorted = inOrder(members);
  const all = partitionsOf(topicsOf(sorted), partitions);
  const readers = sorted.map(({ memberId, topics }): Reader => ({
    memberId,
    topics: new Set(topics),
    keys: new Set(),
  }));
  const places = new Map(all.map((each) => [keyOf(each), each]));
  keepOwned(sorted, readers, places);
  const held = new Set(readers.flatMap(({ keys }) => [...keys]));
  const free = all.filter((each) => !held.has(keyOf(each)));
  if (asksForTheSame(sorted)) shareEvenly(readers, free.map(keyOf));
  else {
    give(readers, free);
    while (evenOut(readers, places));
  }
  return new Map(readers.map(({ memberId, keys }) => [memberId, inTopicOrder(keys, places)]));
};

function inTopicOrder(
  keys: ReadonlySet<string>,
  places: ReadonlyMap<string, TopicPartition>,
): TopicPartition[] {
  return Array.from(keys, (key) => places.get(key)!)
    .sort((a, b) => byText(a.topic, b.topic) || a.partition - b.partition);
}

function asksForTheSame(members: readonly Subscriber[]): boolean {
  const [first, ...others] = members.map(({ topics }) => new Set(topics));
  return others.every((topics) => topics.symmetricDifference(first).size === 0);
}

/** Of two that say they had a partition, the one of the later generation is right; equal: neither. */
function keepOwned(
  members: readonly Subscriber[],
  readers: readonly Reader[],
  places: ReadonlyMap<string, TopicPartition>,
): void {
  const claims = new Map<string, { reader?: Reader; generation: number }>();
  members.forEach(({ owned, generation }, i) => {
    for (const each of owned) {
      const key = keyOf(each);
      const reader = readers[i];
      if (!places.has(key) || !reader.topics.has(each.topic)) continue;
      const claim = claims.get(key);
      if (claim && claim.generation > generation) continue;
      const isTwice = claim?.generation === generation && claim.reader !== reader;
      claims.set(key, { reader: isTwice ? undefined : reader, generation });
    }
  });
  for (const [key, { reader }] of claims) reader?.keys.add(key);
}

/** All ask for the same: each gets the same number, or one more. */
function shareEvenly(readers: readonly Reader[], free: readonly string[]): void {
  const total = free.length + readers.reduce((sum, { keys }) => sum + keys.size, 0);
  const least = Math.floor(total / readers.length);
  let extra = total % readers.length;
  const freed: string[] = [];
  const byLoad = readers.toSorted((a, b) => b.keys.size - a.keys.size);
  for (const { keys } of byLoad) {
    const most = keys.size > least && extra > 0 ? least + 1 : least;
    if (most > least) extra--;
    for (const key of [...keys].slice(most)) {
      keys.delete(key);
      freed.push(key);
    }
  }
  const left = [...free, ...freed][Symbol.iterator]();
  for (const { keys } of byLoad.toReversed()) {
    const wanted = keys.size <= least && extra > 0 ? (extra--, least + 1) : least;
    while (keys.size < wanted) keys.add(left.next().value!);
  }
}

/** Each partition to the one with least that may have it, those of which few may first. */
function give(readers: readonly Reader[], free: readonly TopicPartition[]): void {
  const takers = Map.groupBy(free, ({ topic }) => topic);
  const byTopic = [...takers].map(([topic, each]) => ({
    each,
    readers: readers.filter(({ topics }) => topics.has(topic)),
  })).sort((a, b) => a.readers.length - b.readers.length);
  for (const { each, readers } of byTopic) {
    for (const partition of each) {
      readers.reduce((a, b) => b.keys.size < a.keys.size ? b : a).keys.add(keyOf(partition));
    }
  }
}

/** Moves partitions along the shortest chain that makes loads more even; whether there was one. */
function evenOut(
  readers: readonly Reader[],
  places: ReadonlyMap<string, TopicPartition>,
): boolean {
  const byLoad = readers.toSorted((a, b) => b.keys.size - a.keys.size);
  for (const from of byLoad) {
    const chain = chainFrom(from, readers, places);
    if (!chain) continue;
    for (const { giver, taker, key } of chain) {
      giver.keys.delete(key);
      taker.keys.add(key);
    }
    return true;
  }
  return false;
}

interface Move {
  readonly giver: Reader;
  readonly taker: Reader;
  readonly key: string;
}

/** The shortest chain of moves to a reader with at least two partitions fewer. */
function chainFrom(
  start: Reader,
  readers: readonly Reader[],
  places: ReadonlyMap<string, TopicPartition>,
): Move[] | undefined {
  const reached = new Map<Reader, Move | undefined>([[start, undefined]]);
  for (const giver of reached.keys()) {
    for (const taker of readers) {
      if (reached.has(taker)) continue;
      const key = giver.keys.values().find((key) => taker.topics.has(places.get(key)!.topic));
      if (key === undefined) continue;
      reached.set(taker, { giver, taker, key });
      if (taker.keys.size > start.keys.size - 2) continue;
      const chain: Move[] = [];
      for (let move = reached.get(taker); move; move = reached.get(move.giver)) chain.push(move);
      return chain;
    }
  }
}

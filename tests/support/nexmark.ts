import { Random } from "./random.ts";

/** What somebody offers for what is auctioned. */
export interface Bid {
  auction: number;
  bidder: number;
  price: number;
  channel: string | null;
  url: string;
}

/** An event of the auctions, one of three kinds. */
export interface AuctionEvent {
  at: number;
  kind: "person" | "auction" | "bid";
  person: { id: number; city: string } | null;
  auction: { id: number; seller: number; category: number } | null;
  bid: Bid | null;
}

const EVENTS_MS = 100;
const CHANNELS = ["Apple", "Google", "Facebook", "Baidu"];

/**
 * Events as those of Nexmark (P. Tucker et al., "NEXMark – A Benchmark for Queries over Data
 * Streams", 2002), over a midnight: of fifty one is a person, three are auctions and the others
 * bids, half of them for few auctions and by few persons.
 */
export function auctionEvents(length: number, seed: number): AuctionEvent[] {
  const random = new Random(seed);
  const start = Date.UTC(2024, 4, 31, 23, 53);
  const known = { persons: 1, auctions: 1 };
  return Array.from({ length }, (_, n) => {
    const at = start + n * EVENTS_MS + random.below(EVENTS_MS);
    const none = { person: null, auction: null, bid: null };
    if (n % 50 === 0) {
      const person = { id: known.persons++, city: random.pick(["Bend", "Boise", "Kent"]) };
      return { ...none, at, kind: "person", person };
    }
    if (n % 50 <= 3) {
      const seller = recent(random, known.persons, 5);
      const auction = { id: known.auctions++, seller, category: 10 + random.below(5) };
      return { ...none, at, kind: "auction", auction };
    }
    return { ...none, at, kind: "bid", bid: bidOf(random, known) };
  });
}

/** One of the last that there are. */
function recent(random: Random, count: number, reach: number): number {
  return Math.max(1, count - 1 - random.below(reach));
}

function bidOf(random: Random, { persons, auctions }: { persons: number; auctions: number }): Bid {
  const number = random.below(10_000);
  const folders = Array.from({ length: 3 }, () => random.below(99).toString(36)).join("/");
  const query = random.chance(0.9) ? `?query=1&channel_id=${number}` : "?query=1";
  return {
    auction: random.chance(0.5) ? 1 + 20 * Math.floor(auctions / 20) : recent(random, auctions, 50),
    bidder: random.chance(0.5) ? 1 + 10 * Math.floor(persons / 10) : recent(random, persons, 50),
    price: Math.round(10 ** (2 + 6 * random.next())),
    channel: random.chance(0.02)
      ? null
      : random.chance(0.5)
      ? random.pick(CHANNELS)
      : `channel-${number}`,
    url: `https://www.nexmark.com/${folders}/item.htm${query}`,
  };
}

/** The same events, each less than so many milliseconds behind what came before it. */
export function disordered(events: readonly AuctionEvent[], most: number, seed: number) {
  const random = new Random(seed);
  return events.map((event) => ({ event, arrives: event.at + random.below(most) }))
    .sort((a, b) => a.arrives - b.arrives)
    .map(({ event }) => event);
}

/** A small seeded generator (mulberry32), so that a failing case can be had again from its seed. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A double from 0 to below 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from 0 to below `end`. */
  below(end: number): number {
    return Math.floor(this.next() * end);
  }

  /** Whether something of this probability happens. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)];
  }

  /** The items in another order. */
  shuffle<T>(items: readonly T[]): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      [out[i], out[j]] = [out[j], out[i]];
    }
    return out;
  }
}

/** Runs a property for seeds `from` to below `from + runs`, naming the seed that fails. */
export function forSeeds(runs: number, property: (random: Random, seed: number) => void): void {
  for (let seed = 1; seed <= runs; seed++) {
    try {
      property(new Random(seed), seed);
    } catch (error) {
      throw new Error(`Property fails for seed ${seed}`, { cause: error });
    }
  }
}

/** As {@linkcode forSeeds}, one seed after the other; from 1 unless told otherwise. */
export async function forSeedsAsync(
  seeds: number | { readonly from: number; readonly runs: number },
  property: (random: Random, seed: number) => Promise<void>,
): Promise<void> {
  const { from, runs } = typeof seeds === "number" ? { from: 1, runs: seeds } : seeds;
  for (let seed = from; seed < from + runs; seed++) {
    try {
      await property(new Random(seed), seed);
    } catch (error) {
      throw new Error(`Property fails for seed ${seed}`, { cause: error });
    }
  }
}

/** How many seeds to try: so many, times what the environment's variable `SOAK` says. */
export function seeds(usual: number): number {
  return usual * Number(Deno.env.get("SOAK") ?? 1);
}

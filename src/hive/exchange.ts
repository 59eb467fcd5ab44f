import type { PeerMemory } from "./bee.ts";
import { abandonRing, allocateRing } from "./ring_buffer.ts";
import { CONTROL_BYTES } from "./ring_memory.ts";

/** Memory of all rings between the bees of a hive together, at most. */
export const EXCHANGE_BYTES: number = 256 * 1024 * 1024;

/**
 * Capacity of each ring between two of so many bees: a power of two, `mostBytes` where that is not
 * too much for all. There are nearly as many rings as the square of the bees, while the more bees
 * there are the less goes through each.
 */
export function exchangeRingBytes(mostBytes: number, bees: number): number {
  const rings = bees * (bees - 1);
  const room = EXCHANGE_BYTES / rings - CONTROL_BYTES;
  return Math.min(mostBytes, 2 ** Math.floor(Math.log2(room)));
}

/** Options of an {@linkcode Exchange}. */
export interface ExchangeOptions {
  readonly bees: number;
  /** Capacity of each ring, at most; 0 when the bees exchange nothing. */
  readonly ringBytes: number;
  readonly allocate: (bytes: number) => SharedArrayBuffer;
}

/** The rings between bees, one for each direction of each pair, as the hive keeps them. */
export class Exchange {
  readonly #options: ExchangeOptions;
  readonly #ringBytes: number;
  /** The ring from one bee to another, at `from * bees + to`. */
  readonly #rings: (SharedArrayBuffer | undefined)[] = [];

  /** Rings between all bees, or none at all. */
  constructor(options: ExchangeOptions) {
    this.#options = options;
    const { bees, ringBytes } = options;
    this.#ringBytes = exchangeRingBytes(ringBytes, bees);
    for (let from = 0; from < bees; from++) {
      for (let to = 0; to < bees; to++) if (from !== to) this.#make(from, to);
    }
  }

  /** What a bee needs of all others, whose control blocks are given by place. */
  peersOf(bee: number, controls: readonly SharedArrayBuffer[]): PeerMemory[] {
    const peers: PeerMemory[] = [];
    controls.forEach((control, other) => {
      const incoming = this.#rings[this.#at(other, bee)];
      const outgoing = this.#rings[this.#at(bee, other)];
      if (incoming && outgoing) peers.push({ bee: other, control, incoming, outgoing });
    });
    return peers;
  }

  /** Gives up all rings of a lost bee, which may still write to them, and makes new ones. */
  renew(bee: number): void {
    for (let other = 0; other < this.#options.bees; other++) {
      if (other === bee) continue;
      for (const [from, to] of [[bee, other], [other, bee]]) {
        const ring = this.#rings[this.#at(from, to)];
        if (ring) abandonRing(ring);
        this.#make(from, to);
      }
    }
  }

  #make(from: number, to: number): void {
    const { allocate } = this.#options;
    if (this.#ringBytes === 0) return;
    this.#rings[this.#at(from, to)] = allocateRing(this.#ringBytes, { allocate });
  }

  #at(from: number, to: number): number {
    return from * this.#options.bees + to;
  }
}

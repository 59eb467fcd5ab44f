import { Fifo } from "../../stream/fifo.ts";
import type { RecordBlock } from "../driver/driver.ts";
import type { Delivery } from "./delivery.ts";

/** Records of one batch that lie side by side. */
export interface Share {
  /** Whose they are. */
  readonly delivery: Delivery;
  /** How many. */
  records: number;
}

/** Whose the records are that wait to be sent: of each partition in the order of encoding. */
export class ShareLedger {
  readonly #lines: Fifo<Share>[] = [];

  /** Records of a batch were encoded, so many for each partition. */
  wrote(delivery: Delivery, counts: ArrayLike<number>): void {
    for (let partition = 0; partition < counts.length; partition++) {
      if (counts[partition] === 0) continue;
      this.#line(partition).push({ delivery, records: counts[partition] });
    }
  }

  /** The oldest records of a partition leave in a block: whose they are. */
  took({ partition, records }: RecordBlock): Share[] {
    const line = this.#line(partition);
    const shares: Share[] = [];
    for (let left = records; left > 0;) {
      const first = line.peek();
      if (!first) throw new Error(`${left} records of partition ${partition} are nobody's`);
      const taken = Math.min(left, first.records);
      shares.push({ delivery: first.delivery, records: taken });
      first.records -= taken;
      left -= taken;
      if (first.records === 0) line.shift();
    }
    return shares;
  }

  #line(partition: number): Fifo<Share> {
    return this.#lines[partition] ??= new Fifo();
  }
}

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

/** Tells deliveries what became of a block with records of theirs, part by part. */
export function settleShares(
  shares: readonly Share[],
  { parts, sizeBytes }: {
    readonly parts: readonly { readonly records: number; readonly error?: unknown }[];
    readonly sizeBytes: number;
  },
): void {
  const each = sizeBytes / parts.reduce((sum, { records }) => sum + records, 0);
  const left = parts.map(({ records, error }) => ({ records, error })).values();
  let part = left.next().value!;
  for (const { delivery, records } of shares) {
    for (let rest = records; rest > 0;) {
      if (part.records === 0) part = left.next().value!;
      const some = Math.min(rest, part.records);
      if (part.error === undefined) delivery.appended(some, some * each);
      else delivery.failed(some, part.error);
      part.records -= some;
      rest -= some;
    }
  }
}

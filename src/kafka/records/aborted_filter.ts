import type { AbortedTransaction } from "../driver/driver.ts";
import { Attribute, type BatchHeader } from "./batch_header.ts";

/** The kind of a control record that ends a transaction which counts for nothing (KIP-98). */
const ABORT = 0;

/**
 * Tells which batches count for nobody who reads what is committed. The list of aborted
 * transactions may be in any order, and name a producer several times.
 */
export class AbortedFilter {
  readonly #waiting: AbortedTransaction[];
  readonly #aborted = new Set<bigint>();

  /** A filter for batches in the order of their offsets. */
  constructor(aborted: readonly AbortedTransaction[]) {
    this.#waiting = aborted.toSorted((a, b) => b.firstOffset - a.firstOffset);
  }

  /** Whether the records of the next batch, which is no control batch, are of such a transaction. */
  isAborted({ lastOffset, attributes, producerId }: BatchHeader): boolean {
    this.#begin(lastOffset);
    return (attributes & Attribute.transactional) !== 0 && this.#aborted.has(producerId);
  }

  /** Takes note of a control batch: an abort marker ends the transaction of its producer. */
  end({ lastOffset, producerId }: BatchHeader, kind: number | undefined): void {
    this.#begin(lastOffset);
    if (kind === ABORT) this.#aborted.delete(producerId);
  }

  /** Transactions that have begun up to an offset. */
  #begin(offset: number): void {
    const waiting = this.#waiting;
    while (waiting.length > 0 && waiting.at(-1)!.firstOffset <= offset) {
      this.#aborted.add(waiting.pop()!.producerId);
    }
  }
}

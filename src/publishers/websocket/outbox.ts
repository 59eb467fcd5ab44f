import type { RecordBatch } from "../../batch/record_batch.ts";
import type { WireMessage } from "../../sources/websocket_wire.ts";
import type { Receipt } from "../../stream/publisher.ts";

/** A message that may have to be sent again. */
export interface Entry {
  readonly id: number;
  readonly batch: RecordBatch;
  readonly message: WireMessage;
  /** Bytes that it took, as far as it was sent. */
  bytes: number;
  /** How many bytes were sent over its connection up to its end. */
  end: number;
  /** Waits for an acknowledgement; absent where none comes. */
  readonly settling?: PromiseWithResolvers<Receipt>;
}

/** What was sent and is not known to have been taken, in order. */
export class Outbox {
  #entries: Entry[] = [];
  #waiting = new Set<() => void>();

  /** How many there are. */
  get length(): number {
    return this.#entries.length;
  }

  /** Records in all of them. */
  get records(): number {
    return this.#entries.reduce((sum, { batch }) => sum + batch.length, 0);
  }

  /** All of them. */
  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries[Symbol.iterator]();
  }

  /** Adds one behind the others. */
  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Takes one out; whether it was there. */
  remove(entry: Entry): boolean {
    const at = this.#entries.indexOf(entry);
    if (at < 0) return false;
    this.#entries.splice(at, 1);
    this.#changed();
    return true;
  }

  /** Takes all up to an id out, which were acknowledged; gives how many. */
  acknowledge(id: number): number {
    const taken = this.#entries.filter((entry) => entry.id <= id);
    if (taken.length === 0) return 0;
    this.#entries = this.#entries.filter((entry) => entry.id > id);
    for (const { settling, batch, bytes } of taken) {
      settling?.resolve({ records: batch.length, bytes });
    }
    this.#changed();
    return taken.length;
  }

  /** Takes all out whose last byte has left; gives how many. */
  sent(offset: number): number {
    const left = this.#entries.findIndex(({ end }) => end > offset);
    const count = left < 0 ? this.#entries.length : left;
    if (count === 0) return 0;
    this.#entries.splice(0, count);
    this.#changed();
    return count;
  }

  /** Takes all out that somebody waits for, who is told why they were not taken. */
  fail(error: unknown): Entry[] {
    const failed = this.#entries.filter(({ settling }) => settling);
    this.#entries = this.#entries.filter(({ settling }) => !settling);
    for (const { settling } of failed) settling!.reject(error);
    this.#changed();
    return failed;
  }

  /** Takes all out; gives how many records there were in them. */
  clear(): number {
    const { records } = this;
    this.#entries = [];
    this.#changed();
    return records;
  }

  /** Resolves when there are fewer than before. */
  shrinks(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #changed(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

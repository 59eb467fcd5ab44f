import type { RecordBatch } from "../../batch/record_batch.ts";
import type { WireMessage } from "../../sources/websocket_wire.ts";

/** A message that may have to be sent again. */
export interface Entry {
  readonly id: number;
  readonly batch: RecordBatch;
  readonly message: WireMessage;
  /** Bytes that it took, as far as it was sent. */
  bytes: number;
  /** How many bytes were sent over its connection up to its end. */
  end: number;
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

  /** How many messages there are, and records in them, in words. */
  toString(): string {
    return `${counted(this.length, "message")} with ${counted(this.records, "record")}`;
  }

  /** All of them. */
  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries[Symbol.iterator]();
  }

  /** Adds one behind the others. */
  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Takes one out, if it is there. */
  remove(entry: Entry): void {
    const at = this.#entries.indexOf(entry);
    if (at >= 0) this.#take(at, 1);
  }

  /** Takes all up to an id out, which were acknowledged; gives how many. */
  acknowledged(id: number): number {
    return this.#takeFirst((entry) => entry.id > id);
  }

  /** Takes all out whose last byte has left; gives how many. */
  left(offset: number): number {
    return this.#takeFirst((entry) => entry.end > offset);
  }

  /** Takes all out. */
  clear(): void {
    this.#take(0, this.#entries.length);
  }

  /** Resolves when there are fewer than before, or something else is told of. */
  changes(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** Tells those who wait to look again. */
  changed(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #takeFirst(stays: (entry: Entry) => boolean): number {
    const first = this.#entries.findIndex(stays);
    return this.#take(0, first < 0 ? this.#entries.length : first);
  }

  #take(at: number, count: number): number {
    if (count === 0) return 0;
    this.#entries.splice(at, count);
    this.changed();
    return count;
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

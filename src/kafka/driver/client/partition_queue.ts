import type { TopicPartition } from "../driver.ts";
import { NO_IDENTITY, type ProducerIdentity } from "../wire/transaction_requests.ts";
import { type Entry, isNumbered, sequenceAfter } from "./entry.ts";

/** Of how many record batches of a partition a broker recognises repeats: KIP-98. */
export const MOST_UNDER_WAY = 5;
/**
 * A broker that knows nothing of a producer takes any sequence number as its first (KIP-360), so that
 * the second block could get there before the first, which was refused in passing. Of one that has
 * appended something within this time it still knows, see producer.id.expiration.ms; but not when it
 * was started anew and the records' timestamps are older than that.
 */
const KNOWN_MS = 600_000;
/**
 * The blocks of one partition: those that wait, those under way, and the sequence numbers by which a
 * broker keeps their order and drops repeats. Of blocks with a number none is sent with another one
 * before all are settled, so that none can count twice.
 */
export class PartitionQueue implements TopicPartition {
  readonly topic: string;
  readonly partition: number;
  readonly #isIdempotent: boolean;
  /** In order. */
  readonly waiting: Entry[] = [];
  /** In order. */
  readonly flying: Entry[] = [];
  /**
   * Of which a broker says that they are not next, though nothing before them is missing: what is
   * behind them tells why. A broker that was started anew knows but the last batch as a repeat.
   */
  readonly suspects: Entry[] = [];
  /** Where those under way went. */
  address = "";
  /** Before when nothing is sent, on the runtime's clock. */
  notBeforeMs = 0;
  /** How often it failed since something was appended. */
  failures = 0;
  identity: ProducerIdentity = NO_IDENTITY;
  #sequence = 0;
  /** How many blocks have got a number. */
  #numbered = 0;
  #entries = 0;
  #isDraining = false;
  /** When something was appended last under this identity. */
  #appendedMs = -Infinity;
  #gap: "none" | "certain" | "uncertain" = "none";
  /** The place of the first such block. */
  #gapAt = Infinity;

  /** Nothing yet. */
  constructor({ topic, partition }: TopicPartition, isIdempotent: boolean) {
    this.topic = topic;
    this.partition = partition;
    this.#isIdempotent = isIdempotent;
  }

  /** The place of the next block. */
  nextOrder(): number {
    return this.#entries++;
  }

  /** Whether a block with a number failed: those behind it need other numbers. */
  get hasGap(): boolean {
    return this.#gap !== "none";
  }

  /** Whether such a block is before another one, and whether it may have been appended. */
  gapBefore({ order }: Entry): "none" | "certain" | "uncertain" {
    return order > this.#gapAt ? this.#gap : "none";
  }

  /** Whether the numbers have to begin anew, and can. */
  get needsRestart(): boolean {
    return this.hasGap && this.suspects.length === 0 && !this.#hasNumbered();
  }

  /** Whether what becomes of the suspects will not become clearer. */
  get isUndecided(): boolean {
    return this.suspects.length > 0 && !this.#hasNumbered();
  }

  /** What is to be sent to a broker next, if anything is. */
  next(nowMs: number, address: string): Entry | undefined {
    const head = this.hasGap ? this.waiting.find(isNumbered) : this.waiting[0];
    if (head === undefined || nowMs < this.notBeforeMs) return undefined;
    const underWay = this.flying.length;
    if (underWay === 0) this.#isDraining = false;
    else if (this.#isDraining || !this.#isIdempotent || this.address !== address) return undefined;
    const isKnown = nowMs - this.#appendedMs < KNOWN_MS;
    if (underWay >= (isKnown ? MOST_UNDER_WAY : 1)) return undefined;
    // Of an older block than the last five with a number the broker would not know that it is a repeat.
    const oldest = this.flying[0];
    const isTooFar = this.#isIdempotent && !isNumbered(head) && oldest !== undefined &&
      this.#numbered - oldest.ordinal >= MOST_UNDER_WAY;
    return isTooFar ? undefined : head;
  }

  /** Sends one that waits, with a number. */
  take(entry: Entry, address: string): void {
    this.waiting.splice(this.waiting.indexOf(entry), 1);
    this.flying.push(entry);
    this.address = address;
    if (!this.#isIdempotent || isNumbered(entry)) return;
    entry.ordinal = this.#numbered++;
    entry.sequence = this.#sequence;
    this.#sequence = sequenceAfter(this.#sequence, entry.block.records);
  }

  /** Whether no block with a number before one is unsettled. */
  isFirst(entry: Entry): boolean {
    const before = (other: Entry) => isNumbered(other) && other.order < entry.order;
    return !this.flying.some(before) && !this.waiting.some(before);
  }

  /** What is behind a block decides on it. */
  suspect(entry: Entry): void {
    this.#landed(entry);
    this.suspects.push(entry);
  }

  /**
   * Those of which no answer has come, or none that says more, and that were appended if a block
   * behind them was: a broker takes none before those that come first.
   */
  impliedBy({ order }: Entry): readonly Entry[] {
    return [...this.suspects, ...this.waiting].filter((entry) =>
      entry.isUncertain && isNumbered(entry) && entry.order < order
    );
  }

  /** A block was appended. */
  appended(entry: Entry, nowMs: number): void {
    this.#landed(entry);
    this.#appendedMs = nowMs;
    this.failures = 0;
  }

  /** A block is tried again, before all behind it; those under way come back first. */
  again(entry: Entry, notBeforeMs: number): void {
    this.#landed(entry);
    this.#put(entry);
    this.#isDraining = true;
    this.#appendedMs = -Infinity; // it may be another broker by now, or the same one started anew
    this.notBeforeMs = Math.max(this.notBeforeMs, notBeforeMs);
  }

  /**
   * A block that was not appended, because it is too large, is sent as several, before all behind it.
   * Those under way come back first: a broker takes none before these.
   */
  replace(entry: Entry, parts: readonly Entry[]): void {
    this.#landed(entry);
    if (isNumbered(entry)) {
      const more = parts.length - 1;
      for (const other of [...this.flying, ...this.suspects, ...this.waiting]) {
        if (other.ordinal > entry.ordinal) other.ordinal += more;
      }
      this.#numbered += more;
      this.#isDraining = true;
    }
    for (const part of parts) this.#put(part);
  }

  /** A block is given up. */
  failed(entry: Entry): void {
    this.#landed(entry);
    if (!isNumbered(entry)) return;
    this.#gapAt = Math.min(this.#gapAt, entry.order);
    if (this.#gap !== "uncertain") this.#gap = entry.isUncertain ? "uncertain" : "certain";
  }

  /** A block that was surely not appended is sent with another number. */
  renumber(entry: Entry): void {
    this.#landed(entry);
    entry.sequence = -1;
    entry.isSealed = false;
    entry.isUncertain = false;
    this.#put(entry);
  }

  /** The numbers begin anew, for another identity. */
  restart(identity: ProducerIdentity): void {
    this.identity = identity;
    this.#sequence = 0;
    this.#appendedMs = -Infinity;
    this.#gap = "none";
    this.#gapAt = Infinity;
  }

  #hasNumbered(): boolean {
    return this.flying.length > 0 || this.waiting.some(isNumbered);
  }

  #landed(entry: Entry): void {
    for (const list of [this.flying, this.suspects, this.waiting]) {
      const at = list.indexOf(entry);
      if (at >= 0) list.splice(at, 1);
    }
  }

  #put(entry: Entry): void {
    const at = this.waiting.findIndex((other) => other.order > entry.order);
    this.waiting.splice(at < 0 ? this.waiting.length : at, 0, entry);
  }
}

import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import type { RecordBlock } from "../driver/driver.ts";
import { PartlySent } from "../driver/kafka_error.ts";
import type { Delivery } from "./delivery.ts";
import type { Lane } from "./lane.ts";
import { settleShares, type Share, ShareLedger } from "./share_ledger.ts";

/** Blocks that are under way of each partition before one leaves that is not full. */
const EAGER_BLOCKS = 4;

/** Encodes rows behind those that wait. */
export interface BlockEncoder extends Disposable {
  /** Encodes rows; all of them, or none when it throws. */
  append(batch: RecordBatch, nowMs: number): void;
  /** Records of a partition that wait to be taken. */
  pendingIn(partition: number): number;
  /** Bytes that wait to be taken. */
  readonly pendingBytes: number;
  /** Records that wait to be taken. */
  readonly pendingRecords: number;
  /** Full blocks, or all there is. */
  take(all: boolean): Iterable<RecordBlock>;
}

/** What an {@linkcode Outbox} goes by. */
export interface OutboxOptions {
  /** Where blocks go. */
  readonly lane: Lane;
  /** Bytes that are encoded and not acknowledged; with more there is no room. */
  readonly bufferBytes: number;
  /** How long records wait for others while some are under way, ms. */
  readonly lingerMs: number;
  /** The world. */
  readonly runtime: Runtime;
}

/** What is encoded and not acknowledged: gathers rows to blocks, sends them, and keeps account. */
export class Outbox implements Disposable {
  readonly #options: OutboxOptions;
  readonly #ledger = new ShareLedger();
  #encoder: BlockEncoder | undefined;
  #partitions = 1;
  /** What an encoder before had. */
  #left: RecordBlock[] = [];
  #leftBytes = 0;
  #blocks = 0;
  #sentBytes = 0;
  #room: PromiseWithResolvers<void> | undefined;
  #cancelLinger: Cancel | undefined;
  #isDue = false;
  #isSoon = false;
  #urgent = 0;

  /** With nothing in it. */
  constructor(options: OutboxOptions) {
    this.#options = options;
  }

  /** Whether more may be encoded. */
  get hasRoom(): boolean {
    const pendingBytes = this.#encoder?.pendingBytes ?? 0;
    return this.#sentBytes + this.#leftBytes + pendingBytes < this.#options.bufferBytes;
  }

  /** Whether anything waits to be sent. */
  get hasPending(): boolean {
    return this.#left.length > 0 || (this.#encoder?.pendingRecords ?? 0) > 0;
  }

  /** Whether nothing waits and nothing is under way. */
  get isIdle(): boolean {
    return this.#blocks === 0 && !this.hasPending;
  }

  /** Resolves when there is room. */
  async room(): Promise<void> {
    while (!this.hasRoom) {
      this.#room ??= Promise.withResolvers();
      const { promise } = this.#room;
      this.pump(true);
      await promise;
    }
  }

  /** What encodes from now on, for so many partitions; what another has goes first. */
  use(encoder: BlockEncoder, partitions: number): void {
    this.#partitions = partitions;
    if (encoder === this.#encoder) return;
    const left = [...this.#encoder?.take(true) ?? []];
    this.#encoder?.[Symbol.dispose]();
    this.#encoder = encoder;
    this.#left.push(...left);
    for (const { bytes } of left) this.#leftBytes += bytes.length;
    this.pump(true);
  }

  /** Encodes rows of a delivery; they leave soon. */
  append(batch: RecordBatch, delivery: Delivery): void {
    const encoder = this.#encoder!;
    const before = this.#pending(encoder);
    encoder.append(batch, this.#options.runtime.wallClockMs());
    const counts = this.#pending(encoder).map((count, partition) => count - before[partition]);
    this.#ledger.wrote(delivery, counts);
    delivery.encoded(batch.length);
    if (this.#isSoon) return;
    this.#isSoon = true;
    // what is published in the same breath leaves together
    Promise.resolve().then(() => this.#gathered());
  }

  /** Has everything leave as soon as it can until a promise settles. */
  async urgently(over: Promise<unknown>): Promise<void> {
    this.#urgent++;
    this.pump(true);
    try {
      await over;
    } finally {
      this.#urgent--;
    }
  }

  /** Whether somebody waits for everything to leave. */
  get isUrgent(): boolean {
    return this.#urgent > 0;
  }

  /** Sends full blocks, or all there is. */
  pump(all: boolean): void {
    if (!this.hasPending) return;
    if (!this.#options.lane.isOpen) return this.#options.lane.wanted();
    if (all) this.#cancel();
    for (const block of this.#waiting(all)) this.#send(block);
  }

  /** Drops all that waits; whose it was. */
  discard(): Set<Delivery> {
    this.#cancel();
    const shares = [...this.#waiting(true)].flatMap((block) => this.#ledger.took(block));
    this.#tellRoom();
    return new Set(shares.map(({ delivery }) => delivery));
  }

  /** Gives the kernel's memory back. */
  [Symbol.dispose](): void {
    this.#cancel();
    this.#encoder?.[Symbol.dispose]();
    this.#encoder = undefined;
  }

  #pending(encoder: BlockEncoder): Uint32Array {
    const counts = new Uint32Array(this.#partitions);
    for (let at = 0; at < counts.length; at++) counts[at] = encoder.pendingIn(at);
    return counts;
  }

  *#waiting(all: boolean): Generator<RecordBlock> {
    const left = this.#left;
    [this.#left, this.#leftBytes] = [[], 0];
    yield* left;
    yield* this.#encoder?.take(all) ?? [];
  }

  #gathered(): void {
    this.#isSoon = false;
    const { lane, lingerMs, runtime } = this.#options;
    this.pump(this.#blocks === 0 || this.isUrgent || lingerMs === 0);
    if (!this.hasPending || !lane.isOpen || this.#isDue) return;
    this.#cancelLinger ??= runtime.after(lingerMs, () => {
      this.#cancelLinger = undefined;
      this.#isDue = true;
      this.#pumpDue();
    });
  }

  /** What has waited long enough leaves, but not to wait elsewhere in small pieces. */
  #pumpDue(): void {
    if (this.#blocks === 0 || this.#isDue && this.#blocks < EAGER_BLOCKS * this.#partitions) {
      this.pump(true);
    }
  }

  #send(block: RecordBlock): void {
    const shares = this.#ledger.took(block);
    const sizeBytes = block.bytes.length; // it is given away
    this.#blocks++;
    this.#sentBytes += sizeBytes;
    const sent = this.#options.lane.send(block, shares.map(({ delivery }) => delivery));
    sent.then(
      () => settleShares(shares, { parts: [{ records: block.records }], sizeBytes }),
      (error) => {
        const all = [{ records: block.records, error }];
        const parts = error instanceof PartlySent ? error.parts : all;
        settleShares(shares, { parts, sizeBytes });
      },
    ).then(() => this.#settled(shares, sizeBytes));
  }

  #settled(shares: readonly Share[], sizeBytes: number): void {
    const { lane } = this.#options;
    this.#blocks--;
    this.#sentBytes -= sizeBytes;
    for (const { delivery } of shares) if (delivery.isComplete) lane.completed(delivery);
    this.#pumpDue();
    this.#tellRoom();
    if (this.isIdle) lane.idle();
  }

  #tellRoom(): void {
    if (!this.#room || !this.hasRoom) return;
    this.#room.resolve();
    this.#room = undefined;
  }

  #cancel(): void {
    this.#cancelLinger?.();
    this.#cancelLinger = undefined;
    this.#isDue = false;
  }
}

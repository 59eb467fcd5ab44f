import type { Hive } from "../hive/hive.ts";
import {
  message,
  MESSAGE_HEADER_BYTES,
  MessageFlag,
  type MessageHeader,
  writeMessageHeader,
} from "../hive/pipeline_frames.ts";
import { MOST_BLOCKS_BEHIND } from "../hive/time_board.ts";
import type { BlockContent } from "./block_content.ts";
import type { BlockHistory } from "./block_history.ts";
import type { LogEntry, WorkLog } from "./work_log.ts";

/** Batches that a bee has at a time: one in work, and enough waiting that it need not wait. */
const CREDIT = 3;

/** What is known of blocks of bytes, and how far their watermark lags behind. */
export interface BlockTimes {
  readonly history: BlockHistory;
  /** By how much, ms. */
  readonly bound: number;
}

/** Hands the batches of the log to the bees: who is done sooner gets more. */
export class Dispatcher {
  readonly #hive: Hive;
  readonly #log: WorkLog;
  /** Numbers of the batches that each bee has. */
  readonly #held: Set<number>[];
  /** Messages to all bees that some have not got yet. */
  #controls: { readonly header: MessageHeader; readonly missing: Set<number> }[] = [];
  readonly #blocked = new Map<number, number>();
  /** Whether a batch must be done with before the next one is sent. */
  sendsOne = false;
  /** Bytes that each bee was given so far. */
  readonly #given: number[];
  readonly #blocks: BlockTimes | undefined;
  #generation = 0;

  /** A dispatcher to all bees of a hive, of blocks too where something is known of their times. */
  constructor(
    hive: Hive,
    log: WorkLog,
    { bees, blocks }: { readonly bees: number; readonly blocks?: BlockTimes | undefined },
  ) {
    this.#hive = hive;
    this.#log = log;
    this.#blocks = blocks;
    this.#held = Array.from({ length: bees }, () => new Set());
    this.#given = Array.from({ length: bees }, () => 0);
  }

  /** How many bees were lost: messages of an older generation are void. */
  get generation(): number {
    return this.#generation;
  }

  /** Inboxes that had no room, and the bytes that were to be sent. */
  get blocked(): ReadonlyMap<number, number> {
    return this.#blocked;
  }

  /** Batches that a bee has. */
  heldBy(bee: number): ReadonlySet<number> {
    return this.#held[bee];
  }

  /** The bee is done with a batch. */
  settled(bee: number, sequence: number): void {
    this.#held[bee].delete(sequence);
  }

  /** Sends a message to all bees, before any batch that was not sent. */
  control(header: Partial<MessageHeader>): void {
    const missing = new Set(this.#held.keys());
    this.#controls.push({ header: message(header), missing });
  }

  /** Whether every message to all bees was sent. */
  get isClear(): boolean {
    return this.#controls.length === 0;
  }

  /** Sends what can be sent now; whether there was anything. */
  send(): boolean {
    this.#blocked.clear();
    let any = this.#sendControls();
    if (!this.isClear) return any;
    for (let entry = this.#log.peek(); entry; entry = this.#log.peek()) {
      if (this.sendsOne && this.#held.some(({ size }) => size > 0)) break;
      if (!this.#give(entry)) break;
      this.#log.sent();
      any = true;
    }
    return any;
  }

  #sendControls(): boolean {
    let any = false;
    for (const { header, missing } of this.#controls) {
      for (const bee of missing) {
        const frame = this.#reserve(bee, MESSAGE_HEADER_BYTES);
        if (!frame) continue;
        writeMessageHeader(frame, { ...header, generation: this.#generation });
        this.#hive.send(bee);
        missing.delete(bee);
        any = true;
      }
      if (missing.size > 0) return any;
    }
    this.#controls = [];
    return any;
  }

  #give(entry: LogEntry): boolean {
    const { content } = entry;
    const header = this.#headerOf(entry);
    if (!header) return false;
    // the header's times stand before a block
    const bytes = MESSAGE_HEADER_BYTES + content.bytes;
    for (const bee of this.#byLoad()) {
      const frame = this.#reserve(bee, bytes);
      if (!frame) continue;
      writeMessageHeader(frame, header);
      content.write(frame.subarray(MESSAGE_HEADER_BYTES));
      this.#hive.send(bee);
      this.#held[bee].add(entry.sequence);
      this.#given[bee] += content.keptBytes;
      return true;
    }
    return false;
  }

  /** Bees with credit, those with least to do first, then those that had least to do so far. */
  #byLoad(): number[] {
    return [...this.#held.keys()].filter((bee) => this.#held[bee].size < CREDIT)
      .sort((a, b) => this.#held[a].size - this.#held[b].size || this.#given[a] - this.#given[b]);
  }

  /** `undefined`: it is too far ahead of blocks of which nothing is known yet. */
  #headerOf(entry: LogEntry): MessageHeader | undefined {
    const { feed, sequence, nowMs, losses, content, block } = entry;
    const { partition: count, position, watermark, watermarkAfter, cap } = feed;
    const place = block
      ? this.#placeOf(block, sequence)
      : { count, position, watermark, watermarkAfter, cap };
    if (!place) return undefined;
    const { kind, flags } = content;
    return message({
      kind,
      generation: this.#generation,
      flags: flags | (losses > 0 ? MessageFlag.suspect : 0),
      sequence,
      ...place,
      amount: nowMs,
    });
  }

  #placeOf(block: BlockContent, sequence: number): Partial<MessageHeader> | undefined {
    const { history, bound } = this.#blocks!;
    const { greatest } = block.before ?? history;
    const count = block.before ? 0 : sequence - history.known;
    if (count >= MOST_BLOCKS_BEHIND) return undefined;
    block.sentWith(block.before ? block.timesBefore : history.times);
    const { offset: position, greatest: cap } = block;
    return { count, position, watermark: greatest - bound, cap };
  }

  #reserve(bee: number, bytes: number): Uint8Array | undefined {
    const frame = this.#hive.reserve(bee, bytes);
    if (!frame) this.#blocked.set(bee, bytes);
    return frame;
  }

  /** A bee was lost with its batches, and the others go on. */
  forget(bee: number): void {
    this.#held[bee].clear();
  }

  /** Begins anew: nothing that was sent counts any more. */
  restart(): void {
    this.#generation++;
    this.#controls = [];
    for (const held of this.#held) held.clear();
    this.#log.rewind();
  }
}

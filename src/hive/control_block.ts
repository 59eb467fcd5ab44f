import type { Waiter } from "../runtime/runtime.ts";
import { type Bell, ringBell } from "./ring_buffer.ts";

const LINE_WORDS = 16; // words of a 64-byte cache line
const CONTROL_WORDS = 3 * LINE_WORDS;

/** What a bee was told to do. */
export const Command = { run: 0, stop: 1 } as const;

/** What a bee does. */
export const BeeState = {
  starting: 0,
  idle: 1,
  working: 2,
  waitingForRoom: 3,
  stopped: 4,
} as const;

// Words: what others write, what the bee writes, and the doorbell, a cache line each.
const BELL = 0;
const COMMAND = LINE_WORDS;
const MAIL = COMMAND + 1;
const STATE = 2 * LINE_WORDS;
const PROGRESS = STATE + 1;
const BATCH = STATE + 2;
const LOW = STATE + 3;
const HIGH = STATE + 4;
const BEATS = STATE + 5;

/** Bytes of a {@linkcode ControlBlock}. */
export const CONTROL_BYTES: number = 4 * CONTROL_WORDS;

/**
 * The few shared words by which a hive and one of its bees steer each other, for a parked bee
 * hears no messages.
 *
 * The bell is the one place where the bee sleeps, whatever it waits for: its rings ring it, and so
 * does whoever changes the command.
 */
export class ControlBlock {
  /** Where the owner sleeps. */
  readonly bell: Bell;
  readonly #words: Int32Array;
  readonly #waiter: Waiter;

  /** A view of shared memory of {@linkcode CONTROL_BYTES}. */
  constructor(memory: SharedArrayBuffer, waiter: Waiter) {
    this.#words = new Int32Array(memory, 0, CONTROL_WORDS);
    this.#waiter = waiter;
    this.bell = { cells: this.#words, index: BELL };
  }

  /** Wakes the owner if it sleeps. */
  ring(): void {
    ringBell(this.bell, this.#waiter);
  }

  /** What the hive wants. */
  get command(): number {
    return Atomics.load(this.#words, COMMAND);
  }

  set command(value: number) {
    Atomics.store(this.#words, COMMAND, value);
    this.ring();
  }

  /**
   * How many messages were posted to the owner. A parked thread hears none, so it returns to its
   * event loop until it has had as many.
   */
  get mail(): number {
    return Atomics.load(this.#words, MAIL);
  }

  /** Tells the owner of a message that is on its way. */
  announceMail(): void {
    Atomics.add(this.#words, MAIL, 1);
    this.ring();
  }

  /** A counter that moves with every step, whether there was work or not. */
  get beats(): number {
    return Atomics.load(this.#words, BEATS);
  }

  /** Tells that the owner lives. */
  beat(): void {
    this.#words[BEATS]++;
  }

  /** What the bee does. */
  get state(): number {
    return Atomics.load(this.#words, STATE);
  }

  set state(value: number) {
    if (this.#words[STATE] !== value) Atomics.store(this.#words, STATE, value);
  }

  /** A counter that moves whenever a record or batch is finished: a bee that hangs stops it. */
  get progress(): number {
    return Atomics.load(this.#words, PROGRESS);
  }

  /** Tells that something was finished. */
  advance(): void {
    this.#words[PROGRESS]++;
  }

  /** Which rows are being worked on, in case the bee is lost: `[low, high)` of a batch. */
  setCursor(batch: number, low: number, high: number): void {
    // Plain stores: one record costs nanoseconds here, and the reader looks only after a hang.
    this.#words[BATCH] = batch;
    this.#words[LOW] = low;
    this.#words[HIGH] = high;
  }

  /** The rows that were being worked on last. */
  cursor(): { batch: number; low: number; high: number } {
    return {
      batch: Atomics.load(this.#words, BATCH),
      low: Atomics.load(this.#words, LOW),
      high: Atomics.load(this.#words, HIGH),
    };
  }
}

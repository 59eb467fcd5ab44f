import type { Cancel, Runtime } from "../runtime/runtime.ts";
import type { BatchFeed } from "./batch_feed.ts";
import type { FeedItem } from "./feed_item.ts";
import type { RunBees } from "./loss_recovery.ts";

/** Whose clock a {@linkcode RunClock} is. */
export interface ClockEvents {
  /** Whether nothing more will be read. */
  isEnded(): boolean;
  /** Takes in what the clock brings about. */
  brings(make: () => readonly FeedItem[]): void;
  /** There is something to do. */
  wake(): void;
}

/** What the clock brings about in a run, whatever its source gives meanwhile. */
export class RunClock {
  readonly #runtime: Runtime;
  readonly #feed: BatchFeed;
  readonly #events: ClockEvents;
  #cancelTick: Cancel | undefined;
  /** When somebody waits for the clock, ms. */
  #dueAt = Infinity;
  #cancelKeep: Cancel | undefined;

  /** A clock that nobody waits for. */
  constructor(runtime: Runtime, feed: BatchFeed, events: ClockEvents) {
    this.#runtime = runtime;
    this.#feed = feed;
    this.#events = events;
  }

  /** The source is waited for: while it is silent watermarks may move by the clock. */
  wait(): void {
    const dueMs = this.#feed.dueIn();
    if (dueMs === Infinity) return;
    this.#cancelTick = this.#runtime.after(dueMs, () => {
      if (this.#events.isEnded()) return;
      this.#tick();
      this.wait();
    });
  }

  /** The source has given something. */
  heard(): void {
    this.#cancelTick?.();
  }

  #tick(): void {
    let hasMoved = false;
    this.#events.brings(() => {
      const moved = this.#feed.tick();
      hasMoved = moved !== undefined;
      return moved ? [moved] : [];
    });
    if (hasMoved) this.#events.wake();
  }

  /** Who waits for the clock in a bee gets it by a batch without rows, where no other brings it. */
  keep(bees: RunBees): void {
    const dueAt = this.#events.isEnded() ? Infinity : bees.job.dueAt(bees.context);
    if (dueAt === this.#dueAt) return;
    this.#dueAt = dueAt;
    this.#cancelKeep?.();
    if (dueAt === Infinity) return;
    this.#cancelKeep = this.#runtime.after(Math.ceil(dueAt - this.#runtime.monotonicMs()), () => {
      this.#dueAt = Infinity;
      this.#beat(bees);
      this.#events.wake();
    });
  }

  /** The clock has gone on. */
  elapse(bees: RunBees | undefined): void {
    if (this.#events.isEnded()) return;
    this.#tick();
    if (bees) this.#beat(bees);
  }

  /** Brings the clock to the bees, if one of them waits for what it shows. */
  #beat({ job, context }: RunBees): void {
    if (this.#events.isEnded() || job.dueAt(context) > this.#runtime.monotonicMs()) return;
    this.#events.brings(() => [this.#feed.beat()]);
  }

  /** Nobody waits for it any more. */
  close(): void {
    this.#cancelTick?.();
    this.#cancelKeep?.();
  }
}

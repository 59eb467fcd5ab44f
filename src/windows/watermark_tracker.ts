import type { WatermarkGenerator, WatermarkStrategy } from "./watermark_strategy.ts";

const NO_PARTITION = -1;

/** When a source partition without rows no longer holds the watermark back. */
export interface IdleRule {
  /** For how long it has had none, ms. */
  readonly afterMs: number;
  /**
   * Which time that is: the greatest event time of all partitions, or that of the clock while the
   * source was waited for.
   */
  readonly clock: "stream" | "wall";
}

/** What the clocks say, ms. */
export interface Clocks {
  /** Of a clock that never goes back. */
  readonly nowMs: number;
  /** How long the source was waited for so far. */
  readonly waitedMs: number;
}

/** Options of a {@linkcode WatermarkTracker}. */
export interface WatermarkTrackerOptions {
  readonly partitions: number;
  /** Absent: partitions are never idle. */
  readonly idle?: IdleRule;
}

/**
 * The watermark of a source: the least of those of its partitions which are not idle, or, when all
 * are, the greatest. What has ended is idle for ever. It never goes back, whatever generators give.
 */
export class WatermarkTracker {
  readonly #strategy: WatermarkStrategy;
  readonly #generators: WatermarkGenerator[];
  readonly #interval: number | undefined;
  readonly #idle: IdleRule | undefined;
  /** Watermark of each partition, ms. */
  #marks: Float64Array;
  /** When, by the clock of the idle rule, each partition had its last row. */
  #seen: Float64Array;
  readonly #ended = new Set<number>();
  /** The clock of the idle rule, ms; `-Infinity` before the first event time. */
  #clock: number;
  #watermark = -Infinity;
  /** When generators were last called by the clock. */
  #periodMs: number | undefined;
  /** The partition whose rows come. */
  #current = NO_PARTITION;
  /** What the others hold the watermark down to, ms. */
  #others = Infinity;
  /** When, by stream time, the next of the others becomes idle. */
  #nextIdle = Infinity;

  /** Watermarks of a source before its first row. */
  constructor(strategy: WatermarkStrategy, { partitions, idle }: WatermarkTrackerOptions) {
    this.#strategy = strategy;
    this.#generators = Array.from({ length: partitions }, () => strategy.create());
    this.#interval = strategy.interval;
    this.#idle = idle;
    this.#marks = new Float64Array(partitions).fill(-Infinity);
    this.#seen = new Float64Array(partitions);
    this.#clock = idle?.clock === "stream" ? -Infinity : 0;
  }

  /** The watermark now, ms. */
  get watermark(): number {
    return this.#watermark;
  }

  /** Watermark of a partition alone, ms. */
  markOf(partition: number): number {
    return this.#marks[partition];
  }

  /** Whether a partition holds the watermark back: not when it is idle, or has ended. */
  holdsBack(partition: number): boolean {
    return !this.#isIdle(partition);
  }

  /**
   * A row of a partition has come; `row` is what its generator is told of it.
   *
   * @throws {TypeError} when the generator gives what is no watermark.
   */
  event(partition: number, time: number, row: unknown): void {
    this.#mark(partition, this.#generators[partition].onEvent(time, row));
    if (this.#idle) this.#noteRow(partition, time);
    if (partition !== this.#current || this.#clock >= this.#nextIdle) this.#turnTo(partition);
    this.#raise(Math.min(this.#marks[partition], this.#others));
  }

  /** The watermark is at least this from now on, whatever the rows, ms. */
  advance(watermark: number): void {
    for (let partition = 0; partition < this.#marks.length; partition++) {
      this.#mark(partition, watermark);
    }
    this.#current = NO_PARTITION;
    this.#raise(watermark);
  }

  /** The watermark of a partition is at least this from now on, ms. */
  begin(partition: number, watermark: number): void {
    this.#mark(partition, watermark);
    this.#current = NO_PARTITION;
    this.#raise(this.#combined());
  }

  /** There are so many partitions from now on; a new one is not idle yet. */
  grow(partitions: number): void {
    const { length } = this.#marks;
    const grown = (values: Float64Array, value: number) => {
      const all = new Float64Array(partitions).fill(value);
      all.set(values);
      return all;
    };
    this.#marks = grown(this.#marks, -Infinity);
    this.#seen = grown(this.#seen, Math.max(0, this.#clock));
    for (let at = length; at < partitions; at++) this.#generators.push(this.#strategy.create());
    this.#current = NO_PARTITION;
  }

  /** Nothing more will come of a partition. */
  end(partition: number): void {
    this.#ended.add(partition);
    this.#current = NO_PARTITION;
    this.#raise(this.#combined());
  }

  /** Time has passed: generators give watermarks by the clock, and partitions become idle by it. */
  elapse({ nowMs, waitedMs }: Clocks): void {
    const interval = this.#interval;
    const isTimed = this.#idle?.clock === "wall";
    if (interval === undefined && !isTimed) return;
    if (isTimed) this.#clock = waitedMs;
    this.#periodMs ??= nowMs;
    if (interval !== undefined && nowMs - this.#periodMs >= interval) {
      this.#periodMs = nowMs;
      this.#generators.forEach((each, partition) => this.#mark(partition, each.onPeriodic?.()));
    }
    this.#current = NO_PARTITION;
    this.#raise(this.#combined());
  }

  /** In how many milliseconds {@linkcode WatermarkTracker.elapse} may change something. */
  dueIn({ nowMs, waitedMs }: Clocks): number {
    const period = this.#interval === undefined
      ? Infinity
      : (this.#periodMs ?? nowMs) + this.#interval - nowMs;
    const { clock, afterMs = 0 } = this.#idle ?? {};
    if (clock !== "wall") return period;
    let next = Infinity;
    for (const seen of this.#seen) {
      // Who was idle at the last look need not be looked at again.
      if (seen + afterMs > this.#clock) next = Math.min(next, seen + afterMs - waitedMs);
    }
    return Math.max(0, Math.min(period, next));
  }

  #mark(partition: number, watermark: number | undefined): void {
    if (watermark === undefined) return;
    if (typeof watermark !== "number" || Number.isNaN(watermark) || watermark === Infinity) {
      throw notFinite(watermark);
    }
    if (watermark > this.#marks[partition]) this.#marks[partition] = watermark;
  }

  #noteRow(partition: number, time: number): void {
    if (this.#idle!.clock === "stream") {
      // Before the first row of all, nobody was silent.
      if (this.#clock === -Infinity) this.#seen.fill(time);
      if (time > this.#clock) this.#clock = time;
    }
    this.#seen[partition] = this.#clock;
  }

  #isIdle(partition: number): boolean {
    if (this.#ended.has(partition)) return true;
    return this.#idle !== undefined && this.#clock - this.#seen[partition] >= this.#idle.afterMs;
  }

  /** Looks at the others once, for all rows of a partition that follow each other. */
  #turnTo(partition: number): void {
    this.#current = partition;
    this.#others = Infinity;
    this.#nextIdle = Infinity;
    for (let other = 0; other < this.#marks.length; other++) {
      if (other === partition || this.#isIdle(other)) continue;
      this.#others = Math.min(this.#others, this.#marks[other]);
      if (this.#idle?.clock !== "stream") continue;
      this.#nextIdle = Math.min(this.#nextIdle, this.#seen[other] + this.#idle.afterMs);
    }
  }

  #combined(): number {
    const active = this.#marks.filter((_, partition) => !this.#isIdle(partition));
    const some = active.length > 0;
    return (some ? active : this.#marks).reduce(
      (one, other) => some ? Math.min(one, other) : Math.max(one, other),
    );
  }

  #raise(watermark: number): void {
    if (watermark > this.#watermark) this.#watermark = watermark;
  }
}

function notFinite(watermark: unknown): TypeError {
  return new TypeError(
    `Cannot take watermark: a generator gives a finite number of milliseconds or undefined, ` +
      `received ${typeof watermark === "number" ? watermark : typeof watermark}`,
  );
}

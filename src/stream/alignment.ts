import { hasPartitions, partitionsText, type Source, type SourceAlignment } from "./source.ts";

/** How far source partitions stand, and which of them hold the watermark back. */
export interface PartitionMarks {
  readonly length: number;
  /** Watermark of a partition alone, ms. */
  markOf(partition: number): number;
  /** Whether it holds the others back: not when it is idle, or has ended. */
  holdsBack(partition: number): boolean;
}

/** Tells a source which of its partitions are too far ahead of others to be read now. */
export class Alignment implements SourceAlignment {
  readonly #maxDriftMs: number;
  readonly #marks: PartitionMarks;
  #changed = Promise.withResolvers<void>();

  /** Partitions may be so far ahead of the slowest, ms. */
  constructor(maxDriftMs: number, marks: PartitionMarks) {
    this.#maxDriftMs = maxDriftMs;
    this.#marks = marks;
  }

  /** Whether a partition is ahead; never the slowest, so that there is always one to read. */
  isAhead(partition: number): boolean {
    const marks = this.#marks;
    let least = Infinity;
    for (let other = 0; other < marks.length; other++) {
      if (other !== partition && marks.holdsBack(other)) {
        least = Math.min(least, marks.markOf(other));
      }
    }
    return marks.markOf(partition) - least > this.#maxDriftMs;
  }

  /** Resolves when watermarks have moved, or partitions hold back no longer. */
  changed(): Promise<void> {
    return this.#changed.promise;
  }

  /** Something of that has happened. */
  notify(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }
}

/** Whether a source can hold its partitions back, or has but one. */
export function canAlign(source: Source): boolean {
  return !hasPartitions(source) || (source.aligns ?? false);
}

/** @throws {TypeError} when a source has several partitions and cannot hold one of them back. */
export function checkAligns(source: Source): void {
  if (canAlign(source)) return;
  throw new TypeError(
    `Cannot align ${source.name}: it has ${partitionsText(source)}, and does not say that it ` +
      `heeds the alignment that open() gets (aligns: true); leave alignment out, or unite ` +
      `sources of one partition each`,
  );
}

/** One alignment of several, which hold a partition back only together: so none waits for another. */
export function jointAlignment(
  all: readonly SourceAlignment[],
): SourceAlignment | undefined {
  if (all.length < 2) return all[0];
  return {
    isAhead: (partition) => all.every((each) => each.isAhead(partition)),
    changed: () => Promise.race(all.map((each) => each.changed())),
  };
}

/** An alignment as a source sees it whose partitions have some numbers among all. */
export function alignmentAmong(
  all: SourceAlignment,
  placeOf: (partition: number) => number,
): SourceAlignment {
  return {
    isAhead: (partition) => all.isAhead(placeOf(partition)),
    changed: () => all.changed(),
  };
}

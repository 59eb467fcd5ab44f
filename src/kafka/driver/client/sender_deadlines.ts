import type { Entry } from "./entry.ts";
import type { PartitionQueue } from "./partition_queue.ts";

/** A block whose time is up. */
export interface Overdue {
  readonly entry: Entry;
  /** Whether it is under way. */
  readonly isUnderWay: boolean;
}

/** Blocks that were tried for as long as they may be. */
export function overdue(queues: Iterable<PartitionQueue>, nowMs: number): Overdue[] {
  return Array.from(queues, ({ flying, waiting }) => [
    ...flying.map((entry) => ({ entry, isUnderWay: true })),
    ...waiting.map((entry) => ({ entry, isUnderWay: false })),
  ]).flat().filter(({ entry }) => entry.deadlineMs <= nowMs && !entry.isSettled);
}

/** When the next block that had to wait at a time may be tried again, or is to be given up. */
export function nextDueMs(queues: Iterable<PartitionQueue>, lookedMs: number): number {
  let atMs = Infinity;
  for (const { flying, waiting, notBeforeMs } of queues) {
    const [oldest] = flying.length > 0 ? flying : waiting;
    if (oldest !== undefined && !oldest.isSettled) atMs = Math.min(atMs, oldest.deadlineMs);
    if (waiting.length > 0 && notBeforeMs > lookedMs) atMs = Math.min(atMs, notBeforeMs);
  }
  return atMs;
}

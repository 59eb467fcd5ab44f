import type { Appended, RecordBlock } from "../driver.ts";
import type { PartitionQueue } from "./partition_queue.ts";

/** Sequence numbers are of 31 bits and begin anew behind the last. */
const SEQUENCE_MASK = 0x7fff_ffff;

/** A block on its way. */
export interface Entry {
  readonly block: RecordBlock;
  readonly queue: PartitionQueue;
  /** Its place among all of its partition. */
  readonly order: number;
  /** What there is room for before the next place. */
  readonly span: number;
  /** When it is given up, on the runtime's clock. */
  readonly deadlineMs: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: unknown) => void;
  /** The number of its first record; −1: it was not sent, or not as it will be. */
  sequence: number;
  /** Which block with a number it is. */
  ordinal: number;
  /** Whether an answer to it was lost: it may have been appended. */
  isUncertain: boolean;
  /** Whether its fields are written, and its CRC. */
  isSealed: boolean;
  /** Whether its sender was told how it went; what comes later is for the order alone. */
  isSettled: boolean;
  /** What is sent in its place, because it was too large. */
  parts: readonly Entry[] | undefined;
}

/** Whether it has a sequence number, which all attempts at it carry. */
export function isNumbered(entry: Entry): boolean {
  return entry.sequence >= 0;
}

/** The sequence number behind so many records. */
export function sequenceAfter(first: number, records: number): number {
  return (first + records) & SEQUENCE_MASK;
}

/** A block that was not sent yet, at the end of its queue, and what becomes of it. */
export function newEntry(
  block: RecordBlock,
  { queue, deadlineMs }: Pick<Entry, "queue" | "deadlineMs">,
): { readonly entry: Entry; readonly promise: Promise<Appended> } {
  const { promise, resolve, reject } = Promise.withResolvers<Appended>();
  const order = queue.nextOrder();
  const entry: Entry = {
    ...{ block, queue, order, span: 1, deadlineMs, resolve, reject, sequence: -1, ordinal: -1 },
    ...{ isUncertain: false, isSealed: false, isSettled: false, parts: undefined },
  };
  return { entry, promise };
}

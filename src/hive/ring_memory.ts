import { StreamingError } from "./streaming_error.ts";

/** Bytes of a cache line, doubled: processors fetch neighbours in pairs. */
const LINE_BYTES = 128;
const LINE_CELLS = LINE_BYTES / 4;
const MAGIC = 0x5761_676c;

/** The smallest capacity of a ring, in bytes. */
export const MIN_RING_BYTES = 32;
/** The largest capacity of a ring, in bytes. */
export const MAX_RING_BYTES = 2 ** 30;
/** Bytes before each frame: its length, and its position as a check. */
export const FRAME_HEADER_BYTES = 8;
/** The length that says: the rest of the ring is skipped, the next frame is at its start. */
export const SKIP_MARK = -1;

/** Indices of the control words, each written by one side and on a cache line of its own. */
export const CELL = {
  magic: 0,
  capacity: 1,
  /** 0 open, 1 closed, 2 abandoned; read by both, written at most twice. */
  state: LINE_CELLS,
  /** The writer's cursor: bytes published so far, modulo 2^32. */
  head: 2 * LINE_CELLS,
  /** The reader's cursor: bytes released so far, modulo 2^32. */
  tail: 3 * LINE_CELLS,
  /** 1 while the reader sleeps. */
  readerSleeps: 4 * LINE_CELLS,
  readerBell: 5 * LINE_CELLS,
  /** 1 while the writer sleeps, until the tail has reached `wantedTail`. */
  writerSleeps: 6 * LINE_CELLS,
  wantedTail: 6 * LINE_CELLS + 1,
  writerBell: 7 * LINE_CELLS,
} as const;

/** Bytes of a ring's memory before its data. */
export const CONTROL_BYTES: number = 8 * LINE_BYTES;

/** The values of the state word, by name. */
export const STATE = { open: 0, closed: 1, abandoned: 2 } as const;

/** What has become of a ring. */
export type RingState = "open" | "closed" | "abandoned";

/** A ring's memory is not what the two sides agreed on: a lost bee wrote into it, or a bug did. */
export class RingCorruptedError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "RingCorruptedError";
}

/** Options of {@linkcode allocateRing}. */
export interface AllocateRingOptions<M extends ArrayBufferLike> {
  /** Makes zeroed memory of a number of bytes. Default: a new `SharedArrayBuffer`. */
  allocate?: (bytes: number) => M;
  /** Where both cursors begin, a multiple of 8, for tests of the wrap-around. Default 0. */
  start?: number;
}

/**
 * Makes the shared memory of a ring; `RingWriter` and `RingReader` are views on it.
 *
 * @param capacityBytes Bytes of frames and their headers, a power of two from 32 to 2^30.
 * @throws {RangeError} when the capacity or start does not fit.
 */
export function allocateRing<M extends ArrayBufferLike = SharedArrayBuffer>(
  capacityBytes: number,
  options: AllocateRingOptions<M> = {},
): M {
  const { start = 0 } = options;
  checkCapacity(capacityBytes);
  if (!Number.isInteger(start) || start % 8 !== 0) {
    throw new RangeError(
      `Cannot create ring buffer: start must be a multiple of 8, received ${start}`,
    );
  }
  const bytes = CONTROL_BYTES + capacityBytes;
  const memory = options.allocate?.(bytes) ?? new SharedArrayBuffer(bytes) as M;
  const cells = new Int32Array(memory, 0, CONTROL_BYTES / 4);
  cells[CELL.capacity] = capacityBytes;
  cells[CELL.head] = start | 0;
  cells[CELL.tail] = start | 0;
  Atomics.store(cells, CELL.magic, MAGIC);
  return memory;
}

function checkCapacity(capacityBytes: number): void {
  if (!(Number.isInteger(capacityBytes) && Number.isInteger(Math.log2(capacityBytes)))) {
    throw new RangeError(
      `Cannot create ring buffer: capacity must be a power of two, received ${capacityBytes}`,
    );
  }
  if (capacityBytes < MIN_RING_BYTES || capacityBytes > MAX_RING_BYTES) {
    throw new RangeError(
      `Cannot create ring buffer: capacity must be from ${MIN_RING_BYTES} to ${MAX_RING_BYTES} ` +
        `bytes, received ${capacityBytes}`,
    );
  }
}

/** Takes `memory` as a ring: all of it as words, control first, and the capacity in bytes. */
export function openRing(memory: ArrayBufferLike): { cells: Int32Array; capacityBytes: number } {
  const whole = memory.byteLength >= CONTROL_BYTES + MIN_RING_BYTES && memory.byteLength % 4 === 0;
  const cells = whole ? new Int32Array(memory) : new Int32Array(CONTROL_BYTES / 4);
  const capacityBytes = cells[CELL.capacity];
  if (
    Atomics.load(cells, CELL.magic) !== MAGIC || memory.byteLength !== CONTROL_BYTES + capacityBytes
  ) {
    throw new TypeError(
      `Cannot open ring buffer: these ${memory.byteLength} bytes are not a ring; ` +
        "make its memory by allocateRing()",
    );
  }
  return { cells, capacityBytes };
}

/** Reads the state word. */
export function stateOf(cells: Int32Array): RingState {
  const state = Atomics.load(cells, CELL.state);
  if (state === STATE.open) return "open";
  return state === STATE.closed ? "closed" : "abandoned";
}

/** The whole bytes that a frame of `bytes` takes, header and padding included. */
export function frameSpan(bytes: number): number {
  return (bytes + FRAME_HEADER_BYTES + 7) & ~7;
}

/** The error of a cursor that cannot be where it is. */
export function corruptedCursor(which: string, cursor: number): RingCorruptedError {
  return new RingCorruptedError(
    `Cannot use ring buffer: its ${which} cursor is out of bounds, received ${cursor}; abandon it`,
  );
}

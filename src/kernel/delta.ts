import { checksum } from "./checksum.ts";
import type { StateLayout } from "./window_layout.ts";

/**
 * A delta: partial results that carry everything needed to fold them, in little-endian words.
 *
 * | bytes | header |
 * | --- | --- |
 * | 4 | `WGD1` |
 * | 4 | fingerprint of the plan |
 * | 4 | windows |
 * | 4 | records in all |
 * | 4 | bytes of a state |
 * | 4 | bytes of the delta |
 * | 8 | checksum of all other bytes; 0 in a delta that does not leave its hive's rings |
 * | 8 | watermark up to which windows have closed (f64 ms) |
 * | 8 each | the same for each other kind of windows that shares the slices |
 *
 * Then each slice: start (i64 ms), records (u32), bytes of its records (u32), which of its windows its
 * rows are too late for (u32, see {@linkcode SharedShape}), 0 (u32), and its records:
 * hash (u64), key length (u32, all ones for the null key), 0 (u32), state, key padded to 8 bytes.
 */
const LEAST_HEADER_BYTES = 40;
export const DELTA_WINDOW_BYTES = 24;
export const DELTA_RECORD_BYTES = 16;
const DELTA_MAGIC = 0x31444757;
export const NULL_KEY_LENGTH = 0xffff_ffff;

const CHECKSUM_WORD = 6;
const CLOSED_AT = 32;

/** Bytes that a record takes. */
export function recordBytes(layout: StateLayout, keyBytes: number): number {
  return DELTA_RECORD_BYTES + layout.bytes + Math.ceil(keyBytes / 8) * 8;
}

/** Bytes before the first slice in a delta of so many kinds of windows. */
export function deltaHeaderBytes(kinds: number): number {
  return LEAST_HEADER_BYTES + 8 * (kinds - 1);
}

/** What a delta must be of. */
export interface ExpectedDelta {
  readonly fingerprint: number;
  readonly stateBytes: number;
  /** How many kinds of windows. */
  readonly kinds: number;
}

/** One slice's records in a delta; of windows side by side a slice is a window. */
export interface DeltaWindow {
  /** Start of the slice, ms. */
  readonly start: number;
  /** Which of the windows that hold it had closed before its rows came. */
  readonly skipped: number;
  readonly records: number;
  /** Bytes of the records. */
  readonly bytes: number;
}

function fail(delta: Uint8Array, why: string): never {
  throw new TypeError(
    `Cannot fold delta of ${delta.length} bytes: ${why}; only whole deltas and snapshots of a ` +
      `table with the same windows, keys and aggregates can be folded`,
  );
}

function viewOf(delta: Uint8Array): DataView {
  return new DataView(delta.buffer, delta.byteOffset, delta.byteLength);
}

/**
 * Checks the header of a delta, and that its windows fill it.
 *
 * @returns The number of its records.
 * @throws {TypeError} when the bytes are no delta, are cut off, or belong to another plan.
 */
export function checkHeader(delta: Uint8Array, expected: ExpectedDelta): number {
  const view = viewOf(delta);
  if (delta.length < deltaHeaderBytes(expected.kinds)) fail(delta, "it is shorter than its header");
  if (view.getUint32(0, true) !== DELTA_MAGIC) fail(delta, "it does not start as one");
  if (view.getUint32(4, true) !== expected.fingerprint) fail(delta, "it is of another plan");
  if (view.getUint32(16, true) !== expected.stateBytes) {
    fail(delta, "its states have another size");
  }
  if (view.getUint32(20, true) !== delta.length) {
    fail(delta, "its length is not the one it states");
  }
  const total = checkWindows(delta, view, expected);
  const records = view.getUint32(12, true);
  if (total !== records) fail(delta, "its number of records is not the one it states");
  return records;
}

function checkWindows(
  delta: Uint8Array,
  view: DataView,
  { stateBytes, kinds }: ExpectedDelta,
): number {
  const leastBytes = DELTA_RECORD_BYTES + stateBytes;
  let at = deltaHeaderBytes(kinds);
  let total = 0;
  for (let window = view.getUint32(8, true); window > 0; window--) {
    if (at + DELTA_WINDOW_BYTES > delta.length) fail(delta, "a window is cut off");
    const records = view.getUint32(at + 8, true);
    const bytes = view.getUint32(at + 12, true);
    at += DELTA_WINDOW_BYTES + bytes;
    if (at > delta.length || records * leastBytes > bytes) fail(delta, "a window is cut off");
    total += records;
  }
  if (at !== delta.length) fail(delta, "bytes are left over");
  return total;
}

/** The windows of a checked delta, and where the records of each start. */
export function deltaWindows(
  delta: Uint8Array,
  kinds: number,
): (DeltaWindow & { readonly at: number })[] {
  const view = viewOf(delta);
  let at = deltaHeaderBytes(kinds);
  return Array.from({ length: view.getUint32(8, true) }, () => {
    const start = Number(view.getBigInt64(at, true));
    const records = view.getUint32(at + 8, true);
    const bytes = view.getUint32(at + 12, true);
    const skipped = view.getUint32(at + 16, true);
    at += DELTA_WINDOW_BYTES + bytes;
    return { start, skipped, records, bytes, at: at - bytes };
  });
}

/**
 * An empty delta with its header.
 *
 * @throws {RangeError} when it would pass 4 GiB.
 */
export function writeHeader(
  windows: readonly DeltaWindow[],
  { fingerprint, stateBytes, kinds, closed }: ExpectedDelta & {
    /** Watermarks up to which windows of each kind have closed, ms; none: of no windows yet. */
    readonly closed: readonly number[];
  },
): Uint8Array {
  const area = windows.reduce((sum, { bytes }) => sum + bytes + DELTA_WINDOW_BYTES, 0);
  const size = deltaHeaderBytes(kinds) + area;
  if (size > 0xffff_ffff) {
    throw new RangeError(`Cannot write delta: it would take ${size} bytes, at most 4 GiB fit`);
  }
  const delta = new Uint8Array(size);
  const records = windows.reduce((sum, { records }) => sum + records, 0);
  const view = viewOf(delta);
  [DELTA_MAGIC, fingerprint, windows.length, records, stateBytes, size]
    .forEach((word, index) => view.setUint32(index * 4, word, true));
  for (let kind = 0; kind < kinds; kind++) {
    view.setFloat64(CLOSED_AT + 8 * kind, closed[kind] ?? -Infinity, true);
  }
  return delta;
}

/** Watermarks up to which windows of each kind had closed when a delta was written, ms. */
export function closedUpTo(delta: Uint8Array, kinds: number): number[] {
  if (delta.length === 0) return [];
  const view = viewOf(delta);
  return Array.from({ length: kinds }, (_, kind) => view.getFloat64(CLOSED_AT + 8 * kind, true));
}

/** Writes the head of a window at `at`. */
export function writeWindow(delta: Uint8Array, at: number, window: DeltaWindow): void {
  const view = viewOf(delta);
  view.setBigInt64(at, BigInt(window.start), true);
  view.setUint32(at + 8, window.records, true);
  view.setUint32(at + 12, window.bytes, true);
  view.setUint32(at + 16, window.skipped, true);
}

/** All of a delta as words, its checksum taken out. */
function checksumOf(delta: Uint8Array): [low: number, high: number] {
  const words = new Int32Array(delta.buffer, delta.byteOffset, delta.length / 4);
  const [low, high] = checksum(words, CHECKSUM_WORD + 2);
  return checksum(Int32Array.of(...words.subarray(0, CHECKSUM_WORD), low, high), 0);
}

/** Gives a delta that is to be kept its checksum. */
export function seal(delta: Uint8Array): Uint8Array {
  if (delta.length === 0) return delta;
  const view = viewOf(delta);
  checksumOf(delta).forEach((word, at) => view.setInt32(4 * (CHECKSUM_WORD + at), word, true));
  return delta;
}

/** Checks that a kept delta is as it was. @throws {TypeError} when a byte of it has changed. */
export function checkSeal(delta: Uint8Array): void {
  // Words are read where they lie, which not every part of a larger buffer allows.
  const whole = delta.byteOffset % 4 === 0 ? delta : delta.slice();
  const view = viewOf(whole);
  const isWhole = whole.length % 4 === 0 && checksumOf(whole)
    .every((word, at) => view.getInt32(4 * (CHECKSUM_WORD + at), true) === word);
  if (isWhole) return;
  throw new TypeError(
    `Cannot restore snapshot of ${delta.length} bytes: it is damaged, its checksum is of other ` +
      `bytes; restore one as snapshot() gave it`,
  );
}

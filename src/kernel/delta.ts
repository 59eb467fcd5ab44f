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
 *
 * Then each window: start (i64 ms), records (u32), bytes of its records (u32), and its records:
 * hash (u64), key length (u32, all ones for the null key), 0 (u32), state, key padded to 8 bytes.
 */
export const DELTA_HEADER_BYTES = 24;
export const DELTA_WINDOW_BYTES = 16;
export const DELTA_RECORD_BYTES = 16;
export const DELTA_MAGIC = 0x31444757;
export const NULL_KEY_LENGTH = 0xffff_ffff;

/** Bytes that a record takes. */
export function recordBytes(layout: StateLayout, keyBytes: number): number {
  return DELTA_RECORD_BYTES + layout.bytes + ((keyBytes + 7) & ~7);
}

/** What {@linkcode checkDelta} needs to know. */
export interface ExpectedDelta {
  readonly fingerprint: number;
  readonly stateBytes: number;
}

/**
 * Checks the header of a delta and that every window and record lies within it.
 *
 * @throws {TypeError} when the bytes are no delta, are cut off, or belong to another plan.
 */
export function checkDelta(delta: Uint8Array, expected: ExpectedDelta): DataView {
  const fail = (why: string): never => {
    throw new TypeError(
      `Cannot fold delta of ${delta.length} bytes: ${why}; only whole deltas and snapshots of a ` +
        `table with the same windows, keys and aggregates can be folded`,
    );
  };
  const view = new DataView(delta.buffer, delta.byteOffset, delta.byteLength);
  if (delta.length < DELTA_HEADER_BYTES) return fail("it is shorter than its header");
  if (view.getUint32(0, true) !== DELTA_MAGIC) fail("it does not start as one");
  if (view.getUint32(4, true) !== expected.fingerprint) fail("it is of another plan");
  if (view.getUint32(16, true) !== expected.stateBytes) fail("its states have another size");
  if (view.getUint32(20, true) !== delta.length) fail("its length is not the one it states");
  const total = checkWindows(view, expected.stateBytes, fail);
  if (total !== view.getUint32(12, true)) fail("its number of records is not the one it states");
  return view;
}

type Fail = (why: string) => never;

function checkWindows(view: DataView, stateBytes: number, fail: Fail): number {
  let at = DELTA_HEADER_BYTES;
  let total = 0;
  for (let window = view.getUint32(8, true); window > 0; window--) {
    if (at + DELTA_WINDOW_BYTES > view.byteLength) fail("a window is cut off");
    const records = view.getUint32(at + 8, true);
    const end = at + DELTA_WINDOW_BYTES + view.getUint32(at + 12, true);
    if (end > view.byteLength) fail("a window is cut off");
    checkRecords(view, { at: at + DELTA_WINDOW_BYTES, end, records, stateBytes }, fail);
    at = end;
    total += records;
  }
  if (at !== view.byteLength) fail("bytes are left over");
  return total;
}

function checkRecords(
  view: DataView,
  area: { at: number; end: number; records: number; stateBytes: number },
  fail: Fail,
): void {
  let { at } = area;
  for (let record = 0; record < area.records; record++) {
    if (at + DELTA_RECORD_BYTES > area.end) fail("a record is cut off");
    const length = view.getUint32(at + 8, true);
    const keyBytes = length === NULL_KEY_LENGTH ? 0 : length;
    at += DELTA_RECORD_BYTES + area.stateBytes + Math.ceil(keyBytes / 8) * 8;
    if (at > area.end) fail("a record is cut off");
  }
  if (at !== area.end) fail("a window's records have another size than it states");
}

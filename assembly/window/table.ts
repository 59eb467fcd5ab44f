// The open windows of one operator: its settings, and its slices in order of time.
//
// Of windows side by side a slice is a window. Windows that overlap are put together from slices
// when they close (compose.ts); rows that came when the first windows of their slice were closed
// already have a slice of their own, told apart by how many windows they are too late for. Several
// kinds of windows can share slices: then it is told apart by how many of the times at which any of
// them may end lie between the slice's start and the last end of a window that holds it and was
// closed, which says of each window of each kind whether it was.
//
// A group's state is `T_STATE` bytes: the number of rows (i64), then the fields of the aggregated
// values. A state is known by its address; it never moves, so that a batch is aggregated in two
// passes: rows to state addresses, then each column into the states. Right before the state lies
// the key: 8 bytes of a fixed-width key behind 8 unused ones (mode FIXED), or a 16-byte block (mode
// BYTES). Rows that belong to no window go to a state of their own, the trash.
import { allocate, hasRoomFor, release } from "../memory/arena";
import { CHUNK_SHARE, sliceCost, sliceCreate, sliceFree } from "./slice";

export const FIXED: u32 = 0;
export const BYTES: u32 = 1;

export const T_SIZE: u32 = 0; // i64, ms, of a slice
export const T_OFFSET: u32 = 8; // i64, ms, of the slices
export const T_LATENESS: u32 = 16; // f64, ms
export const T_INVERSE: u32 = 24; // f64, 1 / size
export const T_MODE: u32 = 32;
export const T_HEAD: u32 = 36; // bytes before the state
export const T_STATE: u32 = 40;
export const T_INITIAL: u32 = 44; // address of the state of no rows
export const T_TRASH: u32 = 48;
export const T_SLICES: u32 = 52; // array of i64 start, u32 slice, u32 windows skipped
export const T_COUNT: u32 = 56;
export const T_CAPACITY: u32 = 60;
export const T_SPARE: u32 = 64; // emptied slices that wait for use, a list
export const T_SPARES: u32 = 68;
export const T_BYTES: u32 = 72; // of all slices
export const T_GROUPS: u32 = 76;
export const T_PARTS: u32 = 80; // kinds of the key's columns, a byte each
export const T_PART_COUNT: u32 = 84;
export const T_ENCODED: u32 = 88; // block for the encoded keys of rows
export const T_ENCODED_BYTES: u32 = 92;
export const T_LATE: u32 = 96; // of the batch
export const T_UNTIMED: u32 = 100;
export const T_LEAST: u32 = 104; // f64, ms, of the batch
export const T_GREATEST: u32 = 112; // f64
export const T_WATERMARK: u32 = 120; // f64
export const T_BOUND: u32 = 128; // f64
export const T_GENERATION: u32 = 136; // of the dictionary
export const T_INDEX: u32 = 140; // bytes of the slices' buckets
export const T_EXPECTED: u32 = 144; // groups of the window that was closed last
export const T_OUTSIDE: u32 = 148; // of the batch
export const T_SPAN: u32 = 152; // i64, ms, of a window, the longest with its start
export const T_SLIDE: u32 = 160; // i64, ms, between starts
export const T_STEP: u32 = 168; // i64, ms, between ends
export const T_END: u32 = 176; // i64, ms, end of one of the windows
export const T_BELATED: u32 = 184; // slices that skip windows
export const T_KINDS: u32 = 188; // kinds of windows, where there are several; then T_STEP is the
// greatest common divisor of the distances between ends, and T_SPAN and T_SLIDE tell of gaps alone
export const T_KIND_COUNT: u32 = 192;
const TABLE_BYTES: u32 = 208;

/** A kind of windows: as from T_SPAN on, then late rows and rows outside of the batch. */
export const KIND_BYTES: u32 = 40;
export const K_LATE: u32 = 32;
export const K_OUTSIDE: u32 = 36;

const HEAD: u32 = 16;
const LEAST_SLICES: u32 = 8;
const MOST_SPARES: u32 = 4;
const INDEX_GROWTH: f64 = 192; // bytes that a group's part of an index takes in growing, at most

/**
 * A table without windows, or 0 when there is no memory for it.
 *
 * The state of no rows and the kinds of the key columns are to be written to `tableInitial()` and
 * `tableParts()`.
 */
export function tableCreate(
  size: f64,
  offset: f64,
  lateness: f64,
  mode: u32,
  stateBytes: u32,
  parts: u32,
): u32 {
  const bytes = TABLE_BYTES + HEAD + 2 * stateBytes + parts;
  const table = allocate(bytes);
  if (table == 0) return 0;
  memory.fill(table, 0, bytes);
  store<i64>(table, <i64>size, T_SIZE);
  store<i64>(table, <i64>offset, T_OFFSET);
  store<f64>(table, lateness, T_LATENESS);
  store<f64>(table, 1.0 / size, T_INVERSE);
  store<u32>(table, mode, T_MODE);
  store<u32>(table, HEAD, T_HEAD);
  store<u32>(table, stateBytes, T_STATE);
  store<u32>(table, table + TABLE_BYTES + HEAD, T_TRASH);
  store<u32>(table, table + TABLE_BYTES + HEAD + stateBytes, T_INITIAL);
  store<u32>(table, table + TABLE_BYTES + HEAD + 2 * stateBytes, T_PARTS);
  store<u32>(table, parts, T_PART_COUNT);
  store<u32>(table, 1, T_GENERATION);
  tableShape(table, size, offset, size, size);
  return table;
}

/**
 * Makes the windows `span` ms long, `slide` ms apart, ends `step` ms apart, one of them from
 * `origin`; without this they are the slices.
 */
export function tableShape(table: u32, span: f64, origin: f64, slide: f64, step: f64): void {
  store<i64>(table, <i64>span, T_SPAN);
  store<i64>(table, <i64>slide, T_SLIDE);
  store<i64>(table, <i64>step, T_STEP);
  store<i64>(table, <i64>(origin + span), T_END);
}

/** Makes room for so many kinds of windows; its address, or 0. */
export function tableKinds(table: u32, count: u32): u32 {
  const kinds = allocate(count * KIND_BYTES);
  if (kinds == 0) return 0;
  memory.fill(kinds, 0, count * KIND_BYTES);
  store<u32>(table, kinds, T_KINDS);
  store<u32>(table, count, T_KIND_COUNT);
  return kinds;
}

/** Address of the state of no rows. */
export function tableInitial(table: u32): u32 {
  return load<u32>(table, T_INITIAL);
}

/** Address of the kinds of the key columns. */
export function tableParts(table: u32): u32 {
  return load<u32>(table, T_PARTS);
}

/** Gives back everything that the table has, and the table. */
export function tableFree(table: u32): void {
  tableDrop(table, load<u32>(table, T_COUNT));
  for (let spare = load<u32>(table, T_SPARE); spare != 0;) {
    const next = load<u32>(spare);
    sliceFree(table, spare);
    spare = next;
  }
  release(load<u32>(table, T_SLICES));
  release(load<u32>(table, T_ENCODED));
  release(load<u32>(table, T_KINDS));
  release(table);
}

// @ts-ignore: decorator
@inline
export function sliceAt(table: u32, index: u32): u32 {
  return load<u32>(load<u32>(table, T_SLICES) + (index << 4), 8);
}

/** Start of an open window, ms. */
// @ts-ignore: decorator
@inline
export function startAt(table: u32, index: u32): i64 {
  return load<i64>(load<u32>(table, T_SLICES) + (index << 4));
}

/** How many of its first windows the rows of a slice are too late for. */
// @ts-ignore: decorator
@inline
export function skippedAt(table: u32, index: u32): u32 {
  return load<u32>(load<u32>(table, T_SLICES) + (index << 4), 12);
}

// The number of slices that come before one from `start` that skips `skipped` windows.
function rankOf(table: u32, start: i64, skipped: u32): u32 {
  let low: u32 = 0;
  let high = load<u32>(table, T_COUNT);
  while (low < high) {
    const middle = (low + high) >> 1;
    const other = startAt(table, middle);
    if (other < start || (other == start && skippedAt(table, middle) < skipped)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The number of slices that start before `start`. */
export function tableRank(table: u32, start: f64): u32 {
  return rankOf(table, <i64>start, 0);
}

function makeRoom(table: u32): bool {
  const count = load<u32>(table, T_COUNT);
  if (count < load<u32>(table, T_CAPACITY)) return true;
  const capacity = max<u32>(LEAST_SLICES, count * 2);
  const slices = allocate(capacity << 4);
  if (slices == 0) return false;
  const old = load<u32>(table, T_SLICES);
  if (count != 0) memory.copy(slices, old, count << 4);
  release(old);
  store<u32>(table, slices, T_SLICES);
  store<u32>(table, capacity, T_CAPACITY);
  return true;
}

function takeSpare(table: u32): u32 {
  const spare = load<u32>(table, T_SPARE);
  if (spare == 0) return sliceCreate(table);
  store<u32>(table, load<u32>(spare), T_SPARE);
  store<u32>(table, load<u32>(table, T_SPARES) - 1, T_SPARES);
  return spare;
}

/** The slice from `start` that skips so many windows, opened if needed; 0 without memory for it. */
export function sliceOf(table: u32, start: i64, skipped: u32): u32 {
  const rank = rankOf(table, start, skipped);
  const count = load<u32>(table, T_COUNT);
  if (rank < count && startAt(table, rank) == start && skippedAt(table, rank) == skipped) {
    return sliceAt(table, rank);
  }
  if (!makeRoom(table)) return 0;
  const slice = takeSpare(table);
  if (slice == 0) return 0;
  const at = load<u32>(table, T_SLICES) + (rank << 4);
  memory.copy(at + 16, at, (count - rank) << 4);
  store<i64>(at, start);
  store<u32>(at, slice, 8);
  store<u32>(at, skipped, 12);
  if (skipped != 0) store<u32>(table, load<u32>(table, T_BELATED) + 1, T_BELATED);
  store<u32>(table, count + 1, T_COUNT);
  return slice;
}

/** Takes the first `count` slices out of the table and gives their memory back. */
export function tableDrop(table: u32, count: u32): void {
  const slices = load<u32>(table, T_SLICES);
  const left = load<u32>(table, T_COUNT) - count;
  let belated = load<u32>(table, T_BELATED);
  for (let index: u32 = 0; index < count; index++) {
    if (skippedAt(table, index) != 0) belated--;
    sliceFree(table, sliceAt(table, index));
  }
  store<u32>(table, belated, T_BELATED);
  memory.copy(slices, slices + (count << 4), left << 4);
  store<u32>(table, left, T_COUNT);
}

/** Puts an emptied slice aside for the next window; false when there are enough. */
export function keepSpare(table: u32, slice: u32): bool {
  const spares = load<u32>(table, T_SPARES);
  if (spares >= MOST_SPARES) return false;
  store<u32>(slice, load<u32>(table, T_SPARE));
  store<u32>(table, slice, T_SPARE);
  store<u32>(table, spares + 1, T_SPARES);
  return true;
}

/** How many windows have an end, lateness included, at or before `watermark`. */
export function tableDue(table: u32, watermark: f64): u32 {
  const span = <f64>load<i64>(table, T_SIZE) + load<f64>(table, T_LATENESS);
  const count = load<u32>(table, T_COUNT);
  let due: u32 = 0;
  while (due < count && <f64>startAt(table, due) + span <= watermark) due++;
  return due;
}

/** Start of a slice, ms, as the host takes it. */
export function tableStart(table: u32, index: u32): f64 {
  return <f64>startAt(table, index);
}

/** How many windows a slice skips, as the host takes it. */
export function tableSkipped(table: u32, index: u32): u32 {
  return skippedAt(table, index);
}

/** Slices that skip windows. */
export function tableBelated(table: u32): u32 {
  return load<u32>(table, T_BELATED);
}

/**
 * Whether the budget has room for a batch even if each of its rows opened a window of its own.
 *
 * @param keyBytes Of all its keys.
 * @param map Bytes of a map of its dictionary.
 */
export function tableHolds(table: u32, rows: u32, keyBytes: f64, map: u32): bool {
  const entry = load<u32>(table, T_HEAD) + load<u32>(table, T_STATE);
  const row = <f64>(sliceCost(entry) + map + 16);
  const expected = <f64>load<u32>(table, T_EXPECTED) * <f64>load<u32>(table, T_COUNT);
  const growth = 4 * <f64>load<u32>(table, T_INDEX) + INDEX_GROWTH * expected;
  const chunks = <f64>load<u32>(table, T_BYTES) / <f64>CHUNK_SHARE;
  return hasRoomFor(<f64>rows * row + 2 * keyBytes + growth + chunks);
}

/** Open windows. */
export function tableCount(table: u32): u32 {
  return load<u32>(table, T_COUNT);
}

/** Groups in all open windows. */
export function tableGroups(table: u32): u32 {
  return load<u32>(table, T_GROUPS);
}

/** Bytes that the windows take. */
export function tableBytes(table: u32): u32 {
  return load<u32>(table, T_BYTES);
}

// Partial results on their way to their owners: written record by record, found again, and merged.
//
// A record: u64 hash, u32 key length (all ones: null), 4 bytes of 0, state, key padded to 8 bytes.
import { loadPart, nullBlock, SHORT_KEY, shortBlock } from "../hash/hash";
import { OUT_OF_MEMORY } from "./encode";
import {
  currentChunk,
  firstState,
  hashOf,
  keyAddress,
  keyLength,
  nextState,
  NULL_LENGTH,
  setCurrentChunk,
} from "./groups";
import { sliceRecycle } from "./slice";
import { findBytes, findFixed, findNull, longBlock } from "./slice_keys";
import { FIXED, sliceAt, sliceOf, T_BELATED, T_COUNT, T_MODE, T_STATE } from "./table";
import { AHEAD, findCandidates, isFar } from "./touch";

const RECORD_HEAD: u32 = 16;
/** A record that no table of this kind can have written. */
const BAD_RECORD: i32 = -3;

const FOUND: usize = memory.data(128 * 4, 16);
const HASHES: usize = memory.data(128 * 8, 16);

// @ts-ignore: decorator
@inline
function padded(bytes: u32): u32 {
  return (bytes + 7) & ~7;
}

// @ts-ignore: decorator
@inline
function lengthBytes(length: u32): u32 {
  return length == NULL_LENGTH ? 0 : padded(length);
}

// Whether a group has rows, and a key of this owner.
function isWanted(table: u32, slice: u32, state: u32, ownerOf: u32, owner: u32): bool {
  if (load<u64>(state) == 0) return false;
  return ownerOf == 0 || <u32>load<u8>(ownerOf + <u32>(hashOf(table, slice, state) >> 56)) == owner;
}

let measured: u32 = 0;

/** Records of the slice that was measured last. */
export function measuredRecords(): u32 {
  return measured;
}

/** Bytes that one owner's records of a window take; `ownerOf` 0: all of them. */
export function measureWindow(table: u32, index: u32, ownerOf: u32, owner: u32): f64 {
  const slice = sliceAt(table, index);
  const fixed = RECORD_HEAD + load<u32>(table, T_STATE);
  let records: u32 = 0;
  let bytes: u64 = 0;
  for (let state = firstState(table, slice); state != 0; state = nextState(table, state)) {
    if (!isWanted(table, slice, state, ownerOf, owner)) continue;
    records++;
    bytes += fixed + lengthBytes(keyLength(table, slice, state));
  }
  measured = records;
  return <f64>bytes;
}

// Where writing goes on: the slice, a chunk of it, and the next state.
let cursorSlice: u32 = 0;
let cursorChunk: u32 = 0;
let cursorState: u32 = 0;

/** Starts writing the records of a window. */
export function beginWrite(table: u32, index: u32): void {
  cursorSlice = sliceAt(table, index);
  cursorState = firstState(table, cursorSlice);
  cursorChunk = currentChunk();
}

function writeRecord(table: u32, state: u32, at: u32, length: u32): void {
  const bytes = load<u32>(table, T_STATE);
  store<u64>(at, hashOf(table, cursorSlice, state));
  store<u32>(at, length, 8);
  store<u32>(at, 0, 12);
  for (let word: u32 = 0; word < bytes; word += 8) {
    store<u64>(at + RECORD_HEAD + word, load<u64>(state + word));
  }
  if (length == NULL_LENGTH) return;
  const from = keyAddress(table, state);
  const to = at + RECORD_HEAD + bytes;
  for (let done: u32 = 0; done < length; done += 8) {
    const part = loadPart(from + done, min<u32>(8, length - done));
    store<u64>(to + done, i64x2.extract_lane(part, 0));
  }
}

/** Writes the next records of one owner into `room` bytes; the bytes written, 0 at the end. */
export function writeRecords(table: u32, ownerOf: u32, owner: u32, to: u32, room: u32): u32 {
  const fixed = RECORD_HEAD + load<u32>(table, T_STATE);
  let at: u32 = 0;
  setCurrentChunk(cursorChunk);
  let state = cursorState;
  for (; state != 0; state = nextState(table, state)) {
    if (!isWanted(table, cursorSlice, state, ownerOf, owner)) continue;
    const length = keyLength(table, cursorSlice, state);
    const bytes = fixed + lengthBytes(length);
    if (at + bytes > room) break;
    writeRecord(table, state, to + at, length);
    at += bytes;
  }
  cursorState = state;
  cursorChunk = currentChunk();
  return at;
}

/** Empties the table and keeps what the next windows will need. */
export function tableClear(table: u32): void {
  const count = load<u32>(table, T_COUNT);
  for (let index: u32 = 0; index < count; index++) sliceRecycle(table, sliceAt(table, index));
  store<u32>(table, 0, T_COUNT);
  store<u32>(table, 0, T_BELATED);
}

function findRecord(table: u32, slice: u32, record: u32): u32 {
  const length = load<u32>(record, 8);
  const key = record + RECORD_HEAD + load<u32>(table, T_STATE);
  if (load<u32>(table, T_MODE) == FIXED) {
    return length == NULL_LENGTH ? findNull(table, slice) : findFixed(table, slice, load<u64>(key));
  }
  const hash = load<u64>(record);
  if (length == NULL_LENGTH) return findBytes(table, slice, nullBlock(), hash);
  const block = length <= SHORT_KEY ? shortBlock(key, length) : longBlock(key, length);
  return findBytes(table, slice, block, hash);
}

let foundRecords: u32 = 0;

/** How many records the last findRecords() took. */
export function recordsFound(): u32 {
  return foundRecords;
}

// Bytes of the record at `record` if it lies whole before `end`, else 0.
function wholeRecord(fixed: u32, record: u32, end: u32): u32 {
  if (end - record < fixed) return 0;
  const length = load<u32>(record, 8);
  const key: u64 = length == NULL_LENGTH ? 0 : (<u64>length + 7) & ~7;
  return fixed + key <= end - record ? fixed + <u32>key : 0;
}

/**
 * Finds or enters the keys of the whole records in `bytes` bytes, of a slice from `start`
 * that skips `skipped` windows; `out` takes an address a record, at most `most`.
 *
 * @returns Bytes of those records, or −OUT_OF_MEMORY, or BAD_RECORD.
 */
export function findRecords(
  table: u32,
  start: f64,
  skipped: u32,
  from: u32,
  bytes: u32,
  out: u32,
  most: u32,
): i32 {
  const slice = sliceOf(table, <i64>start, skipped);
  if (slice == 0) return -OUT_OF_MEMORY;
  const fixed = RECORD_HEAD + load<u32>(table, T_STATE);
  const isFixed = load<u32>(table, T_MODE) == FIXED;
  const end = from + bytes;
  let record = from;
  let total: u32 = 0;
  while (total < most) {
    let some: u32 = 0;
    for (; some < AHEAD && total + some < most; some++) {
      const size = wholeRecord(fixed, record, end);
      if (size == 0) break;
      const length = load<u32>(record, 8);
      if (isFixed && length != 8 && length != NULL_LENGTH) return BAD_RECORD;
      store<u32>((<u32>FOUND) + (some << 2), record);
      store<u64>((<u32>HASHES) + (some << 3), load<u64>(record));
      record += size;
    }
    if (some == 0) break;
    if (isFar(slice)) findCandidates(slice, <u32>HASHES, some);
    for (let index: u32 = 0; index < some; index++) {
      const state = findRecord(table, slice, load<u32>((<u32>FOUND) + (index << 2)));
      if (state == 0) return -OUT_OF_MEMORY;
      store<u32>(out + ((total + index) << 2), state);
    }
    total += some;
  }
  foundRecords = total;
  return <i32>(record - from);
}

// Sessions on their way into a snapshot and out of one.
//
// A record: i64 start, u32 key length (all ones: null), 4 bytes of 0, i64 end, state, key padded to
// 8 bytes.
import {
  hashBlock,
  hashFixed,
  hashLong,
  hashNull,
  loadPart,
  nullBlock,
  SHORT_KEY,
  shortBlock,
} from "../hash/hash";
import { KIND_BYTES } from "../window/columns";
import { keyAddress, keyLength, NULL_LENGTH } from "../window/groups";
import { longBlock } from "../window/slice_keys";
import { T_PART_COUNT, T_PARTS, T_STATE } from "../window/table";
import { linkSession, settle } from "./chains";
import { clearIndex, findSlot, noteEnds, unsettle } from "./index_of_keys";
import { fixedBlock, newSession } from "./place";
import {
  endOf,
  firstSession,
  nextSession,
  sessionsClear,
  startOf,
  X_ITEMS,
  X_TABLE,
} from "./sessions";
import { trimSessions } from "./close";

const RECORD_HEAD: u32 = 24;
const MOST_KEY: u32 = 65536;
const NO_MEMORY: i32 = -1;
/** A record that no sessions of this kind can have written. */
const BAD_RECORD: i32 = -3;

// @ts-ignore: decorator
@inline
function keyBytes(length: u32): u32 {
  return length == NULL_LENGTH ? 0 : (length + 7) & ~7;
}

function lengthOf(sessions: u32, state: u32): u32 {
  return keyLength(load<u32>(sessions, X_TABLE), load<u32>(sessions, X_ITEMS), state);
}

let measured: u32 = 0;

/** Sessions that were measured last. */
export function measuredSessions(): u32 {
  return measured;
}

/** Bytes that the records of all sessions take. */
export function measureSessions(sessions: u32): f64 {
  const fixed = RECORD_HEAD + load<u32>(load<u32>(sessions, X_TABLE), T_STATE);
  let bytes: u64 = 0;
  measured = 0;
  noteEnds(sessions);
  for (let state = firstSession(sessions); state != 0; state = nextSession(sessions, state)) {
    measured++;
    bytes += fixed + keyBytes(lengthOf(sessions, state));
  }
  return <f64>bytes;
}

let cursor: u32 = 0;

/** Starts writing records. */
export function beginSessionRecords(sessions: u32): void {
  cursor = firstSession(sessions);
}

function writeRecord(sessions: u32, state: u32, at: u32, length: u32): void {
  const table = load<u32>(sessions, X_TABLE);
  const bytes = load<u32>(table, T_STATE);
  store<i64>(at, startOf(state));
  store<u32>(at, length, 8);
  store<u32>(at, 0, 12);
  store<i64>(at, endOf(state), 16);
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

/** Writes the next records into `room` bytes; the bytes written, 0 at the end. */
export function writeSessions(sessions: u32, to: u32, room: u32): u32 {
  const fixed = RECORD_HEAD + load<u32>(load<u32>(sessions, X_TABLE), T_STATE);
  let at: u32 = 0;
  while (cursor != 0) {
    const length = lengthOf(sessions, cursor);
    const bytes = fixed + keyBytes(length);
    if (at + bytes > room) break;
    writeRecord(sessions, cursor, to + at, length);
    at += bytes;
    cursor = nextSession(sessions, cursor);
  }
  return at;
}

/** Gives all sessions back. */
export function clearSessions(sessions: u32): void {
  sessionsClear(sessions);
  clearIndex(sessions);
  trimSessions(sessions);
}

function hasFixedKey(table: u32): bool {
  return load<u32>(table, T_PART_COUNT) == 1 && <u32>load<u8>(load<u32>(table, T_PARTS)) < KIND_BYTES;
}

// The session of a record, whose key is `length` bytes at `key`; 0 without memory for it.
function readRecord(sessions: u32, record: u32, key: u32, length: u32): u32 {
  let block = nullBlock();
  let hash = hashNull();
  if (length != NULL_LENGTH && hasFixedKey(load<u32>(sessions, X_TABLE))) {
    block = fixedBlock(load<u64>(key));
    hash = hashFixed(load<u64>(key));
  } else if (length <= SHORT_KEY) {
    block = shortBlock(key, length);
    hash = hashBlock(block);
  } else if (length != NULL_LENGTH) {
    block = longBlock(key, length);
    hash = hashLong(key, length);
  }
  const state = newSession(sessions, block, hash, load<i64>(record), load<i64>(record, 16));
  if (state == 0) return 0;
  const slot = findSlot(sessions, block, hash);
  if (slot != 0) unsettle(sessions, slot);
  linkSession(sessions, slot, state);
  if (slot != 0) settle(sessions, slot);
  return state;
}

/**
 * Opens the sessions of the whole records in `room` bytes.
 *
 * @returns Bytes of those records, or NO_MEMORY, or BAD_RECORD.
 */
export function readSessions(sessions: u32, from: u32, room: u32): i32 {
  const table = load<u32>(sessions, X_TABLE);
  const bytes = load<u32>(table, T_STATE);
  const isFixed = hasFixedKey(table);
  let at: u32 = 0;
  while (room - at >= RECORD_HEAD + bytes) {
    const record = from + at;
    const length = load<u32>(record, 8);
    const isKey = length == NULL_LENGTH || (isFixed ? length == 8 : length <= MOST_KEY);
    if (!isKey) return BAD_RECORD;
    const whole = RECORD_HEAD + bytes + keyBytes(length);
    if (whole > room - at) break;
    const state = readRecord(sessions, record, record + RECORD_HEAD + bytes, length);
    if (state == 0) return NO_MEMORY;
    for (let word: u32 = 0; word < bytes; word += 8) {
      store<u64>(state + word, load<u64>(record + RECORD_HEAD + word));
    }
    at += whole;
  }
  return <i32>at;
}

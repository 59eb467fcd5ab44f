// Walking over the groups of a slice, in the order in which they came.
import { hashBlock, hashFixed, hashNull, LONG_MARK } from "../hash/hash";
import { C_USED, firstEntry, S_FIRST } from "./slice";
import { isNullKey, longHash } from "./slice_keys";
import { FIXED, T_HEAD, T_MODE, T_STATE } from "./table";

/** Key length of the null key. */
export const NULL_LENGTH: u32 = 0xffff_ffff;

/** The first state of a slice, 0 if there is none. */
export function firstState(table: u32, slice: u32): u32 {
  const chunk = load<u32>(slice, S_FIRST);
  return chunk == 0 ? 0 : startOf(table, chunk);
}

function startOf(table: u32, chunk: u32): u32 {
  for (let at = chunk; at != 0; at = load<u32>(at)) {
    if (load<u32>(at, C_USED) > firstEntry(at)) {
      walkChunk = at;
      return firstEntry(at) + load<u32>(table, T_HEAD);
    }
  }
  return 0;
}

let walkChunk: u32 = 0;

/** The chunk that the last state came from: to be kept by who walks in several steps. */
export function currentChunk(): u32 {
  return walkChunk;
}

/** Goes on where another walk may have been between. */
export function setCurrentChunk(chunk: u32): void {
  walkChunk = chunk;
}

/** The state after `state`, 0 after the last. */
export function nextState(table: u32, state: u32): u32 {
  const next = state + load<u32>(table, T_STATE);
  if (next < load<u32>(walkChunk, C_USED)) return next + load<u32>(table, T_HEAD);
  return startOf(table, load<u32>(walkChunk));
}

/** Hash of a state's key. */
export function hashOf(table: u32, slice: u32, state: u32): u64 {
  if (load<u32>(table, T_MODE) == FIXED) {
    return isNullKey(table, slice, state) ? hashNull() : hashFixed(load<u64>(state - 8));
  }
  return load<u8>(state - 1) == LONG_MARK ? longHash(state) : hashBlock(v128.load(state - 16));
}

/** Length of a state's key, NULL_LENGTH for null. */
export function keyLength(table: u32, slice: u32, state: u32): u32 {
  if (isNullKey(table, slice, state)) return NULL_LENGTH;
  if (load<u32>(table, T_MODE) == FIXED) return 8;
  const length = load<u8>(state - 1);
  return length == LONG_MARK ? load<u32>(state - 16) : <u32>length;
}

/** Address of a state's key. */
export function keyAddress(table: u32, state: u32): u32 {
  if (load<u32>(table, T_MODE) == FIXED) return state - 8;
  return load<u8>(state - 1) == LONG_MARK ? load<u32>(state - 12) : state - 16;
}

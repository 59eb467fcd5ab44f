// Dictionaries: a table of 32-byte entries {first 16 bytes, length + 1, id, unused}. The texts of
// all entries lie one after the other, as the dictionary column has them.
import { sameBytes } from "../hash/hash";
import { copyText, putI32 } from "./sink";

const AT_TABLE: u32 = 32;
const AT_MASK: u32 = 36;
const AT_ENTRIES: u32 = 40;
const AT_BYTES: u32 = 44;
const AT_ENDS: u32 = 48;
const AT_MOST: u32 = 52;
const AT_ROOM: u32 = 56;

const ENTRY_BITS: u32 = 5;
const ENTRY_BYTES: u32 = 32;
const E_LENGTH: u32 = 16;
const E_ID: u32 = 20;

const H1: u64 = 0x9e3779b97f4a7c15;
const H2: u64 = 0xc2b2ae3d27d4eb4f;

// 16 bytes of ones before 16 of zeros: loading 16 - n bytes in keeps n bytes.
const KEEP: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
], 16);

// @ts-ignore: decorator
@inline
function headOf(at: u32, length: u32): v128 {
  return v128.and(v128.load(at), v128.load((<u32>KEEP) + 16 - min<u32>(length, 16)));
}

// @ts-ignore: decorator
@inline
function foldHash(low: u64, high: u64, length: u32): u32 {
  // products carry upwards alone: what differs in the last bytes has to come down before the second
  const mixed = (low ^ length) * H1 ^ rotl<u64>(high * H2, 31);
  return <u32>(((mixed ^ (mixed >> 32)) * H2) >> 32);
}

// Of all bytes, so that texts of the same beginning do not fall into one slot.
function hashTail(at: u32, length: u32): u64 {
  let hash: u64 = 0;
  for (let done: u32 = 16; done < length; done += 16) {
    const part = headOf(at + done, length - done);
    const low = (i64x2.extract_lane(part, 0) ^ hash) * H1;
    hash = rotl<u64>(low, 29) ^ (i64x2.extract_lane(part, 1) * H2);
  }
  return hash;
}

// @ts-ignore: decorator
@inline
function hashOf(head: v128, at: u32, length: u32): u32 {
  let high = i64x2.extract_lane(head, 1);
  if (length > 16) high ^= hashTail(at, length);
  return foldHash(i64x2.extract_lane(head, 0), high, length);
}

// A table of twice the slots; the texts stay where they are.
function widen(column: u32): void {
  const table = load<u32>(column, AT_TABLE);
  const mask = load<u32>(column, AT_MASK) * 2 + 1;
  memory.fill(table, 0, (mask + 1) << ENTRY_BITS);
  store<u32>(column, mask, AT_MASK);
  const entries = load<u32>(column, AT_ENTRIES);
  const bytes = load<u32>(column, AT_BYTES);
  const ends = load<u32>(column, AT_ENDS);
  for (let id: u32 = 0; id < entries; id++) {
    const start = load<u32>(ends + (id << 2));
    const length = load<u32>(ends + (id << 2), 4) - start;
    const head = headOf(bytes + start, length);
    let slot = hashOf(head, bytes + start, length) & mask;
    while (load<u32>(table + (slot << ENTRY_BITS), E_LENGTH) != 0) slot = (slot + 1) & mask;
    setEntry(table + (slot << ENTRY_BITS), head, length, id);
  }
}

// @ts-ignore: decorator
@inline
function setEntry(entry: u32, head: v128, length: u32, id: u32): void {
  v128.store(entry, head);
  store<u32>(entry, length + 1, E_LENGTH);
  store<u32>(entry, id, E_ID);
}

let isOverfull: bool = false;

/**
 * Whether a text did not go into its dictionary since this was asked last: more of them came than
 * there are rows. The row is to be given up then.
 */
export function tookTooMany(): bool {
  const was = isOverfull;
  isOverfull = false;
  return was;
}

function addEntry(column: u32, entry: u32, at: u32, length: u32): u32 {
  const id = load<u32>(column, AT_ENTRIES);
  if (id >= load<u32>(column, AT_ROOM)) {
    isOverfull = true;
    return 0;
  }
  const ends = load<u32>(column, AT_ENDS) + (id << 2);
  const start = load<u32>(ends);
  copyText(load<u32>(column, AT_BYTES) + start, at, length);
  store<u32>(ends, start + length, 4);
  store<u32>(column, id + 1, AT_ENTRIES);
  setEntry(entry, headOf(at, length), length, id);
  const slots = load<u32>(column, AT_MASK) + 1;
  // a table that is a quarter full is rarely searched beyond the first slot
  if ((id + 1) * 4 > slots && slots < load<u32>(column, AT_MOST)) widen(column);
  return id;
}

// Whether the text of entry `id` is equal beyond its first 16 bytes.
function sameTail(column: u32, id: u32, at: u32, length: u32): bool {
  const start = load<u32>(load<u32>(column, AT_ENDS) + (id << 2));
  return sameBytes(load<u32>(column, AT_BYTES) + start + 16, at + 16, length - 16);
}

// The place of a text, looked for from a slot on.
function internFrom(column: u32, from: u32, head: v128, at: u32, length: u32): u32 {
  const table = load<u32>(column, AT_TABLE);
  const mask = load<u32>(column, AT_MASK);
  let slot = from;
  while (true) {
    const entry = table + (slot << ENTRY_BITS);
    const tag = load<u32>(entry, E_LENGTH);
    if (tag == length + 1 && !v128.any_true(v128.xor(v128.load(entry), head))) {
      const id = load<u32>(entry, E_ID);
      if (length <= 16 || sameTail(column, id, at, length)) return id;
    }
    if (tag == 0) return addEntry(column, entry, at, length);
    slot = (slot + 1) & mask;
  }
}

/** The place of a text in the dictionary, where it is put if it is new; reads 31 bytes beyond. */
export function internText(column: u32, at: u32, length: u32): u32 {
  const head = headOf(at, length);
  const slot = hashOf(head, at, length) & load<u32>(column, AT_MASK);
  return internFrom(column, slot, head, at, length);
}

// @ts-ignore: decorator
@inline
export function putDict(column: u32, row: u32, at: u32, length: u32): void {
  putI32(column, row, internText(column, at, length));
}

/** The same of a text of at most 16 bytes, which are the first of `bytes`. */
// @ts-ignore: decorator
@inline
export function putShortDict(column: u32, row: u32, bytes: v128, at: u32, length: u32): void {
  const head = v128.and(bytes, v128.load((<u32>KEEP) + 16 - length));
  const hash = foldHash(i64x2.extract_lane(head, 0), i64x2.extract_lane(head, 1), length);
  const places = load<u64>(column, AT_TABLE); // and the mask
  const slot = hash & <u32>(places >> 32);
  const entry = <u32>places + (slot << ENTRY_BITS);
  const tag = load<u64>(entry, E_LENGTH); // and the place
  const differs = v128.any_true(v128.xor(v128.load(entry), head));
  const isFound = (u32(<u32>tag == length + 1) & u32(!differs)) != 0;
  putI32(column, row, isFound ? <u32>(tag >> 32) : internFrom(column, slot, head, at, length));
}

/** Where a text may be written that is then put into the dictionary from there. */
// @ts-ignore: decorator
@inline
export function dictionaryRoom(column: u32): u32 {
  const ends = load<u32>(column, AT_ENDS);
  return load<u32>(column, AT_BYTES) + load<u32>(ends + (load<u32>(column, AT_ENTRIES) << 2));
}

/** Empties a dictionary; its table has `slots` slots then, a power of two. */
export function clearDictionary(column: u32, slots: u32): void {
  memory.fill(load<u32>(column, AT_TABLE), 0, slots << ENTRY_BITS);
  store<u32>(column, slots - 1, AT_MASK);
  store<u32>(column, 0, AT_ENTRIES);
  store<u32>(load<u32>(column, AT_ENDS), 0);
}

// Keys as blocks of 16 bytes and their hashes, a block of rows at a time.
import { allocate, release } from "../memory/arena";
import {
  hashBlock,
  hashLong,
  hashNull,
  LONG_MARK,
  nullBlock,
  SHORT_KEY,
  shortBlock,
} from "../hash/hash";
import {
  COLUMN_BYTES,
  dictionaryBytes,
  dictionaryLength,
  dictionaryOffsets,
  fixedKey,
  isValid,
  KIND_BYTES,
  KIND_DICT,
  kindOf,
  offsetsOf,
  validityOf,
  valuesOf,
} from "./columns";
import { longBlock } from "./slice_keys";
import { T_ENCODED, T_ENCODED_BYTES } from "./table";

/** Keys of a block's rows, 16 bytes each. */
export const BLOCKS: usize = memory.data(512 * 16, 16);
/** Hashes of a block's rows. */
export const HASHES: usize = memory.data(512 * 8, 16);

const ENCODED_OFFSETS: usize = memory.data(513 * 4, 16);

export const DONE: i32 = 0;
export const OUT_OF_MEMORY: i32 = 1;
/** A dictionary index beyond the dictionary. */
export const BAD_INDEX: i32 = 2;
/** A key of more than MOST_KEY bytes. */
export const LONG_KEY: i32 = 3;

const MOST_KEY: u32 = 65536;

let longKey: bool = false;

const ENCODED_SLACK: u32 = 64;

// @ts-ignore: decorator
@inline
function putKey(row: u32, at: u32, length: u32): void {
  if (length <= SHORT_KEY) {
    const block = shortBlock(at, length);
    v128.store((<u32>BLOCKS) + (row << 4), block);
    store<u64>((<u32>HASHES) + (row << 3), hashBlock(block));
  } else if (length <= MOST_KEY) {
    v128.store((<u32>BLOCKS) + (row << 4), longBlock(at, length));
    store<u64>((<u32>HASHES) + (row << 3), hashLong(at, length));
  } else {
    longKey = true;
  }
}

function putNull(row: u32): void {
  v128.store((<u32>BLOCKS) + (row << 4), nullBlock());
  store<u64>((<u32>HASHES) + (row << 3), hashNull());
}

/** Keys and hashes of a column of bytes. */
export function blocksOfBytes(column: u32, from: u32, count: u32): void {
  const values = valuesOf(column);
  const offsets = offsetsOf(column) + (from << 2);
  const validity = validityOf(column);
  let start = load<u32>(offsets);
  for (let row: u32 = 0; row < count; row++) {
    const end = load<u32>(offsets + (row << 2), 4);
    if (isValid(validity, from + row)) putKey(row, values + start, end - start);
    else putNull(row);
    start = end;
  }
}

/** Keys and hashes of a dictionary column, looked up row by row. */
export function blocksOfDictionary(column: u32, from: u32, count: u32): i32 {
  const validity = validityOf(column);
  const indices = valuesOf(column) + (from << 2);
  const bytes = dictionaryBytes(column);
  const offsets = dictionaryOffsets(column);
  const length = dictionaryLength(column);
  for (let row: u32 = 0; row < count; row++) {
    if (!isValid(validity, from + row)) {
      putNull(row);
      continue;
    }
    const index = load<u32>(indices + (row << 2));
    if (index >= length) return BAD_INDEX;
    const start = load<u32>(offsets + (index << 2));
    putKey(row, bytes + start, load<u32>(offsets + (index << 2), 4) - start);
  }
  return DONE;
}

/** Puts the key of a dictionary entry into row 0; false when it is too long. */
export function blockOfEntry(column: u32, index: u32): bool {
  longKey = false;
  const offsets = dictionaryOffsets(column) + (index << 2);
  const start = load<u32>(offsets);
  putKey(0, dictionaryBytes(column) + start, load<u32>(offsets, 4) - start);
  return !longKey;
}

/** Puts the null key into row 0. */
export function blockOfNull(): void {
  putNull(0);
}

// Bytes that a cell takes in an encoded key, or ~0 for a dictionary index out of range.
function cellBytes(column: u32, row: u32): u32 {
  const kind = kindOf(column);
  if (!isValid(validityOf(column), row)) return 1;
  if (kind == KIND_BYTES) {
    const offsets = offsetsOf(column) + (row << 2);
    return 5 + load<u32>(offsets, 4) - load<u32>(offsets);
  }
  if (kind != KIND_DICT) return 9;
  const index = load<u32>(valuesOf(column) + (row << 2));
  if (index >= dictionaryLength(column)) return ~0;
  const offsets = dictionaryOffsets(column) + (index << 2);
  return 5 + load<u32>(offsets, 4) - load<u32>(offsets);
}

function writeBytes(at: u32, from: u32, offsets: u32): u32 {
  const start = load<u32>(offsets);
  const length = load<u32>(offsets, 4) - start;
  store<u32>(at, length);
  for (let done: u32 = 0; done < length; done += 16) {
    v128.store(at + 4 + done, v128.load(from + start + done));
  }
  return at + 4 + length;
}

// Writes a cell at `at`, up to 15 bytes beyond its end too; where it ends.
function writeCell(at: u32, column: u32, row: u32): u32 {
  if (!isValid(validityOf(column), row)) {
    store<u8>(at, 0);
    return at + 1;
  }
  store<u8>(at, 1);
  const kind = kindOf(column);
  const values = valuesOf(column);
  if (kind == KIND_BYTES) return writeBytes(at + 1, values, offsetsOf(column) + (row << 2));
  if (kind == KIND_DICT) {
    const index = load<u32>(values + (row << 2));
    return writeBytes(at + 1, dictionaryBytes(column), dictionaryOffsets(column) + (index << 2));
  }
  store<u64>(at + 1, fixedKey(kind, values, row));
  return at + 9;
}

// Room for the encoded keys of a block; DONE, OUT_OF_MEMORY or BAD_INDEX.
function makeEncodedRoom(table: u32, columns: u32, keys: u32, from: u32, count: u32): i32 {
  let need: u64 = ENCODED_SLACK;
  for (let key: u32 = 0; key < keys; key++) {
    const column = columns + key * COLUMN_BYTES;
    for (let row = from; row < from + count; row++) {
      const bytes = cellBytes(column, row);
      if (bytes == ~0) return BAD_INDEX;
      need += bytes;
    }
  }
  if (need <= load<u32>(table, T_ENCODED_BYTES)) return DONE;
  release(load<u32>(table, T_ENCODED));
  const block = need >> 31 != 0 ? 0 : allocate(<u32>need);
  store<u32>(table, block, T_ENCODED);
  store<u32>(table, block == 0 ? 0 : <u32>need, T_ENCODED_BYTES);
  return block == 0 ? OUT_OF_MEMORY : DONE;
}

/** Keys and hashes of several columns at once: each a null flag, a length, and bytes. */
export function blocksOfColumns(table: u32, columns: u32, keys: u32, from: u32, count: u32): i32 {
  const code = makeEncodedRoom(table, columns, keys, from, count);
  if (code != DONE) return code;
  let at = load<u32>(table, T_ENCODED);
  for (let row: u32 = 0; row < count; row++) {
    store<u32>((<u32>ENCODED_OFFSETS) + (row << 2), at);
    for (let key: u32 = 0; key < keys; key++) {
      at = writeCell(at, columns + key * COLUMN_BYTES, from + row);
    }
  }
  store<u32>((<u32>ENCODED_OFFSETS) + (count << 2), at);
  // the copies run over their ends, so keys are read only when all are written
  for (let row: u32 = 0; row < count; row++) {
    const start = load<u32>((<u32>ENCODED_OFFSETS) + (row << 2));
    putKey(row, start, load<u32>((<u32>ENCODED_OFFSETS) + (row << 2), 4) - start);
  }
  return DONE;
}

/** Keys and hashes of a block of rows, however many key columns there are. */
export function encodeBlock(table: u32, columns: u32, keys: u32, from: u32, count: u32): i32 {
  longKey = false;
  let code = DONE;
  if (keys != 1) code = blocksOfColumns(table, columns, keys, from, count);
  else if (kindOf(columns) == KIND_DICT) code = blocksOfDictionary(columns, from, count);
  else blocksOfBytes(columns, from, count);
  return longKey ? LONG_KEY : code;
}


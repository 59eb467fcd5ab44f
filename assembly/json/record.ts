// One record by the grammar alone: what takes every line that no learned layout fits.
import { clearCell, isCellValid, markValid, openRow } from "../column/sink";
import { sameBytes } from "../hash/hash";
import { readCell } from "./cell";
import {
  BAD_DEPTH,
  BAD_KEY,
  BAD_NULL,
  BAD_SYNTAX,
  BAD_TEXT,
  depthLimit,
  extraKeys,
  F_BELOW,
  F_COLUMN,
  F_HEAD,
  F_ITEM,
  F_KIND,
  F_LENGTH,
  F_NAME,
  F_NODE,
  fail,
  FIELD_BYTES,
  K_STRUCT,
  keyMost,
  keyRoom,
  N_COUNT,
  N_FIELDS,
  N_MASK,
  N_REQUIRED,
  N_REQUIRED_COUNT,
  N_TABLE,
} from "./reader";
import { NULL, skipBlank, skipValue } from "./skip";
import { areEscapes, ESCAPED, isLone, isUtf8, scanString, unescape, WIDE } from "./text";

// Of each object that is open, as many as types can be nested: its node, and the field expected
// behind it.
const OPEN: usize = memory.data(66 * 8, 16);

// 16 bytes of ones before 16 of zeros: loading 16 - n bytes in keeps n bytes.
const KEEP: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
], 16);

/** Whether the record read last has no key that is escaped or comes twice: a layout may be made. */
export let isPlainRecord: bool = false;

// @ts-ignore: decorator
@inline
function headOf(at: u32, length: u32): v128 {
  return v128.and(v128.load(at), v128.load((<u32>KEEP) + 16 - min<u32>(length, 16)));
}

// @ts-ignore: decorator
@inline
function hashOf(head: v128, length: u32): u32 {
  const low = i64x2.extract_lane(head, 0) ^ (<u64>length << 56);
  const mixed = low * 0x9e3779b97f4a7c15 ^ rotl<u64>(i64x2.extract_lane(head, 1), 29);
  return <u32>((mixed * 0xc2b2ae3d27d4eb4f) >> 40);
}

// @ts-ignore: decorator
@inline
function isNamed(field: u32, at: u32, length: u32, head: v128): bool {
  if (load<u32>(field, F_LENGTH) != length) return false;
  if (v128.any_true(v128.xor(v128.load(field, F_HEAD), head))) return false;
  return length <= 16 || sameBytes(load<u32>(field, F_NAME) + 16, at + 16, length - 16);
}

/** Puts the fields of a node into its table, which is empty. */
export function jsonIndexFields(node: u32): void {
  const table = load<u32>(node, N_TABLE);
  const mask = load<u32>(node, N_MASK);
  const count = load<u32>(node, N_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const field = load<u32>(node, N_FIELDS) + i * FIELD_BYTES;
    const length = load<u32>(field, F_LENGTH);
    const head = headOf(load<u32>(field, F_NAME), length);
    v128.store(field, head, F_HEAD);
    let slot = hashOf(head, length) & mask;
    while (load<u32>(table + (slot << 2)) != 0) slot = (slot + 1) & mask;
    store<u32>(table + (slot << 2), i + 1);
  }
}

// Whether all keys so far were those of the fields that were expected.
let isInOrder: bool = false;

// The field of a key, 0 when there is none.
function fieldOf(node: u32, at: u32, length: u32, expected: u32): u32 {
  const fields = load<u32>(node, N_FIELDS);
  const head = headOf(at, length);
  if (isInOrder) {
    const next = fields + expected * FIELD_BYTES;
    if (expected < load<u32>(node, N_COUNT) && isNamed(next, at, length, head)) return next;
    isInOrder = false;
  }
  const table = load<u32>(node, N_TABLE);
  const mask = load<u32>(node, N_MASK);
  let slot = hashOf(head, length) & mask;
  while (true) {
    const number = load<u32>(table + (slot << 2));
    if (number == 0) return 0;
    const field = fields + (number - 1) * FIELD_BYTES;
    if (isNamed(field, at, length, head)) return field;
    slot = (slot + 1) & mask;
  }
}

let keyEnd: u32 = 0; // behind the closing quote of the key that was read last; 0: it is not valid

// The field of the key whose first byte is at `at`.
function readKey(node: u32, at: u32, expected: u32): u32 {
  const found = scanString(at);
  const end = <u32>found;
  keyEnd = 0;
  if (found == 0) return fail(BAD_SYNTAX, at, 0);
  const seen = <u32>(found >> 32);
  if (seen == 0) {
    keyEnd = end + 1;
    return fieldOf(node, at, end - at, expected);
  }
  return readOddKey(node, at, end, seen);
}

// Escapes stand for what they mean; a long key is no field's, and half a character never is.
function readOddKey(node: u32, at: u32, end: u32, seen: u32): u32 {
  if ((seen & WIDE) != 0 && !isUtf8(at, end)) return fail(BAD_TEXT, at, 0);
  if ((seen & ESCAPED) == 0) {
    keyEnd = end + 1;
    return fieldOf(node, at, end - at, 0);
  }
  isPlainRecord = false;
  if (!areEscapes(at, end)) return fail(BAD_SYNTAX, at, 0);
  keyEnd = end + 1;
  if (end - at > keyMost) return 0;
  const length = unescape(at, end, keyRoom);
  return isLone() ? 0 : fieldOf(node, keyRoom, length, 0);
}

// Makes a struct's cells null, and those of its fields.
function nullStruct(field: u32, row: u32): void {
  openRow(load<u32>(field, F_COLUMN), load<u32>(field, F_BELOW), row);
}

function hasRequired(node: u32, row: u32, at: u32): bool {
  const list = load<u32>(node, N_REQUIRED);
  const count = load<u32>(node, N_REQUIRED_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const column = load<u32>(list + (i << 2));
    if (!isCellValid(column, row)) {
      fail(BAD_NULL, at, column);
      return false;
    }
  }
  return true;
}

// Reads a field's value, but for an object of which the fields are wanted.
function readValue(field: u32, row: u32, at: u32, level: u32): u32 {
  const column = load<u32>(field, F_COLUMN);
  const kind = load<u32>(field, F_KIND);
  if (isCellValid(column, row)) isPlainRecord = false;
  if (load<u32>(at) == NULL) {
    if (kind == K_STRUCT) nullStruct(field, row);
    else clearCell(column, row);
    return at + 4;
  }
  const end = readCell(kind, column, row, at, level, load<u32>(field, F_ITEM));
  if (end != 0) markValid(column, row);
  return end;
}

let node: u32 = 0; // of the object that is read
let level: u32 = 0; // how many objects are open
let expected: u32 = 0; // the field of which the key is likely to come

// Opens the object at `at`, the value of `field`.
function openObject(field: u32, row: u32, at: u32): u32 {
  const column = load<u32>(field, F_COLUMN);
  if (level >= depthLimit) return fail(BAD_DEPTH, at, column);
  if (isCellValid(column, row)) {
    isPlainRecord = false;
    nullStruct(field, row);
  }
  markValid(column, row);
  const open = (<u32>OPEN) + (level++ << 3);
  store<u32>(open, node);
  store<u32>(open, expected, 4);
  node = load<u32>(field, F_NODE);
  expected = 0;
  return skipBlank(at + 1);
}

// Closes objects from behind a value on: where the next key has to be, or, when no object is open
// any more, the end of the record.
function closeObjects(row: u32, from: u32): u32 {
  let at = from;
  while (true) {
    at = skipBlank(at);
    const next = load<u8>(at);
    if (next == 0x2c) {
      at = skipBlank(at + 1);
      return load<u8>(at) == 0x22 ? at : fail(BAD_SYNTAX, at, 0);
    }
    if (next != 0x7d) return fail(BAD_SYNTAX, at, 0);
    if (load<u32>(node, N_REQUIRED_COUNT) != 0 && !hasRequired(node, row, at)) return 0;
    at++;
    if (--level == 0) return at;
    const open = (<u32>OPEN) + (level << 3);
    node = load<u32>(open);
    expected = load<u32>(open, 4);
  }
}

/**
 * Reads the object at `from` into a row; the address behind it, or 0 when it is not taken. Cells that
 * it does not have are not valid then, and no more: `nullRest` has to follow.
 */
export function readRecord(columns: u32, count: u32, root: u32, row: u32, from: u32): u32 {
  isPlainRecord = true;
  isInOrder = true;
  openRow(columns, count, row);
  if (load<u8>(from) != 0x7b) return skipValue(from, 0) == 0 ? 0 : fail(BAD_SYNTAX, from, 0);
  node = root;
  level = 1;
  expected = 0;
  let at = skipBlank(from + 1);
  while (true) {
    if (load<u8>(at) == 0x22) {
      const field = readKey(node, at + 1, expected);
      if (keyEnd == 0) return 0;
      const key = at;
      at = skipBlank(keyEnd);
      if (load<u8>(at) != 0x3a) return fail(BAD_SYNTAX, at, 0);
      at = skipBlank(at + 1);
      if (field == 0) {
        if (!extraKeys) return fail(BAD_KEY, key, 0);
        at = skipValue(at, level);
      } else {
        expected = (field - load<u32>(node, N_FIELDS)) / FIELD_BYTES + 1;
        if (load<u8>(at) == 0x7b && load<u32>(field, F_KIND) == K_STRUCT) {
          at = openObject(field, row, at);
          if (at == 0) return 0;
          continue;
        }
        at = readValue(field, row, at, level);
      }
      if (at == 0) return 0;
    } else if (load<u8>(at) != 0x7d) {
      return fail(BAD_SYNTAX, at, 0);
    }
    at = closeObjects(row, at);
    if (at == 0 || level == 0) return at;
  }
}

// One record by the grammar alone: what takes every line that no learned layout fits.
import { clearCell, isCellValid, markValid, openRow, wasValid } from "../column/sink";
import { readCell } from "./cell";
import { readDict, readText } from "./cell_text";
import { beginKeys, fieldNamed, fieldOf, headIn } from "./fields";
import { goesOn, passNumber, quickBool, quickNumber } from "./quick";
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
  F_ITEM,
  F_KIND,
  F_NODE,
  fail,
  FIELD_BYTES,
  K_BOOL,
  K_DICT,
  K_STRUCT,
  K_TEXT,
  keyMost,
  keyRoom,
  N_FIELDS,
  N_REQUIRED,
  N_REQUIRED_COUNT,
} from "./reader";
import { NULL, skipBlank, skipValue } from "./skip";
import {
  areEscapes,
  ESCAPED,
  isLone,
  isShort,
  isUtf8,
  quotesIn,
  scanString,
  unescape,
  WIDE,
} from "./text";

const NEXT_KEY: u16 = 0x222c; // a comma and a quote

// Of each object that is open, as many as types can be nested: its node, and the field expected
// behind it.
const OPEN: usize = memory.data(66 * 8, 16);

/** Whether the record read last has no key that is escaped or comes twice: a layout may be made. */
export let isPlainRecord: bool = false;

let valueAt: u32 = 0; // where the value of the key starts that was read last; 0: it is not valid

// The field of the key whose first byte is at `at`.
function readAnyKey(node: u32, at: u32, expected: u32): u32 {
  valueAt = 0;
  const found = scanString(at);
  if (found == 0) return fail(BAD_SYNTAX, at, 0);
  const end = <u32>found;
  const seen = <u32>(found >> 32);
  const field = seen == 0 ? fieldOf(node, at, end - at, expected) : oddKey(node, at, end, seen);
  if (isKey) valueAt = behindColon(end + 1);
  isKey = true;
  return field;
}

// Where the value starts behind a key; 0 when there is no colon between them.
function behindColon(from: u32): u32 {
  const at = skipBlank(from);
  return load<u8>(at) == 0x3a ? skipBlank(at + 1) : fail(BAD_SYNTAX, at, 0);
}

let isKey: bool = true; // whether the odd key is valid

// Escapes stand for what they mean; a long key is no field's, and half a character never is.
function oddKey(node: u32, at: u32, end: u32, seen: u32): u32 {
  isKey = false;
  if ((seen & WIDE) != 0 && !isUtf8(at, end)) return fail(BAD_TEXT, at, 0);
  if ((seen & ESCAPED) != 0) {
    isPlainRecord = false;
    if (!areEscapes(at, end)) return fail(BAD_SYNTAX, at, 0);
  }
  isKey = true;
  if ((seen & ESCAPED) == 0) return fieldOf(node, at, end - at, 0);
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

// The usual values, told by their first byte, which is known before the field is; 0 for all others.
// @ts-ignore: decorator
@inline
function readUsual(kind: u32, column: u32, row: u32, at: u32): u32 {
  const first: u32 = load<u8>(at);
  if (first == 0x22) {
    if (kind == K_DICT) return readDict(column, row, at + 1);
    return kind == K_TEXT ? readText(column, row, at + 1) : 0;
  }
  if (first > 0x39) return kind == K_BOOL ? quickBool(column, row, at) : 0;
  const end = quickNumber(kind, column, row, at);
  return end == 0 || goesOn(end) ? 0 : end;
}

// Past a value that is not wanted.
// @ts-ignore: decorator
@inline
function passValue(at: u32, level: u32): u32 {
  const first: u32 = load<u8>(at);
  if (first == 0x22) {
    const bytes = v128.load(at, 1);
    const quotes = quotesIn(bytes);
    if (isShort(bytes, quotes)) return at + <u32>ctz(quotes) + 2;
  } else if (first <= 0x39) {
    const end = passNumber(at);
    if (end != 0 && !goesOn(end)) return end;
  }
  return skipValue(at, level);
}

// Reads a field's value, but for an object of which the fields are wanted.
// @ts-ignore: decorator
@inline
function readValue(field: u32, row: u32, at: u32, level: u32): u32 {
  const column = load<u32>(field, F_COLUMN);
  const kind = load<u32>(field, F_KIND);
  if (wasValid(column, row)) isPlainRecord = false;
  if (load<u32>(at) == NULL) {
    if (kind == K_STRUCT) nullStruct(field, row);
    else clearCell(column, row);
    return at + 4;
  }
  const end = readUsual(kind, column, row, at);
  return end != 0 ? end : readCell(kind, column, row, at, level, load<u32>(field, F_ITEM));
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
  beginKeys();
  openRow(columns, count, row);
  if (load<u8>(from) != 0x7b) return skipValue(from, 0) == 0 ? 0 : fail(BAD_SYNTAX, from, 0);
  node = root;
  level = 1;
  expected = 0;
  let at = skipBlank(from + 1);
  while (true) {
    if (load<u8>(at) == 0x22) {
      const key = at;
      const bytes = v128.load(key, 1);
      const quotes = quotesIn(bytes);
      const length = <u32>ctz(quotes);
      const colon = key + length + 2;
      let field: u32;
      if (isShort(bytes, quotes) && load<u8>(colon) == 0x3a && load<u8>(colon, 1) > 0x20) {
        at = colon + 1;
        field = fieldNamed(node, headIn(bytes, length), key + 1, length, expected);
      } else {
        field = readAnyKey(node, key + 1, expected);
        at = valueAt;
        if (at == 0) return 0;
      }
      if (field == 0) {
        if (!extraKeys) return fail(BAD_KEY, key, 0);
        at = passValue(at, level);
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
      if (load<u16>(at) == NEXT_KEY) {
        at++;
        continue;
      }
    } else if (load<u8>(at) != 0x7d) {
      return fail(BAD_SYNTAX, at, 0);
    }
    at = closeObjects(row, at);
    if (at == 0 || level == 0) return at;
  }
}

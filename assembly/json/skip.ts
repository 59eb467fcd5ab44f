// Values that are not wanted: passed over, and held to the grammar of RFC 8259 unless the sender is
// trusted. What is nested is kept in bits, one a level, so that no depth makes the stack grow.
import {
  BAD_DEPTH,
  BAD_SYNTAX,
  BAD_TEXT,
  depthLimit,
  fail,
  levels,
  trusted,
} from "./reader";
import { areEscapes, ESCAPED, isUtf8, scanString, WIDE } from "./text";

// @ts-ignore: decorator
@inline
function isBlank(byte: u8): bool {
  return byte == 0x20 || byte == 0x09 || byte == 0x0d;
}

function skipBlanks(from: u32): u32 {
  let at = from;
  while (isBlank(load<u8>(at))) at++;
  return at;
}

/** Past blanks; the end of the line is none. */
// @ts-ignore: decorator
@inline
export function skipBlank(at: u32): u32 {
  return load<u8>(at) > 0x20 ? at : skipBlanks(at);
}

export const NULL: u32 = 0x6c6c756e;
export const TRUE: u32 = 0x65757274;
const FALSE: u64 = 0x65_736c_6166;

/** Whether `false` is at `at`. */
// @ts-ignore: decorator
@inline
export function isFalse(at: u32): bool {
  return (load<u64>(at) & 0xff_ffff_ffff) == FALSE;
}

// Of a string that has escapes or bytes beyond ASCII.
function checkString(at: u32, end: u32, seen: u32): u32 {
  if ((seen & WIDE) != 0 && !isUtf8(at, end)) return fail(BAD_TEXT, at, 0);
  if ((seen & ESCAPED) != 0 && !areEscapes(at, end)) return fail(BAD_SYNTAX, at, 0);
  return end + 1;
}

/** Past the string whose first byte is at `at`; 0 when it is not valid. */
// @ts-ignore: decorator
@inline
export function skipString(at: u32): u32 {
  const found = scanString(at);
  if (found == 0) return fail(BAD_SYNTAX, at, 0);
  const seen = <u32>(found >> 32);
  return seen == 0 || trusted ? <u32>found + 1 : checkString(at, <u32>found, seen);
}

// Past digits; they may be none.
// @ts-ignore: decorator
@inline
function skipDigits(from: u32): u32 {
  let at = from;
  while (true) {
    const digits = i8x16.sub(v128.load(at), i8x16.splat(0x30));
    const stops = ~(<u32>i8x16.bitmask(i8x16.le_u(digits, i8x16.splat(9))));
    const count = <u32>ctz(stops);
    at += count;
    if (count < 16) return at;
  }
}

// Past a number, of which the value does not matter; 0 when it is none.
function skipNumber(from: u32): u32 {
  const start = from + u32(load<u8>(from) == 0x2d);
  let at = skipDigits(start);
  if (at == start || (at > start + 1 && load<u8>(start) == 0x30)) return 0;
  if (load<u8>(at) == 0x2e) {
    const point = at + 1;
    at = skipDigits(point);
    if (at == point) return 0;
  }
  if ((load<u8>(at) | 0x20) != 0x65) return at;
  const sign = load<u8>(at, 1);
  const digits = at + 1 + u32(sign == 0x2b || sign == 0x2d);
  at = skipDigits(digits);
  return at == digits ? 0 : at;
}

/** Past a number or a word. */
export function skipScalar(at: u32): u32 {
  const word = load<u32>(at);
  if (word == TRUE || word == NULL) return at + 4;
  if (isFalse(at)) return at + 5;
  const end = skipNumber(at);
  if (end != 0) return end;
  return trusted ? skipAny(at) : fail(BAD_SYNTAX, at, 0);
}

// Past what a trusted sender has written where a number or a word belongs.
function skipAny(at: u32): u32 {
  let end = at;
  while (true) {
    const byte = load<u8>(end);
    if (byte <= 0x20 || byte == 0x2c || byte == 0x7d || byte == 0x5d) break;
    end++;
  }
  return end > at ? end : fail(BAD_SYNTAX, at, 0);
}

// @ts-ignore: decorator
@inline
function openLevel(level: u32, isObject: bool): void {
  const at = levels + (level >> 3);
  const bit = <u8>((<u32>1) << (level & 7));
  store<u8>(at, isObject ? load<u8>(at) | bit : load<u8>(at) & ~bit);
}

// @ts-ignore: decorator
@inline
function isObjectAt(level: u32): bool {
  return (load<u8>(levels + (level >> 3)) & <u8>((<u32>1) << (level & 7))) != 0;
}

/** Past a key, its colon, and blanks: where the value starts. */
function skipKey(at: u32): u32 {
  if (load<u8>(at) != 0x22) return fail(BAD_SYNTAX, at, 0);
  let next = skipString(at + 1);
  if (next == 0) return 0;
  next = skipBlank(next);
  if (load<u8>(next) != 0x3a) return fail(BAD_SYNTAX, next, 0);
  return skipBlank(next + 1);
}

/** Past the value at `at`, within `level` open levels; 0 when it is not valid, or too deep. */
export function skipValue(from: u32, level: u32): u32 {
  let at = from;
  let open = level;
  while (true) {
    const first = load<u8>(at);
    if (first == 0x22) {
      at = skipString(at + 1);
    } else if (first == 0x7b || first == 0x5b) {
      const isObject = first == 0x7b;
      if (++open > depthLimit) return fail(BAD_DEPTH, at, 0);
      openLevel(open, isObject);
      at = skipBlank(at + 1);
      // the closing bracket is two above the opening one in both pairs
      if (load<u8>(at) != first + 2) {
        if (isObject) at = skipKey(at);
        if (at == 0) return 0;
        continue;
      }
      open--;
      at++;
    } else {
      at = skipScalar(at);
    }
    if (at == 0) return 0;
    // what ends behind the value, up to where the next one starts
    while (true) {
      if (open == level) return at;
      at = skipBlank(at);
      const next = load<u8>(at);
      const isObject = isObjectAt(open);
      if (next == 0x2c) {
        at = skipBlank(at + 1);
        if (isObject) at = skipKey(at);
        if (at == 0) return 0;
        break;
      }
      if (next != (isObject ? 0x7d : 0x5d)) return fail(BAD_SYNTAX, at, 0);
      open--;
      at++;
    }
  }
}

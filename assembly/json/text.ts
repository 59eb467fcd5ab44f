// Strings of JSON: where they end, whether they are valid, and what they mean.

const QUOTE: u8 = 0x22;
const BACKSLASH: u8 = 0x5c;

/** In what `scanString` gives: there are escapes. */
export const ESCAPED: u32 = 1;
/** In what `scanString` gives: there are bytes beyond ASCII. */
export const WIDE: u32 = 2;

// @ts-ignore: decorator
@inline
function stopsIn(part: v128): u32 {
  const special = v128.or(
    i8x16.eq(part, i8x16.splat(0x22)),
    i8x16.eq(part, i8x16.splat(0x5c)),
  );
  return <u32>i8x16.bitmask(v128.or(special, i8x16.le_u(part, i8x16.splat(0x1f))));
}

// Vectors are loaded from here, since building one from its constant takes several instructions.
const VECTORS: usize = memory.data<u32>(
  [
    0x2222_2222, 0x2222_2222, 0x2222_2222, 0x2222_2222,
    0x5c5c_5c5c, 0x5c5c_5c5c, 0x5c5c_5c5c, 0x5c5c_5c5c,
    0x2020_2020, 0x2020_2020, 0x2020_2020, 0x2020_2020,
  ],
  16,
);
const NO_QUOTE: u32 = 0x8000_0000;

/** Bit i is set where byte i is a quote. */
// @ts-ignore: decorator
@inline
export function quotesIn(bytes: v128): u32 {
  return <u32>i8x16.bitmask(i8x16.eq(bytes, v128.load(VECTORS)));
}

/** Whether the first of `quotes` ends a string that is nothing but ASCII without escapes. */
// @ts-ignore: decorator
@inline
export function isShort(bytes: v128, quotes: u32): bool {
  const backslash = i8x16.eq(bytes, v128.load(VECTORS, 16));
  // bytes beyond ASCII are below zero
  const odd = v128.or(backslash, i8x16.lt_s(bytes, v128.load(VECTORS, 32)));
  return ((<u32>i8x16.bitmask(odd) | NO_QUOTE) & (quotes ^ (quotes - 1))) == 0;
}

// Goes on from `from`, with what was seen before it.
function scanOn(from: u32, before: u64): u64 {
  let at = from;
  let seen = before;
  while (true) {
    const part = v128.load(at);
    const stops = stopsIn(part);
    const wide = <u32>i8x16.bitmask(part);
    if (stops == 0) {
      if (wide != 0) seen |= WIDE;
      at += 16;
      continue;
    }
    const count = <u32>ctz(stops);
    if ((wide & ((1 << count) - 1)) != 0) seen |= WIDE;
    at += count;
    const stop = load<u8>(at);
    if (stop == QUOTE) return <u64>at | (seen << 32);
    if (stop != BACKSLASH || load<u8>(at, 1) < 0x20) return 0;
    if (load<u8>(at, 1) >= 0x80) seen |= WIDE;
    seen |= ESCAPED;
    at += 2;
  }
}

/**
 * Where the string ends whose first byte is at `at`: the address of its closing quote, and in the
 * upper 32 bits ESCAPED and WIDE; 0 where a control character comes first, as the line's end does.
 */
// @ts-ignore: decorator
@inline
export function scanString(at: u32): u64 {
  const part = v128.load(at);
  const stops = stopsIn(part);
  const wide = <u32>i8x16.bitmask(part);
  const count = <u32>ctz(stops);
  if (stops == 0 || load<u8>(at + count) != QUOTE) return scanOn(at, 0);
  const isWide = (wide & ((1 << count) - 1)) != 0;
  return <u64>(at + count) | (isWide ? (<u64>WIDE) << 32 : 0);
}

// @ts-ignore: decorator
@inline
function isTail(byte: u8): bool {
  return (byte & 0xc0) == 0x80;
}

// Where the character ends that starts at `at`, beyond ASCII; 0 when it is none (Unicode 15.0,
// table 3-7). What follows the text is ASCII, so a character cut short is none.
function wideEnd(at: u32): u32 {
  const first = load<u8>(at);
  const second = load<u8>(at, 1);
  if (first < 0xc2 || !isTail(second)) return 0;
  if (first < 0xe0) return at + 2;
  if (!isTail(load<u8>(at, 2))) return 0;
  if (first < 0xf0) {
    if (first == 0xe0 && second < 0xa0) return 0;
    if (first == 0xed && second > 0x9f) return 0;
    return at + 3;
  }
  if (first > 0xf4 || !isTail(load<u8>(at, 3))) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  if (first == 0xf4 && second > 0x8f) return 0;
  return at + 4;
}

/** Whether bytes are valid UTF-8; an ASCII byte follows them. */
export function isUtf8(from: u32, end: u32): bool {
  let at = from;
  while (at < end) {
    const wide = <u32>i8x16.bitmask(v128.load(at));
    if (wide == 0) {
      at += 16;
      continue;
    }
    at += <u32>ctz(wide);
    // what is wide comes in runs
    while (at < end && load<u8>(at) >= 0x80) {
      at = wideEnd(at);
      if (at == 0) return false;
    }
  }
  return true;
}

// @ts-ignore: decorator
@inline
function hexOf(byte: u32): u32 {
  const digit = byte - 0x30;
  if (digit <= 9) return digit;
  const letter = (byte | 0x20) - 0x61;
  return letter <= 5 ? letter + 10 : 0x10000;
}

// The unit of four hexadecimal digits; above 0xffff when they are none.
function unitAt(at: u32): u32 {
  const a = hexOf(load<u8>(at));
  const b = hexOf(load<u8>(at, 1));
  const c = hexOf(load<u8>(at, 2));
  const d = hexOf(load<u8>(at, 3));
  return (a | b | c | d) > 15 ? 0x10000 : (a << 12) | (b << 8) | (c << 4) | d;
}

// What the letter behind a backslash stands for; 0 when it is none of those with one character.
function plainEscape(letter: u32): u32 {
  switch (letter) {
    case 0x22:
    case 0x5c:
    case 0x2f:
      return letter;
    case 0x62:
      return 0x08;
    case 0x66:
      return 0x0c;
    case 0x6e:
      return 0x0a;
    case 0x72:
      return 0x0d;
    case 0x74:
      return 0x09;
    default:
      return 0;
  }
}

/** Whether the escapes of a string are those that JSON has. */
export function areEscapes(from: u32, end: u32): bool {
  let at = from;
  while (at < end) {
    const stops = <u32>i8x16.bitmask(i8x16.eq(v128.load(at), i8x16.splat(0x5c)));
    if (stops == 0) {
      at += 16;
      continue;
    }
    at += <u32>ctz(stops);
    if (at >= end) return true;
    const letter = load<u8>(at, 1);
    if (letter == 0x75) {
      if (unitAt(at + 2) > 0xffff) return false;
      at += 6;
    } else {
      if (plainEscape(letter) == 0) return false;
      at += 2;
    }
  }
  return true;
}

let lone: bool = false;

/** Whether the string that was unescaped last has half a character, which UTF-8 cannot hold. */
export function isLone(): bool {
  return lone;
}

function putCode(to: u32, code: u32): u32 {
  if (code < 0x80) {
    store<u8>(to, code);
    return to + 1;
  }
  if (code < 0x800) {
    store<u8>(to, 0xc0 | (code >> 6));
    store<u8>(to, 0x80 | (code & 0x3f), 1);
    return to + 2;
  }
  if (code < 0x10000) {
    store<u8>(to, 0xe0 | (code >> 12));
    store<u8>(to, 0x80 | ((code >> 6) & 0x3f), 1);
    store<u8>(to, 0x80 | (code & 0x3f), 2);
    return to + 3;
  }
  store<u8>(to, 0xf0 | (code >> 18));
  store<u8>(to, 0x80 | ((code >> 12) & 0x3f), 1);
  store<u8>(to, 0x80 | ((code >> 6) & 0x3f), 2);
  store<u8>(to, 0x80 | (code & 0x3f), 3);
  return to + 4;
}

// How many bytes the `\u` escape at `at` takes, a second one included that completes it; its
// character is in `escaped`. 0 when it is none.
let escaped: u32 = 0;

function longEscape(at: u32): u32 {
  const first = unitAt(at + 2);
  if (first > 0xffff) return 0;
  escaped = first;
  if ((first & 0xf800) != 0xd800) return 6;
  if (first < 0xdc00 && load<u16>(at, 6) == 0x755c) {
    const second = unitAt(at + 8);
    if ((second & 0x1fc00) == 0xdc00) {
      escaped = 0x10000 + ((first & 0x3ff) << 10) + (second & 0x3ff);
      return 12;
    }
  }
  lone = true;
  return 6;
}

/**
 * Writes what a string means to `to`, and up to 15 bytes beyond; its length, or ~0 when an escape
 * is none that JSON has.
 */
export function unescape(from: u32, end: u32, to: u32): u32 {
  lone = false;
  let at = from;
  let out = to;
  while (at < end) {
    const part = v128.load(at);
    v128.store(out, part);
    const stops = <u32>i8x16.bitmask(i8x16.eq(part, i8x16.splat(0x5c)));
    const count = stops == 0 ? 16 : <u32>ctz(stops);
    if (at + count >= end) return out + (end - at) - to;
    at += count;
    out += count;
    if (stops == 0) continue;
    const letter = load<u8>(at, 1);
    if (letter != 0x75) {
      const plain = plainEscape(letter);
      if (plain == 0) return ~0;
      store<u8>(out++, plain);
      at += 2;
      continue;
    }
    const taken = longEscape(at);
    if (taken == 0) return ~0;
    out = putCode(out, escaped);
    at += taken;
  }
  return out - to;
}

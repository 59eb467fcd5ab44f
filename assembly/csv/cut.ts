// Finds where records end, and visits quotes and line ends alone for that. Bytes come in pieces,
// cut anywhere: what has to be known of those before stands in a state of two words.

import { comment, NO_BYTE, quote, separator, takeBytes } from "./context";

const LF: u32 = 10;
const CR: u32 = 13;
const WINDOW: u32 = 64;

// The words of a state: where in a record it is, and what the byte before was.
const PLACE: u32 = 0;
const BEFORE: u32 = 4;

// Where in a record: between quotes, behind a quote that may close or be the first of two, in a
// comment, or anywhere else.
const ELSEWHERE: u32 = 0;
const QUOTED: u32 = 1;
const MAY_CLOSE: u32 = 2;
const COMMENT: u32 = 3;

// The byte before the first one of a file.
const NOTHING: u32 = LF;

let place: u32 = 0;
let last: u32 = 0;

/** Begins at the start of a record. */
export function csvCutBegin(state: u32): void {
  store<u32>(state, ELSEWHERE, PLACE);
  store<u32>(state, NOTHING, BEFORE);
}

// @ts-ignore: decorator
@inline
function marks(b: v128, quotes: v128): u32 {
  const ofLines = v128.or(i8x16.eq(b, i8x16.splat(10)), i8x16.eq(b, i8x16.splat(13)));
  return i8x16.bitmask(v128.or(ofLines, i8x16.eq(b, quotes)));
}

// @ts-ignore: decorator
@inline
function windowMarks(at: u32, to: u32, quotes: v128): u64 {
  const low = <u64>marks(v128.load(at), quotes) | (<u64>marks(v128.load(at, 16), quotes) << 16);
  const high = <u64>marks(v128.load(at, 32), quotes) |
    (<u64>marks(v128.load(at, 48), quotes) << 16);
  const all = low | (high << 32);
  return to - at < WINDOW ? all & ((<u64>1 << (to - at)) - 1) : all;
}

// Takes a quote or line end, and gives the address from which to go on.
function visit(at: u32, to: u32, before: u32, first: bool): u32 {
  const byte: u32 = load<u8>(at);
  if (place == QUOTED) {
    if (byte != quote) return at + 1;
    if (at + 1 == to) place = MAY_CLOSE;
    else if (<u32>load<u8>(at, 1) == quote) return at + 2;
    else place = ELSEWHERE;
    return at + 1;
  }
  if (byte == quote) {
    const opens = before == separator || before == LF || before == CR;
    if (opens && place == ELSEWHERE) place = QUOTED;
    return at + 1;
  }
  const isPair = byte == CR && at + 1 < to && <u32>load<u8>(at, 1) == LF;
  const behind = at + (isPair ? 2 : 1);
  // a line feed may follow a carriage return at the very end
  if (first || isPair || byte != CR || behind < to) last = behind;
  const isComment = comment != NO_BYTE && behind < to && <u32>load<u8>(behind) == comment;
  place = isComment ? COMMENT : ELSEWHERE;
  return behind;
}

// Takes what the bytes before left open; gives the address from which to go on.
function resume(at: u32, before: u32): u32 {
  const byte: u32 = load<u8>(at);
  if (place == MAY_CLOSE) {
    place = byte == quote ? QUOTED : ELSEWHERE;
    return place == QUOTED ? at + 1 : at;
  }
  const startsLine = before == CR || before == LF;
  if (place == ELSEWHERE && startsLine && byte == comment) place = COMMENT;
  return at;
}

/**
 * The address behind the last record that ends in these bytes, or the first one; 0 when none does.
 * Of a last record the carriage return at the very end is no end: a line feed may come.
 */
export function csvCut(dialect: u32, state: u32, from: u32, to: u32, first: bool): u32 {
  if (from == to) return 0;
  takeBytes(dialect);
  const quotes = i8x16.splat(<i8>(quote == NO_BYTE ? LF : quote));
  place = load<u32>(state, PLACE);
  const previous = load<u32>(state, BEFORE);
  last = previous == CR && place == ELSEWHERE && <u32>load<u8>(from) != LF ? from : 0;
  let base = resume(from, previous);
  while (base < to && !(first && last > from)) {
    let left = windowMarks(base, to, quotes);
    let next = base + WINDOW;
    while (left != 0) {
      const at = base + <u32>ctz(left);
      const before = at == from ? previous : <u32>load<u8>(at - 1);
      const behind = visit(at, to, before, first);
      if ((first && last > from) || behind - base >= WINDOW) {
        next = behind;
        break;
      }
      left &= ~<u64>0 << (behind - base);
    }
    base = next;
  }
  store<u32>(state, place, PLACE);
  store<u32>(state, <u32>load<u8>(to - 1), BEFORE);
  return last;
}

// Strings that are wanted, from behind their opening quote to a cell of their column; as in `cell.ts`.
import { dictionaryRoom, putDict, putShortDict } from "../column/dictionary";
import { endText, putShortText, putText, textRoom } from "../column/sink";
import { BAD_SYNTAX, BAD_TEXT, BAD_VALUE, fail } from "./reader";
import {
  ESCAPED,
  isLone,
  isShort,
  isUtf8,
  quotesIn,
  scanString,
  unescape,
  WIDE,
} from "./text";

// Of a string that has escapes or bytes beyond ASCII.
function readOddText(column: u32, row: u32, at: u32, end: u32, seen: u32, dict: bool): u32 {
  if ((seen & WIDE) != 0 && !isUtf8(at, end)) return fail(BAD_TEXT, at, column);
  if ((seen & ESCAPED) == 0) {
    if (dict) putDict(column, row, at, end - at);
    else putText(column, row, at, end - at);
    return end + 1;
  }
  const room = dict ? dictionaryRoom(column) : textRoom(column, row);
  const length = unescape(at, end, room);
  if (length == ~0) return fail(BAD_SYNTAX, at, column);
  if (isLone()) return fail(BAD_VALUE, at, column);
  if (dict) putDict(column, row, room, length);
  else endText(column, row, length);
  return end + 1;
}

// Of a string that is not short.
function readLong(column: u32, row: u32, at: u32, dict: bool): u32 {
  const found = scanString(at);
  if (found == 0) return fail(BAD_SYNTAX, at, column);
  const end = <u32>found;
  const seen = <u32>(found >> 32);
  if (seen != 0) return readOddText(column, row, at, end, seen, dict);
  if (dict) putDict(column, row, at, end - at);
  else putText(column, row, at, end - at);
  return end + 1;
}

/** A string, from behind its opening quote. */
// @ts-ignore: decorator
@inline
export function readText(column: u32, row: u32, at: u32): u32 {
  const bytes = v128.load(at);
  const quotes = quotesIn(bytes);
  if (!isShort(bytes, quotes)) return readLong(column, row, at, false);
  const length = <u32>ctz(quotes);
  putShortText(column, row, bytes, length);
  return at + length + 1;
}

/** The same, to a dictionary. */
// @ts-ignore: decorator
@inline
export function readDict(column: u32, row: u32, at: u32): u32 {
  const bytes = v128.load(at);
  const quotes = quotesIn(bytes);
  if (!isShort(bytes, quotes)) return readLong(column, row, at, true);
  const length = <u32>ctz(quotes);
  putShortDict(column, row, bytes, at, length);
  return at + length + 1;
}

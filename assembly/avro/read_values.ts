// Single values of Avro into columns: where each ends, or 0 when that is not to be told.
import { decimalPrecision, decimalRoom, putI32, putText, textRoom, endText } from "../column/sink";
import { lost, unfit } from "./fault";
import { badNumber, checkLength } from "./skip";
import { readVarint, varintEnd } from "./varint";
import {
  AT_A,
  AT_B,
  AT_COLUMN,
  CUT,
  DECIMAL_RANGE,
  INT_RANGE,
  NO_SYMBOL,
  NOT_UTF8,
  OTHER_SYMBOL,
  TIME_RANGE,
} from "./read_ops";

const DAY_MS: i64 = 86400000;
const UUID_BYTES: u32 = 16;
const UUID_CHARACTERS: u32 = 36;
const HEX: usize = memory.data<u8>([
  48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 97, 98, 99, 100, 101, 102,
]);

// 10^0 to 10^38, the low and the high half each.
const POWERS: usize = memory.data(39 * 16, 16);
let hasPowers: bool = false;

function makePowers(): void {
  let low: u64 = 1;
  let high: u64 = 0;
  for (let digits: u32 = 0; digits < 39; digits++) {
    store<u64>((<u32>POWERS) + (digits << 4), low);
    store<u64>((<u32>POWERS) + (digits << 4), high, 8);
    const carry = ((low & 0xffffffff) * 10) >> 32;
    const top = ((low >> 32) * 10 + carry) >> 32;
    low *= 10;
    high = high * 10 + top;
  }
  hasPowers = true;
}

// Whether a scaled integer has at most so many digits.
function fits(low: u64, high: i64, precision: u32): bool {
  if (!hasPowers) makePowers();
  const sign = <u64>(high >> 63);
  let magnitude = low ^ sign;
  let top = <u64>high ^ sign;
  magnitude -= sign;
  if (sign != 0 && magnitude == 0) top++;
  const power = (<u32>POWERS) + (precision << 4);
  const most = load<u64>(power, 8);
  return top < most || (top == most && magnitude < load<u64>(power));
}

// Two's complement of `bytes` bytes, the highest first.
function putDecimalOf(op: u32, row: u32, at: u32, bytes: u32): void {
  const column = load<u32>(op, AT_COLUMN);
  let first = at;
  let left = bytes;
  const sign: u64 = bytes > 0 && load<u8>(at) >= 0x80 ? ~(<u64>0) : 0;
  // more bytes than needed
  while (left > 16 && load<u8>(first) == <u8>sign) {
    first++;
    left--;
  }
  let low = sign;
  let high = sign;
  const isWide = left > 16 || (left == 16 && ((<u64>load<u8>(first) ^ sign) & 0x80) != 0);
  for (let end = first + min<u32>(left, 16); first < end; first++) {
    high = (high << 8) | (low >> 56);
    low = (low << 8) | load<u8>(first);
  }
  if (isWide || !fits(low, <i64>high, decimalPrecision(column))) {
    unfit(DECIMAL_RANGE, op, at, decimalPrecision(column));
  }
  const to = decimalRoom(column, row);
  store<u64>(to, low);
  store<u64>(to, high, 8);
}

// Of at most 8 bytes.
// @ts-ignore: decorator
@inline
function putShortDecimal(op: u32, row: u32, at: u32, bytes: u32): void {
  const column = load<u32>(op, AT_COLUMN);
  const value = <i64>bswap<u64>(load<u64>(at)) >> <i64>(64 - (bytes << 3));
  const sign = value >> 63;
  const precision = decimalPrecision(column);
  const most = load<u64>((<u32>POWERS) + (precision << 4));
  if (precision < 19 && <u64>((value ^ sign) - sign) >= most) {
    unfit(DECIMAL_RANGE, op, at, precision);
  }
  const to = decimalRoom(column, row);
  store<i64>(to, value);
  store<i64>(to, sign, 8);
}

// @ts-ignore: decorator
@inline
function putDecimal(op: u32, row: u32, at: u32, bytes: u32): void {
  if (bytes - 1 < 8 && hasPowers) putShortDecimal(op, row, at, bytes);
  else putDecimalOf(op, row, at, bytes);
}

export function readDecimal(op: u32, row: u32, at: u32, end: u32): u32 {
  const length = readVarint(at, end);
  const start = varintEnd();
  if (start == 0) return badNumber(op, at, end);
  const next = checkLength(op, at, start, end, length);
  if (next != 0) putDecimal(op, row, start, <u32>length);
  return next;
}

export function readDecimalFixed(op: u32, row: u32, at: u32, end: u32): u32 {
  const size = load<u32>(op, AT_A);
  if (size > end - at) return lost(CUT, op, at, size);
  putDecimal(op, row, at, size);
  return at + size;
}

export function readFixed(op: u32, row: u32, at: u32, end: u32): u32 {
  const size = load<u32>(op, AT_A);
  if (size > end - at) return lost(CUT, op, at, size);
  putText(load<u32>(op, AT_COLUMN), row, at, size);
  return at + size;
}

// As lower-case text, 8-4-4-4-12 digits.
export function readUuid(op: u32, row: u32, at: u32, end: u32): u32 {
  if (end - at < UUID_BYTES) return lost(CUT, op, at, UUID_BYTES);
  const column = load<u32>(op, AT_COLUMN);
  let to = textRoom(column, row);
  for (let done: u32 = 0; done < UUID_BYTES; done++) {
    if (done == 4 || done == 6 || done == 8 || done == 10) store<u8>(to++, 45);
    const byte = <u32>load<u8>(at + done);
    store<u8>(to, load<u8>((<u32>HEX) + (byte >> 4)));
    store<u8>(to, load<u8>((<u32>HEX) + (byte & 15)), 1);
    to += 2;
  }
  endText(column, row, UUID_CHARACTERS);
  return at + UUID_BYTES;
}

// The number of the reader's symbol, from a table of `b` of them.
export function readSymbol(op: u32, row: u32, at: u32, end: u32): u32 {
  const number = readVarint(at, end);
  const next = varintEnd();
  if (next == 0) return badNumber(op, at, end);
  let symbol: i32 = 0;
  if (<u64>number >= <u64>load<u32>(op, AT_B)) unfit(NO_SYMBOL, op, at, number);
  else {
    symbol = load<i32>(load<u32>(op, AT_A) + (<u32>number << 2));
    if (symbol < 0) unfit(OTHER_SYMBOL, op, at, number);
  }
  putI32(load<u32>(op, AT_COLUMN), row, symbol);
  return next;
}

// Milliseconds of a day, from `a`ths of one.
export function putTime(op: u32, row: u32, at: u32, value: i64): void {
  const ms = value / <i64>load<u32>(op, AT_A);
  if (value < 0 || ms >= DAY_MS) unfit(TIME_RANGE, op, at, value);
  putI32(load<u32>(op, AT_COLUMN), row, <i32>ms);
}

// @ts-ignore: decorator
@inline
export function floorDivide(value: i64, by: i64): i64 {
  const quotient = value / by;
  return value % by < 0 ? quotient - 1 : quotient;
}

// @ts-ignore: decorator
@inline
export function putInt(op: u32, row: u32, at: u32, value: i64): void {
  if (value != <i64><i32>value) unfit(INT_RANGE, op, at, value);
  putI32(load<u32>(op, AT_COLUMN), row, <i32>value);
}

export function notUtf8(op: u32, at: u32): void {
  unfit(NOT_UTF8, op, at, 0);
}

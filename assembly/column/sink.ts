// Columns under construction: the sink that the readers of JSON, CSV and Avro write their cells to.
//
// The host (`ColumnSink` in src/kernel/column_sink.ts) makes the columns, each described by 64
// bytes, and reserves room for rows and bytes before a block is read. So a reader writes without
// checks, as long as it keeps to what was reserved: at most so many rows, and into all text columns
// together no more bytes than the block has.
//
//   u32 kind | u32 values | u32 validity | u32 offsets | u32 whether a null was written |
//   u32 description of the items (list) | u32 scale and precision (decimal) or bits (bytes) | u32 -
//   dict: u32 table | u32 slots - 1 | u32 entries | u32 bytes | u32 offsets | u32 most slots | u32 most entries
//   | u32 -
//
// How a reader uses it, for row `row` of the batch (rows are counted by the reader):
//
// - It writes each column once: `putBool`, `putI32`, `putI64`, `putF32`, `putF64`, `putDecimal`,
//   `putText` (utf8 and bytes), `putDict`, `putSpan`, or `putNull`. Any row may be written again as
//   long as no later one was: what was written last counts. Only `putNull` touches the validity, so a cell
//   that was null must be made valid again by `markValid` (see the next two).
// - All rows not yet written are valid. A reader that does not meet the columns in order starts a
//   row by `nullRow`, which makes all its cells null, and follows each put by `markValid`; or by
//   `openRow`, and ends it by `nullRest`, which costs less where few cells are null.
// - A record that turns out to be bad: `undoRow` makes the row as if it had not been written.
// - A text that is unescaped on its way: write to `textRoom(column, row)`, then `endText`; of a
//   dictionary to `dictionaryRoom(column)`, then `putDict` from there.
// - A struct is a column of validity alone; its fields are columns of their own.
// - A list: `let item = listStart(list, row)`; each item goes to `itemsOf(list)` by a put and
//   `markValid`, or by `putNull`, as row `item++`; then `listEnd(list, row, item)`. A null list is
//   `putNull`.
// - What no kernel handles goes to a column of spans (`putSpan`): where a value's bytes lie. The
//   host reads them before the block is overwritten.
export const SINK_BYTES: u32 = 64;

export const SINK_BOOL: u32 = 0;
export const SINK_I32: u32 = 1;
export const SINK_I64: u32 = 2;
export const SINK_F32: u32 = 3;
export const SINK_F64: u32 = 4;
/** utf8 and bytes. */
export const SINK_TEXT: u32 = 5;
export const SINK_DICT: u32 = 6;
export const SINK_DECIMAL: u32 = 7;
export const SINK_LIST: u32 = 8;
export const SINK_STRUCT: u32 = 9;
/** u32 address and u32 length of a value that the host converts. */
export const SINK_SPAN: u32 = 10;

const AT_VALUES: u32 = 4;
const AT_VALIDITY: u32 = 8;
const AT_OFFSETS: u32 = 12;
const AT_NULLS: u32 = 16;
const AT_ITEMS: u32 = 20;
const AT_SHAPE: u32 = 24;

// @ts-ignore: decorator
@inline
export function sinkKind(column: u32): u32 {
  return load<u32>(column);
}

/** Where the values of a column lie, or the bytes of its texts. */
// @ts-ignore: decorator
@inline
export function valuesOf(column: u32): u32 {
  return load<u32>(column, AT_VALUES);
}

/** Where the offsets of a column's texts lie. */
// @ts-ignore: decorator
@inline
export function offsetsOf(column: u32): u32 {
  return load<u32>(column, AT_OFFSETS);
}

/** Of a decimal column: digits after the point. */
// @ts-ignore: decorator
@inline
export function decimalScale(column: u32): u32 {
  return load<u32>(column, AT_SHAPE) & 0xff;
}

/** Of a decimal column: digits in all. */
// @ts-ignore: decorator
@inline
export function decimalPrecision(column: u32): u32 {
  return load<u32>(column, AT_SHAPE) >> 8;
}

// @ts-ignore: decorator
@inline
function setBit(bits: u32, row: u32): void {
  const at = bits + (row >> 3);
  store<u8>(at, load<u8>(at) | <u8>((<u32>1) << (row & 7)));
}

// @ts-ignore: decorator
@inline
function clearBit(bits: u32, row: u32): void {
  const at = bits + (row >> 3);
  store<u8>(at, load<u8>(at) & ~<u8>((<u32>1) << (row & 7)));
}

/** Makes a cell valid that may have been null. */
// @ts-ignore: decorator
@inline
export function markValid(column: u32, row: u32): void {
  setBit(load<u32>(column, AT_VALIDITY), row);
}

/** Makes a cell not valid, for `nullRest` to make it null. */
// @ts-ignore: decorator
@inline
export function clearCell(column: u32, row: u32): void {
  clearBit(load<u32>(column, AT_VALIDITY), row);
}

// @ts-ignore: decorator
@inline
export function isCellValid(column: u32, row: u32): bool {
  return (load<u8>(load<u32>(column, AT_VALIDITY) + (row >> 3)) & <u8>((<u32>1) << (row & 7))) != 0;
}

/** Makes a cell valid that may have been null; whether it was valid. */
// @ts-ignore: decorator
@inline
export function wasValid(column: u32, row: u32): bool {
  const at = load<u32>(column, AT_VALIDITY) + (row >> 3);
  const byte: u32 = load<u8>(at);
  const bit = (<u32>1) << (row & 7);
  store<u8>(at, byte | bit);
  return (byte & bit) != 0;
}

// @ts-ignore: decorator
@inline
export function putBool(column: u32, row: u32, value: bool): void {
  const at = load<u32>(column, AT_VALUES) + (row >> 3);
  const bit = row & 7;
  const others = load<u8>(at) & ~<u8>((<u32>1) << bit);
  store<u8>(at, others | <u8>((<u32>value) << bit));
}

// @ts-ignore: decorator
@inline
export function putI32(column: u32, row: u32, value: i32): void {
  store<i32>(load<u32>(column, AT_VALUES) + (row << 2), value);
}

// @ts-ignore: decorator
@inline
export function putI64(column: u32, row: u32, value: i64): void {
  store<i64>(load<u32>(column, AT_VALUES) + (row << 3), value);
}

// @ts-ignore: decorator
@inline
export function putF32(column: u32, row: u32, value: f32): void {
  store<f32>(load<u32>(column, AT_VALUES) + (row << 2), value);
}

// @ts-ignore: decorator
@inline
export function putF64(column: u32, row: u32, value: f64): void {
  store<f64>(load<u32>(column, AT_VALUES) + (row << 3), value);
}

const NOWHERE: usize = memory.data(4, 4);

/** A value of 8 bytes, or of 4 where it is short: what it is takes no branch. */
// @ts-ignore: decorator
@inline
export function putWord(column: u32, row: u32, isShort: bool, bits: u64): void {
  const at = load<u32>(column, AT_VALUES) + (row << (3 - u32(isShort)));
  store<u32>(at, <u32>bits);
  store<u32>(select<u32>(<u32>NOWHERE, at + 4, isShort), <u32>(bits >> 32));
}

/** The 128 bits of a scaled integer. */
// @ts-ignore: decorator
@inline
export function putDecimal(column: u32, row: u32, low: u64, high: i64): void {
  const at = load<u32>(column, AT_VALUES) + (row << 4);
  store<u64>(at, low);
  store<i64>(at, high, 8);
}

/** Where `row` of a decimal column lies: 16 bytes. */
// @ts-ignore: decorator
@inline
export function decimalRoom(column: u32, row: u32): u32 {
  return load<u32>(column, AT_VALUES) + (row << 4);
}

/** A value for the host: `length` bytes at `at`. */
// @ts-ignore: decorator
@inline
export function putSpan(column: u32, row: u32, at: u32, length: u32): void {
  const to = load<u32>(column, AT_VALUES) + (row << 3);
  store<u32>(to, at);
  store<u32>(to, length, 4);
}

function copyRest(to: u32, from: u32, length: u32): void {
  for (let done: u32 = 32; done < length; done += 32) {
    v128.store(to + done, v128.load(from + done));
    v128.store(to + done, v128.load(from + done, 16), 16);
  }
}

/** Copies `length` bytes; reads and writes up to 31 bytes beyond. */
// @ts-ignore: decorator
@inline
export function copyText(to: u32, from: u32, length: u32): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  if (length > 32) copyRest(to, from, length);
}

/** Where the text of `row` begins: to write there, and call `endText`. */
// @ts-ignore: decorator
@inline
export function textRoom(column: u32, row: u32): u32 {
  return load<u32>(column, AT_VALUES) +
    load<u32>(load<u32>(column, AT_OFFSETS) + (row << 2));
}

// @ts-ignore: decorator
@inline
export function endText(column: u32, row: u32, length: u32): void {
  const offset = load<u32>(column, AT_OFFSETS) + (row << 2);
  store<u32>(offset, load<u32>(offset) + length, 4);
}

/** Of utf8 or bytes; reads up to 31 bytes beyond `from + length`. */
// @ts-ignore: decorator
@inline
export function putText(column: u32, row: u32, from: u32, length: u32): void {
  const offset = load<u32>(column, AT_OFFSETS) + (row << 2);
  const start = load<u32>(offset);
  copyText(load<u32>(column, AT_VALUES) + start, from, length);
  store<u32>(offset, start + length, 4);
}

/** Of at most 16 bytes, which are the first of `bytes`. */
// @ts-ignore: decorator
@inline
export function putShortText(column: u32, row: u32, bytes: v128, length: u32): void {
  const offset = load<u32>(column, AT_OFFSETS) + (row << 2);
  const start = load<u32>(offset);
  v128.store(load<u32>(column, AT_VALUES) + start, bytes);
  store<u32>(offset, start + length, 4);
}

/** The row of the items' column that the first item goes to. */
// @ts-ignore: decorator
@inline
export function listStart(column: u32, row: u32): u32 {
  return load<u32>(load<u32>(column, AT_OFFSETS) + (row << 2));
}

/** `item`: one after the last one written. */
// @ts-ignore: decorator
@inline
export function listEnd(column: u32, row: u32, item: u32): void {
  store<u32>(load<u32>(column, AT_OFFSETS) + (row << 2), item, 4);
}

/** The column that a list's items go to. */
// @ts-ignore: decorator
@inline
export function itemsOf(column: u32): u32 {
  return load<u32>(column, AT_ITEMS);
}

function putZero(column: u32, row: u32): void {
  const values = load<u32>(column, AT_VALUES);
  switch (load<u32>(column)) {
    case SINK_BOOL:
      clearBit(values, row);
      break;
    case SINK_I32:
    case SINK_F32:
    case SINK_DICT:
      store<u32>(values + (row << 2), 0);
      break;
    case SINK_TEXT:
    case SINK_LIST: {
      const offset = load<u32>(column, AT_OFFSETS) + (row << 2);
      store<u32>(offset, load<u32>(offset), 4);
      break;
    }
    case SINK_DECIMAL:
      v128.store(values + (row << 4), i64x2.splat(0));
      break;
    case SINK_STRUCT:
      break;
    default:
      store<u64>(values + (row << 3), 0);
  }
}

/** A null; the value below it is zero, or of no length. */
export function putNull(column: u32, row: u32): void {
  store<u32>(column, 1, AT_NULLS);
  clearBit(load<u32>(column, AT_VALIDITY), row);
  putZero(column, row);
}

/** Makes the cells of a row null, in all of `count` columns. */
export function nullRow(columns: u32, count: u32, row: u32): void {
  const end = columns + count * SINK_BYTES;
  for (let column = columns; column < end; column += SINK_BYTES) putNull(column, row);
}

/** Makes the cells of a row not valid, in all of `count` columns; `nullRest` is to follow. */
export function openRow(columns: u32, count: u32, row: u32): void {
  const end = columns + count * SINK_BYTES;
  for (let column = columns; column < end; column += SINK_BYTES) {
    clearBit(load<u32>(column, AT_VALIDITY), row);
  }
}

/** Makes the cells of a row null that are not valid. */
export function nullRest(columns: u32, count: u32, row: u32): void {
  const end = columns + count * SINK_BYTES;
  for (let column = columns; column < end; column += SINK_BYTES) {
    if (!isCellValid(column, row)) putNull(column, row);
  }
}

/** Makes a row as if it had not been written. */
export function undoRow(columns: u32, count: u32, row: u32): void {
  const end = columns + count * SINK_BYTES;
  for (let column = columns; column < end; column += SINK_BYTES) markValid(column, row);
}

// Columns to JSON. Column at a time, some rows at once: every row has a place of its own with room
// for the longest text that it can have, and each column writes its cells to the ends of the rows'
// texts. Then the rows are brought together.

import { writeCells } from "./write_cells";
import {
  AT_A,
  AT_B,
  AT_C,
  AT_OFFSETS,
  AT_VALUES,
  BYTES,
  CELL,
  ENTRY,
  LIST,
  OP_BYTES,
  RAW,
  TEXT,
} from "./write_ops";
import { copyText, escapedBytes, writeText } from "./write_text";

const ROWS: u32 = 64;
const SHORT: u32 = 1024;
const STARTS: usize = memory.data(257 * 4, 16);
const CURSORS: usize = memory.data(256 * 4, 16);
const MOST: usize = memory.data(256 * 8, 16); // bytes that each row takes at most

let taken: u32 = 0;
let needed: f64 = 0;

/** How many rows {@link jsonWriteRows} took. */
export function jsonRowsTaken(): u32 {
  return taken;
}

/** Bytes of the rows that {@link jsonWriteRows} took, or that its first one needs as a place. */
export function jsonBytes(): f64 {
  return needed;
}

// Where there are few, six bytes for each will do; long texts are looked at.
// @ts-ignore: decorator
@inline
function mostTextBytes(from: u32, bytes: u32): u64 {
  return bytes <= SHORT ? bytes * 6 : escapedBytes(from, bytes);
}

/** The most bytes of a row's cell beyond those that every cell of its kind has at most. */
function mostBytes(kind: u32, op: u32, row: u32): u64 {
  const offset = load<u32>(op, AT_OFFSETS) + (row << 2);
  if (kind == TEXT) {
    const from = load<u32>(offset);
    return mostTextBytes(load<u32>(op, AT_VALUES) + from, load<u32>(offset, 4) - from);
  }
  if (kind == CELL) {
    const index = load<u32>(load<u32>(op, AT_VALUES) + (row << 2));
    if (index >= load<u32>(op, AT_C)) return 0;
    return load<u32>(load<u32>(op, AT_A) + (index << 3), 4);
  }
  if (kind == ENTRY) {
    const index = load<u32>(load<u32>(op, AT_VALUES) + (row << 2));
    if (index >= load<u32>(op, AT_C)) return 0;
    const entry = load<u32>(op, AT_B) + (index << 2);
    const from = load<u32>(entry);
    return mostTextBytes(load<u32>(op, AT_A) + from, load<u32>(entry, 4) - from);
  }
  if (kind == LIST) {
    const starts = load<u32>(op, AT_B);
    return load<u32>(starts + (load<u32>(offset, 4) << 2)) -
      load<u32>(starts + (load<u32>(offset) << 2));
  }
  const bytes: u64 = load<u32>(offset, 4) - load<u32>(offset);
  return kind == BYTES ? (bytes + 2) / 3 * 4 : bytes;
}

// @ts-ignore: decorator
@inline
function varies(kind: u32): bool {
  return kind == TEXT || kind == CELL || kind == ENTRY || kind == BYTES || kind == RAW ||
    kind == LIST;
}

/** Gives rows their places, as many as there is room for; how many. */
function placeRows(
  ops: u32, count: u32, from: u32, rows: u32, fixed: u32, room: u32, roomBytes: u32,
): u32 {
  for (let i: u32 = 0; i < rows; i++) store<u64>(MOST + (i << 3), fixed);
  for (let k: u32 = 0; k < count; k++) addMost(ops + k * OP_BYTES, from, rows);
  let at: u64 = room;
  const end = <u64>room + roomBytes;
  for (let i: u32 = 0; i < rows; i++) {
    const bytes = load<u64>(MOST + (i << 3));
    if (at + bytes > end) {
      needed = <f64>bytes;
      return i;
    }
    store<u32>(STARTS + (i << 2), <u32>at);
    store<u32>(CURSORS + (i << 2), <u32>at);
    at += bytes;
  }
  return rows;
}

/** Adds what a column's cells take at most. */
function addMost(op: u32, from: u32, rows: u32): void {
  const kind = load<u32>(op);
  if (kind == TEXT) {
    const offsets = load<u32>(op, AT_OFFSETS) + (from << 2);
    const values = load<u32>(op, AT_VALUES);
    for (let i: u32 = 0; i < rows; i++) {
      const start = load<u32>(offsets + (i << 2));
      const bytes = mostTextBytes(values + start, load<u32>(offsets + (i << 2), 4) - start);
      store<u64>(MOST + (i << 3), load<u64>(MOST + (i << 3)) + bytes);
    }
    return;
  }
  if (!varies(kind)) return;
  for (let i: u32 = 0; i < rows; i++) {
    const bytes = mostBytes(kind, op, from + i);
    store<u64>(MOST + (i << 3), load<u64>(MOST + (i << 3)) + bytes);
  }
}

/**
 * Writes rows from `from` to before `end` by the `count` operations at `ops`, as many as fit at
 * `room`; each takes `fixed` bytes at most, beside what depends on its values. The texts stay there
 * until {@link jsonGather} has taken them. {@link jsonRowsTaken} tells how many rows, and
 * {@link jsonBytes} how many bytes, or if the first row does not fit, what it needs.
 */
export function jsonWriteRows(
  ops: u32, count: u32, from: u32, end: u32, fixed: u32, room: u32, roomBytes: u32,
): void {
  taken = placeRows(ops, count, from, min(end - from, ROWS), fixed, room, roomBytes);
  if (taken == 0) return;
  for (let k: u32 = 0; k < count; k++) {
    writeCells(ops + k * OP_BYTES, from, taken, <u32>CURSORS);
  }
  let bytes: u64 = 0;
  for (let i: u32 = 0; i < taken; i++) {
    bytes += load<u32>(CURSORS + (i << 2)) - load<u32>(STARTS + (i << 2));
  }
  needed = <f64>bytes;
}

/**
 * Brings the rows together at `to`, with `separator` behind each; objects get their braces, for
 * which they start with a comma. Where each row starts, counted from `base`, goes to `starts`,
 * unless that is 0. The end.
 */
export function jsonGather(to: u32, objects: u32, separator: u32, base: u32, starts: u32): u32 {
  let out = to;
  for (let i: u32 = 0; i < taken; i++) {
    const from = load<u32>(STARTS + (i << 2));
    const bytes = load<u32>(CURSORS + (i << 2)) - from;
    if (starts != 0) store<u32>(starts + (i << 2), out - base);
    const end = copyText(out, from, bytes);
    if (objects != 0) {
      store<u8>(out, 0x7b);
      const close = end + u32(bytes == 0);
      store<u16>(close, <u16>(0x7d | (separator << 8)));
      out = close + 2;
    } else {
      store<u8>(end, <u8>separator);
      out = end + 1;
    }
  }
  return out;
}

/**
 * Prepares the cells of a dictionary: at `to` each text, quoted and escaped, behind the prefix; in
 * the table its address and length. The end.
 */
export function jsonPrepareCells(
  prefix: u32, prefixBytes: u32, values: u32, offsets: u32, count: u32, table: u32, to: u32,
): u32 {
  let at = to;
  for (let id: u32 = 0; id < count; id++) {
    const from = load<u32>(offsets + (id << 2));
    const bytes = load<u32>(offsets + (id << 2), 4) - from;
    const end = writeText(copyText(at, prefix, prefixBytes), values + from, bytes);
    store<u32>(table + (id << 3), at);
    store<u32>(table + (id << 3), end - at, 4);
    at = end;
  }
  return at;
}

// Columns to Avro records, by a plan: operations of 32 bytes, made once for a schema and filled with
// the addresses of each batch's columns (`src/kernel/avro_writer.ts`).
//
//   u32 kind | u32 union: 0, or 1 and the bytes of the branches of null and of the value above it |
//   u32 values | u32 validity or 0 | u32 offsets | u32 a | u32 - | u32 operations within
//
// A record's fields are the operations after it. Writing goes on a little past the end of a record,
// where the next one comes; the host reserves for the longest rows there can be.
import { writeVarint } from "./varint";
import {
  ARRAY,
  AT_A,
  AT_OFFSETS,
  AT_UNION,
  AT_VALIDITY,
  AT_VALUES,
  AT_WITHIN,
  BOOL,
  CELL,
  CONSTANT,
  DECIMAL,
  DECIMAL_FIXED,
  ENUM,
  F32,
  F64,
  F64_F32,
  F64_LONG,
  FIXED,
  I32,
  I32_F32,
  I32_SCALED,
  I64,
  I64_INT,
  I64_SCALED,
  MAP,
  OP_BYTES,
  RECORD,
  TEXT,
  UUID,
} from "./write_ops";
import {
  CELL_BYTES,
  LONG_CELL,
  bit,
  copyBytes,
  fail,
  writeBytesOf,
  writeCell,
  writeDecimal,
  writeFloat,
  writeScaled,
  writeSymbol,
  writeText,
  writeUuid,
} from "./write_values";

function writeOther(op: u32, row: u32, to: u32, kind: u32): u32 {
  const values = load<u32>(op, AT_VALUES);
  switch (kind) {
    case I64_INT: {
      const value = load<i64>(values + (row << 3));
      if (value != <i64><i32>value) return fail(op, row, false);
      return writeVarint(to, value);
    }
    case I32_SCALED:
      return writeScaled(op, row, to, load<i32>(values + (row << 2)));
    case FIXED:
    case UUID: {
      const offset = load<u32>(op, AT_OFFSETS) + (row << 2);
      const start = load<u32>(offset);
      const length = load<u32>(offset, 4) - start;
      if (kind == UUID) return writeUuid(op, row, to, values + start, length);
      if (length != load<u32>(op, AT_A)) return fail(op, row, false);
      copyBytes(to, values + start, length);
      return to + length;
    }
    case DECIMAL_FIXED: {
      const at = values + (row << 4);
      return writeBytesOf(to, load<u64>(at), load<i64>(at, 8), load<u32>(op, AT_A));
    }
    case CONSTANT: {
      const length = load<u32>(op, AT_A);
      copyBytes(to, values, length);
      return to + length;
    }
    default:
      return writeItems(op, row, to, kind == MAP);
  }
}

// A block of all items, and the empty one that ends the array or map.
function writeItems(op: u32, row: u32, to: u32, isMap: bool): u32 {
  const offset = load<u32>(op, AT_OFFSETS) + (row << 2);
  const first = load<u32>(offset);
  const end = load<u32>(offset, 4);
  const within = op + OP_BYTES;
  const last = within + (isMap ? OP_BYTES * 2 : OP_BYTES);
  let at = to;
  if (first < end) {
    at = writeVarint(at, end - first);
    for (let item = first; item < end; item++) {
      at = writeRow(within, last, item, at);
      if (at == 0) return 0;
    }
  }
  store<u8>(at, 0);
  return at + 1;
}

// The text of a row of a column of texts, whose start and end stand at `offset`.
// @ts-ignore: decorator
@inline
function writeOwnText(to: u32, values: u32, offset: u32): u32 {
  const from = load<u32>(offset);
  return writeText(to, values + from, load<u32>(offset, 4) - from);
}

// One row by all operations; 0 when one of them failed.
function writeRow(first: u32, last: u32, row: u32, start: u32): u32 {
  let to = start;
  let op = first;
  while (op < last) {
    const union = load<u32>(op, AT_UNION);
    const validity = load<u32>(op, AT_VALIDITY);
    const kind = load<u32>(op);
    if (validity != 0 && !bit(validity, row)) {
      if ((union & 0xff) == 0) return fail(op, row, true);
      store<u8>(to++, <u8>(union >> 8));
      op += OP_BYTES + load<u32>(op, AT_WITHIN) * OP_BYTES;
      continue;
    }
    store<u8>(to, <u8>(union >> 16));
    to += union & 1;
    const values = load<u32>(op, AT_VALUES);
    switch (kind) {
      case RECORD:
        break;
      case BOOL:
        store<u8>(to++, <u8>bit(values, row));
        break;
      case I32:
        to = writeVarint(to, load<i32>(values + (row << 2)));
        break;
      case I64:
        to = writeVarint(to, load<i64>(values + (row << 3)));
        break;
      case I64_SCALED:
        to = writeScaled(op, row, to, load<i64>(values + (row << 3)));
        break;
      case F32:
        store<u32>(to, load<u32>(values + (row << 2)));
        to += 4;
        break;
      case F64:
        store<u64>(to, load<u64>(values + (row << 3)));
        to += 8;
        break;
      case F64_F32:
        store<f32>(to, <f32>load<f64>(values + (row << 3)));
        to += 4;
        break;
      case TEXT:
        to = writeOwnText(to, values, load<u32>(op, AT_OFFSETS) + (row << 2));
        break;
      case CELL:
        to = writeCell(to, load<u32>(op, AT_A) + (load<u32>(values + (row << 2)) << 5));
        break;
      case ENUM:
        to = writeSymbol(op, row, to);
        break;
      case DECIMAL:
        to = writeDecimal(to, values + (row << 4));
        break;
      case ARRAY:
      case MAP:
        to = writeOther(op, row, to, kind);
        op += load<u32>(op, AT_WITHIN) * OP_BYTES;
        break;
      default:
        to = kind >= I32_F32 && kind <= F64_LONG
          ? writeFloat(op, row, to, kind)
          : writeOther(op, row, to, kind);
    }
    if (to == 0) return 0;
    op += OP_BYTES;
  }
  return to;
}

/**
 * Writes rows `from` to before `end` by the `count` operations at `ops` to `to`, and where each of
 * them ends, counted from `base`, to `ends`. Returns the end of the last, or 0 when one failed.
 */
export function avroWriteRows(
  ops: u32,
  count: u32,
  from: u32,
  end: u32,
  to: u32,
  base: u32,
  ends: u32,
): u32 {
  const last = ops + count * OP_BYTES;
  let at = to;
  for (let row = from; row < end; row++) {
    at = writeRow(ops, last, row, at);
    if (at == 0) return 0;
    store<u32>(ends + ((row - from) << 2), at - base);
  }
  return at;
}

/**
 * Prepares the cells of a dictionary: 32 bytes each, the text with its length before it and the
 * length of both in the last byte, or of a longer text its address and length.
 */
export function avroPrepareCells(cells: u32, values: u32, offsets: u32, count: u32): void {
  for (let id: u32 = 0; id < count; id++) {
    const cell = cells + (id << 5);
    const from = load<u32>(offsets + (id << 2));
    const length = load<u32>(offsets + (id << 2), 4) - from;
    if (length < CELL_BYTES - 1) {
      store<u8>(cell, <u8>(length << 1));
      memory.copy(cell + 1, values + from, length);
      store<u8>(cell, <u8>(length + 1), CELL_BYTES - 1);
    } else {
      store<u32>(cell, values + from);
      store<u32>(cell, length, 4);
      store<u8>(cell, LONG_CELL, CELL_BYTES - 1);
    }
  }
}

// Avro records to columns, by a plan: operations of 32 bytes in the order in which the values were
// written, made once for a pair of schemas (`src/kernel/avro_reader.ts`).
//
//   u32 kind | u32 union: 0, or 1, the branches of null and of the value above it, and whether the
//   column takes nulls | u32 column | u32 columns of it, those within included | u32 a | u32 b |
//   u32 operations within | u32 -
//
// Columns are those of `assembly/column/`; a column and those within it are neighbours. A map is
// two lists side by side, of keys and of values.
import { listEnd, listStart, markValid, putNull, SINK_BYTES, undoRow } from "../column/sink";
import { clearFault, hasFault, lost, unfit } from "./fault";
import { readDecimal, readDecimalFixed, readFixed, readSymbol, readUuid } from "./read_values";
import { readBool, readFloat, readText, readWhole } from "./read_plain";
import {
  badNumber,
  beginSkipping,
  checkLength,
  skipBytes,
  skipOne,
  skipText,
  skipWhole,
} from "./skip";
import { readVarint, varintEnd } from "./varint";
import {
  ARRAY,
  AT_A,
  AT_B,
  AT_COLUMN,
  AT_COLUMNS,
  AT_UNION,
  AT_WITHIN,
  BLOCK,
  BOOL,
  BRANCH,
  BYTES,
  DECIMAL,
  DECIMAL_FIXED,
  DEFAULT,
  DICT,
  ENUM,
  F32,
  F32_F64,
  F64,
  FIXED,
  I32,
  I64,
  MAP,
  NULL,
  OP_BYTES,
  RECORD,
  RECORD_SIZE,
  SKIP_BYTES,
  SKIP_TEXT,
  SKIP_WHOLE,
  TEXT,
  TIME,
  TIMESTAMP,
  UUID,
  WHOLE_F32,
  WHOLE_F32_F64,
  WHOLE_F64,
} from "./read_ops";

const TAKES_NULL: u32 = 1 << 24;
const NO_BRANCH: u32 = 0xff;

let recordAt: u32 = 0;
let recordEnd: u32 = 0;
let branchEnd: u32 = 0;

/** Where the record begins that was not read, or the next one. */
export function avroRecordAt(): u32 {
  return recordAt;
}

/** Where the record ends that does not fit its columns. */
export function avroRecordEnd(): u32 {
  return recordEnd;
}

// Whether the byte at `at` says that a value follows, as mostly it does.
// @ts-ignore: decorator
@inline
function isValueNext(union: u32, at: u32, end: u32): bool {
  return at < end && <u32>load<u8>(at) == ((union >> 15) & 0x1fe);
}

// A value follows: 1, a null: 0, or what there is no branch for: 2.
function readBranch(op: u32, union: u32, at: u32, end: u32): u32 {
  const branch = readVarint(at, end);
  branchEnd = varintEnd();
  if (branchEnd == 0) {
    badNumber(op, at, end);
    return 2;
  }
  if (branch == <i64>((union >> 16) & 0xff)) return 1;
  if (branch == <i64>((union >> 8) & 0xff) && branch != <i64>NO_BRANCH) return 0;
  lost(BRANCH, op, at, branch);
  return 2;
}

function putNulls(op: u32, union: u32, row: u32, at: u32): void {
  if ((union & TAKES_NULL) == 0) unfit(NULL, op, at, 0);
  const first = load<u32>(op, AT_COLUMN);
  const last = first + load<u32>(op, AT_COLUMNS) * SINK_BYTES;
  for (let column = first; column < last; column += SINK_BYTES) putNull(column, row);
}

function readOther(op: u32, kind: u32, row: u32, at: u32, end: u32): u32 {
  switch (kind) {
    case ENUM:
      return readSymbol(op, row, at, end);
    case FIXED:
      return readFixed(op, row, at, end);
    case DECIMAL_FIXED:
      return readDecimalFixed(op, row, at, end);
    case UUID:
      return readUuid(op, row, at, end);
    case ARRAY:
    case MAP:
      return readItems(op, kind == MAP, row, at, end);
    case DEFAULT:
      readDefault(op, row);
      return at;
    case F32_F64:
      return readFloat(op, F32_F64, row, at, end);
    case WHOLE_F32:
    case WHOLE_F64:
    case WHOLE_F32_F64:
    case TIMESTAMP:
    case TIME:
      return readWhole(op, kind, row, at, end);
    default:
      return skipOne(op, at, end);
  }
}

// The items of all blocks; they are written as rows of the lists' own columns.
function readItems(op: u32, isMap: bool, row: u32, start: u32, end: u32): u32 {
  const list = load<u32>(op, AT_COLUMN);
  const values = list + SINK_BYTES;
  const within = op + OP_BYTES;
  const last = within + load<u32>(op, AT_WITHIN) * OP_BYTES;
  let item = listStart(list, row);
  let at = start;
  while (true) {
    let count = readVarint(at, end);
    let next = varintEnd();
    if (next == 0) return badNumber(op, at, end);
    if (count == 0) {
      listEnd(list, row, item);
      if (isMap) listEnd(values, row, item);
      return next;
    }
    let blockEnd: u32 = 0;
    if (count < 0) {
      const size = readVarint(next, end);
      const first = varintEnd();
      if (first == 0) return badNumber(op, next, end);
      if (size < 0) return lost(BLOCK, op, at, size);
      blockEnd = checkLength(op, next, first, end, size);
      if (blockEnd == 0) return 0;
      count = count == i64.MIN_VALUE ? i64.MAX_VALUE : -count;
      next = first;
    }
    for (; count > 0; count--) {
      markItem(within, item);
      if (isMap) markItem(within + OP_BYTES, item);
      next = readOps(within, last, item++, next, end);
      if (next == 0) return 0;
    }
    if (blockEnd != 0 && next != blockEnd) return lost(BLOCK, op, at, next - at);
    at = next;
  }
}

// An item's row may have been written before, by a record that was not kept.
// @ts-ignore: decorator
@inline
function markItem(op: u32, row: u32): void {
  markValid(load<u32>(op, AT_COLUMN), row);
}

// A value of each operation; where the last one ends, or 0 when that is not to be told.
export function readOps(first: u32, last: u32, row: u32, start: u32, end: u32): u32 {
  let at = start;
  let op = first;
  while (op < last) {
    const union = load<u32>(op, AT_UNION);
    if (union != 0 && isValueNext(union, at, end)) at++;
    else if (union != 0) {
      const branch = readBranch(op, union, at, end);
      if (branch == 2) return 0;
      if (branch == 0) putNulls(op, union, row, at);
      at = branchEnd;
      if (branch == 0) {
        op += (load<u32>(op, AT_WITHIN) + 1) * OP_BYTES;
        continue;
      }
    }
    const kind = load<u32>(op);
    switch (kind) {
      case RECORD:
        break;
      case BOOL:
        at = readBool(op, row, at, end);
        break;
      case I32:
        at = readWhole(op, I32, row, at, end);
        break;
      case I64:
        at = readWhole(op, I64, row, at, end);
        break;
      case F32:
        at = readFloat(op, F32, row, at, end);
        break;
      case F64:
        at = readFloat(op, F64, row, at, end);
        break;
      case BYTES:
      case TEXT:
        at = readText(op, kind, row, at, end);
        break;
      case DICT:
        at = readText(op, DICT, row, at, end);
        break;
      case DECIMAL:
        at = readDecimal(op, row, at, end);
        break;
      case SKIP_WHOLE:
        at = skipWhole(op, at, end);
        break;
      case SKIP_TEXT:
        at = skipText(op, at, end);
        break;
      case SKIP_BYTES:
        at = skipBytes(op, at, end);
        break;
      default:
        at = readOther(op, kind, row, at, end);
        op += load<u32>(op, AT_WITHIN) * OP_BYTES;
    }
    if (at == 0) return 0;
    op += OP_BYTES;
  }
  return at;
}

// The bytes of a field's default, in place of what the writer has not.
function readDefault(op: u32, row: u32): void {
  const first = op + OP_BYTES;
  const bytes = load<u32>(op, AT_A);
  readOps(
    first,
    first + load<u32>(op, AT_WITHIN) * OP_BYTES,
    row,
    bytes,
    bytes + load<u32>(op, AT_B),
  );
}

/**
 * Reads records from `from` to `end` as rows `row` to before `rows` of `columns` columns at `sink`.
 * Stops at one that does not fit or has no end (see `avroReadFault`), whose row is as if it had not
 * been written. Returns how many rows there are then.
 */
export function avroReadRows(
  ops: u32,
  count: u32,
  sink: u32,
  columns: u32,
  from: u32,
  end: u32,
  row: u32,
  rows: u32,
  mostBytes: u32,
): u32 {
  const last = ops + count * OP_BYTES;
  let at = from;
  let next = row;
  clearFault();
  while (next < rows && at < end) {
    beginSkipping();
    recordEnd = readOps(ops, last, next, at, end);
    if (recordEnd - at > mostBytes && recordEnd != 0) unfit(RECORD_SIZE, ops, at, recordEnd - at);
    if (hasFault()) {
      undoRow(sink, columns, next);
      break;
    }
    at = recordEnd;
    next++;
  }
  recordAt = at;
  return next;
}

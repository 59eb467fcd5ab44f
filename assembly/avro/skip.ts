// Passes over values that nobody wants, of any type. Arrays and maps whose blocks tell their size
// are passed over a block at a time; items that take no bytes are not counted out.
import { lost } from "./fault";
import { isVarintCut, lengthAt, readVarint, varintEnd, wholeEnd } from "./varint";
import {
  AT_A,
  AT_WITHIN,
  BLOCK,
  BRANCH,
  CUT,
  DEPTH,
  LENGTH,
  LONG_NUMBER,
  OP_BYTES,
  SKIP_AGAIN,
  SKIP_BYTES,
  SKIP_ITEMS,
  SKIP_RECORD,
  SKIP_TEXT,
  SKIP_UNION,
  SKIP_WHOLE,
} from "./read_ops";

/** The deepest nesting of what is passed over, unions being a level too. */
const MOST_NESTED: u32 = 512;

let nested: u32 = 0;

/** Starts a record. */
export function beginSkipping(): void {
  nested = 0;
}

/** Why what began at `at` is no number. Gives 0. */
export function badNumber(op: u32, at: u32, end: u32): u32 {
  return lost(isVarintCut(at, end) ? CUT : LONG_NUMBER, op, at, 0);
}

/** The bytes that a length says must be there; else why not, and 0. */
export function checkLength(op: u32, at: u32, start: u32, end: u32, length: i64): u32 {
  if (length < 0) return lost(LENGTH, op, at, length);
  if (length > <i64>(end - start)) return lost(CUT, op, at, length);
  return start + <u32>length;
}

// @ts-ignore: decorator
@inline
export function skipWhole(op: u32, at: u32, end: u32): u32 {
  const next = wholeEnd(at, end);
  return next == 0 ? badNumber(op, at, end) : next;
}

// @ts-ignore: decorator
@inline
export function skipText(op: u32, at: u32, end: u32): u32 {
  const start = wholeEnd(at, end);
  if (start == 0) return badNumber(op, at, end);
  const length = lengthAt(at, start);
  if (<u64>length > <u64>(end - start)) return checkLength(op, at, start, end, length);
  return start + <u32>length;
}

// @ts-ignore: decorator
@inline
export function skipBytes(op: u32, at: u32, end: u32): u32 {
  const bytes = load<u32>(op, AT_A);
  if (bytes > end - at) return checkLength(op, at, at, end, bytes);
  return at + bytes;
}

function skipItems(op: u32, start: u32, end: u32): u32 {
  const within = op + OP_BYTES;
  const last = within + load<u32>(op, AT_WITHIN) * OP_BYTES;
  let at = start;
  while (true) {
    const count = readVarint(at, end);
    let next = varintEnd();
    if (next == 0) return badNumber(op, at, end);
    if (count == 0) return next;
    if (count < 0) {
      const size = readVarint(next, end);
      const first = varintEnd();
      if (first == 0) return badNumber(op, next, end);
      if (size < 0) return lost(BLOCK, op, at, size);
      next = checkLength(op, next, first, end, size);
      if (next == 0) return 0;
    } else if (within < last) {
      for (let left = count; left > 0; left--) {
        next = skipOps(within, last, next, end);
        if (next == 0) return 0;
      }
    }
    at = next;
  }
}

function skipUnion(op: u32, at: u32, end: u32): u32 {
  const branch = readVarint(at, end);
  const next = varintEnd();
  if (next == 0) return badNumber(op, at, end);
  if (<u64>branch >= <u64>load<u32>(op, AT_A)) return lost(BRANCH, op, at, branch);
  let head = op + OP_BYTES;
  for (let left = <u32>branch; left > 0; left--) head += (load<u32>(head, AT_WITHIN) + 1) * OP_BYTES;
  const first = head + OP_BYTES;
  return skipOps(first, first + load<u32>(head, AT_WITHIN) * OP_BYTES, next, end);
}

// A record that was described before, `a` operations back.
function skipAgain(op: u32, at: u32, end: u32): u32 {
  const record = op - load<u32>(op, AT_A) * OP_BYTES;
  const first = record + OP_BYTES;
  return skipOps(first, first + load<u32>(record, AT_WITHIN) * OP_BYTES, at, end);
}

/** Passes over one operation's value: where it ends, or 0. */
export function skipOne(op: u32, at: u32, end: u32): u32 {
  switch (load<u32>(op)) {
    case SKIP_WHOLE:
      return skipWhole(op, at, end);
    case SKIP_TEXT:
      return skipText(op, at, end);
    case SKIP_BYTES:
      return skipBytes(op, at, end);
    case SKIP_RECORD: {
      const first = op + OP_BYTES;
      return skipOps(first, first + load<u32>(op, AT_WITHIN) * OP_BYTES, at, end);
    }
    case SKIP_ITEMS:
      return skipItems(op, at, end);
    case SKIP_UNION:
      return skipUnion(op, at, end);
    default:
      return skipAgain(op, at, end);
  }
}

// Neighbours one after the other.
function skipOps(first: u32, last: u32, start: u32, end: u32): u32 {
  if (nested >= MOST_NESTED) return lost(DEPTH, first, start, nested);
  nested++;
  let at = start;
  for (let op = first; op < last; op += (load<u32>(op, AT_WITHIN) + 1) * OP_BYTES) {
    at = skipOne(op, at, end);
    if (at == 0) return 0;
  }
  nested--;
  return at;
}

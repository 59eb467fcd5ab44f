// Choices between two registers by a bitmap: when and coalesce.

import { and, andNot, copy, mask2, mask4, or, select } from "./bits";
import {
  aOf,
  BLOCK_BITS,
  bOf,
  cOf,
  doubtOf,
  dstOf,
  takeDoubt,
  takeValidity,
  validityOf,
  valuesOf,
} from "./layout";

// Which rows take the first choice, and a second bitmap to work in.
const CHOSEN: usize = memory.data(128, 16);
const WORK: usize = memory.data(128, 16);

function choose8(dst: u32, a: u32, b: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i += 8) {
    const bits = <u32>load<u8>(<u32>CHOSEN + (i >> 3));
    for (let j: u32 = 0; j < 8; j += 2) {
      const at = (i + j) << 3;
      const chosen = v128.bitselect(v128.load(a + at), v128.load(b + at), mask2(bits >> j));
      v128.store(dst + at, chosen);
    }
  }
}

function choose4(dst: u32, a: u32, b: u32, rows: u32): void {
  for (let i: u32 = 0; i < rows; i += 8) {
    const bits = <u32>load<u8>(<u32>CHOSEN + (i >> 3));
    const at = i << 2;
    const low = v128.bitselect(v128.load(a + at), v128.load(b + at), mask4(bits));
    const high = v128.bitselect(v128.load(a + at, 16), v128.load(b + at, 16), mask4(bits >> 4));
    v128.store(dst + at, low);
    v128.store(dst + at, high, 16);
  }
}

/** Values by width: 0 for 8 bytes, 1 for 4, 2 for a bit. */
function chooseValues(width: u32, dst: u32, x: u32, y: u32, rows: u32): void {
  if (width == 0) choose8(valuesOf(dst), valuesOf(x), valuesOf(y), rows);
  else if (width == 1) choose4(valuesOf(dst), valuesOf(x), valuesOf(y), rows);
  else select(valuesOf(dst), <u32>CHOSEN, valuesOf(x), valuesOf(y));
}

function ones(bits: u32): void {
  memory.fill(bits, 0xff, BLOCK_BITS);
}

function chooseValidity(dst: u32, x: u32, y: u32): void {
  const a = validityOf(x);
  const b = validityOf(y);
  if (a == 0 && b == 0) return;
  const bits = takeValidity(dst);
  ones(<u32>WORK);
  select(bits, <u32>CHOSEN, a == 0 ? <u32>WORK : a, b == 0 ? <u32>WORK : b);
}

// Doubt of the choice, and of what was chosen; what was not chosen does not count.
function chooseDoubt(dst: u32, by: u32, x: u32, y: u32): void {
  const asked = doubtOf(by);
  const a = doubtOf(x);
  const b = doubtOf(y);
  if (asked == 0 && a == 0 && b == 0) return;
  const bits = takeDoubt(dst);
  if (asked == 0) memory.fill(bits, 0, BLOCK_BITS);
  else copy(bits, asked);
  if (a != 0) {
    and(<u32>WORK, <u32>CHOSEN, a);
    or(bits, bits, <u32>WORK);
  }
  if (b != 0) {
    andNot(<u32>WORK, b, <u32>CHOSEN);
    or(bits, bits, <u32>WORK);
  }
}

/** b where a is true, else c. */
export function when(width: u32, ins: u32, rows: u32): void {
  const condition = aOf(ins);
  const validity = validityOf(condition);
  if (validity == 0) copy(<u32>CHOSEN, valuesOf(condition));
  else and(<u32>CHOSEN, valuesOf(condition), validity);
  const dst = dstOf(ins);
  chooseValues(width, dst, bOf(ins), cOf(ins), rows);
  chooseValidity(dst, bOf(ins), cOf(ins));
  chooseDoubt(dst, condition, bOf(ins), cOf(ins));
}

/** a where it is not null, else b. */
export function coalesce(width: u32, ins: u32, rows: u32): void {
  const a = aOf(ins);
  const dst = dstOf(ins);
  if (validityOf(a) == 0) ones(<u32>CHOSEN);
  else copy(<u32>CHOSEN, validityOf(a));
  chooseValues(width, dst, a, bOf(ins), rows);
  chooseValidity(dst, a, bOf(ins));
  chooseDoubt(dst, a, a, bOf(ins));
}

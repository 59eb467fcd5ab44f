// Columns of numbers from columns of text, and back.

import { decimalFits, readDecimal } from "./decimal";
import { numberF64, readNumber, readNumberText } from "./read";

/**
 * The doubles that texts are, `loose` for those that people write. How many rows were read: it ends
 * before the first text that is no number.
 */
export function readDoubles(text: u32, offsets: u32, rows: u32, loose: u32, to: u32): u32 {
  for (let i: u32 = 0; i < rows; i++) {
    const at = text + load<u32>(offsets + (i << 2));
    const end = text + load<u32>(offsets + (i << 2), 4);
    const next = loose != 0 ? readNumberText(at, end) : readNumber(at, end);
    if (next != end || at == end) return i;
    store<f64>(to + (i << 3), numberF64());
  }
  return rows;
}

/**
 * The scaled integers of 16 bytes that decimals in text are. How many rows were read: it ends
 * before the first text that is none, or that does not fit.
 */
export function readDecimals(
  text: u32, offsets: u32, rows: u32, scale: u32, precision: u32, to: u32,
): u32 {
  for (let i: u32 = 0; i < rows; i++) {
    const at = text + load<u32>(offsets + (i << 2));
    const end = text + load<u32>(offsets + (i << 2), 4);
    if (readDecimal(at, end, scale, precision, to + (i << 4)) != end || !decimalFits()) return i;
  }
  return rows;
}

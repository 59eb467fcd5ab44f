// Numbers from text. What is not plainly a number is left in doubt for the host, which knows the
// whole grammar; what is plainly out of range is too.

import { isValid, doubtFailed, setBit, strict1, takeFailed } from "./bits";
import { aOf, dstOf, validityOf, valuesOf } from "./layout";

const MOST_DIGITS: u32 = 18;
const EXACT: u64 = 9007199254740992; // 2^53
const MOST_POWER: u32 = 22;

const POWERS: usize = memory.data<f64>(
  [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
  ],
  8,
);

// What was read last: the digits as one number, how many stood behind the point, and the sign.
let mantissa: u64 = 0;
let fraction: u32 = 0;
let negative: bool = false;

/** Reads `-12.5`, at most 18 digits in all; false for anything else. */
function read(text: u32, bytes: u32, points: bool): bool {
  let at = text;
  const end = text + bytes;
  negative = at < end && load<u8>(at) == 0x2d;
  if (negative) at++;
  mantissa = 0;
  fraction = 0;
  let count: u32 = 0;
  let seen = false;
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == 0x2e && points && !seen && count > 0) {
      seen = true;
      continue;
    }
    const digit = byte - 0x30;
    if (digit > 9 || count == MOST_DIGITS) return false;
    mantissa = mantissa * 10 + digit;
    count++;
    if (seen) fraction++;
  }
  return count > 0;
}

/** Text as f64 (0), by Clinger's exact case, or as i64 (1). */
export function textToNumber(op: u32, ins: u32, rows: u32): void {
  const a = valuesOf(aOf(ins));
  const dst = dstOf(ins);
  const validity = validityOf(aOf(ins));
  const failed = takeFailed();
  let any = false;
  for (let i: u32 = 0; i < rows; i++) {
    if (!isValid(validity, i)) continue;
    const row = a + (i << 3);
    let fits = read(load<u32>(row), load<u32>(row, 4), op == 0);
    if (op == 0) {
      fits = fits && mantissa <= EXACT && fraction <= MOST_POWER;
      const size = <f64>mantissa / load<f64>(POWERS + (min(fraction, MOST_POWER) << 3));
      store<f64>(valuesOf(dst) + (i << 3), negative ? -size : size);
    } else {
      store<i64>(valuesOf(dst) + (i << 3), negative ? -<i64>mantissa : <i64>mantissa);
    }
    if (!fits) {
      setBit(failed, i);
      any = true;
    }
  }
  strict1(ins);
  if (any) doubtFailed(dst);
}

// Numbers from symbols: each symbol has knots, the values at equal shares of its rows, and between
// two knots a number is as likely as any other.

/**
 * Numbers within the symbols' knots, of which there are `2^bits + 1` a symbol; rounded to whole ones
 * where `whole` is not 0, then scaled, and added to what is there where `adds` is not 0: days and the
 * time within the day, say.
 */
export function sampleNumbers(
  random: u32, rows: u32, symbols: u32, knots: u32, bits: u32, whole: u32, scale: f64, adds: u32,
  to: u32,
): void {
  const stride = ((<u32>1) << bits) + 1;
  const shift = 32 - bits;
  for (let i: u32 = 0; i < rows; i++) {
    const word = load<u32>(random + (i << 2));
    const at = <u32>load<u16>(symbols + (i << 1)) * stride + (word >> shift);
    const low = load<f64>(knots + (at << 3));
    const high = load<f64>(knots + (at << 3), 8);
    let value = low + (high - low) * (<f64>(word << bits) * (1.0 / 4294967296.0));
    if (whole != 0) value = Math.floor(value + 0.5);
    value *= scale;
    store<f64>(to + (i << 3), adds != 0 ? load<f64>(to + (i << 3)) + value : value);
  }
}

/** Takes numbers from a list by position; 0 for −1. */
export function sampleGather(rows: u32, positions: u32, values: u32, to: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    const at = load<i32>(positions + (i << 2));
    store<f64>(to + (i << 3), at < 0 ? 0 : load<f64>(values + (at << 3)));
  }
}

const INTS: u32 = 0;
const LONGS: u32 = 1;
const FLOATS: u32 = 2;
const DOUBLES: u32 = 3;

// @ts-ignore: decorator
@inline
function within(value: f64, low: f64, high: f64): f64 {
  return value < low ? low : value > high ? high : value;
}

/** Stores numbers as what a column holds, none below `low` or above `high`, doubles divided. */
export function sampleStore(
  rows: u32, values: u32, kind: u32, divisor: f64, low: f64, high: f64, to: u32,
): void {
  for (let i: u32 = 0; i < rows; i++) {
    const value = within(load<f64>(values + (i << 3)), low, high);
    if (kind == INTS) store<i32>(to + (i << 2), <i32>value);
    else if (kind == LONGS) store<i64>(to + (i << 3), <i64>value);
    else if (kind == FLOATS) store<f32>(to + (i << 2), <f32>(value / divisor));
    else if (kind == DOUBLES) store<f64>(to + (i << 3), value / divisor);
    else {
      const scaled = <i64>value;
      store<i64>(to + (i << 4), scaled);
      store<i64>(to + (i << 4), scaled >> 63, 8);
    }
  }
}

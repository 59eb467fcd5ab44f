// Columns in the Arrow layout from positions and symbols.

/** The bitmap of rows, of which there are a multiple of eight, whose symbol is not `none`; how many others. */
export function sampleValid(rows: u32, symbols: u32, none: u32, to: u32): u32 {
  let valid: u32 = 0;
  const absent = i16x8.splat(<i16>none);
  for (let i: u32 = 0; i < rows; i += 8) {
    const is = i16x8.eq(v128.load(symbols + (i << 1)), absent);
    const bits = ~i16x8.bitmask(is) & 0xff;
    valid += popcnt<u32>(bits);
    store<u8>(to + (i >> 3), bits);
  }
  return rows - valid;
}

/**
 * The positions that symbols themselves are, of rows of which there are a multiple of eight: −1 where
 * the symbol is `none`.
 */
export function samplePositions(rows: u32, symbols: u32, none: u32, to: u32): void {
  const absent = i16x8.splat(<i16>none);
  for (let i: u32 = 0; i < rows; i += 8) {
    const some = v128.load(symbols + (i << 1));
    const is = i16x8.eq(some, absent);
    const at = to + (i << 2);
    v128.store(at, v128.or(i32x4.extend_low_i16x8_u(some), i32x4.extend_low_i16x8_s(is)));
    const high = v128.or(i32x4.extend_high_i16x8_u(some), i32x4.extend_high_i16x8_s(is));
    v128.store(at, high, 16);
  }
}

/** The positions of the values that symbols stand for, i32 each, by the symbol. */
export function sampleFirsts(rows: u32, symbols: u32, firsts: u32, to: u32): void {
  for (const end = symbols + (rows << 1); symbols < end; symbols += 2, to += 4) {
    store<u32>(to, load<u32>(firsts + (<u32>load<u16>(symbols) << 2)));
  }
}

/**
 * The bitmap of rows, of which there are a multiple of eight, whose position is not −1, which becomes
 * 0; how many were.
 */
export function samplePresent(rows: u32, positions: u32, to: u32): u32 {
  let valid: u32 = 0;
  const zero = i32x4.splat(0);
  for (let i: u32 = 0; i < rows; i += 8) {
    const at = positions + (i << 2);
    const low = v128.load(at);
    const high = v128.load(at, 16);
    const bits = ~(i32x4.bitmask(low) | (i32x4.bitmask(high) << 4)) & 0xff;
    valid += popcnt<u32>(bits);
    v128.store(at, i32x4.max_s(low, zero));
    v128.store(at, i32x4.max_s(high, zero), 16);
    store<u8>(to + (i >> 3), bits);
  }
  return rows - valid;
}

/** The bitmap of rows, of which there are a multiple of eight, whose position is 1. */
export function sampleBools(rows: u32, positions: u32, to: u32): void {
  const one = i32x4.splat(1);
  for (let i: u32 = 0; i < rows; i += 8) {
    const at = positions + (i << 2);
    const low = i32x4.bitmask(i32x4.eq(v128.load(at), one));
    const high = i32x4.bitmask(i32x4.eq(v128.load(at, 16), one));
    store<u8>(to + (i >> 3), low | (high << 4));
  }
}

/** Where the texts at `positions` of a list end, from 0; −1 is an empty one. Returns the last. */
export function sampleTextEnds(rows: u32, positions: u32, offsets: u32, to: u32): u32 {
  let end: u32 = 0;
  store<u32>(to, 0);
  for (let i: u32 = 0; i < rows; i++) {
    const at = load<i32>(positions + (i << 2));
    if (at >= 0) {
      const from = offsets + (<u32>at << 2);
      end += load<u32>(from, 4) - load<u32>(from);
    }
    store<u32>(to + (i << 2), end, 4);
  }
  return end;
}

/** Writes the texts one after the other; 16 bytes beyond the last may be written. */
export function sampleTexts(rows: u32, positions: u32, offsets: u32, bytes: u32, to: u32): void {
  let end = to;
  for (let i: u32 = 0; i < rows; i++) {
    const at = load<i32>(positions + (i << 2));
    if (at < 0) continue;
    const record = offsets + (<u32>at << 2);
    const from = bytes + load<u32>(record);
    const length = load<u32>(record, 4) - load<u32>(record);
    for (let done: u32 = 0; done < length; done += 16) {
      v128.store(end + done, v128.load(from + done));
    }
    end += length;
  }
}

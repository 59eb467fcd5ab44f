// Texts as JSON has them. All functions write at `to`, give the address behind, and may change what
// lies up to 48 bytes behind that.

const QUOTE: u32 = 0x22;
const BASE64: usize = memory.data<u8>(
  [
    65, 66, 67, 68, 69, 70, 71, 72, 73, 74, 75, 76, 77, 78, 79, 80, 81, 82, 83, 84, 85, 86, 87, 88,
    89, 90, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114,
    115, 116, 117, 118, 119, 120, 121, 122, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 43, 47,
  ],
);

// Vectors are loaded from here, since building one from its constant takes several instructions.
const VECTORS: usize = memory.data<u32>(
  [
    0x1f1f_1f1f, 0x1f1f_1f1f, 0x1f1f_1f1f, 0x1f1f_1f1f,
    0x2222_2222, 0x2222_2222, 0x2222_2222, 0x2222_2222,
    0x5c5c_5c5c, 0x5c5c_5c5c, 0x5c5c_5c5c, 0x5c5c_5c5c,
  ],
  16,
);

function copyOn(to: u32, at: u32, bytes: u32): void {
  for (let done: u32 = 32; done < bytes; done += 16) {
    v128.store(to + done, v128.load(at + done));
  }
}

/** Copies text that needs no escapes, or has them. */
// @ts-ignore: decorator
@inline
export function copyText(to: u32, at: u32, bytes: u32): u32 {
  v128.store(to, v128.load(at));
  v128.store(to, v128.load(at, 16), 16);
  if (bytes > 32) copyOn(to, at, bytes);
  return to + bytes;
}

/** The second character of a short escape, or 0. */
// @ts-ignore: decorator
@inline
function shortEscape(byte: u32): u32 {
  if (byte == 0x22 || byte == 0x5c) return byte;
  if (byte == 0x0a) return 0x6e;
  if (byte == 0x0d) return 0x72;
  if (byte == 0x09) return 0x74;
  if (byte == 0x08) return 0x62;
  return byte == 0x0c ? 0x66 : 0;
}

function writeEscape(to: u32, byte: u32): u32 {
  const short = shortEscape(byte);
  if (short != 0) {
    store<u16>(to, <u16>(0x5c | (short << 8)));
    return to + 2;
  }
  store<u32>(to, 0x3030_755c); // \u00
  const low = byte & 15;
  store<u8>(to, 0x30 + (byte >> 4), 4);
  store<u8>(to, low < 10 ? 0x30 + low : 0x57 + low, 5);
  return to + 6;
}

/** Bit i is set where byte i of 16 needs an escape. */
// @ts-ignore: decorator
@inline
function escapesIn(x: v128): u32 {
  const control = i8x16.eq(i8x16.min_u(x, v128.load(VECTORS)), x);
  const quote = i8x16.eq(x, v128.load(VECTORS, 16));
  const backslash = i8x16.eq(x, v128.load(VECTORS, 32));
  return <u32>i8x16.bitmask(v128.or(control, v128.or(quote, backslash)));
}

/** A text in quotes, with the escapes that `JSON.stringify` makes. */
// @ts-ignore: decorator
@inline
export function writeText(to: u32, from: u32, bytes: u32): u32 {
  store<u8>(to, QUOTE);
  let out = to + 1;
  if (bytes <= 16) {
    const x = v128.load(from);
    v128.store(out, x);
    if ((escapesIn(x) & ((1 << bytes) - 1)) == 0) out += bytes;
    else out = writeLong(out, from, bytes);
  } else if (bytes <= 32) {
    const x = v128.load(from);
    const y = v128.load(from, 16);
    v128.store(out, x);
    v128.store(out, y, 16);
    const escapes = <u64>(escapesIn(x) | (escapesIn(y) << 16));
    if ((escapes & ((<u64>1 << bytes) - 1)) == 0) out += bytes;
    else out = writeLong(out, from, bytes);
  } else out = writeLong(out, from, bytes);
  store<u8>(out, QUOTE);
  return out + 1;
}

function writeLong(to: u32, from: u32, bytes: u32): u32 {
  const end = from + bytes;
  let at = from;
  let out = to;
  while (at < end) {
    const x = v128.load(at);
    v128.store(out, x);
    const left = min<u32>(end - at, 16);
    const escapes = escapesIn(x) | (1 << left);
    const plain = <u32>ctz(escapes);
    at += plain;
    out += plain;
    if (plain == left) continue;
    out = writeEscape(out, load<u8>(at));
    at++;
  }
  return out;
}

/** How many bytes {@link writeText} makes of a text, the quotes aside. */
export function escapedBytes(from: u32, bytes: u32): u64 {
  const end = from + bytes;
  let sum: u64 = bytes;
  for (let at = from; at < end; at += 16) {
    let escapes = escapesIn(v128.load(at));
    if (end - at < 16) escapes &= (1 << (end - at)) - 1;
    for (; escapes != 0; escapes &= escapes - 1) {
      sum += shortEscape(load<u8>(at + <u32>ctz(escapes))) != 0 ? 1 : 5;
    }
  }
  return sum;
}

// @ts-ignore: decorator
@inline
function sextet(bits: u32): u32 {
  return load<u8>(BASE64 + (bits & 63));
}

/** Bytes in quotes, as base64. */
export function writeBase64(to: u32, from: u32, bytes: u32): u32 {
  store<u8>(to, QUOTE);
  const end = from + bytes;
  let out = to + 1;
  let at = from;
  for (; at + 3 <= end; at += 3) {
    const bits = (<u32>load<u8>(at) << 16) | (<u32>load<u8>(at, 1) << 8) | load<u8>(at, 2);
    store<u32>(
      out,
      sextet(bits >> 18) | (sextet(bits >> 12) << 8) | (sextet(bits >> 6) << 16) |
        (sextet(bits) << 24),
    );
    out += 4;
  }
  const left = end - at;
  if (left != 0) {
    const bits = (<u32>load<u8>(at) << 16) | (left == 2 ? <u32>load<u8>(at, 1) << 8 : 0);
    const third = left == 2 ? sextet(bits >> 6) : 0x3d;
    store<u32>(
      out,
      sextet(bits >> 18) | (sextet(bits >> 12) << 8) | (third << 16) | (0x3d << 24),
    );
    out += 4;
  }
  store<u8>(out, QUOTE);
  return out + 1;
}

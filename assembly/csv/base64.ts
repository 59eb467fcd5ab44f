// Base64 as `Uint8Array.fromBase64` reads it (ECMA-262, FromBase64 with a loose last chunk): blanks
// anywhere, padding wanted only where it is begun.

const WRONG: u32 = 0xffffffff;
const PAD: u32 = 0x3d;

let bytes: u32 = 0;

/** Bytes that were written last. */
export function base64Bytes(): u32 {
  return bytes;
}

function isBlank(byte: u32): bool {
  return byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0c || byte == 0x0d;
}

function sixBits(byte: u32): u32 {
  if (byte - 0x41 < 26) return byte - 0x41;
  if (byte - 0x61 < 26) return byte - 0x61 + 26;
  if (byte - 0x30 < 10) return byte - 0x30 + 52;
  return byte == 0x2b ? 62 : byte == 0x2f ? 63 : WRONG;
}

// Writes the bytes of the last characters, which are two or three.
function putRest(to: u32, chunk: u32, count: u32): u32 {
  if (count == 2) {
    store<u8>(to, <u8>(chunk >> 4));
    return to + 1;
  }
  store<u8>(to, <u8>(chunk >> 10));
  store<u8>(to, <u8>(chunk >> 2), 1);
  return to + 2;
}

// Whether padding from `at` on is as the characters before it want it.
function isPadding(at: u32, end: u32, count: u32): bool {
  let pads: u32 = 0;
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (byte == PAD) pads++;
    else if (!isBlank(byte)) return false;
  }
  return count >= 2 && pads == 4 - count;
}

/** Decodes a text; false when it is no base64. */
export function readBase64(at: u32, end: u32, to: u32): bool {
  const begin = to;
  let chunk: u32 = 0;
  let count: u32 = 0;
  for (; at < end; at++) {
    const byte: u32 = load<u8>(at);
    if (isBlank(byte)) continue;
    if (byte == PAD) {
      if (!isPadding(at, end, count)) return false;
      break;
    }
    const six = sixBits(byte);
    if (six == WRONG) return false;
    chunk = (chunk << 6) | six;
    if (++count < 4) continue;
    store<u8>(to, <u8>(chunk >> 16));
    store<u8>(to, <u8>(chunk >> 8), 1);
    store<u8>(to, <u8>chunk, 2);
    to += 3;
    chunk = count = 0;
  }
  if (count == 1) return false;
  if (count != 0) to = putRest(to, chunk, count);
  bytes = to - begin;
  return true;
}

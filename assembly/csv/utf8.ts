// Whether bytes are valid UTF-8: no surrogates, nothing beyond U+10FFFF, nothing longer than need
// be (The Unicode Standard, table 3-7).

// @ts-ignore: decorator
@inline
function isTail(at: u32): bool {
  return (load<u8>(at) & 0xc0) == 0x80;
}

// The bytes of the character at `at`, which is not ASCII; 0 when it is none.
function characterBytes(at: u32, left: u32): u32 {
  const first: u32 = load<u8>(at);
  const second: u32 = load<u8>(at, 1);
  if (first < 0xc2 || left < 2 || !isTail(at + 1)) return 0;
  if (first < 0xe0) return 2;
  if (left < 3 || !isTail(at + 2)) return 0;
  if (first < 0xf0) {
    if (first == 0xe0 && second < 0xa0) return 0;
    return first == 0xed && second > 0x9f ? 0 : 3;
  }
  if (first > 0xf4 || left < 4 || !isTail(at + 3)) return 0;
  if (first == 0xf0 && second < 0x90) return 0;
  return first == 0xf4 && second > 0x8f ? 0 : 4;
}

/** Whether the bytes from `at` to `end` are valid UTF-8. */
export function isUtf8(at: u32, end: u32): bool {
  while (at < end) {
    const high = i8x16.bitmask(v128.load(at));
    if (high == 0) {
      at += 16;
      continue;
    }
    at += ctz<u32>(high);
    while (at < end && load<u8>(at) >= 0x80) {
      const bytes = characterBytes(at, end - at);
      if (bytes == 0) return false;
      at += bytes;
    }
  }
  return true;
}

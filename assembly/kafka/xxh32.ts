// XXH32 by Yann Collet (xxHash specification 0.1.1), with seed 0.

const P1: u32 = 0x9e3779b1;
const P2: u32 = 0x85ebca77;
const P3: u32 = 0xc2b2ae3d;
const P4: u32 = 0x27d4eb2f;
const P5: u32 = 0x165667b1;

// @ts-ignore: decorator
@inline
function lane(before: u32, at: u32): u32 {
  return rotl<u32>(before + load<u32>(at) * P2, 13) * P1;
}

/** The hash of bytes. */
export function xxh32(from: u32, bytes: u32): u32 {
  const end = from + bytes;
  let at = from;
  let hash = P5;
  if (bytes >= 16) {
    let a = P1 + P2;
    let b = P2;
    let c: u32 = 0;
    let d: u32 = 0 - P1;
    for (; at + 16 <= end; at += 16) {
      a = lane(a, at);
      b = lane(b, at + 4);
      c = lane(c, at + 8);
      d = lane(d, at + 12);
    }
    hash = rotl<u32>(a, 1) + rotl<u32>(b, 7) + rotl<u32>(c, 12) + rotl<u32>(d, 18);
  }
  hash += bytes;
  for (; at + 4 <= end; at += 4) hash = rotl<u32>(hash + load<u32>(at) * P3, 17) * P4;
  for (; at < end; at++) hash = rotl<u32>(hash + <u32>load<u8>(at) * P5, 11) * P1;
  hash = (hash ^ (hash >>> 15)) * P2;
  hash = (hash ^ (hash >>> 13)) * P3;
  return hash ^ (hash >>> 16);
}

// CRC-32C (Castagnoli), RFC 3720: eight bytes a step by eight tables, in four lanes at a time where
// there are many bytes, since each step of one waits for the step before.

const POLYNOMIAL: u32 = 0x82f63b78;
const TABLE_BYTES: u32 = 1024;
/** Bytes of a lane. */
const LANE: u32 = 2048;
const STEPS: usize = memory.data(8192, 16);
const ACROSS: usize = memory.data(4096, 16);

let isReady: bool = false;

/** Tables k advance a byte that has k more behind it. */
function makeSteps(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) != 0 ? POLYNOMIAL : 0);
    store<u32>(STEPS + (byte << 2), crc);
  }
  for (let at: u32 = 256; at < 2048; at++) {
    const before = load<u32>(STEPS + ((at - 256) << 2));
    store<u32>(STEPS + (at << 2), (before >>> 8) ^ load<u32>(STEPS + ((before & 0xff) << 2)));
  }
}

/** What becomes of each byte of a checksum when the bytes of a lane, all zero, come behind. */
function makeAcross(): void {
  for (let part: u32 = 0; part < 4; part++) {
    for (let byte: u32 = 0; byte < 256; byte++) {
      let crc = byte << (part << 3);
      for (let done: u32 = 0; done < LANE; done++) {
        crc = (crc >>> 8) ^ load<u32>(STEPS + ((crc & 0xff) << 2));
      }
      store<u32>(ACROSS + part * TABLE_BYTES + (byte << 2), crc);
    }
  }
}

// @ts-ignore: decorator
@inline
function entry(table: u32, byte: u32): u32 {
  return load<u32>(STEPS + table * TABLE_BYTES + (byte << 2));
}

// @ts-ignore: decorator
@inline
function step(crc: u32, at: u32): u32 {
  const word = load<u64>(at);
  const low = <u32>word ^ crc;
  const high = <u32>(word >>> 32);
  return entry(7, low & 0xff) ^ entry(6, (low >>> 8) & 0xff) ^ entry(5, (low >>> 16) & 0xff) ^
    entry(4, low >>> 24) ^ entry(3, high & 0xff) ^ entry(2, (high >>> 8) & 0xff) ^
    entry(1, (high >>> 16) & 0xff) ^ entry(0, high >>> 24);
}

// @ts-ignore: decorator
@inline
function across(crc: u32): u32 {
  return load<u32>(ACROSS + ((crc & 0xff) << 2)) ^
    load<u32>(ACROSS + TABLE_BYTES + (((crc >>> 8) & 0xff) << 2)) ^
    load<u32>(ACROSS + 2 * TABLE_BYTES + (((crc >>> 16) & 0xff) << 2)) ^
    load<u32>(ACROSS + 3 * TABLE_BYTES + ((crc >>> 24) << 2));
}

/** The checksum of bytes behind others, whose checksum is `seed`; 0 where there are none. */
export function kafkaCrc(from: u32, bytes: u32, seed: u32): u32 {
  if (!isReady) {
    makeSteps();
    makeAcross();
    isReady = true;
  }
  let crc = ~seed;
  let at = from;
  const end = from + bytes;
  while (end - at >= 4 * LANE) {
    let b: u32 = 0;
    let c: u32 = 0;
    let d: u32 = 0;
    for (const laneEnd = at + LANE; at < laneEnd; at += 8) {
      crc = step(crc, at);
      b = step(b, at + LANE);
      c = step(c, at + 2 * LANE);
      d = step(d, at + 3 * LANE);
    }
    crc = across(across(across(crc) ^ b) ^ c) ^ d;
    at += 3 * LANE;
  }
  for (; end - at >= 8; at += 8) crc = step(crc, at);
  for (; at < end; at++) crc = (crc >>> 8) ^ entry(0, (crc ^ load<u8>(at)) & 0xff);
  return ~crc;
}

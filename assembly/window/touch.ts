// Takes what was read ahead, so that the reads are not left out.
let sink: u64 = 0;

/**
 * Asks for the slots of some rows, then for the states behind them, so that the misses overlap.
 *
 * @param tags The rows' tags, 2 to the power of `step` bytes apart.
 */
export function touch(slots: u32, mask: u32, tags: u32, step: u32, count: u32): void {
  let seen: u64 = 0;
  for (let row: u32 = 0; row < count; row++) {
    seen ^= load<u64>(slots + ((load<u32>(tags + (row << step)) & mask) << 3));
  }
  for (let row: u32 = 0; row < count; row++) {
    const slot = load<u64>(slots + ((load<u32>(tags + (row << step)) & mask) << 3));
    seen ^= load<u64>(<u32>(slot >> 32));
  }
  sink ^= seen;
}

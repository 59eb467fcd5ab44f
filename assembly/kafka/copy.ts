// Copies of compressed formats: what they repeat may be written only now.

/** Copies bytes that do not overlap, and up to 15 beyond. */
// @ts-ignore: decorator
@inline
export function copyApart(to: u32, from: u32, bytes: u32): void {
  for (let done: u32 = 0; done < bytes; done += 16) v128.store(to + done, v128.load(from + done));
}

/** Repeats what lies `offset` before, and up to 15 bytes beyond. */
// @ts-ignore: decorator
@inline
export function repeat(to: u32, offset: u32, bytes: u32): void {
  if (offset >= 16) copyApart(to, to - offset, bytes);
  else repeatNear(to, offset, bytes);
}

function repeatNear(to: u32, offset: u32, bytes: u32): void {
  const from = to - offset;
  let done: u32 = 0;
  // until what is there is 16 bytes of whole repeats
  for (; done < bytes && done < 16; done++) store<u8>(to + done, load<u8>(from + done));
  const step = 16 - 16 % offset;
  for (; done < bytes; done += step) {
    v128.store(to + done, v128.load(to + done - step));
  }
}

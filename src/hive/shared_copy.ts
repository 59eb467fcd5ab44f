const WORD_BYTES = 8;
/** Bytes that are copied at a time: they stay in the cache. */
const PIECE_BYTES = 65_536;

let scratch: Uint8Array | undefined;

/**
 * Copies bytes into shared memory. Engines copy there word by word, and byte by byte where the two
 * sides do not lie alike within a word; bytes that do not are brought into line first.
 */
export function copyToShared(target: Uint8Array, bytes: Uint8Array): void {
  if ((target.byteOffset - bytes.byteOffset) % WORD_BYTES === 0) return target.set(bytes);
  scratch ??= new Uint8Array(PIECE_BYTES + WORD_BYTES);
  const shift = target.byteOffset % WORD_BYTES;
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    scratch.set(piece, shift);
    target.set(scratch.subarray(shift, shift + piece.length), at);
  }
}

import { concatBytes } from "../../batch/concat_bytes.ts";
import { Inflater } from "../../runtime/inflater.ts";

const PIECE_BYTES = 65_536;

/**
 * Inflates whole frames of zstd (RFC 8878), one after the other, in pieces so that no more is made
 * than is allowed.
 *
 * @throws {RangeError} when they are damaged; what `tooLarge` gives when they make more.
 */
export function unzstd(bytes: Uint8Array, maxBytes: number, tooLarge: () => Error): Uint8Array {
  // with a byte behind the frames, which none of them takes, their end can be told
  const input = concatBytes([bytes, Uint8Array.of(0)]);
  const pieces: Uint8Array[] = [];
  let total = 0;
  for (let at = 0; at < bytes.length;) {
    using inflater = new Inflater("zstd");
    for (let isOpen = true; isOpen;) {
      const room = new Uint8Array(PIECE_BYTES);
      const { consumed, written } = inflater.step(input.subarray(at), room);
      at += consumed;
      total += written;
      pieces.push(room.subarray(0, written));
      if (at > bytes.length) throw new RangeError("its zstd frame is cut short");
      if (total > maxBytes) throw tooLarge();
      isOpen = written === room.length;
    }
  }
  return concatBytes(pieces);
}

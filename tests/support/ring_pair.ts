import {
  allocateRing,
  type RingOptions,
  RingReader,
  RingWriter,
} from "../../src/hive/ring_buffer.ts";

/** A ring with both of its ends, in one thread unless the memory is posted elsewhere. */
export interface RingPair {
  memory: SharedArrayBuffer;
  writer: RingWriter;
  reader: RingReader;
}

/** Makes a ring and both ends; `start` is where the cursors begin. */
export function ringPair(
  capacityBytes: number,
  { start = 0, ...options }: RingOptions & { start?: number } = {},
): RingPair {
  const memory = allocateRing(capacityBytes, { start });
  return {
    memory,
    writer: new RingWriter(memory, options),
    reader: new RingReader(memory, options),
  };
}

/** A frame of `length` bytes that tell themselves apart by `seed`. */
export function patternedFrame(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (seed * 131 + i * 7) & 255);
}

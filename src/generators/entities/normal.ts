import { normalQuantile } from "../normal.ts";

const TABLE_BITS = 13;

/** Bits of a random word that choose one of {@linkcode normals}. */
export const NORMAL_MASK: number = (1 << TABLE_BITS) - 1;

let table: Float32Array | undefined;

/**
 * As many standard normal numbers at equal shares: a random one of them is a normal number. They are
 * made when the first is asked for, since most programs that load this module ask for none.
 */
export function normals(): Float32Array {
  return table ??= Float32Array.from(
    { length: 1 << TABLE_BITS },
    (_, i) => normalQuantile((i + 0.5) / (1 << TABLE_BITS)),
  );
}

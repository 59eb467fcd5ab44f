import { normalQuantile } from "../normal.ts";

const TABLE_BITS = 13;

/** Bits of a random word that choose one of {@linkcode NORMALS}. */
export const NORMAL_MASK: number = (1 << TABLE_BITS) - 1;

/** As many standard normal numbers at equal shares: a random one of them is a normal number. */
export const NORMALS: Float32Array = Float32Array.from(
  { length: 1 << TABLE_BITS },
  (_, i) => normalQuantile((i + 0.5) / (1 << TABLE_BITS)),
);

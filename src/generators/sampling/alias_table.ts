const SHARES = 65_536;

/** The bits of a table for this many outcomes. */
export function tableBits(outcomes: number): number {
  return outcomes <= 1 ? 0 : 32 - Math.clz32(outcomes - 1);
}

/**
 * Writes the alias table of weights (Vose, "A linear algorithm for generating random numbers with a
 * given distribution", 1991): `2^bits` words, the upper half of each the share of 65,536 that its own
 * outcome has, the lower half the outcome that has the rest. Outcomes of weight 0 never come. The
 * twin of {@linkcode SamplerKernel.aliasTables}, and for single tables.
 */
export function writeAliasTable(weights: ArrayLike<number>, bits: number, out: Uint32Array): void {
  const size = 1 << bits;
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i];
  const left = new Float64Array(size);
  for (let i = 0; i < weights.length; i++) left[i] = (weights[i] / total) * size;
  const small: number[] = [];
  const large: number[] = [];
  for (let i = 0; i < size; i++) (left[i] < 1 ? small : large).push(i);
  while (small.length > 0 && large.length > 0) {
    const one = small.pop()!;
    const other = large[large.length - 1];
    out[one] = wordOf(left[one], one, other);
    left[other] -= 1 - left[one];
    if (left[other] < 1) small.push(large.pop()!);
  }
  for (const one of large) out[one] = wordOf(1, one, one);
  // what rounding left over: outcomes that take all of their place, but for those that never come
  const likely = mostLikely(weights);
  for (const one of small) out[one] = (weights[one] ?? 0) > 0 ? wordOf(1, one, one) : likely;
}

function wordOf(share: number, own: number, other: number): number {
  const threshold = Math.floor(share * SHARES + 0.5);
  return threshold >= SHARES ? ((SHARES - 1) << 16 | own) >>> 0 : (threshold << 16 | other) >>> 0;
}

function mostLikely(weights: ArrayLike<number>): number {
  let most = 0;
  for (let i = 1; i < weights.length; i++) if (weights[i] > weights[most]) most = i;
  return most;
}

// Normal deviates, and the symbols that sums of them stand for: a Gaussian copula.

const HALF: u32 = 0x8000_0000;
const CENTRE: f32 = 0.425;
const TAIL: f64 = 5.0;

// The normal quantile of a probability that is neither 0 nor 1, to seven digits (Wichura, "Algorithm
// AS 241: the percentage points of the normal distribution", Applied Statistics 37, 1988, PPND7): this
// is its tails, where a probability is more than 0.425 from a half.
function tailQuantile(word: u32): f32 {
  const isLow = word < HALF;
  const p = (<f64>(isLow ? word : ~word) + 0.5) * (1.0 / 4294967296.0);
  const r = sqrt(-Math.log(p));
  let value: f64;
  if (r <= TAIL) {
    const s = r - 1.6;
    const above = ((0.17023821103 * s + 1.3067284816) * s + 2.7568153900) * s + 1.4234372777;
    value = above / ((0.12021132975 * s + 0.73700164250) * s + 1.0);
  } else {
    const s = r - TAIL;
    const above = ((0.017337203997 * s + 0.42868294337) * s + 3.0812263860) * s + 6.6579051150;
    value = above / ((0.012258202635 * s + 0.24197894225) * s + 1.0);
  }
  return <f32>(isLow ? -value : value);
}

// @ts-ignore: decorator
@inline
function step(sum: v128, r: v128, coefficient: f32): v128 {
  return f32x4.add(f32x4.mul(sum, r), f32x4.splat(coefficient));
}

/** A normal deviate, an f32, of each random word, of which there are a multiple of four. */
export function sampleNormals(random: u32, rows: u32, to: u32): void {
  for (let at: u32 = 0; at < rows << 2; at += 4 << 2) {
    const words = v128.load(random + at);
    const middle = v128.xor(words, i32x4.splat(<i32>HALF));
    const q = f32x4.mul(
      f32x4.add(f32x4.convert_i32x4_s(middle), f32x4.splat(0.5)),
      f32x4.splat(1.0 / 4294967296.0),
    );
    const r = f32x4.sub(f32x4.splat(0.180625), f32x4.mul(q, q));
    let above = step(f32x4.splat(59.109374720), r, 159.29113202);
    above = step(step(above, r, 50.434271938), r, 3.3871327179);
    let below = step(f32x4.splat(67.187563600), r, 78.757757664);
    below = step(step(below, r, 17.895169469), r, 1.0);
    v128.store(to + at, f32x4.div(f32x4.mul(q, above), below));
    const tails = i32x4.bitmask(f32x4.gt(f32x4.abs(q), f32x4.splat(CENTRE)));
    if (tails == 0) continue;
    for (let lane: u32 = 0; lane < 4; lane++) {
      if (((tails >> lane) & 1) == 0) continue;
      const cell = at + (lane << 2);
      store<f32>(to + cell, tailQuantile(load<u32>(random + cell)));
    }
  }
}

// @ts-ignore: decorator
@inline
function advanced(place: u32, by: u32, limits: u32, value: f32): u32 {
  return load<f32>(limits + ((place + by - 1) << 2)) <= value ? place + by : place;
}

// Stores how many of `2^bits - 1` ascending limits are not above each of four values.
// @ts-ignore: decorator
@inline
function storeSymbols(values: v128, limits: u32, bits: u32, to: u32): void {
  const a = f32x4.extract_lane(values, 0), b = f32x4.extract_lane(values, 1);
  const c = f32x4.extract_lane(values, 2), d = f32x4.extract_lane(values, 3);
  let ofA: u32 = 0, ofB: u32 = 0, ofC: u32 = 0, ofD: u32 = 0;
  for (let by = (<u32>1 << bits) >> 1; by > 0; by >>= 1) {
    ofA = advanced(ofA, by, limits, a);
    ofB = advanced(ofB, by, limits, b);
    ofC = advanced(ofC, by, limits, c);
    ofD = advanced(ofD, by, limits, d);
  }
  store<u32>(to, ofA | (ofB << 16));
  store<u32>(to, ofC | (ofD << 16), 4);
}

/**
 * The symbols of sums of normal deviates: of `count` columns, one after the other at `normals`, each
 * times its weight, an f32. The symbol is how many of the `2^bits - 1` limits at `limits`, f32, are not
 * above the sum. Rows are a multiple of four.
 */
export function sampleCopula(
  rows: u32, normals: u32, weights: u32, count: u32, limits: u32, bits: u32, to: u32,
): void {
  const stride = rows << 2;
  for (let i: u32 = 0; i < rows; i += 4) {
    let sum = f32x4.splat(0);
    for (let j: u32 = 0; j < count; j++) {
      const weight = v128.load32_splat(weights + (j << 2));
      sum = f32x4.add(sum, f32x4.mul(weight, v128.load(normals + j * stride + (i << 2))));
    }
    storeSymbols(sum, limits, bits, to + (i << 1));
  }
}

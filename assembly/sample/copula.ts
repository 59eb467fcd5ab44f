// Normal deviates, and the symbols that sums of them stand for: a Gaussian copula.

const CENTRE: f64 = 0.425;
const TAIL: f64 = 5.0;

// The normal quantile of a probability that is neither 0 nor 1, to seven digits (Wichura, "Algorithm
// AS 241: the percentage points of the normal distribution", Applied Statistics 37, 1988, PPND7).
function quantile(p: f64): f64 {
  const q = p - 0.5;
  if (abs(q) <= CENTRE) {
    const r = 0.180625 - q * q;
    const above = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179;
    const below = ((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1.0;
    return q * above / below;
  }
  const r = sqrt(-Math.log(q < 0 ? p : 1.0 - p));
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
  return q < 0 ? -value : value;
}

/** A normal deviate, an f32, of each random word. */
export function sampleNormals(random: u32, rows: u32, to: u32): void {
  for (let i: u32 = 0; i < rows; i++) {
    const p = (<f64>load<u32>(random + (i << 2)) + 0.5) * (1.0 / 4294967296.0);
    store<f32>(to + (i << 2), <f32>quantile(p));
  }
}

// How many of `2^bits - 1` ascending limits are not above a value.
// @ts-ignore: decorator
@inline
function placeOf(value: f32, limits: u32, bits: u32): u32 {
  let place: u32 = 0;
  for (let step = (<u32>1 << bits) >> 1; step > 0; step >>= 1) {
    const limit = load<f32>(limits + ((place + step - 1) << 2));
    place += limit <= value ? step : 0;
  }
  return place;
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
    const at = to + (i << 1);
    store<u16>(at, <u16>placeOf(f32x4.extract_lane(sum, 0), limits, bits));
    store<u16>(at, <u16>placeOf(f32x4.extract_lane(sum, 1), limits, bits), 2);
    store<u16>(at, <u16>placeOf(f32x4.extract_lane(sum, 2), limits, bits), 4);
    store<u16>(at, <u16>placeOf(f32x4.extract_lane(sum, 3), limits, bits), 6);
  }
}

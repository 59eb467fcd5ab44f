// Which of two neighbouring doubles is nearer to a number of any number of digits: the digits and
// the middle of the two are compared as whole numbers (Clinger, "How to Read Floating Point
// Numbers Accurately", PLDI 1990).

const MOST_DIGITS: u32 = 800; // the middle of two doubles has at most 767
const LIMBS: u32 = 128; // of 32 bits; both sides stay below 2^2900
const LEFT: usize = memory.data(128 * 4, 16);
const RIGHT: usize = memory.data(128 * 4, 16);
const FIVES: u32 = 1220703125; // 5^13
const CHUNK: u32 = 1000000000; // as many digits are taken at once as fit 32 bits
const MANTISSA: u64 = 0x000f_ffff_ffff_ffff;

/** number = number · factor + more; the number of limbs is given and returned. */
function multiply(number: usize, limbs: u32, factor: u32, more: u32): u32 {
  let carry: u64 = more;
  for (let i: u32 = 0; i < limbs; i++) {
    const place = number + (i << 2);
    carry += <u64>load<u32>(place) * factor;
    store<u32>(place, <u32>carry);
    carry >>= 32;
  }
  if (carry == 0) return limbs;
  store<u32>(number + (limbs << 2), <u32>carry);
  return limbs + 1;
}

function timesFives(number: usize, limbs: u32, count: i32): u32 {
  let size = limbs;
  for (; count >= 13; count -= 13) size = multiply(number, size, FIVES, 0);
  for (; count > 0; count--) size = multiply(number, size, 5, 0);
  return size;
}

/** number = number · 2^bits */
function shiftUp(number: usize, limbs: u32, bits: u32): u32 {
  const size = multiply(number, limbs, 1 << (bits & 31), 0);
  const whole = bits >> 5;
  if (whole == 0) return size;
  memory.copy(number + (whole << 2), number, size << 2);
  memory.fill(number, 0, whole << 2);
  return size + whole;
}

function compare(leftLimbs: u32, rightLimbs: u32): i32 {
  if (leftLimbs != rightLimbs) return leftLimbs > rightLimbs ? 1 : -1;
  for (let i = leftLimbs; i-- > 0;) {
    const a = load<u32>(LEFT + (i << 2));
    const b = load<u32>(RIGHT + (i << 2));
    if (a != b) return a > b ? 1 : -1;
  }
  return 0;
}

let decimals: i64 = 0; // the power of ten that the digits on the left are to be multiplied with

/** Puts the digits from `at` to `end` on the left; `decimals` are what is behind the point. */
function readDigits(at: u32, end: u32): u32 {
  let limbs: u32 = 0;
  let count: u32 = 0;
  let fraction = false;
  let sticky = false;
  let chunk: u32 = 0;
  let scale: u32 = 1;
  decimals = 0;
  for (let p = at; p < end; p++) {
    const byte: u32 = load<u8>(p);
    if (byte == 0x2e) {
      fraction = true;
    } else if (count < MOST_DIGITS) {
      chunk = chunk * 10 + (byte - 0x30);
      scale *= 10;
      if (limbs != 0 || chunk != 0) count++;
      if (fraction) decimals--;
      if (scale != CHUNK) continue;
      limbs = multiply(LEFT, limbs, scale, chunk);
      chunk = 0;
      scale = 1;
    } else {
      if (byte != 0x30) sticky = true;
      if (!fraction) decimals++;
    }
  }
  limbs = multiply(LEFT, limbs, scale, chunk);
  if (!sticky) return limbs;
  // a last digit stands for all that follow
  decimals--;
  return multiply(LEFT, limbs, 10, 1);
}

/**
 * The bits of the double nearest to the digits from `at` to `end`, a point among them, times
 * 10^power, where it is `below` or the one after that.
 */
export function nearerDouble(at: u32, end: u32, power: i64, below: u64): u64 {
  let left = readDigits(at, end);
  const tens = <i32>(decimals + power);
  const exponent = <i32>(below >> 52);
  const hidden: u64 = exponent == 0 ? 0 : <u64>1 << 52;
  // the middle is (2 m + 1) · 2^twos
  const middle = ((below & MANTISSA) | hidden) * 2 + 1;
  const twos = max(exponent, 1) - 1076;
  store<u64>(RIGHT, middle);
  let right: u32 = middle >> 32 == 0 ? 1 : 2;
  if (tens >= 0) left = timesFives(LEFT, left, tens);
  else right = timesFives(RIGHT, right, -tens);
  const shift = tens - twos;
  if (shift >= 0) left = shiftUp(LEFT, left, shift);
  else right = shiftUp(RIGHT, right, -shift);
  const order = compare(left, right);
  return order > 0 || (order == 0 && (below & 1) != 0) ? below + 1 : below;
}

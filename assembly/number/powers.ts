// Powers of ten: the exact doubles, those that fit 64 bits, and the 128 leading bits of all that
// reading and writing doubles take. The latter are worked out when the first is asked for, which
// takes some ten microseconds, so that the module need not carry them.

/** 10^0 to 10^22, which doubles hold exactly. */
const DOUBLES: usize = memory.data<f64>(
  [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
  ],
  8,
);

/** 10^0 to 10^19. */
const WHOLES: usize = memory.data<u64>(
  [
    1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000, 10000000000,
    100000000000, 1000000000000, 10000000000000, 100000000000000, 1000000000000000,
    10000000000000000, 100000000000000000, 1000000000000000000, 10000000000000000000,
  ],
  8,
);

/** The least and the greatest power of the table. */
export const LEAST_POWER: i32 = -342;
export const MOST_POWER: i32 = 324;

const ENTRY_SHIFT: u32 = 4;
const TABLE: usize = memory.data(16 * 667, 16);

// A number while the table is made: 32-bit limbs, the least first, four zeros below.
const BELOW: u32 = 4;
const LIMBS: u32 = 32;
const TOP_LIMB: u32 = 30; // 2^960 / 5^342 still has 165 bits
const LIMB_BYTES: u32 = (BELOW + LIMBS) * 4;
const BIG: usize = memory.data((4 + 32) * 4, 16);

let ready: bool = false;

/** 10^n as a double, n at most 22. */
// @ts-ignore: decorator
@inline
export function exactPower(n: u32): f64 {
  return load<f64>(DOUBLES + (n << 3));
}

/** 10^n, n at most 19. */
// @ts-ignore: decorator
@inline
export function wholePower(n: u32): u64 {
  return load<u64>(WHOLES + (n << 3));
}

// @ts-ignore: decorator
@inline
function limb(index: u32): usize {
  return BIG + ((BELOW + index) << 2);
}

function timesFive(): void {
  let carry: u64 = 0;
  for (let i: u32 = 0; i < LIMBS; i++) {
    carry += (<u64>load<u32>(limb(i))) * 5;
    store<u32>(limb(i), <u32>carry);
    carry >>= 32;
  }
}

function dividedByFive(): void {
  let rest: u64 = 0;
  for (let i = LIMBS; i-- > 0;) {
    rest = (rest << 32) | load<u32>(limb(i));
    store<u32>(limb(i), <u32>(rest / 5));
    rest %= 5;
  }
}

/** Keeps the 128 leading bits as the entry of a power, `more` added to them. */
function keep(power: i32, more: u64): void {
  let top: u32 = LIMBS - 1;
  while (load<u32>(limb(top)) == 0) top--;
  const shift = clz<u32>(load<u32>(limb(top)));
  const first = load<u64>(limb(top - 1));
  const second = load<u64>(limb(top - 3));
  const third = <u64>load<u32>(limb(top - 4));
  const entry = TABLE + ((power - LEAST_POWER) << ENTRY_SHIFT);
  // a shift by 64 is one by 0, so it is made in two steps
  const low = ((second << shift) | (third >> (32 - shift))) + more;
  store<u64>(entry, low);
  store<u64>(entry, (first << shift) | ((second >> 1) >> (63 - shift)), 8);
}

function fill(): void {
  memory.fill(BIG, 0, LIMB_BYTES);
  store<u32>(limb(0), 1);
  for (let power = 0; power <= MOST_POWER; power++) {
    keep(power, 0);
    timesFive();
  }
  memory.fill(BIG, 0, LIMB_BYTES);
  store<u32>(limb(TOP_LIMB), 1);
  for (let power = -1; power >= LEAST_POWER; power--) {
    dividedByFive();
    keep(power, power >= -27 ? 1 : 0);
  }
  ready = true;
}

/** Makes the table, unless it is there. */
// @ts-ignore: decorator
@inline
export function preparePowers(): void {
  if (!ready) fill();
}

/**
 * Where the 128 leading bits of 10^power lie, the lower 64 first: rounded down, but up from -27 to
 * -1 (Lemire, "Number Parsing at a Gigabyte per Second", section 5.2).
 */
// @ts-ignore: decorator
@inline
export function leadingBits(power: i32): usize {
  preparePowers();
  return preparedBits(power);
}

/** The same, after {@link preparePowers}. */
// @ts-ignore: decorator
@inline
export function preparedBits(power: i32): usize {
  return TABLE + ((power - LEAST_POWER) << ENTRY_SHIFT);
}

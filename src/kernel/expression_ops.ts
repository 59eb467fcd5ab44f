/**
 * The operators of the kernel's expression interpreter, as `assembly/expression/run.ts` knows them:
 * a group in the high byte, and which of the group in the low one.
 */

function group(index: number): number {
  return index << 8;
}

/** Of two registers of f64, or with the instruction's number on the right or the left side. */
export const F64 = {
  add: group(0),
  sub: group(0) + 1,
  mul: group(0) + 2,
  div: group(0) + 3,
  rightAdd: group(0) + 4,
  rightSub: group(0) + 5,
  rightMul: group(0) + 6,
  rightDiv: group(0) + 7,
  leftSub: group(0) + 8,
  leftDiv: group(0) + 9,
} as const;

/** Of one register of f64. */
export const F64_ONE = {
  neg: group(1),
  abs: group(1) + 1,
  floor: group(1) + 2,
  ceil: group(1) + 3,
  single: group(1) + 4,
} as const;

/** More of f64: `within` takes the floor of numbers from x to y, `check` leaves them as they are. */
export const F64_MORE = {
  mod: group(2),
  round: group(2) + 1,
  within: group(2) + 2,
  check: group(2) + 3,
} as const;

/** Of registers of i64. */
export const I64 = {
  add: group(3),
  sub: group(3) + 1,
  mul: group(3) + 2,
  mod: group(3) + 3,
  neg: group(3) + 4,
  abs: group(3) + 5,
} as const;

/** The order of comparisons within their groups. */
export const COMPARISONS = { eq: 0, ne: 1, lt: 2, le: 3, gt: 4, ge: 5 } as const;

/** Comparisons of two registers, or of one with the instruction's number; plus the type's. */
export const COMPARE_BOTH: number = group(4);
/** As {@linkcode COMPARE_BOTH}, with the instruction's number. */
export const COMPARE_NUMBER: number = group(5);
/** What is added to a comparison for the type. */
export const COMPARE_TYPE = { f64: 0, i64: 6, i32: 12 } as const;
/** Of an i64 on the left with an f64 on the right. */
export const COMPARE_MIXED: number = group(6);
/** Of two booleans. */
export const COMPARE_BOOL: number = group(7);
/** Of two texts. */
export const COMPARE_TEXTS: number = group(15);
/** Of a text with the one at address i, j bytes long. */
export const COMPARE_TEXT_WITH: number = group(16);

/** Of booleans; `isNull` of any register. */
export const LOGIC = {
  and: group(8),
  or: group(8) + 1,
  not: group(8) + 2,
  isNull: group(8) + 3,
} as const;

/** How wide a register's values are: 8 bytes, 4, or a bit. */
export const WIDTH = { eight: 0, four: 1, bit: 2 } as const;

/** b where a is true, else c; plus the width. */
export const WHEN: number = group(9);
/** a where it is not null, else b; plus the width. */
export const COALESCE: number = group(10);

/** Without failure. */
export const CONVERT = {
  i32ToF64: group(11),
  i64ToF64: group(11) + 1,
  i32ToI64: group(11) + 2,
  f32ToF64: group(11) + 3,
  boolToI32: group(11) + 4,
  f64ToI32: group(11) + 5,
} as const;

/** With failure: doubt, or null where i is not 0. */
export const CAST = {
  f64ToI32: group(12),
  f64ToI64: group(12) + 1,
  i64ToI32: group(12) + 2,
  f64ToBool: group(12) + 3,
} as const;

/** Plus the unit's number. */
export const TRUNCATE: number = group(13);
/** Plus the part's number. */
export const EXTRACT: number = group(14);

/** Of text. */
export const TEXT = {
  startsWith: group(17),
  endsWith: group(17) + 1,
  contains: group(17) + 2,
  like: group(18),
  length: group(19),
  lower: group(20),
  upper: group(20) + 1,
  concat: group(21),
  fromI32: group(22),
  fromI64: group(22) + 1,
  fromF64: group(22) + 2,
  toF64: group(23),
  toI64: group(23) + 1,
  load: group(24),
} as const;

/** In a pattern of `like`: one code point, and any number of them. */
export const LIKE = { one: 256, many: 257 } as const;

/** By the codes of a dict column, from the table at address i; plus the width. */
export const GATHER: number = group(25);

/** Among the j candidates at address i, sorted; x is 1 when one of them is null. */
export const MEMBER = { f64: group(26), i64: group(26) + 1, text: group(26) + 2 } as const;

/** Results as columns store them; i is the address of two counts, of nulls and of doubtful rows. */
export const PUT = {
  eight: group(27),
  four: group(27) + 1,
  bit: group(27) + 2,
  f32: group(27) + 3,
  time: group(27) + 4,
  text: group(27) + 5,
} as const;

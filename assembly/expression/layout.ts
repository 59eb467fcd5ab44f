// What the host writes for the interpreter, and how it is read: instructions and registers.
//
// Registers hold BLOCK rows each. Values are f64, i64 or text (address and length, 4 bytes each) in
// 8 bytes, i32 in 4, bool in a bit. Each has up to two bitmaps beside it: validity (a clear bit is a
// null) and doubt (a set bit is a row that the host decides). An address of 0 means all valid, and
// no doubt. Buffers are padded to whole blocks, so loops may run past the last row to a multiple of
// 16; only loops over text, which follow addresses, stop at the row itself.

/** Rows of a block: what the interpreter computes per instruction. */
export const BLOCK: u32 = 1024;
/** Bytes of a block's bitmap. */
export const BLOCK_BITS: u32 = BLOCK >> 3;

/** Bytes of an instruction: op, dst, a, b, c, i, x, y. */
export const INSTRUCTION: u32 = 40;
/** Bytes of a register. */
export const REGISTER: u32 = 32;

/** What is given for the scratch memory of text: next free byte, end, bytes that were missing. */
let registers: u32 = 0;
let scratch: u32 = 0;

/** Sets where registers and scratch state lie, for one run. */
export function setFrame(registersAt: u32, scratchAt: u32): void {
  registers = registersAt;
  scratch = scratchAt;
}

// @ts-ignore: decorator
@inline
export function registerAt(index: u32): u32 {
  return registers + index * REGISTER;
}

// @ts-ignore: decorator
@inline
export function dstOf(ins: u32): u32 {
  return registerAt(load<u16>(ins, 4));
}

// @ts-ignore: decorator
@inline
export function aOf(ins: u32): u32 {
  return registerAt(load<u16>(ins, 6));
}

// @ts-ignore: decorator
@inline
export function bOf(ins: u32): u32 {
  return registerAt(load<u16>(ins, 8));
}

// @ts-ignore: decorator
@inline
export function cOf(ins: u32): u32 {
  return registerAt(load<u16>(ins, 10));
}

/** The instruction's whole-number parameter. */
// @ts-ignore: decorator
@inline
export function iOf(ins: u32): u32 {
  return load<u32>(ins, 12);
}

/** The second whole-number parameter. */
// @ts-ignore: decorator
@inline
export function jOf(ins: u32): u32 {
  return load<u32>(ins, 32);
}

/** The instruction's number, as f64 or as the bits of an i64. */
// @ts-ignore: decorator
@inline
export function xOf(ins: u32): f64 {
  return load<f64>(ins, 16);
}

// @ts-ignore: decorator
@inline
export function yOf(ins: u32): f64 {
  return load<f64>(ins, 24);
}

// @ts-ignore: decorator
@inline
export function valuesOf(register: u32): u32 {
  return load<u32>(register);
}

// @ts-ignore: decorator
@inline
export function validityOf(register: u32): u32 {
  return load<u32>(register, 4);
}

// @ts-ignore: decorator
@inline
export function doubtOf(register: u32): u32 {
  return load<u32>(register, 8);
}

/** Mark in place of a bitmap's stride: the register is computed anew in each block. */
const COMPUTED: u32 = 0xffff_ffff;

/** Turns a register to a block: columns move on, constants stay, others begin without bitmaps. */
export function turnRegister(register: u32, block: u32): void {
  store<u32>(register, load<u32>(register, 12) + load<u32>(register, 24) * block);
  const stride = load<u32>(register, 28);
  const validity = load<u32>(register, 16);
  const doubt = load<u32>(register, 20);
  const given = stride != COMPUTED;
  store<u32>(register, given && validity != 0 ? validity + stride * block : 0, 4);
  store<u32>(register, given && doubt != 0 ? doubt + stride * block : 0, 8);
}

/** Takes the bitmaps from a register that is about to be computed, perhaps not for the first time. */
export function freshen(register: u32): void {
  if (load<u32>(register, 28) != COMPUTED) return;
  store<u64>(register, 0, 4);
}

/** The register's own validity bitmap, from now on in force; its bits are still undefined. */
export function takeValidity(register: u32): u32 {
  const bits = load<u32>(register, 16);
  store<u32>(register, bits, 4);
  return bits;
}

/** The register's own doubt bitmap, from now on in force; its bits are still undefined. */
export function takeDoubt(register: u32): u32 {
  const bits = load<u32>(register, 20);
  store<u32>(register, bits, 8);
  return bits;
}

/** Room for `bytes` of text; 0 when the scratch memory is too small, which ends the run. */
export function takeScratch(bytes: u32): u32 {
  const at = load<u32>(scratch);
  if (<u64>at + bytes > load<u32>(scratch, 4)) {
    store<u32>(scratch, bytes, 8);
    return 0;
  }
  store<u32>(scratch, at + bytes);
  return at;
}

/** Whether some text found no room. */
export function isShort(): bool {
  return load<u32>(scratch, 8) != 0;
}

// Whether values are among candidates, which the host has sorted.

import { and, clear, copy, orBit, strict1 } from "./bits";
import { aOf, dstOf, iOf, jOf, takeValidity, validityOf, valuesOf, xOf } from "./layout";
import { orderOf } from "./text_compare";

// @ts-ignore: decorator
@inline
function amongF64(value: f64, list: u32, count: u32): bool {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<f64>(list + (middle << 3)) < value) low = middle + 1;
    else high = middle;
  }
  return low < count && load<f64>(list + (low << 3)) == value;
}

// @ts-ignore: decorator
@inline
function amongI64(value: i64, list: u32, count: u32): bool {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (load<i64>(list + (middle << 3)) < value) low = middle + 1;
    else high = middle;
  }
  return low < count && load<i64>(list + (low << 3)) == value;
}

// The list holds addresses and lengths.
function amongTexts(text: u32, bytes: u32, list: u32, count: u32): bool {
  let low: u32 = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    const at = list + (middle << 3);
    const order = orderOf(load<u32>(at), load<u32>(at, 4), text, bytes);
    if (order == 0) return true;
    if (order < 0) low = middle + 1;
    else high = middle;
  }
  return false;
}

/** in: f64 (0), i64 (1) or text (2); with x set, a null among the candidates. */
export function isMember(op: u32, ins: u32, rows: u32): void {
  const a = aOf(ins);
  const dst = dstOf(ins);
  const list = iOf(ins);
  const count = jOf(ins);
  const out = valuesOf(dst);
  clear(out);
  for (let i: u32 = 0; i < rows; i++) {
    const at = valuesOf(a) + (i << 3);
    let found = false;
    if (op == 0) found = amongF64(load<f64>(at), list, count);
    else if (op == 1) found = amongI64(load<i64>(at), list, count);
    else found = amongTexts(load<u32>(at), load<u32>(at, 4), list, count);
    orBit(out, i, u32(found));
  }
  strict1(ins);
  if (xOf(ins) != 0) onlyFound(dst);
}

// Where a candidate is null, what was not found is not known.
function onlyFound(dst: u32): void {
  const old = validityOf(dst);
  const bits = takeValidity(dst);
  if (old == 0) copy(bits, valuesOf(dst));
  else and(bits, old, valuesOf(dst));
}

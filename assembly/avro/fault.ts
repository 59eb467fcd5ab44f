// What was found wrong first in a record that is read.
import { NULL } from "./read_ops";

let kind: u32 = 0;
let faultOp: u32 = 0;
let faultAt: u32 = 0;
let detail: i64 = 0;

/** What is wrong, by the numbers of `read_ops.ts`; 0 when nothing is. */
export function avroReadFault(): u32 {
  return kind;
}

/** Address of the operation that found it. */
export function avroReadFaultOp(): u32 {
  return faultOp;
}

/** Where the value begins. */
export function avroReadFaultAt(): u32 {
  return faultAt;
}

/** The number that was read, where it is about one. */
export function avroReadDetail(): i64 {
  return detail;
}

// @ts-ignore: decorator
@inline
export function hasFault(): bool {
  return kind != 0;
}

export function clearFault(): void {
  kind = 0;
}

/** Reading cannot go on: nobody knows where the next value begins. Gives 0. */
export function lost(what: u32, op: u32, at: u32, number: i64): u32 {
  if (kind == 0 || kind >= NULL) {
    kind = what;
    faultOp = op;
    faultAt = at;
    detail = number;
  }
  return 0;
}

/** A value is none of its column, but reading can go on. */
export function unfit(what: u32, op: u32, at: u32, number: i64): void {
  if (kind != 0) return;
  kind = what;
  faultOp = op;
  faultAt = at;
  detail = number;
}

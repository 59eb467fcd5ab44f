// The interpreter: a program of instructions over blocks of rows.

import { f64Binary, f64Check, f64Mod, f64Round, f64Unary, f64Within } from "./f64_arithmetic";
import { i64Arithmetic } from "./i64_arithmetic";
import { compareBool, compareBoth, compareMixed, compareNumber } from "./compare";
import { isNull, logicAnd, logicNot, logicOr } from "./logic";
import { coalesce, when } from "./choose";
import { cast, convert } from "./convert";
import { extractTime, truncateTime } from "./calendar";
import { compareTexts, compareTextWith } from "./text_compare";
import { lengthOfText, likeText, searchText } from "./text_search";
import { changeCase, joinTexts, numberToText } from "./text_make";
import { textToNumber } from "./text_number";
import { gather, loadText } from "./gather";
import { isMember } from "./member";
import { putOut } from "./output";
import { BLOCK, dstOf, freshen, INSTRUCTION, isShort, REGISTER, setFrame, turnRegister } from "./layout";

const OK: i32 = 0;
const SHORT: i32 = 1;
const UNKNOWN: i32 = 2;

/** Groups of operators, in the order of the host's list. */
function step(group: u32, op: u32, ins: u32, rows: u32): bool {
  switch (group) {
    case 0:
      f64Binary(op, ins, rows);
      return true;
    case 1:
      f64Unary(op, ins, rows);
      return true;
    case 2:
      f64Special(op, ins, rows);
      return true;
    case 3:
      i64Arithmetic(op, ins, rows);
      return true;
    case 4:
      compareBoth(op, ins, rows);
      return true;
    case 5:
      compareNumber(op, ins, rows);
      return true;
    case 6:
      compareMixed(op, ins, rows);
      return true;
    case 7:
      compareBool(op, ins);
      return true;
    case 8:
      logic(op, ins);
      return true;
    case 9:
      when(op, ins, rows);
      return true;
    case 10:
      coalesce(op, ins, rows);
      return true;
    case 11:
      convert(op, ins, rows);
      return true;
    case 12:
      cast(op, ins, rows);
      return true;
    case 13:
      truncateTime(op, ins, rows);
      return true;
    case 14:
      extractTime(op, ins, rows);
      return true;
    default:
      return textStep(group, op, ins, rows);
  }
}

function textStep(group: u32, op: u32, ins: u32, rows: u32): bool {
  switch (group) {
    case 15:
      compareTexts(op, ins, rows);
      return true;
    case 16:
      compareTextWith(op, ins, rows);
      return true;
    case 17:
      searchText(op, ins, rows);
      return true;
    case 18:
      likeText(ins, rows);
      return true;
    case 19:
      lengthOfText(ins, rows);
      return true;
    case 20:
      changeCase(op, ins, rows);
      return true;
    case 21:
      joinTexts(ins, rows);
      return true;
    case 22:
      numberToText(op, ins, rows);
      return true;
    case 23:
      textToNumber(op, ins, rows);
      return true;
    case 24:
      loadText(ins, rows);
      return true;
    case 25:
      gather(op, ins, rows);
      return true;
    case 26:
      isMember(op, ins, rows);
      return true;
    case 27:
      putOut(op, ins, rows);
      return true;
    default:
      return false;
  }
}

function f64Special(op: u32, ins: u32, rows: u32): void {
  if (op == 0) f64Mod(ins, rows);
  else if (op == 1) f64Round(ins, rows);
  else if (op == 2) f64Within(ins, rows);
  else f64Check(ins, rows);
}

function logic(op: u32, ins: u32): void {
  if (op == 0) logicAnd(ins);
  else if (op == 1) logicOr(ins);
  else if (op == 2) logicNot(ins);
  else isNull(ins);
}

/**
 * Runs a program over `rows` rows, block by block.
 *
 * `program` holds `count` instructions, `registers` `registerCount` of them (layout.ts), `scratch`
 * the state of the scratch memory. Returns 0; 1 when the scratch memory was too small, how much was
 * missing being in its state; 2 for an operator that there is not.
 */
export function expressionRun(
  program: u32,
  count: u32,
  registers: u32,
  registerCount: u32,
  scratch: u32,
  rows: u32,
): i32 {
  setFrame(registers, scratch);
  const end = program + count * INSTRUCTION;
  for (let block: u32 = 0; block * BLOCK < rows; block++) {
    const left = min(BLOCK, rows - block * BLOCK);
    for (let r: u32 = 0; r < registerCount; r++) turnRegister(registers + r * REGISTER, block);
    for (let ins = program; ins < end; ins += INSTRUCTION) {
      const op = load<u32>(ins);
      freshen(dstOf(ins));
      if (!step(op >> 8, op & 255, ins, left)) return UNKNOWN;
      if (isShort()) return SHORT;
    }
  }
  return OK;
}

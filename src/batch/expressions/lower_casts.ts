import {
  CAST,
  COMPARE_NUMBER,
  COMPARE_TYPE,
  COMPARISONS,
  CONVERT,
  F64,
  F64_MORE,
  F64_ONE,
  LOGIC,
  TEXT,
  WHEN,
  WIDTH,
} from "../../kernel/expression_ops.ts";
import type { DataType } from "../schema.ts";
import { DAY_MS, MAX_DATE_DAYS, MAX_TIMESTAMP_MS } from "../time_range.ts";
import type { Register } from "./assembler.ts";
import type { Checked } from "./checked.ts";
import { within } from "./lower_operators.ts";
import { type Lowering, representationOf } from "./lowering.ts";

type Kind = DataType["kind"];

/** A conversion under way. */
interface Conversion {
  readonly a: Register;
  readonly from: Kind;
  readonly to: Kind;
  /** Whether what does not convert is null. */
  readonly tries: boolean;
}

/** The register of a cast; `undefined` for conversions that only the host does. */
export function lowerCast(low: Lowering, { op, type, args: [arg] }: Checked): Register | undefined {
  const from = arg.type.kind as Kind;
  const to = type.kind as Kind;
  if (!isLowered(from, to)) return undefined;
  const a = low.register(arg);
  return a === undefined ? undefined : convert(low, { a, from, to, tries: op === "tryCast" });
}

const NUMBERS: ReadonlySet<Kind> = new Set<Kind>(["i32", "i64", "f32", "f64"]);
const TEMPORAL: ReadonlySet<Kind> = new Set<Kind>(["timestamp", "date", "time"]);

function isText(kind: Kind): boolean {
  return kind === "utf8" || kind === "dict";
}

// text is read and written by the kernel for numbers alone, decimals not at all
function isLowered(from: Kind, to: Kind): boolean {
  if (representationOf({ kind: from } as DataType) === undefined || to === "decimal") return false;
  if (isText(from)) return NUMBERS.has(to) || isText(to);
  return !isText(to) || to === "utf8" && !TEMPORAL.has(from);
}

function convert(low: Lowering, conversion: Conversion): Register | undefined {
  const { a, from, to } = conversion;
  if (isText(to)) return isText(from) ? a : toText(low, conversion);
  if (isText(from)) return fromText(low, conversion);
  if (from === "bool") return fromBool(low, conversion);
  if (to === "bool") return toBool(low, conversion);
  if (TEMPORAL.has(to)) return toTemporal(low, conversion);
  return toNumber(low, conversion);
}

function toText(low: Lowering, { a, from }: Conversion): Register {
  switch (from) {
    case "bool":
      return boolText(low, a);
    case "i32":
      return low.emit(TEXT.fromI32, { a });
    case "i64":
      return low.emit(TEXT.fromI64, { a });
    default:
      return low.emit(TEXT.fromF64, { a });
  }
}

// null is neither true nor false
function boolText(low: Lowering, a: Register): Register {
  const no = low.constant("text", "false");
  const otherwise = low.emit(WHEN + WIDTH.eight, {
    a: low.emit(LOGIC.not, { a }),
    b: no,
    c: low.constant("text", null),
  });
  return low.emit(WHEN + WIDTH.eight, { a, b: low.constant("text", "true"), c: otherwise });
}

function fromText(low: Lowering, { a, to, tries }: Conversion): Register {
  if (to === "i64") return low.emit(TEXT.toI64, { a });
  if (to === "i32") {
    return low.emit(CAST.i64ToI32, { a: low.emit(TEXT.toI64, { a }), i: tries ? 1 : 0 });
  }
  const number = low.emit(TEXT.toF64, { a });
  return to === "f32" ? low.emit(F64_ONE.single, { a: number }) : number;
}

function fromBool(low: Lowering, { a, to }: Conversion): Register {
  const integer = low.emit(CONVERT.boolToI32, { a });
  if (to === "i64") return low.emit(CONVERT.i32ToI64, { a: integer });
  return to === "i32" ? integer : low.emit(CONVERT.i32ToF64, { a: integer });
}

function toBool(low: Lowering, { a, from, tries }: Conversion): Register {
  const notZero = COMPARE_NUMBER + COMPARISONS.ne;
  if (from === "i32") return low.emit(notZero + COMPARE_TYPE.i32, { a, x: { int: 0 } });
  if (from === "i64") return low.emit(notZero + COMPARE_TYPE.i64, { a, x: 0n });
  return low.emit(CAST.f64ToBool, { a, i: tries ? 1 : 0 });
}

/** The number in a register of f64, whatever it was. */
function inDoubles(low: Lowering, { a, from }: Conversion): Register {
  const representation = representationOf({ kind: from } as DataType);
  if (representation === "i32") return low.emit(CONVERT.i32ToF64, { a });
  return representation === "i64" ? low.emit(CONVERT.i64ToF64, { a }) : a;
}

function toNumber(low: Lowering, conversion: Conversion): Register {
  const { a, from, to, tries } = conversion;
  const representation = representationOf({ kind: from } as DataType);
  if (to === "i32") {
    if (representation === "i32") return a;
    const op = representation === "i64" ? CAST.i64ToI32 : CAST.f64ToI32;
    return low.emit(op, { a, i: tries ? 1 : 0 });
  }
  if (to === "i64") {
    if (representation === "i64") return a;
    if (representation === "i32") return low.emit(CONVERT.i32ToI64, { a });
    return low.emit(CAST.f64ToI64, { a, i: tries ? 1 : 0 });
  }
  const number = inDoubles(low, conversion);
  return to === "f32" ? low.emit(F64_ONE.single, { a: number }) : number;
}

function toTemporal(low: Lowering, conversion: Conversion): Register {
  const { from, to, tries } = conversion;
  const number = inDoubles(low, conversion);
  if (from === "timestamp") {
    return low.emit(CONVERT.f64ToI32, { a: partOf(low, number, conversion) });
  }
  if (from === "date") {
    const ms = low.emit(F64.rightMul, { a: number, x: DAY_MS });
    return within(low, { a: ms, least: -MAX_TIMESTAMP_MS, most: MAX_TIMESTAMP_MS, tries });
  }
  if (to === "timestamp") {
    return within(low, { a: number, least: -MAX_TIMESTAMP_MS, most: MAX_TIMESTAMP_MS, tries });
  }
  const least = to === "date" ? -MAX_DATE_DAYS : 0;
  const most = to === "date" ? MAX_DATE_DAYS : DAY_MS - 1;
  const whole = within(low, { a: number, least, most, tries });
  return low.emit(CONVERT.f64ToI32, { a: whole });
}

/** The day of a time, or its time of day. */
function partOf(low: Lowering, a: Register, { to, tries }: Conversion): Register {
  const ms = low.emit(F64_MORE.check, {
    a,
    x: -MAX_TIMESTAMP_MS,
    y: MAX_TIMESTAMP_MS,
    i: tries ? 1 : 0,
  });
  const day = low.emit(F64_ONE.floor, { a: low.emit(F64.rightDiv, { a: ms, x: DAY_MS }) });
  if (to === "date") return day;
  const midnight = low.emit(F64.rightMul, { a: day, x: DAY_MS });
  return low.emit(F64.sub, { a: ms, b: midnight });
}

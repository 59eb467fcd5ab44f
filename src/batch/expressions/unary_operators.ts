import { getOwn } from "../misfit.ts";
import { DAY_MS } from "../time_range.ts";
import type { Checked } from "./checked.ts";
import { rescale } from "./decimals.ts";
import { faultOf, shown } from "./evaluation_fault.ts";
import { isI64 } from "./literal.ts";
import type { ExtractNode, FieldNode, LikeNode, RoundNode, TruncateNode } from "./node.ts";
import { countCodePoints, matchesLike, parseLike } from "./text.ts";
import { extractTime, truncateTime } from "./time.ts";
import { roundAway, type Value } from "./values.ts";

/** An operator of one value that is not null. */
export type Strict1 = (value: Value) => Value;

const SIMPLE: Partial<Record<Checked["op"], Strict1>> = {
  floor: (v) => Math.floor(v as number),
  ceil: (v) => Math.ceil(v as number),
  not: (v) => !v,
  isNaN: (v) => Number.isNaN(v),
  lower: (v) => (v as string).toLowerCase(),
  upper: (v) => (v as string).toUpperCase(),
  length: (v) => countCodePoints(v as string),
};

/** The operator of one argument for the types that the checker has found. */
export function strictOne(checked: Checked): Strict1 {
  switch (checked.op) {
    case "neg":
      return signed(checked, (v) => -(v as number));
    case "abs":
      return signed(checked, (v) => (v as number) < 0 ? -(v as number) : v);
    case "round": {
      const { digits } = checked.node as RoundNode;
      return (v) => roundAway(v as number, digits);
    }
    case "like": {
      const { pattern, escape } = checked.node as LikeNode;
      const parsed = parseLike(pattern, escape);
      return (v) => matchesLike(v as string, parsed);
    }
    case "field": {
      const { name } = checked.node as FieldNode;
      return (v) => getOwn(v as object, name) ?? null;
    }
    case "truncate":
      return truncation(checked);
    case "extract":
      return extraction(checked);
    case "widen":
      return widening(checked);
    default:
      return SIMPLE[checked.op]!;
  }
}

function signed(checked: Checked, compute: Strict1): Strict1 {
  if (checked.type.kind !== "i64") {
    return checked.op === "abs" ? (v) => Math.abs(v as number) : compute;
  }
  return (v) => {
    const result = compute(v) as bigint;
    if (isI64(result)) return result;
    throw faultOf(checked, `${checked.op} of ${shown(v)} has no value in i64; cast to f64 before`);
  };
}

function widening({ args: [{ type: from }], type: to }: Checked): Strict1 {
  if (from.kind === "decimal" && to.kind === "decimal") {
    return (v) => rescale(v as bigint, { from: from.scale, to: to.scale });
  }
  if (to.kind === "i64") return (v) => typeof v === "bigint" ? v : BigInt(v as number);
  return Number;
}

function truncation(checked: Checked): Strict1 {
  const { unit } = checked.node as TruncateNode;
  const scale = checked.type.kind === "date" ? DAY_MS : 1;
  return (v) => {
    const start = truncateTime((v as number) * scale, unit);
    if (start !== undefined) return start / scale;
    throw outOfCalendar(checked, v);
  };
}

function extraction(checked: Checked): Strict1 {
  const { part } = checked.node as ExtractNode;
  const scale = checked.args[0].type.kind === "date" ? DAY_MS : 1;
  return (v) => {
    const found = extractTime((v as number) * scale, part);
    if (found !== undefined) return found;
    throw outOfCalendar(checked, v);
  };
}

function outOfCalendar(checked: Checked, value: Value): RangeError {
  return faultOf(
    checked,
    `${shown(value)} is out of the calendar, which reaches from the year -271821 to 275760`,
  );
}

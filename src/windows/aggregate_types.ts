import type { DataType, Schema } from "../batch/schema.ts";
import { isNumberType } from "../kernel/window_check.ts";
import type { AggregateOp } from "../kernel/window_types.ts";
import type { AggregateSpec } from "./aggregate.ts";
import { isKernelOp } from "./aggregate_place.ts";
import type { Aggregates } from "./aggregates.ts";

/** An aggregate of two columns chooses or compares by the second. */
export type Role = "of" | "by";

/** They keep a value as it is, whatever it is. */
const KEEPING: ReadonlySet<AggregateOp> = new Set(["first", "last", "argMin", "argMax"] as const);
/** They ask which of two values is less. */
const COMPARING: ReadonlySet<AggregateOp> = new Set(["min", "max", "argMin", "argMax"] as const);
/** What has an order beside numbers and times. */
const ORDERED_KINDS: ReadonlySet<string> = new Set(["bool", "utf8", "dict", "bytes", "decimal"]);

/** Whether an aggregate needs values that have an order. */
export function isComparing(op: AggregateOp, role: Role): boolean {
  return COMPARING.has(op) && (role === "by" || !KEEPING.has(op));
}

/** Whether an aggregate can be taken of, or by, values of a type. */
export function canTake(op: AggregateOp, role: Role, type: DataType): boolean {
  if (op === "count" || isNumberType(type, op)) return true;
  if (isComparing(op, role)) return ORDERED_KINDS.has(type.kind);
  return role === "of" && KEEPING.has(op);
}

/** Whether the kernel computes what an aggregate can be taken of other values too. */
export function mayNeedFunctions({ op }: AggregateSpec): boolean {
  return isKernelOp(op) && (KEEPING.has(op) || COMPARING.has(op));
}

/**
 * Why an aggregate that the kernel computes of numbers and times is computed in JavaScript of the
 * columns of a schema; `undefined`: it is not.
 */
export function whyNotNumbers(spec: AggregateSpec, schema: Schema): string | undefined {
  if (!mayNeedFunctions(spec)) return undefined;
  const { op, column, by } = spec;
  for (const name of [column, by]) {
    const type = schema.fields.find((field) => field.name === name)?.type;
    if (type === undefined || isNumberType(type, op as AggregateOp)) continue;
    return `it keeps values of ${type.kind}, and a group in the kernel has a fixed size`;
  }
  return undefined;
}

/** The aggregates of windows, and of others that share their slices. */
interface AllAggregates {
  readonly aggregates: Aggregates;
  readonly others?: readonly { readonly aggregates: Aggregates }[];
}

/** All aggregates of all windows. */
export function specsOf({ aggregates, others = [] }: AllAggregates): AggregateSpec[] {
  return [aggregates, ...others.map(({ aggregates }) => aggregates)].flatMap(Object.values);
}

/**
 * Whether some windows keep values that have no place in the memory of a kernel, though it computes
 * their aggregates of numbers and times.
 */
export function haveFunctions(windows: AllAggregates, schema: Schema): boolean {
  return specsOf(windows).some((spec) => whyNotNumbers(spec, schema) !== undefined);
}

import type { LiteralNode } from "./node.ts";

const I32_MIN = -(2 ** 31);
const I32_MAX = 2 ** 31 - 1;
const I64_MIN = -(2n ** 63n);
const I64_MAX = 2n ** 63n - 1n;

/** A value that stands in an expression as a constant. */
export type Literal = null | boolean | number | bigint | string | Date;

/** A constant with the type that it has among columns. */
export type Constant =
  | { readonly kind: "null"; readonly value: null }
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "i32" | "f64" | "timestamp"; readonly value: number }
  | { readonly kind: "i64"; readonly value: bigint }
  | { readonly kind: "utf8"; readonly value: string };

/** Whether a number is stored as i32 without loss; −0 is not. */
export function isI32(value: number): boolean {
  return value === (value | 0) && !Object.is(value, -0);
}

/** Whether a bigint fits 64 bits with sign. */
export function isI64(value: bigint): boolean {
  return value >= I64_MIN && value <= I64_MAX;
}

/** Whether a number, cut to a whole one, fits 32 bits with sign. */
export function truncatesToI32(value: number): boolean {
  return value > I32_MIN - 1 && value < I32_MAX + 1;
}

/**
 * The node of a constant.
 *
 * @throws {TypeError} when `value` cannot be a constant.
 * @throws {RangeError} when a bigint does not fit 64 bits, or a `Date` is invalid.
 */
export function literalNode(value: unknown): LiteralNode {
  switch (typeof value) {
    case "boolean":
      return { op: "lit", value };
    case "string":
      return { op: "lit", value: value.toWellFormed() };
    case "number":
      return numberNode(value);
    case "bigint":
      return bigintNode(value);
  }
  if (value === null) return { op: "lit", value };
  if (value instanceof Date) return dateNode(value);
  throw new TypeError(
    `Cannot make expression: a constant is null, a boolean, number, bigint, string or Date, ` +
      `received ${describe(value)}`,
  );
}

function describe(value: unknown): string {
  if (value === undefined) return "undefined; write null for a missing value";
  if (typeof value === "function") return "a function; expressions are data, use col() and when()";
  return `${Object.prototype.toString.call(value)}; for an object of expressions use struct()`;
}

function numberNode(value: number): LiteralNode {
  if (Number.isFinite(value) && !Object.is(value, -0)) return { op: "lit", value };
  return { op: "lit", value: Object.is(value, -0) ? "-0" : String(value), type: "f64" };
}

function bigintNode(value: bigint): LiteralNode {
  if (!isI64(value)) {
    throw new RangeError(
      `Cannot make expression: a bigint must fit 64 bits with sign, received ${value}n`,
    );
  }
  return { op: "lit", value: String(value), type: "i64" };
}

function dateNode(value: Date): LiteralNode {
  const time = value.getTime();
  if (Number.isNaN(time)) {
    throw new RangeError("Cannot make expression: received an invalid Date");
  }
  return { op: "lit", value: time, type: "timestamp" };
}

/** What a constant's node stands for; the node must be a valid one. */
export function constantOf({ value, type }: LiteralNode): Constant {
  if (type === "i64") return { kind: "i64", value: BigInt(value as string) };
  if (type === "timestamp") return { kind: "timestamp", value: value as number };
  if (type === "f64") return { kind: "f64", value: Number(value) };
  if (value === null) return { kind: "null", value };
  if (typeof value === "boolean") return { kind: "bool", value };
  if (typeof value === "string") return { kind: "utf8", value };
  return { kind: isI32(value) ? "i32" : "f64", value };
}

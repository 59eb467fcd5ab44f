import type {
  AggregateOp,
  KernelColumn,
  KeyType,
  NumberType,
  ValueType,
  WindowPlan,
  WindowRows,
} from "./window_types.ts";

const TIME_KINDS: ReadonlySet<string> = new Set(["timestamp", "i64", "f64"]);
const NUMBER_KINDS: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64"]);
const VALUE_KINDS: ReadonlySet<string> = new Set([...NUMBER_KINDS, "timestamp", "date", "time"]);
const TEXT_KINDS: ReadonlySet<string> = new Set(["utf8", "dict"]);
const KEY_KINDS: ReadonlySet<string> = new Set([...VALUE_KINDS, ...TEXT_KINDS, "bool", "bytes"]);
const LIKE_VALUE_OPS: ReadonlySet<AggregateOp> = new Set([
  ...["min", "max", "first", "last", "argMin", "argMax"] as const,
]);
const I64_MAX = 2n ** 63n - 1n;

/** The longest key, of several columns the longest of all their bytes together: 64 KiB. */
export const MAX_KEY_BYTES = 65_536;

/** The error of a key that is too long. */
export function longKey(): RangeError {
  return new RangeError(
    `Cannot add rows to windows: a key has more than ${MAX_KEY_BYTES} bytes; shorten or hash it`,
  );
}

/** Whether columns of a kind can give event times. */
export function isTimeKind(kind: string): boolean {
  return TIME_KINDS.has(kind);
}

/** Whether columns of a kind can be keys. */
export function isKeyType(type: { readonly kind: string }): type is KeyType {
  return KEY_KINDS.has(type.kind);
}

/** Whether an aggregate can be taken of columns of a kind. */
export function isNumberType(
  type: { readonly kind: string },
  op: AggregateOp,
): type is NumberType {
  const anyValue = op === "count" || LIKE_VALUE_OPS.has(op);
  return (anyValue ? VALUE_KINDS : NUMBER_KINDS).has(type.kind);
}

/** The type of an aggregate's results. */
export function resultTypeOf(op: AggregateOp, type: ValueType | undefined): KeyType {
  if (op === "count" || type === undefined || type.kind === "any") {
    return { kind: "i64", as: "number" };
  }
  if (LIKE_VALUE_OPS.has(op)) return type;
  if (op !== "sum" || type.kind === "f32" || type.kind === "f64") return { kind: "f64" };
  return type.kind === "i64" ? type : { kind: "i64", as: "number" };
}

/**
 * An exact integer sum, if it fits into 64 bits.
 *
 * @throws {RangeError} when it does not.
 */
export function sumInRange(sum: bigint): bigint {
  if (sum > I64_MAX || sum < -I64_MAX - 1n) {
    throw new RangeError(
      `Cannot give a sum of integers: it must fit into 64 bits, received ${sum}; ` +
        `cast the column to f64 before summing it`,
    );
  }
  return sum;
}

function fits(kind: string, expected: string): boolean {
  return kind === expected || expected === "any" ||
    (TEXT_KINDS.has(kind) && TEXT_KINDS.has(expected));
}

function checkColumn(
  role: string,
  column: KernelColumn | undefined,
  expected: { kind: string; length: number; nullable?: boolean },
): void {
  const { kind, length, nullable = true } = expected;
  if (column === undefined || !fits(column.type.kind, kind)) {
    throw new TypeError(
      `Cannot add rows to windows: ${role} must be a column of ${kind}, received ` +
        `${column?.type.kind ?? "none"}; all batches of an operator have one schema`,
    );
  }
  if (column.length < length) {
    throw new RangeError(
      `Cannot add rows to windows: ${role} must have ${length} rows, received ${column.length}`,
    );
  }
  if (!nullable && column.nullCount > 0) {
    throw new TypeError(
      `Cannot add rows to windows: ${role} was declared without nulls, received ` +
        `${column.nullCount}; make the field nullable`,
    );
  }
}

/**
 * Checks that the columns of a batch are those that the plan was made for.
 *
 * @throws {TypeError | RangeError} naming the column that is not.
 */
export function checkRows(plan: WindowPlan, rows: WindowRows): void {
  const { length } = rows;
  const kind = rows.times.type.kind;
  if (!isTimeKind(kind)) {
    throw new TypeError(
      `Cannot add rows to windows: event times must be a column of timestamp, i64 or f64 ` +
        `milliseconds, received ${kind}`,
    );
  }
  checkColumn("event time", rows.times, { kind, length });
  plan.keys.forEach((type, index) =>
    checkColumn(`key ${index}`, rows.keys[index], { kind: type.kind, length })
  );
  plan.values.forEach(({ type, nullable }, index) =>
    checkColumn(`value ${index}`, rows.values[index], { kind: type.kind, length, nullable })
  );
}

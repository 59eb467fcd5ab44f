import { type DataType, decimal } from "../schema.ts";

const NAMES: readonly CastName[] = [
  "bool",
  "i32",
  "i64",
  "f32",
  "f64",
  "timestamp",
  "date",
  "time",
  "utf8",
  "dict",
];

/** The names of the types that values can be cast to; decimals need their digits as well. */
export type CastName =
  | "bool"
  | "i32"
  | "i64"
  | "f32"
  | "f64"
  | "timestamp"
  | "date"
  | "time"
  | "utf8"
  | "dict";

/** What values can be cast to: the name of a type, or a type. */
export type CastTarget = CastName | DataType;

const known: ReadonlyMap<string, DataType> = new Map(
  NAMES.map((kind) => [kind, Object.freeze({ kind })]),
);

/**
 * The type that a cast is to.
 *
 * @throws {TypeError} when values cannot be cast to it.
 */
export function castType(target: unknown): DataType {
  const type = (typeof target === "string" ? { kind: target } : target) as DataType | null;
  if (type?.kind === "decimal") return decimal(type.precision, type.scale);
  if (type?.kind === "i64" && "as" in type && type.as === "number") {
    return { kind: "i64", as: "number" };
  }
  const found = known.get(String(type?.kind));
  if (found !== undefined) return found;
  throw new TypeError(
    `Cannot make expression: values can be cast to ${NAMES.join(", ")} or decimal, received ` +
      `${typeof target === "string" ? JSON.stringify(target) : String(type?.kind)}`,
  );
}

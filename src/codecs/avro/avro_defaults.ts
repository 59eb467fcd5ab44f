import { type AvroPath, schemaFault } from "./avro_fault.ts";
import { jsonOf } from "./avro_json.ts";
import {
  type AvroPrimitiveName,
  type AvroRecord,
  type AvroType,
  avroTypeName,
} from "./avro_type.ts";

const MAX_LOOKS = 100_000;
const MIN_INT = -(2 ** 31);
const MAX_INT = 2 ** 31 - 1;
// deno-lint-ignore no-control-regex
const LATIN = /^[\u0000-\u00ff]*$/;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isLong(value: unknown): boolean {
  return typeof value === "bigint"
    ? BigInt.asIntN(64, value) === value
    : Number.isSafeInteger(value);
}

function isNumber(value: unknown): boolean {
  return typeof value === "number" || typeof value === "bigint" || value === "NaN" ||
    value === "Infinity" || value === "-Infinity";
}

const PRIMITIVE_DEFAULTS: Readonly<Record<AvroPrimitiveName, (value: unknown) => boolean>> = {
  null: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  int: (value) =>
    Number.isInteger(value) && value as number >= MIN_INT && value as number <= MAX_INT,
  long: isLong,
  float: isNumber,
  double: isNumber,
  bytes: (value) => typeof value === "string" && LATIN.test(value),
  string: (value) => typeof value === "string" && value.isWellFormed(),
};

/** Looks that are left at a default: records in unions can be tried in endlessly many ways. */
interface Looks {
  left: number;
}

function fieldsAgree(
  { fields }: AvroRecord,
  value: Record<string, unknown>,
  looks: Looks,
): boolean {
  return fields.every(({ name, type, default: given }) =>
    Object.hasOwn(value, name) ? agrees(type, value[name], looks) : given !== undefined
  );
}

/** Goes as deep as the value, which is bounded by the schema's text. */
function agrees(type: AvroType, value: unknown, looks: Looks): boolean {
  if (looks.left-- <= 0) return false;
  switch (type.type) {
    case "record":
      return isObject(value) && fieldsAgree(type, value, looks);
    case "enum":
      return typeof value === "string" && type.symbols.includes(value);
    case "fixed":
      return typeof value === "string" && value.length === type.size && LATIN.test(value);
    case "array":
      return Array.isArray(value) && value.every((item) => agrees(type.items, item, looks));
    case "map":
      return isObject(value) &&
        Object.values(value).every((each) => agrees(type.values, each, looks));
    case "union":
      return type.branches.some((branch) => agrees(branch, value, looks));
    default:
      return PRIMITIVE_DEFAULTS[type.type](value);
  }
}

/**
 * Whether a value in JSON is one of a type, as defaults are written. That of a union may be one of
 * any of its branches.
 */
function isDefault(type: AvroType, value: unknown): boolean {
  return agrees(type, value, { left: MAX_LOOKS });
}

/** The place of the branch that a default of a union is of: the first that takes it. */
export function defaultBranch(branches: readonly AvroType[], value: unknown): number {
  return branches.findIndex((branch) => isDefault(branch, value));
}

/** Refuses a default that is none of its field's type. */
export function checkDefault(type: AvroType, value: unknown, path: AvroPath): void {
  if (isDefault(type, value)) return;
  throw schemaFault(
    path,
    `the default ${jsonOf(value).slice(0, 60)} is no ${avroTypeName(type)}`,
    "correct the default (bytes are a text of the characters 0 to 255), or leave it out",
  );
}

import { formatDecimal, parseDecimal } from "../decimal.ts";
import { getOwn, setOwn, show } from "../misfit.ts";
import type { DataType, Field } from "../schema.ts";
import type { ValueType } from "./checked.ts";
import type { Value } from "./values.ts";

/** A value, never null, in another form; no function where it stays as it is. */
export type Conversion = ((value: unknown) => unknown) | undefined;

/** From a value of a batch's row to the form in which expressions are evaluated. */
export function valueOfRow(type: ValueType): Conversion {
  switch (type.kind) {
    case "i64":
      return type.as === "number" ? (value) => BigInt(value as number | bigint) : undefined;
    case "decimal":
      return (value) => parseDecimal(value, type);
    case "struct":
      return structConversion(type.fields, valueOfRow);
  }
  return undefined;
}

/** From the form in which expressions are evaluated to that of rows. */
export function rowOfValue(type: ValueType): Conversion {
  switch (type.kind) {
    case "i64":
      return type.as === "number" ? safeNumber : undefined;
    case "decimal":
      return (value) => formatDecimal(value as bigint, type.scale);
    case "struct":
      return structConversion(type.fields, rowOfValue);
  }
  return undefined;
}

function safeNumber(value: unknown): unknown {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

function structConversion(
  fields: readonly Field[],
  conversionOf: (type: ValueType) => Conversion,
): Conversion {
  const all = fields.map(({ name, type }) => ({ name, convert: conversionOf(type) }));
  if (all.every(({ convert }) => convert === undefined)) return undefined;
  return (value) => {
    const converted = {};
    for (const { name, convert } of all) {
      const part = getOwn(value as object, name) ?? null;
      setOwn(converted, name, part === null || convert === undefined ? part : convert(part));
    }
    return converted;
  };
}

/**
 * From a field of an object that somebody handed in to the form in which expressions are
 * evaluated; undefined is null, and a `Date` a timestamp.
 *
 * @throws {TypeError} when the value is not of the type.
 */
export function acceptField(name: string, type: ValueType): (value: unknown) => Value {
  const accept = acceptor(type);
  return (value) => {
    if (value === undefined || value === null) return null;
    const accepted = accept(value);
    if (accepted !== undefined) return accepted;
    throw new TypeError(
      `Cannot evaluate row: its field ${JSON.stringify(name)} must be ${type.kind}, ` +
        `received ${show(value)}`,
    );
  };
}

function acceptor(type: ValueType): (value: unknown) => Value | undefined {
  switch (type.kind) {
    case "bool":
      return (value) => typeof value === "boolean" ? value : undefined;
    case "i64":
      return integer;
    case "timestamp":
      return (value) => whole(value instanceof Date ? value.getTime() : value);
    case "date":
    case "time":
    case "i32":
      return whole;
    case "f32":
      return (value) => typeof value === "number" ? Math.fround(value) : undefined;
    case "f64":
      return (value) => typeof value === "number" ? value : undefined;
    case "utf8":
    case "dict":
      return (value) => typeof value === "string" ? value : undefined;
    case "struct":
      return acceptStruct(type);
    default: {
      const convert = valueOfRow(type);
      return convert ?? ((value) => value);
    }
  }
}

// as columns hold it: no fraction, and one zero
function whole(value: unknown): number | undefined {
  return Number.isInteger(value) ? (value as number) + 0 : undefined;
}

function integer(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
}

function acceptStruct({ fields }: DataType & { kind: "struct" }): (value: unknown) => Value {
  const all = fields.map(({ name, type }) => ({ name, accept: acceptField(name, type) }));
  return (value) => {
    if (typeof value !== "object") return undefined;
    const accepted = {};
    for (const { name, accept } of all) {
      setOwn(accepted, name, accept(getOwn(value as object, name)));
    }
    return accepted;
  };
}

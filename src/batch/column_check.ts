import { bitmapBytes } from "./bitmap.ts";
import type { Column } from "./column.ts";
import { DECIMAL_BYTES } from "./decimal.ts";
import { entryType } from "./nested_builders.ts";
import { sameType, typeName } from "./schema_check.ts";
import type { DataType } from "./schema.ts";
import { several } from "./several.ts";

type ValuesClass = abstract new (...args: never[]) => object;

const CLASSES: Readonly<Partial<Record<DataType["kind"], ValuesClass>>> = {
  i32: Int32Array,
  date: Int32Array,
  time: Int32Array,
  dict: Int32Array,
  i64: BigInt64Array,
  timestamp: BigInt64Array,
  f32: Float32Array,
  f64: Float64Array,
};

function fail(what: string): never {
  throw new TypeError(`Cannot use column: ${what}`);
}

/** How many elements `values` must have at least. */
function valuesNeeded({ type, length, offsets }: Column): number {
  switch (type.kind) {
    case "bool":
      return bitmapBytes(length);
    case "decimal":
      return length * DECIMAL_BYTES;
    case "utf8":
    case "bytes":
    case "mixed":
      return offsets![length];
    case "list":
    case "struct":
    case "map":
      return 0;
    default:
      return length;
  }
}

function checkOffsets({ type, length, offsets }: Column): void {
  if (!(offsets instanceof Int32Array) || offsets.length < length + 1 || offsets[0] !== 0) {
    fail(
      `${typeName(type)} of ${several(length, "row")} needs ${
        length + 1
      } offsets from 0 in an Int32Array`,
    );
  }
}

function checkValues(column: Column): void {
  const { type, values } = column;
  const make = CLASSES[type.kind] ?? Uint8Array;
  const needed = valuesNeeded(column);
  if (!(values instanceof make) || values.length < needed) {
    fail(
      `${typeName(type)} of ${several(column.length, "row")} needs ${
        several(needed, "value")
      } in a ${make.name}, ` +
        `received ${
          values === undefined ? "none" : `${values.length} in a ${values.constructor.name}`
        }`,
    );
  }
}

function checkChild(
  column: Column,
  at: number,
  expected: { type: DataType; length: number },
): void {
  const child = column.children?.[at];
  if (!child) fail(`${typeName(column.type)} lacks child ${at}`);
  checkColumn(child, expected.type);
  if (child.length < expected.length) {
    fail(
      `${typeName(column.type)} needs ${
        several(expected.length, "row")
      } in child ${at}, has ${child.length}`,
    );
  }
}

function checkChildren(column: Column): void {
  const { type, length, offsets } = column;
  switch (type.kind) {
    case "dict":
      return checkChild(column, 0, { type: { kind: "utf8" }, length: 0 });
    case "list":
      return checkChild(column, 0, { type: type.item, length: offsets![length] });
    case "map":
      return checkChild(column, 0, { type: entryType(type.value), length: offsets![length] });
    case "struct":
      type.fields.forEach((field, at) => checkChild(column, at, { type: field.type, length }));
  }
}

/**
 * Checks that a column has the buffers its type and length need. What is inside them is not read.
 *
 * @throws {TypeError} saying what is missing.
 */
export function checkColumn(column: Column, type: DataType): void {
  if (!sameType(column.type, type)) {
    fail(`the schema says ${typeName(type)}, the column is ${typeName(column.type)}`);
  }
  const { kind } = type;
  if (
    column.nullCount > 0 &&
    !(column.validity && column.validity.length >= bitmapBytes(column.length))
  ) {
    fail(
      `${several(column.nullCount, "null")} of ${several(column.length, "row")} ${
        column.nullCount === 1 ? "needs" : "need"
      } a validity bitmap`,
    );
  }
  const variable = kind === "utf8" || kind === "bytes" || kind === "mixed";
  if (variable || kind === "list" || kind === "map") checkOffsets(column);
  if (kind !== "list" && kind !== "map" && kind !== "struct") checkValues(column);
  checkChildren(column);
}

import { checkSchema } from "./schema_check.ts";
import type { DataType, Field, Schema } from "./schema.ts";

/** Schemas that decoding remembers by their bytes. */
const REMEMBERED_SCHEMAS = 64;
/** Longer descriptions are parsed each time: nothing of a sender's choice may fill the memory. */
const REMEMBERED_BYTES = 65_536;

interface Known {
  readonly bytes: Uint8Array;
  readonly schema: Schema;
}

const bytesBySchema = new WeakMap<Schema, Uint8Array>();
const remembered: Known[] = [];
let nextForgotten = 0;

/** The description of a schema as the frame carries it: JSON in UTF-8. Made once a schema. */
export function schemaBytes(schema: Schema): Uint8Array {
  let bytes = bytesBySchema.get(schema);
  if (!bytes) {
    checkSchema(schema);
    bytes = new TextEncoder().encode(JSON.stringify(schema.fields.map(plainField)));
    bytesBySchema.set(schema, bytes);
  }
  return bytes;
}

function plainField({ name, type, nullable }: Field): Field {
  return nullable === false
    ? { name, type: plainType(type), nullable }
    : { name, type: plainType(type) };
}

/** A type with its known properties alone, in one order: equal schemas have equal bytes. */
function plainType(type: DataType): DataType {
  switch (type.kind) {
    case "i64":
      return type.as ? { kind: "i64", as: "number" } : { kind: "i64" };
    case "decimal":
      return { kind: type.kind, precision: type.precision, scale: type.scale };
    case "list":
      return { kind: type.kind, item: plainType(type.item) };
    case "map":
      return { kind: type.kind, value: plainType(type.value) };
    case "struct":
      return { kind: type.kind, fields: type.fields.map(plainField) };
    default:
      return { kind: type.kind };
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/**
 * The schema of a description. The same bytes give the same object again, so what is kept by
 * schema elsewhere serves all frames of a stream.
 *
 * @throws {TypeError | SyntaxError} when the bytes describe no schema.
 */
export function schemaFromBytes(bytes: Uint8Array): Schema {
  for (const known of remembered) if (equalBytes(known.bytes, bytes)) return known.schema;
  const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const fields = JSON.parse(text);
  checkSchema({ fields });
  const schema: Schema = { fields: fields.map(plainField) };
  checkSchema(schema);
  if (bytes.length <= REMEMBERED_BYTES) remember(bytes.slice(), schema);
  return schema;
}

function remember(bytes: Uint8Array, schema: Schema): void {
  remembered[nextForgotten] = { bytes, schema };
  nextForgotten = (nextForgotten + 1) % REMEMBERED_SCHEMAS;
}

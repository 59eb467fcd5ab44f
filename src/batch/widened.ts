import type { DataType, Field } from "./schema.ts";

/** Of a few whole numbers nobody knows that no fraction, and no larger one, will follow. */
function widened(type: DataType): DataType {
  if (type.kind === "i32" || (type.kind === "i64" && type.as === "number")) return { kind: "f64" };
  if (type.kind === "list") return { ...type, item: widened(type.item) };
  return type.kind === "struct" ? { ...type, fields: type.fields.map(widenedField) } : type;
}

/** A column that was inferred from a few rows, wide enough for those to come. */
export function widenedField(field: Field): Field {
  return { ...field, type: widened(field.type) };
}

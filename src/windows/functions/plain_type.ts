import type { DataType } from "../../batch/schema.ts";

/** The type of values in results, where text has no dictionary. */
export function plainType(type: DataType): DataType {
  return type.kind === "dict" ? { kind: "utf8" } : type;
}

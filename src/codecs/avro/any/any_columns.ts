import { MAX_DEPTH } from "../../../batch/limits.ts";
import type { DataType, Field, Schema } from "../../../batch/schema.ts";
import { scalarColumn } from "../avro_columns.ts";
import { MAX_AVRO_FIELDS } from "../avro_limits.ts";
import type { AvroRecord, AvroSchema, AvroType } from "../avro_type.ts";

/** The column of a schema that is no record. */
export const VALUE = "value";

const MIXED: DataType = { kind: "mixed" };

/** The types of a union but for null. */
export function valueBranches(type: AvroType): readonly AvroType[] {
  const branches = type.type === "union" ? type.branches : [type];
  return branches.filter((branch) => branch.type !== "null");
}

/** Whether null is a value of a type. */
export function takesNull(type: AvroType): boolean {
  return type.type === "null" ||
    type.type === "union" && type.branches.some((branch) => branch.type === "null");
}

/** Finds columns, counted: few definitions can make endlessly many. */
class AnyColumns {
  #count = 0;

  fields({ fields }: AvroRecord, around: readonly AvroType[]): Field[] {
    this.#count += fields.length;
    return fields.map(({ name, type }) => this.field(name, type, around));
  }

  field(name: string, type: AvroType, around: readonly AvroType[]): Field {
    const column = this.#column(type, around);
    return takesNull(type) || column.kind === "mixed"
      ? { name, type: column }
      : { name, type: column, nullable: false };
  }

  #column(type: AvroType, around: readonly AvroType[]): DataType {
    const [value, ...others] = valueBranches(type);
    const isTooDeep = around.length >= MAX_DEPTH - 2 || around.includes(value);
    if (value === undefined || others.length > 0 || isTooDeep) return MIXED;
    const within = [...around, value];
    switch (value.type) {
      case "record":
        if (this.#count + value.fields.length > MAX_AVRO_FIELDS) return MIXED;
        return { kind: "struct", fields: this.fields(value, within) };
      case "array":
        return { kind: "list", item: this.#column(value.items, within) };
      case "map":
        return { kind: "map", value: this.#column(value.values, within) };
      case "enum":
        return { kind: "dict" };
      case "union":
      case "null":
        return MIXED;
      default:
        return scalarColumn(value);
    }
  }
}

/**
 * The columns of any schema: what is of several types, always null, or contains itself is `mixed`,
 * and what is no record is a column named `value`.
 */
export function anyAvroColumns({ type }: AvroSchema): Schema {
  const columns = new AnyColumns();
  return {
    fields: type.type === "record"
      ? columns.fields(type, [type])
      : [columns.field(VALUE, type, [])],
  };
}

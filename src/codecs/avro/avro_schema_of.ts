import type { DataType, Field, Schema } from "../../batch/schema.ts";
import { typeName } from "../../batch/schema_check.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { parseAvroSchema } from "./parse_avro_schema.ts";
import type { AvroSchema } from "./avro_type.ts";

/** Options of {@linkcode avroSchemaOf}. */
export interface AvroSchemaOfOptions {
  /** The name of the record. Default `"Row"`. */
  name?: string;
  /** What stands before the names of its types. Default: nothing. */
  namespace?: string;
}

const OPTIONS: OptionRule<AvroSchemaOfOptions> = {
  doing: "infer Avro schema",
  names: { name: true, namespace: true },
};
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

const PLAIN: Readonly<Partial<Record<DataType["kind"], unknown>>> = {
  bool: "boolean",
  i32: "int",
  i64: "long",
  f32: "float",
  f64: "double",
  timestamp: { type: "long", logicalType: "timestamp-millis" },
  date: { type: "int", logicalType: "date" },
  time: { type: "int", logicalType: "time-millis" },
  utf8: "string",
  dict: "string",
  bytes: "bytes",
};

function fault(path: string, reason: string, fix: string): TypeError {
  return new TypeError(
    `Cannot infer Avro schema: column ${JSON.stringify(path)}: ${reason}; ${fix}`,
  );
}

/** A name that no record has yet. */
function unused(name: string, taken: Set<string>): string {
  let at = 2;
  let free = name;
  while (taken.has(free)) free = `${name}_${at++}`;
  taken.add(free);
  return free;
}

/** Where a column is, and what its record would be named. */
interface Place {
  readonly path: string;
  readonly record: string;
  readonly taken: Set<string>;
}

function typeOf(type: DataType, { path, record, taken }: Place): unknown {
  switch (type.kind) {
    case "decimal": {
      const { precision, scale } = type;
      return { type: "bytes", logicalType: "decimal", precision, scale };
    }
    case "list":
      return {
        type: "array",
        items: ["null", typeOf(type.item, { path: `${path}[]`, record, taken })],
      };
    case "map":
      return {
        type: "map",
        values: ["null", typeOf(type.value, { path: `${path}{}`, record, taken })],
      };
    case "struct":
      return { type: "record", ...recordOf(type.fields, { path, record, taken }) };
    case "mixed":
      throw fault(path, `Avro has no type for ${typeName(type)}`, "give the column another type");
    default:
      return PLAIN[type.kind];
  }
}

function recordOf(fields: readonly Field[], { path, record, taken }: Place): object {
  const name = unused(record, taken);
  return { name, fields: fields.map((field) => fieldOf(field, { path, record: name, taken })) };
}

function fieldOf({ name, type, nullable }: Field, { path, record, taken }: Place): object {
  const inner = path === "" ? name : `${path}.${name}`;
  if (!NAME.test(name)) {
    throw fault(inner, "the name is none in Avro", "rename it: letters, digits and _ are allowed");
  }
  const avro = typeOf(type, { path: inner, record: `${record}_${name}`, taken });
  return nullable === false ? { name, type: avro } : { name, type: ["null", avro], default: null };
}

/**
 * The Avro schema that holds the columns of batches: `timestamp`, `date`, `time` and `decimal`
 * columns as logical types, `struct` columns as records, and all that may be null as a union of
 * null, which is the default, and the type.
 *
 * @throws {TypeError} for a `mixed` column, and for a column whose name Avro does not allow.
 *
 * @example
 * ```ts
 * import { avroSchemaOf, schema, types as t } from "@waggle/stream";
 *
 * const columns = schema({ sensor: t.required(t.dict), at: t.timestamp });
 * console.log(avroSchemaOf(columns, { name: "Reading" }).json);
 * ```
 */
export function avroSchemaOf(columns: Schema, options: AvroSchemaOfOptions = {}): AvroSchema {
  const { name = "Row", namespace } = knownOptions(options, OPTIONS);
  return parseAvroSchema({
    type: "record",
    ...(namespace !== undefined && { namespace }),
    ...recordOf(columns.fields, { path: "", record: name, taken: new Set() }),
  });
}

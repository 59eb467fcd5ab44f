import { checkWhole, knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { schemaFault } from "./avro_fault.ts";
import { parseSchemaText, schemaText } from "./avro_json.ts";
import { MAX_AVRO_FIELDS } from "./avro_limits.ts";
import { PRIMITIVES } from "./avro_names.ts";
import type { AvroSchema } from "./avro_type.ts";
import { type AvroSchemaOptions, SchemaParser } from "./schema_parser.ts";

const OPTIONS: OptionRule<AvroSchemaOptions> = {
  doing: "use Avro schema",
  names: { unknownLogicalTypes: true, maxFields: true },
};

/**
 * Reads an Avro schema (1.11 or 1.12) and checks all of it: names, references, defaults, logical
 * types, and that it is of a sensible size. No code is made from it.
 *
 * @param schema The text of a schema file, or the same as plain objects. The name of a primitive
 * type is a schema too, with or without its quotes.
 *
 * @example
 * ```ts
 * import { parseAvroSchema } from "@waggle/stream";
 *
 * const { type } = parseAvroSchema({
 *   type: "record",
 *   name: "Customer",
 *   fields: [{ name: "id", type: "string" }, { name: "age", type: ["null", "int"], default: null }],
 * });
 * console.log(type.type); // record
 * ```
 *
 * @throws {TypeError} that says where the schema is wrong, why, and what to do.
 */
export function parseAvroSchema(
  schema: string | object,
  options: AvroSchemaOptions = {},
): AvroSchema {
  const { unknownLogicalTypes = "ignore", maxFields = MAX_AVRO_FIELDS } = knownOptions(
    options,
    OPTIONS,
  );
  if (!["ignore", "error"].includes(unknownLogicalTypes)) {
    throw schemaFault([], "unknownLogicalTypes is no word that it knows", '"ignore" or "error"');
  }
  checkWhole("maxFields", maxFields, { doing: OPTIONS.doing });
  const json = typeof schema !== "string"
    ? schemaText(schema)
    : PRIMITIVES.has(schema)
    ? `"${schema}"`
    : schema;
  const parser = new SchemaParser({ unknownLogicalTypes, maxFields });
  const type = parser.parse(parseSchemaText(json));
  return { type, named: parser.named, json };
}

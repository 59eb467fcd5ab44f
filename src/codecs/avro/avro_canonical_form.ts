import type { AvroType } from "./avro_type.ts";

/**
 * A schema in Parsing Canonical Form (Avro 1.12, "Parsing Canonical Form for Schemas"): full names,
 * and nothing that is not needed to read data. Two schemas that read alike have the same, and
 * fingerprints are taken of it.
 *
 * @example
 * ```ts
 * import { avroCanonicalForm, parseAvroSchema } from "@waggle/stream";
 *
 * const { type } = parseAvroSchema({ type: "fixed", size: 16, name: "Md5", doc: "a digest" });
 * console.log(avroCanonicalForm(type)); // {"name":"Md5","type":"fixed","size":16}
 * ```
 */
export function avroCanonicalForm(type: AvroType): string {
  return write(type, new Set());
}

function write(type: AvroType, defined: Set<AvroType>): string {
  switch (type.type) {
    case "array":
      return `{"type":"array","items":${write(type.items, defined)}}`;
    case "map":
      return `{"type":"map","values":${write(type.values, defined)}}`;
    case "union":
      return `[${type.branches.map((branch) => write(branch, defined)).join(",")}]`;
    case "record":
    case "enum":
    case "fixed":
      break;
    default:
      return `"${type.type}"`;
  }
  if (defined.has(type)) return `"${type.name}"`;
  defined.add(type);
  const head = `{"name":"${type.name}","type":"${type.type}"`;
  if (type.type === "fixed") return `${head},"size":${type.size}}`;
  if (type.type === "enum") return `${head},"symbols":${JSON.stringify(type.symbols)}}`;
  const fields = type.fields.map((field) =>
    `{"name":"${field.name}","type":${write(field.type, defined)}}`
  );
  return `${head},"fields":[${fields.join(",")}]}`;
}

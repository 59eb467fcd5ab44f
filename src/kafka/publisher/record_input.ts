import { JsonFields, type JsonFieldsOptions } from "../../codecs/json/json_fields.ts";
import { checkWord } from "../../codecs/option_checks.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import {
  checkRegistry,
  RegistrySerializer,
  type SchemaOrigin,
} from "../registry/registry_serializer.ts";
import type { SchemaRegistry } from "../registry/schema_registry.ts";
import type { SubjectNaming } from "../registry/subject_naming.ts";

/** What becomes the value, key, headers and time of each record: columns of the batch by name. */
export interface RecordInput {
  /**
   * What values are: JSON objects (default), Avro records, or the bytes or text of one column as
   * they are (`"raw"`).
   */
  valueSerializer?: "json" | "avro" | "raw";
  /**
   * The columns that values are made of. Default: all but those of `headers`, `tombstone` and of the
   * partitioner; with `"raw"` also those of `key` and `timestamp`, and then there must be one left.
   */
  valueColumns?: readonly string[];
  /** How values are written as JSON: times as numbers (default) or as texts, nested objects, digits. */
  json?: JsonFieldsOptions;
  /** The Avro schema of values, as an object or as JSON text. Default: inferred from the columns. */
  avroSchema?: string | object;
  /** The column of keys: texts and bytes as they are, numbers and times as text; null: no key. */
  key?: string;
  /** What keys are. Default `"plain"`; `"avro"`: a value of `keyAvroSchema`. */
  keySerializer?: "plain" | "avro";
  /** The Avro schema of keys, as an object or as JSON text. Default: that of the column's type. */
  keyAvroSchema?: string | object;
  /** The names of headers, and the column of each; where that is null the header's value is. */
  headers?: Readonly<Record<string, string>>;
  /** The `timestamp` column of times. Default: the time at which a batch is published. */
  timestamp?: string;
  /** The schema registry that Avro schemas are registered with; records then begin with a number. */
  registry?: SchemaRegistry;
  /** How the registry's subjects are named. Default `"topic"`: `readings-value`, `readings-key`. */
  subjectNaming?: SubjectNaming;
  /**
   * `"register"` (default): a schema is registered unless the subject has it. `"lookUp"`: the subject
   * has to have it. `"latest"`: what the subject has last is written by.
   */
  schemas?: SchemaOrigin;
  /** A `bool` column: where it is true, the value is null, which deletes the key when compacted. */
  tombstone?: string;
}

const JSON_OPTIONS: OptionRule<JsonFieldsOptions> = {
  doing: "write values as JSON",
  names: { nestPaths: true, times: true, decimals: true },
  example: '{ times: "iso" }',
};

/** The names of {@linkcode RecordInput}. */
export const RECORD_INPUT: Readonly<Record<keyof RecordInput, true>> = {
  valueSerializer: true,
  json: true,
  valueColumns: true,
  avroSchema: true,
  key: true,
  keySerializer: true,
  keyAvroSchema: true,
  headers: true,
  timestamp: true,
  tombstone: true,
  registry: true,
  subjectNaming: true,
  schemas: true,
};

/**
 * Checks what records are to be made of, as far as that can be done without a batch.
 *
 * @throws {TypeError} when an option is none that it can be.
 */
export function checkRecordInput(given: RecordInput, doing: string): void {
  const { valueSerializer = "json", keySerializer = "plain" } = given;
  checkWord("valueSerializer", valueSerializer, ["json", "avro", "raw"], doing);
  checkWord("keySerializer", keySerializer, ["plain", "avro"], doing);
  checkJson(given, doing);
  checkGoesWith("avroSchema", given.avroSchema, valueSerializer === "avro", doing);
  checkGoesWith("keyAvroSchema", given.keyAvroSchema, keySerializer === "avro", doing);
  for (const name of ["key", "timestamp", "tombstone"] as const) {
    if (given[name] !== undefined) checkColumnName(name, given[name], doing);
  }
  checkHeaders(given.headers ?? {}, doing);
  checkValueColumns(given.valueColumns, doing);
  if (keySerializer === "avro" && given.key === undefined) {
    throw new TypeError(`Cannot ${doing}: keySerializer needs a key, the column of keys`);
  }
  if (given.tombstone !== undefined && given.key === undefined) {
    throw new TypeError(
      `Cannot ${doing}: tombstone needs a key, the column of keys: it is them that are deleted`,
    );
  }
}

/**
 * What asks the registry, where there is one.
 *
 * @throws {TypeError} when an option of it is none that it can be, or there is nothing to register.
 */
export function registrySerializer(
  { registry, subjectNaming, schemas, valueSerializer, keySerializer }: RecordInput,
  doing: string,
): RegistrySerializer | undefined {
  if (registry === undefined) {
    const lone = subjectNaming === undefined ? "schemas" : "subjectNaming";
    if (subjectNaming === undefined && schemas === undefined) return undefined;
    throw new TypeError(`Cannot ${doing}: ${lone} needs a registry`);
  }
  if (valueSerializer !== "avro" && keySerializer !== "avro") {
    throw new TypeError(
      `Cannot ${doing}: registry needs valueSerializer: "avro" or keySerializer: "avro": only Avro ` +
        `schemas are registered`,
    );
  }
  checkRegistry(registry, doing);
  return new RegistrySerializer({
    registry,
    ...(subjectNaming !== undefined && { subjectNaming }),
    ...(schemas !== undefined && { schemas }),
  });
}

function checkColumnName(name: string, value: unknown, doing: string): void {
  if (typeof value === "string") return;
  throw new TypeError(
    `Cannot ${doing}: ${name} must be the name of a column, received ${received(value)}`,
  );
}

function checkJson({ json, valueSerializer = "json" }: RecordInput, doing: string): void {
  if (json === undefined) return;
  if (valueSerializer !== "json") {
    throw new TypeError(
      `Cannot ${doing}: json is about valueSerializer: "json", received ${
        received(valueSerializer)
      }`,
    );
  }
  new JsonFields(knownOptions(json, JSON_OPTIONS)); // tells of options that cannot be, here and now
}

function checkGoesWith(name: string, schema: unknown, isAvro: boolean, doing: string): void {
  if (schema === undefined) return;
  const serializer = name === "avroSchema" ? "valueSerializer" : "keySerializer";
  if (!isAvro) throw new TypeError(`Cannot ${doing}: ${name} needs ${serializer}: "avro"`);
  if (typeof schema === "string" || typeof schema === "object" && schema !== null) return;
  throw new TypeError(
    `Cannot ${doing}: ${name} must be a schema, as an object or as JSON text, received ${
      received(schema)
    }`,
  );
}

function checkHeaders(headers: Readonly<Record<string, string>>, doing: string): void {
  if (typeof headers !== "object" || headers === null || Array.isArray(headers)) {
    throw new TypeError(
      `Cannot ${doing}: headers must be an object of columns by the names of headers, such as ` +
        `{ trace: "trace_id" }, received ${received(headers)}`,
    );
  }
  for (const [name, column] of Object.entries(headers)) {
    checkColumnName(`headers[${JSON.stringify(name)}]`, column, doing);
  }
}

function checkValueColumns(columns: readonly string[] | undefined, doing: string): void {
  if (columns === undefined) return;
  const isList = Array.isArray(columns) && columns.every((name) => typeof name === "string");
  if (!isList || columns.length === 0) {
    throw new TypeError(
      `Cannot ${doing}: valueColumns must be names of columns, at least one, received ${
        received(columns)
      }`,
    );
  }
  const twice = columns.find((name, at) => columns.indexOf(name) < at);
  if (twice === undefined) return;
  throw new TypeError(`Cannot ${doing}: valueColumns has ${received(twice)} twice`);
}

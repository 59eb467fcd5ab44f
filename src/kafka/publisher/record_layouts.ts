import type { DataType, Field, Schema } from "../../batch/schema.ts";
import { sameFields, typeName } from "../../batch/schema_check.ts";
import { listNames, showName } from "../../batch/shown_names.ts";
import { avroSchemaOf } from "../../codecs/avro/avro_schema_of.ts";
import type { AvroSchema } from "../../codecs/avro/avro_type.ts";
import { parseAvroSchema } from "../../codecs/avro/parse_avro_schema.ts";
import { KafkaError } from "../driver/kafka_error.ts";
import type { RecordLayout } from "../records/record_layout.ts";
import type { RegistrySerializer } from "../registry/registry_serializer.ts";
import type { KafkaPartitioner } from "./publisher_options.ts";
import type { RecordInput } from "./record_input.ts";

/** What {@linkcode RecordLayouts} go by. */
export interface RecordLayoutsOptions {
  /** For messages, and for the subjects of schemas. */
  readonly topic: string;
  /** What records are made of. */
  readonly input: RecordInput;
  /** How partitions are chosen. */
  readonly partitioner: KafkaPartitioner;
  /** Where schemas are registered. */
  readonly serializer?: RegistrySerializer;
}

type Kind = DataType["kind"];

const TEXTS: readonly Kind[] = ["utf8", "dict", "bytes"];
const KEYS: readonly Kind[] = [
  ...TEXTS,
  ...["bool", "i32", "i64", "f32", "f64", "timestamp", "date", "time", "decimal"] as const,
];

/** Works out, once for batches of the same columns, what of them becomes what of a record. */
export class RecordLayouts {
  readonly #options: RecordLayoutsOptions;
  readonly #value: AvroSchema | undefined;
  readonly #key: AvroSchema | undefined;
  #last: { readonly schema: Schema; readonly layout: RecordLayout } | undefined;

  /**
   * Of no columns yet.
   *
   * @throws {TypeError} when an Avro schema is none.
   */
  constructor(options: RecordLayoutsOptions) {
    this.#options = options;
    const { avroSchema, keyAvroSchema } = options.input;
    this.#value = avroSchema === undefined ? undefined : parseAvroSchema(avroSchema);
    this.#key = keyAvroSchema === undefined ? undefined : parseAvroSchema(keyAvroSchema);
  }

  /** That of columns, where nothing has to be asked or checked for it. */
  known(schema: Schema): RecordLayout | undefined {
    return this.#last && isSame(this.#last.schema, schema) ? this.#last.layout : undefined;
  }

  /**
   * That of columns.
   *
   * @throws {KafkaError} when they do not go with the options.
   * @throws {SchemaRegistryError} when the registry refuses their schema, or cannot be asked.
   */
  async of(schema: Schema): Promise<RecordLayout> {
    const known = this.known(schema);
    if (known) return known;
    const layout = await this.#make(schema);
    this.#last = { schema, layout };
    return layout;
  }

  async #make(schema: Schema): Promise<RecordLayout> {
    const { input: { key, headers, timestamp, tombstone }, partitioner } = this.#options;
    if (key !== undefined) this.#check(schema, "key", key, this.#keyKinds);
    for (const [name, column] of Object.entries(headers ?? {})) {
      this.#check(schema, `header ${showName(name)}`, column, KEYS);
    }
    if (timestamp !== undefined) this.#check(schema, "timestamp", timestamp, ["timestamp"]);
    if (tombstone !== undefined) this.#check(schema, "tombstone", tombstone, ["bool"]);
    if (typeof partitioner === "object") {
      this.#check(schema, "partitioner", partitioner.column, ["i32"]);
    }
    const columns = this.#valueColumns(schema);
    return {
      value: await this.#valueOf(schema, columns),
      valueColumns: columns,
      ...(key !== undefined && { key }),
      ...(key !== undefined && await this.#keyOf(schema, key)),
      ...(headers && { headers }),
      ...(timestamp !== undefined && { timestamp }),
      ...(tombstone !== undefined && { tombstone }),
    };
  }

  get #keyKinds(): readonly Kind[] | undefined {
    return this.#options.input.keySerializer === "avro" ? undefined : KEYS;
  }

  #valueColumns({ fields }: Schema): string[] {
    const { input, partitioner } = this.#options;
    const { valueColumns, headers = {}, tombstone, key, timestamp, valueSerializer } = input;
    if (valueColumns) {
      for (const name of valueColumns) this.#check({ fields }, "valueColumns", name);
      return [...valueColumns];
    }
    const others = [
      ...Object.values(headers),
      tombstone,
      typeof partitioner === "object" ? partitioner.column : undefined,
      ...(valueSerializer === "raw" ? [key, timestamp] : []),
    ];
    const columns = fields.map(({ name }) => name).filter((name) => !others.includes(name));
    if (columns.length > 0) return columns;
    throw this.#misfit("the batch has no column for the value; name some by valueColumns");
  }

  async #valueOf(schema: Schema, columns: readonly string[]): Promise<RecordLayout["value"]> {
    const { input: { valueSerializer = "json", json }, serializer, topic } = this.#options;
    if (valueSerializer === "json") return { ...json, format: "json" };
    if (valueSerializer === "raw") {
      return { format: "raw", column: this.#rawColumn(schema, columns) };
    }
    const fields = columns.map((name) => fieldOf(schema, name)!);
    const avro = this.#value ?? avroSchemaOf({ fields });
    if (!serializer) return { format: "avro", schema: avro.json };
    const { schema: used, prefix } = await serializer.prefixFor(topic, avro);
    return { format: "avro", schema: used.json, prefix };
  }

  #rawColumn(schema: Schema, columns: readonly string[]): string {
    const [column, ...others] = columns;
    if (others.length > 0) {
      throw this.#misfit(
        `valueSerializer "raw" writes one column, and there are ${columns.length}: ` +
          `${listNames(columns)}; name the one by valueColumns`,
      );
    }
    this.#check(schema, 'valueSerializer "raw"', column, TEXTS);
    return column;
  }

  async #keyOf(schema: Schema, key: string): Promise<Pick<RecordLayout, "avroKey">> {
    const { input: { keySerializer }, serializer, topic } = this.#options;
    if (keySerializer !== "avro") return {};
    const avro = this.#key ?? inferredKey(fieldOf(schema, key)!);
    if (!serializer) return { avroKey: { schema: avro.json } };
    const { schema: used, prefix } = await serializer.prefixFor(topic, avro, { part: "key" });
    return { avroKey: { schema: used.json, prefix } };
  }

  #check(schema: Schema, what: string, column: string, kinds?: readonly Kind[]): void {
    const field = fieldOf(schema, column);
    if (!field) {
      const names = listNames(schema.fields.map(({ name }) => name)) || "no columns";
      throw this.#misfit(
        `the batch has no column ${showName(column)} for ${what}; it has ${names}`,
      );
    }
    if (!kinds || kinds.includes(field.type.kind)) return;
    throw this.#misfit(
      `column ${showName(column)} for ${what} must be ${kinds.join(" or ")}, and is ` +
        typeName(field.type),
    );
  }

  #misfit(why: string): KafkaError {
    return new KafkaError(`Cannot publish to topic ${showName(this.#options.topic)}: ${why}`);
  }
}

function fieldOf({ fields }: Schema, name: string): Field | undefined {
  return fields.find((field) => field.name === name);
}

/** A key is the value itself, and not a record with a field; no key is null, and not one. */
function inferredKey({ type }: Field): AvroSchema {
  const [field] = (JSON.parse(
    avroSchemaOf({ fields: [{ name: "key", type, nullable: false }] }).json,
  ) as { fields: { type: unknown }[] }).fields;
  return parseAvroSchema(field.type as object | string);
}

/** Whether columns have the same names and types, and may be null alike. */
function isSame(a: Schema, b: Schema): boolean {
  if (a === b) return true;
  return sameFields(a.fields, b.fields) &&
    a.fields.every(({ nullable }, at) => (nullable ?? true) === (b.fields[at].nullable ?? true));
}

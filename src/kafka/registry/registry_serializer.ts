import { showName } from "../../batch/shown_names.ts";
import { schemaOf } from "../../codecs/avro/avro_encoder.ts";
import { avroMessagePrefix } from "../../codecs/avro/avro_messages.ts";
import type { AvroSchema } from "../../codecs/avro/avro_type.ts";
import { checkWord } from "../../codecs/option_checks.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import type { SubjectSchema } from "./registry_answers.ts";
import { SchemaRegistryError } from "./registry_error.ts";
import { SchemaRegistry } from "./schema_registry.ts";
import {
  checkSubjectNaming,
  type SubjectNaming,
  subjectOf,
  type TopicPart,
} from "./subject_naming.ts";

/** Where the schemas come from that records are written by. */
export type SchemaOrigin = "register" | "lookUp" | "latest";

/** Options of {@linkcode RegistrySerializer}. */
export interface RegistrySerializerOptions {
  /** The registry. */
  registry: SchemaRegistry;
  /** How subjects are named. Default `"topic"`: `orders-value`. */
  subjectNaming?: SubjectNaming;
  /**
   * `"register"` (default): a schema is registered unless the subject has it. `"lookUp"`: the subject
   * has to have it. `"latest"`: what the subject has last is written by, whatever is given.
   */
  schemas?: SchemaOrigin;
}

/** Which schema records are written by, and what stands in front of each. */
export interface RegistryPrefix {
  /** The subject that it is of. */
  readonly subject: string;
  /** Its number. */
  readonly id: number;
  /** The schema. */
  readonly schema: AvroSchema;
  /** A zero, and the number as four bytes with the highest first (Confluent, "Wire format"). */
  readonly prefix: Uint8Array<ArrayBuffer>;
}

/** Options of {@linkcode RegistrySerializer.prefixFor}. */
export interface PrefixOptions {
  /** What of a topic is written. Default `"value"`. */
  part?: TopicPart;
  /** Ends the wait for the registry. */
  signal?: AbortSignal;
}

const DOING = "create RegistrySerializer";
const OPTIONS: OptionRule<RegistrySerializerOptions> = {
  doing: DOING,
  names: { registry: true, subjectNaming: true, schemas: true },
  example: "{ registry: new SchemaRegistry({ url }) }",
};

/** Finds out under which number of a registry the records of a topic are written. */
export class RegistrySerializer {
  readonly #registry: SchemaRegistry;
  readonly #naming: SubjectNaming;
  readonly #origin: SchemaOrigin;

  /**
   * Asks for nothing yet.
   *
   * @throws {TypeError} when an option is none that it can be.
   */
  constructor(options: RegistrySerializerOptions) {
    const { registry, subjectNaming = "topic", schemas = "register" } = knownOptions(
      options,
      OPTIONS,
    );
    this.#registry = checkRegistry(registry, DOING);
    this.#naming = checkSubjectNaming(subjectNaming, DOING);
    this.#origin = checkWord("schemas", schemas, ["register", "lookUp", "latest"], DOING);
  }

  /**
   * The schema and the prefix of records of a topic.
   *
   * @param schema What they are, such as `avroSchemaOf()` gives it of a batch.
   * @throws {SchemaRegistryError} when the registry refuses the schema, does not have it, or cannot be
   *   asked.
   */
  async prefixFor(
    topic: string,
    schema: AvroSchema | string | object,
    { part = "value", signal }: PrefixOptions = {},
  ): Promise<RegistryPrefix> {
    const given = schemaOf(schema);
    const subject = subjectOf(this.#naming, { topic, type: given.type, part });
    const options = signal === undefined ? {} : { signal };
    if (this.#origin === "register") {
      const id = await this.#registry.register(subject, given, options);
      return { subject, id, schema: given, prefix: avroMessagePrefix({ schemaId: id }) };
    }
    const isLatest = this.#origin === "latest";
    const found = isLatest
      ? await this.#registry.latest(subject, options)
      : await this.#registry.lookUp(subject, given, options);
    if (found === undefined) throw missing(subject, isLatest);
    const { id } = found;
    const used = isLatest ? avroOf(found) : given;
    return { subject, id, schema: used, prefix: avroMessagePrefix({ schemaId: id }) };
  }
}

/**
 * Checks the option `registry`.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError} when it is none.
 */
export function checkRegistry(registry: SchemaRegistry, doing: string): SchemaRegistry {
  if (registry instanceof SchemaRegistry) return registry;
  throw new TypeError(
    `Cannot ${doing}: registry must be a SchemaRegistry, received ${received(registry)}`,
  );
}

function missing(subject: string, isLatest: boolean): SchemaRegistryError {
  return new SchemaRegistryError(
    `Cannot write by a schema of ${showName(subject)}: ` +
      (isLatest ? "the registry has no such subject" : "the subject does not have the schema") +
      '; register it there, or pass schemas: "register"',
  );
}

function avroOf({ subject, schema, schemaType }: SubjectSchema): AvroSchema {
  if (schemaType === "AVRO") return schemaOf(schema);
  throw new SchemaRegistryError(
    `Cannot write by the latest schema of ${showName(subject)}: it is ${schemaType}, and Avro is ` +
      'written; use another subject, by subjectNaming or topic, or pass schemas: "register"',
  );
}

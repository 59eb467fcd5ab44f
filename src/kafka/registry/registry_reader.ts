import { showName } from "../../batch/shown_names.ts";
import type { UnreadableWriter } from "../../codecs/avro/avro_message_decoder.ts";
import { parseAvroSchema } from "../../codecs/avro/parse_avro_schema.ts";
import type { AvroSchema } from "../../codecs/avro/avro_type.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { SchemaRegistryError } from "./registry_error.ts";
import { checkRegistry } from "./registry_serializer.ts";
import type { RegistryCallOptions, SchemaRegistry } from "./schema_registry.ts";
import type { TopicPart } from "./subject_naming.ts";

/** How long a number that the registry does not know is not asked for again. */
const UNKNOWN_MS = 10_000;
const MOST_UNKNOWN = 1000;
/** Schemas that are asked for at once. */
const AT_ONCE = 8;
const NOT_FOUND = 404;
const AVRO = "AVRO";

/** Options of {@linkcode RegistryReader}. */
export interface RegistryReaderOptions {
  /** The registry. */
  registry: SchemaRegistry;
  /** The world: clocks. Default: that of the process. */
  runtime?: Runtime;
}

const DOING = "create RegistryReader";
const OPTIONS: OptionRule<RegistryReaderOptions> = {
  doing: DOING,
  names: { registry: true, runtime: true },
  example: "{ registry: new SchemaRegistry({ url }) }",
};

function parsed(schema: string, doing: string): AvroSchema {
  try {
    return parseAvroSchema(schema);
  } catch (cause) {
    const { message } = cause as Error;
    throw new SchemaRegistryError(
      `Cannot ${doing}: ${message}; correct it in the registry, or pass the schema that records are ` +
        "to be read as",
      { cause },
    );
  }
}

/** Finds out by which schemas records of a topic were written. */
export class RegistryReader {
  readonly #registry: SchemaRegistry;
  readonly #runtime: Runtime;
  /** Numbers that the registry did not know, and until when they are not asked for again. */
  readonly #unknown = new Map<number, { readonly until: number; readonly why: UnreadableWriter }>();

  /**
   * Asks for nothing yet.
   *
   * @throws {TypeError} when an option is none that it can be.
   */
  constructor(options: RegistryReaderOptions) {
    const { registry, runtime = denoRuntime } = knownOptions(options, OPTIONS);
    this.#registry = checkRegistry(registry, DOING);
    this.#runtime = runtime;
  }

  /**
   * The latest schema of a topic's subject (`orders-value`): what records are read as unless another
   * is asked for.
   *
   * @throws {SchemaRegistryError} when there is none, or the registry cannot be asked.
   */
  async readerSchema(
    topic: string,
    { part = "value", signal }: RegistryCallOptions & { part?: TopicPart } = {},
  ): Promise<AvroSchema> {
    const subject = `${topic}-${part}`;
    const doing = `read ${showName(topic)} by the latest schema of ${showName(subject)}`;
    const found = await this.#registry.latest(subject, signal === undefined ? {} : { signal });
    if (found === undefined) {
      throw new SchemaRegistryError(
        `Cannot ${doing}: the registry has no such subject; pass the schema that records are to be ` +
          "read as",
      );
    }
    const { schema, schemaType } = found;
    if (schemaType === AVRO) return parsed(schema, doing);
    throw new SchemaRegistryError(
      `Cannot ${doing}: it is ${schemaType}, and Avro is read; read the values in another way, such ` +
        'as "raw"',
    );
  }

  /**
   * Schemas by their numbers, each as JSON, or why records of it cannot be read.
   *
   * @throws {SchemaRegistryError} when the registry cannot be asked.
   */
  async writers(
    ids: readonly number[],
    options: RegistryCallOptions = {},
  ): Promise<Map<number, string | UnreadableWriter>> {
    const found = new Map<number, string | UnreadableWriter>();
    for (let at = 0; at < ids.length; at += AT_ONCE) {
      const some = ids.slice(at, at + AT_ONCE);
      const writers = await Promise.all(some.map((id) => this.#writer(id, options)));
      some.forEach((id, at) => found.set(id, writers[at]));
    }
    return found;
  }

  async #writer(id: number, options: RegistryCallOptions): Promise<string | UnreadableWriter> {
    const unknown = this.#unknown.get(id);
    if (unknown && this.#runtime.monotonicMs() < unknown.until) return unknown.why;
    this.#unknown.delete(id);
    try {
      const { schema, schemaType } = await this.#registry.byId(id, options);
      return schemaType === AVRO ? schema : {
        reason: `schema ${id}, by which it was written, is ${schemaType}, and Avro is read`,
        fix: 'read the values in another way, such as "raw"',
      };
    } catch (error) {
      if (!(error instanceof SchemaRegistryError && error.status === NOT_FOUND)) throw error;
      if (error.errorCode === undefined) throw error;
      return this.#remember(id, {
        reason: `the registry has no schema of the number ${id}, by which it was written`,
        fix: "look whether it was written with another registry, or whether it was deleted there",
      });
    }
  }

  #remember(id: number, why: UnreadableWriter): UnreadableWriter {
    if (this.#unknown.size >= MOST_UNKNOWN) {
      const [oldest] = this.#unknown.keys();
      this.#unknown.delete(oldest);
    }
    this.#unknown.set(id, { until: this.#runtime.monotonicMs() + UNKNOWN_MS, why });
    return why;
  }
}

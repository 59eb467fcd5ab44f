import { schemaOf } from "../../codecs/avro/avro_encoder.ts";
import type { AvroSchema } from "../../codecs/avro/avro_type.ts";
import { showName } from "../../batch/shown_names.ts";
import { KeptAnswers } from "./kept_answers.ts";
import {
  bodyOf,
  checkId,
  type Compatibility,
  compatibilityIn,
  idIn,
  incompatibleError,
  type RegisteredSchema,
  type SchemaAnswer,
  schemaIn,
  type SubjectSchema,
  subjectSchemaIn,
  tooManyReferences,
  unknownIdError,
  unlessUnknown,
} from "./registry_answers.ts";
import { type RegistryAnswer, RegistryClient, type RegistryRequest } from "./registry_client.ts";
import { wholeSchema } from "./whole_schema.ts";
import { registrySettings, type SchemaRegistryOptions } from "./registry_options.ts";

const NOT_FOUND = 404;
const INCOMPATIBLE = 409;
const AVRO = "AVRO";
/** Schemas of other subjects that a schema may refer to, those within these included. */
const MOST_REFERENCES = 256;

/** What ends a call. */
export interface RegistryCallOptions {
  /** Ends the wait for the answer. */
  signal?: AbortSignal;
}

/**
 * A client of a schema registry that speaks Confluent's API ("Schema Registry API Reference"), as
 * Confluent's own, Karapace, Redpanda and Apicurio (under `/apis/ccompat/v7`) do.
 *
 * What has a number has it for good: it is asked for once, and as many schemas are kept as `cacheSize`
 * says. Calls for the same thing at the same time share one request. Failures that may pass are tried
 * again, at several addresses in turn. Needs `--allow-net` of the host.
 *
 * @example
 * ```ts ignore
 * import { SchemaRegistry } from "@waggle/stream/kafka";
 *
 * const registry = new SchemaRegistry({ url: "http://localhost:8081" });
 * const id = await registry.register("orders-value", {
 *   type: "record",
 *   name: "Order",
 *   fields: [{ name: "id", type: "string" }],
 * });
 * console.log((await registry.byId(id)).schema);
 * ```
 */
export class SchemaRegistry {
  readonly #client: RegistryClient;
  readonly #ids: KeptAnswers<number>;
  readonly #schemas: KeptAnswers<RegisteredSchema>;
  readonly #found: KeptAnswers<SubjectSchema>;
  readonly #shared = new KeptAnswers<RegistryAnswer>(0);

  /**
   * Asks for nothing yet.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: SchemaRegistryOptions) {
    const settings = registrySettings(options);
    this.#client = new RegistryClient(settings);
    this.#ids = new KeptAnswers(settings.cacheSize);
    this.#schemas = new KeptAnswers(settings.cacheSize);
    this.#found = new KeptAnswers(settings.cacheSize);
  }

  /**
   * The number of a schema, which becomes the newest version of a subject unless it is one already.
   *
   * @throws {SchemaRegistryError} when it is not compatible with those that the subject has (status
   *   409), or the registry does not take it (422), or cannot be asked.
   * @throws {TypeError} when it is no Avro schema.
   */
  async register(
    subject: string,
    schema: AvroSchema | string | object,
    { signal }: RegistryCallOptions = {},
  ): Promise<number> {
    const { json } = schemaOf(schema);
    const doing = `register the schema of ${showName(subject)} with`;
    const path = `/subjects/${encodeURIComponent(subject)}/versions`;
    return await this.#ids.get(keyOf(subject, json), async (signal) => {
      const answer = await this.#client.ask({ path, body: { schema: json }, doing }, signal);
      if (answer.status !== INCOMPATIBLE) return idIn(bodyOf(answer), doing);
      throw await this.#incompatible(subject, { json, answer, signal });
    }, signal);
  }

  /** A schema as that version of a subject that it is; `undefined`: the subject has it not. */
  async lookUp(
    subject: string,
    schema: AvroSchema | string | object,
    { signal }: RegistryCallOptions = {},
  ): Promise<SubjectSchema | undefined> {
    const { json } = schemaOf(schema);
    const doing = `look up the schema of ${showName(subject)} at`;
    const path = `/subjects/${encodeURIComponent(subject)}`;
    return await this.#found.get(keyOf(subject, json), async (signal) => {
      const answer = await this.#client.ask({ path, body: { schema: json }, doing }, signal);
      return await this.#whole(subjectSchemaIn(bodyOf(answer), doing), doing, signal);
    }, signal).catch(unlessUnknown);
  }

  /** The newest version of a subject, asked for each time; `undefined`: there is no such subject. */
  async latest(
    subject: string,
    { signal }: RegistryCallOptions = {},
  ): Promise<SubjectSchema | undefined> {
    const doing = `get the latest schema of ${showName(subject)} from`;
    const path = `/subjects/${encodeURIComponent(subject)}/versions/latest`;
    try {
      const answer = await this.#share({ path, doing }, signal);
      return await this.#whole(subjectSchemaIn(bodyOf(answer), doing), doing, signal);
    } catch (error) {
      return unlessUnknown(error);
    }
  }

  /**
   * The schema of a number.
   *
   * @throws {SchemaRegistryError} when the registry has none of that number (status 404), or cannot be
   *   asked.
   */
  async byId(id: number, { signal }: RegistryCallOptions = {}): Promise<RegisteredSchema> {
    checkId(id);
    const doing = `get schema ${id} from`;
    return await this.#schemas.get(String(id), async (signal) => {
      const answer = await this.#client.ask({ path: `/schemas/ids/${id}`, doing }, signal);
      if (answer.status === NOT_FOUND) throw unknownIdError(id, answer);
      return await this.#whole({ id, ...schemaIn(bodyOf(answer), doing) }, doing, signal);
    }, signal);
  }

  /**
   * Whether a subject would take a schema, by its compatibility level; one without any takes all.
   *
   * @throws {SchemaRegistryError} when the registry does not take it as a schema, or cannot be asked.
   */
  async checkCompatibility(
    subject: string,
    schema: AvroSchema | string | object,
    { signal }: RegistryCallOptions = {},
  ): Promise<Compatibility> {
    const { json } = schemaOf(schema);
    const doing = `check the schema of ${showName(subject)} with`;
    const path = `/compatibility/subjects/${encodeURIComponent(subject)}/versions?verbose=true`;
    const answer = await this.#share({ path, body: { schema: json }, doing }, signal);
    if (answer.status === NOT_FOUND && answer.error?.errorCode !== undefined) {
      return { isCompatible: true, reasons: [] };
    }
    return compatibilityIn(bodyOf(answer), doing);
  }

  /** The error about a refusal, with the reasons that the registry gives when it is asked for them. */
  async #incompatible(
    subject: string,
    { json, answer, signal }: {
      readonly json: string;
      readonly answer: RegistryAnswer;
      readonly signal: AbortSignal;
    },
  ): Promise<Error> {
    const asked = this.checkCompatibility(subject, json, { signal });
    const { reasons } = await asked.catch(() => ({ reasons: [] }));
    return incompatibleError(answer, reasons);
  }

  /** A schema with the types of other subjects in it to which it refers. */
  async #whole<Found extends SchemaAnswer>(
    { references, ...found }: Found,
    doing: string,
    signal: AbortSignal | undefined,
  ): Promise<Omit<Found, "references">> {
    if (references.length === 0 || found.schemaType !== AVRO) return found;
    const definitions = new Map<string, string>();
    const open = [...references];
    for (let next = open.shift(); next; next = open.shift()) {
      const { name, subject, version } = next;
      if (definitions.has(name)) continue;
      if (definitions.size >= MOST_REFERENCES) throw tooManyReferences(doing, MOST_REFERENCES);
      const path = `/subjects/${encodeURIComponent(subject)}/versions/${version}`;
      const answer = await this.#share({ path, doing }, signal);
      const { schema, references } = schemaIn(bodyOf(answer), doing);
      definitions.set(name, schema);
      open.push(...references);
    }
    return { ...found, schema: wholeSchema(found.schema, definitions) };
  }

  #share(request: RegistryRequest, signal: AbortSignal | undefined): Promise<RegistryAnswer> {
    const key = keyOf(request.path, request.body === undefined ? "" : JSON.stringify(request.body));
    return this.#shared.get(key, (signal) => this.#client.ask(request, signal), signal);
  }
}

/** A key of two texts, whatever they are. */
function keyOf(...texts: readonly string[]): string {
  return JSON.stringify(texts);
}

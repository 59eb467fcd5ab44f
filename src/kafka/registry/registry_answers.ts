import { received } from "../../runtime/known_options.ts";
import type { RegistryAnswer } from "./registry_client.ts";
import { SchemaRegistryError, shownReason } from "./registry_error.ts";

const MAX_SCHEMA_ID = 2 ** 31 - 1;
const NOT_FOUND = 404;
/** What a schema is that says nothing of it. */
const AVRO = "AVRO";
const MOST_REASONS = 8;

/** A schema that a registry has. */
export interface RegisteredSchema {
  /** Its number, which stands in front of each record. */
  readonly id: number;
  /**
   * What it is: JSON, where it is an Avro schema. Types of other subjects, to which it refers, are in
   * it.
   */
  readonly schema: string;
  /** `"AVRO"`, `"JSON"` or `"PROTOBUF"`. */
  readonly schemaType: string;
}

/** A schema as a version of a subject. */
export interface SubjectSchema extends RegisteredSchema {
  /** The subject. */
  readonly subject: string;
  /** Which of its schemas, from 1. */
  readonly version: number;
}

/** Whether a subject takes a schema. */
export interface Compatibility {
  /** Whether it does. */
  readonly isCompatible: boolean;
  /** Why not, in the registry's words. */
  readonly reasons: readonly string[];
}

type Body = Readonly<Record<string, unknown>>;

function isId(id: unknown): id is number {
  return Number.isInteger(id) && (id as number) >= 0 && (id as number) <= MAX_SCHEMA_ID;
}

/**
 * Checks the number of a schema.
 *
 * @throws {RangeError} when it is none that a registry gives.
 */
export function checkId(id: number): void {
  if (isId(id)) return;
  throw new RangeError(
    `Cannot get schema: its number must be a whole one from 0 to ${MAX_SCHEMA_ID}, received ` +
      received(id),
  );
}

/**
 * The object that a good answer is.
 *
 * @throws {SchemaRegistryError} when it is no good one.
 */
export function bodyOf({ body, error }: RegistryAnswer): Body {
  if (error) throw error;
  return typeof body === "object" && body !== null ? body as Body : {};
}

function unexpected(doing: string, what: string): SchemaRegistryError {
  return new SchemaRegistryError(
    `Cannot ${
      doing.replace(/ \w+$/, "")
    }: the answer has no ${what}; look whether the address is that ` +
      "of a schema registry, with its path (such as /apis/ccompat/v7)",
  );
}

/** The number in an answer. */
export function idIn({ id }: Body, doing: string): number {
  if (isId(id)) return id;
  throw unexpected(doing, "id");
}

/** A schema of another subject, of which a schema has the name alone. */
export interface SchemaReference {
  /** The full name of the type. */
  readonly name: string;
  /** Where it is. */
  readonly subject: string;
  readonly version: number;
}

/** What an answer says of a schema. */
export interface SchemaAnswer extends Omit<RegisteredSchema, "id"> {
  /** What stands in it by name alone. */
  readonly references: readonly SchemaReference[];
}

/** The schema in an answer. */
export function schemaIn(
  { schema, schemaType, references }: Body,
  doing: string,
): SchemaAnswer {
  if (typeof schema !== "string") throw unexpected(doing, "schema");
  const given = Array.isArray(references) ? references as SchemaReference[] : [];
  return { schema, schemaType: String(schemaType ?? AVRO), references: given };
}

/** The error about a schema that refers to too many others. */
export function tooManyReferences(doing: string, most: number): SchemaRegistryError {
  return new SchemaRegistryError(
    `Cannot ${
      doing.replace(/ \w+$/, "")
    }: it refers to more than ${most} schemas of other subjects; ` +
      "register it as one schema that has all of its types in it",
  );
}

/** The schema of a subject in an answer. */
export function subjectSchemaIn(body: Body, doing: string): SubjectSchema & SchemaAnswer {
  const { subject, version } = body;
  if (typeof subject !== "string") throw unexpected(doing, "subject");
  if (typeof version !== "number") throw unexpected(doing, "version");
  return { subject, version, id: idIn(body, doing), ...schemaIn(body, doing) };
}

/** What an answer says about whether a schema is taken. */
export function compatibilityIn(body: Body, doing: string): Compatibility {
  const { is_compatible: isCompatible, messages } = body;
  if (typeof isCompatible !== "boolean") throw unexpected(doing, "is_compatible");
  const reasons = Array.isArray(messages) ? messages.slice(0, MOST_REASONS) : [];
  return { isCompatible, reasons: reasons.map((each) => shownReason(String(each))) };
}

/**
 * Nothing, where the registry says that it does not have what was asked for.
 *
 * @throws the error, where it is another.
 */
export function unlessUnknown(error: unknown): undefined {
  const isUnknown = error instanceof SchemaRegistryError && error.status === NOT_FOUND &&
    error.errorCode !== undefined;
  if (!isUnknown) throw error;
}

/** The error about a number that no schema has; a 404 of another kind is told as it is. */
export function unknownIdError(id: number, { error }: RegistryAnswer): SchemaRegistryError {
  if (error!.errorCode === undefined) return error!;
  const { message, status, errorCode } = error!;
  const [start] = message.split(": the answer was");
  return new SchemaRegistryError(
    `${start}: it has no schema of the number ${id} (error ${errorCode}); look whether the records ` +
      "were written with another registry, or whether it was deleted there",
    { status: status!, errorCode: errorCode! },
  );
}

/** The error about a schema that is not compatible with those before it. */
export function incompatibleError(
  { error }: RegistryAnswer,
  reasons: readonly string[],
): SchemaRegistryError {
  const { message, status, errorCode } = error!;
  const more = reasons.filter((each) => !message.includes(each));
  const [start, hint] = [message.slice(0, message.lastIndexOf(";")), message.split("; ").at(-1)];
  return new SchemaRegistryError(
    more.length === 0 ? message : `${start}: ${shownReason(more.join("; "))}; ${hint}`,
    {
      ...{ status: status!, reasons: [...error!.reasons, ...more] },
      ...(errorCode !== undefined && { errorCode }),
    },
  );
}

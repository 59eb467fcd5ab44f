import { showName } from "../../batch/shown_names.ts";
import { type AvroType, avroTypeName } from "../../codecs/avro/avro_type.ts";
import { received } from "../../runtime/known_options.ts";

/** What a schema is of: the keys of a topic, or the values. */
export type TopicPart = "key" | "value";

/**
 * By which subject a topic's schemas are registered (Confluent, "Subject name strategy"): `"topic"`,
 * `orders-value`, the default; `"record"`, the record's full name, `shop.Order`, so that it is one
 * schema in all topics; `"topicRecord"`, `orders-shop.Order`, so that a topic may have several kinds
 * of records; or as a function says.
 */
export type SubjectNaming =
  | "topic"
  | "record"
  | "topicRecord"
  | ((topic: string, record: string | undefined, part: TopicPart) => string);

const NAMINGS = ["topic", "record", "topicRecord"];

/**
 * Checks the option `subjectNaming`.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError} when it is none that it can be.
 */
export function checkSubjectNaming(naming: SubjectNaming, doing: string): SubjectNaming {
  if (typeof naming === "function" || NAMINGS.includes(naming)) return naming;
  throw new TypeError(
    `Cannot ${doing}: subjectNaming must be "topic", "record", "topicRecord" or a function, received ` +
      received(naming),
  );
}

/** What a subject is named by. */
export interface SubjectOptions {
  readonly topic: string;
  /** What is registered. */
  readonly type: AvroType;
  readonly part: TopicPart;
}

/**
 * The subject of a schema.
 *
 * @throws {TypeError} when it is named by the record, and the schema is of something without a name.
 */
export function subjectOf(naming: SubjectNaming, { topic, type, part }: SubjectOptions): string {
  const record = "name" in type ? type.name : undefined;
  if (typeof naming === "function") return checkSubject(naming(topic, record, part));
  if (naming === "topic") return `${topic}-${part}`;
  if (record === undefined) {
    throw new TypeError(
      `Cannot name the subject of ${showName(topic)}: subjectNaming ${
        JSON.stringify(naming)
      } goes by ` +
        `the name of a record, and the schema is ${avroTypeName(type)}; use "topic"`,
    );
  }
  return naming === "record" ? record : `${topic}-${record}`;
}

function checkSubject(subject: unknown): string {
  if (typeof subject === "string" && subject !== "") return subject;
  throw new TypeError(
    `Cannot name a subject: the function subjectNaming must give a text, received ${
      received(subject)
    }`,
  );
}

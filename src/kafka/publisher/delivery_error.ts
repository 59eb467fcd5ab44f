import { several } from "../../batch/several.ts";
import { messageOf } from "../../stream/failure.ts";
import {
  Abortable,
  Fenced,
  KafkaError,
  type KafkaErrorOptions,
  Retriable,
  UnknownOutcome,
} from "../driver/kafka_error.ts";

/** What became of the records of a batch that was not delivered. */
export interface Fate {
  /** How many there are. */
  readonly records: number;
  /** Those that a broker has. */
  readonly appended: number;
  /** Those of which nobody can say. */
  readonly unknown: number;
}

/**
 * An error as one that says what could not be published, of the same kind.
 *
 * @param rest What it means for the records of the batch.
 */
export function publishingError(
  topic: string,
  cause: unknown,
  rest = "",
  options: { retriable?: boolean } = {},
): KafkaError {
  const doing = `Cannot publish to topic ${JSON.stringify(topic)}: `;
  const why = messageOf(cause);
  const told = why.startsWith(doing) ? why : doing + why;
  const message = rest === "" ? told : `${told}; ${rest}`;
  const known = cause instanceof KafkaError ? cause : undefined;
  const { code, retryAfterMs } = known ?? {};
  const all: KafkaErrorOptions = {
    cause,
    retriable: known?.retriable ?? false,
    ...(code !== undefined && { code }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    ...options,
  };
  if (cause instanceof Fenced) return new Fenced(message, all);
  if (cause instanceof UnknownOutcome) return new UnknownOutcome(message, all);
  if (cause instanceof Abortable) return new Abortable(message, all);
  return all.retriable ? new Retriable(message, all) : new KafkaError(message, all);
}

/** What publishing a batch again would come to. */
export function doublesOf({ records, appended, unknown }: Fate): string {
  const all = several(records, "record");
  if (appended + unknown === 0) {
    return records === 1 ? "its record was not appended" : `none of its ${all} was appended`;
  }
  const doubtful = unknown > 0 ? `of ${unknown} nobody can say` : "";
  const sure = `${appended} of its ${all} ${appended === 1 ? "was" : "were"} appended`;
  return `${sure}${doubtful && `, and ${doubtful}`}: published again, these may come twice`;
}

import { KafkaError, Retriable, UnknownOutcome } from "../kafka_error.ts";
import { CODES, errorName } from "../wire/error_codes.ts";
import type { RecordBlock } from "../driver.ts";

const ADVICE: Readonly<Record<number, string>> = {
  [CODES.messageTooLarge]:
    "the record is larger than the topic's max.message.bytes: make it smaller, or raise that setting",
  [CODES.recordListTooLarge]:
    "the record is larger than a segment of the topic: make it smaller, or raise segment.bytes",
  [CODES.topicAuthorizationFailed]: "we may not write to this topic: grant WRITE on it",
  [CODES.clusterAuthorizationFailed]:
    "we may not write idempotently: grant IDEMPOTENT_WRITE on the cluster, or WRITE on the topic",
  [CODES.transactionalIdAuthorizationFailed]:
    "we may not use this transactional id: grant WRITE on it",
  [CODES.invalidTopic]: "the topic's name is not one that can be written to",
  [CODES.invalidTimestamp]:
    "a timestamp is farther from the broker's clock than message.timestamp.before.max.ms or " +
    "message.timestamp.after.max.ms allow",
  [CODES.invalidRecord]:
    "the broker refuses a record: a compacted topic wants a key for each, and timestamps must be " +
    "within the topic's limits",
  [CODES.unsupportedCompression]: "the broker does not know this compression",
  [CODES.policyViolation]: "a policy of the broker refuses it",
  [CODES.corruptMessage]: "what came there was not what was sent",
};

/** A block as messages name it. */
export function spellBlock({ topic, partition, records, bytes }: RecordBlock): string {
  return `${records} ${
    records === 1 ? "record" : "records"
  } (${bytes.length} bytes) to partition ` +
    `${partition} of topic ${JSON.stringify(topic)}`;
}

/** The broker will not have a block. */
export function refused(block: RecordBlock, code: number): KafkaError {
  const why = ADVICE[code];
  const advice = why === undefined ? "" : `: ${why}`;
  return new KafkaError(
    `Cannot send ${spellBlock(block)}: the broker says ${errorName(code)}${advice}`,
    { code: errorName(code) },
  );
}

/** A block was not appended in time, or nobody knows whether it was. */
export function late(
  block: RecordBlock,
  forMs: number,
  { isUncertain, why }: { isUncertain: boolean; why: string },
): KafkaError {
  const what = `Cannot send ${spellBlock(block)} within ${forMs} ms (deliveryTimeout): ${why}`;
  return isUncertain
    ? new UnknownOutcome(`${what}; the answer to an attempt was lost: it may be there`)
    : new Retriable(`${what}; nothing was written`);
}

/** A partition has lost what it had acknowledged. */
export function lostRecords(block: RecordBlock): KafkaError {
  return new KafkaError(
    `Cannot send ${spellBlock(block)}: the partition has lost records that it had acknowledged ` +
      "(OUT_OF_ORDER_SEQUENCE_NUMBER), as happens when a replica that was behind becomes its " +
      "leader; compare what is there with what was sent (see unclean.leader.election.enable)",
    { code: errorName(CODES.outOfOrderSequence) },
  );
}

/** The broker does not know a block as a repeat, and what was sent behind it was given up. */
export function unclear(block: RecordBlock): UnknownOutcome {
  return new UnknownOutcome(
    `Cannot send ${
      spellBlock(block)
    }: the broker says OUT_OF_ORDER_SEQUENCE_NUMBER to a repeat, and ` +
      "blocks behind it were given up: it may be there",
    { code: errorName(CODES.outOfOrderSequence) },
  );
}

/** The sink was closed before it was known what becomes of a block. */
export function unsent(
  block: RecordBlock,
  { isUncertain }: { isUncertain: boolean },
): KafkaError {
  const what = `Cannot send ${spellBlock(block)}: the sink was closed`;
  return isUncertain
    ? new UnknownOutcome(`${what} while it was under way; it may be there`)
    : new KafkaError(`${what} before it was sent; wait for what was sent first`);
}

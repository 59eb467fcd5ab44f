import { type KafkaError, UnknownOutcome } from "../kafka_error.ts";
import { CODES, errorName, isFenced, isLeaderMoved } from "../wire/error_codes.ts";
import type { Entry } from "./entry.ts";
import { lostRecords, refused, spellBlock } from "./produce_failure.ts";

/** After how many answers that it came mutilated a block is given up. */
const MOST_CORRUPT = 3;

/** What a block is refused for as often as it is sent. */
const BY_CONTENT = new Set<number>([
  CODES.messageTooLarge,
  CODES.recordListTooLarge,
  CODES.invalidTimestamp,
  CODES.invalidRecord,
  CODES.unsupportedCompression,
  CODES.corruptMessage,
]);

/** What can come of a block. */
export interface Settling {
  readonly isIdempotent: boolean;
  /** It was appended. */
  succeed(entry: Entry, baseOffset: number): void;
  /** It is given up for good. */
  refuse(entry: Entry, error: KafkaError): void;
  /** It is larger than its topic takes, and has several records. */
  split(entry: Entry): void;
  /** It is tried again, if there is time. */
  retry(entry: Entry, how: { isUncertain: boolean; why: string }): void;
  /** Another one has taken over. */
  fenced(code: number): KafkaError;
  /** Somebody else leads the partition. */
  moved(): void;
}

/** Decides what comes of a block by the broker's answer. */
export function settleAnswer(
  to: Settling,
  entry: Entry,
  { code, baseOffset }: { code: number; baseOffset: number },
): void {
  const why = `the broker says ${errorName(code)}`;
  if (code === CODES.none) return to.succeed(entry, baseOffset);
  if (code === CODES.duplicateSequence) return to.succeed(entry, -1);
  if (code === CODES.outOfOrderSequence || code === CODES.unknownProducerId) {
    return outOfOrder(to, entry, why);
  }
  if (isFenced(code)) return to.refuse(entry, to.fenced(code));
  if (isLeaderMoved(code)) {
    to.moved();
    return to.retry(entry, { isUncertain: false, why });
  }
  switch (code) {
    case CODES.messageTooLarge:
    case CODES.recordListTooLarge:
      if (entry.block.records > 1 && !entry.isSettled) return to.split(entry);
      return to.refuse(entry, refused(entry.block, code));
    case CODES.notEnoughReplicas:
    case CODES.throttlingQuotaExceeded:
    case CODES.concurrentTransactions:
      return to.retry(entry, { isUncertain: false, why });
    case CODES.requestTimedOut:
    case CODES.notEnoughReplicasAfterAppend:
      return to.retry(entry, { isUncertain: true, why });
    case CODES.corruptMessage:
      if (entry.queue.failures < MOST_CORRUPT) {
        return to.retry(entry, { isUncertain: false, why });
      }
      return to.refuse(entry, refused(entry.block, code));
    case CODES.unknownServerError:
      if (to.isIdempotent) return to.retry(entry, { isUncertain: true, why });
      entry.isUncertain = true;
      return to.refuse(entry, final(entry, code, why));
    default:
      return to.refuse(entry, final(entry, code, why));
  }
}

/** An error that is for good; an attempt before it may have been appended, unless it is by content. */
function final(entry: Entry, code: number, why: string): KafkaError {
  if (!entry.isUncertain || BY_CONTENT.has(code)) return refused(entry.block, code);
  return new UnknownOutcome(
    `Cannot send ${spellBlock(entry.block)}: ${why}; an attempt before may have been appended`,
    { code: errorName(code) },
  );
}

/** The broker misses a block before this one, or knows nothing of this producer any more. */
function outOfOrder(to: Settling, entry: Entry, why: string): void {
  const { queue, block } = entry;
  if (!queue.isFirst(entry)) return to.retry(entry, { isUncertain: false, why });
  const gap = queue.gapBefore(entry);
  if (gap === "none") {
    return entry.isUncertain ? queue.suspect(entry) : to.refuse(entry, lostRecords(block));
  }
  if (entry.isSettled) return queue.failed(entry);
  if (!(entry.isUncertain && gap === "uncertain")) return queue.renumber(entry);
  // An attempt at the block before may yet arrive, and then an attempt at this one: sent with
  // another number it could count twice.
  to.refuse(
    entry,
    new UnknownOutcome(
      `Cannot send ${spellBlock(block)}: a block before it was given up with an unknown outcome, ` +
        "and the answer to an attempt at this one was lost: it may be there",
      { code: errorName(CODES.outOfOrderSequence) },
    ),
  );
}

import { RetryPolicy } from "../../../stream/retry_policy.ts";
import type { SinkOptions } from "../driver.ts";
import { Abortable, Fenced, KafkaError, UnknownOutcome } from "../kafka_error.ts";
import { CODES, errorName, isFenced } from "../wire/error_codes.ts";
import {
  endTxnRequest,
  initProducerIdRequest,
  NO_IDENTITY,
  type ProducerIdentity,
  type TransactionalIdentity,
} from "../wire/transaction_requests.ts";
import { type Coordinator, CoordinatorError } from "./coordinator.ts";

/** CONCURRENT_TRANSACTIONS: the markers of the transaction before are still being written. */
export const SOON: RetryPolicy = new RetryPolicy({ initialBackoff: 10, maxBackoff: 200 });
const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;

/** What brokers know of a transactional producer: KIP-98, KIP-360. */
export class TransactionState {
  readonly transactionalId: string;
  readonly coordinator: Coordinator;
  /** For how long the coordinator is asked, ms. */
  readonly forMs: number;
  readonly #timeoutMs: number;
  #identity: ProducerIdentity | undefined;
  #needsEpoch = true;
  #fenced: Fenced | undefined;

  /** Nobody yet. */
  constructor(coordinator: Coordinator, transactionalId: string, options: SinkOptions) {
    this.coordinator = coordinator;
    this.transactionalId = transactionalId;
    this.forMs = options.deliveryTimeoutMs;
    this.#timeoutMs = options.transactionTimeoutMs ?? DEFAULT_TRANSACTION_TIMEOUT_MS;
  }

  /** Who we are. */
  get producer(): TransactionalIdentity {
    const { transactionalId } = this;
    return { transactionalId, ...this.#identity ?? NO_IDENTITY };
  }

  /** Whether the next transaction needs an epoch of its own. */
  get needsEpoch(): boolean {
    return this.#needsEpoch;
  }

  /**
   * A request of this transaction may still arrive, and would be taken for one of the next: which
   * therefore gets an epoch of its own.
   */
  doubt(): void {
    this.#needsEpoch = true;
  }

  /** Throws when another producer has taken over. */
  check(): void {
    if (this.#fenced) throw this.#fenced;
  }

  /**
   * Another producer has taken over, or the broker has aborted what took too long: that is for good.
   * To ask for the next epoch would tell which, but brokers look at the producer's id alone before
   * they abort what is open under it, and so the newer one's transaction.
   */
  fence(code: number): Fenced {
    return this.#fenced ??= new Fenced(
      `Cannot go on with transactional id ${JSON.stringify(this.transactionalId)}: a newer ` +
        `producer of that id, or the broker's transaction timeout (${this.#timeoutMs} ms), has ` +
        "taken over; what was not committed is aborted, and a new sink has to begin anew",
      { code: errorName(code) },
    );
  }

  /**
   * Gets an identity or the next epoch; what an older one left open is aborted by it.
   *
   * @throws {Fenced} when a newer producer has one.
   */
  async init(): Promise<ProducerIdentity> {
    this.check();
    const { transactionalId } = this;
    const doing = `take the transactional id ${JSON.stringify(transactionalId)}`;
    const { answer, code, wasLost } = await this.coordinator.ask({
      request: initProducerIdRequest({
        transactionalId,
        transactionTimeoutMs: this.#timeoutMs,
        current: this.#identity ?? NO_IDENTITY,
      }),
      codeOf: (answer) => answer.code,
      doing,
      forMs: this.forMs,
      isPassing: isConcurrent,
      backoff: SOON,
    });
    // Of an answer that was lost the coordinator knows, until it fails too: it keeps only in memory
    // which epoch it has replaced (KIP-360), and then takes the next one, ours, for somebody else's.
    const isPerhapsOurs = isFenced(code) && wasLost;
    // The broker forgets identities: transactional.id.expiration.ms.
    const isForgotten = code === CODES.invalidProducerIdMapping;
    if (this.#identity !== undefined && (isPerhapsOurs || isForgotten)) {
      this.#identity = undefined;
      return await this.init();
    }
    if (isFenced(code)) throw this.fence(code);
    if (code !== 0) throw initFailure(doing, code, this.#timeoutMs);
    this.#identity = { id: answer.id, epoch: answer.epoch };
    this.#needsEpoch = false;
    return this.#identity;
  }

  /** Ends the transaction that is open at the broker. */
  async end(commits: boolean): Promise<void> {
    const word = commits ? "commit" : "abort";
    const doing = `${word} a transaction of ${JSON.stringify(this.transactionalId)}`;
    const asked = await this.coordinator.ask({
      request: endTxnRequest(this.producer, commits),
      codeOf: (answer) => answer.code,
      doing,
      forMs: this.forMs,
      isPassing: isConcurrent,
      backoff: SOON,
    }).catch((error: unknown) => {
      this.#needsEpoch = true;
      if (!(error instanceof CoordinatorError) || !commits) throw error;
      if (error.wasLost) throw unknownOutcome(doing, error.message);
      throw new Abortable(`${error.message}; abort it`, { cause: error });
    });
    const { code, wasLost } = asked;
    if (wasLost) this.doubt();
    if (code === 0) return;
    this.#needsEpoch = true;
    // It is repeated with the same outcome as long as nobody has taken over: KIP-98, "EndTxnRequest".
    if (commits && wasLost) {
      if (isFenced(code)) this.fence(code);
      throw unknownOutcome(doing, `the broker says ${errorName(code)} to a repeated question`);
    }
    if (isFenced(code)) throw this.fence(code);
    throw new Abortable(`Cannot ${doing}: the broker says ${errorName(code)}; abort it`, {
      code: errorName(code),
    });
  }
}

/** Whether another transaction is still being ended. */
export function isConcurrent(code: number): boolean {
  return code === CODES.concurrentTransactions;
}

function unknownOutcome(doing: string, why: string): UnknownOutcome {
  return new UnknownOutcome(
    `Cannot ${doing}: the answer was lost (${why}); read what is committed to find out`,
  );
}

function initFailure(doing: string, code: number, timeoutMs: number): KafkaError {
  const advice = code === CODES.invalidTransactionTimeout
    ? `: the transaction timeout of ${timeoutMs} ms is longer than the broker's transaction.max.timeout.ms`
    : code === CODES.transactionalIdAuthorizationFailed
    ? ": grant WRITE on it"
    : code === CODES.clusterAuthorizationFailed
    ? ": grant IDEMPOTENT_WRITE on the cluster"
    : "";
  return new KafkaError(`Cannot ${doing}: the broker says ${errorName(code)}${advice}`, {
    code: errorName(code),
  });
}

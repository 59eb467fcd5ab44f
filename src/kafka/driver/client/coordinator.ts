import type { RetryPolicy } from "../../../stream/retry_policy.ts";
import { Stop } from "../../../stream/stop.ts";
import { KafkaError, type KafkaErrorOptions } from "../kafka_error.ts";
import type { WireRequest } from "../wire/apis.ts";
import { findCoordinatorRequest } from "../wire/cluster_requests.ts";
import { CODES, errorName, isCoordinatorMoved } from "../wire/error_codes.ts";
import { addressOf } from "./address.ts";
import { Attempts } from "./attempts.ts";
import type { ClusterView } from "./cluster_view.ts";
import { DialError } from "./link.ts";
import type { Links } from "./links.ts";

/** What of a request matters to who coordinates. */
export interface CoordinatorQuestion<Answer> {
  readonly request: WireRequest<Answer>;
  /** The error in an answer; 0 where there is none. */
  codeOf(answer: Answer): number;
  /** What cannot be done without, for messages. */
  readonly doing: string;
  /** For how long it is tried, ms. */
  readonly forMs: number;
  /** How long one answer may take, ms. Default: the cluster's. */
  readonly timeoutMs?: number;
  /** Whether it is tried again with an error, beside those of coordinators that have moved. */
  isPassing?(code: number): boolean;
  readonly backoff?: RetryPolicy;
  readonly signal?: AbortSignal;
}

/** An answer, whose error is one that is not passing. */
export interface CoordinatorAnswer<Answer> {
  readonly answer: Answer;
  readonly code: number;
  /** Whether the answer to an earlier attempt was lost: that one may have been done. */
  readonly wasLost: boolean;
}

/** The coordinator did not answer, or only with errors that pass. */
export class CoordinatorError extends KafkaError {
  /** Whether an answer was lost: what was asked for may have been done. */
  readonly wasLost: boolean;

  /** With whether an answer was lost. */
  constructor(message: string, options: KafkaErrorOptions & { wasLost: boolean }) {
    super(message, options);
    this.wasLost = options.wasLost;
  }
}

function topicIsGone(what: string, wasLost: boolean): CoordinatorError {
  return new CoordinatorError(
    `${what}: a topic of it was deleted; leave that out, or make it anew`,
    {
      wasLost,
      retriable: false,
      code: errorName(CODES.unknownTopicOrPartition),
    },
  );
}

/** An attempt that came to nothing. */
interface Failed {
  readonly why: string;
  /** What was answered, where something was. */
  readonly code?: number;
  readonly isPassing: boolean;
  readonly wasLost: boolean;
}

/** Who coordinates a group or a transactional id, wherever that is at the moment. */
export class Coordinator {
  readonly #view: ClusterView;
  readonly #links: Links;
  readonly #kind: "group" | "transaction";
  readonly #name: string;
  #address: string | undefined;

  /** By connections of the one who asks. */
  constructor(view: ClusterView, links: Links, kind: "group" | "transaction", name: string) {
    this.#view = view;
    this.#links = links;
    this.#kind = kind;
    this.#name = name;
  }

  /**
   * Asks until there is an answer whose error does not pass.
   *
   * @throws {CoordinatorError} when there is none in time.
   */
  async ask<Answer>(question: CoordinatorQuestion<Answer>): Promise<CoordinatorAnswer<Answer>> {
    const { request, doing, forMs, signal, backoff } = question;
    const attempts = new Attempts({ runtime: this.#view.runtime, forMs, signal, backoff });
    let wasLost = false;
    for (;;) {
      const outcome = await this.#try(question, attempts.leftMs);
      if ("answer" in outcome) return { ...outcome, wasLost };
      if (outcome.wasLost) wasLost = true;
      if (!outcome.isPassing) {
        throw new CoordinatorError(`Cannot ${doing}: ${outcome.why}`, {
          wasLost,
          retriable: false,
        });
      }
      if (!await attempts.again()) {
        const what = `Cannot ${doing} within ${forMs} ms (${request.api.name}): ${outcome.why}`;
        // who waits longer for a topic that is not there waits in vain
        if (outcome.code === CODES.unknownTopicOrPartition) throw topicIsGone(what, wasLost);
        throw new CoordinatorError(what, { wasLost, retriable: true });
      }
    }
  }

  async #try<Answer>(question: CoordinatorQuestion<Answer>, leftMs: number): Promise<
    { answer: Answer; code: number } | Failed
  > {
    const { doing, signal } = question;
    let address = "";
    try {
      const place = await this.#find(doing, signal);
      if ("why" in place) return { why: place.why, isPassing: true, wasLost: false };
      address = place.address;
      const answer = await this.#askAt(address, question, leftMs);
      const code = question.codeOf(answer);
      const isMoved = isCoordinatorMoved(code);
      if (!isMoved && !question.isPassing?.(code)) return { answer, code };
      if (isMoved) this.#address = undefined;
      return { why: `${address} says ${errorName(code)}`, code, isPassing: true, wasLost: false };
    } catch (error) {
      signal?.throwIfAborted();
      this.#address = undefined;
      const { message } = error as Error;
      if (this.#links.isClosed) return { why: "it was closed", isPassing: false, wasLost: true };
      if (error instanceof KafkaError) throw error;
      if (!(error instanceof DialError)) return { why: message, isPassing: true, wasLost: true };
      return { why: `${address} ${message}`, isPassing: error.isPassing, wasLost: false };
    }
  }

  async #askAt<Answer>(
    address: string,
    { request, signal, timeoutMs = this.#view.options.requestTimeoutMs }: CoordinatorQuestion<
      Answer
    >,
    leftMs: number,
  ): Promise<Answer> {
    using stop = new Stop(signal);
    try {
      const link = await stop.or(this.#links.to(address));
      return await stop.or(link.send(request, Math.ceil(Math.min(timeoutMs, leftMs))));
    } catch (error) {
      // What waits for its answer holds up what comes behind it: that connection is of no more use.
      if (signal?.aborted) await this.#links.drop(address);
      throw error;
    }
  }

  async #find(
    doing: string,
    signal?: AbortSignal,
  ): Promise<{ address: string } | { why: string }> {
    if (this.#address !== undefined) return { address: this.#address };
    let place;
    try {
      place = await this.#view.ask(findCoordinatorRequest(this.#kind, this.#name), signal);
    } catch (error) {
      if (error instanceof KafkaError && error.retriable) return { why: error.message };
      throw error;
    }
    const { code, host, port } = place;
    if (
      code === CODES.groupAuthorizationFailed || code === CODES.transactionalIdAuthorizationFailed
    ) {
      const what = this.#kind === "group" ? "READ on the group" : "WRITE on the transactional id";
      throw new KafkaError(
        `Cannot ${doing}: the broker says ${errorName(code)}; grant ${what} ` +
          JSON.stringify(this.#name),
        { code: errorName(code) },
      );
    }
    if (code !== 0) return { why: `the brokers say ${errorName(code)}` };
    this.#address = addressOf(host, port);
    return { address: this.#address };
  }
}

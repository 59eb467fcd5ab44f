import type { ConnectionOptions, TopicInfo, TopicPartition } from "../../kafka/driver/driver.ts";
import { UnknownOutcome } from "../../kafka/driver/kafka_error.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { delay } from "../../stream/delay.ts";
import type { SimulatedBroker } from "./broker.ts";
import { BrokerRefusal, driverError, isPassing, mayBeDone } from "./broker_answer.ts";
import type { SimulatedApi, SimulatedNetwork } from "./faults.ts";

const FIRST_BACKOFF_MS = 50;
const LONGEST_BACKOFF_MS = 1000;

/** A request that a client makes, once or until it succeeds. */
export interface Ask<T> {
  readonly api: SimulatedApi;
  /** What it is about. */
  readonly about: string;
  /** What could not be done, for messages. */
  readonly doing: string;
  readonly work: (broker: SimulatedBroker) => T | Promise<T>;
  /** How long an answer may take, ms. Default: the connection's. */
  readonly timeoutMs?: number;
  /** For how long it is tried again when what went wrong is passing, ms. Default 0. */
  readonly retryMs?: number;
  /** Whether it does harm to ask again when it may be done: not to know is an error then. */
  readonly isOnce?: boolean;
  /** Called before each try. */
  readonly prepare?: () => Promise<void>;
  /** Called before each further try. */
  readonly again?: (error: unknown) => void;
  readonly signal?: AbortSignal;
}

/** One client of a simulated cluster: its requests, and what it believes of topics. */
export class SimulatedClient {
  readonly runtime: Runtime;
  readonly options: ConnectionOptions;
  readonly #network: SimulatedNetwork;
  readonly #broker: SimulatedBroker;
  readonly #topics = new Map<string, TopicInfo>();

  /** A client that has asked for nothing. */
  constructor(
    runtime: Runtime,
    network: SimulatedNetwork,
    broker: SimulatedBroker,
    options: ConnectionOptions,
  ) {
    this.runtime = runtime;
    this.options = options;
    this.#network = network;
    this.#broker = broker;
  }

  /**
   * Asks, and asks again.
   *
   * @throws {KafkaError} of the kind that tells what can be done about it.
   */
  async ask<T>(ask: Ask<T>): Promise<T> {
    const { doing, retryMs = 0, isOnce = false, signal } = ask;
    const untilMs = this.runtime.monotonicMs() + retryMs;
    let backoffMs = FIRST_BACKOFF_MS;
    let isUnknown = false;
    while (true) {
      try {
        await ask.prepare?.();
        return await this.once(ask);
      } catch (error) {
        signal?.throwIfAborted();
        isUnknown ||= isOnce && mayBeDone(error);
        const leftMs = untilMs - this.runtime.monotonicMs();
        if (!isPassing(error)) throw driverError(error, doing);
        if (leftMs <= 0) throw isUnknown ? unknown(error, doing) : driverError(error, doing);
        ask.again?.(error);
        await delay(this.runtime, Math.min(backoffMs, leftMs), signal);
        backoffMs = Math.min(LONGEST_BACKOFF_MS, 2 * backoffMs);
      }
    }
  }

  /** Asks once. */
  once<T>({ api, about, work, timeoutMs, signal }: Ask<T>): Promise<T> {
    return this.#network.call({
      api,
      about,
      clientId: this.options.clientId,
      timeoutMs: timeoutMs ?? this.options.requestTimeoutMs,
      work: () => work(this.#broker),
      signal,
    });
  }

  /** What is known of some topics. */
  async topics(names: readonly string[], fresh: boolean): Promise<TopicInfo[]> {
    const missing = names.filter((name) => fresh || !this.#topics.has(name));
    if (missing.length > 0) {
      const found = await this.ask({
        api: "metadata",
        about: missing.join(","),
        doing: `find topics ${missing.map((name) => JSON.stringify(name)).join(", ")}`,
        work: (broker) => broker.topics(missing),
        retryMs: this.options.requestTimeoutMs,
      });
      for (const info of found) this.#topics.set(info.topic, info);
    }
    return names.map((name) => this.#topics.get(name)!);
  }

  /** Who leads a partition, as far as this client knows. */
  async leaderOf({ topic, partition }: TopicPartition): Promise<number> {
    const find = async (fresh: boolean) => {
      const [info] = await this.topics([topic], fresh);
      return info.partitions[partition]?.leader;
    };
    const leader = await find(false) ?? await find(true);
    if (leader !== undefined) return leader;
    const refusal = new BrokerRefusal("UNKNOWN_TOPIC_OR_PARTITION");
    throw driverError(refusal, `find partition ${partition} of topic ${JSON.stringify(topic)}`);
  }

  /** What was believed of a topic was wrong. */
  forget(topic: string): void {
    this.#topics.delete(topic);
  }
}

function unknown(cause: unknown, doing: string): UnknownOutcome {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new UnknownOutcome(`Cannot know whether it was done to ${doing}: ${why}`, { cause });
}

import type { Runtime } from "../../runtime/runtime.ts";
import { RetryPolicy } from "../../stream/retry_policy.ts";
import { delay } from "../../stream/delay.ts";
import { spellDuration } from "../../runtime/duration.ts";
import type { FetchSource, KafkaCluster, KafkaDriver } from "../driver/driver.ts";
import { KafkaError, Retriable, UnknownOutcome } from "../driver/kafka_error.ts";
import type { KafkaSourceSettings } from "./kafka_source_settings.ts";

const BACKOFF = new RetryPolicy({ initialBackoff: "100ms", maxBackoff: "5s" });
/** Failures one after the other behind which connections are made anew. */
const FAILURES_OF_A_LINK = 3;

/** What a {@linkcode ClusterLink} is made of. */
export interface ClusterLinkOptions {
  readonly name: string;
  readonly driver: KafkaDriver;
  readonly settings: KafkaSourceSettings;
  readonly runtime: Runtime;
  /** The most bytes of an answer. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Connections to a cluster and what is fetched over them, which are made anew when they are stuck. */
export class ClusterLink implements AsyncDisposable {
  readonly #options: ClusterLinkOptions;
  #cluster: KafkaCluster;
  #source: FetchSource;
  #failures = 0;
  #failingSinceMs: number | undefined;
  #rebuilt = 0;

  private constructor(options: ClusterLinkOptions, cluster: KafkaCluster, source: FetchSource) {
    this.#options = options;
    this.#cluster = cluster;
    this.#source = source;
  }

  /**
   * Fetches over the connections that there are.
   *
   * @throws {KafkaError} when it cannot.
   */
  static async open(cluster: KafkaCluster, options: ClusterLinkOptions): Promise<ClusterLink> {
    return new ClusterLink(options, cluster, await sourceOf(cluster, options));
  }

  /** The connections. */
  get cluster(): KafkaCluster {
    return this.#cluster;
  }

  /** What is fetched over them. */
  get source(): FetchSource {
    return this.#source;
  }

  /** How often they were made anew. */
  get rebuilt(): number {
    return this.#rebuilt;
  }

  /** An answer has come. */
  answered(): void {
    this.#failures = 0;
    this.#failingSinceMs = undefined;
  }

  /**
   * Waits until it is worth another try; whether connections were made anew meanwhile.
   *
   * @throws what has failed, when it may not pass, or has not for too long.
   */
  async recover(error: unknown): Promise<boolean> {
    const { runtime, settings, signal, name } = this.#options;
    signal.throwIfAborted();
    if (!isPassing(error)) throw error;
    const nowMs = runtime.monotonicMs();
    this.#failingSinceMs ??= nowMs;
    this.#failures++;
    if (nowMs - this.#failingSinceMs >= settings.retryMs) {
      throw new KafkaError(
        `Cannot read ${name}: it has failed for retryTimeout (${
          spellDuration(settings.retryMs)
        }): ` +
          `${(error as Error).message}; look whether the brokers are up, or raise retryTimeout`,
        { cause: error },
      );
    }
    await delay(runtime, BACKOFF.delayMs(this.#failures, () => runtime.random()), signal);
    const isStuck = error instanceof Stuck || this.#failures % FAILURES_OF_A_LINK === 0;
    return isStuck && await this.rebuild();
  }

  /** Gives up all connections, and makes others; whether it could. */
  async rebuild(): Promise<boolean> {
    const { driver, settings, runtime, signal } = this.#options;
    let cluster: KafkaCluster | undefined;
    try {
      cluster = await driver.connect(settings.connection, { signal, runtime });
      const source = await sourceOf(cluster, this.#options);
      this.#close();
      this.#cluster = cluster;
      this.#source = source;
      this.#rebuilt++;
      return true;
    } catch {
      if (cluster) leave(cluster);
      signal.throwIfAborted();
      // brokers have let us in before: whatever it is, it may pass, or retryTimeout does
      return false;
    }
  }

  /** Who is stuck may never be closed: it is not waited for. */
  #close(): void {
    leave(this.#source);
    leave(this.#cluster);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#source[Symbol.asyncDispose]();
    await this.#cluster[Symbol.asyncDispose]();
  }
}

/** Nothing has come for longer than anything may take. */
export class Stuck extends Retriable {}

/** Closes what may be stuck, without waiting for it. */
function leave(open: AsyncDisposable): void {
  Promise.resolve(open[Symbol.asyncDispose]()).catch(() => {});
}

function isPassing(error: unknown): boolean {
  return error instanceof UnknownOutcome || error instanceof KafkaError && error.retriable;
}

function sourceOf(
  cluster: KafkaCluster,
  { settings, maxBytes }: ClusterLinkOptions,
): Promise<FetchSource> {
  const { isolation, maxWaitMs, maxPartitionBytes, connection } = settings;
  return cluster.source({
    ...{ isolation, maxWaitMs, minBytes: 1, maxBytes },
    maxPartitionBytes: Math.min(maxPartitionBytes, maxBytes),
    requestTimeoutMs: connection.requestTimeoutMs,
  });
}

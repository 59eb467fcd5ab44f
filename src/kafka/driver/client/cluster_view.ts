import type { Runtime } from "../../../runtime/runtime.ts";
import type { ConnectionOptions } from "../driver.ts";
import { KafkaError } from "../kafka_error.ts";
import type { WireRequest } from "../wire/apis.ts";
import {
  type Metadata,
  metadataRequest,
  type PartitionMetadata,
} from "../wire/cluster_requests.ts";
import { addressOf } from "./address.ts";
import { type Dialer, DialError, LinkError } from "./link.ts";
import { Links } from "./links.ts";

/** Who leads a partition. */
export interface Leader {
  readonly address: string;
  readonly epoch: number;
}

interface KnownTopic {
  readonly partitions: readonly PartitionMetadata[];
  readonly askedMs: number;
}

/** What is known of a cluster: its brokers, and who leads what. */
export class ClusterView {
  readonly options: ConnectionOptions;
  readonly runtime: Runtime;
  readonly dialer: Dialer;
  readonly #links: Links;
  readonly #brokers = new Map<number, string>();
  readonly #topics = new Map<string, KnownTopic>();
  #controller = -1;
  #wanted = new Set<string>();
  #next: Promise<Metadata> | undefined;
  #current: Promise<unknown> = Promise.resolve();

  /** Of a cluster that nothing is known of yet. */
  constructor(dialer: Dialer, options: ConnectionOptions, runtime: Runtime) {
    this.dialer = dialer;
    this.options = options;
    this.runtime = runtime;
    this.#links = new Links(dialer);
  }

  /** Who leads a partition, as far as that is known. */
  leader(topic: string, partition: number): Leader | undefined {
    const known = this.#topics.get(topic)?.partitions[partition];
    if (known === undefined || known.leader < 0) return undefined;
    const address = this.#brokers.get(known.leader);
    return address === undefined ? undefined : { address, epoch: known.leaderEpoch };
  }

  /** The partitions of a topic, as they were not longer ago than some time. */
  partitions(topic: string, notOlderMs = Infinity): readonly PartitionMetadata[] | undefined {
    const known = this.#topics.get(topic);
    if (known === undefined) return undefined;
    return this.runtime.monotonicMs() - known.askedMs <= notOlderMs ? known.partitions : undefined;
  }

  /** The broker that makes topics, as far as that is known. */
  get controller(): string | undefined {
    return this.#brokers.get(this.#controller);
  }

  /** Asks for brokers and topics; those who ask meanwhile are answered together. */
  refresh(topics: Iterable<string>): Promise<Metadata> {
    for (const topic of topics) this.#wanted.add(topic);
    this.#next ??= this.#refreshNext();
    return this.#next;
  }

  /**
   * Asks any broker: one that we are connected to, one that is known, or one that we were told of.
   *
   * @throws {KafkaError} when there is none, with why of each.
   */
  async ask<Answer>(request: WireRequest<Answer>, signal?: AbortSignal): Promise<Answer> {
    const reasons = new Map<string, DialError>();
    for (const address of this.#addresses()) {
      try {
        return await this.#askOnceMore(address, request);
      } catch (error) {
        signal?.throwIfAborted();
        if (this.#links.isClosed) throw new KafkaError("Cannot ask Kafka: the cluster was closed");
        if (error instanceof KafkaError) throw error;
        reasons.set(address, error instanceof DialError ? error : this.#hinted(error));
      }
    }
    throw unreachable(reasons);
  }

  /** Asks a broker by a connection that is there for questions. */
  async askAt<Answer>(address: string, request: WireRequest<Answer>): Promise<Answer> {
    return await this.#askAt(address, request);
  }

  /** Ends the connections for questions. */
  async close(): Promise<void> {
    await this.#links.close();
  }

  /** A connection from before may have ended unnoticed: that says nothing about the broker. */
  async #askOnceMore<Answer>(address: string, request: WireRequest<Answer>): Promise<Answer> {
    const isFromBefore = this.#links.has(address);
    try {
      return await this.#askAt(address, request);
    } catch (error) {
      const hasEnded = error instanceof LinkError && !error.isLate;
      if (!isFromBefore || !hasEnded) throw error;
      return await this.#askAt(address, request);
    }
  }

  async #askAt<Answer>(address: string, request: WireRequest<Answer>): Promise<Answer> {
    const link = await this.#links.to(address);
    return await link.send(request, this.options.requestTimeoutMs);
  }

  /** A broker that wants a login hangs up when the first question comes without. */
  #hinted(error: unknown): DialError {
    const why = error instanceof LinkError ? error.why : String(error);
    const hint = this.options.login?.sasl === undefined ? " (does it want a login?)" : "";
    return new DialError(`${why}${hint}`, { isPassing: true });
  }

  #addresses(): readonly string[] {
    const known = [...this.#brokers.values()];
    const first = known.length === 0 ? 0 : Math.floor(this.runtime.random() * known.length);
    const turned = [...known.slice(first), ...known.slice(0, first)];
    const connected = turned.filter((address) => this.#links.has(address));
    return [...new Set([...connected, ...turned, ...this.options.bootstrapServers])];
  }

  async #refreshNext(): Promise<Metadata> {
    await this.#current.catch(() => {});
    const topics = this.#wanted;
    this.#wanted = new Set();
    this.#next = undefined;
    const asked = this.ask(metadataRequest([...topics]));
    this.#current = asked;
    const metadata = await asked;
    this.#learn(metadata);
    return metadata;
  }

  #learn({ brokers, controller, topics }: Metadata): void {
    if (brokers.length > 0) this.#brokers.clear();
    for (const { node, host, port } of brokers) {
      this.#brokers.set(node, addressOf(host, port));
    }
    this.#controller = controller;
    const askedMs = this.runtime.monotonicMs();
    for (const { topic, code, partitions } of topics) {
      const sorted = partitions.toSorted((a, b) => a.partition - b.partition);
      if (code === 0) this.#topics.set(topic, { partitions: sorted, askedMs });
      else this.#topics.delete(topic);
    }
  }
}

/** No broker can be reached. */
export function unreachable(reasons: ReadonlyMap<string, DialError>): KafkaError {
  const each = [...reasons].map(([address, { message }]) => `${address} ${message}`).join("; ");
  const isPassing = [...reasons.values()].some((reason) => reason.isPassing);
  const advice = isPassing ? "; check bootstrapServers, and that the brokers run" : "";
  return new KafkaError(`Cannot connect to Kafka: ${each}${advice}`, { retriable: isPassing });
}

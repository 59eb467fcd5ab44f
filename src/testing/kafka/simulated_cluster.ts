import type {
  FetchOptions,
  FetchSource,
  GroupCoordinator,
  GroupIdentity,
  Isolation,
  JoinAnswer,
  JoinRequest,
  KafkaCluster,
  NewTopic,
  OffsetAt,
  PartitionOffset,
  Sink,
  SinkOptions,
  TopicInfo,
  TopicPartition,
} from "../../kafka/driver/driver.ts";
import type { SimulatedBroker } from "./broker.ts";
import type { SimulatedClient } from "./client.ts";
import type { SimulatedApi } from "./faults.ts";
import { SimulatedFetch } from "./simulated_fetch.ts";
import { SimulatedSink } from "./simulated_sink.ts";

/** Connections to simulated brokers. */
export class SimulatedCluster implements KafkaCluster {
  readonly #client: SimulatedClient;
  readonly #open = new Set<AsyncDisposable>();

  /** A cluster that a client reaches. */
  constructor(client: SimulatedClient) {
    this.#client = client;
  }

  topics(
    names: readonly string[],
    { fresh = false }: { fresh?: boolean } = {},
  ): Promise<readonly TopicInfo[]> {
    return this.#client.topics(names, fresh);
  }

  createTopics(topics: readonly NewTopic[]): Promise<readonly string[]> {
    return this.#ask(
      "createTopics",
      "",
      "make topics",
      (broker) => topics.filter((each) => broker.createTopic(each)).map(({ topic }) => topic),
    );
  }

  offsetsAt(
    partitions: readonly TopicPartition[],
    at: OffsetAt,
    { isolation = "read_uncommitted" }: { isolation?: Isolation } = {},
  ): Promise<readonly PartitionOffset[]> {
    return this.#ask(
      "listOffsets",
      "",
      "find offsets",
      (broker) =>
        partitions.map((each) => ({ ...each, offset: broker.offsetAt(each, at, isolation) })),
    );
  }

  sink(options: SinkOptions): Promise<Sink> {
    return Promise.resolve(this.#opened(new SimulatedSink(this.#client, options)));
  }

  source(options: FetchOptions): Promise<FetchSource> {
    return Promise.resolve(this.#opened(new SimulatedFetch(this.#client, options)));
  }

  group(groupId: string): GroupCoordinator {
    return new SimulatedCoordinator(this.#client, groupId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of this.#open) await each[Symbol.asyncDispose]();
    this.#open.clear();
  }

  #opened<T extends AsyncDisposable>(opened: T): T {
    this.#open.add(opened);
    return opened;
  }

  #ask<T>(
    api: SimulatedApi,
    about: string,
    doing: string,
    work: (broker: SimulatedBroker) => T,
  ): Promise<T> {
    const retryMs = this.#client.options.requestTimeoutMs;
    return this.#client.ask({ api, about, doing, work, retryMs });
  }
}

class SimulatedCoordinator implements GroupCoordinator {
  readonly #client: SimulatedClient;
  readonly #groupId: string;

  constructor(client: SimulatedClient, groupId: string) {
    this.#client = client;
    this.#groupId = groupId;
  }

  join(
    request: JoinRequest,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<JoinAnswer> {
    return this.#ask(
      "join",
      "join",
      (broker) => broker.group(this.#groupId).join(request, this.#client.options.clientId),
      {
        timeoutMs: request.rebalanceTimeoutMs + this.#client.options.requestTimeoutMs,
        signal,
      },
    );
  }

  sync(
    member: GroupIdentity,
    assignments: readonly { readonly memberId: string; readonly assignment: Uint8Array }[],
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<Uint8Array> {
    return this.#ask(
      "sync",
      "get an assignment of",
      (broker) => broker.group(this.#groupId).sync(member, assignments),
      { signal },
    );
  }

  heartbeat(member: GroupIdentity): Promise<void> {
    return this.#ask(
      "heartbeat",
      "tell that the member lives to",
      (broker) => broker.group(this.#groupId).heartbeat(member),
    );
  }

  leave(member: GroupIdentity): Promise<void> {
    return this.#ask("leave", "leave", (broker) => broker.group(this.#groupId).leave(member));
  }

  commit(member: GroupIdentity, offsets: readonly PartitionOffset[]): Promise<void> {
    return this.#ask("commit", "commit offsets of", (broker) => {
      const group = broker.group(this.#groupId);
      group.checkCommit(member);
      for (const each of offsets) broker.log(each);
      group.store(offsets);
    });
  }

  committed(partitions: readonly TopicPartition[]): Promise<readonly PartitionOffset[]> {
    return this.#ask(
      "committed",
      "read the committed offsets of",
      (broker) => broker.group(this.#groupId).committed(partitions),
    );
  }

  #ask<T>(
    api: SimulatedApi,
    doing: string,
    work: (broker: SimulatedBroker) => T | Promise<T>,
    how: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<T> {
    const about = this.#groupId;
    return this.#client.ask({ api, about, doing: `${doing} group "${about}"`, work, ...how });
  }
}

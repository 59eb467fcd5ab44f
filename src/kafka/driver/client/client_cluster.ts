import type { Runtime } from "../../../runtime/runtime.ts";
import { Stop } from "../../../stream/stop.ts";
import type {
  ConnectionOptions,
  FetchOptions,
  FetchSource,
  GroupCoordinator,
  Isolation,
  KafkaCluster,
  NewTopic,
  OffsetAt,
  PartitionOffset,
  Sink,
  SinkOptions,
  TopicInfo,
  TopicPartition,
} from "../driver.ts";
import { KafkaError } from "../kafka_error.ts";
import { ClientGroup } from "./client_group.ts";
import { ClientSink } from "./client_sink.ts";
import { ClientSource } from "./client_source.ts";
import { ClusterView } from "./cluster_view.ts";
import type { Dialer } from "./link.ts";
import { listOffsets } from "./list_offsets.ts";
import { createTopics, describeTopics } from "./topics.ts";

/**
 * Connects to a cluster by any of its brokers.
 *
 * @throws {KafkaError} when none can be reached, with why of each.
 */
export async function connectCluster(
  dialer: Dialer,
  options: ConnectionOptions,
  { signal, runtime }: { signal?: AbortSignal; runtime: Runtime },
): Promise<KafkaCluster> {
  signal?.throwIfAborted();
  const cluster = new ClientCluster(dialer, options, runtime);
  using stop = new Stop(signal);
  try {
    await stop.or(cluster.open());
    return cluster;
  } catch (error) {
    await cluster[Symbol.asyncDispose]();
    throw error;
  }
}

/** A cluster by our own requests, whatever makes the connections. */
class ClientCluster implements KafkaCluster {
  readonly #view: ClusterView;
  readonly #opened = new Set<AsyncDisposable>();
  #isClosed = false;

  constructor(dialer: Dialer, options: ConnectionOptions, runtime: Runtime) {
    this.#view = new ClusterView(dialer, options, runtime);
  }

  async open(): Promise<void> {
    await this.#view.refresh([]);
  }

  async topics(
    names: readonly string[],
    { fresh = false }: { fresh?: boolean } = {},
  ): Promise<readonly TopicInfo[]> {
    this.#check("describe topics");
    return await describeTopics(this.#view, names, fresh);
  }

  async createTopics(topics: readonly NewTopic[]): Promise<readonly string[]> {
    this.#check("create topics");
    return await createTopics(this.#view, topics);
  }

  async offsetsAt(
    partitions: readonly TopicPartition[],
    at: OffsetAt,
    { isolation = "read_uncommitted" }: { isolation?: Isolation } = {},
  ): Promise<readonly PartitionOffset[]> {
    this.#check("look up offsets");
    return await listOffsets(this.#view, partitions, at, isolation);
  }

  async sink(options: SinkOptions): Promise<Sink> {
    this.#check("open a sink");
    checkSink(options);
    const sink = this.#keep(new ClientSink(this.#view, options));
    if (!options.idempotent || options.transactionalId !== undefined) return sink;
    try {
      await sink.init();
      return sink;
    } catch (error) {
      await sink[Symbol.asyncDispose]();
      throw error;
    }
  }

  source(options: FetchOptions): Promise<FetchSource> {
    this.#check("open a source");
    return Promise.resolve(this.#keep(new ClientSource(this.#view, options)));
  }

  group(groupId: string): GroupCoordinator {
    this.#check("use a group");
    return this.#keep(new ClientGroup(this.#view, groupId));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const opened = [...this.#opened];
    this.#opened.clear();
    await Promise.all(opened.map((one) => one[Symbol.asyncDispose]()));
    await this.#view.close();
  }

  #keep<T extends AsyncDisposable>(opened: T): T {
    this.#opened.add(opened);
    return opened;
  }

  #check(doing: string): void {
    if (this.#isClosed) throw new KafkaError(`Cannot ${doing}: the cluster is closed`);
  }
}

function checkSink({ acks, idempotent, transactionalId }: SinkOptions): void {
  if (idempotent && acks !== "all") {
    throw new TypeError(
      `Cannot open a sink: idempotent needs acks: "all", received acks: ${acks}`,
    );
  }
  if (transactionalId !== undefined && !idempotent) {
    throw new TypeError("Cannot open a sink: transactionalId needs idempotent: true");
  }
}

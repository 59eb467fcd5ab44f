import type {
  Appended,
  GroupIdentity,
  PartitionOffset,
  RecordBlock,
  Sink,
  SinkOptions,
  Txn,
} from "../../kafka/driver/driver.ts";
import { Abortable, Fenced, KafkaError, UnknownOutcome } from "../../kafka/driver/kafka_error.ts";
import { BatchSealer } from "../../kafka/records/batch_sealer.ts";
import type { SimulatedBroker } from "./broker.ts";
import type { SimulatedClient } from "./client.ts";
import type { ProducerIdentity } from "./transactions.ts";

const DEFAULT_TRANSACTION_TIMEOUT_MS = 60_000;
const SEQUENCES = 2 ** 31;
const SEALER = new BatchSealer();

/** A life of a producer, and how many records it has appended to each partition. */
interface Life extends ProducerIdentity {
  readonly sequences: Map<string, number>;
}

/** A sink whose brokers are simulated. */
export class SimulatedSink implements Sink {
  readonly #client: SimulatedClient;
  readonly #options: SinkOptions;
  /** The last block of each partition. */
  readonly #lines = new Map<string, Promise<unknown>>();
  #life?: Promise<Life>;
  #open?: SimulatedTxn;
  readonly #closed = new AbortController();

  /** A sink that has sent nothing. */
  constructor(client: SimulatedClient, options: SinkOptions) {
    this.#client = client;
    this.#options = options;
  }

  send(block: RecordBlock, { signal }: { signal?: AbortSignal } = {}): Promise<Appended> {
    if (this.#options.transactionalId !== undefined) {
      return Promise.reject(
        new KafkaError(
          `Cannot send to ${place(block)}: a transactional sink sends in transactions`,
        ),
      );
    }
    return this.#inOrder(block, () => this.#append(block, signal));
  }

  async begin(): Promise<Txn> {
    const { transactionalId } = this.#options;
    if (transactionalId === undefined) {
      throw new KafkaError("Cannot begin a transaction: the sink has no transactionalId");
    }
    if (this.#open) throw new KafkaError("Cannot begin a transaction: there is an open one");
    this.#open = new SimulatedTxn(this.#client, this.#options, {
      life: await this.#alive(),
      append: (block, signal) => this.#inOrder(block, () => this.#append(block, signal)),
      ended: (isWell) => {
        this.#open = undefined;
        if (!isWell) this.#life = undefined;
      },
    });
    return this.#open;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed.abort(new KafkaError("Cannot send: the sink is closed"));
    await Promise.allSettled(this.#lines.values());
  }

  /** Blocks of a partition one after the other. */
  #inOrder<T>(block: RecordBlock, work: () => Promise<T>): Promise<T> {
    const line = place(block);
    const turn = (this.#lines.get(line) ?? Promise.resolve()).then(work, work);
    this.#lines.set(line, turn);
    turn.catch(() => {});
    return turn;
  }

  async #append(block: RecordBlock, signal?: AbortSignal): Promise<Appended> {
    const { acks, idempotent, deliveryTimeoutMs, requestTimeoutMs, transactionalId } =
      this.#options;
    this.#closed.signal.throwIfAborted();
    const life = idempotent || transactionalId !== undefined ? await this.#alive() : undefined;
    this.#seal(block, life);
    const { topic, partition } = block;
    const bytes = block.bytes.slice();
    let leader = -1;
    const stop = signal ? AbortSignal.any([signal, this.#closed.signal]) : this.#closed.signal;
    const appended = this.#client.ask({
      api: "produce",
      about: `${topic}/${partition}`,
      doing: `append ${block.records} records to ${place(block)}`,
      timeoutMs: requestTimeoutMs,
      retryMs: acks === 0 ? 0 : deliveryTimeoutMs,
      isOnce: true,
      signal: stop,
      prepare: async () => void (leader = await this.#client.leaderOf(block)),
      again: () => this.#client.forget(topic),
      work: (broker) => broker.produce({ topic, partition, bytes, leader, transactionalId }),
    });
    if (acks === 0) {
      appended.catch(() => {});
      return { baseOffset: -1 };
    }
    return { baseOffset: await this.#counted(appended, block, life) };
  }

  #seal({ topic, partition, bytes }: RecordBlock, life: Life | undefined): void {
    SEALER.seal(bytes, {
      producerId: life?.producerId ?? -1n,
      producerEpoch: life?.producerEpoch ?? -1,
      baseSequence: life ? life.sequences.get(`${topic}/${partition}`) ?? 0 : -1,
      transactional: this.#options.transactionalId !== undefined,
    });
  }

  /** Goes on with the sequence; where it is unknown how far it went, with another life. */
  async #counted(appended: Promise<number>, block: RecordBlock, life?: Life): Promise<number> {
    const at = `${block.topic}/${block.partition}`;
    try {
      const offset = await appended;
      life?.sequences.set(at, ((life.sequences.get(at) ?? 0) + block.records) % SEQUENCES);
      return offset;
    } catch (error) {
      const isLost = error instanceof UnknownOutcome || error instanceof Abortable ||
        !(error instanceof KafkaError);
      if (isLost && this.#options.transactionalId === undefined) this.#life = undefined;
      throw error;
    }
  }

  #alive(): Promise<Life> {
    this.#life ??= this.#born();
    this.#life.catch(() => this.#life = undefined);
    return this.#life;
  }

  async #born(): Promise<Life> {
    const { transactionalId, transactionTimeoutMs = DEFAULT_TRANSACTION_TIMEOUT_MS } =
      this.#options;
    const identity = await this.#client.ask({
      api: "initProducer",
      about: transactionalId ?? "",
      doing: "begin to produce",
      retryMs: this.#options.deliveryTimeoutMs,
      timeoutMs: this.#options.requestTimeoutMs,
      work: (broker) => broker.transactions.begin(transactionalId, transactionTimeoutMs),
    });
    return { ...identity, sequences: new Map() };
  }
}

/** What a transaction needs of its sink. */
interface TxnSink {
  readonly life: Life;
  readonly append: (block: RecordBlock, signal?: AbortSignal) => Promise<Appended>;
  /** Whether the producer can go on as it is. */
  readonly ended: (isWell: boolean) => void;
}

class SimulatedTxn implements Txn {
  readonly #client: SimulatedClient;
  readonly #options: SinkOptions;
  readonly #sink: TxnSink;
  readonly #added = new Map<string, Promise<void>>();
  #sent: Promise<unknown>[] = [];
  #failure?: unknown;
  #hasEnded = false;

  constructor(client: SimulatedClient, options: SinkOptions, sink: TxnSink) {
    this.#client = client;
    this.#options = options;
    this.#sink = sink;
  }

  send(block: RecordBlock, { signal }: { signal?: AbortSignal } = {}): Promise<Appended> {
    return this.#during(async () => {
      await this.#add(block);
      return await this.#sink.append(block, signal);
    });
  }

  sendOffsets(group: GroupIdentity, offsets: readonly PartitionOffset[]): Promise<void> {
    return this.#during(() =>
      this.#ask("sendOffsets", `commit offsets of group "${group.groupId}"`, (broker, id) => {
        broker.group(group.groupId).checkCommit(group);
        broker.addOffsets(id, this.#sink.life, group.groupId, offsets);
      })
    );
  }

  async commit(): Promise<void> {
    await Promise.allSettled(this.#sent);
    this.#checkOpen();
    if (this.#failure !== undefined) {
      if (this.#failure instanceof Fenced) throw this.#failure;
      throw new Abortable("Cannot commit the transaction: something of it could not be sent", {
        cause: this.#failure,
      });
    }
    await this.#end(true);
  }

  async abort(): Promise<void> {
    await Promise.allSettled(this.#sent);
    if (!this.#hasEnded) await this.#end(false);
  }

  #checkOpen(): void {
    if (this.#hasEnded) throw new KafkaError("Cannot go on with the transaction: it has ended");
  }

  async #during<T>(work: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    if (this.#failure !== undefined) throw this.#failure;
    const sent = work();
    this.#sent.push(sent);
    try {
      return await sent;
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  #add({ topic, partition }: RecordBlock): Promise<void> {
    return this.#added.getOrInsertComputed(
      `${topic}/${partition}`,
      () =>
        this.#ask("addPartitions", `add ${topic}/${partition} to the transaction`, (broker, id) => {
          broker.log({ topic, partition });
          broker.transactions.addPartitions(id, this.#sink.life, [{ topic, partition }]);
        }),
    );
  }

  #ask(
    api: "addPartitions" | "sendOffsets" | "endTransaction",
    doing: string,
    work: (broker: SimulatedBroker, id: string) => void,
  ): Promise<void> {
    const id = this.#options.transactionalId!;
    const { deliveryTimeoutMs, requestTimeoutMs } = this.#options;
    return this.#client.ask({
      api,
      about: id,
      doing,
      retryMs: deliveryTimeoutMs,
      timeoutMs: requestTimeoutMs,
      work: (broker) => work(broker, id),
    });
  }

  /** What nothing was added to, a broker knows nothing of. */
  async #end(commits: boolean): Promise<void> {
    this.#hasEnded = true;
    const isEmpty = this.#sent.length === 0;
    try {
      if (!isEmpty) await this.#tellEnd(commits);
      this.#sink.ended(commits || this.#failure === undefined);
    } catch (error) {
      this.#sink.ended(false);
      throw error;
    }
  }

  async #tellEnd(commits: boolean): Promise<void> {
    const id = this.#options.transactionalId!;
    const doing = commits ? "commit the transaction" : "abort the transaction";
    try {
      await this.#client.ask({
        api: "endTransaction",
        about: id,
        doing,
        timeoutMs: this.#options.requestTimeoutMs,
        isOnce: true,
        work: (broker) => broker.transactions.end(id, this.#sink.life, commits),
      });
    } catch (error) {
      const isNothing = !commits && error instanceof Abortable;
      if (!isNothing) throw error;
    }
  }
}

function place({ topic, partition }: RecordBlock): string {
  return `partition ${partition} of topic ${JSON.stringify(topic)}`;
}

import type { Appended, RecordBlock, Sink, SinkOptions, Txn } from "../driver.ts";
import { Fenced, KafkaError } from "../kafka_error.ts";
import { errorName } from "../wire/error_codes.ts";
import {
  initProducerIdRequest,
  NO_IDENTITY,
  type ProducerIdentity,
} from "../wire/transaction_requests.ts";
import { Attempts } from "./attempts.ts";
import { BlockSender } from "./block_sender.ts";
import { ClientTransaction, type TransactionHome } from "./client_transaction.ts";
import type { ClusterView } from "./cluster_view.ts";
import { Coordinator } from "./coordinator.ts";
import { Links } from "./links.ts";
import type { PartitionQueue } from "./partition_queue.ts";
import { TransactionState } from "./transaction_state.ts";

const CODES_THAT_PASS = new Set([14, 15, 16, 51]);

/** Appends blocks, idempotently and in transactions where it is asked to. */
export class ClientSink implements Sink, TransactionHome {
  readonly sender: BlockSender;
  readonly #view: ClusterView;
  readonly #data: Links;
  readonly #control: Links;
  readonly #options: SinkOptions;
  readonly #transactions: TransactionState | undefined;
  readonly #groups = new Map<string, Coordinator>();
  #open: ClientTransaction | undefined;
  #isBeginning = false;
  #isClosed = false;

  /** One that knows nobody yet. */
  constructor(view: ClusterView, options: SinkOptions) {
    this.#view = view;
    this.#options = options;
    this.#data = new Links(view.dialer);
    this.#control = new Links(view.dialer);
    this.sender = new BlockSender(view, this.#data, options, {
      isReady: (queue: PartitionQueue) => this.#isReady(queue),
      failed: (error) => this.#open?.fail(error),
      fenced: (code) => this.#fenced(code),
      renew: () => this.init(),
    });
    const { transactionalId } = options;
    if (transactionalId === undefined) return;
    const coordinator = new Coordinator(view, this.#control, "transaction", transactionalId);
    this.#transactions = new TransactionState(coordinator, transactionalId, options);
  }

  get state(): TransactionState {
    return this.#transactions!;
  }

  /** Gets an identity by which a broker recognises repeats. */
  async init(): Promise<ProducerIdentity> {
    const { requestTimeoutMs: forMs } = this.#options;
    const attempts = new Attempts({ runtime: this.#view.runtime, forMs });
    for (;;) {
      const { code, id, epoch } = await this.#view.ask(initProducerIdRequest({
        transactionalId: null,
        transactionTimeoutMs: forMs,
        current: NO_IDENTITY,
      }));
      if (code === 0) {
        this.sender.become({ id, epoch });
        return { id, epoch };
      }
      if (CODES_THAT_PASS.has(code) && await attempts.again()) continue;
      throw new KafkaError(
        `Cannot write idempotently: the broker says ${
          errorName(code)
        }; grant IDEMPOTENT_WRITE on ` +
          "the cluster, or do without (idempotent: false)",
        { code: errorName(code), retriable: CODES_THAT_PASS.has(code) },
      );
    }
  }

  send(block: RecordBlock, { signal }: { signal?: AbortSignal } = {}): Promise<Appended> {
    if (this.#isClosed || this.#transactions !== undefined || signal?.aborted) {
      const why = this.#isClosed
        ? "the sink is closed"
        : "it is transactional: begin a transaction, and send the block in that";
      return Promise.reject(
        signal?.aborted ? signal.reason : new KafkaError(`Cannot send a block: ${why}`),
      );
    }
    return this.sender.send(block, signal);
  }

  async begin(): Promise<Txn> {
    const state = this.#transactions;
    if (state === undefined) {
      throw new KafkaError("Cannot begin a transaction: the sink has no transactionalId");
    }
    if (this.#isClosed) throw new KafkaError("Cannot begin a transaction: the sink is closed");
    state.check();
    if (this.#open !== undefined || this.#isBeginning) {
      throw new KafkaError(
        `Cannot begin a transaction of ${JSON.stringify(state.transactionalId)}: one is open; ` +
          "commit or abort it first",
      );
    }
    this.#isBeginning = true;
    try {
      if (state.needsEpoch) this.sender.become(await state.init());
      return this.#open = new ClientTransaction(this);
    } finally {
      this.#isBeginning = false;
    }
  }

  groupCoordinator(groupId: string): Coordinator {
    return this.#groups.getOrInsertComputed(
      groupId,
      () => new Coordinator(this.#view, this.#control, "group", groupId),
    );
  }

  ended(): void {
    this.#open = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.sender.close();
    await Promise.all([this.#data.close(), this.#control.close()]);
  }

  #isReady(queue: PartitionQueue): boolean {
    return this.#transactions === undefined || this.#open?.isReady(queue) === true;
  }

  #fenced(code: number): KafkaError {
    const state = this.#transactions;
    if (state !== undefined) return state.fence(code);
    return new Fenced(
      "Cannot send a block: the broker says that another producer has our id, which it gives to one " +
        "alone; open a new sink",
      { code: errorName(code) },
    );
  }
}

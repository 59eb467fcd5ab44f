import type {
  Appended,
  GroupIdentity,
  PartitionOffset,
  RecordBlock,
  TopicPartition,
  Txn,
} from "../driver.ts";
import { Abortable, Fenced, KafkaError } from "../kafka_error.ts";
import { CODES, errorName, isFenced } from "../wire/error_codes.ts";
import type { PartitionCode } from "../wire/by_topic.ts";
import {
  addOffsetsRequest,
  addPartitionsRequest,
  txnOffsetCommitRequest,
} from "../wire/transaction_requests.ts";
import type { BlockSender } from "./block_sender.ts";
import type { Coordinator, CoordinatorAnswer, CoordinatorQuestion } from "./coordinator.ts";
import { isConcurrent, SOON, type TransactionState } from "./transaction_state.ts";

const CHANGED = "the group has changed; abort it, and join again";
/** Who commits offsets of a group that they are not a member of, or not any more. */
const NO_MEMBER: Readonly<Record<number, string>> = {
  [CODES.illegalGeneration]: CHANGED,
  [CODES.unknownMember]: CHANGED,
  [CODES.rebalanceInProgress]: CHANGED,
  [CODES.fencedInstance]:
    "another member has joined under the same groupInstanceId, and has its place; abort it, and " +
    "give each process a name of its own",
};

/** How often a coordinator may say that a topic is unknown before it is believed: two seconds or so. */
const MOST_UNKNOWN = 24;

/** What a {@linkcode ClientTransaction} belongs to. */
export interface TransactionHome {
  readonly state: TransactionState;
  readonly sender: BlockSender;
  /** The coordinator of a consumer group. */
  groupCoordinator(groupId: string): Coordinator;
  /** Called when it has ended, one way or other. */
  ended(): void;
}

/** A transaction: partitions are added to it before what is sent to them. */
export class ClientTransaction implements Txn {
  readonly #home: TransactionHome;
  readonly #added = new Set<string>();
  #adding: TopicPartition[] = [];
  #isAdding = false;
  #hasOffsets = false;
  #failure: KafkaError | undefined;
  #state: "open" | "ending" | "ended" = "open";
  /** Questions that were not answered yet. */
  readonly #asking = new Set<Promise<unknown>>();

  /** One that is open. */
  constructor(home: TransactionHome) {
    this.#home = home;
  }

  /** Whether a partition may be sent to. */
  isReady({ topic, partition }: TopicPartition): boolean {
    return this.#added.has(`${topic}/${partition}`);
  }

  /** It cannot be committed any more. */
  fail(error: KafkaError): void {
    if (this.#failure !== undefined) return;
    this.#failure = error instanceof Fenced || error instanceof Abortable ? error : new Abortable(
      `Cannot go on with a transaction of ${JSON.stringify(this.#home.state.transactionalId)}: ` +
        `a block was not sent (${error.message}); abort it`,
      { cause: error },
    );
    const failure = this.#failure;
    this.#home.sender.giveUpWaiting(() => failure);
  }

  send(block: RecordBlock, { signal }: { signal?: AbortSignal } = {}): Promise<Appended> {
    try {
      this.#check("send a block in");
      signal?.throwIfAborted();
    } catch (error) {
      return Promise.reject(error);
    }
    const { topic, partition } = block;
    if (!this.isReady(block) && !this.#adding.some(isSame(block))) {
      this.#adding.push({ topic, partition });
      this.#ask(this.#addPartitions()).catch(() => {}); // the transaction has failed by it
    }
    return this.#home.sender.send(block, signal);
  }

  async sendOffsets(group: GroupIdentity, offsets: readonly PartitionOffset[]): Promise<void> {
    this.#check("send offsets in");
    if (offsets.length > 0) await this.#ask(this.#sendOffsets(group, offsets));
  }

  async commit(): Promise<void> {
    this.#check("commit");
    this.#state = "ending";
    const { sender, state } = this.#home;
    try {
      await Promise.allSettled(this.#asking);
      await sender.idle();
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#added.size > 0 || this.#hasOffsets) await state.end(true);
      this.#end();
    } catch (error) {
      if (error instanceof Abortable) {
        this.#failure ??= error;
        this.#state = "open"; // to be aborted
      } else this.#end();
      throw error;
    }
  }

  async abort(): Promise<void> {
    if (this.#state === "ended") return;
    if (this.#state === "ending") throw this.#wrong("abort", "it is being ended");
    this.#state = "ending";
    const { sender, state } = this.#home;
    const wasSound = this.#failure === undefined;
    this.fail(new Abortable("Cannot send a block: its transaction is aborted"));
    try {
      await Promise.allSettled(this.#asking);
      await sender.idle();
      if (this.#failure instanceof Fenced) return; // by whom it was aborted
      if (wasSound && !state.needsEpoch && !sender.hasGap) {
        if (this.#added.size > 0 || this.#hasOffsets) await state.end(false);
      } else sender.become(await state.init()); // which aborts it, and refuses whatever is still on its way
    } catch (error) {
      state.doubt(); // the next one aborts it before it begins
      throw error;
    } finally {
      this.#end();
    }
  }

  #end(): void {
    this.#state = "ended";
    this.#home.ended();
  }

  #check(doing: string): void {
    this.#home.state.check();
    if (this.#state !== "open") throw this.#wrong(doing, "it has ended, or is about to");
    if (this.#failure !== undefined) throw this.#failure;
  }

  #wrong(doing: string, why: string): KafkaError {
    const { transactionalId } = this.#home.state;
    return new KafkaError(
      `Cannot ${doing} a transaction of ${JSON.stringify(transactionalId)}: ${why}`,
    );
  }

  /** Waits for a question with the transaction, whose failure is the transaction's. */
  async #ask(question: Promise<void>): Promise<void> {
    const asked = question.catch((error) => {
      const isOurs = error instanceof KafkaError;
      this.fail(isOurs ? error : new KafkaError("Cannot ask the coordinator", { cause: error }));
      throw this.#failure;
    });
    asked.catch(() => {});
    this.#asking.add(asked);
    try {
      await asked;
    } finally {
      this.#asking.delete(asked);
    }
  }

  /** Asks a coordinator; what may still arrive later must not meet the next transaction. */
  async #askAt<Answer>(
    coordinator: Coordinator,
    question: Omit<CoordinatorQuestion<Answer>, "forMs" | "backoff">,
  ): Promise<CoordinatorAnswer<Answer>> {
    const { state } = this.#home;
    try {
      const asked = await coordinator.ask({ ...question, forMs: state.forMs, backoff: SOON });
      if (asked.wasLost) state.doubt();
      return asked;
    } catch (error) {
      state.doubt();
      throw error;
    }
  }

  async #addPartitions(): Promise<void> {
    if (this.#isAdding) return;
    this.#isAdding = true;
    try {
      while (this.#adding.length > 0) {
        await Promise.resolve(); // what is sent at the same time is added at once
        const partitions = [...this.#adding];
        await this.#add(partitions);
        for (const { topic, partition } of partitions) this.#added.add(`${topic}/${partition}`);
        this.#adding = this.#adding.filter((one) => !partitions.some(isSame(one)));
        this.#home.sender.wake();
      }
    } finally {
      this.#isAdding = false;
    }
  }

  async #add(partitions: readonly TopicPartition[]): Promise<void> {
    const { state } = this.#home;
    const doing = `add partitions to a transaction of ${JSON.stringify(state.transactionalId)}`;
    let unknown = 0;
    const { answer, code } = await this.#askAt(state.coordinator, {
      request: addPartitionsRequest(state.producer, partitions),
      codeOf: worst,
      doing,
      isPassing: (code) =>
        isConcurrent(code) || code === CODES.unknownTopicOrPartition && ++unknown < MOST_UNKNOWN,
    });
    if (isFenced(code)) throw state.fence(code);
    if (code === 0) return;
    const { topic, partition } = answer.find((part) => part.code === code) ?? partitions[0];
    const advice = code === CODES.topicAuthorizationFailed
      ? ": grant WRITE on the topic"
      : code === CODES.unknownTopicOrPartition
      ? ": there is none, make it first"
      : "";
    throw new KafkaError(
      `Cannot ${doing}: the broker says ${errorName(code)} of partition ${partition} of topic ` +
        `${JSON.stringify(topic)}${advice}`,
      { code: errorName(code) },
    );
  }

  async #sendOffsets(group: GroupIdentity, offsets: readonly PartitionOffset[]): Promise<void> {
    const { state } = this.#home;
    const doing = `commit offsets of group ${JSON.stringify(group.groupId)} in a transaction`;
    const { code } = await this.#askAt(state.coordinator, {
      request: addOffsetsRequest(state.producer, group.groupId),
      codeOf: (answer) => answer.code,
      doing,
      isPassing: isConcurrent,
    });
    this.#hasOffsets = true;
    this.#judgeOffsets(code, doing);
    const committed = await this.#askAt(this.#home.groupCoordinator(group.groupId), {
      request: txnOffsetCommitRequest(state.producer, group, offsets),
      codeOf: worst,
      doing,
      isPassing: (code) => isConcurrent(code) || code === CODES.unknownTopicOrPartition,
    });
    this.#judgeOffsets(committed.code, doing);
  }

  #judgeOffsets(code: number, doing: string): void {
    if (code === 0) return;
    if (isFenced(code)) throw this.#home.state.fence(code);
    const said = `Cannot ${doing}: the broker says ${errorName(code)}`;
    const why = NO_MEMBER[code];
    if (why !== undefined) throw new Abortable(`${said}: ${why}`, { code: errorName(code) });
    const advice = code === CODES.groupAuthorizationFailed ? ": grant READ on the group" : "";
    throw new KafkaError(`${said}${advice}`, { code: errorName(code) });
  }
}

function isSame(one: TopicPartition) {
  return (other: TopicPartition) => one.partition === other.partition && one.topic === other.topic;
}

/** The error of several partitions: one that does not pass before one that does. */
function worst(answer: readonly PartitionCode[]): number {
  const codes = answer.map(({ code }) => code).filter((code) => code !== 0);
  const NOT_ATTEMPTED = 55;
  const passing = (code: number) =>
    isConcurrent(code) || code === CODES.unknownTopicOrPartition || code === NOT_ATTEMPTED;
  return codes.find((code) => !passing(code)) ?? codes.find((code) => code !== NOT_ATTEMPTED) ??
    codes[0] ?? 0;
}

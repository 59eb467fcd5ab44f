import type { Runtime } from "../../../runtime/runtime.ts";
import { BatchSealer } from "../../records/batch_sealer.ts";
import type { Appended, RecordBlock, SinkOptions } from "../driver.ts";
import { KafkaError } from "../kafka_error.ts";
import { type ProducedPartition, produceRequest } from "../wire/data_requests.ts";
import { CODES, errorName } from "../wire/error_codes.ts";
import type { ProducerIdentity } from "../wire/transaction_requests.ts";
import { BACKOFF } from "./attempts.ts";
import type { ClusterView } from "./cluster_view.ts";
import { type Entry, newEntry } from "./entry.ts";
import { EpochBump } from "./epoch_bump.ts";
import type { Lane, LaneUser } from "./lane.ts";
import { Lanes } from "./lanes.ts";
import type { DialError, Link } from "./link.ts";
import type { Links } from "./links.ts";
import { type MetadataUser, MetadataWatch } from "./metadata_watch.ts";
import { lostQueues, whyUnwritable } from "./lost_queues.ts";
import type { PartitionQueue } from "./partition_queue.ts";
import { PartitionQueues } from "./partition_queues.ts";
import { Pump } from "./pump.ts";
import { gatherRound } from "./produce_round.ts";
import { late, lostRecords, spellBlock, unclear, unsent } from "./produce_failure.ts";
import { settleAnswer, type Settling } from "./settle_answer.ts";
import { nextDueMs, overdue } from "./sender_deadlines.ts";
import { splitEntry } from "./split_entry.ts";
import { TopicSizes } from "./topic_sizes.ts";
import { UnknownTopics } from "./unknown_topics.ts";

const sealer = new BatchSealer();

/** What those above a {@linkcode BlockSender} tell it and hear of it. */
export interface SenderHooks {
  /** Whether a partition may be sent to: transactions say so. */
  isReady(queue: PartitionQueue): boolean;
  /** A block was given up. */
  failed(error: KafkaError): void;
  /** The broker says that another producer has taken over. */
  fenced(code: number): KafkaError;
  /** A new identity, where all epochs of one are used up. */
  renew(): Promise<ProducerIdentity>;
}

/**
 * Sends blocks: a queue a partition, what waits for the same broker in one request, up to five
 * requests under way at each, retries in order. The model is the Sender of Kafka's own producer.
 */
export class BlockSender implements Settling, LaneUser, MetadataUser {
  readonly isIdempotent: boolean;
  readonly #options: SinkOptions;
  readonly #hooks: SenderHooks;
  readonly #view: ClusterView;
  readonly #runtime: Runtime;
  readonly #metadata: MetadataWatch;
  readonly #queues: PartitionQueues;
  readonly #epochs: EpochBump;
  /** Those with blocks. */
  readonly #active = new Set<PartitionQueue>();
  readonly #lanes: Lanes;
  readonly #unknownTopics = new UnknownTopics();
  readonly #pump: Pump;
  readonly #idle = new Set<() => void>();
  readonly #sizes: TopicSizes;
  #unsettled = 0;
  #trouble = "it was not its turn yet";

  /** Nothing to send yet. */
  constructor(view: ClusterView, links: Links, options: SinkOptions, hooks: SenderHooks) {
    this.#view = view;
    this.#runtime = view.runtime;
    this.#sizes = new TopicSizes(view.runtime);
    this.#lanes = new Lanes(links, view.runtime, this);
    this.#options = options;
    this.#hooks = hooks;
    this.isIdempotent = options.idempotent;
    this.#queues = new PartitionQueues(options.idempotent);
    this.#epochs = new EpochBump({
      ...{ queues: this.#queues, active: this.#active, renew: () => hooks.renew() },
      restarted: () => this.wake(),
      failed: (error) => this.giveUpWaiting(() => error),
    });
    this.#metadata = new MetadataWatch(view, this);
    this.#pump = new Pump(view.runtime, () => this.#work());
  }

  /** Who we are from now on: all sequence numbers begin anew. Nothing may be under way. */
  become(identity: ProducerIdentity): void {
    this.#queues.become(identity);
  }

  /** Sends a block behind those of its partition. */
  send(block: RecordBlock, signal?: AbortSignal): Promise<Appended> {
    const queue = this.#queues.of(block);
    const deadlineMs = this.#runtime.monotonicMs() + this.#options.deliveryTimeoutMs;
    const { entry, promise } = newEntry(block, { queue, deadlineMs });
    queue.waiting.push(entry);
    this.#active.add(queue);
    this.#unsettled++;
    this.#splitTooLarge(entry);
    this.wake();
    if (signal === undefined) return promise;
    const abort = () => this.#giveUp(entry, signal.reason);
    signal.addEventListener("abort", abort);
    return promise.finally(() => signal.removeEventListener("abort", abort));
  }

  /** Whether a block with a sequence number was given up. */
  get hasGap(): boolean {
    return this.#queues.hasGap;
  }

  /** Resolves when every block is settled, and nothing is under way. */
  async idle(): Promise<void> {
    if (this.#isIdle()) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#idle.add(resolve);
    await promise;
  }

  /** Gives up all that waits; what is under way is settled by its answer. */
  giveUpWaiting(errorOf: (block: RecordBlock) => unknown): void {
    for (const queue of [...this.#active]) {
      for (const entry of [...queue.waiting]) this.#giveUp(entry, errorOf(entry.block));
    }
  }

  /** Looks for what can be sent, at the end of this turn. */
  wake(): void {
    this.#pump.call();
  }

  /** Ends; what is not settled is rejected. */
  close(): void {
    this.#pump.close();
    this.#metadata.close();
    for (const queue of this.#active) {
      for (const entry of [...queue.suspects, ...queue.flying, ...queue.waiting]) {
        const isUncertain = entry.isUncertain || queue.flying.includes(entry);
        const error = unsent(entry.block, { isUncertain });
        this.#settle(entry, () => entry.reject(error));
      }
    }
    this.#active.clear();
    this.#tellIdle();
  }

  succeed(entry: Entry, baseOffset: number): void {
    const implied = entry.queue.impliedBy(entry);
    entry.queue.appended(entry, this.#runtime.monotonicMs());
    for (const before of implied) this.succeed(before, -1);
    this.#unknownTopics.found(entry.block.topic);
    this.#metadata.settled();
    this.#settle(entry, () => entry.resolve({ baseOffset }));
  }

  refuse(entry: Entry, error: KafkaError): void {
    entry.queue.failed(entry);
    this.#settle(entry, () => {
      this.#hooks.failed(error);
      entry.reject(error);
    });
  }

  split(entry: Entry): void {
    this.#sizes.refused(entry.block);
    this.#splitTooLarge(entry);
  }

  retry(entry: Entry, { isUncertain, why }: { isUncertain: boolean; why: string }): void {
    const { queue } = entry;
    entry.isUncertain ||= isUncertain;
    this.#trouble = why;
    if (entry.isSettled) return queue.failed(entry); // nobody waits for it any more
    const waitMs = BACKOFF.delayMs(++queue.failures, () => this.#runtime.random());
    queue.again(entry, this.#runtime.monotonicMs() + waitMs);
  }

  fenced(code: number): KafkaError {
    return this.#hooks.fenced(code);
  }

  moved(): void {
    this.#metadata.want([...this.#active].map((queue) => queue.topic));
  }

  connected(): void {
    this.wake();
  }

  unreachable(lane: Lane, error: DialError): void {
    this.#trouble = `${lane.address} ${error.message}`;
    this.moved();
    if (error.isPassing) return;
    for (const queue of [...this.#active]) {
      if (this.#view.leader(queue.topic, queue.partition)?.address !== lane.address) continue;
      for (const entry of [...queue.waiting]) {
        this.#giveUp(
          entry,
          new KafkaError(`Cannot send ${spellBlock(entry.block)}: ${this.#trouble}`),
        );
      }
    }
  }

  judged(topic: string, code: number): void {
    const queues = [...this.#queues.ofTopic(topic)];
    const verdict = { code, partitions: this.#view.partitions(topic)?.length ?? 0 };
    const why = whyUnwritable(queues, verdict);
    if (why === undefined) return void this.#unknownTopics.found(topic);
    const isSo = this.#unknownTopics.isSo(topic);
    this.#trouble = why;
    if (code !== CODES.topicAuthorizationFailed && !isSo) return;
    for (const queue of lostQueues(queues, verdict)) {
      for (const entry of [...queue.waiting]) {
        const what = `Cannot send ${spellBlock(entry.block)}: ${why}`;
        this.#giveUp(entry, new KafkaError(what, code === 0 ? {} : { code: errorName(code) }));
      }
    }
  }

  troubled(error: unknown): void {
    this.#trouble = (error as Error).message;
    if (!(error instanceof KafkaError && error.retriable)) this.giveUpWaiting(() => error);
  }

  changed(): void {
    this.wake();
  }

  /** What its topic would refuse for its size goes as two, and these as two, as small as it takes. */
  #splitTooLarge(entry: Entry): void {
    if (entry.block.records === 1 || this.#sizes.takes(entry.block)) return;
    const parts = entry.parts = splitEntry(entry);
    entry.isSettled = true; // with its parts
    this.#unsettled += parts.length - 1;
    entry.queue.replace(entry, parts);
    for (const part of parts) this.#splitTooLarge(part);
  }

  get #isTransactional(): boolean {
    return this.#options.transactionalId !== undefined;
  }

  #isIdle(): boolean {
    return this.#unsettled === 0 && [...this.#active].every((queue) => queue.flying.length === 0);
  }

  #tellIdle(): void {
    if (this.#idle.size === 0 || !(this.#pump.isClosed || this.#isIdle())) return;
    for (const resolve of this.#idle) resolve();
    this.#idle.clear();
  }

  /** Tells the sender of a block, once. */
  #settle(entry: Entry, tell: () => void): void {
    if (entry.isSettled) return;
    entry.isSettled = true;
    this.#unsettled--;
    tell();
  }

  /** A block is given up without an answer; one under way is settled by its answer, for the order. */
  #giveUp(entry: Entry, error: unknown): void {
    if (entry.parts) return entry.parts.forEach((part) => this.#giveUp(part, error));
    const isUnderWay = entry.queue.flying.includes(entry);
    if (!isUnderWay) entry.queue.failed(entry);
    this.#settle(entry, () => {
      const isOurs = error instanceof KafkaError;
      this.#hooks.failed(isOurs ? error : new KafkaError("Cannot send a block: it was given up"));
      entry.reject(error);
    });
    this.wake();
  }

  #work(): void {
    const nowMs = this.#runtime.monotonicMs();
    this.#expire();
    while (this.#sendRound());
    for (const queue of this.#active) {
      if (queue.isUndecided) this.#decide(queue);
      if (queue.needsRestart && !this.#isTransactional) this.#epochs.bump(queue);
      const { waiting, flying } = queue;
      if (waiting.length + flying.length === 0) this.#active.delete(queue);
    }
    this.#setAlarm(nowMs);
    this.#tellIdle();
  }

  /** Sends a request to each broker that has room and for which something waits. */
  #sendRound(): boolean {
    const { requests, leaderless } = gatherRound({
      ...{ view: this.#view, lanes: this.#lanes, active: this.#active },
      nowMs: this.#runtime.monotonicMs(),
      isReady: (queue) => this.#hooks.isReady(queue),
    });
    if (leaderless.size > 0) {
      this.#trouble = "its partition has no leader";
      this.#metadata.want(leaderless);
    }
    for (const [lane, { link, entries }] of requests) void this.#send(lane, link, entries);
    return requests.size > 0;
  }

  async #send(lane: Lane, link: Link, entries: readonly Entry[]): Promise<void> {
    const { acks, requestTimeoutMs, transactionalId = null } = this.#options;
    for (const entry of entries) this.#take(entry, lane.address);
    const parts = entries.map((entry) => entry.block);
    const request = produceRequest({ transactionalId, acks, timeoutMs: requestTimeoutMs, parts });
    let answer: readonly ProducedPartition[] | undefined;
    let why = "";
    lane.underWay++;
    try {
      answer = await link.send(request, requestTimeoutMs);
    } catch (error) {
      why = (error as Error).message;
      if (!this.#pump.isClosed) lane.rest();
    }
    lane.underWay--;
    if (this.#pump.isClosed) return;
    if (answer === undefined) {
      this.moved();
      for (const entry of entries) this.retry(entry, { isUncertain: true, why });
    } else if (acks === 0) { for (const entry of entries) this.succeed(entry, -1); }
    else this.#settleAll(entries, answer);
    this.wake();
  }

  #settleAll(entries: readonly Entry[], answer: readonly ProducedPartition[]): void {
    for (const entry of entries) {
      const { topic, partition } = entry.block;
      const its = answer.find((part) => part.partition === partition && part.topic === topic);
      if (its !== undefined) settleAnswer(this, entry, its);
      else this.retry(entry, { isUncertain: true, why: "the broker's answer leaves it out" });
    }
  }

  #take(entry: Entry, address: string): void {
    const { queue, block } = entry;
    queue.take(entry, address);
    if (entry.isSealed) return; // an attempt at it carries the same numbers as those before
    entry.isSealed = true;
    sealer.seal(block.bytes, {
      producerId: queue.identity.id,
      producerEpoch: queue.identity.epoch,
      baseSequence: entry.sequence,
      transactional: this.#isTransactional,
    });
  }

  /** Nothing behind the suspects was appended: they were not, or are not to be told apart. */
  #decide(queue: PartitionQueue): void {
    const isKnown = !queue.hasGap;
    for (const entry of [...queue.suspects]) {
      this.refuse(entry, isKnown ? lostRecords(entry.block) : unclear(entry.block));
    }
  }

  #expire(): void {
    const forMs = this.#options.deliveryTimeoutMs;
    for (const { entry, isUnderWay } of overdue(this.#active, this.#runtime.monotonicMs())) {
      const isUncertain = entry.isUncertain || isUnderWay;
      const why = isUncertain && !entry.isUncertain ? "no answer came" : this.#trouble;
      this.#giveUp(entry, late(entry.block, forMs, { isUncertain, why }));
    }
  }

  /**
   * Wakes up when the next block may be tried again, or is to be given up. What was not to be tried
   * when it was looked for may be so by now: by a later time it would be passed over for good.
   */
  #setAlarm(lookedMs: number): void {
    const dueMs = nextDueMs(this.#active, lookedMs);
    const resting = this.#active.size > 0 ? this.#lanes.restingUntilMs(lookedMs) : [];
    this.#pump.callAt(Math.min(dueMs, ...resting));
  }
}

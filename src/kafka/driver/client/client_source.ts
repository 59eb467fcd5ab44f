import type { Runtime } from "../../../runtime/runtime.ts";
import { Stop } from "../../../stream/stop.ts";
import type {
  FetchedBlock,
  FetchOptions,
  FetchSource,
  PartitionOffset,
  TopicPartition,
} from "../driver.ts";
import { type WholeBatches, wholeBatches } from "../../records/whole_batches.ts";
import { KafkaError, type OffsetOutOfRange } from "../kafka_error.ts";
import { epochEndsRequest, type FetchedPartition, fetchRequest } from "../wire/data_requests.ts";
import { CODES, errorName, isLeaderMoved } from "../wire/error_codes.ts";
import { BACKOFF } from "./attempts.ts";
import type { ClusterView } from "./cluster_view.ts";
import { type FetchRequest, gatherFetches } from "./fetch_round.ts";
import { damagedFetch, lostOffsets, refusedFetch } from "./fetch_failure.ts";
import type { Lane, LaneUser } from "./lane.ts";
import { Lanes } from "./lanes.ts";
import type { DialError } from "./link.ts";
import { Links } from "./links.ts";
import { type MetadataUser, MetadataWatch } from "./metadata_watch.ts";
import { Pump } from "./pump.ts";
import {
  blockOf,
  type LostReading,
  nameOf,
  type Reading,
  readingAt,
  type Wanted,
} from "./reading.ts";
import { noTopic } from "./topics.ts";
import { UnknownTopics } from "./unknown_topics.ts";

/** How often what came is damaged before that is believed. */
const MOST_DAMAGED = 3;

/** Fetches partitions, by one request at a time to each broker. */
export class ClientSource implements FetchSource, LaneUser, MetadataUser {
  readonly #view: ClusterView;
  readonly #runtime: Runtime;
  readonly #options: FetchOptions;
  readonly #links: Links;
  readonly #metadata: MetadataWatch;
  readonly #pump: Pump;
  readonly #lanes: Lanes;
  readonly #unknownTopics = new UnknownTopics();
  #readings = new Map<string, Reading>();
  #lost: LostReading[] = [];
  #error: unknown;
  #arrived = Promise.withResolvers<void>();
  #turn = 0;

  /** Of no partition yet. */
  constructor(view: ClusterView, options: FetchOptions) {
    this.#view = view;
    this.#runtime = view.runtime;
    this.#options = options;
    this.#links = new Links(view.dialer);
    this.#lanes = new Lanes(this.#links, view.runtime, this);
    this.#metadata = new MetadataWatch(view, this);
    this.#pump = new Pump(view.runtime, () => this.#work());
  }

  assign(positions: readonly PartitionOffset[]): void {
    this.#readings = new Map(positions.map((at) => [nameOf(at), readingAt(at)]));
    this.#lost = [];
    this.#unknownTopics.clear();
    this.#pump.call();
  }

  pause(partitions: readonly TopicPartition[]): void {
    const paused = new Set(partitions.map(nameOf));
    for (const [name, reading] of this.#readings) reading.isPaused = paused.has(name);
    if (this.#hasNews()) this.#arrived.resolve();
    this.#pump.call();
  }

  async fetch({ signal }: { signal?: AbortSignal } = {}): Promise<readonly FetchedBlock[]> {
    signal?.throwIfAborted();
    if (this.#pump.isClosed) throw new KafkaError("Cannot fetch: the source is closed");
    if (!this.#hasNews()) await this.#news(signal);
    const blocks = this.#take();
    if (blocks.length > 0) return blocks;
    if (this.#lost.length > 0) throw this.#outOfRange();
    if (this.#error !== undefined) {
      const error = this.#error;
      this.#error = undefined;
      throw error;
    }
    return blocks;
  }

  connected(): void {
    this.#pump.call();
  }

  unreachable(lane: Lane, error: DialError): void {
    this.#metadata.want(this.#topics());
    if (!error.isPassing) {
      this.#fail(new KafkaError(`Cannot fetch: ${lane.address} ${error.message}`));
    }
  }

  judged(topic: string, code: number): void {
    const isUnknown = code === CODES.unknownTopicOrPartition;
    const isForbidden = code === CODES.topicAuthorizationFailed || code === CODES.invalidTopic;
    if (!isUnknown && !isForbidden) return void this.#unknownTopics.found(topic);
    const isSo = this.#unknownTopics.isSo(topic);
    if (isUnknown && !isSo) return;
    for (const reading of this.#readings.values()) {
      if (reading.topic === topic) reading.state = "over";
    }
    this.#fail(noTopic({ topic, code }));
  }

  troubled(error: unknown): void {
    if (!(error instanceof KafkaError && error.retriable)) this.#fail(error);
  }

  changed(): void {
    this.#pump.call();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#pump.close();
    this.#metadata.close();
    this.#arrived.resolve();
    this.#readings.clear();
    await this.#links.close();
  }

  #hasNews(): boolean {
    return this.#lost.length > 0 || this.#error !== undefined ||
      this.#readings.values().some((reading) => !reading.isPaused && reading.block !== undefined);
  }

  /** Waits until something has come, at most as long as a broker would. */
  async #news(signal?: AbortSignal): Promise<void> {
    this.#arrived = Promise.withResolvers<void>();
    using stop = new Stop(signal);
    const cancel = this.#runtime.after(this.#options.maxWaitMs, this.#arrived.resolve);
    try {
      await stop.or(this.#arrived.promise);
    } finally {
      cancel();
    }
  }

  #take(): readonly FetchedBlock[] {
    const blocks: FetchedBlock[] = [];
    for (const reading of this.#readings.values()) {
      const { block, isPaused } = reading;
      if (block === undefined || isPaused) continue;
      reading.block = undefined;
      reading.offset = block.next;
      reading.epoch = block.epochs?.at(-1)?.epoch ?? -1;
      blocks.push(block);
    }
    // The next requests are on their way while these blocks are worked on.
    if (blocks.length > 0) this.#work();
    return blocks;
  }

  #outOfRange(): OffsetOutOfRange {
    const lost = this.#lost;
    this.#lost = [];
    return lostOffsets(lost);
  }

  #fail(error: unknown): void {
    if (this.#pump.isClosed) return;
    this.#error ??= error;
    this.#arrived.resolve();
  }

  #topics(): Set<string> {
    return new Set(this.#readings.values().map((reading) => reading.topic));
  }

  /** Sends a request to each broker that none is under way to. */
  #work(): void {
    const nowMs = this.#runtime.monotonicMs();
    const readings = this.#readings.values();
    const round = gatherFetches({ view: this.#view, lanes: this.#lanes, readings, nowMs });
    if (round.leaderless.size > 0) this.#metadata.want(round.leaderless);
    for (const request of round.compares) void this.#compare(request);
    for (const request of round.fetches) void this.#ask(request);
    this.#setAlarm(nowMs);
  }

  async #ask({ lane, link, wanted }: FetchRequest): Promise<void> {
    const { maxWaitMs, requestTimeoutMs, maxPartitionBytes: maxBytes } = this.#options;
    const inTurn = wanted.toSorted((a, b) => a.reading.turn - b.reading.turn);
    const parts = inTurn.map(({ reading: { topic, partition, offset }, leader }) => {
      return { topic, partition, offset, leaderEpoch: leader.epoch, maxBytes };
    });
    await this.#exchange(lane, wanted, async () => {
      const request = fetchRequest({ ...this.#options, parts });
      const { code, partitions } = await link.send(request, maxWaitMs + requestTimeoutMs);
      if (code !== 0) throw new KafkaError(`Cannot fetch: the broker says ${errorName(code)}`);
      for (const { reading } of wanted) if (reading.state === "asked") reading.state = "idle";
      const asked = new Map(wanted.map(({ reading }) => [nameOf(reading), reading]));
      const first = partitions.find(({ bytes }) => bytes.length > 0);
      for (const fetched of partitions) {
        this.#receive(asked.get(nameOf(fetched)), fetched, fetched === first);
      }
    });
  }

  /** Asks a leader up to where it has what another one had: KIP-320. */
  async #compare({ lane, link, wanted }: FetchRequest): Promise<void> {
    const parts = wanted.map(({ reading: { topic, partition, epoch }, leader }) => {
      return { topic, partition, epoch, leaderEpoch: leader.epoch };
    });
    const request = epochEndsRequest(parts);
    await this.#exchange(lane, wanted, async () => {
      const ends = await link.send(request, this.#options.requestTimeoutMs);
      for (const { reading, leader } of wanted) {
        const found = ends.find((each) => nameOf(each) === nameOf(reading));
        if (found === undefined || this.#readings.get(nameOf(reading)) !== reading) continue;
        reading.state = "idle";
        if (found.code !== 0) this.#refused(reading, found.code);
        else if (found.end >= 0 && found.end < reading.offset) {
          reading.state = "over";
          this.#lost.push({ ...reading, truncatedTo: found.end });
        } else reading.comparedTo = leader.epoch;
      }
    });
  }

  /** Asks a broker about some partitions. */
  async #exchange(
    lane: Lane,
    wanted: readonly Wanted[],
    ask: () => Promise<void>,
  ): Promise<void> {
    for (const { reading } of wanted) reading.state = "asked";
    lane.underWay++;
    try {
      await ask();
    } catch (error) {
      lane.rest();
      this.#metadata.want(this.#topics());
      if (error instanceof KafkaError) this.#fail(error);
    }
    for (const { reading } of wanted) if (reading.state === "asked") reading.state = "idle";
    lane.underWay--;
    if (this.#hasNews()) this.#arrived.resolve();
    this.#pump.call();
  }

  #receive(reading: Reading | undefined, fetched: FetchedPartition, isFirst: boolean): void {
    // One that was assigned anew is another one.
    if (reading === undefined || this.#readings.get(nameOf(reading)) !== reading) return;
    const { code, bytes } = fetched;
    if (code !== 0) return this.#refused(reading, code);
    const whole = wholeBatches(bytes);
    const isDamaged = whole.bytes === 0 ? isFirst : whole.next <= reading.offset;
    if (isDamaged) return this.#damaged(reading, bytes.length, whole);
    reading.failures = 0;
    this.#metadata.settled();
    if (whole.bytes === 0) return;
    reading.turn = ++this.#turn;
    reading.block = blockOf(reading, fetched, whole);
  }

  /** A first batch that is not whole, or ends before what was asked for: brokers send no such thing. */
  #damaged(reading: Reading, bytes: number, whole: WholeBatches): void {
    if (++reading.failures < MOST_DAMAGED) {
      const waitMs = BACKOFF.delayMs(reading.failures, () => this.#runtime.random());
      reading.notBeforeMs = this.#runtime.monotonicMs() + waitMs;
      return;
    }
    reading.state = "over";
    this.#fail(damagedFetch(reading, bytes, whole));
  }

  #refused(reading: Reading, code: number): void {
    if (code === CODES.offsetOutOfRange) {
      reading.state = "over";
      this.#lost.push(reading);
    } else if (isLeaderMoved(code) || code === CODES.corruptMessage && reading.failures === 0) {
      const waitMs = BACKOFF.delayMs(++reading.failures, () => this.#runtime.random());
      reading.notBeforeMs = this.#runtime.monotonicMs() + waitMs;
      this.#metadata.want([reading.topic]);
    } else {
      reading.state = "over";
      this.#fail(refusedFetch(reading, code));
    }
  }

  /** Wakes up when a partition or a broker may be tried again. */
  #setAlarm(nowMs: number): void {
    const notBefore = this.#readings.values().map((reading) => reading.notBeforeMs);
    const times = [...notBefore.filter((ms) => ms > nowMs), ...this.#lanes.restingUntilMs(nowMs)];
    this.#pump.callAt(this.#readings.size === 0 ? Infinity : Math.min(...times));
  }
}

import type { Runtime } from "../../runtime/runtime.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import { delay } from "../../stream/delay.ts";
import type { SourceOptions } from "../../stream/source.ts";
import { kafkaDriver } from "../driver/current_driver.ts";
import type {
  FetchedBlock,
  KafkaCluster,
  KafkaDriver,
  PartitionOffset,
  TopicPartition,
} from "../driver/driver.ts";
import { KafkaError } from "../driver/kafka_error.ts";
import { Changes } from "./changes.ts";
import { ClusterLink } from "./cluster_link.ts";
import { DamagedPlaces } from "./damaged_places.ts";
import { FetchBuffer, type WaitingBlock } from "./fetch_buffer.ts";
import { Fetcher } from "./fetcher.ts";
import type { KafkaSourceSettings } from "./kafka_source_settings.ts";
import { LagWatch } from "./lag_watch.ts";
import { shrunk } from "./lost_offsets.ts";
import { keyOf, PartitionState } from "./partition_state.ts";
import { type ReadEvent, ReadEvents } from "./read_events.ts";
import { partitionsOf, reachOf } from "./start_positions.ts";

/** What a {@linkcode KafkaReading} is opened with. */
export interface KafkaReadingOptions {
  readonly name: string;
  readonly settings: KafkaSourceSettings;
  readonly open: SourceOptions;
  readonly runtime: Runtime;
}

/** How often it is looked whether topics have more partitions, ms. */
const METADATA_MS = 30_000;

/** Reads partitions over one connection to a cluster, ahead of the pipeline as far as there is room. */
export class KafkaReading implements AsyncDisposable {
  readonly #options: KafkaReadingOptions;
  readonly #closing: ChildAbort;
  readonly #buffer: FetchBuffer;
  readonly #changes = new Changes();
  readonly #states = new Map<string, PartitionState>();
  #all: PartitionState[] = [];
  readonly #events = new ReadEvents();
  readonly #damaged = new DamagedPlaces();
  #link: ClusterLink | undefined;
  #fetcher: Fetcher | undefined;
  #failure: { readonly error: unknown } | undefined;
  #running: Promise<unknown> = Promise.resolve();
  /** Whether partitions may still be handed over. */
  #isOpen = false;
  /** Whether nothing is handed on while partitions are handed over. */
  #isHeld = false;
  #bytes = 0;
  #resets = 0;

  /** A reading that has not begun. */
  constructor(options: KafkaReadingOptions) {
    this.#options = options;
    this.#buffer = new FetchBuffer(options.settings.maxBufferBytes);
    this.#closing = new ChildAbort(options.open.signal);
    this.#closing.signal.addEventListener("abort", () => this.#changes.notify());
  }

  /** What speaks to brokers. */
  get driver(): KafkaDriver {
    const { settings, name } = this.#options;
    return settings.driver ?? kafkaDriver(`read ${name}`);
  }

  /** All partitions that were ever read, those that were given up included. */
  get states(): readonly PartitionState[] {
    return this.#all;
  }

  /** Bytes that were fetched. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Fetched bytes that the pipeline has not taken. */
  get waitingBytes(): number {
    return this.#buffer.bytes;
  }

  /** How often connections were made anew. */
  get reconnects(): number {
    return this.#link?.rebuilt ?? 0;
  }

  /** How often a partition went on elsewhere, since what was to be read was not there. */
  get resets(): number {
    return this.#resets;
  }

  /**
   * Connects, and begins to fetch: fixed partitions, or those that are to be assigned.
   *
   * @throws {KafkaError} when no broker answers, or there is no such topic.
   */
  async start({ isAssigned }: { readonly isAssigned: boolean }): Promise<void> {
    const { settings, runtime, name } = this.#options;
    const { signal } = this.#closing;
    const { driver } = this;
    const cluster = await driver.connect(settings.connection, { signal, runtime });
    try {
      const partitions = await partitionsOf(cluster, settings, name);
      const topics = await cluster.topics(settings.topics);
      const leaders = topics.flatMap((topic) => topic.partitions.map(({ leader }) => leader));
      this.#buffer.shareAmong(new Set(leaders).size);
      const about = { name, driver, settings, runtime, maxBytes: this.#buffer.fetchBytes, signal };
      this.#link = await ClusterLink.open(cluster, about);
      if (!isAssigned) await this.#add(partitions);
    } catch (error) {
      if (!this.#link) await cluster[Symbol.asyncDispose]();
      throw error;
    }
    this.#isOpen = isAssigned;
    this.#run(this.#link);
  }

  #run(link: ClusterLink): void {
    const { settings, runtime, name } = this.#options;
    const { signal } = this.#closing;
    const about = { name, settings, link, runtime, signal, states: this.#states };
    const fetcher = this.#fetcher = new Fetcher({
      ...about,
      events: {
        states: this.#states,
        wanted: () => this.#wanted(),
        fetched: (state, block) => this.#fetched(state, block),
        moved: (state) => this.#moved(state),
        isAhead: ({ index }) => this.#options.open.alignment?.isAhead(index) ?? false,
      },
    });
    const stuck = (why: string) => fetcher.giveUp(why);
    const watch = new LagWatch({
      ...about,
      isFull: () => !this.#buffer.hasRoom,
      shrunk: (state, end) => this.#shrunk(state, end),
      stuck,
    });
    const failed = (error: unknown) => this.fail(error);
    const loops = [fetcher.run(), watch.run(), this.#watchTopics()];
    this.#running = Promise.all(loops.map((loop) => loop.catch(failed)));
  }

  /** Reads partitions that topics get later, from their start; those of a group are its leader's. */
  async #watchTopics(): Promise<void> {
    const { settings, runtime, name } = this.#options;
    if (this.#isOpen || settings.partitions || settings.toEnd) return;
    while (true) {
      await delay(runtime, METADATA_MS, this.#closing.signal);
      try {
        const all = await partitionsOf(this.cluster, settings, name);
        const fresh = all.filter((each) => !this.#states.has(keyOf(each)));
        if (fresh.length === 0) continue;
        await this.#add(fresh, await this.cluster.offsetsAt(fresh, "earliest"));
        this.#fetcher!.assign();
      } catch (error) {
        // who fetches and asks for the lag tells of what lasts
        if (!(error instanceof KafkaError)) throw error;
      }
    }
  }

  /** The reading cannot go on. */
  fail(error: unknown): void {
    if (!this.#closing.signal.aborted) this.#failure ??= { error };
    this.#changes.notify();
  }

  /** Resolves when something is to be fetched, or there never will be. */
  async #wanted(): Promise<void> {
    const isWanted = () =>
      this.#buffer.hasRoom && [...this.#states.values()].some((state) => !state.isFetched);
    while (!this.#closing.signal.aborted && !isWanted()) await this.#changes.next;
  }

  #fetched(state: PartitionState, block: FetchedBlock): void {
    this.#bytes += block.bytes.length;
    this.#buffer.put({ state, block });
    this.#changes.notify();
  }

  #moved(state: PartitionState): void {
    this.#resets++;
    this.#buffer.drop(state);
    this.#endIfRead(state);
    this.#changes.notify();
  }

  /**
   * A partition ends before where it was to be read to: it is waited for nothing.
   *
   * @throws {KafkaError} when such a loss is to be an error.
   */
  #shrunk(state: PartitionState, end: number): void {
    const { settings: { outOfRange }, name } = this.#options;
    if (state.isFetched) return;
    if (outOfRange === "fail") throw shrunk(name, state, end);
    state.end = end;
    this.#endIfRead(state);
    this.#fetcher!.assign();
    this.#changes.notify();
  }

  /** Reads more partitions, each as one of the source's own from now on. */
  async #add(
    partitions: readonly TopicPartition[],
    committed?: readonly PartitionOffset[],
  ): Promise<PartitionState[]> {
    const { settings, name, runtime } = this.#options;
    const about = { settings, name, ...(committed && { committed }) };
    const reach = await reachOf(this.#link!.cluster, partitions, about);
    const nowMs = runtime.monotonicMs();
    const states = reach.map(({ end, ...at }, place) => {
      return new PartitionState(at, { index: this.#all.length + place, end, nowMs });
    });
    this.#all.push(...states);
    for (const state of states) this.#states.set(keyOf(state), state);
    if (states.length > 0) this.#events.grown(this.#all.length);
    for (const state of states) this.#endIfRead(state);
    this.#changes.notify();
    return states;
  }

  /** A partition that is read. */
  stateOf(at: TopicPartition): PartitionState | undefined {
    return this.#states.get(keyOf(at));
  }

  /** The connections that are used now. */
  get cluster(): KafkaCluster {
    return this.#link!.cluster;
  }

  /** Partitions are this reader's from now on, with what is committed of them. */
  async assign(positions: readonly PartitionOffset[]): Promise<void> {
    const fresh = positions.filter((each) => !this.#states.has(keyOf(each)));
    await this.#add(fresh, fresh.filter(({ offset }) => offset >= 0));
    this.#fetcher!.assign();
  }

  /** Whether the pipeline was given anything. */
  get hasGiven(): boolean {
    return this.#all.some(({ taken, first }) => taken > first);
  }

  /** The pipeline is to begin anew with partitions: nothing is read before it has been told. */
  restart(positions: readonly PartitionOffset[]): void {
    this.#states.clear();
    this.#buffer.dropAll();
    this.#events.restart(positions);
    this.#fetcher!.assign();
    this.#changes.notify();
  }

  /** Whether it is to begin anew, and was not told yet. */
  get isRestarting(): boolean {
    return this.#events.isRestarting;
  }

  /**
   * It was told: they are read from there, counted anew; unless it is to begin anew once more, with
   * others, since partitions were handed over meanwhile.
   */
  async renew(positions: readonly PartitionOffset[]): Promise<void> {
    for (const state of this.#all) state.isGone = true;
    this.#all = [];
    this.#states.clear();
    this.#buffer.dropAll();
    this.#damaged.clear();
    if (this.isRestarting) return;
    this.#events.clear();
    await this.assign(positions);
  }

  /** They are no more: what was not taken of them is dropped. */
  revoke(partitions: readonly TopicPartition[]): void {
    for (const at of partitions) {
      const state = this.#states.get(keyOf(at));
      if (!state) continue;
      this.#buffer.drop(state);
      this.#states.delete(keyOf(at));
      this.#events.end(state);
      state.isGone = true;
    }
    this.#fetcher!.assign();
    this.#changes.notify();
  }

  #endIfRead(state: PartitionState): void {
    if (state.isFetched && !this.#buffer.has(state)) this.#events.end(state);
  }

  /**
   * What comes next; `undefined` at the end, `"later"` when something else came first.
   *
   * @throws what the reading has failed with.
   */
  async next(otherwise?: Promise<void>): Promise<ReadEvent | "later" | undefined> {
    let isLater = false;
    otherwise?.then(() => isLater = true);
    while (!this.#closing.signal.aborted) {
      if (this.#failure) throw this.#failure.error;
      const event = this.#isHeld ? undefined : this.#events.next() ?? this.#take();
      if (event) return event;
      if (this.#hasEnded) return undefined;
      if (isLater) return "later";
      const { alignment } = this.#options.open;
      const waits = [this.#changes.next, otherwise, this.#buffer.isEmpty || alignment?.changed()];
      await Promise.race(waits.filter((each) => each instanceof Promise));
    }
    return undefined;
  }

  get #hasEnded(): boolean {
    return !this.#isOpen && this.#events.isEmpty && this.#all.every(({ isOver }) => isOver);
  }

  /** Hands nothing on while partitions are handed over; goes on fetching. */
  hold(isHeld: boolean): void {
    this.#isHeld = isHeld;
    // who reads up to an end has done so with what it was given
    if (this.#options.settings.toEnd) this.#isOpen = isHeld;
    this.#changes.notify();
  }

  #take(): WaitingBlock | undefined {
    const { alignment } = this.#options.open;
    const taken = this.#buffer.take(({ index }) => alignment?.isAhead(index) ?? false);
    if (!taken) return void (alignment && this.#makeRoom());
    this.#endIfRead(taken.state);
    this.#changes.notify();
    return taken;
  }

  /** What waits for other partitions must not keep these from being fetched: it is fetched again. */
  #makeRoom(): void {
    if (this.#buffer.hasRoom) return;
    for (const [state, { from }] of this.#buffer.dropAll()) state.next = from;
    this.#fetcher!.assign();
    this.#changes.notify();
  }

  /**
   * Reads on from an offset again, because what came of it was damaged on the way.
   *
   * @throws the error, when it has been so several times.
   */
  again(state: PartitionState, offset: number, error: unknown): void {
    if (this.#damaged.isLasting(state, offset) || state.isOver) throw error;
    this.#buffer.drop(state);
    this.#events.goOn(state);
    state.next = offset;
    this.#fetcher!.assign();
    this.#changes.notify();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort();
    this.#closing[Symbol.dispose]();
    // what waits for an answer hears of it by the end of its connection, or of those made meanwhile
    await Promise.all([this.#link?.[Symbol.asyncDispose](), this.#running]);
    await this.#link?.[Symbol.asyncDispose]();
  }
}

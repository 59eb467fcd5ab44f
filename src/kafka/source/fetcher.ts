import type { Runtime } from "../../runtime/runtime.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import { Stop } from "../../stream/stop.ts";
import { spellDuration } from "../../runtime/duration.ts";
import type { FetchedBlock } from "../driver/driver.ts";
import { KafkaError, OffsetOutOfRange } from "../driver/kafka_error.ts";
import { type ClusterLink, Stuck } from "./cluster_link.ts";
import type { KafkaSourceSettings } from "./kafka_source_settings.ts";
import { outOfRange, truncated } from "./lost_offsets.ts";
import { keyOf, type PartitionState } from "./partition_state.ts";

/** Whose partitions a {@linkcode Fetcher} reads. */
export interface FetcherEvents {
  /** Those that are to be fetched, by {@linkcode keyOf}. */
  readonly states: ReadonlyMap<string, PartitionState>;
  /** Resolves when there is room for an answer, and something to ask for. */
  wanted(): Promise<void>;
  /** Something has come. */
  fetched(state: PartitionState, block: FetchedBlock): void;
  /** Whether a partition is to wait for others. */
  isAhead(state: PartitionState): boolean;
  /** A partition goes on elsewhere, since what was to be fetched is not there. */
  moved(state: PartitionState): void;
}

/** What a {@linkcode Fetcher} works with. */
export interface FetcherOptions {
  readonly name: string;
  readonly settings: KafkaSourceSettings;
  readonly link: ClusterLink;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  readonly events: FetcherEvents;
}

/** Fetches ahead of the pipeline, as far as there is room: a request is always under way. */
export class Fetcher {
  readonly #options: FetcherOptions;
  /** Ends the fetch that is under way, because it is stuck. */
  #giveUp: ((reason: unknown) => void) | undefined;

  /** A fetcher that has not begun. */
  constructor(options: FetcherOptions) {
    this.#options = options;
  }

  /** Tells the source what is to be fetched from now on, and from where. */
  assign(): void {
    const { events, link } = this.#options;
    const open = [...events.states.values()].filter((state) => !state.isFetched);
    link.source.assign(open.map((state) => state.at(state.next)));
  }

  /**
   * Fetches until it is told to stop.
   *
   * @throws {KafkaError} when it cannot go on.
   */
  async run(): Promise<void> {
    const { events, link, signal } = this.#options;
    this.assign();
    while (true) {
      await events.wanted();
      if (signal.aborted) return;
      this.#pause();
      try {
        const blocks = await this.#fetch();
        // who reaches no broker gets nothing, and is not told
        if (blocks.length > 0) link.answered();
        this.#take(blocks);
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof OffsetOutOfRange) await this.#outOfRange(error);
        else if (await link.recover(error)) this.assign();
      }
    }
  }

  /** Nothing has come for so long that there is no hope left: connections are to be made anew. */
  giveUp(why: string): void {
    const { name, settings } = this.#options;
    const watchdog = `watchdog (${spellDuration(settings.watchdogMs)})`;
    this.#giveUp?.(new Stuck(`Cannot read ${name}: ${why} for ${watchdog}`));
  }

  #pause(): void {
    const { events, link } = this.#options;
    link.source.pause([...events.states.values()].filter((state) => events.isAhead(state)));
  }

  async #fetch(): Promise<readonly FetchedBlock[]> {
    const { link, runtime, signal, settings } = this.#options;
    using child = new ChildAbort(signal);
    using stop = new Stop(child.signal);
    this.#giveUp = (reason) => child.abort(reason);
    const late = () => this.giveUp("a fetch has not ended");
    const cancel = runtime.after(settings.watchdogMs, late);
    try {
      return await stop.or(link.source.fetch({ signal: child.signal }));
    } finally {
      this.#giveUp = undefined;
      cancel();
    }
  }

  #take(blocks: readonly FetchedBlock[]): void {
    const { events, runtime, settings: { isolation } } = this.#options;
    const nowMs = runtime.monotonicMs();
    let isDone = false;
    for (const block of blocks) {
      const state = events.states.get(keyOf(block));
      // what was given up meanwhile, or has moved, is no news
      if (!state || state.isFetched || block.from !== state.next) continue;
      const { lastStableOffset, highWatermark } = block;
      const known = isolation === "read_committed" ? lastStableOffset : highWatermark;
      state.fetched(block, { known, nowMs });
      isDone ||= state.isFetched;
      events.fetched(state, block);
    }
    if (isDone) this.assign();
  }

  /** Goes on where a leader has what was read, which another one had more of. */
  #truncated({ partitions }: OffsetOutOfRange): void {
    const { events, settings, name } = this.#options;
    for (const at of partitions) {
      const state = events.states.get(keyOf(at));
      if (!state || at.truncatedTo === undefined) continue;
      if (settings.outOfRange === "fail") throw truncated(name, state, at.truncatedTo);
      state.moved(Math.min(state.taken, at.truncatedTo));
      events.moved(state);
    }
  }

  async #outOfRange(error: OffsetOutOfRange): Promise<void> {
    const { events, link, settings, name } = this.#options;
    this.#truncated(error);
    const gone = error.partitions.filter(({ truncatedTo }) => truncatedTo === undefined);
    const states = gone.flatMap((at) => events.states.get(keyOf(at)) ?? []);
    try {
      const [starts, ends] = await Promise.all([
        link.cluster.offsetsAt(states, "earliest"),
        link.cluster.offsetsAt(states, "latest", { isolation: settings.isolation }),
      ]);
      for (const state of states) {
        const start = starts.find((each) => keyOf(each) === keyOf(state))!.offset;
        const end = ends.find((each) => keyOf(each) === keyOf(state))!.offset;
        if (state.next >= start && state.next <= end) continue; // it has moved on meanwhile
        if (settings.outOfRange === "fail") throw outOfRange(name, state, { start, end });
        state.moved(settings.outOfRange === "earliest" ? start : end);
        events.moved(state);
      }
    } catch (failure) {
      if (failure instanceof KafkaError && !failure.retriable) throw failure;
      await link.recover(failure);
    }
    this.assign();
  }
}

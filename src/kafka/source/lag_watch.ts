import { spellDuration } from "../../runtime/duration.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { delay } from "../../stream/delay.ts";
import { KafkaError } from "../driver/kafka_error.ts";
import type { ClusterLink } from "./cluster_link.ts";
import type { KafkaSourceSettings } from "./kafka_source_settings.ts";
import { keyOf, type PartitionState } from "./partition_state.ts";

const UNKNOWN_TOPIC = "UNKNOWN_TOPIC_OR_PARTITION";

/** What a {@linkcode LagWatch} works with. */
export interface LagWatchOptions {
  readonly name: string;
  readonly settings: KafkaSourceSettings;
  readonly link: ClusterLink;
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** Partitions that are read. */
  readonly states: ReadonlyMap<string, PartitionState>;
  /** Whether nothing is fetched because the pipeline has enough. */
  readonly isFull: () => boolean;
  /** A partition that is read up to an end has come to have less than that. */
  readonly shrunk: (state: PartitionState, end: number) => void;
  /** Connections are to be made anew, because they have been like that for the watchdog's time. */
  readonly stuck: (why: string) => void;
}

/**
 * Asks for the ends of partitions now and then: that is how the lag is known, and how one finds out
 * about connections over which nothing comes any more, though there is something.
 */
export class LagWatch {
  readonly #options: LagWatchOptions;
  #failingSinceMs: number | undefined;
  #rebuiltMs = -Infinity;

  /** A watch that has not begun. */
  constructor(options: LagWatchOptions) {
    this.#options = options;
  }

  /**
   * Watches until it is told to stop.
   *
   * @throws {KafkaError} when brokers have not answered for `retryTimeout`, or refuse.
   */
  async run(): Promise<void> {
    const { runtime, settings, signal } = this.#options;
    while (!signal.aborted) {
      await delay(runtime, settings.lagMs, signal);
      await this.look();
    }
  }

  /** Looks now. */
  async look(): Promise<void> {
    const { link, settings: { isolation }, states, signal, shrunk } = this.#options;
    const open = [...states.values()].filter((state) => !state.isOver);
    if (open.length === 0) return;
    try {
      for (const each of await link.cluster.offsetsAt(open, "latest", { isolation })) {
        const state = states.get(keyOf(each));
        if (!state) continue;
        state.known = Math.max(state.known, each.offset);
        if (each.offset < state.end && state.end < Infinity) shrunk(state, each.offset);
      }
      this.#failingSinceMs = undefined;
      link.answered();
    } catch (error) {
      if (signal.aborted) return;
      this.#failed(error);
    }
    this.#judge(open);
  }

  #failed(error: unknown): void {
    const { runtime, name, settings: { retryMs, watchdogMs } } = this.#options;
    // who fetches finds out whether it is so
    if (error instanceof KafkaError && error.code === UNKNOWN_TOPIC) return;
    if (!(error instanceof KafkaError && error.retriable)) throw error;
    const nowMs = runtime.monotonicMs();
    this.#failingSinceMs ??= nowMs;
    const failingMs = nowMs - this.#failingSinceMs;
    if (failingMs >= retryMs) {
      throw new KafkaError(
        `Cannot read ${name}: brokers have not answered for retryTimeout ` +
          `(${
            spellDuration(retryMs)
          }), at last because: ${error.message}; look whether they are up, ` +
          `or raise retryTimeout`,
        { cause: error },
      );
    }
    if (failingMs >= watchdogMs) this.#stuck("no broker has answered");
  }

  #judge(open: readonly PartitionState[]): void {
    const { runtime, isFull, settings: { watchdogMs } } = this.#options;
    const nowMs = runtime.monotonicMs();
    for (const state of open) {
      if (state.isFetched || state.known <= state.next || isFull()) state.aliveMs = nowMs;
      else if (nowMs - state.aliveMs >= watchdogMs) {
        state.aliveMs = nowMs;
        this.#stuck(`nothing has come of ${keyOf(state)}, though there are records,`);
      }
    }
  }

  /** Once in the watchdog's time at most. */
  #stuck(why: string): void {
    const { runtime, stuck, settings: { watchdogMs } } = this.#options;
    const nowMs = runtime.monotonicMs();
    if (nowMs - this.#rebuiltMs < watchdogMs) return;
    this.#rebuiltMs = nowMs;
    stuck(why);
  }
}

import type { RecordBatch } from "../../batch/record_batch.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import { type StreamPlan, StreamRun } from "./stream_run.ts";
import { listenersOf } from "./streaming_instruments.ts";
import type { StreamListener } from "./streaming_metrics.ts";

/**
 * Batches that are made as they are asked for, or as they become due: in a `for` loop, which blocks
 * the thread while it waits, or in one of `for await`. Each loop gets all of them.
 */
export interface GeneratedStream<Row = Record<string, unknown>>
  extends Iterable<RecordBatch<Row>>, AsyncIterable<RecordBatch<Row>> {
  /** As `for await` gives them, until this signal is aborted as well: the loop throws its reason. */
  batches(options?: { readonly signal?: AbortSignal }): AsyncIterableIterator<RecordBatch<Row>>;
}

/** The batches of a plan. */
export class PlannedStream<Row> implements GeneratedStream<Row> {
  readonly #plan: StreamPlan<Row>;
  readonly #listeners: readonly StreamListener[];

  /** Nothing is made before it is asked for. */
  constructor(plan: StreamPlan<Row>) {
    this.#plan = plan;
    this.#listeners = listenersOf(plan.settings.metrics);
  }

  /**
   * The batches one by one; waits by blocking the thread.
   *
   * @throws {TypeError} when there are workers, of which one can only wait by `for await`.
   */
  *[Symbol.iterator](): IterableIterator<RecordBatch<Row>> {
    const { clock, settings: { signal } } = this.#plan;
    const run = this.#begin();
    try {
      for (let turn = run.turn(); turn.state !== "done"; turn = run.turn()) {
        signal?.throwIfAborted();
        if (turn.state === "wait") clock.block(turn.ms);
        else yield this.#counted(run.rowsNow(turn.range));
      }
    } finally {
      this.#end();
    }
  }

  /** The batches one by one. */
  [Symbol.asyncIterator](): AsyncIterableIterator<RecordBatch<Row>> {
    return this.batches();
  }

  /** The same, with one more signal. */
  async *batches(
    { signal: other }: { readonly signal?: AbortSignal } = {},
  ): AsyncIterableIterator<RecordBatch<Row>> {
    const { clock, settings: { signal: own } } = this.#plan;
    using both = own && other ? new ChildAbort(own, other) : undefined;
    const signal = both?.signal ?? own ?? other;
    const run = this.#begin();
    try {
      while (true) {
        signal?.throwIfAborted();
        await clock.going(signal);
        const turn = run.turn();
        if (turn.state === "done") return;
        if (turn.state === "wait") await clock.wait(turn.ms, signal);
        else yield this.#counted(await run.rows(turn.range));
      }
    } finally {
      await run.close();
      this.#end();
    }
  }

  #begin(): StreamRun<Row> {
    this.#plan.settings.metrics?.started();
    return new StreamRun(this.#plan, this.#listeners);
  }

  #counted(batch: RecordBatch<Row>): RecordBatch<Row> {
    for (const each of this.#listeners) each.sent({ records: batch.length });
    return batch;
  }

  #end(): void {
    this.#plan.settings.metrics?.ended();
  }
}

import type { RecordBatch } from "../../batch/record_batch.ts";
import type { BatchQueue } from "./batch_queue.ts";

type Batches = AsyncGenerator<RecordBatch, void, undefined>;

/** What happens when batches are read. */
export interface QueueEvents {
  /** The first is asked for. */
  start(): void;
  /** The first so many rows have been taken, and those behind them are asked for. */
  asked(rows: number): void;
  /** All have been taken. */
  end(): Promise<void>;
  /** Nobody reads any more, whether one was asked for or not; resolves when all is released. */
  leave(): Promise<void>;
}

/** The batches of a queue; who never began to read them may leave them too. */
export function queuedBatches(queue: BatchQueue, events: QueueEvents): Batches {
  let rows = 0;
  const take = async (): Promise<IteratorResult<RecordBatch, void>> => {
    events.start();
    events.asked(rows);
    const value = await queue.take();
    rows += value?.length ?? 0;
    if (value) return { done: false, value };
    await events.end();
    return { done: true, value: undefined };
  };
  const leave = async () => {
    queue.leave();
    await events.leave();
  };
  // One at a time, as those of a generator.
  let turn: Promise<unknown> = Promise.resolve();
  const batches: Batches = {
    next: () => {
      const next = turn.then(take, take);
      turn = next;
      return next;
    },
    return: async () => {
      await leave();
      return { done: true, value: undefined };
    },
    throw: async (error) => {
      await leave();
      throw error;
    },
    [Symbol.asyncIterator]: () => batches,
    [Symbol.asyncDispose]: leave,
  };
  return batches;
}

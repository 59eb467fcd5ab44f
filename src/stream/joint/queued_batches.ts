import type { RecordBatch } from "../../batch/record_batch.ts";
import type { BatchQueue } from "./batch_queue.ts";

type Batches = AsyncGenerator<RecordBatch, void, undefined>;

/** What happens when batches are read. */
export interface QueueEvents {
  /** The first is asked for. */
  start(): void;
  /** Nobody reads any more, whether one was asked for or not; resolves when all is released. */
  leave(): Promise<void>;
}

/** The batches of a queue; who never began to read them may leave them too. */
export function queuedBatches(queue: BatchQueue, events: QueueEvents): Batches {
  const take = async (): Promise<IteratorResult<RecordBatch, void>> => {
    events.start();
    const value = await queue.take();
    return value ? { done: false, value } : { done: true, value: undefined };
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

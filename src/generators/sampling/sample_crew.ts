import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { BLOCK_ROWS } from "../../kernel/sampler_kernel.ts";
import type { Cancel, Runtime, WorkerHandle } from "../../runtime/runtime.ts";
import { BlockUnpacker, SharedDictionaries } from "./block_wire.ts";
import {
  type Sampled,
  type SampleInit,
  type SampleJob,
  type SampleMessage,
  SampleTask,
} from "./sample_task.ts";

const MODULE = new URL("./sample_worker.ts", import.meta.url);
/** Jobs that a bee has at most: one that it does, and the next. */
const JOBS_A_BEE = 2;
/** Blocks of a job at most: enough that messages cost little, few enough to stay in the cache. */
const BLOCKS_A_JOB = 4;
/**
 * Bees that have work for so long and tell nothing count as lost, where all rows are kept; those that
 * pass over the beginning of a stream tell that they do.
 */
const LONGEST_WORK_MS = 60_000;
/** Rows that any machine draws in a millisecond. */
const SLOWEST_ROWS_A_MS = 250;

/** What a crew is made with. */
export interface CrewOptions {
  /** How many bees. */
  readonly workers: number;
  readonly runtime: Runtime;
  readonly signal?: AbortSignal;
  /** The columns of the blocks. */
  readonly schema: Schema;
  /** What share of the rows that are drawn is kept. Default 1. */
  readonly acceptance?: number;
  /** What the bees are born with; made when they are. */
  readonly init: () => SampleInit;
  /** Loads a model, for runtimes that run bees in the same thread. */
  readonly load: (bytes: Uint8Array) => Promise<Sampled>;
}

interface Bee {
  readonly worker: WorkerHandle;
  readonly unpacker: BlockUnpacker;
  /** Jobs that it has. */
  jobs: number;
}

/** For how long bees that draw rows of which this share is kept may be silent, ms. */
export function longestWorkMs(acceptance: number): number {
  const drawn = BLOCKS_A_JOB * BLOCK_ROWS * (1 / acceptance - 1);
  return LONGEST_WORK_MS + Math.ceil(drawn / SLOWEST_ROWS_A_MS);
}

/** Bees that make the blocks of one sample. */
class SampleCrew implements Disposable {
  readonly #options: CrewOptions;
  readonly #bees: Bee[] = [];
  readonly #done = new Map<number, RecordBatch[]>();
  readonly #abort = () => this.#fail(this.#options.signal!.reason);
  #failure: { readonly reason: unknown } | undefined;
  #wake: () => void = () => {};

  constructor(options: CrewOptions) {
    this.#options = options;
    const { workers, signal, schema } = options;
    signal?.throwIfAborted();
    signal?.addEventListener("abort", this.#abort);
    const shared = new SharedDictionaries();
    const init = options.init();
    try {
      for (let number = 0; number < workers; number++) {
        const unpacker = new BlockUnpacker(schema, shared);
        this.#bees.push({ worker: this.#spawn(number, init), unpacker, jobs: 0 });
      }
    } catch (cause) {
      this[Symbol.dispose]();
      throw lost(cause);
    }
  }

  #spawn(number: number, init: SampleInit): WorkerHandle {
    const { runtime, load } = this.#options;
    return runtime.spawn({
      module: MODULE,
      name: `sampling bee ${number}`,
      init,
      inProcess: (init, _, post) => SampleTask.born(init as SampleInit, { load, post }),
    }, {
      message: (message) => this.#heard(this.#bees[number], message as SampleMessage),
      error: (error) => this.#fail(lost(error)),
    });
  }

  /** Gives a job to the bee that has least to do. */
  send(job: SampleJob): void {
    const bee = this.#bees.reduce((a, b) => b.jobs < a.jobs ? b : a);
    bee.jobs++;
    bee.worker.post(job);
  }

  /** The blocks of a job, when they are there. */
  async take(job: number): Promise<RecordBatch[]> {
    while (!this.#failure && !this.#done.has(job)) await this.#news();
    if (this.#failure) throw this.#failure.reason;
    const blocks = this.#done.get(job)!;
    this.#done.delete(job);
    return blocks;
  }

  /** Resolves when a bee has told something, or all have been silent for too long. */
  async #news(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const { runtime, acceptance = 1 } = this.#options;
    const longestMs = longestWorkMs(acceptance);
    const cancel: Cancel = runtime.after(longestMs, () => {
      this.#fail(lost(new Error(`no bee has made rows for ${longestMs} ms`)));
    });
    await promise;
    cancel();
  }

  #heard(bee: Bee, message: SampleMessage): void {
    if (message.kind === "failed") return this.#fail(errorOf(message));
    if (message.kind === "working") return this.#wake();
    bee.jobs--;
    try {
      this.#done.set(message.job, bee.unpacker.unpack(message));
    } catch (error) {
      return this.#fail(lost(error));
    }
    this.#wake();
  }

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#wake();
  }

  /** Lets the bees go. */
  [Symbol.dispose](): void {
    this.#options.signal?.removeEventListener("abort", this.#abort);
    for (const { worker } of this.#bees) worker.terminate();
  }
}

/** What a bee told of, as the error that it would have been here. */
function errorOf({ name, message }: SampleMessage & { kind: "failed" }): Error {
  if (name === "RangeError") return new RangeError(message);
  if (name === "TypeError") return new TypeError(message);
  return new StreamingError(message);
}

function lost(cause: unknown): StreamingError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new StreamingError(
    `Cannot sample: a bee was lost: ${reason}; sample again, or without workers`,
    { cause },
  );
}

/**
 * Blocks in order, made by bees that are at most two jobs each ahead of who takes them. When no more
 * are wanted the bees are let go.
 *
 * @param range The first block, and the block after the last, which may be infinite.
 */
export async function* blocksByBees<Row>(
  { first, end }: { first: number; end: number },
  options: CrewOptions,
): AsyncGenerator<RecordBatch<Row>, void, undefined> {
  options.signal?.throwIfAborted();
  if (end <= first) return;
  const blocks = Math.min(BLOCKS_A_JOB, Math.ceil((end - first) / options.workers));
  const jobs = Math.ceil((end - first) / blocks);
  const workers = Math.min(options.workers, jobs); // the rest would have nothing to do
  using crew = new SampleCrew({ ...options, workers });
  let sent = 0;
  for (let job = 0; job < jobs; job++) {
    for (; sent < Math.min(jobs, job + workers * JOBS_A_BEE); sent++) {
      const start = first + sent * blocks;
      crew.send({ job: sent, first: start, end: Math.min(end, start + blocks) });
    }
    yield* await crew.take(job) as RecordBatch<Row>[];
  }
}

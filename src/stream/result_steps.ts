import type { RecordBatch } from "../batch/record_batch.ts";
import { several } from "../batch/several.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import { type Duration, milliseconds, spellDuration } from "../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { ChildAbort } from "./child_abort.ts";
import { HeldRows } from "./held_rows.ts";
import { Stop } from "./stop.ts";

/** Rows that wait for their batch to be full are held in memory. */
const MAX_BATCH_ROWS = 16_777_216;

/** Options of a pipeline's `batch()`. */
export interface BatchOptions {
  /** Rows of each batch but the last, from 1 to 16,777,216. */
  rows: number;
  /**
   * How long a row waits for its batch to be filled, by the runtime's clock; then what there is
   * leaves. Default: as long as it takes.
   */
  within?: Duration;
}

const OPTIONS: OptionRule<BatchOptions> = {
  doing: "batch results",
  names: { rows: true, within: true },
  example: "{ rows: 1000 }",
};

type Batches = AsyncGenerator<RecordBatch, void, undefined>;

/** What a {@linkcode ResultStep} works with. */
interface StepContext {
  readonly runtime: Runtime;
  /** Ends what is waited for. */
  readonly stop: Stop;
  /** Ends the run: a wait for its next batch fails. */
  readonly leave: () => void;
}

/** Something that is done to result batches, on the main thread. */
export interface ResultStep {
  readonly kind: "tap" | "batch";
  /** What it does, in words. */
  readonly does: string;
  /** Of a tap: what sees each batch. */
  readonly see?: (batch: RecordBatch) => void | Promise<void>;
  readonly apply: (batches: Batches, context: StepContext) => Batches;
}

/** What {@linkcode steppedResults} needs of a run. */
interface Run {
  batches(): Batches;
  leave(): void;
}

/** The results of a run after some steps. */
export async function* steppedResults(
  run: Run,
  steps: readonly ResultStep[],
  { runtime, signal }: { readonly runtime: Runtime; readonly signal: AbortSignal | undefined },
): Batches {
  using left = new ChildAbort(signal);
  using stop = new Stop(left.signal);
  const leave = () => {
    run.leave();
    left.abort();
  };
  const context = { runtime, stop, leave };
  yield* steps.reduce((batches, { apply }) => apply(batches, context), run.batches());
}

/**
 * Shows each batch to a callback.
 *
 * @throws {TypeError} when it is none.
 */
export function tapping(callback: (batch: RecordBatch) => void | Promise<void>): ResultStep {
  if (typeof callback !== "function") {
    throw new TypeError(
      `Cannot tap: tap() takes a function that is called with each batch of results, received ` +
        (callback === null ? "null" : typeof callback),
    );
  }
  return {
    kind: "tap",
    does: "a callback sees every batch, in JavaScript on the main thread",
    see: callback,
    apply: (batches, { stop }) => tapped(batches, callback, stop),
  };
}

async function* tapped(
  batches: Batches,
  callback: (batch: RecordBatch) => void | Promise<void>,
  stop: Stop,
): Batches {
  for await (const batch of batches) {
    await stop.or(called(callback, batch));
    yield batch;
  }
}

async function called(
  callback: (batch: RecordBatch) => void | Promise<void>,
  batch: RecordBatch,
): Promise<void> {
  try {
    await callback(batch);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new StreamingError(`Cannot go on: the callback of tap() failed: ${reason}`, { cause });
  }
}

/**
 * Puts results into batches of so many rows.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function regrouping(options: BatchOptions): ResultStep {
  const { rows, within } = knownOptions(options, OPTIONS);
  if (!(Number.isInteger(rows) && rows >= 1 && rows <= MAX_BATCH_ROWS)) {
    throw new RangeError(
      `Cannot batch results: rows must be a whole number from 1 to ${MAX_BATCH_ROWS}, received ` +
        `${received(rows)}; call batch({ rows: 1000 })`,
    );
  }
  const withinMs = within === undefined ? Infinity : milliseconds(within, "within");
  const most = withinMs < Infinity ? `, after ${spellDuration(withinMs)} also fewer` : "";
  return {
    kind: "batch",
    does: `${several(rows, "row")} a batch${most}, in JavaScript on the main thread`,
    apply: (batches, context) =>
      withinMs < Infinity
        ? regroupedInTime(batches, { rows, withinMs }, context)
        : regrouped(batches, rows),
  };
}

async function* regrouped(batches: Batches, rows: number): Batches {
  const held = new HeldRows();
  for await (const batch of batches) {
    held.add(batch, 0);
    while (held.length >= rows) yield held.take(rows);
  }
  if (held.length > 0) yield held.take(held.length);
}

async function* regroupedInTime(
  batches: Batches,
  { rows, withinMs }: { readonly rows: number; readonly withinMs: number },
  { runtime, leave }: StepContext,
): Batches {
  const held = new HeldRows();
  let next = batches.next();
  try {
    while (true) {
      const leftMs = held.sinceMs + withinMs - runtime.monotonicMs();
      const read = await settledWithin(next, { runtime, leftMs });
      if (!read) {
        yield held.take(held.length);
        continue;
      }
      if (read.done) break;
      held.add(read.value, runtime.monotonicMs());
      while (held.length >= rows) yield held.take(rows);
      next = batches.next();
    }
    if (held.length > 0) yield held.take(held.length);
  } finally {
    // The next batch may be waited for, and who left will not wait for it.
    leave();
    await Promise.allSettled([next, batches.return()]);
  }
}

/** What a promise gives, or `undefined` when it takes longer; `Infinity` waits for it. */
async function settledWithin<T>(
  promise: Promise<T>,
  { runtime, leftMs }: { readonly runtime: Runtime; readonly leftMs: number },
): Promise<T | undefined> {
  if (leftMs === Infinity) return await promise;
  const { promise: late, resolve } = Promise.withResolvers<undefined>();
  const cancel = runtime.after(Math.max(0, leftMs), () => resolve(undefined));
  try {
    return await Promise.race([promise, late]);
  } finally {
    cancel();
  }
}

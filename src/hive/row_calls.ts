import type { Runtime } from "../runtime/runtime.ts";

/** What a call has come to. */
export type Called = { readonly given: unknown } | { readonly error: unknown };

/** What a call has given at once: a promise has yet to settle. */
type Given = Called | { readonly pending: PromiseLike<unknown> };

/** How rows are called for. */
export interface RowCallsOptions {
  readonly call: (row: Record<string, unknown>) => unknown;
  /** Promises that may be pending at a time. */
  readonly concurrency: number;
  /** How long a promise may be pending. */
  readonly timeoutMs: number;
  readonly runtime: Runtime;
  /** A row has been dealt with. */
  readonly advance: () => void;
  /** Whether nobody wants the outcome any more. */
  readonly isCancelled: () => boolean;
}

/** Calls a function for each of some rows: at once, until it gives a promise. */
export function callRows(
  rows: readonly Record<string, unknown>[],
  options: RowCallsOptions,
): Called[] | Promise<Called[]> {
  const called: Called[] = [];
  for (const row of rows) {
    const outcome = attempt(() => options.call(row));
    if ("pending" in outcome) return rest(rows, { called, ...outcome }, options);
    called.push(outcome);
    options.advance();
  }
  return called;
}

/** Goes on with promises, the first of which is pending; outcomes stand in the order of rows. */
async function rest(
  rows: readonly Record<string, unknown>[],
  { called, pending }: { called: Called[]; pending: PromiseLike<unknown> },
  options: RowCallsOptions,
): Promise<Called[]> {
  const { call, concurrency, advance, isCancelled } = options;
  const first = called.length;
  let next = first + 1;
  const note = (at: number, outcome: Called) => {
    called[at] = outcome;
    advance();
  };
  const lane = async () => {
    while (next < rows.length && !isCancelled()) {
      const at = next++;
      const outcome = attempt(() => call(rows[at]));
      note(at, "pending" in outcome ? await settled(outcome.pending, options) : outcome);
    }
  };
  const firstLane = settled(pending, options).then((outcome) => note(first, outcome)).then(lane);
  await Promise.all([firstLane, ...Array.from({ length: concurrency - 1 }, lane)]);
  return called;
}

function attempt(call: () => unknown): Given {
  try {
    const given = call();
    return isThenable(given) ? { pending: given } : { given };
  } catch (error) {
    return { error };
  }
}

/** What a promise comes to, or that it took too long. */
async function settled(
  promise: PromiseLike<unknown>,
  { timeoutMs, runtime }: RowCallsOptions,
): Promise<Called> {
  const late = Promise.withResolvers<never>();
  const cancel = runtime.after(timeoutMs, () => {
    const message = `its promise was still pending after ${timeoutMs} ms (recordTimeout)`;
    late.reject(new DOMException(message, "TimeoutError"));
  });
  try {
    return { given: await Promise.race([promise, late.promise]) };
  } catch (error) {
    return { error };
  } finally {
    cancel();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (Object(value) as { then?: unknown }).then === "function";
}

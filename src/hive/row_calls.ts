import type { Runtime } from "../runtime/runtime.ts";

/** What calls for rows have come to. */
export interface Calls {
  /** By row. */
  readonly given: unknown[];
  /** What was thrown, by row. */
  readonly errors: Map<number, unknown>;
}

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
): Calls | Promise<Calls> {
  const { call, advance } = options;
  const calls: Calls = { given: Array(rows.length), errors: new Map() };
  for (let at = 0; at < rows.length; at++) {
    try {
      const given = call(rows[at]);
      if (isThenable(given)) return rest(rows, { calls, pending: given, at }, options);
      calls.given[at] = given;
    } catch (error) {
      calls.errors.set(at, error);
    }
    advance();
  }
  return calls;
}

/** Goes on with promises, the first of which is pending; outcomes stand in the order of rows. */
async function rest(
  rows: readonly Record<string, unknown>[],
  { calls, pending, at: first }: { calls: Calls; pending: PromiseLike<unknown>; at: number },
  options: RowCallsOptions,
): Promise<Calls> {
  const { call, concurrency, advance, isCancelled } = options;
  let next = first + 1;
  const settle = async (at: number, given: () => unknown) => {
    try {
      calls.given[at] = await inTime(given(), options);
    } catch (error) {
      calls.errors.set(at, error);
    }
    advance();
  };
  const lane = async () => {
    while (next < rows.length && !isCancelled()) {
      const at = next++;
      await settle(at, () => call(rows[at]));
    }
  };
  const firstLane = settle(first, () => pending).then(lane);
  await Promise.all([firstLane, ...Array.from({ length: concurrency - 1 }, lane)]);
  return calls;
}

/** What a promise gives, unless that takes too long. */
async function inTime(
  given: unknown,
  { timeoutMs, runtime }: RowCallsOptions,
): Promise<unknown> {
  if (!isThenable(given)) return given;
  const late = Promise.withResolvers<never>();
  const cancel = runtime.after(timeoutMs, () => {
    const message = `its promise was still pending after ${timeoutMs} ms (recordTimeout)`;
    late.reject(new DOMException(message, "TimeoutError"));
  });
  try {
    return await Promise.race([given, late.promise]);
  } finally {
    cancel();
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (Object(value) as { then?: unknown }).then === "function";
}

import type { Runtime } from "../../runtime/runtime.ts";
import { delay } from "../../stream/delay.ts";
import { RetryPolicy } from "../../stream/retry_policy.ts";
import { Stop } from "../../stream/stop.ts";
import { GroupChanged, KafkaError, UnknownOutcome } from "../driver/kafka_error.ts";

/** Waits between tries; how many there are others say. */
const BACKOFF = new RetryPolicy({ initialBackoff: "100ms", maxBackoff: "5s" });

/** Whether asking the same of the coordinator again may help: nothing in a group counts twice. */
export function isPassing(error: unknown): boolean {
  if (error instanceof GroupChanged) return false;
  return error instanceof UnknownOutcome || error instanceof KafkaError && error.retriable;
}

/** Waits before a retry, longer each time; rejects with the signal's reason. */
export function backOff(runtime: Runtime, retry: number, signal: AbortSignal): Promise<void> {
  return delay(runtime, BACKOFF.delayMs(retry, () => runtime.random()), signal);
}

/** Until when something is tried again. */
interface TryOptions {
  readonly runtime: Runtime;
  readonly signal: AbortSignal;
  /** For how long, ms. Default: until the signal is aborted. */
  readonly forMs?: number;
}

/**
 * Does something that may be done several times, until it succeeds.
 *
 * @throws the signal's reason when that is aborted, or what is no passing trouble.
 */
export async function untilDone<T>(
  work: () => Promise<T>,
  { runtime, signal, forMs = Infinity }: TryOptions,
): Promise<T> {
  using stop = new Stop(signal);
  const startMs = runtime.monotonicMs();
  for (let retry = 1;; retry++) {
    signal.throwIfAborted();
    try {
      return await stop.or(work());
    } catch (error) {
      const isLate = runtime.monotonicMs() - startMs >= forMs;
      if (signal.aborted || isLate || !isPassing(error)) throw error;
      await backOff(runtime, retry, signal);
    }
  }
}

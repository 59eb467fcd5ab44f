import type { RecordInfo } from "../../hive/record_info.ts";
import type { Duration } from "../../runtime/duration.ts";

/** What is called for each record: its value, and what is known about it. */
export type RecordHandler<In, Out> = (value: In, info: RecordInfo) => Out | Promise<Out>;

/** Options of {@linkcode HiveStream.start}. */
export interface StartOptions {
  /** Plain data for the function: its `info.context`. */
  context?: unknown;
}

/** Options of {@linkcode HiveStream.submit}. */
export interface SubmitOptions {
  /** `"high"` overtakes the records of other keys. Default `"normal"`. */
  priority?: "normal" | "high";
}

/** Options of {@linkcode HiveStream.getResult}. */
export interface GetResultOptions {
  /** How long to wait for a result. Default `"1s"`. */
  timeout?: Duration;
}

/** Options of {@linkcode HiveStream.stop}. */
export interface StopOptions {
  /** Whether all accepted records are finished first. Default true. */
  drain?: boolean;
}

/** What {@linkcode HiveStream.stop} tells. */
export interface StopReport {
  /** Accepted records that were dropped, undelivered dead letters included; 0 after a drain. */
  readonly dropped: number;
  /** Records with a result or an error record. */
  readonly processed: number;
  /** Bees that were lost and replaced, or did not answer the stop. A lost bee that loops keeps the process alive. */
  readonly lostBees: number;
}

/** Pairs of key and value, in memory or arriving. */
export type KeyedRecords<In> =
  | Iterable<readonly [string, In]>
  | AsyncIterable<readonly [string, In]>;

import type { AggregateInfo } from "../../hive/aggregate_of.ts";
import type { ModuleReference } from "../../hive/user_function.ts";
import type { AggregateRow, Aggregates } from "../../windows/aggregates.ts";
import type { ProcessorKey } from "./processor_key.ts";

/** What came of one window and key. */
export interface WindowResult<Value = unknown> {
  /** What its records have in common; null of records without a key. */
  readonly key: ProcessorKey;
  /** Start of the window, ms since 1970, inclusive; `-Infinity` of one without bounds. */
  readonly windowStart: number;
  /** End of the window, ms since 1970, exclusive; `Infinity` of one without bounds. */
  readonly windowEnd: number;
  /** What the aggregate made of its records. */
  readonly value: Value;
  /** Which result of its window it is, where a window may give several. */
  readonly pane?: WindowPane;
}

/** Which result of its window and key one is. */
export interface WindowPane {
  /** How many came before it. */
  readonly index: number;
  /** Whether it came before the end of its window, at it, or because of a late record. */
  readonly timing: "early" | "onTime" | "late";
  /** How many earlier results it replaces. */
  readonly revision: number;
  /** What it does to those before it, where results are taken back. */
  readonly rowKind?: "insert" | "updateBefore" | "updateAfter" | "delete";
}

/** A function of all records of a window and key, in the order in which they came. */
export interface ListAggregation<In, Value, Context = unknown> {
  /**
   * Makes the result of the list. Runs in the bees: it uses nothing from outside itself, or it is a
   * reference to an export of a module, and it must not change the records. The result is what JSON
   * has, dates, bytes and bigints beside it.
   */
  readonly aggregate: ((records: In[], info: AggregateInfo<Context>) => Value) | ModuleReference;
  /** A list begins empty, so there is none; an empty one is allowed. */
  readonly initialValue?: readonly never[];
  /** Plain data that the function reads as `context` of its last argument; it is copied. */
  readonly context?: Context;
}

/** A function that folds the records of a window and key, in the order in which they came. */
export interface FoldAggregation<In, Value, Context = unknown> {
  /** Folds one more record in; as the function of a {@linkcode ListAggregation} otherwise. */
  readonly aggregate:
    | ((accumulator: Value, record: In, info: AggregateInfo<Context>) => Value)
    | ModuleReference;
  /**
   * What each window and key begins with: plain data, of which each has a copy of its own, or a
   * function that makes it.
   */
  readonly initialValue: Value | (() => Value);
  /** Plain data that the function reads as `context` of its last argument; it is copied. */
  readonly context?: Context;
}

/** Built-in aggregates, of properties of the records. */
export interface BuiltInAggregation<Specs extends Aggregates> {
  /** Aggregates by the names of their results. */
  readonly aggregate: Specs;
  /** They begin with nothing. */
  readonly initialValue?: undefined;
}

/** What built-in aggregates give. */
export type BuiltInValue<In, Specs extends Aggregates> = AggregateRow<In, Specs>;

/** What a processor has done and does. */
export interface EnhancedStreamProcessorMetrics {
  /** Records that were accepted, late ones included. */
  readonly recordsProcessed: number;
  /** Records accepted per second, from the first one to now or to the end. */
  readonly processingRate: number;
  /** Mean share of the last moments that the bees worked, 0 to 1. */
  readonly workerUtilization: number;
  /** Records that came when all their windows were closed. */
  readonly late: number;
  /**
   * Windows that have records and are open, whatever their keys; sessions of all keys; `undefined`
   * of windows of which only the bees know.
   */
  readonly openWindows: number | undefined;
  /** Results that have come. */
  readonly results: number;
  /** Watermark, ms since 1970; `-Infinity` before the first. */
  readonly watermark: number;
  /** Records that wait for the bees. */
  readonly waiting: number;
  /** Records given up with a lost bee, by `DeliveryGuarantee.AtMostOnce`. */
  readonly lost: number;
  /** Records that went to the bees again because one was lost. */
  readonly replayed: number;
  /** Bees that were lost and replaced. */
  readonly lostBees: number;
  /** Time since the first record, or from it to the end. */
  readonly elapsedMs: number;
}

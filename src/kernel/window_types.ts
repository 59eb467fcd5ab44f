/** The types that a windowed aggregation can key by. */
export type KeyType =
  | { readonly kind: "bool" }
  | { readonly kind: "i32" }
  | { readonly kind: "i64"; readonly as?: "number" }
  | { readonly kind: "f32" }
  | { readonly kind: "f64" }
  | { readonly kind: "timestamp" }
  | { readonly kind: "date" }
  | { readonly kind: "time" }
  | { readonly kind: "utf8" }
  | { readonly kind: "dict" }
  | { readonly kind: "bytes" };

/** The types of which a windowed aggregation can take more than a count. */
export type NumberType = Exclude<KeyType, { kind: "bool" | "utf8" | "dict" | "bytes" }>;

/** The type of an aggregated column; `any` where only nulls are told from values. */
export type ValueType = NumberType | { readonly kind: "any" };

/**
 * The buffers of a column as the kernel's faces take them: Arrow's layout, row 0 in slot 0.
 *
 * Every `Column` of `src/batch/` is one.
 */
export interface KernelColumn {
  readonly type: { readonly kind: string };
  readonly length: number;
  readonly nullCount: number;
  /** Bitmap, least significant bit first, 1 = valid; absent when there are no nulls. */
  readonly validity?: Uint8Array;
  readonly values?: Uint8Array | Int32Array | BigInt64Array | Float32Array | Float64Array;
  readonly offsets?: Int32Array;
  /** Of a `dict` column: the dictionary, a `utf8` column. */
  readonly children?: readonly KernelColumn[];
}

/** What is computed of a column in each window and key. */
export type AggregateOp =
  | "count"
  | "sum"
  | "mean"
  | "min"
  | "max"
  | "variance"
  | "stddev"
  | "populationVariance"
  | "populationStddev"
  | "first"
  | "last"
  | "covariance"
  | "correlation"
  | "argMin"
  | "argMax";

/** A column that is aggregated. */
export interface PlannedValue {
  readonly type: ValueType;
  /** Whether nulls may occur. */
  readonly nullable: boolean;
}

/** One aggregate of a plan. */
export interface PlannedAggregate {
  readonly op: AggregateOp;
  /** Which of the plan's values it is of; −1 for a count of rows. */
  readonly value: number;
  /** The other one, of an aggregate of two values. */
  readonly by?: number;
}

/** Where windows of equal length, or growing to it, lie. */
export interface WindowExtent {
  /** Length of a window, whole milliseconds, at least 1; of growing ones that of the last. */
  readonly size: number;
  /** Start of one of the windows, milliseconds, from 0 to below `slide`. */
  readonly offset: number;
  /** Milliseconds from one window's start to the next one's; default `size`. */
  readonly slide?: number;
  /** Milliseconds from one end to the next among windows with one start; default: there is one. */
  readonly step?: number;
}

/** Windows, and what is computed of each and of each key. */
export interface PlannedWindows {
  readonly window: WindowExtent;
  readonly aggregates: readonly PlannedAggregate[];
}

/** A windowed aggregation with names resolved to positions. */
export interface WindowPlan extends WindowExtent {
  /** Milliseconds by which the watermark may pass a window's end before its rows are late. */
  readonly allowedLateness: number;
  readonly keys: readonly KeyType[];
  readonly values: readonly PlannedValue[];
  readonly aggregates: readonly PlannedAggregate[];
  /** Other kinds of windows of the same rows and keys, whose slices they share. Default: none. */
  readonly others?: readonly PlannedWindows[];
}

/** The columns of one batch that a plan needs. */
export interface WindowRows {
  readonly length: number;
  /** Event times: a `timestamp`, `i64` or `f64` column of milliseconds. */
  readonly times: KernelColumn;
  /** One a key of the plan; a `dict` column may stand for `utf8` and the other way round. */
  readonly keys: readonly KernelColumn[];
  /** One a value of the plan. */
  readonly values: readonly KernelColumn[];
}

/** Where a batch stands in its source partition. */
export interface BatchPosition {
  /** Watermark before the batch's first row, ms; `-Infinity` when there is none yet. */
  readonly watermarkBefore: number;
  /** How much the watermark lags behind the greatest time seen, ms; `Infinity`: nothing is late. */
  readonly bound: number;
  /** Source partition, 0 to 65,535. */
  readonly partition: number;
  /** Position of the first row within the partition, 0 to 2⁴⁸ − 1; later rows count up. */
  readonly position: number;
}

/** What became of the rows of a batch for one kind of windows; all other rows are untimed. */
export interface KindOutcome {
  /** Rows that are in open windows. */
  readonly absorbed: number;
  /** Rows of whose windows the watermark had passed every end. */
  readonly late: number;
  /** Rows whose time lies between windows. */
  readonly outside: number;
}

/** What became of the event times of a batch; rows = on time + `late` + `untimed` + `outside`. */
export interface TimeOutcome {
  /** Rows of whose windows the watermark had passed every end (and allowed lateness). */
  readonly late: number;
  /** Rows whose time lies between windows that leave gaps. */
  readonly outside: number;
  /** Rows without a usable time: null, `NaN`, or beyond the range of a `Date`. */
  readonly untimed: number;
  /** Watermark after the batch's last row, ms. */
  readonly watermarkAfter: number;
  /** Least and greatest time of all rows that have one; `Infinity` and `-Infinity` without. */
  readonly minTime: number;
  readonly maxTime: number;
  /** The same for each kind of windows that share slices; absent where there is one. */
  readonly kinds?: readonly KindOutcome[];
}

/** What became of the rows of a batch. */
export interface AddOutcome extends TimeOutcome {
  /** Rows that went into the table. */
  readonly absorbed: number;
  /** Groups (slice and key) that the batch was the first to touch. */
  readonly distinct: number;
}

/** Which of the batch's rows go to which owner. */
export interface RouteOutcome extends TimeOutcome {
  /** Row numbers by owner, ascending; rows that are late, untimed or outside are in none. */
  readonly rows: readonly Uint32Array[];
}

/** The range of key groups that each owner has. */
export interface Ownership {
  /** Owner of each of the 256 key groups (the top 8 bits of a key's hash). */
  readonly ownerOf: Uint8Array;
  /** Number of owners; every entry of `ownerOf` is below. */
  readonly owners: number;
}

/** Results of closed windows of a kind, as columns in the order window end, then keys. */
export interface ClosedWindows {
  /** Which kind of windows, in the order of the plan. */
  readonly kind: number;
  readonly length: number;
  readonly windowStart: BigInt64Array;
  readonly windowEnd: BigInt64Array;
  readonly keys: readonly ResultColumn[];
  readonly aggregates: readonly ResultColumn[];
}

/** A column of results. */
export interface ResultColumn extends KernelColumn {
  readonly type: KeyType;
  readonly children?: readonly ResultColumn[];
}

/** How much a table holds now. */
export interface WindowStats {
  /** Slices of open windows; of windows side by side one is a window. */
  readonly windows: number;
  /** Groups (slice and key) in them. */
  readonly groups: number;
  /** Rows added or folded in since the start, the last `takeDeltas()` or `restore()`. */
  readonly rows: number;
  /** The same for each kind of windows that share slices; absent where there is one. */
  readonly kindRows?: readonly number[];
  /** Bytes of memory that the open state takes; 0 where it is not known. */
  readonly bytes: number;
}

/**
 * The open windows of one operator: the kernel's table and its reference twin.
 *
 * Results do not depend on how rows are cut into batches, spread over tables and folded together,
 * except that sums, means and variances of doubles may differ in the last places.
 */
export interface WindowEngine extends Disposable {
  /**
   * Aggregates a batch; rows that are late or have no usable time are counted and left out.
   * When it throws, nothing of the batch was added.
   */
  add(rows: WindowRows, at: BatchPosition): AddOutcome;
  /** Decides lateness as `add` does, but only tells the rows of each owner. */
  route(rows: WindowRows, options: BatchPosition & Ownership): RouteOutcome;
  /** The 64-bit hash of each row's key; its top 8 bits are the key group. */
  hashKeys(rows: WindowRows): BigUint64Array;
  /** Takes everything out of the table: one delta an owner, empty where it gets nothing. */
  takeDeltas(ownership: Ownership): Uint8Array[];
  /** Merges a delta or snapshot of a table with the same plan. When it throws, nothing was. */
  fold(delta: Uint8Array): { records: number };
  /**
   * The results of windows whose end and lateness `watermark` has reached; they are freed. Of
   * windows that overlap it gives a part, whole windows, when there are many, and of kinds that
   * share slices one after the other; more while `nextClose()` is not above the watermark.
   */
  close(watermark: number): ClosedWindows | undefined;
  /** The watermark that closes the earliest open window, ms; `Infinity` without one. */
  nextClose(): number;
  /** The whole state as one delta. */
  snapshot(): Uint8Array;
  /** Replaces the state by a snapshot's. */
  restore(snapshot: Uint8Array): void;
  stats(): WindowStats;
}

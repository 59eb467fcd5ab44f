import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import { Aggregate, type AggregateOperand, type ColumnOf, type YieldOf } from "./aggregate.ts";
import { wholeOption } from "./aggregate_options.ts";

const MOST_BINS = 10_000;

/** Options of {@linkcode histogram}: `bounds`, or `from`, `to` and `bins` for equal widths. */
export interface HistogramOptions {
  /** Where one bin ends and the next begins, ascending; at least two. */
  readonly bounds?: readonly number[];
  /** Where the first bin begins. */
  readonly from?: number;
  /** Where the last bin ends. */
  readonly to?: number;
  /** How many bins of equal width there are between them. */
  readonly bins?: number;
}

/** What {@linkcode histogram} gives. */
export interface Histogram {
  /** How many values are in each bin, from `from` up to, and without, `to`. */
  readonly bins: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  /** How many values are below the first bin. */
  readonly below: number;
  /** How many values are at or above the end of the last bin. */
  readonly above: number;
  /** How many values are `NaN`. */
  readonly nan: number;
}

const OPTIONS: OptionRule<HistogramOptions> = {
  doing: "make histogram()",
  names: { bounds: true, from: true, to: true, bins: true },
  example: "{ bounds: [0, 10, 100] }",
};

/** Bounds of bins that are equally wide. */
function evenBounds({ from, to, bins }: HistogramOptions): number[] {
  if (!Number.isFinite(from) || !Number.isFinite(to)) {
    throw new TypeError(
      `Cannot make histogram(): name bounds, or from, to and bins, received ` +
        `from ${received(from)}, to ${received(to)} and bins ${received(bins)}`,
    );
  }
  wholeOption("histogram", "bins", bins, 1, MOST_BINS);
  const [start, end, count] = [from!, to!, bins!];
  const inner = Array.from({ length: count }, (_, at) => start + (end - start) * (at / count));
  return [...inner, end];
}

function checkBounds(bounds: readonly number[]): void {
  const isList = Array.isArray(bounds) && bounds.length >= 2 && bounds.length <= MOST_BINS + 1;
  if (
    isList && bounds.every((bound, at) => at === 0 ? !Number.isNaN(bound) : bound > bounds[at - 1])
  ) {
    return;
  }
  throw new RangeError(
    `Cannot make histogram(): bounds are 2 to ${
      MOST_BINS + 1
    } numbers, each above the one before ` +
      `it, received ${isList ? bounds.slice(0, 10).join(", ") : received(bounds)}`,
  );
}

function boundsOf(options: HistogramOptions): readonly number[] {
  const { bounds } = knownOptions(options, OPTIONS);
  if (bounds !== undefined && (["from", "to", "bins"] as const).some((name) => name in options)) {
    throw new TypeError(
      "Cannot make histogram(): name either bounds, or from, to and bins, received both",
    );
  }
  const made = bounds ?? evenBounds(options);
  checkBounds(made);
  return made;
}

/**
 * How many values lie between bounds: in each bin those from its lower bound up to, and without,
 * its upper bound, and how many lie outside. Nulls are left out, `NaN` is counted apart; without
 * values all counts are 0. Integers beyond 2⁵³ are compared as the nearest doubles. The same on any
 * number of bees.
 *
 * @throws {TypeError | RangeError} when it is of neither a column, by its name, nor an expression,
 *   or the bounds do not ascend.
 *
 * @example
 * ```ts
 * import { from, histogram, TumblingWindow } from "@waggle/stream";
 *
 * const answers = [3, 12, 48, 250].map((latency, at) => ({ at, latency }));
 * const perMinute = from(answers, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1m" }))
 *   .aggregate({ latencies: histogram("latency", { bounds: [0, 10, 50, 100] }) });
 * for await (const { latencies } of perMinute) {
 *   console.log(latencies.bins.map(({ count }) => count), latencies.above); // [1, 2, 0] 1
 * }
 * ```
 */
export function histogram<const Of extends AggregateOperand>(
  of: Of,
  options: HistogramOptions,
): Aggregate<"histogram", ColumnOf<Of>, YieldOf<Of>> {
  return new Aggregate("histogram", [of], { options: { bounds: [...boundsOf(options)] } });
}

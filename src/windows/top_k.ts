import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import { Aggregate, type AggregateOperand, type ColumnOf, type YieldOf } from "./aggregate.ts";
import { wholeOption } from "./aggregate_options.ts";

const COUNTERS_PER_VALUE = 10;
const LEAST_COUNTERS = 100;

/** A value that {@linkcode topK} found frequent. */
export interface TopValue<Value = unknown> {
  /** Which. */
  readonly value: Value;
  /** How often it came at most. */
  readonly count: number;
  /** By how much that may be too much: it came at least `count − error` times. */
  readonly error: number;
}

/** Options of {@linkcode topK}. */
export interface TopKOptions {
  /**
   * How many values are counted at a time, at least `k`. Default `10 * k`, at least 100: each takes
   * some 100 bytes in a window and key.
   */
  readonly counters?: number;
}

const OPTIONS: OptionRule<TopKOptions> = {
  doing: "make topK()",
  names: { counters: true },
  example: "{ counters: 1_000 }",
};

/**
 * The `k` most frequent values, the most frequent first, each with its count and by how much that
 * may be too high (Space-Saving: Metwally, Agrawal and El Abbadi, ICDT 2005). Of n values each that
 * came more than `n / counters` times is among those counted, and no error is above that. Up to
 * `counters` different values all counts are exact, with an error of 0; equally frequent values
 * come in their order.
 *
 * Nulls are left out, −0 is 0, all `NaN` are one value; of no values the list is empty. With more
 * different values which rare ones are there depends on how rows were spread over bees, within the
 * bounds.
 *
 * @throws {TypeError | RangeError} when it is of neither a column, by its name, nor an expression,
 *   `k` is no count, or `counters` below it.
 *
 * @example
 * ```ts
 * import { from, topK, TumblingWindow } from "@waggle/stream";
 *
 * const views = ["home", "cart", "home", "help", "home", "cart"].map((page, at) => ({ at, page }));
 * const perMinute = from(views, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1m" }))
 *   .aggregate({ pages: topK("page", 2) });
 * for await (const { pages } of perMinute) {
 *   for (const { value, count } of pages) console.log(value, count); // home 3, cart 2
 * }
 * ```
 */
export function topK<const Of extends AggregateOperand>(
  of: Of,
  k: number,
  options: TopKOptions = {},
): Aggregate<"topK", ColumnOf<Of>, YieldOf<Of>> {
  wholeOption("topK", "k", k);
  const { counters = Math.max(LEAST_COUNTERS, COUNTERS_PER_VALUE * k) } = knownOptions(
    options,
    OPTIONS,
  );
  wholeOption("topK", "counters", counters, k);
  return new Aggregate("topK", [of], { options: { k, counters } });
}

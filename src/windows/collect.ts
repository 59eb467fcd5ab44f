import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import { Aggregate, type AggregateOperand, type ColumnOf, type YieldOf } from "./aggregate.ts";
import { wholeOption } from "./aggregate_options.ts";

const DEFAULT_LIMIT = 10_000;

/** Options of {@linkcode collect}. */
export interface CollectOptions<Of extends AggregateOperand = AggregateOperand> {
  /** A column, by its name, or an expression, whose nulls are left out. Default: whole rows. */
  readonly of?: Of;
  /** Most values of a window and key. Default 10,000. */
  readonly limit?: number;
  /** What more values do: `"fail"` (default) the run, or leave it at the `"first"` ones. */
  readonly onLimit?: "fail" | "first";
}

const OPTIONS: OptionRule<CollectOptions> = {
  doing: "make collect()",
  names: { of: true, limit: true, onLimit: true },
  example: '{ of: "price" }',
};

/**
 * The values of a column or expression, or whole rows, as a list in the order in which they came:
 * within a source partition that of the source, between partitions that in which they were read.
 * Nulls of a column are left out, `NaN` is kept; without values the list is empty.
 *
 * @throws {TypeError | RangeError} when `of` is neither a column nor an expression, `limit` no
 *   count, or `onLimit` not known.
 *
 * @example
 * ```ts
 * import { collect, from, TumblingWindow } from "@waggle/stream";
 *
 * const steps = [{ at: 1, page: "home" }, { at: 2, page: "cart" }];
 * const perSecond = from(steps, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({ pages: collect({ of: "page" }), rows: collect() });
 * for await (const { pages, rows } of perSecond) {
 *   console.log(pages, rows[0].at); // ["home", "cart"] 1
 * }
 * ```
 */
export function collect<const Of extends AggregateOperand = never>(
  options: CollectOptions<Of> = {},
): Aggregate<"collect", ColumnOf<NoInfer<Of>>, YieldOf<NoInfer<Of>>> {
  const { of, limit = DEFAULT_LIMIT, onLimit = "fail" } = knownOptions(options, OPTIONS);
  wholeOption("collect", "limit", limit);
  if (onLimit !== "fail" && onLimit !== "first") {
    throw new TypeError(
      `Cannot make collect(): onLimit must be "fail" or "first", received ${received(onLimit)}`,
    );
  }
  const rows = of === undefined;
  return new Aggregate("collect", rows ? [] : [of], { rows, options: { limit, onLimit } });
}

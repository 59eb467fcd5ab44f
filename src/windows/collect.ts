import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import { Aggregate, type AggregateOperand, type ColumnOf, type YieldOf } from "./aggregate.ts";
import { wholeOption } from "./aggregate_options.ts";

const DEFAULT_LIMIT = 10_000;

/** Options of {@linkcode collect}. */
export interface CollectOptions {
  /** Most values of a window and key. Default 10,000. */
  readonly limit?: number;
  /** What more values do: `"fail"` (default) the run, or leave it at the `"first"` ones. */
  readonly onLimit?: "fail" | "first";
}

const OPTIONS: OptionRule<CollectOptions> = {
  doing: "make collect()",
  names: { limit: true, onLimit: true },
  example: "{ limit: 100 }",
};

/** Options in the place of a column are those of whole rows, put into the wrong place. */
function checkPlaces(of: unknown): void {
  if (typeof of !== "object" || of === null || Object.getPrototypeOf(of) !== Object.prototype) {
    return;
  }
  throw new TypeError(
    "Cannot make collect(): the options come second, as in " +
      'collect("price", { limit: 100 }), and collect(undefined, { limit: 100 }) of whole rows, ' +
      "received an object first",
  );
}

/**
 * The values of a column or expression, or without one whole rows, as a list in the order in which they came:
 * within a source partition that of the source, between partitions that in which they were read.
 * Nulls of a column are left out, `NaN` is kept; without values the list is empty.
 *
 * @throws {TypeError | RangeError} when it is of neither a column, by its name, nor an expression,
 *   `limit` is no count, or `onLimit` not known.
 *
 * @example
 * ```ts
 * import { collect, from, TumblingWindow } from "@waggle/stream";
 *
 * const steps = [{ at: 1, page: "home" }, { at: 2, page: "cart" }];
 * const perSecond = from(steps, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({ pages: collect("page"), rows: collect() });
 * for await (const { pages, rows } of perSecond) {
 *   console.log(pages, rows[0].at); // ["home", "cart"] 1
 * }
 * ```
 */
export function collect<const Of extends AggregateOperand = never>(
  of?: Of,
  options: CollectOptions = {},
): Aggregate<"collect", ColumnOf<NoInfer<Of>>, YieldOf<NoInfer<Of>>> {
  checkPlaces(of);
  const { limit = DEFAULT_LIMIT, onLimit = "fail" } = knownOptions(options, OPTIONS);
  wholeOption("collect", "limit", limit);
  if (onLimit !== "fail" && onLimit !== "first") {
    throw new TypeError(
      `Cannot make collect(): onLimit must be "fail" or "first", received ${received(onLimit)}`,
    );
  }
  const rows = of === undefined;
  return new Aggregate("collect", rows ? [] : [of], { rows, options: { limit, onLimit } });
}

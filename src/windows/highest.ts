import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import { Aggregate, type AggregateOperand, type ColumnOf, type YieldOf } from "./aggregate.ts";
import { wholeOption } from "./aggregate_options.ts";

/** Each is kept in every window and key. */
const MAX_VALUES = 10_000;

/** Options of {@linkcode highest} and {@linkcode lowest}. */
export interface RankOptions {
  /** How many values, from 1 to 10,000. */
  readonly n: number;
}

function rankOptions(op: "highest" | "lowest", options: RankOptions): { k: number } {
  const rule: OptionRule<RankOptions> = {
    doing: `make ${op}()`,
    names: { n: true },
    example: "{ n: 3 }",
  };
  const { n } = knownOptions(options, rule);
  wholeOption(op, "n", n, 1, MAX_VALUES);
  return { k: n };
}

/**
 * The values of `of` in the `n` rows where `by` is greatest, a list, that of the greatest first;
 * fewer where there are fewer rows. They may be of any type, `struct()` too, and `by` of any that has
 * an order. Among equal `by` the earliest come first, by (event time, partition, position), as with
 * `argMax`.
 *
 * Rows where `of` or `by` is null are left out, and `NaN` comes before all numbers; of no rows the
 * list is empty. Only `n` rows are kept in a window and key. The same on any number of bees.
 *
 * @throws {TypeError | RangeError} when one of the two is neither the name of a column nor an
 *   expression, or `n` no count.
 *
 * @example
 * ```ts
 * import { col, from, highest, struct, TumblingWindow } from "@waggle/stream";
 *
 * const offers = [
 *   { at: 1, seller: "ann", price: 12.5 },
 *   { at: 2, seller: "bob", price: 11.0 },
 *   { at: 3, seller: "cid", price: 14.0 },
 * ];
 * const offer = struct({ seller: col<string>("seller"), price: col<number>("price") });
 * const perSecond = from(offers, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1s" }))
 *   .aggregate({ best: highest(offer, "price", { n: 2 }) });
 * for await (const { best } of perSecond) {
 *   for (const { seller, price } of best) console.log(seller, price); // cid 14, ann 12.5
 * }
 * ```
 */
export function highest<const Of extends AggregateOperand, const By extends AggregateOperand>(
  of: Of,
  by: By,
  options: RankOptions,
): Aggregate<"highest", ColumnOf<Of>, YieldOf<Of>, ColumnOf<By>> {
  return new Aggregate("highest", [of, by], { options: rankOptions("highest", options) });
}

/**
 * The values of `of` in the `n` rows where `by` is least, that of the least first, with the rules of
 * {@linkcode highest}; `NaN` comes before all numbers here too.
 *
 * @throws {TypeError | RangeError} when one of the two is neither the name of a column nor an
 *   expression, or `n` no count.
 */
export function lowest<const Of extends AggregateOperand, const By extends AggregateOperand>(
  of: Of,
  by: By,
  options: RankOptions,
): Aggregate<"lowest", ColumnOf<Of>, YieldOf<Of>, ColumnOf<By>> {
  return new Aggregate("lowest", [of, by], { options: rankOptions("lowest", options) });
}

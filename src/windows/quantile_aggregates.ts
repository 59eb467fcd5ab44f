import { received } from "../runtime/known_options.ts";
import { Aggregate, type AggregateOperand, type ColumnOf, type YieldOf } from "./aggregate.ts";

function checkQuantile(op: string, q: unknown): void {
  if (typeof q === "number" && q >= 0 && q <= 1) return;
  throw new RangeError(
    `Cannot make ${op}(): a quantile is a number from 0 to 1, such as 0.5 for the median, ` +
      `received ${received(q)}`,
  );
}

/**
 * About the value below which the share `q` of the values lies, within 1 % of the value itself:
 * that at rank ⌊q (n − 1)⌋ of n, counted from 0 (DDSketch: Masson, Rim and Lee, PVLDB 12(12),
 * 2019). 0 gives the least and 1 the greatest value exactly.
 *
 * Values of both signs and infinities have their places; nulls are left out; with a `NaN` among
 * them it is `NaN`; of no values null. A group takes 8 to 16 bytes for each bin of 2 % between the
 * least and the greatest magnitude of a sign, at most 2,048 bins: magnitudes below 10⁻¹⁷ of the
 * greatest one of their sign count as that. The same on any number of bees, in whatever order rows
 * come.
 *
 * @throws {TypeError | RangeError} when it is of neither a column, by its name, nor an expression,
 *   or `q` is not from 0 to 1.
 *
 * @example
 * ```ts
 * import { from, quantile, TumblingWindow } from "@waggle/stream";
 *
 * const answers = Array.from({ length: 1000 }, (_, at) => ({ at, latency: at + 1 }));
 * const perMinute = from(answers, { workers: 1 }).timestamps("at")
 *   .window(new TumblingWindow({ size: "1m" }))
 *   .aggregate({ p99: quantile("latency", 0.99) });
 * for await (const { p99 } of perMinute) console.log(Math.abs(p99! - 990) < 9.9); // true
 * ```
 */
export function quantile<const Of extends AggregateOperand>(
  of: Of,
  q: number,
): Aggregate<"quantile", ColumnOf<Of>, YieldOf<Of>> {
  checkQuantile("quantile", q);
  return new Aggregate("quantile", [of], { options: { quantiles: [q] } });
}

/**
 * Several quantiles of one sketch, a list in the order asked for, with the rules of
 * {@linkcode quantile}; of no values null.
 *
 * @throws {TypeError | RangeError} when it is of neither a column, by its name, nor an expression,
 *   or `qs` is no list of numbers from 0 to 1, or empty.
 */
export function quantiles<const Of extends AggregateOperand>(
  of: Of,
  qs: readonly number[],
): Aggregate<"quantiles", ColumnOf<Of>, YieldOf<Of>> {
  if (!Array.isArray(qs) || qs.length === 0) {
    throw new TypeError(
      `Cannot make quantiles(): name some, such as [0.5, 0.99], received ${received(qs)}`,
    );
  }
  for (const q of qs) checkQuantile("quantiles", q);
  return new Aggregate("quantiles", [of], { options: { quantiles: [...qs] } });
}

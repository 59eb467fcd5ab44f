import type { DataType } from "../batch/schema.ts";
import { checkWhole } from "../runtime/known_options.ts";

/** What some aggregates need to know beside their columns, as plain data. */
export interface AggregateOptions {
  /** Most values that are kept in a window and key. */
  readonly limit?: number;
  /** What becomes of values beyond the limit. */
  readonly onLimit?: "fail" | "first";
  /** Which quantiles, each from 0 to 1. */
  readonly quantiles?: readonly number[];
  /** How many of the most frequent, the highest or the lowest values. */
  readonly k?: number;
  /** How many values are counted at a time. */
  readonly counters?: number;
  /** Where one bin ends and the next begins, ascending. */
  readonly bounds?: readonly number[];
  /** Type of the result of a user's functions. */
  readonly type?: DataType;
  /** What a user's function begins with: each window and key with a copy of its own. */
  readonly initialValue?: unknown;
  /** How a user's functions come to a bee. */
  readonly functions?: unknown;
}

/**
 * Checks an option that counts something.
 *
 * @throws {RangeError} when it is no whole number from `least` to `most`.
 */
export function wholeOption(
  op: string,
  name: string,
  value: unknown,
  least = 1,
  most: number = Number.MAX_SAFE_INTEGER,
): void {
  checkWhole(name, value as number, { doing: `make ${op}()`, least, most });
}

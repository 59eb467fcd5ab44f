import type { DataType, Typed } from "../batch/schema.ts";
import { reduce } from "../hive/aggregate_of.ts";
import type { ModuleReference } from "../hive/user_function.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import type { Aggregate } from "../windows/aggregate.ts";
import type { Aggregates } from "../windows/aggregates.ts";

/** Options of a pipeline's `reduce()`. */
export interface ReduceOptions<As extends string = "value", Context = unknown, Value = unknown> {
  /** The column of the results that has what rows were folded into. Default `"value"`. */
  as?: As;
  /** Its type. Default `types.mixed`, which takes anything JSON-like. */
  type?: Typed<DataType, NonNullable<Value>>;
  /** Plain data for the function, which is copied: its third argument's `context`. */
  context?: Context;
}

/** The one aggregate of a pipeline's `reduce()`. */
export type Reduced<As extends string, Value> = {
  readonly [Name in As]: Aggregate<"reduce", never, Value>;
};

const OPTIONS: OptionRule<ReduceOptions<string>> = {
  doing: "reduce",
  names: { as: true, type: true, context: true },
  example: '{ as: "latest" }',
};

/**
 * The aggregate that folds the rows of each window and key by a function.
 *
 * @throws {TypeError} when the function cannot work in a bee, or an option is none that it can be.
 */
export function reducing(fold: unknown, options: ReduceOptions<string>): Aggregates {
  const { as = "value", ...more } = knownOptions(options, OPTIONS);
  if (typeof as !== "string" || as === "") {
    throw new TypeError(`Cannot reduce: as must be the name of a column, received ${received(as)}`);
  }
  type Fold = (a: unknown, b: unknown) => unknown;
  return { [as]: reduce(fold as Fold | ModuleReference, more) };
}

import { aggregateRows, foldRows } from "../../hive/aggregate_of.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import { Aggregate, type AggregateSpec } from "../../windows/aggregate.ts";
import type { Aggregates } from "../../windows/aggregates.ts";
import { WHOLE_RECORD } from "../bad_inputs.ts";
import { sameData } from "../same_data.ts";

/** The name of the result that a function gives. */
const VALUE = "value";

/** How records are aggregated. */
export interface ProcessorAggregation {
  /** What the pipeline computes. */
  readonly aggregates: Aggregates;
  /** Whether whole records are needed, and not only columns. */
  readonly isOfRecords: boolean;
  /** The value of a result, of what was computed, by names. */
  valueOf(computed: Readonly<Record<string, unknown>>): unknown;
  /** Whether what another call was given is the same. */
  isLike(options: AggregationOptions): boolean;
}

/** What a call says about aggregation. */
export interface AggregationOptions {
  readonly aggregate: unknown;
  readonly initialValue?: unknown;
  readonly context?: unknown;
}

const OPTIONS: OptionRule<AggregationOptions> = {
  doing: "process record",
  names: { aggregate: true, initialValue: true, context: true },
  example: "{ aggregate: { n: count() } }",
};

type AnyFunction = (...given: unknown[]) => unknown;

/**
 * How records are aggregated by what a call was given: a function of their list, a fold, or
 * built-in aggregates.
 *
 * @throws {TypeError} when that is no aggregate, or its function cannot cross to the bees.
 */
export function aggregationOf(options: AggregationOptions): ProcessorAggregation {
  const { aggregate } = knownOptions(options, OPTIONS);
  const isModule = typeof aggregate === "object" && aggregate !== null && "module" in aggregate;
  if (typeof aggregate === "function" || isModule) return ofFunction(options);
  return builtIn(options);
}

function ofFunction(options: AggregationOptions): ProcessorAggregation {
  const { aggregate, initialValue, context } = options;
  const fn = aggregate as AnyFunction;
  const given = { of: WHOLE_RECORD, ...(context !== undefined && { context }) };
  const made = isFold(options)
    ? foldRows(fn, { ...given, initialValue })
    : aggregateRows(fn, given);
  const text = textOf(aggregate);
  return {
    aggregates: { [VALUE]: made },
    isOfRecords: true,
    valueOf: (computed) => computed[VALUE],
    isLike: (other) =>
      (other.aggregate === aggregate || textOf(other.aggregate) === text) &&
      isSameInitial(other.initialValue, initialValue) && sameData(other.context, context),
  };
}

/** What makes the same in a bee: a function crosses as its text, a reference as its parts. */
function textOf(aggregate: unknown): string | undefined {
  if (typeof aggregate === "function") return String(aggregate);
  const { module, export: name } = Object(aggregate) as { module?: unknown; export?: unknown };
  return module === undefined ? undefined : `${module} ${name}`;
}

function isSameInitial(a: unknown, b: unknown): boolean {
  return typeof a === "function" ? String(a) === String(b) : sameData(a, b);
}

/**
 * Whether a function folds records one by one. One of a list has no initial value; an empty list is
 * allowed, and means nothing.
 *
 * @throws {TypeError} when a function looks like a fold and has nothing to begin with.
 */
function isFold({ aggregate, initialValue, context }: AggregationOptions): boolean {
  const parameters = typeof aggregate === "function" ? aggregate.length : 1;
  if (initialValue === undefined) {
    if (parameters < 2 || context !== undefined) return false;
    throw new TypeError(
      `Cannot aggregate records: a function of ${parameters} parameters folds them one by one, and ` +
        `needs an initialValue, which is missing; a function of their list has one parameter`,
    );
  }
  const isNothing = Array.isArray(initialValue) && initialValue.length === 0;
  return !(isNothing && parameters < 2);
}

function builtIn({ aggregate: given, initialValue }: AggregationOptions): ProcessorAggregation {
  const specs = Object.entries(Object(given)) as [string, Aggregate][];
  const isGiven = typeof given === "object" && specs.length > 0 &&
    specs.every(([, spec]) => spec instanceof Aggregate);
  if (!isGiven) {
    throw new TypeError(
      `Cannot aggregate records: aggregate must be a function of their list, a fold with an ` +
        `initialValue, or built-in aggregates such as { n: count() }, received ${received(given)}`,
    );
  }
  if (initialValue !== undefined) {
    throw new TypeError(
      `Cannot aggregate records: built-in aggregates begin with nothing; leave initialValue out`,
    );
  }
  return {
    aggregates: Object.fromEntries(specs.map(([name, spec]) => [name, ofRecords(name, spec)])),
    isOfRecords: specs.some(([, { rows }]) => rows),
    valueOf: (computed) => computed,
    isLike: ({ aggregate: other, initialValue }) =>
      initialValue === undefined && (other === given || sameData(plain(other), plain(given))),
  };
}

/** Aggregates as plain data. */
function plain(aggregates: unknown): unknown {
  return Object.entries(Object(aggregates)).map(([name, spec]) => [name, { ...Object(spec) }]);
}

/** What is of whole rows is of records as they came. */
function ofRecords(name: string, spec: Aggregate): AggregateSpec {
  const { op, rows, filter, options } = spec;
  if (!rows) return spec;
  if (filter === undefined) return { op, column: WHOLE_RECORD, ...(options && { options }) };
  throw new TypeError(
    `Cannot aggregate records: ${JSON.stringify(name)} is of whole records and has a condition; ` +
      `leave where() out, and look at each record in its function`,
  );
}

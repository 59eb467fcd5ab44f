import type { Schema, TypedSchema } from "../batch/schema.ts";
import { checkSchema } from "../batch/schema_check.ts";
import { functionSpec } from "../hive/record_function.ts";
import type { FunctionStepSpec } from "../hive/step_function.ts";
import type { ModuleReference, UserFunctionSpec } from "../hive/user_function.ts";
import { OptionChecks } from "./option_checks.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";

/** What a function of a step gets beside the row. */
export interface StepInfo<Context = unknown> {
  /** What the option `context` gave, copied. */
  readonly context: Context;
}

/** Options of a step by a function that keeps rows or leaves them out. */
export interface FunctionOptions<Context = unknown> {
  /** Plain data for the function, which is copied: its second argument's `context`. */
  context?: Context;
  /** Promises of an asynchronous function that may be pending in each bee. Default 16. */
  concurrency?: number;
}

/** Options of a step by a function that makes rows. */
export interface MapOptions<Row = Record<string, unknown>, Context = unknown>
  extends FunctionOptions<Context> {
  /**
   * The columns of the rows that the function gives. Default: those of the first row that it gives,
   * whose whole numbers are taken for `f64`, and where it has null, for columns of any values.
   */
  schema?: TypedSchema<Row>;
}

const DEFAULT_CONCURRENCY = 16;
const check = new OptionChecks("pipeline");

type AnyFunction = (row: never, info: never) => unknown;

const EXAMPLE = "{ context: { limit: 3 } }";
const FILTER: OptionRule<FunctionOptions> = {
  doing: "filter",
  names: { context: true, concurrency: true },
  example: EXAMPLE,
};
const MAP: OptionRule<MapOptions> = {
  doing: "map",
  names: { context: true, concurrency: true, schema: true },
  example: EXAMPLE,
};

/**
 * A step that calls a function, as plain data.
 *
 * @param timeoutMs How long a promise of it may be pending.
 * @throws {TypeError | RangeError} when the function cannot work in a bee, or an option is none that
 *   it can be.
 */
export function functionStep(
  kind: FunctionStepSpec["kind"],
  fn: unknown,
  { options, timeoutMs }: { readonly options: MapOptions; readonly timeoutMs: number },
): FunctionStepSpec {
  const name = kind === "filterBy" ? "filter" : kind;
  const rule = kind === "filterBy" ? FILTER : { ...MAP, doing: name };
  const given = knownOptions(options, rule as OptionRule<MapOptions>);
  const { context, schema, concurrency = DEFAULT_CONCURRENCY } = given;
  check.count("concurrency", concurrency, { least: 1 });
  const isReference = typeof fn === "object" && fn !== null && "module" in fn;
  if (typeof fn !== "function" && !isReference) {
    const expression = name === "filter" ? ', or an expression such as col("x").gt(1)' : "";
    throw new TypeError(
      `Cannot ${name}: pass a function, or { module: new URL("./${name}.ts", import.meta.url), ` +
        `export: "${name}" }${expression}, received ${received(fn)}`,
    );
  }
  if (schema !== undefined) checkSchema(schema as Schema);
  const spec = functionSpec(fn as AnyFunction | ModuleReference, context, name);
  const title = titleOf(fn, spec.source);
  return { kind, title, fn: spec, ...(schema && { schema }), concurrency, timeoutMs };
}

function titleOf(fn: unknown, source: UserFunctionSpec): string {
  if (source.kind === "module") return `"${source.export}" of ${source.url}`;
  return typeof fn === "function" && fn.name ? `function "${fn.name}"` : "the function";
}

import { type Expr, isExpression } from "../batch/expressions/expr.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import type { WindowBounds } from "./window_offset.ts";

/** What a function that assigns windows is given beside a row. */
export interface AssignInfo<Context = unknown> {
  /** Event time of the row, ms. */
  readonly time: number;
  /** The plain data given as `context`. */
  readonly context: Context;
}

/**
 * Says which windows hold a row: in whole milliseconds, from `start` up to and without `end`; `[]`
 * for none. The same window given twice holds the row once.
 */
export type AssignWindows<Row = Record<string, unknown>, Context = unknown> = (
  row: Row,
  info: AssignInfo<Context>,
) => readonly WindowBounds[];

/** An exported function, as bees import it. */
export interface AssignReference {
  /** Where the module is, absolute: `new URL("./windows.ts", import.meta.url)`. */
  readonly module: URL | string;
  /** The name of the export. Default `"default"`. */
  readonly export?: string;
}

/** Options of {@linkcode CustomWindow}: a function, or the bounds of one window as expressions. */
export type CustomWindowOptions<Row = Record<string, unknown>, Context = unknown> =
  | {
    /** Says which windows hold a row. It runs in the bees, and cannot be `async`. */
    assign: AssignWindows<Row, Context> | AssignReference;
    /** The columns that it reads. Default: all. */
    columns?: readonly (keyof Row & string)[];
    /** Plain data that it reads as `context` of its second argument; it is copied. */
    context?: Context;
  }
  | {
    /** Start of the row's one window, ms: a timestamp or a number. */
    start: Expr;
    /**
     * End of it, ms, exclusive. A row of which one of them is null, or the end not after the start,
     * is in no window, and counted as filtered.
     */
    end: Expr;
  };

/** All options there are. */
interface AnyOptions {
  assign?: unknown;
  columns?: readonly string[];
  context?: unknown;
  start?: unknown;
  end?: unknown;
}

const ASYNC = /^\[object Async/;

const OPTIONS: OptionRule<AnyOptions> = {
  doing: "make custom windows",
  names: { assign: true, columns: true, context: true, start: true, end: true },
  example: '{ start: col("from"), end: col("to") }',
};

/**
 * Windows of your own: by a function that gives those of each row, or by two expressions, for rows
 * that say themselves from when to when their window is.
 *
 * Windows with the same bounds are one window. A row counts in those of its windows that had not
 * closed when it came; it is late when all had.
 *
 * @example
 * ```ts
 * import { CustomWindow } from "@waggle/stream";
 *
 * // Quarters of an hour at night, minutes by day.
 * const byDaylight = new CustomWindow({
 *   assign(_, { time }) {
 *     const hour = Math.floor(time / 3_600_000) % 24;
 *     const size = hour < 6 ? 900_000 : 60_000;
 *     const start = Math.floor(time / size) * size;
 *     return [{ start, end: start + size }];
 *   },
 * });
 * console.log(byDaylight.columns); // undefined: all
 * ```
 */
export class CustomWindow<Row = Record<string, unknown>, Context = unknown> {
  /** Says which windows hold a row; absent where expressions do. */
  readonly assign: AssignWindows<Row, Context> | AssignReference | undefined;
  /** The columns that the function reads; absent: all. */
  readonly columns: readonly string[] | undefined;
  /** What the function reads as `context`. */
  readonly context: unknown;
  /** The bounds of a row's window, ms; absent where a function gives them. */
  readonly bounds: { readonly start: Expr; readonly end: Expr } | undefined;

  /**
   * Windows by a function or two expressions.
   *
   * @throws {TypeError} when it is neither, or an option is not known.
   */
  constructor(options: CustomWindowOptions<Row, Context>) {
    const given = knownOptions(options as AnyOptions, OPTIONS);
    const { assign, columns, context } = given;
    if ((assign === undefined) === (given.start === undefined && given.end === undefined)) {
      throw new TypeError(
        `Cannot make custom windows: they take either assign or start and end, received ` +
          (namesOf(given).join(" and ") || "none of them"),
      );
    }
    this.bounds = assign === undefined ? boundsOf(given) : undefined;
    if (assign !== undefined) checkAssign(assign);
    if (columns !== undefined) checkColumns(columns);
    this.assign = assign as CustomWindow<Row, Context>["assign"];
    this.columns = columns;
    this.context = context;
  }
}

function namesOf(given: AnyOptions): string[] {
  return Object.entries(given).flatMap(([name, value]) => value === undefined ? [] : [name]);
}

function boundsOf({ start, end }: AnyOptions): { start: Expr; end: Expr } {
  for (const [name, given] of Object.entries({ start, end })) {
    if (isExpression(given)) continue;
    throw new TypeError(
      `Cannot make custom windows: ${name} must be an expression such as ` +
        `col("${name === "start" ? "from" : "to"}"), received ` +
        received(given),
    );
  }
  return { start: start as Expr, end: end as Expr };
}

function checkAssign(assign: unknown): void {
  if (typeof assign === "function") {
    if (!ASYNC.test(Object.prototype.toString.call(assign))) return;
    throw new TypeError(
      `Cannot make custom windows: assign must not be async, since rows do not wait for their ` +
        `windows; look things up before, in a HiveStream, whose functions may be`,
    );
  }
  if (typeof assign === "object" && assign !== null && "module" in assign) return;
  throw new TypeError(
    `Cannot make custom windows: assign must be a function or { module, export }, received ` +
      received(assign),
  );
}

function checkColumns(columns: unknown): void {
  if (Array.isArray(columns) && columns.every((each) => typeof each === "string")) return;
  throw new TypeError(
    `Cannot make custom windows: columns must be an array of names, received ${received(columns)}`,
  );
}

import { readColumn } from "../batch/column_reader.ts";
import { compileRows } from "../batch/expressions/compile.ts";
import { type Expr, isExpression } from "../batch/expressions/expr.ts";
import { columnNames } from "../batch/expressions/node.ts";
import { checkCondition } from "../batch/expressions/plan_checks.ts";
import { printExpression } from "../batch/expressions/print.ts";
import { noSuchColumn } from "../batch/no_such_column.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { MAX_TIMESTAMP_MS } from "../batch/time_range.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import {
  type RowTeller,
  type WatermarkGenerator,
  WatermarkStrategy,
} from "./watermark_strategy.ts";

const TIMES: ReadonlySet<string> = new Set(["timestamp", "i32", "i64", "f64"]);

/** Options of {@linkcode PunctuatedWatermarks}. */
export interface PunctuatedWatermarksOptions {
  /** Which rows carry a watermark. */
  when: Expr<boolean | null> | Expr;
  /**
   * Column that has it: a `timestamp`, or an `i32`, `i64` or `f64` of milliseconds; null, and what
   * is no time, carries none. Default: it is the row's own time.
   */
  column?: string;
}

const OPTIONS: OptionRule<PunctuatedWatermarksOptions> = {
  doing: "make punctuated watermarks",
  names: { when: true, column: true },
  example: '{ when: col("kind").eq("mark") }',
};

/**
 * Watermarks that stand in the rows: a row for which a condition holds says that no older ones will
 * come after it. A row for which the condition is null, or has no value, carries none.
 *
 * @example
 * ```ts
 * import { col, count, from, PunctuatedWatermarks, TumblingWindow } from "@waggle/stream";
 *
 * const rows = [{ at: 5, kind: "data" }, { at: 12, kind: "mark" }, { at: 3, kind: "data" }];
 * const watermarks = new PunctuatedWatermarks({ when: col("kind").eq("mark") });
 * const perTen = from(rows, { workers: 1 }).timestamps("at", { watermarks })
 *   .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() });
 * for await (const { windowStart, n } of perTen) console.log(windowStart, n); // 0 1, 10 1
 * ```
 */
export class PunctuatedWatermarks extends WatermarkStrategy {
  /** Columns of the condition, and the one that has the watermark. */
  override readonly columns: readonly string[];
  readonly #when: Expr;
  readonly #column: string | undefined;

  /**
   * Watermarks in the rows for which `when` is true.
   *
   * @throws {TypeError} when `when` is no expression, `column` no name, or an option is not known.
   */
  constructor(options: PunctuatedWatermarksOptions) {
    super();
    const { when, column } = knownOptions(options, OPTIONS);
    if (!isExpression(when)) {
      throw new TypeError(
        `Cannot make punctuated watermarks: when must be an expression such as ` +
          `col("kind").eq("mark"), received ${received(when)}`,
      );
    }
    if (column !== undefined && typeof column !== "string") {
      throw new TypeError(
        `Cannot make punctuated watermarks: column must be a name, received ${received(column)}`,
      );
    }
    this.#when = when;
    this.#column = column;
    const own = column === undefined ? [] : [column];
    this.columns = [...new Set([...own, ...columnNames(when.node)])];
  }

  /** What the watermark is, in words. */
  override describe(): string {
    const column = this.#column;
    const what = column === undefined ? "the time" : JSON.stringify(column);
    return `${what} of the rows with ${printExpression(this.#when.node)}`;
  }

  /** A generator for one source partition. */
  override create(): WatermarkGenerator {
    return {
      onEvent: (time, mark) => mark === OWN_TIME ? time : mark as number | undefined,
    };
  }

  /**
   * Makes ready to tell of rows of these columns.
   *
   * @throws {TypeError} when the condition or the column does not fit them.
   */
  override teller(schema: Schema): (batch: RecordBatch) => RowTeller {
    const column = this.#column;
    if (column !== undefined) checkColumn(schema, column);
    const plan = compileRows(this.#when, { schema });
    checkCondition(plan.type, printExpression(this.#when.node));
    return (batch) => {
      const marked = plan.filter(batch, { onError: () => {} });
      return column === undefined
        ? markedTeller(marked, () => OWN_TIME)
        : markedTeller(marked, (row) => {
          const [value] = readColumn(batch.column(column), { start: row, end: row + 1 });
          const time = Number(value);
          return value !== null && Math.abs(time) <= MAX_TIMESTAMP_MS ? time : undefined;
        });
    };
  }
}

/** Tells of a row that its own time is the watermark. */
const OWN_TIME = Symbol("own time");

/** Rows are asked for in their order, as the marked ones are. */
function markedTeller(marked: Int32Array, markOf: RowTeller): RowTeller {
  let next = 0;
  return (row) => {
    while (marked[next] < row) next++;
    return marked[next] === row ? markOf(row) : undefined;
  };
}

function checkColumn({ fields }: Schema, column: string): void {
  const field = fields.find(({ name }) => name === column);
  const name = JSON.stringify(column);
  if (!field) throw noSuchColumn(column, { doing: "take watermarks from", fields });
  if (TIMES.has(field.type.kind)) return;
  throw new TypeError(
    `Cannot take watermarks from column ${name}: it must be a timestamp, or an i32, i64 or f64 ` +
      `of milliseconds, received ${field.type.kind}`,
  );
}

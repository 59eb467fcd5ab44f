import { readColumn } from "../batch/column_reader.ts";
import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { type Duration, milliseconds, spellDuration } from "../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import {
  type RowTeller,
  type WatermarkGenerator,
  WatermarkStrategy,
} from "./watermark_strategy.ts";

/** Options of {@linkcode CustomWatermarks}. */
export interface CustomWatermarksOptions<Row = Record<string, unknown>> {
  /** Makes the generator of a source partition; each has its own. */
  create: () => WatermarkGenerator<Row>;
  /** Columns that the generators are told of each row. Default: none, which is fastest. */
  columns?: readonly (keyof Row & string)[];
  /** How often, by the wall clock, `onPeriodic` is called. Default: it is not. */
  interval?: Duration;
}

const OPTIONS: OptionRule<CustomWatermarksOptions<never>> = {
  doing: "make custom watermarks",
  names: { create: true, columns: true, interval: true },
  example: "{ create: () => ({ onEvent: (time) => time }) }",
};

/**
 * Watermarks by a function of yours, which is called on the main thread, in the order of the
 * source, and before any filter. It stays deterministic as long as it has no `onPeriodic`.
 *
 * @example
 * ```ts
 * import { count, CustomWatermarks, from, TumblingWindow } from "@waggle/stream";
 *
 * const byBatchEnd = new CustomWatermarks<{ last: boolean }>({
 *   create: () => ({ onEvent: (time, { last }) => last ? time : undefined }),
 *   columns: ["last"],
 * });
 * const rows = [{ at: 5, last: false }, { at: 12, last: true }, { at: 3, last: false }];
 * const perTen = from(rows, { workers: 1 }).timestamps("at", { watermarks: byBatchEnd })
 *   .window(new TumblingWindow({ size: 10 })).aggregate({ n: count() });
 * for await (const { windowStart, n } of perTen) console.log(windowStart, n); // 0 1, 10 1
 * ```
 */
export class CustomWatermarks<Row = Record<string, unknown>> extends WatermarkStrategy {
  /** Columns that the generators are told of. */
  override readonly columns: readonly string[];
  /** Milliseconds of the wall clock between calls of `onPeriodic`. */
  override readonly interval: number | undefined;
  readonly #create: () => WatermarkGenerator<Row>;

  /**
   * Watermarks by generators that `create` makes.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: CustomWatermarksOptions<Row>) {
    super();
    const { create, columns = [], interval } = knownOptions(options, OPTIONS);
    if (typeof create !== "function") {
      throw new TypeError(
        `Cannot make custom watermarks: create must be a function that gives a generator, with ` +
          `onEvent(), received ${received(create)}`,
      );
    }
    this.#create = create;
    this.columns = [...columns];
    this.interval = interval === undefined
      ? undefined
      : milliseconds(interval, "watermark interval", { least: 1 });
  }

  /** What the watermark is, in words. */
  override describe(): string {
    const { columns, interval } = this;
    const of = columns.length > 0 ? `, told of ${columns.join(", ")}` : "";
    const also = interval === undefined
      ? ""
      : `, and every ${spellDuration(interval)} of the wall clock`;
    return `what a custom generator gives after each row${of}${also}`;
  }

  /**
   * A generator for one source partition.
   *
   * @throws {TypeError} when what `create` gave is none.
   */
  override create(): WatermarkGenerator {
    const generator = this.#create();
    const { onEvent, onPeriodic } = Object(generator) as Partial<WatermarkGenerator>;
    if (typeof onEvent !== "function") {
      throw new TypeError(
        `Cannot make custom watermarks: create() must give an object with onEvent(), received ` +
          (generator === null ? "null" : typeof generator),
      );
    }
    if (this.interval !== undefined && typeof onPeriodic !== "function") {
      throw new TypeError(
        `Cannot make custom watermarks: there is an interval, but the generator has no onPeriodic(); ` +
          `add it, or leave interval out`,
      );
    }
    return generator as WatermarkGenerator;
  }

  /**
   * Makes ready to tell of rows of these columns.
   *
   * @throws {TypeError} when a column is not there.
   */
  override teller({ fields }: Schema): (batch: RecordBatch) => RowTeller {
    const names = this.columns;
    const at = names.map((name) => fields.findIndex((field) => field.name === name));
    const missing = at.indexOf(-1);
    if (missing >= 0) {
      throw new TypeError(
        `Cannot tell watermarks of column ${JSON.stringify(names[missing])}: there is none of ` +
          `that name; the columns are ${fields.map(({ name }) => JSON.stringify(name)).join(", ")}`,
      );
    }
    return (batch) => {
      const values = at.map((at) =>
        readColumn(batch.columnAt(at), { start: 0, end: batch.length })
      );
      // From entries, so that a column "__proto__" is one.
      return (row) => Object.fromEntries(names.map((name, at) => [name, values[at][row]]));
    };
  }
}

import type { Column } from "../batch/column.ts";
import { NoSuchColumn } from "../batch/no_such_column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import { sameFields } from "../batch/schema_check.ts";
import type { BadTime } from "../hive/event_time.ts";
import { splitBatch } from "../hive/message_queue.ts";
import { withSchemas } from "../hive/row_steps.ts";
import type { BlockIntakeSpec } from "./block_feed.ts";
import { type EventTimes, eventTimesOf } from "./calendar_plan.ts";
import { type PipelinePlan, type ResolvedPlan, resolvePlan } from "./pipeline_plan.ts";
import type { BlockFormat } from "./source.ts";

/** What {@linkcode FeedColumns} works with. */
export interface FeedColumnsOptions {
  /** What is read, for messages. */
  readonly name: string;
  readonly plan: PipelinePlan;
  /** Whether all columns of a row are wanted, for it may become a dead letter. */
  readonly whole: boolean;
  /** Whether the bees tell which rows are late. */
  readonly tellsLate: boolean;
  /** Rows and bytes that go to a bee at a time, at most. */
  readonly batchRows: number;
  readonly maxBytes: number;
  /** The time of reading, ms, where rows get theirs from it. */
  readonly now: () => number;
}

/** What the columns of a source come to: event times, what goes on of them, and the plan by both. */
export class FeedColumns {
  readonly #options: FeedColumnsOptions;
  /** With the columns that were learned. */
  #plan: PipelinePlan;
  #source: Schema | undefined;
  #time: EventTimes | undefined;
  #resolved: ResolvedPlan | undefined;

  /** Of a source of which nothing is known yet. */
  constructor(options: FeedColumnsOptions) {
    this.#options = options;
    this.#plan = options.plan;
  }

  /** The plan, once the columns are known. */
  get resolved(): ResolvedPlan | undefined {
    return this.#resolved;
  }

  /** The column of event times in what goes to the bees, where they put rows into windows. */
  get timeColumn(): string | undefined {
    return this.#resolved?.window?.time ?? this.#resolved?.ordered?.time;
  }

  /**
   * The source has these columns.
   *
   * @throws {TypeError} when the plan does not fit them.
   */
  resolve(schema: Schema): void {
    const { whole, tellsLate, now } = this.#options;
    this.#source = schema;
    this.#time = eventTimesOf(this.#plan, schema, now);
    const columns = this.#time?.schema ?? schema;
    this.#resolved = resolvePlan(this.#plan, columns, { whole, tellsLate });
  }

  /**
   * The source has these columns, of which its batches have those that are asked for.
   *
   * @throws {TypeError} when the plan does not fit them.
   */
  announce(schema: Schema): void {
    if (this.#source) return;
    this.resolve(schema);
    // that was for the error alone: the first batch says which of them it has
    this.#source = this.#resolved = undefined;
  }

  /**
   * The source has columns of these names and no rows, so that nothing says their types.
   *
   * @throws {TypeError} when the plan asks for another one.
   */
  named(names: readonly string[]): void {
    if (this.#source) return;
    const time = this.#options.plan.time?.column;
    // As what most that is asked of columns can be done with, so that names are all that can be wrong.
    const typeOf = (name: string) => ({ kind: name === time ? "utf8" as const : "f64" as const });
    try {
      this.resolve({ fields: names.map((name) => ({ name, type: typeOf(name) })) });
    } catch (error) {
      if (error instanceof NoSuchColumn) throw error;
    }
    this.#source = this.#time = this.#resolved = undefined;
  }

  /**
   * The columns are known that functions give; absent where a step has none of its own.
   *
   * @throws {TypeError} when the plan does not fit them.
   */
  learned(columns: readonly (Schema | undefined)[]): void {
    const { plan } = this.#options;
    this.#plan = { ...plan, steps: withSchemas(plan.steps, columns) };
    this.resolve(this.#source!);
  }

  /** A batch has come: the first one tells the columns, the others must have the same. */
  check(batch: RecordBatch): void {
    if (!this.#source) return this.resolve(batch.schema);
    const isSame = batch.schema === this.#source ||
      sameFields(batch.schema.fields, this.#source.fields);
    if (isSame) return;
    throw new TypeError(
      `Cannot read ${this.#options.name}: a batch has the columns ${batch.names.join(", ")}, ` +
        `those before had ${this.#source.fields.map(({ name }) => name).join(", ")}; ` +
        `all batches of a source need the same names and types: give a schema`,
    );
  }

  /** A format has come: the plan is held to all columns there are, bees make those asked for. */
  takeFormat({ schema, decoder }: Pick<BlockFormat, "schema" | "decoder">): BlockIntakeSpec {
    this.resolve(schema);
    const { source } = this.#resolved!;
    this.resolve(decoder.schema);
    const { picked, schema: sent } = this.#resolved = { ...this.#resolved!, source };
    const { column, format: written, bound = 0 } = this.#options.plan.time ?? {};
    const time = column !== undefined && this.#time
      ? { time: { column, ...(written && { format: written }) } }
      : {};
    return { decoder, ...time, bound, picked, schema: sent };
  }

  /** With event times, and which rows have none that can be read. */
  timed(batch: RecordBatch): { readonly batch: RecordBatch; readonly bad: readonly BadTime[] } {
    return this.#time?.convert(batch) ?? { batch, bad: [] };
  }

  /** The columns that go to the bees, of a batch or of others for its rows. */
  pick(batch: RecordBatch, columns: readonly Column[] = batch.columns): RecordBatch {
    const { schema, picked } = this.#resolved!;
    if (picked.length === batch.columns.length && columns === batch.columns) return batch;
    return new RecordBatch(schema, picked.map((at) => columns[at]), batch.length);
  }

  /** Cut to what goes to a bee at a time. */
  sized(picked: RecordBatch): RecordBatch[] {
    const { batchRows, maxBytes } = this.#options;
    const pieces: RecordBatch[] = [];
    for (let row = 0; row < picked.length; row += batchRows) {
      const piece = picked.length <= batchRows ? picked : picked.slice(row, row + batchRows);
      pieces.push(...splitBatch(piece, maxBytes));
    }
    return pieces;
  }
}

import type { Column } from "../batch/column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import { several } from "../batch/several.ts";
import { isTimeKind, resultTypeOf } from "../kernel/window_check.ts";
import { windowsOf } from "../kernel/window_layout.ts";
import type {
  AddOutcome,
  BatchPosition,
  ClosedWindows,
  Ownership,
  RouteOutcome,
  WindowEngine,
  WindowPlan,
  WindowRows,
  WindowStats,
} from "../kernel/window_types.ts";
import { planOf, type WindowTableOptions } from "./plan.ts";

/** The names of the result columns that hold a window's start and end. */
export const WINDOW_COLUMNS = ["windowStart", "windowEnd"] as const;

/** What a window table needs of a batch: its schema and columns. */
export interface ColumnBatch {
  readonly schema: Schema;
  readonly length: number;
  readonly columns: readonly Column[];
}

/** Results of closed windows of a kind. */
export interface ClosedKind {
  /** Which of the kinds that share slices; 0 where there is one. */
  readonly kind: number;
  readonly batch: RecordBatch;
}

/** The open windows of one operator. */
export interface WindowTable extends Disposable {
  /** Schema of the results of the first kind of windows. */
  readonly resultSchema: Schema;
  /** Aggregates a batch; when it throws, nothing of it was added. */
  add(batch: ColumnBatch, at: BatchPosition): AddOutcome;
  /** Decides lateness as `add` does, but only tells the rows of each owner. */
  route(batch: ColumnBatch, options: BatchPosition & Ownership): RouteOutcome;
  /** Takes everything out of the table: one delta an owner, empty where it gets nothing. */
  takeDeltas(ownerOf: Uint8Array, owners: number): Uint8Array[];
  /** Merges a delta or snapshot of a table with the same plan. When it throws, nothing was. */
  fold(delta: Uint8Array): { records: number };
  /**
   * The results of the windows that end (and whose lateness ends) at or before `watermark`, which
   * are freed: `windowStart`, `windowEnd`, the keys, the aggregates, in the order of the first and
   * then the keys (numbers by value, text by its UTF-8 bytes, NaN and null last). Of windows that
   * overlap it gives a part when there are many; more while `nextClose()` is not above `watermark`.
   */
  close(watermark: number): RecordBatch | undefined;
  /** As {@linkcode close}, telling of which of several kinds of windows the results are. */
  closeKind(watermark: number): ClosedKind | undefined;
  /** Watermark that closes the earliest open window, ms; `Infinity` without one. */
  nextClose(): number;
  /** The whole state as one delta. */
  snapshot(): Uint8Array;
  /**
   * Replaces the state by a snapshot's.
   *
   * @throws {TypeError} when that is damaged, before any change.
   */
  restore(snapshot: Uint8Array): void;
  stats(): WindowStats;
}

/** How the columns of a batch become the rows of a plan. */
interface Selection {
  readonly time: number;
  readonly keys: readonly number[];
  readonly values: readonly number[];
}

class BatchWindowTable implements WindowTable {
  readonly #engine: WindowEngine;
  readonly #selection: Selection;
  readonly #schemas: readonly Schema[];
  readonly #width: number;

  constructor(
    engine: WindowEngine,
    selection: Selection,
    { schemas, width }: { schemas: readonly Schema[]; width: number },
  ) {
    this.#engine = engine;
    this.#selection = selection;
    this.#schemas = schemas;
    this.#width = width;
  }

  get resultSchema(): Schema {
    return this.#schemas[0];
  }

  #rowsOf(batch: ColumnBatch): WindowRows {
    const { columns, length } = batch;
    if (columns.length !== this.#width) {
      throw new TypeError(
        `Cannot add batch to windows: it must have ${several(this.#width, "column")}, received ` +
          `${columns.length}; all batches of an operator have one schema`,
      );
    }
    const { time, keys, values } = this.#selection;
    return {
      length,
      times: columns[time],
      keys: keys.map((index) => columns[index]),
      values: values.map((index) => columns[index]),
    };
  }

  add(batch: ColumnBatch, at: BatchPosition): AddOutcome {
    return this.#engine.add(this.#rowsOf(batch), at);
  }

  route(batch: ColumnBatch, options: BatchPosition & Ownership): RouteOutcome {
    return this.#engine.route(this.#rowsOf(batch), options);
  }

  takeDeltas(ownerOf: Uint8Array, owners: number): Uint8Array[] {
    return this.#engine.takeDeltas({ ownerOf, owners });
  }

  fold(delta: Uint8Array): { records: number } {
    return this.#engine.fold(delta);
  }

  close(watermark: number): RecordBatch | undefined {
    return this.closeKind(watermark)?.batch;
  }

  closeKind(watermark: number): ClosedKind | undefined {
    const closed = this.#engine.close(watermark);
    return closed && { kind: closed.kind, batch: this.#batchOf(closed) };
  }

  #batchOf(closed: ClosedWindows): RecordBatch {
    const { kind, length, windowStart, windowEnd, keys, aggregates } = closed;
    const bound = (values: BigInt64Array): Column => {
      return { type: { kind: "timestamp" }, length, nullCount: 0, values };
    };
    const columns = [bound(windowStart), bound(windowEnd), ...keys, ...aggregates];
    return new RecordBatch(this.#schemas[kind], columns, length);
  }

  nextClose(): number {
    return this.#engine.nextClose();
  }

  snapshot(): Uint8Array {
    return this.#engine.snapshot();
  }

  restore(snapshot: Uint8Array): void {
    this.#engine.restore(snapshot);
  }

  stats(): WindowStats {
    return this.#engine.stats();
  }

  [Symbol.dispose](): void {
    this.#engine[Symbol.dispose]();
  }
}

/**
 * Schema of results: window, keys, aggregates.
 *
 * @throws {TypeError} when a name occurs twice.
 */
export function resultSchemaOf(
  options: Pick<WindowTableOptions, "schema" | "keys" | "aggregates">,
  { values, aggregates: planned }: Pick<WindowPlan, "values" | "aggregates">,
): Schema {
  const { schema, keys = [], aggregates } = options;
  const bounds = WINDOW_COLUMNS.map((name): Field => {
    return { name, type: { kind: "timestamp" }, nullable: false };
  });
  const keyFields = keys.map((key) => schema.fields.find(({ name }) => name === key) as Field);
  const results = Object.keys(aggregates).map((name, index): Field => {
    const { op, value } = planned[index];
    return { name, type: resultTypeOf(op, values[value]?.type), nullable: op !== "count" };
  });
  const fields = [...bounds, ...keyFields, ...results];
  checkNames(fields.map(({ name }) => name));
  return { fields };
}

/** @throws {TypeError} when two columns of results would have one name. */
export function checkNames(names: readonly string[]): void {
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new TypeError(
      `Cannot aggregate: result columns must have different names, received ` +
        `${JSON.stringify(twice)} twice; ${WINDOW_COLUMNS.join(" and ")} are always there`,
    );
  }
}

/** @throws {TypeError} when a column cannot give event times. */
export function checkTimeColumn(
  { schema, time: name }: Pick<WindowTableOptions, "schema" | "time">,
  time: number,
): void {
  const { kind } = schema.fields[time].type;
  if (isTimeKind(kind)) return;
  throw new TypeError(
    `Cannot take event times from column ${JSON.stringify(name)}: it must be of ` +
      `timestamp, i64 or f64 milliseconds, received ${kind}`,
  );
}

/** What a table over batches is, but for what is below it. */
function tableParts(options: WindowTableOptions) {
  const { plan, time, keys, values } = planOf(options);
  const all = [options.aggregates, ...(options.others ?? []).map(({ aggregates }) => aggregates)];
  const schemas = windowsOf(plan).map((windows, kind) =>
    resultSchemaOf({ ...options, aggregates: all[kind] }, { ...plan, ...windows })
  );
  checkTimeColumn(options, time);
  return { plan, selection: { time, keys, values }, schemas };
}

/**
 * Schema of the results of the first kind of windows of a table in the kernel, where no table is
 * needed.
 *
 * @throws {TypeError} as {@linkcode windowTableOver} does.
 */
export function kernelTableSchema(options: WindowTableOptions): Schema {
  return tableParts(options).schemas[0];
}

/**
 * A window table over batches.
 *
 * @param engine Makes the table below: the kernel's, or its reference twin.
 * @throws {TypeError} for a column that does not exist, has a type that does not fit its role, or
 *   a result name that occurs twice.
 */
export function windowTableOver(
  engine: (plan: WindowPlan) => WindowEngine,
  options: WindowTableOptions,
): WindowTable {
  const { plan, selection, schemas } = tableParts(options);
  const width = options.schema.fields.length;
  return new BatchWindowTable(engine(plan), selection, { schemas, width });
}

import type { Column } from "../batch/column.ts";
import { takeColumn } from "../batch/column_ops.ts";
import { noSuchColumn } from "../batch/no_such_column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import { isComputed } from "../windows/aggregate.ts";
import { EVENT_TIME } from "./event_times.ts";
import type { OperatorSpec } from "./operator_loader.ts";
import type { MessageHeader, Outcome } from "./pipeline_frames.ts";
import { watermarksBefore } from "./row_watermarks.ts";
import type { RowSteps } from "./row_steps.ts";
import { plainText } from "./window_input.ts";

/** Under which name watermarks that were decided row by row go to the bees. */
export const ROW_WATERMARK = "\u0000watermark";

/** Windows over rows in the order of their source, as plain data. */
export interface OrderedSpec {
  /** Column of event times, ms, in the batches that come; absent where rows have none. */
  readonly time?: string;
  readonly keys: readonly string[];
  /** Columns of the batches that come which rows keep, whatever is selected. */
  readonly beside: readonly string[];
  /** Columns that the operator asks for beside the keys. */
  readonly columns: readonly string[];
  /** Whether it asks for all columns. */
  readonly wholeRows: boolean;
  /**
   * How much the watermark lags behind the greatest time, ms; `Infinity`: it stands in column
   * {@linkcode ROW_WATERMARK} or, without one, stays through a batch.
   */
  readonly bound: number;
  /** Whether the owners tell which rows are late, and not only how many. */
  readonly tellsLate: boolean;
  readonly operator: OperatorSpec;
}

/** Rows for an owner, each with what was known before it. */
export interface OrderedPiece {
  /** Event time first, where rows have one. */
  readonly batch: RecordBatch;
  /** Watermark of all partitions before each row, ms. */
  readonly watermarks: Float64Array;
  /** Which row of the source's batch each is. */
  readonly places: Int32Array;
}

/** Which rows of a batch are prepared, and for how long they are needed. */
export interface RowsUse {
  /** Place of the first of them. */
  readonly from: number;
  /** Whether what becomes of them is used up before the next are prepared. */
  readonly isLent: boolean;
}

/** What a batch has come to before it goes to its owners. */
export interface OrderedRowsOut extends Outcome {
  /** What is left, as one batch with what was known before each row. */
  readonly batch: RecordBatch;
}

const PLACE_FIELDS: readonly Field[] = [
  { name: ROW_WATERMARK, type: { kind: "f64" }, nullable: false },
  { name: "\u0000place", type: { kind: "i32" }, nullable: false },
];

function constant(values: Float64Array | Int32Array, at: number): Column {
  return { type: PLACE_FIELDS[at].type, length: values.length, nullCount: 0, values };
}

/** The rows that {@linkcode OrderedInput.prepare} gave, or some of them. */
export function pieceOf({ schema, columns, length }: RecordBatch): OrderedPiece {
  const [watermarks, places] = columns.slice(-PLACE_FIELDS.length);
  const fields = schema.fields.slice(0, -PLACE_FIELDS.length);
  return {
    batch: new RecordBatch({ fields }, columns.slice(0, -PLACE_FIELDS.length), length),
    watermarks: (watermarks.values as Float64Array).subarray(0, length),
    places: (places.values as Int32Array).subarray(0, length),
  };
}

function checkColumn({ fields }: Schema, name: string, doing: string): void {
  if (fields.some((field) => field.name === name)) return;
  const known = fields.filter(({ name }) => !isComputed(name));
  throw noSuchColumn(name, { doing, fields: known });
}

/** Runs the steps before windows that see rows in order, and notes where each row stands. */
export class OrderedInput implements Disposable {
  /** Of the rows that an owner gets; text may come as `utf8` or `dict`. */
  readonly schema: Schema;
  readonly #bound: number;
  readonly #steps: RowSteps;
  /** Columns that rows keep: the event time first, where there is one. */
  readonly #beside: readonly number[];
  readonly #isTimed: boolean;
  readonly #watermark: number;
  readonly #picked: readonly number[];
  /** Of what is left, with what was known before each row. */
  readonly #placed: Schema;
  /** Watermarks of the rows before, where their memory may be used again. */
  #lent = new Float64Array();
  /** Places of rows of which none was left out. */
  #places: Int32Array = new Int32Array();

  /**
   * An input of batches of `schema`.
   *
   * @param steps What is done before the windows to batches of that schema; it is disposed of with
   *   this.
   * @throws {TypeError} when a column is not there.
   */
  constructor(spec: OrderedSpec, schema: Schema, steps: RowSteps) {
    const { time, beside, keys, columns, wholeRows, bound } = spec;
    this.#bound = bound;
    this.#steps = steps;
    const given = this.#steps.schema;
    for (const key of keys) checkColumn(given, key, "key by");
    for (const column of columns) checkColumn(given, column, "use");
    const wanted = new Set([...keys, ...columns]);
    const placeOf = (column: string) => schema.fields.findIndex(({ name }) => name === column);
    this.#isTimed = time !== undefined;
    this.#beside = [...(time === undefined ? [] : [time]), ...beside].map(placeOf);
    this.#watermark = placeOf(ROW_WATERMARK);
    this.#picked = given.fields.flatMap(({ name }, at) =>
      wanted.has(name) || (wholeRows && !isComputed(name)) ? [at] : []
    );
    const [first, ...more] = this.#beside.map((at) => schema.fields[at]);
    const named = this.#isTimed ? [{ name: EVENT_TIME, type: first.type }, ...more] : [];
    const fields = [
      ...named,
      ...this.#picked.map((at) => given.fields[at]),
    ];
    this.schema = { fields: fields.map(plainText) };
    this.#placed = { fields: [...fields, ...PLACE_FIELDS] };
  }

  /** Prepares rows that start where the header says. */
  prepare(batch: RecordBatch, header: MessageHeader, { from, isLent }: RowsUse): OrderedRowsOut {
    const before = this.#watermarks(batch, header, isLent);
    const { batch: stepped, rows, bad, added } = this.#steps.run(batch);
    const beside = this.#beside.map((at) => batch.columnAt(at));
    const columns = [
      ...rows ? beside.map((column) => takeColumn(column, rows)) : beside,
      ...this.#picked.map((at) => stepped.columnAt(at)),
    ];
    const { length } = stepped;
    const places = from === 0 && !rows ? this.#allPlaces(length) : placesOf(rows, length, from);
    const watermarks = rows ? pickedFrom(before, rows) : before;
    const placed = [...columns, constant(watermarks, 0), constant(places, 1)];
    const filtered = batch.length + added - length - bad.length;
    const counts = { absorbed: 0, filtered, late: 0, untimed: 0, bad: bad.length, added };
    return { batch: new RecordBatch(this.#placed, placed, length), counts, bad, late: [] };
  }

  #allPlaces(length: number): Int32Array {
    if (length > this.#places.length) this.#places = placesOf(undefined, length, 0);
    return this.#places.subarray(0, length);
  }

  #watermarks(
    batch: RecordBatch,
    { watermark, cap }: MessageHeader,
    isLent: boolean,
  ): Float64Array {
    const { length } = batch;
    if (this.#watermark >= 0) {
      // A copy: the memory of the batch is lent until the bee takes the next one.
      return (batch.columnAt(this.#watermark).values as Float64Array).slice(0, length);
    }
    if (!this.#isTimed) return new Float64Array(length).fill(Math.min(watermark, cap));
    const times = batch.columnAt(this.#beside[0]);
    // Memory that is new each time has to be cleared, which costs as much as what is done with it.
    if (isLent && length > this.#lent.length) this.#lent = new Float64Array(length);
    const out = isLent ? this.#lent.subarray(0, length) : undefined;
    return watermarksBefore(times, length, { watermark, bound: this.#bound, cap, out });
  }

  [Symbol.dispose](): void {
    this.#steps[Symbol.dispose]();
  }
}

function pickedFrom(values: Float64Array, rows: ArrayLike<number>): Float64Array {
  const picked = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) picked[at] = values[rows[at]];
  return picked;
}

/** Which row of the source's batch each is; `rows`: which of those that are left, absent: all. */
function placesOf(rows: Int32Array | undefined, length: number, from: number): Int32Array {
  const places = new Int32Array(length);
  for (let row = 0; row < length; row++) places[row] = from + (rows ? rows[row] : row);
  return places;
}

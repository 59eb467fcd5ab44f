import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Field, Schema } from "../../batch/schema.ts";
import { several } from "../../batch/several.ts";
import { isTimeKind } from "../../kernel/window_check.ts";
import type { AggregateFunction } from "../aggregate_function.ts";
import { indexOf, keyTypeOf } from "../plan.ts";
import type { OperatorOutcome, OrderedRows } from "../window_operator.ts";
import { FLINK_SEMANTICS, type WindowSemantics } from "../window_semantics.ts";
import type { PaneMode, TriggerSpec, WindowOperatorSpec } from "../window_spec.ts";
import { Aggregation } from "./aggregation.ts";
import { KeyIds } from "./key_ids.ts";
import { readTimes } from "./read_times.ts";
import { ResultRows, type ResultShape } from "./result_rows.ts";

/** The row counted in a window. */
export const ABSORBED = 0;
/** No window holds the row. */
export const OUTSIDE = 1;
/** All windows that hold the row were closed. */
export const LATE = 2;

const MAX_OPEN = 16 * 1024 * 1024;
const NO_ROWS: OrderedRows = {
  batch: { schema: { fields: [] }, length: 0, columns: [] },
  watermarks: new Float64Array(),
  positions: new Float64Array(),
  places: new Int32Array(),
  sequence: -1,
  partition: 0,
};

/** What an operator is made of besides its spec. */
export interface OperatorParts {
  /** Of every batch. */
  readonly schema: Schema;
  /** By the names of their result columns. */
  readonly functions: ReadonlyMap<string, AggregateFunction>;
  /** Aggregates whose results an operator keeps for itself, behind the others. */
  readonly inner?: readonly AggregateFunction[];
}

/** What is known of the rows of a batch. */
export interface ReadRows {
  /** Times, ms; `NaN` where there is none. */
  readonly times: () => Float64Array;
  /**
   * Where times are integers of 64 bits without nulls: these read as doubles, which have the order
   * of the times that are not below 0.
   */
  readonly bits: Float64Array | undefined;
  /** Ids of keys. */
  readonly ids: Int32Array;
  readonly length: number;
}

/** State as values for a snapshot, and the key of each of them that has one. */
export type SavedItem = readonly [key: number, ...values: unknown[]];

/** Saved state whose key ids are those of this operator. */
export interface SavedState {
  /** What is not of a key. */
  readonly whole: unknown;
  readonly items: readonly SavedItem[];
}

/** What all operators have in common: rows in, watermarks, keys, results out. */
export abstract class OperatorCore {
  readonly results: ResultRows;
  protected readonly spec: WindowOperatorSpec;
  protected readonly schema: Schema;
  protected readonly keys: KeyIds;
  protected readonly aggregation: Aggregation;
  protected readonly semantics: WindowSemantics;
  protected readonly trigger: TriggerSpec;
  protected readonly mode: PaneMode;
  /** How long after their end windows take rows, ms. */
  protected readonly kept: number;
  /** The watermark, less what closing waits for beyond it, ms. */
  protected watermark = -Infinity;
  /** The batch that rows are of. */
  protected rows: OrderedRows = NO_ROWS;
  /** By how much windows close after the watermark has reached their end, ms. */
  protected readonly delay: number;
  readonly #time: number;
  readonly #keyColumns: readonly number[];
  readonly #maxOpen: number;
  /** Times of a batch, kept for the next. */
  #times: Float64Array = new Float64Array();
  #open = 0;
  #lastSequence = -1;
  #lastPlace = -1;

  /** @throws {TypeError} when a column is not there, or of a type that does not fit its role. */
  constructor(spec: WindowOperatorSpec, { schema, functions, inner = [] }: OperatorParts) {
    const { keys = [], trigger = {}, revisedFor = 0, maxOpen = MAX_OPEN } = spec;
    this.spec = spec;
    this.schema = schema;
    this.semantics = { ...FLINK_SEMANTICS, ...spec.semantics };
    this.trigger = trigger;
    this.mode = trigger.panes ?? "accumulating";
    this.kept = revisedFor;
    this.delay = this.semantics.closing === "passed" ? 1 : 0;
    this.#maxOpen = maxOpen;
    this.#time = spec.time === undefined ? -1 : timeColumn(schema, spec.time);
    this.#keyColumns = keys.map((name) => indexOf(schema, name, "key by"));
    const fields = this.#keyColumns.map((at): Field => schema.fields[at]);
    this.keys = new KeyIds(fields.map(keyTypeOf));
    this.aggregation = new Aggregation([...functions.values(), ...inner]);
    this.results = new ResultRows(resultShapeOf(spec, { schema, functions }), {
      keys: this.keys,
      aggregation: this.aggregation,
    });
  }

  /** Takes rows; before each of them whatever its watermark sets off. */
  add(rows: OrderedRows): OperatorOutcome {
    const { batch, places } = rows;
    const { columns, length } = batch;
    this.#checkColumns(columns.length);
    const read = this.#readRows(rows);
    const ids = this.keys.read(this.#keyColumns.map((at) => columns[at]), length);
    this.rows = rows;
    this.aggregation.open(batch, {
      get times(): Float64Array {
        return read.times();
      },
      partition: rows.partition,
      positions: rows.positions,
    });
    this.openBatch();
    const outcome = this.#placeAll({ ...read, ids });
    if (length > 0) {
      this.#lastSequence = rows.sequence;
      this.#lastPlace = places[length - 1];
    }
    this.rows = NO_ROWS;
    this.aggregation.close();
    return outcome;
  }

  #checkColumns(columns: number): void {
    const { length } = this.schema.fields;
    if (columns === length) return;
    throw new TypeError(
      `Cannot add batch to windows: it must have ${
        several(length, "column")
      }, received ${columns}; all ` +
        `batches of an operator have one schema`,
    );
  }

  /** What there is to read of rows, which is read when it is asked for. */
  #readRows({ batch: { columns, length } }: OrderedRows): Omit<ReadRows, "ids"> {
    const column = columns[this.#time];
    const { values, nullCount } = column ?? {};
    let isRead = column === undefined;
    if (column === undefined) this.#times = new Float64Array(length);
    const times = () => {
      if (!isRead) this.#times = readTimes(column, length, this.#times);
      isRead = true;
      return this.#times;
    };
    const hasBits = values instanceof BigInt64Array && nullCount === 0;
    const bits = hasBits ? new Float64Array(values.buffer, values.byteOffset, length) : undefined;
    return { length, times, bits };
  }

  #placeAll(read: ReadRows): OperatorOutcome {
    const { ids, length } = read;
    const { watermarks, places } = this.rows;
    const { delay } = this;
    const late: number[] = [];
    let [absorbed, outside, untimed] = [0, 0, 0];
    let times: Float64Array | undefined;
    for (let row = 0; row < length; row++) {
      const end = this.placeRun(row, read);
      if (end > row) {
        this.watermark = Math.max(this.watermark, watermarks[end - 1] - delay);
        absorbed += end - row;
        row = end - 1;
        continue;
      }
      const watermark = watermarks[row] - delay;
      if (watermark > this.watermark) this.#moveTo(watermark);
      times ??= read.times();
      const time = times[row];
      if (time !== time) {
        untimed++;
        continue;
      }
      const fate = this.place(row, time, ids[row]);
      if (fate === ABSORBED) absorbed++;
      else if (fate === LATE) late.push(places[row]);
      else outside++;
    }
    return { absorbed, outside, untimed, late: Int32Array.from(late) };
  }

  /** Sets off whatever a watermark sets off. */
  advance(watermark: number): void {
    if (watermark - this.delay > this.watermark) this.#moveTo(watermark - this.delay);
  }

  #moveTo(watermark: number): void {
    if (watermark >= this.nextDue()) this.runTo(watermark);
    this.watermark = watermark;
  }

  /** Whatever comes now is set off by the watermark that waited for `time`. */
  protected byWatermark(time: number): void {
    this.results.byWatermark(time + this.delay);
  }

  /** Whatever comes now is set off by a row of the batch. */
  protected byRow(row: number): void {
    const { sequence, places } = this.rows;
    this.results.byRow(this.watermark + this.delay, sequence, places[row]);
  }

  /** Whatever comes now is set off by the clock, after the last row. */
  protected byClock(): void {
    this.results.byRow(this.watermark + this.delay, this.#lastSequence, this.#lastPlace);
  }

  /**
   * Counts something that is open from now on.
   *
   * @throws {RangeError} when that is too much.
   */
  protected opened(): void {
    if (++this.#open <= this.#maxOpen) return;
    throw new RangeError(
      `Cannot open another window: at most ${this.#maxOpen} pairs of a window, or slice, and a ` +
        `key may be open in a bee, and they are; make windows shorter, keys fewer, or raise ` +
        `maxOpenWindows`,
    );
  }

  /** Counts so much that no longer is open. */
  protected closed(count = 1): void {
    this.#open -= count;
  }

  /** Results since the last call. */
  take(): RecordBatch | undefined {
    return this.results.take();
  }

  /** What is open, and bytes that are known. */
  oldest(): number {
    return -Infinity;
  }

  stats(): { readonly windows: number; readonly bytes: number } {
    return { windows: this.#open, bytes: this.keys.bytes };
  }

  /** Sets off whatever waits for the clock. */
  tick(_nowMs: number): void {}

  /** When `tick` is due. */
  nextTick(): number {
    return Infinity;
  }

  /** Its state. */
  save(): { readonly watermark: number; readonly state: SavedState } {
    return { watermark: this.watermark, state: this.saveState() };
  }

  /** Takes the state of one that is like this one, which is new. */
  load(watermark: number, state: SavedState): void {
    this.watermark = watermark;
    this.loadState(state);
  }

  /** The values of keys, for a snapshot. */
  keyValues(id: number): unknown[] {
    return this.keys.valuesOf(id);
  }

  /** Ids for keys of a snapshot. */
  restoreKeys(keys: readonly (readonly unknown[])[]): Int32Array {
    return this.keys.restore(keys);
  }

  /**
   * Puts rows into their windows from one on that need no closer look, before any of which nothing
   * is due: gives the row after the last.
   */
  protected placeRun(row: number, _rows: ReadRows): number {
    return row;
  }

  /** Readies what is not per row of a batch. */
  protected openBatch(): void {}

  /** Puts a row into its windows; the watermark is that before it. */
  protected abstract place(row: number, time: number, key: number): number;

  /** The least watermark by which anything is due, ms; `Infinity` without any too. */
  protected abstract nextDue(): number;

  /** Sets off whatever is due by a watermark. */
  protected abstract runTo(watermark: number): void;

  protected abstract saveState(): SavedState;

  protected abstract loadState(state: SavedState): void;
}

/** What the results of an operator are made of. */
function resultShapeOf(
  { keys = [], trigger, revisedFor = 0, time, window }: WindowOperatorSpec,
  { schema, functions }: OperatorParts,
): ResultShape {
  return {
    keys: keys.map((name): Field => schema.fields[indexOf(schema, name, "key by")]),
    functions,
    isBounded: time !== undefined && window.kind !== "global",
    hasPanes: trigger !== undefined || revisedFor > 0,
    hasKinds: trigger?.panes === "retracting",
  };
}

function timeColumn(schema: Schema, name: string): number {
  const at = indexOf(schema, name, "take event times from");
  const { kind } = schema.fields[at].type;
  if (isTimeKind(kind)) return at;
  throw new TypeError(
    `Cannot take event times from column ${JSON.stringify(name)}: it must be of timestamp, i64 ` +
      `or f64 milliseconds, received ${kind}`,
  );
}

import type { Column } from "../batch/column.ts";
import { takeColumn } from "../batch/column_ops.ts";
import { noSuchColumn } from "../batch/no_such_column.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Field, Schema } from "../batch/schema.ts";
import { type AggregateSpec, columnsOfAggregate, isComputed } from "../windows/aggregate.ts";
import type { Aggregates } from "../windows/aggregates.ts";
import type { WindowedAggregates, WindowTableOptions } from "../windows/plan.ts";
import { SharedShape } from "../kernel/shared_shape.ts";
import type { WindowExtent } from "../kernel/window_types.ts";
import { EVENT_TIME, judgeRows, type Run } from "./event_times.ts";
import type { KindShare, MessageHeader, Outcome } from "./pipeline_frames.ts";
import { noCounts } from "./row_counts.ts";
import type { RowSteps } from "./row_steps.ts";

/** Places for the rows that become of one record, on average over a batch. */
const ROWS_OF_ONE = 4096;
/** Rows that go to windows at a time: a function may have made many of few. */
const MOST_ROWS = 16_384;

/** A windowed aggregation, as plain data. */
export interface WindowSpec extends WindowExtent {
  /** Column of event times, ms, in the batches that come. */
  readonly time: string;
  readonly keys: readonly string[];
  readonly aggregates: Aggregates;
  /** Other kinds of windows of the same rows and keys, whose slices they share. Default: none. */
  readonly others?: readonly WindowedAggregates[];
  /**
   * How much the watermark lags behind the greatest time, ms; `Infinity`: the rows of a batch move
   * it only at its end.
   */
  readonly bound: number;
  /** Whether rows are late by the watermark of their own partition, and not by that of all. */
  readonly lateAlone: boolean;
  /** Whether it is told which rows are late, and not only how many. */
  readonly tellsLate: boolean;
  /** Whether the pipeline is told of all watermarks, and not only of those that close windows. */
  readonly tellsAll: boolean;
}

/** Rows that follow each other, and how the windows are to judge them. */
export interface Part {
  readonly batch: RecordBatch;
  /** Place of the first row among all. */
  readonly from: number;
  /** Watermark before the first row, ms. */
  readonly watermarkBefore: number;
  /** How much the watermark lags behind the greatest time, ms; `Infinity`: it stays. */
  readonly bound: number;
}

/** What became of rows for a kind of windows, as far as it is known. */
export type KindCounts = { -readonly [Name in keyof KindShare]: KindShare[Name] };

/** What a batch has come to before it goes to a window. */
export interface Prepared extends Outcome {
  readonly kinds?: readonly KindCounts[];
  readonly parts: readonly Part[];
  /** Whether late rows are out already. */
  readonly judged: boolean;
}

/** What was found out about rows before they go to the table. */
interface JudgedKinds {
  /** Of the batch as it came. */
  readonly lateOfKind: readonly (readonly number[])[] | undefined;
  /** Which of its rows came through the steps; absent: all. */
  readonly rows: Int32Array | undefined;
  /** Rows of the batch as it came that are late for all kinds. */
  readonly marks: Uint8Array | undefined;
  /** How many of these came through the steps. */
  readonly late: number;
  /** How many rows did not. */
  readonly filtered: number;
}

const NOT_JUDGED: JudgedKinds = {
  lateOfKind: undefined,
  rows: undefined,
  marks: undefined,
  late: 0,
  filtered: 0,
};

function columnOf(schema: Schema, name: string): number {
  return schema.fields.findIndex((field) => field.name === name);
}

/** All that is aggregated, of all kinds of windows. */
function aggregatesOf({ aggregates, others = [] }: WindowSpec): AggregateSpec[] {
  return [aggregates, ...others.map(({ aggregates }) => aggregates)].flatMap(Object.values);
}

function wantedColumns(spec: WindowSpec, { fields }: Schema): Set<string> {
  const wanted = new Set<string>();
  const want = (name: string, doing: string) => {
    wanted.add(name);
    if (fields.some((field) => field.name === name)) return;
    const known = fields.filter(({ name }) => !isComputed(name));
    throw noSuchColumn(name, { doing, fields: known });
  };
  for (const name of spec.keys) want(name, "key by");
  for (const each of aggregatesOf(spec)) {
    const { op, by } = each;
    for (const name of columnsOfAggregate(each)) {
      want(name, `take ${op} ${name === by ? "by" : "of"}`);
    }
  }
  return wanted;
}

/** Of results hardly any key comes twice in a window: a dictionary would only cost time. */
export function plainText(field: Field): Field {
  return field.type.kind === "dict" ? { ...field, type: { kind: "utf8" } } : field;
}

/** Filters and selects rows, and picks the columns that a windowed aggregation needs. */
export class WindowInput implements Disposable {
  /** What the table of this input is made with. */
  readonly tableOptions: WindowTableOptions;
  readonly #spec: WindowSpec;
  readonly #steps: RowSteps;
  readonly #isPlain: boolean;
  readonly #shape: SharedShape;
  readonly #schema: Schema;
  readonly #time: number;
  readonly #picked: readonly number[];

  /**
   * An input of batches of `schema`.
   *
   * @param steps What is done before the windows to batches of that schema; it is disposed of with
   *   this.
   * @throws {TypeError} when a column is not there.
   */
  constructor(spec: WindowSpec, schema: Schema, steps: RowSteps) {
    this.#spec = spec;
    this.#steps = steps;
    this.#isPlain = steps.schemas.length === 0;
    const { keys, aggregates, others = [] } = spec;
    this.#shape = new SharedShape([spec, ...others.map(({ window }) => window)]);
    this.#time = columnOf(schema, spec.time);
    const given = this.#steps.schema;
    const time: Field = { name: EVENT_TIME, type: schema.fields[this.#time].type };
    const options = { time: EVENT_TIME, keys, aggregates, window: spec, others };
    const wanted = wantedColumns(spec, given);
    this.#picked = given.fields.flatMap(({ name }, at) => wanted.has(name) ? [at] : []);
    this.#schema = { fields: [time, ...this.#picked.map((at) => given.fields[at])] };
    this.tableOptions = { ...options, schema: { fields: this.#schema.fields.map(plainText) } };
  }

  /** How far apart records stand, so that the rows made of one find room before the next. */
  get spacing(): number {
    return this.#steps.mayAdd ? ROWS_OF_ONE : 1;
  }

  /** The least end of a window after a time, ms. */
  endAfter(time: number): number {
    return this.#shape.endAfter(time);
  }

  /** The event times of a batch as it came. */
  times(batch: RecordBatch): Column {
    return batch.columnAt(this.#time);
  }

  /**
   * Prepares a batch that starts where the header says.
   *
   * @param judge Whether each row of overlapping windows must be judged before it leaves the batch.
   */
  prepare(batch: RecordBatch, header: MessageHeader, judge = false): Prepared {
    const counts = noCounts();
    const { bound, lateAlone, tellsLate } = this.#spec;
    const { watermark } = header;
    const cap = lateAlone ? Infinity : header.cap;
    const time = this.times(batch);
    const judged = !this.#isPlain || cap < Infinity || tellsLate ||
      (judge && !this.#shape.isPlain);
    if (!judged) {
      const all = { batch: this.#pick(batch, time), from: 0, watermarkBefore: watermark, bound };
      return { parts: [all], judged, counts, bad: [], late: [], ...this.#kinds() };
    }
    const rule = { watermark, bound, cap, shape: this.#shape };
    const { late: marks, lateOfKind, runs } = judgeRows(time, batch.length, rule);
    const { batch: stepped, rows, bad, added } = this.#steps.run(batch);
    counts.bad = bad.length;
    counts.added = added;
    counts.filtered = batch.length + added - stepped.length - bad.length;
    const picked = this.#pick(stepped, rows ? takeColumn(time, rows) : time);
    const placeOf = (row: number) => rows ? rows[row] : row;
    const onTime = marks && rowsWhere(picked.length, (row) => marks[placeOf(row)] === 0);
    const kept = onTime ? picked.take(onTime) : picked;
    counts.late = picked.length - kept.length;
    const parts = partsOf(kept, runs, (row) => placeOf(onTime ? onTime[row] : row)).flatMap(
      piecesOf,
    );
    // A record of which a function made several rows goes aside once.
    const late = tellsLate && counts.late > 0
      ? [...new Set(rowsWhere(picked.length, (row) => marks![placeOf(row)] === 1).map(placeOf))]
      : [];
    const judgement = { lateOfKind, rows, marks, late: counts.late, filtered: counts.filtered };
    return { parts, judged, counts, bad, late, ...this.#kinds(judgement) };
  }

  /** What is known for each of several kinds of windows; what the table will tell comes on top. */
  #kinds(judged?: JudgedKinds): { kinds?: KindCounts[] } {
    const { kinds } = this.#shape;
    if (kinds.length === 1) return {};
    const { lateOfKind, rows, marks, late: gone, filtered } = judged ?? NOT_JUDGED;
    const kept = rows && Map.groupBy(rows, (row) => row);
    const rowsOf = (row: number) => kept ? kept.get(row)?.length ?? 0 : 1;
    return {
      kinds: kinds.map((_, kind) => {
        const late = (lateOfKind?.[kind] ?? []).filter((row) => rowsOf(row) > 0);
        // Those that went on to the table are counted there.
        const out = late.reduce((sum, row) => marks?.[row] === 1 ? sum + rowsOf(row) : sum, 0);
        const lateRows = this.#spec.tellsLate ? late : [];
        return { absorbed: 0, filtered: filtered + gone - out, late: out, untimed: 0, lateRows };
      }),
    };
  }

  #pick(batch: RecordBatch, time: Column): RecordBatch {
    const columns = this.#picked.map((at) => batch.columnAt(at));
    return new RecordBatch(this.#schema, [time, ...columns], batch.length);
  }

  [Symbol.dispose](): void {
    this.#steps[Symbol.dispose]();
  }
}

function rowsWhere(length: number, isWanted: (row: number) => boolean): number[] {
  const rows: number[] = [];
  for (let row = 0; row < length; row++) if (isWanted(row)) rows.push(row);
  return rows;
}

/** A batch in pieces for which windows have room, as they have for one of a source. */
export function inPieces(batch: RecordBatch): RecordBatch[] {
  const { length } = batch;
  if (length <= MOST_ROWS) return [batch];
  return Array.from({ length: Math.ceil(length / MOST_ROWS) }, (_, at) => {
    return batch.slice(at * MOST_ROWS, Math.min(length, (at + 1) * MOST_ROWS));
  });
}

function piecesOf(part: Part): Part[] {
  return inPieces(part.batch).map((batch, at) => ({
    ...part,
    batch,
    from: part.from + at * MOST_ROWS,
  }));
}

/** Cuts what is left of a batch where runs start; `placeOf` says where a row was before. */
function partsOf(
  batch: RecordBatch,
  runs: readonly Run[],
  placeOf: (row: number) => number,
): Part[] {
  let from = 0;
  return runs.map(({ watermark: watermarkBefore }, index) => {
    const next = runs[index + 1]?.from ?? Infinity;
    let to = index + 1 < runs.length ? from : batch.length;
    while (to < batch.length && placeOf(to) < next) to++;
    const own = from === 0 && to === batch.length ? batch : batch.slice(from, to);
    const part = { batch: own, from, watermarkBefore, bound: Infinity };
    from = to;
    return part;
  });
}

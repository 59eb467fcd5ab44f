import type { Column } from "../../batch/column.ts";
import { columnOf } from "../../batch/column_of.ts";
import { isValid, readColumn } from "../../batch/column_reader.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { DataType, Field } from "../../batch/schema.ts";
import type { NumberValues } from "./column_values.ts";
import type { ColumnPlan, Encoding } from "./plans.ts";
import { MOST_BYTES, TimeFormat } from "./time_format.ts";

/** Marks a text that is no time of the format, among what is null. */
export const NO_TIME = 2;

/** How the times of a column are written as texts. */
export interface TimeText {
  /** Of the texts. */
  readonly type: DataType;
  /** As {@linkcode TimeFormat} takes it. */
  readonly format: string;
}

/** The column as rows have it: of times that are texts, a column of texts. */
export function shownField(plan: ColumnPlan): Field {
  const { field } = plan;
  return plan.kind === "number" && plan.text ? { ...field, type: plan.text.type } : field;
}

/** The times of a column of texts; 1 where it is null, `NO_TIME` where it is no time. */
export function timesOfTexts(column: Column, { format }: TimeText): NumberValues {
  const times = new TimeFormat(format);
  const values = new Float64Array(column.length);
  const nulls = new Uint8Array(column.length);
  const texts = readColumn(column, { start: 0, end: column.length });
  for (let at = 0; at < column.length; at++) {
    const text = texts[at] as string | null;
    const ms = text === null ? undefined : times.parse(text);
    if (ms === undefined) nulls[at] = text === null ? 1 : NO_TIME;
    else values[at] = ms;
  }
  return { values, nulls };
}

/** A column of texts from one of times. */
function textsOfTimes(column: Column, { type, format }: TimeText): Column {
  const times = new TimeFormat(format);
  const values = column.values as BigInt64Array;
  const { length, nullCount, validity } = column;
  const bytes = new Uint8Array(length * MOST_BYTES);
  const offsets = new Int32Array(length + 1);
  for (let at = 0, end = 0; at < length; at++) {
    if (nullCount === 0 || isValid(column, at)) end = times.write(Number(values[at]), bytes, end);
    offsets[at + 1] = end;
  }
  const texts: Column = {
    type: { kind: "utf8" },
    ...{ length, nullCount, offsets },
    ...(validity && { validity }),
    values: bytes.slice(0, offsets[length]),
  };
  return type.kind === "utf8"
    ? texts
    : columnOf(type, readColumn(texts, { start: 0, end: length }));
}

/** Rows as they are drawn, with the texts that times are in the rows that were learned from. */
export function withTimeTexts<Row>(
  batch: RecordBatch<Row>,
  { columns }: Pick<Encoding, "columns">,
): RecordBatch<Row> {
  if (!columns.some((plan) => plan.kind === "number" && plan.text)) return batch;
  const shown = columns.map((plan, at) =>
    plan.kind === "number" && plan.text
      ? textsOfTimes(batch.columns[at], plan.text)
      : batch.columns[at]
  );
  return new RecordBatch<Row>({ fields: columns.map(shownField) }, shown, batch.length);
}

/** The same of values column by column, of which others than times may be in lists. */
export function timeTextCells<Cells extends object>(
  cells: readonly Cells[],
  { columns }: Pick<Encoding, "columns">,
): readonly (Cells | (string | null)[])[] {
  if (!columns.some((plan) => plan.kind === "number" && plan.text)) return cells;
  return columns.map((plan, at) => {
    if (plan.kind !== "number" || !plan.text) return cells[at];
    const times = new TimeFormat(plan.text.format);
    return Array.from(
      cells[at] as unknown as ArrayLike<number | null>,
      (ms) => ms === null ? null : times.text(Number(ms)),
    );
  });
}

import { KnownShape } from "../../batch/records/known_shape.ts";
import type { DataType, Schema } from "../../batch/schema.ts";
import { type AggregateSpec, isComputed } from "../aggregate.ts";
import { checkedColumn, indexOf } from "../plan.ts";
import type { ColumnBatch } from "../window_table.ts";
import { ownText } from "./own_text.ts";
import { plainType } from "./plain_type.ts";
import { cellsOf, isNull, validityOf } from "./values.ts";

/** What an aggregate is of in a batch: which rows count, and their values. */
export interface OperandValues {
  /** Whether a row does not count. */
  isLeftOut(row: number): boolean;
  /** What an aggregate gets of a row that counts, as it stands in rows. */
  valueAt(row: number): unknown;
  /** The same, to be kept when the batch is gone. */
  keptAt(row: number): unknown;
  /** The values of all rows, where all of them count and stand in a batch as they do in rows. */
  readonly all?: ArrayLike<unknown>;
}

/** What an aggregate is of: a column, whose nulls do not count, or whole rows. */
export interface Operand {
  /** Type of a value; whole rows are structs. */
  readonly type: DataType;
  /** Readies a batch; nothing is read of it before the first value is asked for. */
  open(batch: ColumnBatch): OperandValues;
}

/**
 * What an aggregate of single values or whole rows is of.
 *
 * @throws {TypeError} when there is no column of that name.
 */
export function operandOf(spec: AggregateSpec, schema: Schema): Operand {
  return spec.rows ? rowOperand(spec, schema) : columnOperand(spec, schema);
}

function columnOperand(spec: AggregateSpec, schema: Schema): Operand {
  const at = checkedColumn(spec, schema, "of");
  return {
    type: plainType(schema.fields[at].type),
    open({ columns }) {
      const column = columns[at];
      const validity = validityOf(column);
      if (column.values instanceof Float64Array) return doubles(column.values, validity);
      const cells = cellsOf(column);
      let read: readonly unknown[] | undefined;
      const valueAt = (row: number) => (read ??= cells())[row];
      return {
        isLeftOut: (row) => isNull(validity, row),
        valueAt,
        keptAt: (row) => {
          return column.type.kind === "utf8" ? ownText(valueAt(row) as string) : valueAt(row);
        },
      };
    },
  };
}

/** Doubles stand in a batch as they do in rows. */
function doubles(values: Float64Array, validity: Uint8Array | undefined): OperandValues {
  const valueAt = (row: number) => values[row];
  const isLeftOut = (row: number) => isNull(validity, row);
  return { isLeftOut, valueAt, keptAt: valueAt, ...(!validity && { all: values }) };
}

/** Rows are made of all columns that are not computed, all rows of a batch at once. */
function rowOperand(spec: AggregateSpec, schema: Schema): Operand {
  const filter = spec.filter === undefined
    ? undefined
    : indexOf(schema, spec.filter, `take ${spec.op} of`);
  const places = schema.fields.flatMap(({ name }, at) => isComputed(name) ? [] : [at]);
  const fields = places.map((at) => {
    return { ...schema.fields[at], type: plainType(schema.fields[at].type) };
  });
  const shape = new KnownShape(fields.map(({ name }) => name), new Uint8Array());
  return {
    type: { kind: "struct", fields },
    open(batch) {
      const validity = filter === undefined ? undefined : validityOf(batch.columns[filter]);
      // Texts of a dictionary are shared, and few.
      const texts = places.filter((at) => batch.columns[at].type.kind === "utf8")
        .map((at) => schema.fields[at].name);
      let read: readonly Row[] | undefined;
      const valueAt = (row: number) => (read ??= rowsOf(batch, places, shape))[row];
      return {
        isLeftOut: (row) => isNull(validity, row),
        valueAt,
        keptAt: (row) => withOwnTexts(valueAt(row), texts),
      };
    },
  };
}

type Row = Record<string, unknown>;

function withOwnTexts(row: Row, names: readonly string[]): Row {
  for (const name of names) {
    const value = row[name];
    if (typeof value === "string") row[name] = ownText(value);
  }
  return row;
}

/** The rows made of batches, since several aggregates are of them. */
const rowsMade = new WeakMap<ColumnBatch, readonly Row[]>();

function rowsOf(
  batch: ColumnBatch,
  places: readonly number[],
  shape: KnownShape,
): readonly Row[] {
  const known = rowsMade.get(batch);
  if (known !== undefined) return known;
  const columns = places.map((at) => cellsOf(batch.columns[at])());
  const rows = shape.rows(columns, batch.length);
  rowsMade.set(batch, rows);
  return rows;
}

import type { Column } from "../../batch/column.ts";
import { readColumn, type RowRange } from "../../batch/column_reader.ts";
import { formatDate, formatTime, formatTimestamp } from "../../batch/expressions/time.ts";
import { show } from "../../batch/misfit.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { showName } from "../../batch/shown_names.ts";
import type { SqliteDatabase, SqliteStatement, SqliteValue } from "../../runtime/sqlite.ts";
import { jsonTexts } from "../sql/json_texts.ts";
import { misfitError, quoteName } from "../sql/sql_table.ts";
import {
  createStatement,
  fitColumns,
  type SqliteColumn,
  type SqliteTarget,
  type SqliteTimes,
  tableColumns,
} from "./sqlite_types.ts";

/** Rows of one statement: more are not faster. */
const STATEMENT_ROWS = 32;
/** Parameters of one statement; SQLite has 32,766 at most, and calls have a stack. */
const STATEMENT_VALUES = 2_048;

const FORMATS = { timestamp: formatTimestamp, date: formatDate, time: formatTime } as const;

/** Times as ISO 8601. */
function timeTexts(column: Column, range: RowRange, kind: keyof typeof FORMATS): SqliteValue[] {
  return readColumn(column, range).map((value) => {
    if (value === null) return null;
    const text = FORMATS[kind](value as number);
    if (text !== undefined) return text;
    throw new RangeError(`${kind} ${value} has no text in ISO 8601; store times as numbers`);
  });
}

/** A text that SQLite makes a number of, where a column prefers numbers. */
const NUMBER_TEXT = /^[\t-\r ]*[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?[\t-\r ]*$/i;

/** What SQLite stores of a run of rows of a column, each as what it is. */
function sqliteValues(
  column: Column,
  range: RowRange,
  how: { times: SqliteTimes; affinity: SqliteColumn["affinity"] },
): SqliteValue[] {
  const values = valuesOf(column, range, how);
  if (how.affinity !== "NUMERIC" || column.type.kind === "decimal") return values;
  const number = values.find((value) => typeof value === "string" && NUMBER_TEXT.test(value));
  if (number === undefined) return values;
  throw new RangeError(
    `the column of the table would make a number of the text ${show(number)}; make it TEXT`,
  );
}

function valuesOf(
  column: Column,
  range: RowRange,
  { times, affinity }: { times: SqliteTimes; affinity: SqliteColumn["affinity"] },
): SqliteValue[] {
  const { type } = column;
  switch (type.kind) {
    case "bool":
      return integers(readColumn(column, range).map((bit) => bit === null ? null : Number(bit)));
    case "i64":
      return integers(readColumn({ ...column, type: { kind: "i64", as: "number" } }, range));
    case "i32":
      return integers(readColumn(column, range));
    case "timestamp":
    case "date":
    case "time":
      return times === "text"
        ? timeTexts(column, range, type.kind)
        : integers(readColumn(column, range));
    case "list":
    case "struct":
    case "map":
    case "mixed":
      return jsonTexts(column, range);
    default:
      return readColumn(column, range) as SqliteValue[];
  }

  /** A number is stored as one with a point where the column does not prefer integers. */
  function integers(values: unknown[]): SqliteValue[] {
    const isKept = affinity === "INTEGER" || affinity === "REAL";
    return (isKept
      ? values
      : values.map((value) => value === null ? null : BigInt(value as number))) as SqliteValue[];
  }
}

/** Writes the rows of batches with the same columns into a table. */
export class SqliteRows {
  /** The columns of the batches. */
  readonly schema: Schema;
  readonly #columns: readonly SqliteColumn[];
  readonly #times: SqliteTimes;
  readonly #perStatement: number;
  readonly #one: SqliteStatement;
  readonly #many: SqliteStatement;

  /**
   * Makes the table where that is wanted, and looks whether the columns fit.
   *
   * @throws {StreamingError} when they do not, or there is no such table.
   */
  constructor(db: SqliteDatabase, schema: Schema, target: SqliteTarget) {
    const { table, times, into } = target;
    let columns = tableColumns(db, table.table);
    if (columns.length === 0) {
      if (!table.create) {
        throw misfitError(`${into}: there is no such table; make it, or pass create: true`);
      }
      db.prepare(createStatement(schema, table, times)).run([]);
      columns = tableColumns(db, table.table);
    }
    this.schema = schema;
    this.#times = times;
    this.#columns = fitColumns(schema, columns, target);
    const width = schema.fields.length;
    this.#perStatement = Math.max(
      1,
      Math.min(STATEMENT_ROWS, Math.floor(STATEMENT_VALUES / width)),
    );
    this.#one = db.prepare(insertStatement(schema, target, 1));
    this.#many = db.prepare(insertStatement(schema, target, this.#perStatement));
  }

  /** Writes a run of rows. */
  write(batch: RecordBatch, range: RowRange): void {
    const values = batch.columns.map((column, at) => this.#values(column, range, at));
    const rows = range.end - range.start;
    const whole = rows - rows % this.#perStatement;
    this.#run(this.#many, values, { start: 0, end: whole }, this.#perStatement);
    this.#run(this.#one, values, { start: whole, end: rows }, 1);
  }

  #values(column: Column, range: RowRange, at: number): SqliteValue[] {
    try {
      return sqliteValues(column, range, {
        times: this.#times,
        affinity: this.#columns[at].affinity,
      });
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      const name = showName(this.schema.fields[at].name);
      throw misfitError(`Cannot store column ${name}: ${cause.message}`, { cause });
    }
  }

  #run(
    statement: SqliteStatement,
    columns: readonly SqliteValue[][],
    { start, end }: RowRange,
    rows: number,
  ): void {
    const values = new Array<SqliteValue>(rows * columns.length);
    for (let from = start; from < end; from += rows) {
      let at = 0;
      for (let row = from; row < from + rows; row++) {
        for (let column = 0; column < columns.length; column++) values[at++] = columns[column][row];
      }
      statement.run(values);
    }
  }
}

function insertStatement(
  { fields }: Schema,
  { table: { table, keys } }: SqliteTarget,
  rows: number,
): string {
  const names = fields.map(({ name }) => quoteName(name));
  const row = `(${names.map(() => "?").join(", ")})`;
  const insert = `INSERT INTO ${quoteName(table)} (${names.join(", ")}) VALUES ` +
    new Array(rows).fill(row).join(", ");
  if (keys.length === 0) return insert;
  const others = fields.filter(({ name }) => !keys.includes(name));
  const updates = others.map(({ name }) => `${quoteName(name)} = excluded.${quoteName(name)}`);
  const update = updates.length > 0 ? `UPDATE SET ${updates.join(", ")}` : "NOTHING";
  return `${insert} ON CONFLICT (${keys.map(quoteName).join(", ")}) DO ${update}`;
}

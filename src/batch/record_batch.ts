import { appendRows, checkedIterable } from "./append_rows.ts";
import { several } from "./several.ts";
import { listNames, showName } from "./shown_names.ts";
import { inspectBatch } from "./batch_inspect.ts";
import { makeWritable, rowsToJson } from "./batch_json.ts";
import type { Column } from "./column.ts";
import { checkColumn } from "./column_check.ts";
import { concatColumns, sliceColumn, takeColumn } from "./column_ops.ts";
import { readColumn, type RowRange, valueAt } from "./column_reader.ts";
import { inferSchema } from "./infer.ts";
import { type BuilderOptions, FieldsBuilder } from "./nested_builders.ts";
import { RowIterator } from "./row_iterator.ts";
import { RowView } from "./row_view.ts";
import { zipRows } from "./zip_rows.ts";
import { checkSchema, sameFields } from "./schema_check.ts";
import type { Field, Schema, TypedSchema } from "./schema.ts";

/** Rows that are turned to or from objects at a time: few enough to stay in the cache. */
const BLOCK_ROWS = 1024;

interface SchemaNames {
  readonly names: readonly string[];
  readonly positions: ReadonlyMap<string, number>;
}

const namesBySchema = new WeakMap<Schema, SchemaNames>();

function namesOf(schema: Schema): SchemaNames {
  let found = namesBySchema.get(schema);
  if (!found) {
    checkSchema(schema);
    const names = schema.fields.map((field) => field.name);
    found = { names, positions: new Map(names.map((name, at) => [name, at])) };
    namesBySchema.set(schema, found);
  }
  return found;
}

/** What a value handed to `fromRows` without a schema is when it comes out again. */
export type Inferred<T> = T extends Date ? number
  : T extends string | number | bigint | boolean | null | Uint8Array ? T
  : T extends undefined ? null
  : T extends readonly (infer Item)[] ? Inferred<Item>[]
  : T extends object ? InferredRow<T>
  : unknown;

/** What a row handed to `fromRows` without a schema is when it comes out again. */
export type InferredRow<T> = { [K in keyof T]-?: Inferred<T[K]> };

/** Options of {@linkcode RecordBatch.fromRows}. */
export interface FromRowsOptions<Row> extends BuilderOptions {
  /** The columns. Default: inferred from the first 1,024 rows. */
  schema?: TypedSchema<Row>;
}

/** Options of {@linkcode RecordBatch.toJson}. */
export interface ToJsonOptions {
  /** One object a line, each line ended, instead of one array. Default `false`. */
  lines?: boolean;
}

/**
 * Rows as typed columns: what flows everywhere between a source and a publisher.
 *
 * A batch never changes. Iterate it for rows as plain objects, or take its columns.
 *
 * @example
 * ```ts
 * import { RecordBatch } from "@waggle/stream";
 *
 * const batch = RecordBatch.fromRows([
 *   { sensor: "a", temperature: 20.5 },
 *   { sensor: "b", temperature: null },
 * ]);
 * for (const { sensor, temperature } of batch) console.log(sensor, temperature);
 * console.log(batch.column("temperature").nullCount); // 1
 * ```
 */
export class RecordBatch<Row = Record<string, unknown>> implements Iterable<Row> {
  /** Names and types of the columns. */
  readonly schema: TypedSchema<Row>;
  /** Number of rows. */
  readonly length: number;
  readonly #columns: readonly Column[];
  readonly #names: SchemaNames;

  /**
   * A batch of columns that exist, which are kept and not copied.
   *
   * @throws {TypeError} when the columns are not those of the schema, or lack a buffer.
   * @throws {RangeError} when `length` is not that of the columns.
   */
  constructor(schema: TypedSchema<Row>, columns: readonly Column[], length: number) {
    this.#names = namesOf(schema);
    const { fields } = schema;
    if (fields.length !== columns.length) {
      throw new TypeError(
        `Cannot make batch: the schema has ${
          several(fields.length, "column")
        }, received ${columns.length}`,
      );
    }
    if (!(Number.isSafeInteger(length) && length >= 0)) {
      throw new RangeError(`Cannot make batch: length must be a whole number, received ${length}`);
    }
    for (let at = 0; at < fields.length; at++) checkBatchColumn(fields[at], columns[at], length);
    this.schema = schema;
    this.length = length;
    this.#columns = columns;
  }

  /**
   * A batch of plain objects. Values are checked, never cut or rounded to fit (but to `f32`).
   *
   * Without `schema` it is inferred from the first 1,024 rows: whole numbers become `i32`, or
   * `i64` as `number` when they need it; other numbers `f64`; `bigint` `i64`; strings `utf8`;
   * `Date` `timestamp`; arrays and objects `list` and `struct`; several kinds in one place `mixed`.
   *
   * @throws {TypeError} naming row, column, expected type and received value when one does not fit.
   */
  static fromRows<In extends object, Row = InferredRow<In>>(
    rows: Iterable<In>,
    options: FromRowsOptions<Row> = {},
  ): RecordBatch<Row> {
    const all: readonly In[] = Array.isArray(rows) ? rows : Array.from(checkedIterable(rows));
    const schema = options.schema ?? inferSchema(all);
    checkSchema(schema);
    const fields = new FieldsBuilder(schema.fields, options);
    for (let start = 0; start < all.length; start += BLOCK_ROWS) {
      const rows = all.length <= BLOCK_ROWS ? all : all.slice(start, start + BLOCK_ROWS);
      appendRows(fields, rows, { start, schema, checksKeys: options.extraKeys !== "ignore" });
    }
    const columns = fields.builders.map((builder) => builder.finish());
    return new RecordBatch<Row>(schema, columns, all.length);
  }

  /**
   * All rows of several batches with the same columns, in order.
   *
   * @throws {TypeError} when there is no batch, or their columns differ.
   */
  static concat<Row>(batches: readonly RecordBatch<Row>[]): RecordBatch<Row> {
    if (batches.length === 0) throw new TypeError("Cannot concatenate batches: there are none");
    const [{ schema }] = batches;
    const other = batches.findIndex((batch) => !sameFields(batch.schema.fields, schema.fields));
    if (other >= 0) {
      throw new TypeError(
        `Cannot concatenate batches: batch ${other} has other columns than batch 0; ` +
          `select the same ones first`,
      );
    }
    const columns = schema.fields.map((field, at) =>
      concatColumns(field.type, batches.map((batch) => trimmed(batch.columnAt(at), batch.length)))
    );
    return new RecordBatch<Row>(schema, columns, batches.reduce((sum, b) => sum + b.length, 0));
  }

  /** The names of the columns, in order. */
  get names(): readonly string[] {
    return this.#names.names;
  }

  /** The columns, in order. */
  get columns(): readonly Column[] {
    return this.#columns;
  }

  /**
   * The column of a name.
   *
   * @throws {TypeError} when there is none, listing those there are.
   */
  column(name: keyof Row & string): Column {
    return this.#columns[this.indexOf(name)];
  }

  /**
   * The column at a position.
   *
   * @throws {RangeError} when there is none.
   */
  columnAt(at: number): Column {
    const column = this.#columns[at];
    if (!column) {
      throw new RangeError(`Cannot take column ${at}: the batch has ${this.#columns.length}`);
    }
    return column;
  }

  /**
   * The position of the column of a name.
   *
   * @throws {TypeError} when there is none, listing those there are.
   */
  indexOf(name: string): number {
    const at = this.#names.positions.get(name);
    if (at !== undefined) return at;
    throw new TypeError(
      `Cannot find column ${showName(name)}: the batch has ${
        listNames(this.names) || "no columns"
      }`,
    );
  }

  /**
   * The value at a row and a column's position.
   *
   * @throws {RangeError} when there is no such row or column.
   */
  valueAt(row: number, column: number): unknown {
    this.#checkRow(row);
    return valueAt(this.columnAt(column), row);
  }

  /**
   * A view of one row that makes no object and reads nothing until asked; `moveTo` it to the next.
   *
   * @throws {RangeError} when there is no such row.
   */
  row(at: number): RowView<Row> {
    return new RowView<Row>(this, at);
  }

  /** The rows as plain objects; a column named `__proto__` is an own property as any other. */
  toRows(): Row[] {
    return this.#allRows(readColumn);
  }

  /** The rows as plain objects, made a few at a time. */
  [Symbol.iterator](): IterableIterator<Row> {
    return new RowIterator(this.#blocks(readColumn));
  }

  /**
   * The rows as JSON text: an array, or with `lines` one object a line.
   *
   * 64-bit integers are numbers in full, beyond 2^53 too; timestamps are milliseconds, dates days
   * and times milliseconds, as in rows; decimals are strings, bytes base64; NaN and the infinities,
   * which JSON lacks, are null.
   */
  toJson({ lines = false }: ToJsonOptions = {}): string {
    return rowsToJson(this.#allRows(writableColumn), lines);
  }

  /**
   * Rows `start` to `end` (exclusive), as views of this batch's columns where that is possible.
   * Negative positions count from the end, as for arrays.
   */
  slice(start = 0, end: number = this.length): RecordBatch<Row> {
    const from = position(start, this.length);
    const to = Math.max(from, position(end, this.length));
    const columns = this.#columns.map((column) => sliceColumn(column, { start: from, end: to }));
    return new RecordBatch<Row>(this.schema, columns, to - from);
  }

  /**
   * The rows at `indices`, in that order; a row may come several times.
   *
   * @throws {RangeError} when there is no such row.
   */
  take(indices: ArrayLike<number>): RecordBatch<Row> {
    for (let at = 0; at < indices.length; at++) this.#checkRow(indices[at]);
    const columns = this.#columns.map((column) => takeColumn(column, indices));
    return new RecordBatch<Row>(this.schema, columns, indices.length);
  }

  /**
   * The columns of these names, in this order, as they are.
   *
   * @throws {TypeError} when there is no such column.
   */
  select<const K extends keyof Row & string>(names: readonly K[]): RecordBatch<Pick<Row, K>> {
    const at = names.map((name) => this.indexOf(name));
    const fields = at.map((index) => this.schema.fields[index]);
    const columns = at.map((index) => this.#columns[index]);
    return new RecordBatch<Pick<Row, K>>({ fields }, columns, this.length);
  }

  /** The columns, the first rows as a table, and how many more there are. */
  [Symbol.for("Deno.customInspect")](): string {
    return inspectBatch(this);
  }

  /** The same, for Node's way of inspecting. */
  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return inspectBatch(this);
  }

  #allRows(read: typeof readColumn): Row[] {
    const rows: Row[] = [];
    for (const block of this.#blocks(read)) for (const row of block) rows.push(row);
    return rows;
  }

  *#blocks(read: typeof readColumn): IterableIterator<Row[]> {
    for (let start = 0; start < this.length; start += BLOCK_ROWS) {
      const range = { start, end: Math.min(start + BLOCK_ROWS, this.length) };
      const columns = this.#columns.map((column) => read(column, range));
      yield zipRows(this.names, columns, range.end - start) as Row[];
    }
  }

  #checkRow(at: number): void {
    if (!(Number.isInteger(at) && at >= 0 && at < this.length)) {
      throw new RangeError(
        `Cannot read row ${at}: the batch has ${several(this.length, "row")}, counted from 0`,
      );
    }
  }
}

/** The values of a column as JSON can hold them. */
function writableColumn(column: Column, range: RowRange): unknown[] {
  const values = readColumn(column, range);
  makeWritable(column.type, values);
  return values;
}

function checkBatchColumn(field: Field, column: Column, length: number): void {
  try {
    checkColumn(column, field.type);
  } catch (error) {
    throw new TypeError(
      `Cannot make batch: column ${JSON.stringify(field.name)}: ${(error as Error).message}`,
      { cause: error },
    );
  }
  if (column.length !== length) {
    throw new RangeError(
      `Cannot make batch: column ${JSON.stringify(field.name)} has ${
        several(column.length, "row")
      }, ` +
        `the batch ${length}`,
    );
  }
  if (field.nullable === false && column.nullCount > 0) {
    throw new TypeError(
      `Cannot make batch: column ${JSON.stringify(field.name)} holds no nulls by its schema, ` +
        `but has ${column.nullCount}`,
    );
  }
}

function position(at: number, length: number): number {
  const whole = Math.trunc(at) || 0;
  return whole < 0 ? Math.max(0, length + whole) : Math.min(whole, length);
}

function trimmed(column: Column, length: number): Column {
  return column.length === length ? column : sliceColumn(column, { start: 0, end: length });
}

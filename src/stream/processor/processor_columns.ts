import type { ColumnBuilder } from "../../batch/column_builder.ts";
import { columnNames } from "../../batch/expressions/node.ts";
import { rowError } from "../../batch/misfit.ts";
import { columnBuilder } from "../../batch/nested_builders.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import { RecordBatchBuilder } from "../../batch/record_batch_builder.ts";
import type { Field, Schema, TypedSchema } from "../../batch/schema.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { columnsOfAggregate } from "../../windows/aggregate.ts";
import type { Aggregates } from "../../windows/aggregates.ts";
import { CustomWindow } from "../../windows/custom_window.ts";
import { columnsForWindow, isOrderedWindow } from "../../windows/ordered_window.ts";
import type { AnyWindow } from "../window_plan.ts";
import { WHOLE_RECORD } from "../bad_inputs.ts";
import { FirstRows } from "../first_rows.ts";

/** The column of event times. */
export const TIME = "\u0000time";
/** The column of keys, as texts. */
export const KEY = "\u0000key";

type AnyRow = Record<string, unknown>;

/** What records become columns of. */
export interface ProcessorColumnsOptions {
  /** Columns that are asked for, by their names in the records. */
  readonly names: ReadonlySet<string>;
  /** Whether there is a column of the records as they came. */
  readonly keepsWhole: boolean;
  /** The types of columns, where they are known. */
  readonly schema: Schema | undefined;
}

/** The columns of records that aggregates are of. */
export function columnsOf(aggregates: Aggregates): Set<string> {
  const names = new Set<string>();
  for (const spec of Object.values(aggregates)) {
    const { computed = [] } = spec;
    const made = new Set(computed.map(({ name }) => name));
    for (const name of columnsOfAggregate(spec)) if (!made.has(name)) names.add(name);
    for (const { node } of computed) for (const name of columnNames(node)) names.add(name);
  }
  names.delete(WHOLE_RECORD);
  return names;
}

/** The columns of records that windows look at; of those that look at all, the first one's. */
export function columnsOfWindow(window: AnyWindow, first: object): Iterable<string> {
  if (!isOrderedWindow(window)) return [];
  const computed = columnsForWindow(window).flatMap(({ node }) => [...columnNames(node)]);
  if (!(window instanceof CustomWindow) || window.assign === undefined) return computed;
  return window.columns ?? Object.keys(first);
}

/** Some properties of a record, null where it has none. */
export function pickedFrom(record: object, names: readonly string[]): AnyRow {
  return Object.fromEntries(names.map((name) => {
    const isThere = !(name in Object.prototype) || Object.hasOwn(record, name);
    return [name, isThere ? (record as AnyRow)[name] ?? null : null];
  }));
}

/** The columns of some records. */
export function inferredColumns(rows: readonly AnyRow[]): Schema {
  const first = new FirstRows({ inferenceRows: undefined, columns: undefined });
  for (const row of rows) first.add(row);
  return withoutGuesses(first.take().schema, rows);
}

/** Columns of which there are only nulls so far are taken for numbers. */
function withoutGuesses({ fields }: Schema, rows: readonly object[]): Schema {
  const isEmpty = (name: string) => rows.every((row) => (row as AnyRow)[name] === null);
  return {
    fields: fields.map((field) =>
      isEmpty(field.name) ? { ...field, type: { kind: "f64" } } : field
    ),
  };
}

/** A record on its way into columns. */
export interface PlacedRecord {
  /** Event time, ms. */
  readonly time: number;
  /** Its key as a text. */
  readonly key: string | null;
  readonly record: object;
}

/** Collects records as columns: their times, their keys, and what aggregates ask for. */
export class ProcessorColumns {
  readonly #names: readonly string[];
  readonly #fields: Field[] = [
    { name: TIME, type: { kind: "timestamp" }, nullable: false },
    { name: KEY, type: { kind: "utf8" } },
  ];
  readonly #time: ColumnBuilder = columnBuilder({ kind: "timestamp" });
  readonly #key: ColumnBuilder = columnBuilder({ kind: "utf8" });
  readonly #whole: ColumnBuilder | undefined;
  readonly #first: FirstRows;
  /** Columns that no record so far has had. */
  readonly #missing: Set<string>;
  #values: RecordBatchBuilder | undefined;
  /** What the first record has. */
  #known: readonly string[] | undefined;

  /** Columns without rows. */
  constructor({ names, keepsWhole, schema }: ProcessorColumnsOptions) {
    this.#names = [...names];
    this.#missing = new Set(names);
    if (keepsWhole) {
      this.#whole = columnBuilder({ kind: "mixed" });
      this.#fields.push({ name: WHOLE_RECORD, type: { kind: "mixed" } });
    }
    this.#first = new FirstRows({ inferenceRows: undefined, columns: names });
    if (schema && names.size > 0) this.#begin(this.#picked(schema));
  }

  /** Rows since the last batch. */
  get length(): number {
    return this.#time.length;
  }

  /**
   * Adds a record.
   *
   * @throws {TypeError} when one of its values does not fit its column; then nothing is added.
   * @throws {StreamingError} when records before it do not fit, of which some columns were not known.
   */
  add({ time, key, record }: PlacedRecord): void {
    this.#appendWhole(record);
    try {
      this.#append(record);
    } catch (error) {
      this.#whole?.truncate(this.length);
      throw error;
    }
    this.#time.append(time);
    this.#key.append(key);
  }

  #appendWhole(record: object): void {
    try {
      this.#whole?.append(record);
    } catch (error) {
      throw rowError(error, this.length);
    }
  }

  #append(record: object): void {
    if (this.#names.length === 0) return;
    if (this.#values) return this.#values.append(record);
    for (const name of this.#missing) if (name in record) this.#missing.delete(name);
    this.#known ??= Object.keys(record);
    if (this.#first.add(pickedFrom(record, this.#names))) this.#infer();
  }

  /** A batch of all rows since the last one. */
  finish(): RecordBatch {
    const { length } = this;
    if (!this.#values && this.#names.length > 0) this.#infer();
    const columns = [this.#time.finish(), this.#key.finish()];
    if (this.#whole) columns.push(this.#whole.finish());
    if (this.#values) columns.push(...this.#values.finish().columns);
    return new RecordBatch({ fields: this.#fields }, columns, length);
  }

  #picked({ fields }: Schema): Schema {
    const known = new Map(fields.map((field) => [field.name, field]));
    const missing = this.#names.find((name) => !known.has(name));
    if (missing === undefined) return { fields: this.#names.map((name) => known.get(name)!) };
    throw new TypeError(
      `Cannot aggregate column ${JSON.stringify(missing)}: the schema has no such column, but ` +
        fields.map(({ name }) => JSON.stringify(name)).join(", "),
    );
  }

  #infer(): void {
    const { rows, schema } = this.#first.take();
    const [missing] = this.#missing;
    if (missing !== undefined) throw this.#lacking(missing);
    this.#begin(withoutGuesses(schema, rows));
    try {
      for (const row of rows) this.#values!.append(row);
    } catch (cause) {
      throw new StreamingError((cause as Error).message, { cause });
    }
  }

  #lacking(name: string): StreamingError {
    const known = this.#known?.map((each) => JSON.stringify(each)).join(", ");
    return new StreamingError(
      `Cannot aggregate column ${
        JSON.stringify(name)
      }: no record so far has such a property, the ` +
        `first one has ${known || "none"}; pass a schema if others have it`,
    );
  }

  #begin(schema: Schema): void {
    this.#values = new RecordBatchBuilder(schema as TypedSchema<AnyRow>, { extraKeys: "ignore" });
    this.#fields.push(...schema.fields);
  }
}

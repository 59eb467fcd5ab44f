import { show } from "../../batch/misfit.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { listNames, showName } from "../../batch/shown_names.ts";
import { isValid } from "../../batch/column_reader.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { checkBoolean, received } from "../../runtime/known_options.ts";

/** Which table is written to, and how. */
export interface SqlTableOptions {
  /** The table. */
  table: string;
  /**
   * Whether the table is made, from the columns of the first batch, where there is none. Default
   * `false`: that there is none is an error.
   */
  create?: boolean;
  /**
   * The columns that a row is known by: one that is there already is updated, and else inserted.
   * The table has them as its primary key, or has a unique index over them. Default: rows are
   * inserted.
   */
  upsert?: readonly string[];
}

/** {@linkcode SqlTableOptions} with all that is not given. */
export interface SqlTable {
  readonly table: string;
  readonly create: boolean;
  /** Empty: rows are inserted. */
  readonly keys: readonly string[];
}

/**
 * A name as SQL has it, whatever is in it.
 *
 * @throws {TypeError} for a name with a zero character, which no database takes.
 */
export function quoteName(name: string): string {
  if (!name.includes("\0")) return `"${name.replaceAll('"', '""')}"`;
  throw new TypeError(`Cannot name ${showName(name)} in SQL: there is a zero character in it`);
}

/**
 * Checks the options about the table.
 *
 * @throws {TypeError} when one is none that it can be.
 */
export function sqlTable(options: SqlTableOptions, doing: string): SqlTable {
  const { table, create = false, upsert } = options;
  if (typeof table !== "string" || table === "") {
    throw new TypeError(
      `Cannot ${doing}: table must be the name of a table, received ${received(table)}`,
    );
  }
  quoteName(table);
  checkBoolean("create", create, doing);
  return { table, create, keys: upsert === undefined ? [] : keyNames(upsert, doing) };
}

function keyNames(upsert: readonly string[], doing: string): readonly string[] {
  const isList = Array.isArray(upsert) && upsert.length > 0 &&
    upsert.every((name) => typeof name === "string");
  if (!isList) {
    throw new TypeError(
      `Cannot ${doing}: upsert must be a list of the columns that a row is known by, such as ` +
        `["id"], received ${show(upsert)}`,
    );
  }
  const twice = upsert.find((name, at) => upsert.indexOf(name) !== at);
  if (twice === undefined) return [...upsert];
  throw new TypeError(`Cannot ${doing}: upsert names ${showName(twice)} twice`);
}

/** An error that no other attempt can mend. */
export function misfitError(message: string, options: ErrorOptions = {}): StreamingError {
  return new StreamingError(message, { ...options, retriable: false });
}

/**
 * Checks that the columns of a batch can be those of one table.
 *
 * @throws {StreamingError} when there is none, two of them are one to the database, or a key is
 *   missing.
 */
export function checkTableColumns(
  { fields }: Schema,
  { keys }: SqlTable,
  { into, sameName }: { into: string; sameName: (name: string) => string },
): void {
  if (fields.length === 0) throw misfitError(`${into}: the batch has no columns`);
  const seen = new Map<string, string>();
  for (const { name } of fields) {
    const other = seen.get(sameName(name));
    if (other !== undefined) {
      throw misfitError(
        `${into}: the columns ${showName(other)} and ${showName(name)} are one and the same to ` +
          "the database; give one another name",
      );
    }
    seen.set(sameName(name), name);
  }
  const missing = keys.find((key) => !fields.some(({ name }) => name === key));
  if (missing === undefined) return;
  throw misfitError(
    `${into}: upsert names the column ${showName(missing)}, which the batch has not; it has ` +
      listNames(fields.map(({ name }) => name)),
  );
}

/**
 * Checks that no row lacks a key by which it would be known: nulls are never equal to SQL.
 *
 * @throws {StreamingError} that names the row and column.
 */
export function checkKeyValues(batch: RecordBatch, { keys }: SqlTable, into: string): void {
  for (const key of keys) {
    const column = batch.columnAt(batch.indexOf(key));
    if (column.nullCount === 0) continue;
    let row = 0;
    while (isValid(column, row)) row++;
    throw misfitError(
      `${into}: row ${row} of the batch is null in column ${
        showName(key)
      }, which is a key of the ` +
        "upsert; leave such rows out, or give them a key",
    );
  }
}

import type { DataType, Field, Schema } from "../../batch/schema.ts";
import { listNames, showName } from "../../batch/shown_names.ts";
import type { SqliteDatabase } from "../../runtime/sqlite.ts";
import { misfitError, quoteName, type SqlTable } from "../sql/sql_table.ts";

/** How timestamps, dates and times of a day are stored: numbers as in rows, or ISO 8601. */
export type SqliteTimes = "number" | "text";

/** What SQLite prefers to store in a column (sqlite.org/datatype3.html, section 3.1). */
export type Affinity = "INTEGER" | "REAL" | "TEXT" | "BLOB" | "NUMERIC";

/** A column of a table that is there. */
export interface SqliteColumn {
  readonly name: string;
  readonly declared: string;
  readonly affinity: Affinity;
  /** Whether rows need a value for it. */
  readonly isRequired: boolean;
  /** Whether the database computes it. */
  readonly isGenerated: boolean;
}

/** Names that SQLite takes for one: ASCII letters are equal in both cases. */
export function sameSqliteName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** The type of a column in SQLite. */
function sqliteType({ kind }: DataType, times: SqliteTimes): Affinity {
  switch (kind) {
    case "bool":
    case "i32":
    case "i64":
      return "INTEGER";
    case "timestamp":
    case "date":
    case "time":
      return times === "number" ? "INTEGER" : "TEXT";
    case "f32":
    case "f64":
      return "REAL";
    case "bytes":
      return "BLOB";
    default:
      return "TEXT";
  }
}

/** The statement that makes a table for a schema. */
export function createStatement(
  { fields }: Schema,
  { table, keys }: SqlTable,
  times: SqliteTimes,
): string {
  const columns = fields.map(({ name, type, nullable = true }) => {
    const required = !nullable || keys.includes(name) ? " NOT NULL" : "";
    return `${quoteName(name)} ${sqliteType(type, times)}${required}`;
  });
  const key = keys.length > 0 ? [`PRIMARY KEY (${keys.map(quoteName).join(", ")})`] : [];
  return `CREATE TABLE ${quoteName(table)} (${[...columns, ...key].join(", ")})`;
}

/** How a declared type is taken (sqlite.org/datatype3.html, section 3.1). */
function affinityOf(declared: string, isStrict: boolean): Affinity {
  const type = declared.toUpperCase();
  // a strict table keeps what it is given there (sqlite.org/stricttables.html)
  if (isStrict && type === "ANY") return "BLOB";
  if (type.includes("INT")) return "INTEGER";
  if (/CHAR|CLOB|TEXT/.test(type)) return "TEXT";
  if (type === "" || type.includes("BLOB")) return "BLOB";
  return /REAL|FLOA|DOUB/.test(type) ? "REAL" : "NUMERIC";
}

/** The columns of a table or view; none when there is no such table. */
export function tableColumns(db: SqliteDatabase, table: string): SqliteColumn[] {
  const [listed] = db.prepare("SELECT strict FROM pragma_table_list(?)").all([table]);
  const isStrict = Number(listed?.strict) === 1;
  const rows = db.prepare(
    `SELECT name, type, "notnull" AS needs, dflt_value IS NOT NULL AS has, pk, hidden ` +
      `FROM pragma_table_xinfo(?)`,
  ).all([table]);
  const keys = rows.filter(({ pk }) => Number(pk) > 0).length;
  return rows.map(({ name, type, needs, has, pk, hidden }) => {
    const declared = String(type);
    const isRowId = keys === 1 && Number(pk) > 0 && declared.toUpperCase() === "INTEGER";
    return {
      name: String(name),
      declared,
      affinity: affinityOf(declared, isStrict),
      isRequired: Number(needs) === 1 && Number(has) === 0 && !isRowId && Number(hidden) === 0,
      isGenerated: Number(hidden) > 1,
    };
  });
}

/** Digits that a number of SQLite keeps of a decimal text. */
const EXACT_DIGITS = 15;

/** Why values of a type would not stay what they are in a column; `undefined`: they would. */
function misfit(type: DataType, column: SqliteColumn, times: SqliteTimes): string | undefined {
  const { affinity, declared } = column;
  const stored = sqliteType(type, times);
  if (affinity === "BLOB" || affinity === stored && type.kind !== "decimal") return undefined;
  switch (stored) {
    case "TEXT":
      if (affinity === "TEXT" || affinity === "NUMERIC" && /DATE|TIME|ANY/i.test(declared)) {
        return undefined;
      }
      if (type.kind === "decimal" && affinity === "NUMERIC" && type.precision <= EXACT_DIGITS) {
        return undefined;
      }
      return "which would make numbers of texts that look like some";
    case "INTEGER":
      if (affinity === "TEXT") return "which would make texts of numbers";
      return affinity === "REAL" && type.kind === "i64"
        ? "which does not hold integers beyond 2^53"
        : undefined;
    case "REAL":
      return affinity === "TEXT" ? "which would make texts of numbers" : undefined;
    default:
      return "which is for something else";
  }
}

function typeName(type: DataType): string {
  return type.kind === "decimal" ? `decimal(${type.precision}, ${type.scale})` : type.kind;
}

/** What columns have to fit into. */
export interface SqliteTarget {
  readonly table: SqlTable;
  readonly times: SqliteTimes;
  /** What cannot be done, for messages: `Cannot write to table "t" of data.db`. */
  readonly into: string;
}

function fitted(field: Field, columns: readonly SqliteColumn[], target: SqliteTarget) {
  const { table: { table }, times, into } = target;
  const { name, type } = field;
  const found = columns.find((column) => sameSqliteName(column.name) === sameSqliteName(name));
  if (!found) {
    throw misfitError(
      `${into}: it has no column ${showName(name)}; it has ` +
        `${listNames(columns.map((column) => column.name))}; add it, such as by ALTER TABLE ` +
        `${quoteName(table)} ADD COLUMN ${quoteName(name)} ${
          sqliteType(type, times)
        }, or leave it out of the batches`,
    );
  }
  if (found.isGenerated) {
    throw misfitError(
      `${into}: its column ${
        showName(name)
      } is computed by the database; leave it out of the batches`,
    );
  }
  const why = misfit(type, found, times);
  if (why === undefined) return found;
  throw misfitError(
    `${into}: its column ${
      showName(name)
    } is ${found.declared}, ${why}, and that of the batch is ` +
      `${typeName(type)}; make the one of the table ${
        sqliteType(type, times)
      }, or the one of the ` +
      "batch another",
  );
}

/**
 * The columns of a table that the fields of a schema go into, in their order.
 *
 * @throws {StreamingError} naming the column, when one does not fit or is missing.
 */
export function fitColumns(
  { fields }: Schema,
  columns: readonly SqliteColumn[],
  target: SqliteTarget,
): SqliteColumn[] {
  const fits = fields.map((field) => fitted(field, columns, target));
  const missing = columns.find((column) => column.isRequired && !fits.includes(column));
  if (missing === undefined) return fits;
  throw misfitError(
    `${target.into}: its column ${
      showName(missing.name)
    } must not be null and has no default, and ` +
      "the batch has no such column",
  );
}

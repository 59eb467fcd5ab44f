import type { DataType, Field, Schema } from "../../batch/schema.ts";
import { listNames, showName } from "../../batch/shown_names.ts";
import type { PostgresSession } from "../../sources/postgres/postgres_session.ts";
import { misfitError, quoteName, type SqlTable } from "../sql/sql_table.ts";

/** Bytes that PostgreSQL keeps of a name (PostgreSQL manual, 4.1.1). */
const NAME_BYTES = 63;

/** A column of a table that is there. */
export interface PostgresTableColumn {
  readonly name: string;
  /**
   * Its type as SQL has it, without length or precision, to which a cast would cut; of a domain that
   * of which it is made.
   */
  readonly type: string;
  /** The same with them, for messages. */
  readonly shown: string;
  /** The name of the type in the catalogue; of a domain, that of what it is made of. */
  readonly base: string;
  /**
   * Digits after the point of a `numeric`, or of the seconds of a time, where it bounds them; less
   * than 0 where a `numeric` keeps no units.
   */
  readonly scale: number | undefined;
  /** Whether it is of a view, into which nothing can be copied. */
  readonly isOfView: boolean;
  /** Whether rows need a value for it. */
  readonly isRequired: boolean;
  /** Whether the database computes it, or does not let others set it. */
  readonly isGenerated: boolean;
}

/** The table and its schema as SQL has them. */
export interface PostgresTable extends SqlTable {
  readonly schema: string | undefined;
}

/** The table in SQL. */
export function tableName({ table, schema }: PostgresTable): string {
  return schema === undefined ? quoteName(table) : `${quoteName(schema)}.${quoteName(table)}`;
}

/** The type of a column in PostgreSQL. */
function postgresType(type: DataType): string {
  switch (type.kind) {
    case "bool":
      return "boolean";
    case "i32":
      return "integer";
    case "i64":
      return "bigint";
    case "f32":
      return "real";
    case "f64":
      return "double precision";
    case "timestamp":
      return "timestamptz";
    case "date":
    case "time":
      return type.kind;
    case "decimal":
      return `numeric(${type.precision}, ${type.scale})`;
    case "utf8":
    case "dict":
      return "text";
    case "bytes":
      return "bytea";
    default:
      return "jsonb";
  }
}

/** The statement that makes a table for a schema. */
export function createPostgresTable({ fields }: Schema, table: PostgresTable): string {
  const columns = fields.map(({ name, type, nullable = true }) =>
    `${quoteName(name)} ${postgresType(type)}${nullable ? "" : " NOT NULL"}`
  );
  const { keys } = table;
  const key = keys.length > 0 ? [`PRIMARY KEY (${keys.map(quoteName).join(", ")})`] : [];
  return `CREATE TABLE IF NOT EXISTS ${tableName(table)} (${[...columns, ...key].join(", ")})`;
}

/** A domain has the modifier of what it is made of, and may be made of another. */
const COLUMNS = `
  WITH RECURSIVE bases AS (
    SELECT attnum, atttypid AS type, atttypmod AS modifier FROM pg_catalog.pg_attribute
    WHERE attrelid = to_regclass($1) AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT attnum, typbasetype, typtypmod FROM bases
    JOIN pg_catalog.pg_type ON pg_type.oid = bases.type AND typtype = 'd'
  )
  SELECT a.attname AS name, t.typname AS base,
    CASE t.typname WHEN 'bpchar' THEN 'pg_catalog.bpchar' WHEN 'bit' THEN 'bit varying'
      ELSE format_type(t.oid, NULL) END AS type,
    format_type(a.atttypid, a.atttypmod) AS shown,
    CASE WHEN t.typname = 'numeric' AND modifier >= 4
        THEN ((modifier - 4) & 2047 # 1024) - 1024
      WHEN t.typname IN ('timestamp', 'timestamptz', 'time') AND modifier >= 0
        THEN modifier END AS scale,
    a.attnotnull AND NOT a.atthasdef AND a.attidentity = '' AS required,
    a.attgenerated <> '' OR a.attidentity = 'a' AS generated,
    (SELECT relkind = 'v' FROM pg_catalog.pg_class WHERE oid = a.attrelid) AS view
  FROM bases
  JOIN pg_catalog.pg_type t ON t.oid = bases.type AND t.typtype <> 'd'
  JOIN pg_catalog.pg_attribute a ON a.attrelid = to_regclass($1) AND a.attnum = bases.attnum
  ORDER BY a.attnum`;

/** The columns of a table or view; none when there is no such table. */
export async function postgresColumns(
  session: PostgresSession,
  table: PostgresTable,
  signal: AbortSignal | undefined,
): Promise<PostgresTableColumn[]> {
  const rows = await session.query(COLUMNS, {
    parameters: [tableName(table)],
    ...(signal && { signal }),
  });
  return rows.map(({ name, type, shown, base, scale, required, generated, view }) => ({
    name: String(name),
    type: String(type),
    shown: String(shown),
    base: String(base),
    scale: scale === null ? undefined : Number(scale),
    isRequired: required === true,
    isGenerated: generated === true,
    isOfView: view === true,
  }));
}

const NUMBERS = new Set(["int2", "int4", "int8", "float4", "float8", "numeric", "money", "oid"]);
/** Digits of the seconds that times here have. */
const TIME_DIGITS = 3;
/** What texts do not go into; `"char"`, with its quotes, would keep the first byte of them. */
const NO_TEXTS = new Set([...NUMBERS, "bool", "bytea", "char"]);
const TEXTS = new Set(["text", "varchar", "bpchar", "json", "jsonb"]);
const BASES: Readonly<Partial<Record<DataType["kind"], readonly string[]>>> = {
  bool: ["bool"],
  i32: ["int2", "int4", "int8", "numeric", "float8"],
  i64: ["int2", "int4", "int8", "numeric"],
  f32: ["float4", "float8", "numeric"],
  f64: ["float8", "numeric"],
  timestamp: ["timestamptz", "timestamp"],
  date: ["date", "timestamp"],
  time: ["time"],
  decimal: ["numeric"],
  bytes: ["bytea"],
};

/** Whether values of a type are what they were when they stand in a column, or refused. */
function fits(type: DataType, { base, scale }: PostgresTableColumn): boolean {
  const keeps = (digits: number) => scale === undefined || scale >= digits;
  switch (type.kind) {
    case "utf8":
    case "dict":
      return !NO_TEXTS.has(base);
    case "list":
    case "struct":
    case "map":
    case "mixed":
      return TEXTS.has(base);
    case "decimal":
      return base === "numeric" && keeps(type.scale);
    case "i32":
    case "i64":
      return BASES[type.kind]!.includes(base) && keeps(0);
    case "timestamp":
    case "time":
      return BASES[type.kind]!.includes(base) && keeps(TIME_DIGITS);
    default:
      return BASES[type.kind]!.includes(base);
  }
}

function fitted(
  { name, type }: Field,
  columns: readonly PostgresTableColumn[],
  { table, into }: { table: PostgresTable; into: string },
): PostgresTableColumn {
  const found = columns.find((column) => column.name === name);
  if (!found) {
    throw misfitError(
      `${into}: it has no column ${showName(name)}; it has ` +
        `${listNames(columns.map((column) => column.name))}; add it, such as by ALTER TABLE ` +
        `${tableName(table)} ADD COLUMN ${quoteName(name)} ${postgresType(type)}, or leave it ` +
        "out of the batches",
    );
  }
  if (found.isGenerated) {
    throw misfitError(
      `${into}: its column ${showName(name)} is computed by the database; leave it out of the ` +
        "batches",
    );
  }
  if (fits(type, found)) return found;
  const given = type.kind === "decimal" ? `decimal(${type.precision}, ${type.scale})` : type.kind;
  throw misfitError(
    `${into}: its column ${
      showName(name)
    } is ${found.shown}, which does not hold what that of the ` +
      `batch has, which is ${given}; make the one of the table ${postgresType(type)}, or the one ` +
      "of the batch another",
  );
}

/**
 * The columns of a table that the fields of a schema go into, in their order.
 *
 * @throws {StreamingError} naming the column, when one does not fit or is missing.
 */
export function fitPostgresColumns(
  { fields }: Schema,
  columns: readonly PostgresTableColumn[],
  target: { readonly table: PostgresTable; readonly into: string },
): PostgresTableColumn[] {
  const fit = fields.map((field) => fitted(field, columns, target));
  const missing = columns.find((column) => column.isRequired && !fit.includes(column));
  if (missing === undefined) return fit;
  throw misfitError(
    `${target.into}: its column ${showName(missing.name)} must not be null and has no default, ` +
      "and the batch has no such column",
  );
}

/** Whether PostgreSQL would cut a name off. */
export function isLongName(name: string): boolean {
  return new TextEncoder().encode(name).length > NAME_BYTES;
}

/**
 * Checks names, of which PostgreSQL would cut off what is too long.
 *
 * @throws {StreamingError} for one that is.
 */
export function checkNameLengths({ fields }: Schema, into: string): void {
  const long = fields.find(({ name }) => isLongName(name));
  if (long === undefined) return;
  throw misfitError(
    `${into}: the name of column ${showName(long.name)} has more than ${NAME_BYTES} bytes, of ` +
      "which PostgreSQL would cut off the rest; give it another name",
  );
}

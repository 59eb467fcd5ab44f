import type { DataType } from "../../batch/schema.ts";
import { parseDate, parseTime, parseTimestamp } from "../../batch/iso_time.ts";
import type { PostgresAnswer, PostgresCell, PostgresColumn } from "./postgres_driver.ts";
import type { PostgresSession } from "./postgres_session.ts";

const MAX_PRECISION = 38;

/** How `numeric` columns are read. */
export type PostgresNumerics = "decimal" | "text";

/** What a cell holds, for its builder; `undefined`: nothing that the column could have. */
export type ReadCell = (cell: PostgresCell) => unknown;

/** A column of an answer, and how its cells are read. */
export interface PostgresReader {
  readonly name: string;
  readonly type: DataType;
  /** What the server calls the type. */
  readonly sqlType: string;
  readonly read: ReadCell;
}

interface TypeFacts {
  readonly typname: string;
  readonly isEnum: boolean;
  /** Of a column of a table that is `numeric` with a precision: 4, and both in one number. */
  readonly modifier: number;
}

const FACTS = `
  SELECT t.typname, t.typtype = 'e' AS "isEnum", coalesce(a.atttypmod, -1) AS modifier
  FROM unnest($1::text::oid[], $2::text::oid[], $3::text::int[]) WITH ORDINALITY
    AS c (type, relation, number, place)
  JOIN pg_catalog.pg_type t ON t.oid = c.type
  LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.relation AND a.attnum = c.number
  ORDER BY c.place`;

const text: ReadCell = (cell) => cell.toString();
const number: ReadCell = (cell) => Number(cell.toString());
const READERS: Readonly<Record<string, readonly [type: DataType, read: ReadCell]>> = {
  bool: [{ kind: "bool" }, (cell) => cell[0] === 0x74],
  int2: [{ kind: "i32" }, number],
  int4: [{ kind: "i32" }, number],
  int8: [{ kind: "i64" }, (cell) => BigInt(cell.toString())],
  oid: [{ kind: "i64" }, (cell) => BigInt(cell.toString())],
  float4: [{ kind: "f32" }, number],
  float8: [{ kind: "f64" }, number],
  timestamp: [{ kind: "timestamp" }, (cell) => parseTimestamp(cell.toString())],
  timestamptz: [{ kind: "timestamp" }, (cell) => parseTimestamp(cell.toString())],
  date: [{ kind: "date" }, (cell) => parseDate(cell.toString())],
  time: [{ kind: "time" }, (cell) => parseTime(cell.toString())],
  bytea: [{ kind: "bytes" }, readBytes],
};

function readBytes(cell: PostgresCell): Uint8Array | undefined {
  const hex = cell.toString();
  return hex.startsWith("\\x") ? Uint8Array.fromHex(hex.slice(2)) : undefined;
}

/** The type of a `numeric` whose digits are bounded; `undefined` where they are not. */
function decimalOf(modifier: number): DataType | undefined {
  if (modifier < 4) return undefined;
  const precision = (modifier - 4) >>> 16;
  const scale = (modifier - 4) & 0x7ff;
  const isKnown = precision <= MAX_PRECISION && scale <= precision;
  return isKnown ? { kind: "decimal", precision, scale } : undefined;
}

function readerOf(
  { typname, isEnum, modifier }: TypeFacts,
  numerics: PostgresNumerics,
): readonly [DataType, ReadCell] {
  if (typname === "numeric" && numerics === "decimal") {
    const decimal = decimalOf(modifier);
    if (decimal) return [decimal, text];
  }
  return READERS[typname] ?? [isEnum ? { kind: "dict" } : { kind: "utf8" }, text];
}

function oids(columns: readonly PostgresColumn[], of: (column: PostgresColumn) => number): string {
  return `{${columns.map(of).join(",")}}`;
}

/** How the columns of an answer are read, by what the catalogue says of their types. */
export async function postgresReaders(
  session: PostgresSession,
  columns: readonly PostgresColumn[],
  { numerics, signal }: { numerics: PostgresNumerics; signal: AbortSignal },
): Promise<PostgresReader[]> {
  const parameters = [
    oids(columns, ({ type }) => type),
    oids(columns, ({ table }) => table),
    oids(columns, ({ number }) => number),
  ];
  const facts = await session.query(FACTS, { parameters, signal }) as PostgresAnswer<unknown>;
  return columns.map(({ name }, at) => {
    const of = facts[at] as TypeFacts;
    const [type, read] = readerOf(of, numerics);
    return { name, type, sqlType: of.typname, read };
  });
}

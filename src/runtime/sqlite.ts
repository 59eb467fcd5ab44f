import { builtIn } from "./built_in.ts";

/** What SQLite stores: `undefined` and booleans are none of it. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

/** A row of an answer, by the names of its columns. */
export type SqliteRow = Readonly<Record<string, unknown>>;

/** The result codes that callers tell apart (sqlite.org/rescode.html). */
export const SqliteCode = {
  error: 1,
  busy: 5,
  locked: 6,
  readOnly: 8,
  ioError: 10,
  corrupt: 11,
  full: 13,
  cannotOpen: 14,
  schema: 17,
  constraint: 19,
  notADatabase: 26,
} as const;

/** What SQLite says in full where only its message tells which code it is. */
const MESSAGES: readonly (readonly [text: string, code: number])[] = [
  ["database is locked", SqliteCode.busy],
  ["database table is locked", SqliteCode.locked],
  ["readonly database", SqliteCode.readOnly],
  ["disk I/O error", SqliteCode.ioError],
  ["malformed", SqliteCode.corrupt],
  ["is full", SqliteCode.full],
  ["unable to open database", SqliteCode.cannotOpen],
  ["not a database", SqliteCode.notADatabase],
];

/** SQLite refused something. */
export class SqliteFault extends Error {
  /** The name of the class. */
  override readonly name = "SqliteFault";
  /** The primary result code; 1 where it is not known. */
  readonly code: number;

  /** What was thrown by `node:sqlite`. */
  constructor(cause: Error) {
    super(cause.message, { cause });
    const extended = (cause as { errcode?: number }).errcode;
    this.code = extended === undefined
      ? MESSAGES.find(([text]) => cause.message.includes(text))?.[1] ?? SqliteCode.error
      : extended & 0xff;
  }
}

function told<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const isFault = cause instanceof Error &&
      (cause as { code?: string }).code === "ERR_SQLITE_ERROR" && cause.name !== "NotCapable";
    throw isFault ? new SqliteFault(cause) : cause;
  }
}

/** A statement that was prepared. */
export interface SqliteStatement {
  /** Runs it with values for its parameters, by position. */
  run(values: readonly SqliteValue[]): void;
  /** All rows that it gives. */
  all(values?: readonly SqliteValue[]): SqliteRow[];
}

/** A database of SQLite that is open, and waits for nobody: what is busy is a fault at once. */
export interface SqliteDatabase {
  /** Prepares a statement. */
  prepare(sql: string): SqliteStatement;
  /** Nothing more is wanted; what was not committed is rolled back. */
  close(): void;
}

/**
 * Opens a database through `node:sqlite`, and makes its file where there is none.
 *
 * @throws {SqliteFault} when it cannot be opened.
 */
export function openSqlite(path: string): SqliteDatabase {
  const { DatabaseSync } = builtIn("node:sqlite", "open a database of SQLite");
  // What begins with "file:" is no path to SQLite, but a URI.
  const db = told(() => new DatabaseSync(/^file:/i.test(path) ? `./${path}` : path));
  told(() => db.exec("PRAGMA busy_timeout = 0"));
  return {
    prepare: (sql) => {
      const statement = told(() => db.prepare(sql));
      return {
        run: (values) => told(() => void statement.run(...values)),
        all: (values = []) => told(() => statement.all(...values)),
      };
    },
    close: () => told(() => db.close()),
  };
}

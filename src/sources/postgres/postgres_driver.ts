/** A row of an answer whose cells are texts. */
export type PostgresRow = Readonly<Record<string, unknown>>;

/** A column of an answer. */
export interface PostgresColumn {
  readonly name: string;
  /** The number of its type. */
  readonly type: number;
  /** The number of the table that it is a column of, or 0. */
  readonly table: number;
  /** Its number in that table. */
  readonly number: number;
}

/** The rows of an answer. */
export interface PostgresAnswer<Row = PostgresRow> extends Array<Row> {
  readonly columns?: readonly PostgresColumn[];
}

/** What takes the data of a COPY. */
export interface CopyStream {
  /** Calls back when more is wanted. */
  write(chunk: Uint8Array, done: (error?: Error | null) => void): void;
  end(): void;
  destroy(error: Error): void;
  on(event: "error", listener: (error: Error) => void): void;
  on(event: "finish", listener: () => void): void;
}

/** The bytes of a cell, which are a text. */
export interface PostgresCell extends Uint8Array {
  toString(): string;
}

/** A query; it begins when it is waited for. */
export interface PostgresQuery<Row = PostgresRow> extends Promise<PostgresAnswer<Row>> {
  /** The cells as bytes. */
  raw(): PostgresQuery<(PostgresCell | null)[]>;
  /** Begins a COPY, whose stream {@linkcode resolve} is called with. */
  writable(): Promise<unknown>;
  /** Called with the answer when that comes; may be replaced, to hear of it at once. */
  resolve(answer: CopyStream | PostgresAnswer<Row>): void;
  /** Called with what went wrong, also behind the answer; may be replaced. */
  reject(error: unknown): void;
  cancel(): Promise<unknown> | undefined | null;
}

/** Connections as npm:postgres has them. */
export interface PostgresClient {
  unsafe(
    sql: string,
    parameters?: readonly unknown[],
    /** `simple`: not by parts, so that it may be several statements; default: without parameters. */
    options?: { readonly prepare?: boolean; readonly simple?: boolean },
  ): PostgresQuery;
  end(options: { readonly timeout: number }): Promise<void>;
}

/** What makes them: npm:postgres, which the entry point hands in. */
export type PostgresDriver = (options: Readonly<Record<string, unknown>>) => PostgresClient;

let driver: PostgresDriver | undefined;

/** Hands the package in, for all that comes. */
export function setPostgresDriver(given: PostgresDriver): void {
  driver = given;
}

/**
 * The package that was handed in.
 *
 * @throws {TypeError} when there is none.
 */
export function postgresDriver(): PostgresDriver {
  if (driver) return driver;
  throw new TypeError(`Cannot reach PostgreSQL: import "@waggle/stream/postgres" first`);
}

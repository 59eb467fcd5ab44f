import type { RecordBatch } from "../../batch/record_batch.ts";
import { sameFields } from "../../batch/schema_check.ts";
import { showName } from "../../batch/shown_names.ts";
import { checkBatch, checkWord } from "../../codecs/option_checks.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import {
  CONNECTION_OPTIONS,
  connectionSettings,
  type PostgresConnectionOptions,
  type PostgresConnectionSettings,
  showServer,
} from "../../sources/postgres/postgres_connection_options.ts";
import { postgresError } from "../../sources/postgres/postgres_error.ts";
import { PostgresSession } from "../../sources/postgres/postgres_session.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import {
  checkKeyValues,
  checkTableColumns,
  misfitError,
  sqlTable,
  type SqlTableOptions,
} from "../sql/sql_table.ts";
import { Turns } from "../turns.ts";
import { PostgresRows, type PostgresWriteOptions } from "./postgres_rows.ts";
import {
  checkNameLengths,
  createPostgresTable,
  fitPostgresColumns,
  isLongName,
  postgresColumns,
  type PostgresTable,
} from "./postgres_types.ts";

/** Rows from which COPY is faster than a statement, and than one that updates. */
const COPY_ROWS = 64;
const COPY_UPSERT_ROWS = 2_048;

/** Options of {@linkcode PostgresPublisher}. */
export interface PostgresPublisherOptions extends PostgresConnectionOptions, SqlTableOptions {
  /** The schema of the table. Default: the first of the server's `search_path` that has it. */
  schema?: string;
  /**
   * `"copy"` sends batches by COPY, `"insert"` by a statement whose parameters are its columns.
   * Default: COPY for batches of 64 rows, with `upsert` of 2,048 rows, for which it is faster.
   */
  mode?: "copy" | "insert";
  /** The world: clocks. Default: that of the process. */
  runtime?: Runtime;
}

const DOING = "create PostgresPublisher";
const OPTIONS: OptionRule<PostgresPublisherOptions> = {
  doing: DOING,
  names: {
    ...CONNECTION_OPTIONS,
    ...{ table: true, create: true, upsert: true },
    ...{ schema: true, mode: true, runtime: true },
  },
  example: '{ url: "postgres://user@localhost/database", table: "readings" }',
};

/** What is cut off might be the name of another table. */
function checkLengths(names: Readonly<Record<string, string | undefined>>): void {
  for (const [option, name = ""] of Object.entries(names)) {
    if (!isLongName(name)) continue;
    throw new TypeError(
      `Cannot ${DOING}: ${option} must have at most 63 bytes, for PostgreSQL would cut off the rest, ` +
        `received ${received(name)}`,
    );
  }
}

/**
 * Writes records to a table of PostgreSQL, each batch as a whole or not at all, over one connection.
 *
 * A table that it makes has `boolean`, `integer`, `bigint`, `real`, `double precision`,
 * `timestamptz`, `date`, `time`, `numeric`, `text` and `bytea` columns, and `jsonb` for lists,
 * structs, maps and mixed values. A table that is there must have all columns of the batches, of
 * types that hold their values.
 *
 * A connection that was lost is made anew. Where it is lost while a batch is being committed nobody
 * knows whether that was: tried again, the batch may be there twice, unless `upsert` knows its rows.
 *
 * @example
 * ```ts ignore
 * import { StreamingGenerator, SyntheticGenerator } from "@waggle/stream";
 * import { PostgresPublisher } from "@waggle/stream/postgres";
 *
 * const generator = await SyntheticGenerator.load("model.waggle");
 * await using sink = new PostgresPublisher({
 *   url: "postgres://me:secret@localhost/shop",
 *   table: "orders",
 *   create: true,
 * });
 * await new StreamingGenerator(generator).streamTo(sink, { batchSize: 4096, maxRecords: 1e6 });
 * ```
 */
export class PostgresPublisher implements Publisher {
  readonly #settings: PostgresConnectionSettings;
  readonly #table: PostgresTable;
  readonly #mode: "copy" | "insert" | undefined;
  readonly #runtime: Runtime;
  readonly #into: string;
  readonly #turns = new Turns();
  #session: PostgresSession | undefined;
  #rows: PostgresRows | undefined;
  #isClosed = false;

  /**
   * Connects to nothing before the first batch.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: PostgresPublisherOptions) {
    const given = knownOptions(options, OPTIONS);
    const { schema, mode } = given;
    this.#settings = connectionSettings(given, DOING);
    if (schema !== undefined && (typeof schema !== "string" || schema === "")) {
      throw new TypeError(`Cannot ${DOING}: schema must be a name, received ${received(schema)}`);
    }
    this.#table = { ...sqlTable(given, DOING), schema };
    checkLengths({ table: given.table, schema });
    this.#mode = mode && checkWord<"copy" | "insert">("mode", mode, ["copy", "insert"], DOING);
    this.#runtime = given.runtime ?? denoRuntime;
    this.#into = `Cannot write to table ${showName(this.#table.table)} of ` +
      showServer(this.#settings);
  }

  /**
   * Writes a batch, whole or not at all; when it resolves, it is committed.
   *
   * @throws {PostgresError} when the server refuses it or cannot be reached: the same batch may be
   *   tried again where the error is `retriable`.
   * @throws {StreamingError} naming the column, when the table does not fit.
   */
  publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    return this.#next(async () => {
      if (this.#isClosed) throw new StreamingError(`${this.#into}: the publisher was closed`);
      checkBatch(batch, "write to PostgreSQL");
      const into = this.#into;
      checkTableColumns(batch.schema, this.#table, { into, sameName: (name) => name });
      checkNameLengths(batch.schema, into);
      checkKeyValues(batch, this.#table, into);
      const bytes = await this.#write(batch, signal);
      return { records: batch.length, ...(bytes !== undefined && { bytes }) };
    }, signal);
  }

  /** Everything that was published is committed already. */
  flush(): Promise<void> {
    return this.#next(() => Promise.resolve());
  }

  /** Ends the connection. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#next(async () => {
      this.#isClosed = true;
      await this.#drop();
    });
  }

  #next<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#turns.next(async () => {
      try {
        signal?.throwIfAborted();
        return await work();
      } catch (error) {
        if (this.#session?.isLost) await this.#drop();
        if (signal?.aborted && error === signal.reason) throw error;
        throw postgresError(error, this.#into, this.#settings);
      }
    }, signal);
  }

  /** A connection may be lost while nothing is sent: what has not begun is tried on another. */
  async #write(batch: RecordBatch, signal: AbortSignal | undefined): Promise<number | undefined> {
    const wasOpen = this.#session?.isOpen ?? false;
    let isBegun = false;
    const begun = () => isBegun = true;
    try {
      return await this.#writeOnce(batch, signal, begun);
    } catch (error) {
      const isStale = wasOpen && this.#session?.isLost && !signal?.aborted;
      if (!isStale || isBegun && this.#table.keys.length === 0) throw error;
      await this.#drop();
      return await this.#writeOnce(batch, signal, begun);
    }
  }

  async #writeOnce(
    batch: RecordBatch,
    signal: AbortSignal | undefined,
    begun: () => void,
  ): Promise<number | undefined> {
    if (this.#session?.isLost) await this.#drop();
    this.#session ??= new PostgresSession(this.#settings, this.#runtime);
    const options = { session: this.#session, signal, begun };
    const rows = await this.#rowsFor(batch, options);
    if (batch.length === 0) return 0;
    const least = rows.mayCopy
      ? this.#table.keys.length > 0 ? COPY_UPSERT_ROWS : COPY_ROWS
      : Infinity;
    const mode = this.#mode ?? (batch.length >= least ? "copy" : "insert");
    try {
      if (mode === "copy") return await rows.copy(batch, options);
      await rows.insert(batch, options);
    } catch (error) {
      this.#forget(); // the table may have been changed
      throw error;
    }
  }

  async #rowsFor(
    { schema }: RecordBatch,
    { session, signal }: PostgresWriteOptions,
  ): Promise<PostgresRows> {
    if (this.#rows && sameFields(this.#rows.schema.fields, schema.fields)) return this.#rows;
    this.#forget();
    const [table, into] = [this.#table, this.#into];
    let columns = await postgresColumns(session, table, signal);
    if (columns.length === 0 && table.create) {
      await session.query(createPostgresTable(schema, table), signal && { signal });
      columns = await postgresColumns(session, table, signal);
    }
    if (columns.length === 0) {
      throw misfitError(`${into}: there is no such table; make it, or pass create: true`);
    }
    const fits = fitPostgresColumns(schema, columns, { table, into });
    return this.#rows = new PostgresRows(schema, table, fits);
  }

  #forget(): void {
    this.#rows?.[Symbol.dispose]();
    this.#rows = undefined;
  }

  async #drop(): Promise<void> {
    this.#forget();
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }
}

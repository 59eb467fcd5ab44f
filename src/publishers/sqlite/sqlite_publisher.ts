/**
 * Records into a table of SQLite: `@waggle/stream/sqlite`, through `node:sqlite`.
 *
 * @module
 */
import type { RecordBatch } from "../../batch/record_batch.ts";
import { sameFields } from "../../batch/schema_check.ts";
import { showName } from "../../batch/shown_names.ts";
import { checkBatch } from "../../codecs/option_checks.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { filePath } from "../../runtime/file_path.ts";
import { received } from "../../runtime/known_options.ts";
import { nextTurn } from "../../runtime/next_turn.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { checkKeyValues, checkTableColumns } from "../sql/sql_table.ts";
import { Turns } from "../turns.ts";
import { sqliteError, SqliteFile } from "./sqlite_file.ts";
import {
  type SqlitePublisherOptions,
  type SqliteSettings,
  sqliteSettings,
} from "./sqlite_options.ts";
import { SqliteRows } from "./sqlite_rows.ts";
import { sameSqliteName } from "./sqlite_types.ts";

export type { SqlTableOptions } from "../sql/sql_table.ts";
export type { SqliteJournal, SqlitePublisherOptions, SqliteSynchronous } from "./sqlite_options.ts";
export type { SqliteTimes } from "./sqlite_types.ts";

/** Rows that are written in one go: few enough to stay in the cache. */
const RUN_ROWS = 1_024;
/** Rows after which others have a turn, and an abort is heard. */
const TURN_ROWS = 8 * RUN_ROWS;

/**
 * Writes records to a table of SQLite, each batch in a transaction of its own: it is there as a
 * whole, or not at all.
 *
 * A table that it makes has `INTEGER` columns for `bool`, `i32`, `i64` and, unless `times` is
 * `"text"`, `timestamp`, `date` and `time`; `REAL` for `f32` and `f64`; `BLOB` for `bytes`; and
 * `TEXT` for `utf8`, `dict`, `decimal`, and as JSON for lists, structs, maps and mixed values. NaN,
 * which SQLite lacks, is null. A table that is there must have all columns of the batches, and each
 * must keep its values as they are.
 *
 * SQLite works in the thread that calls it: a batch takes a few microseconds a row, in which nothing
 * else runs. Needs `--allow-read` and `--allow-write` of the file.
 *
 * @example
 * ```ts
 * import { StreamingGenerator, SyntheticGenerator } from "@waggle/stream";
 * import { SqlitePublisher } from "@waggle/stream/sqlite";
 * import { DatabaseSync } from "node:sqlite";
 *
 * const folder = Deno.makeTempDirSync();
 * const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
 * {
 *   await using sink = new SqlitePublisher(`${folder}/data.db`, { table: "numbers", create: true });
 *   await new StreamingGenerator(generator).streamTo(sink, { maxRecords: 1000 });
 * }
 * using db = new DatabaseSync(`${folder}/data.db`);
 * console.log(db.prepare("SELECT count(*) AS n FROM numbers").get()); // { n: 1000 }
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export class SqlitePublisher implements Publisher {
  readonly #path: string;
  readonly #settings: SqliteSettings;
  readonly #runtime: Runtime;
  readonly #into: string;
  readonly #turns = new Turns();
  #file: SqliteFile | undefined;
  #rows: SqliteRows | undefined;
  #isClosed = false;

  /**
   * Opens nothing before the first batch.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(path: string | URL, options: SqlitePublisherOptions) {
    const isPath = typeof path === "string" || path instanceof URL;
    if (!isPath || path === "" || path === ":memory:") {
      throw new TypeError(
        "Cannot create SqlitePublisher: it takes a path or the URL of a file, received " +
          (path === ":memory:"
            ? '":memory:", a database that nobody else could read; use MemoryPublisher'
            : received(path)),
      );
    }
    this.#settings = sqliteSettings(options);
    this.#path = filePath(path);
    this.#runtime = options.runtime ?? denoRuntime;
    this.#into = `Cannot write to table ${showName(this.#settings.table.table)} of ${this.#path}`;
  }

  /**
   * Writes a batch, whole or not at all; when it resolves, other connections see it.
   *
   * @throws {StreamingError} when it cannot be written: the same batch may be tried again where the
   *   error is `retriable`, such as when another connection wrote for longer than `busyTimeout`, or
   *   the disk is full.
   */
  publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    return this.#next(async () => {
      if (this.#isClosed) throw new StreamingError(`${this.#into}: the publisher was closed`);
      checkBatch(batch, "write to SQLite");
      await this.#write(batch, signal);
      return { records: batch.length };
    }, signal);
  }

  /** Has everything that was published outlive the machine, unless `synchronous` is `"off"`. */
  flush(): Promise<void> {
    return this.#next(async () => await this.#file?.sync());
  }

  /** Closes the file. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#next(async () => {
      this.#isClosed = true;
      const file = this.#file;
      this.#file = this.#rows = undefined;
      try {
        await file?.sync();
      } finally {
        file?.db.close();
      }
    });
  }

  #next<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    return this.#turns.next(async () => {
      try {
        signal?.throwIfAborted();
        return await work();
      } catch (error) {
        if (signal?.aborted && error === signal.reason) throw error;
        throw sqliteError(error, this.#into, this.#settings.busyMs);
      }
    }, signal);
  }

  async #write(batch: RecordBatch, signal: AbortSignal | undefined): Promise<void> {
    const { table } = this.#settings;
    checkTableColumns(batch.schema, table, { into: this.#into, sameName: sameSqliteName });
    checkKeyValues(batch, table, this.#into);
    const file = await this.#open(signal);
    const begin = file.db.prepare("BEGIN IMMEDIATE");
    await file.patiently(() => begin.run([]), signal);
    try {
      await this.#insert(batch, file, signal);
      const commit = file.db.prepare("COMMIT");
      await file.patiently(() => commit.run([]), signal);
    } catch (error) {
      this.#rollBack(file);
      throw error;
    }
  }

  /** A file that cannot be rolled back is closed, which does as much; some faults did it already. */
  #rollBack({ db }: SqliteFile): void {
    this.#rows = undefined;
    try {
      db.prepare("ROLLBACK").run([]);
    } catch (error) {
      if (String(error).includes("no transaction is active")) return;
      this.#file = undefined;
      db.close();
    }
  }

  async #open(signal: AbortSignal | undefined): Promise<SqliteFile> {
    const [settings, into] = [this.#settings, this.#into];
    return this.#file ??= await SqliteFile.open(this.#path, this.#runtime, {
      settings,
      into,
      signal,
    });
  }

  async #insert(
    batch: RecordBatch,
    { db }: SqliteFile,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { schema, length } = batch;
    if (!this.#rows || !sameFields(this.#rows.schema.fields, schema.fields)) {
      const { table, times } = this.#settings;
      this.#rows = new SqliteRows(db, schema, { table, times, into: this.#into });
    }
    for (let start = 0; start < length; start += RUN_ROWS) {
      if (start > 0 && start % TURN_ROWS === 0) {
        await nextTurn(this.#runtime);
        signal?.throwIfAborted();
      }
      this.#rows.write(batch, { start, end: Math.min(start + RUN_ROWS, length) });
    }
  }
}

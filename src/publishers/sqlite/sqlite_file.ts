import { StreamingError } from "../../hive/streaming_error.ts";
import { StreamClock } from "../../generators/streaming/stream_clock.ts";
import { spellDuration } from "../../runtime/duration.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import {
  openSqlite,
  SqliteCode,
  type SqliteDatabase,
  SqliteFault,
  type SqliteRow,
} from "../../runtime/sqlite.ts";
import { misfitError } from "../sql/sql_table.ts";
import type { SqliteSettings } from "./sqlite_options.ts";

const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 50;

const HELP: Readonly<Record<number, string>> = {
  [SqliteCode.readOnly]: "; the file or its folder may not be written to",
  [SqliteCode.cannotOpen]: "; is its folder there?",
  [SqliteCode.notADatabase]: "; what is at the path is something else",
};
/** Faults that another attempt may not meet again. */
const PASSING: ReadonlySet<number> = new Set([
  SqliteCode.busy,
  SqliteCode.locked,
  SqliteCode.full,
  SqliteCode.ioError,
  SqliteCode.schema,
]);

function isBusy(error: unknown): boolean {
  return error instanceof SqliteFault &&
    (error.code === SqliteCode.busy || error.code === SqliteCode.locked);
}

/** A database file to write to: opened when it is needed, and patient while others write. */
export class SqliteFile {
  /** The database. */
  readonly db: SqliteDatabase;
  readonly #runtime: Runtime;
  readonly #clock: StreamClock;
  readonly #busyMs: number;

  private constructor(db: SqliteDatabase, runtime: Runtime, busyMs: number) {
    this.db = db;
    this.#runtime = runtime;
    this.#clock = new StreamClock(runtime);
    this.#busyMs = busyMs;
  }

  /**
   * Opens a file, and makes it where that is wanted.
   *
   * @throws {StreamingError | SqliteFault} when that cannot be.
   */
  static async open(
    path: string,
    runtime: Runtime,
    { settings, into, signal }: {
      settings: SqliteSettings;
      into: string;
      signal: AbortSignal | undefined;
    },
  ): Promise<SqliteFile> {
    const { kind } = await runtime.fileStatus(path);
    if (kind === "folder") throw misfitError(`${into}: it is a folder`);
    if (kind === "nothing" && !settings.table.create) {
      throw misfitError(`${into}: there is no such file; pass create: true to make it`);
    }
    const file = new SqliteFile(openSqlite(path), runtime, settings.busyMs);
    try {
      await file.#prepare(settings, { into, signal });
    } catch (error) {
      file.db.close();
      throw error;
    }
    return file;
  }

  /** Does what another connection may be in the way of, again and again until `busyTimeout`. */
  async patiently<T>(work: () => T, signal: AbortSignal | undefined): Promise<T> {
    const untilMs = this.#runtime.monotonicMs() + this.#busyMs;
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
      try {
        return work();
      } catch (error) {
        const leftMs = untilMs - this.#runtime.monotonicMs();
        if (!isBusy(error) || leftMs <= 0) throw error;
        await this.#clock.wait(Math.min(pauseMs, leftMs), signal);
      }
    }
  }

  /** Has what was committed outlive the machine. */
  async sync(): Promise<void> {
    await this.patiently(() => {
      const [row] = this.db.prepare("PRAGMA wal_checkpoint(PASSIVE)").all();
      if (Number(row?.busy) === 1) throw new SqliteFault(new Error("database is locked"));
    }, undefined);
  }

  async #prepare(
    { journal, synchronous }: SqliteSettings,
    { into, signal }: { into: string; signal: AbortSignal | undefined },
  ): Promise<void> {
    const ask = (sql: string): Promise<SqliteRow[]> =>
      this.patiently(() => this.db.prepare(sql).all(), signal);
    const [pages] = await ask("PRAGMA page_count");
    const wanted = journal ?? (Number(pages.page_count) === 0 ? "wal" : undefined);
    if (wanted !== undefined) {
      const [{ journal_mode: got }] = await ask(`PRAGMA journal_mode = ${wanted}`);
      if (got !== wanted && journal !== undefined) {
        throw misfitError(
          `${into}: its journal stays ${String(got)}, where journal: "${wanted}" was asked for`,
        );
      }
    }
    await ask(`PRAGMA synchronous = ${synchronous}`);
  }
}

/** What a publisher throws about something that was thrown below it. */
export function sqliteError(cause: unknown, into: string, busyMs: number): unknown {
  if (cause instanceof StreamingError) return cause;
  if (!(cause instanceof SqliteFault)) {
    const message = cause instanceof Error ? cause.message : String(cause);
    return misfitError(`${into}: ${message}`, { cause });
  }
  const help = isBusy(cause)
    ? `; another connection was in the way for longer than busyTimeout, ${spellDuration(busyMs)}`
    : cause.message.startsWith("ON CONFLICT clause")
    ? "; upsert needs a primary key or unique index over exactly its columns"
    : HELP[cause.code] ?? "";
  return new StreamingError(`${into}: ${cause.message}${help}`, {
    cause,
    retriable: PASSING.has(cause.code),
  });
}

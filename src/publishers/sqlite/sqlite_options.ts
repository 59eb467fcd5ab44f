import { checkWord } from "../../codecs/option_checks.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { type SqlTable, sqlTable, type SqlTableOptions } from "../sql/sql_table.ts";
import type { SqliteTimes } from "./sqlite_types.ts";

/** How SQLite keeps what is not committed yet apart from what is. */
export type SqliteJournal = "wal" | "delete" | "truncate" | "persist" | "memory" | "off";

/** When SQLite waits until the disk has what was written (sqlite.org/pragma.html). */
export type SqliteSynchronous = "off" | "normal" | "full" | "extra";

/** Options of {@linkcode SqlitePublisher}. */
export interface SqlitePublisherOptions extends SqlTableOptions {
  /**
   * How timestamps, dates and times are stored: `"number"`, as in rows: milliseconds since 1970
   * UTC, days since 1970, milliseconds since midnight; or `"text"`, ISO 8601. Default `"number"`.
   */
  times?: SqliteTimes;
  /** Default: `"wal"` in a file that is new, and what the file has in one that is there. */
  journal?: SqliteJournal;
  /** Default `"normal"`: `flush()` waits for the disk, and each batch does not. */
  synchronous?: SqliteSynchronous;
  /** For how long to wait while another connection writes. Default `"5s"`. */
  busyTimeout?: Duration;
  /** The world: the only way to files and clocks. Default: that of the process. */
  runtime?: Runtime;
}

const DOING = "create SqlitePublisher";
const OPTIONS: OptionRule<SqlitePublisherOptions> = {
  doing: DOING,
  names: {
    table: true,
    create: true,
    upsert: true,
    times: true,
    journal: true,
    synchronous: true,
    busyTimeout: true,
    runtime: true,
  },
  example: '{ table: "readings", create: true }',
};

/** {@linkcode SqlitePublisherOptions} with all that is not given. */
export interface SqliteSettings {
  readonly table: SqlTable;
  readonly times: SqliteTimes;
  readonly journal: SqliteJournal | undefined;
  readonly synchronous: SqliteSynchronous;
  readonly busyMs: number;
}

/**
 * Checks the options of a publisher.
 *
 * @throws {TypeError | RangeError} when one is none that it can be.
 */
export function sqliteSettings(given: SqlitePublisherOptions): SqliteSettings {
  const options = knownOptions(given, OPTIONS);
  const { times = "number", journal, synchronous = "normal", busyTimeout = "5s" } = options;
  const journals = ["wal", "delete", "truncate", "persist", "memory", "off"] as const;
  return {
    table: sqlTable(options, DOING),
    times: checkWord("times", times, ["number", "text"], DOING),
    journal: journal === undefined ? undefined : checkWord("journal", journal, journals, DOING),
    synchronous: checkWord("synchronous", synchronous, ["off", "normal", "full", "extra"], DOING),
    busyMs: milliseconds(busyTimeout, "busyTimeout"),
  };
}

import type { ColumnBuilder } from "../../batch/column_builder.ts";
import { show } from "../../batch/misfit.ts";
import { columnBuilder } from "../../batch/nested_builders.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { TypedSchema } from "../../batch/schema.ts";
import { showName } from "../../batch/shown_names.ts";
import { checkPositive, checkWord } from "../../codecs/option_checks.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import { ChildAbort } from "../../stream/child_abort.ts";
import type { Source, SourceBatch, SourceOptions } from "../../stream/source.ts";
import { type PostgresNumerics, type PostgresReader, postgresReaders } from "./postgres_cells.ts";
import {
  CONNECTION_OPTIONS,
  connectionSettings,
  type PostgresConnectionOptions,
  type PostgresConnectionSettings,
  showServer,
} from "./postgres_connection_options.ts";
import type { PostgresAnswer, PostgresCell } from "./postgres_driver.ts";
import { postgresError } from "./postgres_error.ts";
import { PostgresSession } from "./postgres_session.ts";

const DOING = "read PostgreSQL";
const BATCH_ROWS = 4_096;
const CURSOR = "waggle_rows";
/** In what form times, bytes and floats come, the last with all their digits. */
const SESSION = {
  ...{ TimeZone: "UTC", DateStyle: "ISO", bytea_output: "hex" },
  extra_float_digits: "3",
};

/** What a query can be given for `$1`, `$2` and so on. */
export type PostgresParameter = string | number | bigint | boolean | null;

/** Options of {@linkcode PostgresSource}. */
export interface PostgresSourceOptions extends PostgresConnectionOptions {
  /** A `SELECT`, `VALUES`, or `WITH` of such. */
  query: string;
  /** What stands for `$1`, `$2` and so on in the query. Default: nothing. */
  parameters?: readonly PostgresParameter[];
  /** Rows of a batch, and of what is asked for at a time. Default 4,096. */
  batchRows?: number;
  /**
   * What becomes of `numeric`: `"decimal"` where the column of the table bounds its digits to 38 or
   * fewer, else text, with all digits; or always `"text"`. Default `"decimal"`.
   */
  numeric?: PostgresNumerics;
  /** What it is called in messages. Default: where it is. */
  name?: string;
}

const OPTIONS: OptionRule<PostgresSourceOptions> = {
  doing: DOING,
  names: {
    ...CONNECTION_OPTIONS,
    ...{ query: true, parameters: true, batchRows: true, numeric: true, name: true },
  },
  example: '{ url: "postgres://user@localhost/database", query: "SELECT * FROM readings" }',
};

/**
 * The rows of a query of PostgreSQL, by a cursor in a transaction that only reads.
 *
 * `boolean` is `bool`; `smallint` and `integer` are `i32`, `bigint` is `i64`, `real` `f32`,
 * `double precision` `f64`; `timestamp` (taken for UTC) and `timestamptz` are `timestamp`, without
 * what is finer than milliseconds; `date` and `time` are what they are; `bytea` is `bytes`; enums
 * are `dict`, and everything else text as the server writes it. One batch is fetched ahead.
 *
 * @example
 * ```ts ignore
 * import { count, from, TumblingWindow } from "@waggle/stream";
 * import { PostgresSource } from "@waggle/stream/postgres";
 *
 * const orders = new PostgresSource({
 *   url: "postgres://me:secret@localhost/shop",
 *   query: "SELECT at, country FROM orders WHERE at >= $1 ORDER BY at",
 *   parameters: ["2024-01-01"],
 * });
 * const hours = from(orders).timestamps("at").keyBy("country")
 *   .window(new TumblingWindow({ size: "1h" })).aggregate({ orders: count() });
 * for await (const row of hours) console.log(row);
 * ```
 */
export class PostgresSource<Row = Record<string, unknown>> implements Source<Row> {
  /** What it is called in messages. */
  readonly name: string;
  readonly #settings: PostgresConnectionSettings;
  readonly #query: string;
  readonly #parameters: readonly PostgresParameter[];
  readonly #batchRows: number;
  readonly #numerics: PostgresNumerics;

  /**
   * Connects to nothing before it is opened.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: PostgresSourceOptions) {
    const given = knownOptions(options, OPTIONS);
    const { query, parameters = [], batchRows = BATCH_ROWS, numeric = "decimal" } = given;
    this.#settings = connectionSettings(given, DOING);
    if (typeof query !== "string" || query.trim() === "") {
      throw new TypeError(`Cannot ${DOING}: query must be a text, received ${received(query)}`);
    }
    this.#query = query.trim().replace(/;$/, "");
    this.#parameters = checkParameters(parameters);
    this.#batchRows = checkPositive("batchRows", batchRows, DOING);
    this.#numerics = checkWord<PostgresNumerics>("numeric", numeric, ["decimal", "text"], DOING);
    this.name = given.name ?? showServer(this.#settings);
  }

  /** Runs the query; each time anew. */
  async *open({ runtime, signal }: SourceOptions): AsyncGenerator<SourceBatch<Row>> {
    const session = new PostgresSession(this.#settings, runtime, SESSION);
    using left = new ChildAbort(signal);
    const either = left.signal;
    let ahead: Promise<PostgresAnswer<(PostgresCell | null)[]>> | undefined;
    try {
      await this.#declare(session, either);
      const more = () => session.rawRows(`FETCH ${this.#batchRows} FROM ${CURSOR}`, either);
      let rows = await more();
      const numerics = this.#numerics;
      const readers = await postgresReaders(session, rows.columns!, { numerics, signal: either });
      const batches = new PostgresBatches<Row>(readers, this.name);
      while (rows.length > 0 || batches.count === 0) {
        const isLast = rows.length < this.#batchRows;
        ahead = isLast ? undefined : more();
        ahead?.catch(() => {}); // is heard of when it is waited for
        yield { batch: batches.make(rows) };
        if (!ahead) break;
        rows = await ahead;
      }
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw postgresError(error, `Cannot read from ${this.name}`, this.#settings);
    } finally {
      left.abort();
      await ahead?.catch(() => {});
      await session.close();
    }
  }

  async #declare(session: PostgresSession, signal: AbortSignal): Promise<void> {
    await session.query("BEGIN READ ONLY", { signal });
    const declare = `DECLARE ${CURSOR} NO SCROLL CURSOR FOR ${this.#query}`;
    const parameters = this.#parameters.map((value) => value === null ? null : String(value));
    // The rows of another statement would be lost, and it could end the transaction that only reads.
    const isOne = true;
    await session.query(declare, { signal, isOne, ...(parameters.length > 0 && { parameters }) });
  }
}

function checkParameters(given: readonly PostgresParameter[]): readonly PostgresParameter[] {
  if (!Array.isArray(given)) {
    throw new TypeError(`Cannot ${DOING}: parameters must be a list, received ${received(given)}`);
  }
  const kinds = ["string", "number", "bigint", "boolean"];
  const at = given.findIndex((value) => value !== null && !kinds.includes(typeof value));
  if (at < 0) return given;
  throw new TypeError(
    `Cannot ${DOING}: parameter $${at + 1} must be a text, a number, a boolean or null, received ` +
      show(given[at]),
  );
}

/** Makes batches of rows of cells. */
class PostgresBatches<Row> {
  readonly #readers: readonly PostgresReader[];
  readonly #schema: TypedSchema<Row>;
  readonly #builders: readonly ColumnBuilder[];
  readonly #name: string;
  #rows = 0;
  #count = 0;

  constructor(readers: readonly PostgresReader[], name: string) {
    this.#readers = readers;
    this.#name = name;
    const names = readers.map((reader) => reader.name);
    const twice = names.find((each, at) => names.indexOf(each) !== at);
    if (twice !== undefined) {
      throw new StreamingError(
        `Cannot read from ${name}: the query gives two columns the name ${showName(twice)}; give ` +
          "one another by AS",
      );
    }
    this.#schema = { fields: readers.map(({ name, type }) => ({ name, type })) };
    this.#builders = readers.map(({ type }) => columnBuilder(type));
  }

  /** Batches that were made. */
  get count(): number {
    return this.#count;
  }

  make(rows: readonly (PostgresCell | null)[][]): RecordBatch<Row> {
    this.#readers.forEach((reader, at) => {
      for (let row = 0; row < rows.length; row++) this.#append(reader, rows[row][at], { row, at });
    });
    this.#rows += rows.length;
    this.#count++;
    const columns = this.#builders.map((builder) => builder.finish());
    return new RecordBatch<Row>(this.#schema, columns, rows.length);
  }

  #append(
    { name, read, sqlType, type }: PostgresReader,
    cell: PostgresCell | null,
    { row, at }: { row: number; at: number },
  ): void {
    const builder = this.#builders[at];
    if (cell === null) return builder.appendNull();
    try {
      const value = read(cell);
      if (value === undefined) throw new RangeError("no such value");
      builder.append(value);
    } catch (cause) {
      throw new StreamingError(
        `Cannot read from ${this.#name}: row ${this.#rows + row}, column ${showName(name)}: ` +
          `${sqlType} ${show(cell.toString())} does not fit into ${type.kind}; cast it in the ` +
          `query, such as by ${name}::text`,
        { cause },
      );
    }
  }
}

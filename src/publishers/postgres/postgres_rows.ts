import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { CsvEncoder } from "../../codecs/csv/csv_encoder.ts";
import type { PostgresSession } from "../../sources/postgres/postgres_session.ts";
import { quoteName } from "../sql/sql_table.ts";
import { BinaryCopyEncoder, hasBinaryForm } from "./copy_binary.ts";
import { arrayText, copyBatch, copySchema, postgresTexts } from "./postgres_texts.ts";
import { type PostgresTable, type PostgresTableColumn, tableName } from "./postgres_types.ts";

/** Rows that are encoded at a time. */
const PIECE_ROWS = 4_096;
const STAGE = `"waggle_rows"`;

/** How a batch is written. */
export interface PostgresWriteOptions {
  readonly session: PostgresSession;
  readonly signal: AbortSignal | undefined;
  /** Called when the server may have taken some of it. */
  readonly begun: () => void;
}

/** Makes the data of a COPY, piece by piece. */
interface CopyEncoder extends Disposable {
  readonly format: "binary" | "csv";
  encode(batch: RecordBatch, piece: { isFirst: boolean; isLast: boolean }): Uint8Array;
}

/** The binary form where there is one: the server takes half the time for it. */
function copyEncoder(schema: Schema, columns: readonly PostgresTableColumn[]): CopyEncoder {
  if (hasBinaryForm(schema, columns)) {
    const encoder = new BinaryCopyEncoder(columns);
    return {
      format: "binary",
      encode: (batch, piece) => encoder.encode(batch, piece),
      [Symbol.dispose]: () => {},
    };
  }
  // A lone field of `\\.` would end the data, unless it is in quotes (manual, COPY).
  const quotes = schema.fields.length === 1 ? "all" : "needed";
  const encoder = new CsvEncoder({ header: false, quotes });
  const fields = copySchema(schema);
  return {
    format: "csv",
    encode: (batch) => encoder.encode(copyBatch(batch, fields)),
    [Symbol.dispose]: () => encoder[Symbol.dispose](),
  };
}

/** Writes the rows of batches with the same columns into a table. */
export class PostgresRows implements Disposable {
  /** The columns of the batches. */
  readonly schema: Schema;
  readonly #table: PostgresTable;
  readonly #columns: readonly PostgresTableColumn[];
  readonly #encoder: CopyEncoder;
  readonly #insert: string;
  #staged: PostgresSession | undefined;

  /** A writer into columns of a table that were found to fit. */
  constructor(schema: Schema, table: PostgresTable, columns: readonly PostgresTableColumn[]) {
    this.schema = schema;
    this.#table = table;
    this.#columns = columns;
    this.#encoder = copyEncoder(schema, columns);
    this.#insert = this.#insertStatement();
  }

  /** Whether rows can be copied: into a view they cannot, but by way of another table. */
  get mayCopy(): boolean {
    return this.#table.keys.length > 0 || !this.#columns.some(({ isOfView }) => isOfView);
  }

  /** Writes a batch by one statement, whose parameters are its columns. */
  async insert(
    batch: RecordBatch,
    { session, signal, begun }: PostgresWriteOptions,
  ): Promise<void> {
    const parameters = batch.columns.map((column) => arrayText(postgresTexts(column)));
    begun();
    await session.query(this.#insert, { parameters, ...(signal && { signal }) });
  }

  /** Writes a batch by COPY, and by way of a temporary table where rows are updated. */
  async copy(batch: RecordBatch, options: PostgresWriteOptions): Promise<number> {
    if (this.#table.keys.length === 0) return await this.#copyInto(this.#target(), batch, options);
    const { session, signal } = options;
    const ask = (sql: string) => session.query(sql, signal && { signal });
    try {
      await ask(this.#staged === session ? "BEGIN" : `BEGIN; ${this.#stageStatement()}`);
      const bytes = await this.#copyInto(STAGE, batch, { ...options, begun: () => {} });
      options.begun();
      await ask(`${this.#upsertStatement(`pg_temp.${STAGE}`)}; COMMIT`);
      this.#staged = session;
      return bytes;
    } catch (error) {
      this.#staged = undefined;
      if (session.isOpen) await session.query("ROLLBACK");
      throw error;
    }
  }

  /** Gives the memory of its encoder back. */
  [Symbol.dispose](): void {
    this.#encoder[Symbol.dispose]();
  }

  #target(): string {
    return tableName(this.#table);
  }

  #names(): string {
    return this.schema.fields.map(({ name }) => quoteName(name)).join(", ");
  }

  async #copyInto(
    target: string,
    batch: RecordBatch,
    { session, signal, begun }: PostgresWriteOptions,
  ): Promise<number> {
    let bytes = 0;
    const encoder = this.#encoder;
    function* pieces() {
      for (let start = 0; start < batch.length; start += PIECE_ROWS) {
        const piece = encoder.encode(batch.slice(start, start + PIECE_ROWS), {
          isFirst: start === 0,
          isLast: start + PIECE_ROWS >= batch.length,
        });
        bytes += piece.length;
        yield piece;
      }
    }
    const sql = `COPY ${target} (${this.#names()}) FROM STDIN (FORMAT ${encoder.format})`;
    await session.copy(sql, pieces, { signal, begun });
    return bytes;
  }

  /** A name that no column has. */
  #free(name: string): string {
    let free = name;
    while (this.schema.fields.some((field) => field.name === free)) free += "_";
    return quoteName(free);
  }

  #stageStatement(): string {
    return `DROP TABLE IF EXISTS pg_temp.${STAGE}; ` +
      `CREATE TEMPORARY TABLE ${STAGE} ON COMMIT DELETE ROWS AS ` +
      `SELECT ${this.#names()} FROM ${this.#target()} WITH NO DATA; ` +
      `ALTER TABLE ${STAGE} ADD COLUMN ${this.#free("place")} bigint GENERATED ALWAYS AS IDENTITY`;
  }

  /** Of rows with the same key the last one counts, for a statement updates each but once. */
  #upsertStatement(from: string): string {
    const { keys } = this.#table;
    const quoted = keys.map(quoteName).join(", ");
    const updates = this.schema.fields.filter(({ name }) => !keys.includes(name))
      .map(({ name }) => `${quoteName(name)} = excluded.${quoteName(name)}`).join(", ");
    return `INSERT INTO ${this.#target()} (${this.#names()}) ` +
      `SELECT DISTINCT ON (${quoted}) ${this.#names()} FROM ${from} ` +
      `ORDER BY ${quoted}, ${this.#free("place")} DESC ` +
      `ON CONFLICT (${quoted}) DO ${updates === "" ? "NOTHING" : `UPDATE SET ${updates}`}`;
  }

  #insertStatement(): string {
    const { fields } = this.schema;
    const names = fields.map(({ name }) => quoteName(name));
    const casts = names.map((name, at) => `${name}::${this.#columns[at].type} AS ${name}`);
    const arrays = names.map((_, at) => `$${at + 1}::text::text[]`).join(", ");
    const place = this.#free("place");
    const rows = `unnest(${arrays}) WITH ORDINALITY AS given (${names.join(", ")}, ${place})`;
    if (this.#table.keys.length > 0) {
      return this.#upsertStatement(`(SELECT ${casts.join(", ")}, ${place} FROM ${rows}) AS typed`);
    }
    return `INSERT INTO ${this.#target()} (${this.#names()}) ` +
      `SELECT ${casts.join(", ")} FROM ${rows} ORDER BY ${place}`;
  }
}

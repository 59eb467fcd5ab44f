import type { RecordBatch } from "../batch/record_batch.ts";
import type { DataType } from "../batch/schema.ts";
import { DAY_MS, MAX_TIMESTAMP_MS } from "../batch/time_range.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import { denoRuntime } from "../runtime/deno_runtime.ts";
import { knownOptions, type OptionRule } from "../runtime/known_options.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Publisher, PublishOptions, Receipt } from "../stream/publisher.ts";

const MAX_CELL = 32;
const FLOAT_DIGITS = 6;
const NUMBERS: ReadonlySet<string> = new Set(["i32", "i64", "f32", "f64", "decimal"]);

/** Options of {@linkcode ConsolePublisher}. */
export interface ConsolePublisherOptions {
  /** An aligned table (default), or one JSON object a line. */
  format?: "table" | "lines";
  /** Rows that are printed; of those beyond, only the number is told at the end. Default: all. */
  maxRows?: number;
  /** Where it is printed. Default: the standard output of the process. */
  runtime?: Runtime;
}

const OPTIONS: OptionRule<ConsolePublisherOptions> = {
  doing: "create ConsolePublisher",
  names: { format: true, maxRows: true, runtime: true },
  example: '{ format: "lines" }',
};

/**
 * Prints what is published.
 *
 * In a table times are in ISO 8601, fractions have six digits, and long text is cut. Control
 * characters of the data never reach the terminal: they are replaced in a table, escaped in JSON.
 */
export class ConsolePublisher implements Publisher {
  readonly #isTable: boolean;
  readonly #maxRows: number;
  readonly #runtime: Runtime;
  #widths: number[] | undefined;
  #rows = 0;
  #told = 0;
  #isClosed = false;
  /** Whether what was printed last could not be. */
  #isFailing = false;

  /**
   * Prints to the runtime's output.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: ConsolePublisherOptions = {}) {
    const { format = "table", maxRows = Infinity, runtime = denoRuntime } = knownOptions(
      options,
      OPTIONS,
    );
    if (format !== "table" && format !== "lines") {
      throw new TypeError(
        `Cannot create ConsolePublisher: format must be "table" or "lines", received ` +
          JSON.stringify(format),
      );
    }
    if (!(maxRows >= 0)) {
      throw new RangeError(
        `Cannot create ConsolePublisher: maxRows must be 0 or more, received ${maxRows}`,
      );
    }
    this.#isTable = format === "table";
    this.#maxRows = maxRows;
    this.#runtime = runtime;
  }

  /**
   * Prints a batch; the columns of a table are as wide as its first batch needs them.
   *
   * @throws {StreamingError} when the publisher was closed.
   */
  // deno-lint-ignore require-await -- what is thrown is to be a rejection
  async publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    signal?.throwIfAborted();
    if (this.#isClosed) throw new StreamingError("Cannot print: the publisher was closed");
    const room = Math.max(0, this.#maxRows - this.#rows);
    const shown = batch.length > room ? batch.slice(0, room) : batch;
    if (this.#isTable) this.#printTable(shown);
    else if (shown.length > 0) this.#print(jsonLines(shown));
    this.#rows += batch.length;
    return { records: batch.length };
  }

  #printTable(batch: RecordBatch): void {
    const { fields } = batch.schema;
    const rows = batch.toRows().map((row) =>
      fields.map(({ name, type }) => cellText(row[name], type))
    );
    const lines = [...rows];
    if (!this.#widths) {
      const names = fields.map(({ name }) => clip(printable(name)));
      this.#widths = names.map((name, at) =>
        rows.reduce((most, row) => Math.max(most, row[at].length), name.length)
      );
      lines.unshift(names, this.#widths.map((width) => "─".repeat(width)));
    }
    const text = lines.map((cells) => this.#line(cells, fields.map(({ type }) => type)));
    if (text.length > 0) this.#print(text.join("\n"));
  }

  #print(text: string): void {
    this.#isFailing = true;
    this.#runtime.print(text);
    this.#isFailing = false;
  }

  #line(cells: readonly string[], types: readonly DataType[]): string {
    const padded = cells.map((cell, at) => {
      const width = this.#widths?.[at] ?? 0;
      return NUMBERS.has(types[at].kind) ? cell.padStart(width) : cell.padEnd(width);
    });
    return padded.join("  ").trimEnd();
  }

  /** Tells how many rows were not printed. */
  // deno-lint-ignore require-await -- what is thrown is to be a rejection
  async flush(): Promise<void> {
    const more = this.#rows - this.#maxRows - this.#told;
    if (more <= 0) return;
    this.#print(`… ${more} more ${more === 1 ? "row" : "rows"}`);
    this.#told += more;
  }

  /** Tells how many rows were not printed, unless what was printed before could not be. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    if (!this.#isFailing) await this.flush();
  }
}

/** Without what could act on a terminal: escape and other control characters. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, "\ufffd");
}

/** JSON lines, whose own line ends are the only control characters. */
function jsonLines(batch: RecordBatch): string {
  return batch.toJson({ lines: true }).trimEnd().replace(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function clip(text: string): string {
  const characters = [...text];
  return characters.length > MAX_CELL ? `${characters.slice(0, MAX_CELL - 1).join("")}…` : text;
}

function cellText(value: unknown, { kind }: DataType): string {
  if (value === null || value === undefined) return "";
  if (kind === "timestamp") return isoTime(Number(value));
  if (kind === "date") return isoTime(Number(value) * DAY_MS);
  if (typeof value === "number") return numberText(value);
  if (typeof value === "string") return clip(printable(value));
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value !== "object") return String(value);
  const json = JSON.stringify(value, (_, v) => typeof v === "bigint" ? String(v) : v);
  return clip(printable(json));
}

function numberText(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const size = Math.abs(value);
  return size >= 1e-4 && size < 1e15
    ? String(Number(value.toFixed(FLOAT_DIGITS)))
    : value.toPrecision(FLOAT_DIGITS);
}

function isoTime(ms: number): string {
  if (!(Math.abs(ms) <= MAX_TIMESTAMP_MS)) return String(ms);
  return new Date(ms).toISOString().replace(
    /(T00:00:00)?\.000Z$/,
    (_, midnight) => midnight ? "" : "Z",
  );
}

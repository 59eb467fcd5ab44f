import { show } from "../../batch/misfit.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { sameFields } from "../../batch/schema_check.ts";
import type { Schema } from "../../batch/schema.ts";
import { type CsvOutputStyle, CsvWriter } from "../../kernel/csv_writer.ts";
import { create } from "../../kernel/kernel.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { csvOutput } from "./csv_output.ts";
import { checkBatch } from "../option_checks.ts";

/** Options of {@linkcode CsvEncoder}. */
export interface CsvEncoderOptions {
  /** Whether the first line names the columns. Default `true`. */
  header?: boolean;
  /** What stands between fields: `","` (default), `";"`, `"\t"`, `"|"` or a blank. */
  separator?: string;
  /** What a field is enclosed in: `'"'` (default) or `"'"`. */
  quote?: string;
  /**
   * Whether only the fields that need it are in quotes (`"needed"`, default), or all but nulls
   * (`"all"`).
   */
  quotes?: "needed" | "all";
  /** What ends a line. Default `"\n"`. */
  lineEnd?: "\n" | "\r\n";
  /** What a null is written as, without quotes. Default `""`. */
  nullText?: string;
  /**
   * Whether an apostrophe is put before texts that a program of sheets would take for formulas:
   * those that start with `=`, `+`, `-`, `@`, a tab or a carriage return. Default `false`.
   */
  defuse?: boolean;
  /** The most memory that its kernel may take, in bytes. Default 1 GiB. */
  budgetBytes?: number;
}

const OPTIONS: OptionRule<CsvEncoderOptions> = {
  doing: "make CSV encoder",
  names: {
    header: true,
    separator: true,
    quote: true,
    quotes: true,
    lineEnd: true,
    nullText: true,
    defuse: true,
    budgetBytes: true,
  },
  example: '{ separator: ";" }',
};

const encoder = new TextEncoder();

function oneOf<Value>(name: string, value: Value, values: readonly Value[]): Value {
  if (values.includes(value)) return value;
  throw new TypeError(
    `Cannot make CSV encoder: ${name} must be ` +
      `${values.map((each) => JSON.stringify(each)).join(" or ")}, ` +
      `received ${show(value)}`,
  );
}

function checkNullText(text: unknown, separator: string, quote: string): string {
  const marks = [separator, quote, "\n", "\r"];
  const isText = typeof text === "string" && text.isWellFormed();
  if (isText && !marks.some((mark) => text.includes(mark))) return text;
  throw new TypeError(
    "Cannot make CSV encoder: nullText must be a text without separator, quote and line end, " +
      `received ${show(text)}`,
  );
}

/** How the options say that lines are written. */
export function csvStyle(options: CsvEncoderOptions): CsvOutputStyle & { header: boolean } {
  const given = knownOptions(options, OPTIONS);
  const separator = oneOf("separator", given.separator ?? ",", [",", ";", "\t", "|", " "]);
  const quote = oneOf("quote", given.quote ?? '"', ['"', "'"]);
  const nullText = checkNullText(given.nullText ?? "", separator, quote);
  return {
    header: oneOf("header", given.header ?? true, [true, false]),
    separator: separator.charCodeAt(0),
    quote: quote.charCodeAt(0),
    quotesAll: oneOf("quotes", given.quotes ?? "needed", ["needed", "all"]) === "all",
    defuses: oneOf("defuse", given.defuse ?? false, [true, false]),
    lineEnd: oneOf("lineEnd", given.lineEnd ?? "\n", ["\n", "\r\n"]),
    nullText: encoder.encode(nullText),
  };
}

/** The header as a column for each name, so that names are written as texts are. */
function headerColumns({ fields }: Schema) {
  return fields.map(({ name }) => {
    const values = encoder.encode(name);
    return { kind: "text", values, offsets: Int32Array.of(0, values.length) } as const;
  });
}

/**
 * Encodes record batches as CSV in the kernel, into bytes.
 *
 * What it writes is what `CsvDecoder` reads back with the schema of the batches: numbers in full,
 * timestamps, dates and times as ISO 8601, bytes as base64, an empty text in quotes and null as
 * nothing. Lists, structs, maps and mixed values are fields of JSON, to be read as `utf8`.
 *
 * @example
 * ```ts
 * import { CsvEncoder, RecordBatch } from "@waggle/stream";
 *
 * using encoder = new CsvEncoder();
 * const batch = RecordBatch.fromRows([{ bird: "Owl, barn", count: 1 }, { bird: "", count: null }]);
 * console.log(new TextDecoder().decode(encoder.encode(batch)));
 * // bird,count
 * // "Owl, barn",1
 * // "",
 * ```
 */
export class CsvEncoder implements Disposable {
  readonly #header: boolean;
  readonly #writer: CsvWriter;
  #schema: Schema | undefined;

  /**
   * An encoder of one output.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: CsvEncoderOptions = {}) {
    const { header, ...style } = csvStyle(options);
    const { budgetBytes } = options;
    const remedy = "raise budgetBytes, or encode fewer rows at a time";
    const kernel = create(budgetBytes === undefined ? { remedy } : { budgetBytes, remedy });
    this.#header = header;
    this.#writer = new CsvWriter(kernel, style);
  }

  /**
   * Encodes a batch; the first one after the header. The bytes lie in kernel memory and are valid
   * until the next call.
   *
   * @throws {TypeError} for what is no batch, or has other columns than the batches before.
   * @throws {RangeError} for a date or time that ISO 8601 has no text for.
   * @throws {KernelMemoryError} when the budget does not hold the text.
   */
  encode(batch: RecordBatch<unknown>): Uint8Array<ArrayBuffer> {
    checkBatch(batch, "encode CSV");
    const isFirst = this.#takeSchema(batch.schema);
    const head = isFirst && this.#header
      ? this.#write(headerColumns(batch.schema), 1, batch).slice()
      : undefined;
    const body = this.#write(batch.columns.map(csvOutput), batch.length, batch);
    if (head === undefined) return body;
    const all = new Uint8Array(head.length + body.length);
    all.set(head);
    all.set(body, head.length);
    return all;
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }

  /** Holds batches to the columns of the first one; whether this is it. */
  #takeSchema(schema: Schema): boolean {
    const known = this.#schema;
    if (known === undefined) {
      this.#schema = schema;
      return true;
    }
    if (known === schema || sameFields(known.fields, schema.fields)) return false;
    const names = (of: Schema) => of.fields.map(({ name }) => name).join(", ");
    throw new TypeError(
      `Cannot encode CSV: the batch has the columns ${names(schema)}, those before had ` +
        `${names(known)}; make an encoder for each output`,
    );
  }

  #write(
    columns: Parameters<CsvWriter["write"]>[0],
    rows: number,
    { schema, columns: all }: RecordBatch<unknown>,
  ): Uint8Array<ArrayBuffer> {
    const written = this.#writer.write(columns, rows);
    if ("bytes" in written) return written.bytes;
    const { name, type } = schema.fields[written.column];
    const value = (all[written.column].values as Int32Array)[written.row];
    throw new RangeError(
      `Cannot encode CSV: row ${written.row}, column ${JSON.stringify(name)}: ${type.kind} ` +
        `${value} has no text in ISO 8601; make the column i32`,
    );
  }
}

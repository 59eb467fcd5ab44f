import type { Column } from "../../batch/column.ts";
import { readColumn } from "../../batch/column_reader.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { CsvOutputStyle } from "../../kernel/csv_writer.ts";
import { type CsvEncoderOptions, csvStyle } from "./csv_encoder.ts";
import { fieldTexts } from "./csv_output.ts";
import { isCalendarTime } from "../../batch/expressions/time.ts";

const FORMULA = /^[=+\-@\t\r]/;
const DAY_MS = 86_400_000;
const decoder = new TextDecoder();

/** The texts of a column that is none of texts. */
function valueTexts(column: Column): (string | null)[] {
  const values = readColumn(column, { start: 0, end: column.length });
  return values.map((value) => value === null ? null : valueText(column.type.kind, value));
}

function valueText(kind: string, value: unknown): string {
  const number = Number(value);
  switch (kind) {
    case "timestamp":
      return isCalendarTime(number) ? new Date(number).toISOString() : String(value);
    case "date":
      return new Date(number * DAY_MS).toISOString().replace(/T.*/, "");
    case "time":
      return new Date(number).toISOString().slice(11, 23);
    default:
      return Object.is(value, -0) ? "-0" : String(value);
  }
}

/** Encodes batches as CSV in TypeScript, field by field: what `CsvEncoder` is held to. */
export class ReferenceCsvEncoder {
  readonly #style: CsvOutputStyle & { header: boolean };
  #isFirst = true;

  /** An encoder of one output. */
  constructor(options: CsvEncoderOptions = {}) {
    this.#style = csvStyle(options);
  }

  /** The lines of a batch. */
  encode({ schema, columns, length }: RecordBatch<unknown>): string {
    const fields = columns.map((column) => this.#fields(column));
    const rows = Array.from({ length }, (_, row) => fields.map((texts) => texts[row]));
    if (this.#isFirst && this.#style.header) {
      rows.unshift(schema.fields.map(({ name }) => this.#textField(name)));
    }
    this.#isFirst = false;
    const separator = String.fromCharCode(this.#style.separator);
    return rows.map((row) => row.join(separator) + this.#style.lineEnd).join("");
  }

  #fields(column: Column): string[] {
    const isText = ["utf8", "dict", "bytes", "mixed", "list", "struct", "map"];
    const nullText = decoder.decode(this.#style.nullText);
    if (isText.includes(column.type.kind)) {
      return fieldTexts(column).map((text) => text === null ? nullText : this.#textField(text));
    }
    const quote = this.#style.quotesAll ? String.fromCharCode(this.#style.quote) : "";
    return valueTexts(column).map((text) => text === null ? nullText : quote + text + quote);
  }

  #textField(given: string): string {
    const { separator, quote, quotesAll, defuses } = this.#style;
    const text = defuses && FORMULA.test(given) ? `'${given}` : given;
    const [mark, quoting] = [String.fromCharCode(separator), String.fromCharCode(quote)];
    // U+F000 and above: what starts with a byte-order mark, and its neighbours.
    const needsQuotes = given === "" || given === decoder.decode(this.#style.nullText) ||
      [mark, quoting, "\n", "\r"].some((each) => given.includes(each)) ||
      (given >= "\uf000" && given.charCodeAt(0) >= 0xf000);
    if (!quotesAll && !needsQuotes) return text;
    const doubled = given.replaceAll(quoting, quoting + quoting);
    return quoting + (text === given ? "" : "'") + doubled + quoting;
  }
}

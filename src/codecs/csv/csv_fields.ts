import { Malformed } from "../malformed.ts";
import { withoutBlanks } from "../without_blanks.ts";

/** How a CSV file is written. */
export interface CsvDialect {
  readonly separator: string;
  /** `undefined` when quotes mean nothing. */
  readonly quote: string | undefined;
  readonly trim: boolean;
  readonly maxColumns: number;
}

/** Splits the text of a record into fields. */
export class FieldSplitter {
  /** The fields of the last record, their quotes taken off. */
  readonly texts: string[] = [];
  /** Which of them were in quotes. */
  readonly quoted: boolean[] = [];
  readonly #dialect: CsvDialect;
  readonly #separator: number;
  readonly #quote: number;

  /** A splitter of records in a dialect. */
  constructor(dialect: CsvDialect) {
    this.#dialect = dialect;
    this.#separator = dialect.separator.charCodeAt(0);
    this.#quote = dialect.quote === undefined ? -1 : dialect.quote.charCodeAt(0);
  }

  /**
   * Splits `record`, which has no line end outside of quotes.
   *
   * @throws {Malformed} when text follows a closing quote, or the last quote is never closed, or
   * there are too many fields.
   */
  split(record: string): void {
    this.texts.length = this.quoted.length = 0;
    let at = 0;
    while (true) {
      if (record.charCodeAt(at) === this.#quote) at = this.#quotedField(record, at);
      else at = this.#plainField(record, at);
      if (at >= record.length) return;
      if (this.texts.length === this.#dialect.maxColumns) throw this.#tooMany();
      at++;
    }
  }

  /** Takes the field at `at` and returns the position of the separator after it, or the end. */
  #plainField(record: string, at: number): number {
    let end = at;
    while (end < record.length && record.charCodeAt(end) !== this.#separator) end++;
    const text = record.slice(at, end);
    this.texts.push(this.#dialect.trim ? withoutBlanks(text) : text);
    this.quoted.push(false);
    return end;
  }

  #quotedField(record: string, at: number): number {
    const quote = this.#dialect.quote!;
    let text = "";
    let from = at + 1;
    while (true) {
      const close = record.indexOf(quote, from);
      if (close < 0) throw this.#neverClosed();
      if (record.charCodeAt(close + 1) !== this.#quote) {
        this.texts.push(text + record.slice(from, close));
        this.quoted.push(true);
        return this.#checkAfter(record, close + 1);
      }
      text += record.slice(from, close + 1);
      from = close + 2;
    }
  }

  #checkAfter(record: string, at: number): number {
    if (at >= record.length || record.charCodeAt(at) === this.#separator) return at;
    throw new Malformed(
      `field ${this.texts.length} has text after its closing quote`,
      `double a quote that belongs to the text`,
    );
  }

  #neverClosed(): Malformed {
    return new Malformed(
      `field ${this.texts.length + 1} opens a quote that is never closed`,
      `double a quote that belongs to the text, or pass quote: null`,
    );
  }

  #tooMany(): Malformed {
    return new Malformed(
      `the record has more than maxColumns (${this.#dialect.maxColumns}) fields`,
      "look for the right separator, or raise maxColumns",
    );
  }
}

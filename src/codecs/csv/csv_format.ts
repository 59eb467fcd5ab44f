import { checkNull } from "../../batch/nested_builders.ts";
import { Misfit } from "../../batch/misfit.ts";
import type { Field, Schema } from "../../batch/schema.ts";
import { typeName } from "../../batch/schema_check.ts";
import { listNames } from "../../batch/shown_names.ts";
import type { BatchAssembler } from "../batch_assembler.ts";
import type { RecordFormat } from "../batch_reader.ts";
import { type CsvDialect, FieldSplitter } from "./csv_fields.ts";
import { ColumnGuess } from "./csv_inference.ts";
import { checkSeparator } from "./csv_likely_separator.ts";
import type { CsvOptions } from "./csv_options.ts";
import { Malformed } from "../malformed.ts";
import { checkTyped, checkTypes, type ColumnTypes, typedColumns } from "../typed_columns.ts";
import { checkWord } from "../option_checks.ts";
import { isText, type ParseText, textParser } from "../text_values.ts";

/** How one column of the schema is filled. */
interface ColumnPlan {
  readonly field: Field;
  /** Which field of the record it is. */
  readonly source: number;
  readonly parse: ParseText;
  readonly isText: boolean;
}

/** What a CSV record means: fields, their names, and their texts as values of columns. */
export class CsvFormat<Row> implements RecordFormat<Row> {
  /** What is read, for error messages. */
  readonly name: string;
  readonly suspect = "a quote that is never closed";
  readonly #extraKeys: "error" | "ignore";
  readonly #splitter: FieldSplitter;
  readonly #header: boolean | readonly string[];
  readonly #takesComma: boolean;
  readonly #skipsEmpty: boolean;
  readonly #emptyStrings: "quoted" | "null" | "keep";
  readonly #nulls: ReadonlySet<string>;
  readonly #pads: boolean;
  readonly #inferTimestamps: boolean;
  readonly #schema: Schema | undefined;
  readonly #types: ColumnTypes | undefined;
  #names: readonly string[] | undefined;
  #plans: readonly ColumnPlan[] = [];

  /**
   * The format of files written in `dialect`.
   *
   * @throws {TypeError} when an option is none that it can be.
   */
  constructor(options: CsvOptions<Row>, dialect: CsvDialect) {
    this.name = options.name ?? "CSV input";
    this.#extraKeys = options.extraKeys ?? "error";
    this.#splitter = new FieldSplitter(dialect);
    this.#header = options.header ?? true;
    this.#takesComma = options.separator === undefined;
    this.#skipsEmpty =
      checkWord("emptyLines", options.emptyLines ?? "skip", ["skip", "record"]) === "skip";
    this.#emptyStrings = checkWord("emptyStrings", options.emptyStrings ?? "quoted", [
      "quoted",
      "null",
      "keep",
    ]);
    this.#nulls = new Set(options.nullValues);
    this.#pads = checkWord("raggedRows", options.raggedRows ?? "error", ["error", "pad"]) === "pad";
    this.#inferTimestamps = options.inferTimestamps ?? false;
    if (typeof this.#header === "object") this.#takeNames(this.#header);
    else if (!this.#header && options.schema) {
      this.#takeNames(options.schema.fields.map(({ name }) => name));
    }
    checkTypes(options);
    this.#types = options.types;
    this.#schema = options.schema;
    if (this.#names && this.#schema) this.prepare(this.#schema);
  }

  /** Whether the names of the columns are still to come. */
  get wantsHeader(): boolean {
    return this.#names === undefined && this.#header === true;
  }

  /** The names of the fields of a record; none before they are known. */
  get names(): readonly string[] {
    return this.#names ?? [];
  }

  /** See {@linkcode RecordFormat}. */
  isSkipped(text: string): boolean {
    return this.#skipsEmpty && text === "";
  }

  /** See {@linkcode RecordFormat}. */
  takeHeader(text: string): void {
    this.#splitter.split(text);
    const { texts, quoted } = this.#splitter;
    if (this.#takesComma && texts.length === 1 && !quoted[0]) this.#checkSeparator(texts[0]);
    this.#takeNames([...texts]);
    if (this.#schema) this.prepare(this.#schema);
  }

  /** See {@linkcode RecordFormat}. */
  inferColumns(texts: readonly string[]): Schema | undefined {
    const counts = texts.map((text) => this.#trySplit(text));
    this.#names ??= numbered(counts.find((count) => count > 0));
    if (!this.#names) return undefined;
    const guesses = this.#names.map(() => new ColumnGuess(this.#inferTimestamps));
    for (let row = 0; row < texts.length; row++) {
      if (counts[row] === guesses.length || this.#pads) this.#guessFrom(texts[row], guesses);
    }
    checkTyped(this.#names, this.#types, this.name);
    const fields = this.#names.map((name, at) => ({ name, type: guesses[at].type() }));
    return typedColumns({ fields }, this.#types);
  }

  /** See {@linkcode RecordFormat}. */
  prepare(schema: Schema): void {
    const names = this.#names ?? schema.fields.map(({ name }) => name);
    const positions = new Map(names.map((name, at) => [name, at]));
    this.#plans = schema.fields.map((field) => this.#plan(field, positions));
    const known = new Set(schema.fields.map(({ name }) => name));
    const extra = names.filter((name) => !known.has(name));
    if (extra.length === 0 || this.#extraKeys === "ignore") return;
    throw new TypeError(
      `Cannot read ${this.name}: the schema has no column ${listNames(extra)}; ` +
        `add it, or pass extraKeys: "ignore"`,
    );
  }

  /** See {@linkcode RecordFormat}. */
  append(text: string, assembler: BatchAssembler<Row>): void {
    this.#splitter.split(text);
    const { texts } = this.#splitter;
    const expected = this.#names?.length ?? 0;
    if (texts.length !== expected && !this.#pads) {
      throw new Malformed(
        `expected ${expected} ${expected === 1 ? "field" : "fields"}, received ${texts.length}`,
        'correct it, or pass raggedRows: "pad"',
      );
    }
    const { builders } = assembler.fields;
    for (let at = 0; at < this.#plans.length; at++) {
      const plan = this.#plans[at];
      try {
        const value = this.#value(plan);
        checkNull(plan.field, value);
        builders[at].append(value);
      } catch (error) {
        throw this.#placed(error, plan);
      }
    }
  }

  #placed(error: unknown, { field, source }: ColumnPlan): unknown {
    if (!(error instanceof Misfit)) return error;
    error.path = `.${field.name}${error.path}`;
    if (this.#splitter.texts[source]) {
      error.fix = "correct it, give the column another type in schema, or list it in nullValues";
    }
    return error;
  }

  #value({ source, parse, isText }: ColumnPlan): unknown {
    if (source >= this.#splitter.texts.length) return null;
    const text = this.#splitter.texts[source];
    if (text === "" ? !isText || this.#isNullText(source) : this.#isEmptyOrNull(source)) {
      return null;
    }
    return parse(text);
  }

  /** Whether an empty field of a text column is null. */
  #isNullText(at: number): boolean {
    if (this.#nulls.has("") && !this.#splitter.quoted[at]) return true;
    return this.#emptyStrings === "null" ||
      this.#emptyStrings === "quoted" && !this.#splitter.quoted[at];
  }

  #isEmptyOrNull(at: number): boolean {
    const { texts, quoted } = this.#splitter;
    return texts[at] === "" || this.#nulls.size > 0 && !quoted[at] && this.#nulls.has(texts[at]);
  }

  #checkSeparator(name: string): void {
    if (!this.#schema?.fields.some((field) => field.name === name)) checkSeparator(name);
  }

  #plan(field: Field, positions: ReadonlyMap<string, number>): ColumnPlan {
    const source = positions.get(field.name);
    if (source === undefined) {
      throw new TypeError(
        `Cannot read ${this.name}: it has no column ${JSON.stringify(field.name)}, only ` +
          listNames([...positions.keys()]),
      );
    }
    const parse = textParser(field.type);
    if (parse) return { field, source, parse, isText: isText(field.type) };
    throw new TypeError(
      `Cannot read ${this.name}: column ${JSON.stringify(field.name)} cannot be ` +
        `${typeName(field.type)} in CSV; read it as utf8`,
    );
  }

  #takeNames(names: readonly string[]): void {
    const seen = new Set<string>();
    const repeated = names.filter((name) => seen.size === seen.add(name).size);
    if (repeated.length > 0) {
      throw new TypeError(
        `Cannot read ${this.name}: several columns are named ${
          listNames([...new Set(repeated)])
        }; ` +
          `rename them, or give all names as the option header`,
      );
    }
    this.#names = names;
  }

  /** Splits a record and gives the number of its fields; 0 if it is malformed. */
  #trySplit(text: string): number {
    try {
      this.#splitter.split(text);
    } catch (error) {
      if (error instanceof Malformed) return 0;
      throw error;
    }
    return this.#splitter.texts.length;
  }

  #guessFrom(text: string, guesses: readonly ColumnGuess[]): void {
    const count = Math.min(this.#trySplit(text), guesses.length);
    for (let at = 0; at < count; at++) {
      if (!this.#isEmptyOrNull(at)) guesses[at].add(this.#splitter.texts[at]);
    }
  }
}

function numbered(count: number | undefined): string[] | undefined {
  return count === undefined
    ? undefined
    : Array.from({ length: count }, (_, at) => `column${at + 1}`);
}

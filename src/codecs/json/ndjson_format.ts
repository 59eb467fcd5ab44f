import { several } from "../../batch/several.ts";
import { visible } from "../../batch/shown_names.ts";
import { inferSchema } from "../../batch/infer.ts";
import { isPlainObject, show } from "../../batch/misfit.ts";
import { checkSchema } from "../../batch/schema_check.ts";
import type { DataType, Schema } from "../../batch/schema.ts";
import type { BatchAssembler } from "../batch_assembler.ts";
import type { RecordFormat } from "../batch_reader.ts";
import { parseJson } from "./json_parse.ts";
import { isDeeper, JsonRows } from "./json_values.ts";
import { FLATTEN, ONE_A_LINE } from "../bad_record_error.ts";
import { Malformed } from "../malformed.ts";
import { type ColumnTypes, typedColumns } from "../typed_columns.ts";

const BLANK = /^[ \t\r]*$/;
const CONTROL = /\p{Cc}/gu;
const ANY: DataType = { kind: "mixed" };

/** Adds the paths of all keys within a value to `paths`, until they are more than `most`. */
function addPaths(value: unknown, paths: Set<string>, most: number, path = ""): void {
  if (typeof value !== "object" || value === null) return;
  for (const key of Object.keys(value)) {
    // All items of a list are one column.
    const inner = Array.isArray(value) ? `${path}[]` : `${path}.${JSON.stringify(key)}`;
    if (!Array.isArray(value)) paths.add(inner);
    if (paths.size > most) return;
    addPaths((value as Record<string, unknown>)[key], paths, most, inner);
  }
}

/** What a line of NDJSON means: one object. */
export class NdjsonFormat<Row> implements RecordFormat<Row> {
  /** What is read, for error messages. */
  readonly name: string;
  readonly suspect = "a line end that is missing";
  /** No: every line is a record. */
  readonly wantsHeader = false;
  readonly #maxDepth: number;
  readonly #maxColumns: number;
  readonly #types: ColumnTypes | undefined;
  #rows = new JsonRows(ANY);

  /** The format of records within limits, some of whose columns have types. */
  constructor(
    name: string,
    { maxDepth, maxColumns, types }: {
      readonly maxDepth: number;
      readonly maxColumns: number;
      readonly types?: ColumnTypes | undefined;
    },
  ) {
    this.name = name;
    this.#types = types;
    this.#maxDepth = maxDepth;
    this.#maxColumns = maxColumns;
  }

  /** See {@linkcode RecordFormat}. */
  isSkipped(text: string): boolean {
    return BLANK.test(text);
  }

  /** See {@linkcode RecordFormat}. */
  takeHeader(): void {
    throw new Malformed("NDJSON has no header", "read it as CSV");
  }

  /** See {@linkcode RecordFormat}. */
  inferColumns(texts: readonly string[]): Schema | undefined {
    const rows = texts.map((text) => this.#tryParse(text)).filter((row) => row !== undefined);
    this.#checkKeys(rows);
    return rows.length === 0 ? undefined : typedColumns(inferSchema(rows), this.#types);
  }

  /** See {@linkcode RecordFormat}. */
  prepare(schema: Schema): void {
    this.#rows = new JsonRows({ kind: "struct", fields: schema.fields });
  }

  /** See {@linkcode RecordFormat}. */
  append(text: string, assembler: BatchAssembler<Row>): void {
    assembler.fields.append(this.#parse(text), assembler.open);
  }

  /** Counts before anything is made of the keys, because they may be as many as the bytes allow. */
  #checkKeys(rows: readonly object[]): void {
    const paths = new Set<string>();
    for (const row of rows) addPaths(row, paths, this.#maxColumns);
    if (paths.size <= this.#maxColumns) return;
    throw new TypeError(
      `Cannot read ${this.name}: the first ${several(rows.length, "record")} ${
        rows.length === 1 ? "has" : "have"
      } more than maxColumns ` +
        `(${this.#maxColumns}) different keys; pass a schema (\`map\` and \`mixed\` take any keys), ` +
        `or raise maxColumns`,
    );
  }

  #parse(text: string): object {
    const value = this.#parseJson(text);
    if (!isPlainObject(value)) {
      throw new Malformed(
        `expected an object, received ${show(value)}`,
        ONE_A_LINE,
      );
    }
    if (isDeeper(value, this.#maxDepth)) {
      throw new Malformed(
        `the record is nested deeper than maxDepth (${this.#maxDepth})`,
        FLATTEN,
      );
    }
    return this.#rows.fit(value, text);
  }

  #parseJson(text: string): unknown {
    try {
      return parseJson(text);
    } catch (cause) {
      if (!(cause instanceof SyntaxError)) throw cause;
      // The parser's own line is that within this one record.
      const reason = cause.message.replace(/ \(line \d+ column \d+\)/, "").replace(CONTROL, "?");
      throw new Malformed(`not valid JSON: ${visible(reason)}`, ONE_A_LINE, { cause });
    }
  }

  /** A row that columns can be inferred from by itself; `undefined` if there is anything wrong. */
  #tryParse(text: string): object | undefined {
    try {
      const row = this.#parse(text);
      checkSchema(inferSchema([row]));
      return row;
    } catch (error) {
      if (error instanceof Malformed || error instanceof TypeError) return undefined;
      throw error;
    }
  }
}

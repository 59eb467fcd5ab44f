import { INFERENCE_ROWS } from "../batch/limits.ts";
import { checkSchema } from "../batch/schema_check.ts";
import type { Field, Schema, TypedSchema } from "../batch/schema.ts";
import { headerError, recordText } from "./bad_record_error.ts";
import type { DecoderOptions } from "./batch_decoder.ts";
import type { RecordFormat } from "./batch_reader.ts";
import type { RecordCutter } from "./block_decoder.ts";
import type { BlockDecoderSpec, BlockSpec } from "./block_specs.ts";
import { create } from "../kernel/kernel.ts";
import { CsvCutter } from "./csv/csv_cutter.ts";
import { FieldSplitter } from "./csv/csv_fields.ts";
import { CsvFormat } from "./csv/csv_format.ts";
import { type CsvOptions, dialectOf, scannerOf } from "./csv/csv_options.ts";
import { LineCutter } from "./json/line_cutter.ts";
import { MAX_COLUMNS, MAX_JSON_DEPTH, MAX_RECORD_BYTES } from "./limits.ts";
import type { NdjsonOptions } from "./json/ndjson_decoder.ts";
import { NdjsonFormat } from "./json/ndjson_format.ts";
import { checkPositive } from "./option_checks.ts";
import { recordLines } from "./record_lines.ts";
import { CR, FoundRecords, LF, LineScanner, type RecordScanner } from "./record_scanner.ts";
import { utf8Text } from "./utf8_text.ts";

/** Rows of a batch unless told otherwise: those of most blocks are one. */
const BLOCK_ROWS = 16_384;
/** Bytes that are looked through at a time for the first records. */
const LOOK_BYTES = 65_536;

type Any = Record<string, unknown>;

/** What a format needs to be read in blocks. */
export interface BlockableFormat {
  readonly cutter: RecordCutter;
  readonly scanner: () => RecordScanner;
  readonly format: RecordFormat<Any>;
  /** What makes decoders of some columns of the input. */
  readonly specOf: (columns: Schema, names: readonly string[]) => BlockDecoderSpec;
  /** The names in a header. */
  readonly namesIn: (header: string) => readonly string[];
  /** The names where there is no header, as far as they are known. */
  readonly names?: readonly string[] | undefined;
  /** Whether all columns are wanted, whatever is asked for: keys beyond them are errors. */
  readonly wantsAll: boolean;
  readonly maxRecordBytes: number;
  /** Whether bytes that are not UTF-8 are replaced. */
  readonly replaces: boolean;
}

function common(options: DecoderOptions<never>): Omit<BlockSpec, "schema"> {
  const { batchRows = BLOCK_ROWS, maxRecordBytes = MAX_RECORD_BYTES, invalidUtf8 } = options;
  return { batchRows, maxRecordBytes, ...(invalidUtf8 && { invalidUtf8 }) };
}

function limitsOf({ maxRecordBytes = MAX_RECORD_BYTES, invalidUtf8 }: DecoderOptions<never>) {
  return { maxRecordBytes, replaces: invalidUtf8 === "replace" };
}

/** How NDJSON is read in blocks. */
export function blockableNdjson(name: string, options: NdjsonOptions<never>): BlockableFormat {
  const { schema, maxDepth = MAX_JSON_DEPTH, maxColumns = MAX_COLUMNS, trusted } = options;
  const limits = { maxDepth, maxColumns };
  // Columns that were inferred say nothing about keys that come later.
  const { extraKeys = schema ? "error" : undefined } = options;
  return {
    cutter: new LineCutter(),
    scanner: () => new LineScanner(),
    format: new NdjsonFormat<Any>(name, { ...limits, types: options.types }),
    specOf: (schema, all) => ({
      format: "ndjson",
      schema,
      ...common(options),
      ...limits,
      ...(trusted !== undefined && { trusted }),
      extraKeys: extraKeys ?? (schema.fields.length < all.length ? "ignore" : "error"),
    }),
    namesIn: () => [],
    wantsAll: extraKeys === "error",
    ...limitsOf(options),
  };
}

/** How CSV is read in blocks. */
export function blockableCsv(name: string, options: CsvOptions<never>): BlockableFormat {
  const { header = true, separator, quote, comment, trim, maxColumns = MAX_COLUMNS } = options;
  const { emptyLines, emptyStrings, nullValues, raggedRows, schema } = options;
  const dialect = dialectOf(options);
  const scanner = () => scannerOf(dialect, comment);
  const own = { separator, quote, comment, trim, emptyLines, emptyStrings, nullValues, raggedRows };
  const given = Object.entries(own).filter(([, value]) => value !== undefined);
  const splitter = new FieldSplitter(dialect);
  return {
    cutter: new CsvCutter(own, create()),
    scanner,
    format: new CsvFormat<Any>({ ...options as CsvOptions<Any>, name }, dialect),
    specOf: (schema, names) => ({
      format: "csv",
      schema,
      names,
      maxColumns,
      ...common(options),
      ...Object.fromEntries(given),
    }),
    namesIn: (header) => {
      splitter.split(header);
      return [...splitter.texts];
    },
    names: typeof header === "object"
      ? header
      : header
      ? undefined
      : schema?.fields.map(({ name }) => name),
    wantsAll: false,
    ...limitsOf(options),
  };
}

/** What is known of an input after its first records. */
export interface ScoutedInput {
  /** All columns. */
  readonly schema: Schema;
  /** What makes decoders of the wanted ones; `undefined`: of all. */
  specOf(wanted: ReadonlySet<string> | undefined): BlockDecoderSpec;
}

/** Where the records of the first blocks begin. */
export interface ScoutedBlock {
  readonly from: number;
  /** Physical lines before that. */
  readonly lines: number;
}

/** Looks at the first blocks of an input: takes the header out, and infers columns. */
export class BlockScout {
  readonly #way: BlockableFormat;
  readonly #schema: TypedSchema<Any> | undefined;
  readonly #inferenceRows: number;
  #names: readonly string[] | undefined;
  #texts: string[] = [];
  #lines = 0;

  /** A scout of an input that is read in some way. */
  constructor(
    way: BlockableFormat,
    { schema, inferenceRows = INFERENCE_ROWS }: Pick<DecoderOptions, "schema" | "inferenceRows">,
  ) {
    if (schema) checkSchema(schema);
    this.#way = way;
    this.#schema = schema;
    this.#inferenceRows = checkPositive("inferenceRows", inferenceRows);
    this.#names = way.names;
    if (schema && !way.format.wantsHeader) way.format.prepare(schema);
  }

  /** Whether it has seen enough. */
  get isReady(): boolean {
    if (this.#way.format.wantsHeader) return false;
    return this.#schema !== undefined || this.#texts.length >= this.#inferenceRows;
  }

  /**
   * Looks at the next block; tells where its records begin.
   *
   * @throws {TypeError} when its header cannot be.
   */
  look(block: Uint8Array): ScoutedBlock {
    const scanner = this.#way.scanner();
    const found = new FoundRecords();
    let header: ScoutedBlock | undefined;
    for (let at = 0; at < block.length && !this.isReady; at += LOOK_BYTES) {
      const to = Math.min(block.length, at + LOOK_BYTES);
      scanner.scan(block, { from: at, to }, found);
      if (to === block.length && scanner.start < to) found.add(scanner.start, to, scanner.line);
      const next = this.#takeAll(block, found);
      header ??= next;
      found.clear();
    }
    this.#lines += scanner.line - 1;
    // What comes before the header is not to be taken for records later.
    if (this.#way.format.wantsHeader) return { from: block.length, lines: scanner.line - 1 };
    return header ?? { from: 0, lines: 0 };
  }

  /** Takes records in; where those behind the header begin, if it is among them. */
  #takeAll(
    block: Uint8Array,
    { starts, ends, lines }: FoundRecords,
  ): ScoutedBlock | undefined {
    const { format } = this.#way;
    let header: ScoutedBlock | undefined;
    for (let at = 0; at < starts.length; at++) {
      const text = this.#textOf(block, starts[at], ends[at]);
      if (
        text === undefined && !format.wantsHeader || text !== undefined && format.isSkipped(text)
      ) {
        continue;
      }
      if (!format.wantsHeader) {
        if (this.#texts.length < this.#inferenceRows) this.#texts.push(text!);
        continue;
      }
      const sizeBytes = ends[at] - starts[at];
      this.#takeHeader({ text, sizeBytes }, this.#lines + lines[at]);
      const breaks = text!.match(/\r\n|[\r\n]/g)?.length ?? 0;
      header = { from: afterLineEnd(block, ends[at]), lines: lines[at] + breaks };
    }
    return header;
  }

  #textOf(block: Uint8Array, start: number, end: number): string | undefined {
    const { maxRecordBytes, replaces } = this.#way;
    if (end - start > maxRecordBytes) return undefined;
    return utf8Text(block.slice(start, end), replaces);
  }

  #takeHeader(
    record: { readonly text: string | undefined; readonly sizeBytes: number },
    line: number,
  ): void {
    const { format, namesIn, maxRecordBytes } = this.#way;
    try {
      const text = recordText(record, { maxRecordBytes, suspect: format.suspect });
      format.takeHeader(text);
      this.#names = namesIn(text);
    } catch (cause) {
      throw headerError(format.name, line, cause);
    }
  }

  /** The names of the columns in a header, or as they were given. */
  get names(): readonly string[] | undefined {
    return this.#names;
  }

  /** What is known now; `undefined`: no columns could be inferred from any record. */
  found(): ScoutedInput | undefined {
    const { format, specOf, wantsAll } = this.#way;
    const texts = this.#texts;
    this.#texts = [];
    const inferred = texts.length > 0 ? format.inferColumns(texts) : undefined;
    const schema: Schema | undefined = this.#schema ?? inferred;
    if (!schema) return undefined;
    format.prepare(schema);
    const names = this.#names ?? schema.fields.map(({ name }) => name);
    const columns = (wanted: ReadonlySet<string> | undefined) =>
      wanted && !wantsAll ? pick(schema, wanted) : schema;
    return { schema, specOf: (wanted) => specOf(columns(wanted), names) };
  }

  /** On which line of a block, which begins behind the header, each record starts, from 0. */
  linesIn(block: Uint8Array): number[] {
    return recordLines(block, this.#way);
  }

  /** What makes decoders that only tell why no columns can be inferred from records. */
  get rejecting(): BlockDecoderSpec {
    return this.#way.specOf({ fields: [] }, this.#names ?? []);
  }
}

function pick(schema: Schema, wanted: ReadonlySet<string>): Schema {
  const fields: readonly Field[] = schema.fields.filter(({ name }) => wanted.has(name));
  return fields.length === schema.fields.length ? schema : { fields };
}

/** Where the line after one begins that ends at `end`. */
function afterLineEnd(bytes: Uint8Array, end: number): number {
  const isCrLf = bytes[end] === CR && bytes[end + 1] === LF;
  return Math.min(bytes.length, end + (isCrLf ? 2 : 1));
}

import { readColumn } from "../../batch/column_reader.ts";
import type { Column } from "../../batch/column.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { DataType, Schema } from "../../batch/schema.ts";
import { fieldName, sameFields } from "../../batch/schema_check.ts";
import { zlib } from "../../runtime/inflater.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { checkPositive, checkWord } from "../option_checks.ts";
import { parquetElements, writeOf, type WrittenElement } from "./parquet_elements.ts";

const DEFAULT_GROUP_ROWS = 100_000;
/** A row group is ended when its columns take so much memory, however few rows it has: 64 MiB. */
const MAX_GROUP_BYTES = 64 * 1024 ** 2;
const CODECS: readonly ParquetCodecName[] = ["snappy", "gzip", "zstd", "none"];

/** How the pages of a Parquet file are compressed. */
export type ParquetCodecName = "snappy" | "gzip" | "zstd" | "none";

/** How Parquet files are written. */
export interface ParquetFileOptions {
  /** How pages are compressed. Default `"snappy"`, which all readers know. */
  codec?: ParquetCodecName;
  /**
   * Rows of a row group, at most; they are in memory until it is written. One whose columns take 64
   * MiB is ended before. Default 100,000.
   */
  rowGroupRows?: number;
}

const OPTIONS: OptionRule<ParquetFileOptions> = {
  doing: "write Parquet",
  names: { codec: true, rowGroupRows: true },
  example: '{ codec: "zstd" }',
};

/** Memory that npm:hyparquet-writer writes to: `ByteWriter`. */
export interface GrowingBytes {
  offset: number;
  index: number;
  getBytes(): Uint8Array;
}

/** What npm:hyparquet-writer writes a file with: `ParquetWriter`. */
export interface GroupWriter {
  row_groups: unknown[];
  num_rows: bigint;
  pendingIndexes: unknown[];
  write(groups: {
    columnData: { name: string; data: unknown[]; statistics: boolean; encoding?: "PLAIN" }[];
    rowGroupSize: number;
  }): void | Promise<void>;
  finish(): void | Promise<void>;
}

/** The parts of npm:hyparquet-writer. */
export interface ParquetParts {
  bytes(): GrowingBytes;
  writer(options: {
    writer: GrowingBytes;
    schema: WrittenElement[];
    codec: "SNAPPY" | "GZIP" | "ZSTD" | "UNCOMPRESSED";
    compressors: Record<string, (bytes: Uint8Array) => Uint8Array>;
    createdBy: string;
  }): GroupWriter;
}

function compressors(): Record<string, (bytes: Uint8Array) => Uint8Array> {
  return {
    GZIP: (bytes) => zlib().gzipSync(bytes),
    ZSTD: (bytes) => zlib().zstdCompressSync(bytes),
  };
}

/** What there was before a batch. */
interface Before {
  readonly waiting: RecordBatch[];
  readonly rows: number;
  readonly sizeBytes: number;
  /** What had been written; absent before the first batch. */
  readonly file?: { offset: number; groups: number; rows: bigint; indexes: number };
}

const NOTHING: Before = { waiting: [], rows: 0, sizeBytes: 0 };

/** Whether a dictionary, in which −0 is 0, would change values. */
function losesMinusZero(type: DataType, values: readonly unknown[]): boolean {
  switch (type.kind) {
    case "f32":
    case "f64":
      return values.some((value) => Object.is(value, -0));
    case "list":
      return holdsFloats(type.item);
    case "map":
      return holdsFloats(type.value);
    case "struct":
      return type.fields.some((field) => holdsFloats(field.type));
    default:
      return false;
  }
}

function holdsFloats(type: DataType): boolean {
  return type.kind === "f32" || type.kind === "f64" || losesMinusZero(type, []);
}

/** The memory of a column; its dictionary is that of others too. */
function bytesOf({ type, values, offsets, children = [] }: Column): number {
  const own = (values?.byteLength ?? 0) + (offsets?.byteLength ?? 0);
  return type.kind === "dict" ? own : children.reduce((sum, child) => sum + bytesOf(child), own);
}

/**
 * Writes batches as one Parquet file, a row group at a time: the bytes of a group come with the batch
 * that fills it, and the footer, without which nobody can read the file, at the end.
 */
export class ParquetFileEncoder {
  readonly #codec: ParquetCodecName;
  readonly #groupRows: number;
  readonly #bytes: GrowingBytes;
  readonly #parts: ParquetParts;
  #writer: GroupWriter | undefined;
  #schema: Schema | undefined;
  #waiting: RecordBatch[] = [];
  #rows = 0;
  #sizeBytes = 0;
  #before = NOTHING;

  /**
   * Has written nothing.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(parts: ParquetParts, options: ParquetFileOptions = {}) {
    const { codec = "snappy", rowGroupRows = DEFAULT_GROUP_ROWS } = knownOptions(options, OPTIONS);
    this.#codec = checkWord("codec", codec, CODECS, OPTIONS.doing);
    this.#groupRows = checkPositive("rowGroupRows", rowGroupRows, OPTIONS.doing);
    this.#parts = parts;
    this.#bytes = parts.bytes();
  }

  /**
   * Takes a batch, and gives the bytes of the row groups that it fills.
   *
   * @throws {TypeError} when its columns are not those of the batches before; it is as if it had not
   *   been then.
   */
  push(batch: RecordBatch): Uint8Array[] {
    this.#before = this.#state();
    this.#begin(batch.schema);
    try {
      this.#add(batch);
      return this.#taken();
    } catch (error) {
      this.undo();
      throw error;
    }
  }

  /** Makes it as if the last batch had not been, whose bytes could not be written. */
  undo(): void {
    const { waiting, rows, sizeBytes, file } = this.#before;
    this.#waiting = waiting;
    this.#rows = rows;
    this.#sizeBytes = sizeBytes;
    this.#bytes.index = 0;
    this.#bytes.offset = file?.offset ?? 0;
    if (!this.#writer || !file) {
      this.#writer = undefined;
      this.#schema = undefined;
      return;
    }
    this.#writer.row_groups.length = file.groups;
    this.#writer.num_rows = file.rows;
    this.#writer.pendingIndexes.length = file.indexes;
  }

  /** The rest of the file; without a batch there is none. */
  finish(): Uint8Array[] {
    if (!this.#writer) return [];
    this.#endGroup();
    this.#writer.finish();
    return this.#taken();
  }

  #begin(schema: Schema): void {
    if (this.#schema) return checkSame(this.#schema, schema);
    const elements = parquetElements(schema);
    const codec = ({ snappy: "SNAPPY", gzip: "GZIP", zstd: "ZSTD", none: "UNCOMPRESSED" } as const)[
      this.#codec
    ];
    this.#writer = this.#parts.writer({
      ...{ writer: this.#bytes, schema: elements, codec, compressors: compressors() },
      createdBy: "Waggle",
    });
    this.#schema = schema;
  }

  /** Adds rows, and ends groups that are full. */
  #add(batch: RecordBatch): void {
    for (let at = 0; at < batch.length;) {
      const end = Math.min(batch.length, at + this.#groupRows - this.#rows);
      const part = at === 0 && end === batch.length ? batch : batch.slice(at, end);
      this.#waiting.push(part);
      this.#rows += part.length;
      this.#sizeBytes += part.columns.reduce((sum, column) => sum + bytesOf(column), 0);
      at = end;
      if (this.#rows >= this.#groupRows || this.#sizeBytes >= MAX_GROUP_BYTES) this.#endGroup();
    }
  }

  #endGroup(): void {
    if (this.#rows === 0) return;
    const { fields } = this.#schema!;
    const columnData = fields.map(({ name, type }, at) => {
      const data = this.#waiting.flatMap((batch) =>
        readColumn(batch.columns[at], { start: 0, end: batch.length })
      );
      const write = writeOf(type);
      if (write) data.forEach((value, row) => data[row] = value === null ? null : write(value));
      const encoding = losesMinusZero(type, data) ? { encoding: "PLAIN" as const } : {};
      return { name, data, statistics: type.kind !== "mixed", ...encoding };
    });
    this.#writer!.write({ columnData, rowGroupSize: this.#rows });
    this.#waiting = [];
    this.#rows = 0;
    this.#sizeBytes = 0;
  }

  #taken(): Uint8Array[] {
    const bytes = this.#bytes.getBytes().slice();
    this.#bytes.index = 0;
    return bytes.length === 0 ? [] : [bytes];
  }

  #state(): Before {
    const state = { waiting: this.#waiting.slice(), rows: this.#rows, sizeBytes: this.#sizeBytes };
    if (!this.#writer) return state;
    const { row_groups, num_rows, pendingIndexes } = this.#writer;
    const written = { groups: row_groups.length, rows: num_rows, indexes: pendingIndexes.length };
    return { ...state, file: { offset: this.#bytes.offset, ...written } };
  }
}

function checkSame(known: Schema, schema: Schema): void {
  if (known === schema || sameFields(known.fields, schema.fields)) return;
  const shown = (fields: Schema["fields"]) => fields.map(fieldName).join(", ");
  throw new TypeError(
    `Cannot write Parquet: all batches of a file have the same columns; those before have ` +
      `${shown(known.fields)}, received ${shown(schema.fields)}`,
  );
}

/**
 * Parquet files: `@waggle/stream/parquet`, through npm:hyparquet and npm:hyparquet-writer. They are
 * sources by {@linkcode parquet}, and where this is imported a `FilePublisher` writes them.
 *
 * @module
 */
import { parquetMetadataAsync, parquetRead, parquetSchema } from "hyparquet";
import { parquetHeader } from "hyparquet/src/column.js";
import { compressors } from "hyparquet-compressors";
import { ByteWriter, ParquetWriter } from "hyparquet-writer";
import { parquetFormat } from "../codecs/optional_format.ts";
import type { GroupWriter, GrowingBytes } from "../codecs/parquet/parquet_file_encoder.ts";
import { checkWhole, knownOptions, nearestName, received } from "../runtime/known_options.ts";
import type { Source, SourceBatch, SourceOptions } from "../stream/source.ts";
import { ParquetError, tried } from "./parquet_error.ts";
import {
  checkParquetInput,
  openParquet,
  type ParquetInput,
  parquetName,
  type RandomAccess,
} from "./parquet_file.ts";
import { footerBytes } from "./parquet_footer.ts";
import { batchOf, GroupColumn } from "./parquet_group.ts";
import { type Inflate, pageInflates } from "./parquet_inflate.ts";
import { checkPages, type PageHeader, type PageTools } from "./parquet_pages.ts";
import { type ParquetColumn, parquetColumns, plainElements } from "./parquet_types.ts";

export type {
  ParquetCodecName,
  ParquetFileOptions,
} from "../codecs/parquet/parquet_file_encoder.ts";
export { ParquetError } from "./parquet_error.ts";
export type { ParquetInput } from "./parquet_file.ts";

type FileMetaData = Awaited<ReturnType<typeof parquetMetadataAsync>>;

const BATCH_ROWS = 16_384;
const MAX_GROUP_BYTES = 1024 ** 3;

/** Options of {@linkcode parquet}. */
export interface ParquetOptions {
  /** The columns to read. Default: all, or those that a pipeline asks for. */
  columns?: readonly string[];
  /** Rows of a batch, at most. Default 16,384. */
  batchRows?: number;
  /** Bytes of a row group when it is decompressed, at most; one is in memory at a time. Default 1 GiB. */
  maxRowGroupBytes?: number;
  /** What it is called in messages. Default: its path. */
  name?: string;
}

const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** What is kept as it is stored, but texts and the times of INT96, which come in nanoseconds. */
const PARSERS = {
  stringFromBytes: (bytes: Uint8Array) => bytes && text.decode(bytes),
  timestampFromNanoseconds: (nanoseconds: bigint) => nanoseconds,
};

/** Of the statistics nothing is needed. */
const NO_STATISTICS = {
  stringFromBytes: () => undefined,
  jsonFromBytes: () => undefined,
  uuidFromBytes: () => undefined,
  geometryFromBytes: () => undefined,
  geographyFromBytes: () => undefined,
};

/** The footer, whose size is looked at before it is read. */
async function footerOf(file: RandomAccess, name: string): Promise<FileMetaData> {
  const options = {
    initialFetchSize: await footerBytes(file, name),
    geoparquet: false,
    parsers: NO_STATISTICS,
  };
  return await tried(name, "its footer is damaged", () => parquetMetadataAsync(file, options));
}

class ParquetSource<Row> implements Source<Row> {
  readonly name: string;
  readonly #input: ParquetInput;
  readonly #options: ParquetOptions;

  constructor(input: ParquetInput, options: ParquetOptions) {
    this.#input = input;
    this.#options = options;
    this.name = options.name ?? parquetName(input);
  }

  async *open(options: SourceOptions): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const file = await openParquet(this.#input, this.name, options.runtime);
    try {
      yield* this.#batches(file, options);
    } finally {
      file.close();
    }
  }

  async *#batches(
    file: RandomAccess,
    options: SourceOptions,
  ): AsyncGenerator<SourceBatch<Row>, void, undefined> {
    const footer = await footerOf(file, this.name);
    const all = await tried(this.name, "its columns", () => parquetColumns(footer.schema));
    const columns = this.#wanted(all, options);
    const fields = columns.map(({ field }) => field);
    const plain = { ...footer, schema: plainElements(footer.schema) };
    const totalBytes = file.byteLength;
    let row = 0;
    let bytes = 0;
    for (let group = 0; group < footer.row_groups.length; group++) {
      const { num_rows, total_byte_size, total_compressed_size } = footer.row_groups[group];
      const rows = Number(num_rows);
      this.#checkGroup(group, rows, Number(total_byte_size));
      const read = await tried(
        this.name,
        `row group ${group}`,
        () => readGroup({ file, metadata: plain, columns, group, row, rows, most: this.#most }),
      );
      row += rows;
      bytes += Number(total_compressed_size ?? total_byte_size);
      const progress = { bytes: Math.min(bytes, totalBytes), totalBytes };
      for (let at = 0; at < rows; at += this.#batchRows) {
        if (options.signal.aborted) return;
        const batch = await tried(
          this.name,
          `row group ${group}`,
          () => batchOf<Row>(fields, read, Math.min(this.#batchRows, rows - at)),
        );
        yield { batch, progress };
      }
    }
    yield { progress: { bytes: totalBytes, totalBytes } };
  }

  get #batchRows(): number {
    return this.#options.batchRows ?? BATCH_ROWS;
  }

  get #most(): number {
    return this.#options.maxRowGroupBytes ?? MAX_GROUP_BYTES;
  }

  #wanted(all: readonly ParquetColumn[], { columns, wholeRecords }: SourceOptions) {
    const names = all.map(({ field }) => field.name);
    const { columns: own } = this.#options;
    for (const name of own ?? []) {
      if (names.includes(name)) continue;
      const meant = nearestName(name, names);
      throw new TypeError(
        `Cannot read ${this.name}: it has no column ${JSON.stringify(name)}; ` +
          (meant ? `did you mean ${JSON.stringify(meant)}?` : `it has ${names.join(", ")}`),
      );
    }
    const asked = columns && !wholeRecords ? columns : undefined;
    const wanted = all.filter(({ field: { name } }) =>
      (own?.includes(name) ?? true) && (asked?.has(name) ?? true)
    );
    const twice = wanted.find(({ field }, at) =>
      wanted.findIndex((other) => other.field.name === field.name) !== at
    );
    if (twice) {
      throw new ParquetError(
        `Cannot read ${this.name}: it has two columns ${JSON.stringify(twice.field.name)}; ` +
          "write it with other names, or ask for others of its columns by columns",
      );
    }
    // rows without any column could not be counted
    return wanted.length > 0 ? wanted : all.slice(0, 1);
  }

  #checkGroup(group: number, rows: number, bytes: number): void {
    if (!Number.isSafeInteger(rows) || rows < 0 || rows > 0x7fff_ffff) {
      throw new ParquetError(`Cannot read ${this.name}: row group ${group} has ${rows} rows`);
    }
    if (bytes <= this.#most) return;
    throw new ParquetError(
      `Cannot read ${this.name}: row group ${group} has ${bytes} bytes, at most ${this.#most}; ` +
        `write smaller row groups, or set maxRowGroupBytes`,
    );
  }
}

type SchemaNode = ReturnType<typeof parquetSchema>;

/** The elements from the root to a column of a row group. */
function pathOf(root: SchemaNode, path: readonly string[]): SchemaNode[] {
  const nodes: SchemaNode[] = [];
  for (const name of path) {
    const node = (nodes.at(-1) ?? root).children.find(({ element }) => element.name === name);
    if (!node) throw new Error(`column ${path.join(".")} does not stand in the schema`);
    nodes.push(node);
  }
  return nodes;
}

/** Looks through the pages of the columns that are read. */
async function checkGroup({ file, metadata, group, names, inflates }: {
  file: RandomAccess;
  metadata: FileMetaData;
  group: number;
  names: ReadonlyMap<string, unknown>;
  inflates: Record<string, Inflate>;
}): Promise<void> {
  const tools: PageTools = {
    header: (reader) => parquetHeader(reader) as unknown as PageHeader,
    inflate: (codec, bytes, length) =>
      codec === "UNCOMPRESSED" ? bytes : inflates[codec](bytes, length),
  };
  const root = parquetSchema(metadata);
  for (const { meta_data: meta, crypto_metadata: crypto } of metadata.row_groups[group].columns) {
    if (!meta || !names.has(meta.path_in_schema[0])) continue;
    if (crypto) {
      throw new Error(
        `column ${meta.path_in_schema.join(".")} is encrypted; decrypt it with what has written ` +
          "it, or ask for others by columns",
      );
    }
    const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const end = start + Number(meta.total_compressed_size);
    if (!(start >= 0 && end >= start && end <= file.byteLength)) {
      throw new Error(`column ${meta.path_in_schema.join(".")} lies outside of the file`);
    }
    const kinds = pathOf(root, meta.path_in_schema).map(({ element }) => element.repetition_type);
    checkPages({
      bytes: new Uint8Array(await file.slice(start, end)),
      ...{ type: meta.type, codec: meta.codec, values: Number(meta.num_values) },
      maxRepetition: kinds.filter((kind) => kind === "REPEATED").length,
      maxDefinition: kinds.filter((kind) => kind !== "REQUIRED").length,
    }, tools);
  }
}

async function readGroup({ file, metadata, columns, group, row, rows, most }: {
  file: RandomAccess;
  metadata: FileMetaData;
  columns: readonly ParquetColumn[];
  group: number;
  row: number;
  rows: number;
  most: number;
}): Promise<GroupColumn[]> {
  const read = new Map(columns.map((column) => [column.field.name, new GroupColumn(column)]));
  const inflates = pageInflates(compressors as Record<string, Inflate>, most);
  await checkGroup({ file, metadata, group, names: read, inflates });
  await parquetRead({
    ...{ file, metadata, rowStart: row, rowEnd: row + rows, columns: [...read.keys()] },
    ...{ compressors: inflates, utf8: false, geoparquet: false, parsers: PARSERS },
    onChunk: ({ columnName, columnData }) => read.get(columnName)?.add(columnData),
  });
  const found = Array.from(read.values());
  const short = found.findIndex(({ length }) => length !== rows);
  if (short < 0) return found;
  throw new Error(
    `column ${columns[short].field.name} has ${found[short].length} of ${rows} values`,
  );
}

/**
 * The rows of a Parquet file, as a source of a pipeline or of a fit.
 *
 * Row groups are read one after the other, each whole; files whose groups are larger than
 * `maxRowGroupBytes` are refused. Numbers, booleans, texts, bytes, dates and decimals come as they
 * are, times in whole milliseconds, unsigned 64-bit integers as `decimal(20, 0)`, UUIDs as text;
 * lists and groups as lists and structs, maps as lists of their entries. Pages are looked through
 * before they are read, so that a damaged file is an error and never a loop.
 *
 * @param input The path of a file, relative to the working directory, the URL of a file, or bytes.
 * @throws {TypeError | RangeError} when an option is none that it can be.
 *
 * @example
 * ```ts
 * import { SyntheticGenerator } from "@waggle/stream";
 * import { parquet } from "@waggle/stream/parquet";
 * import { parquetWriteBuffer } from "hyparquet-writer";
 *
 * const data = Array.from({ length: 100 }, (_, i) => ["Rome", "Oslo"][i % 2]);
 * const columnData = [{ name: "city", data, type: "STRING" as const }];
 * const file = new Uint8Array(parquetWriteBuffer({ columnData }));
 *
 * const generator = await SyntheticGenerator.fit(parquet(file));
 * console.log(generator.sample(3).toRows());
 * ```
 */
export function parquet<Row = Record<string, unknown>>(
  input: ParquetInput,
  options: ParquetOptions = {},
): Source<Row> {
  checkParquetInput(input);
  const given = knownOptions(options, {
    doing: "read Parquet",
    names: { columns: true, batchRows: true, maxRowGroupBytes: true, name: true },
    example: '{ columns: ["at", "price"] }',
  });
  for (const name of ["batchRows", "maxRowGroupBytes"] as const) {
    const value = given[name];
    if (value !== undefined) checkWhole(name, value, { doing: "read Parquet" });
  }
  const { columns } = given;
  if (columns !== undefined && !(Array.isArray(columns) && columns.length > 0)) {
    throw new TypeError(
      `Cannot read Parquet: columns must be a list of names, received ${received(columns)}`,
    );
  }
  return new ParquetSource<Row>(input, given);
}

parquetFormat.offer({
  bytes: (): GrowingBytes => new ByteWriter(),
  writer: (options): GroupWriter => new ParquetWriter(options as never) as unknown as GroupWriter,
});

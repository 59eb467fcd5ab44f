import { csv, ndjson } from "../sources/file_source.ts";
import { lateModule } from "../runtime/late_module.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { TypedSchema } from "../batch/schema.ts";
import type { BadInput, Source, SourceBatch, SourceOptions } from "../stream/source.ts";
import type { CommandContext } from "./command_context.ts";
import type { InputFormat, InputOptions } from "./input_flags.ts";
import { knownFormat, STANDARD_INPUT } from "./input_format.ts";
import { isKafkaAddress, kafkaAddress } from "./kafka/kafka_address.ts";
import { kafkaInput } from "./kafka/kafka_input.ts";
import { parquetModule } from "./parquet_module.ts";
import { triedReading } from "./tried_reading.ts";
import { FirstBytes, withoutCsv } from "./typed_csv.ts";
import { UsageError } from "./usage_error.ts";

const PEEKED_BYTES = 64;
const ARRAY = /^[\ufeff\s]*\[/;

/** Whether a file of JSON is one array, and not an object a line; of a compressed one an array is expected. */
async function isArray(path: string, runtime: Runtime): Promise<boolean> {
  if (!path.toLowerCase().endsWith(".json")) return true;
  const file = await triedReading(path, () => runtime.openFile(path));
  try {
    const bytes = new Uint8Array(PEEKED_BYTES);
    const count = await file.read(bytes) ?? 0;
    return ARRAY.test(new TextDecoder().decode(bytes.subarray(0, count)));
  } finally {
    file.close();
  }
}

async function checkFile(path: string, runtime: Runtime): Promise<void> {
  if (path === STANDARD_INPUT) return;
  const { kind } = await triedReading(path, () => runtime.fileStatus(path));
  if (kind === "file" || kind === "other") return;
  throw new UsageError(
    `cannot read ${path}: ${kind === "folder" ? "it is a folder" : "there is no such file"}`,
  );
}

/** What a file of records is called in messages. */
export function inWords(path: string): string {
  return path === STANDARD_INPUT ? "the standard input" : path;
}

function formatOf(path: string, options: InputOptions): InputFormat {
  const format = knownFormat(path, options);
  if (format !== undefined) return format;
  throw new UsageError(
    `cannot tell what ${JSON.stringify(path)} is: a file's name ends in .csv, .tsv, .ndjson, ` +
      `.jsonl, .json, .avro or .parquet, with .gz or .zst behind or not; or say it by ` +
      `--input-format, such as --input-format csv`,
  );
}

function separatorOf({ separator }: InputOptions, format: InputFormat): { separator?: string } {
  if (separator === undefined) return format === "tsv" ? { separator: "\t" } : {};
  if (format !== "csv" && format !== "tsv") {
    throw new UsageError(`--separator is of CSV, and the data are ${format}`);
  }
  const character = separator === "\\t" ? "\t" : separator;
  if (/^[^"\r\n]$/.test(character)) return { separator: character };
  throw new UsageError(
    `--separator takes one character, such as ';' or '\\t', received ${JSON.stringify(separator)}`,
  );
}

/**
 * What is read: a file, or the address of topics, which may be given by `--kafka` too.
 *
 * @throws {UsageError} when both or none of them were given.
 */
export function inputPath(data: string | undefined, kafka: string | undefined): string {
  if (kafka === undefined) {
    if (data !== undefined) return data;
    throw new UsageError(
      "nothing says what to read: give a file, - for the standard input, or --kafka with a topic, " +
        "such as localhost:9092/orders",
    );
  }
  if (data !== undefined) {
    throw new UsageError(`records come from one place: give ${data}, or --kafka, and not both`);
  }
  const { servers, topics } = kafkaAddress(kafka, "--kafka");
  return `kafka://${servers}/${topics.join(",")}`;
}

/** What few read is loaded for them alone. */
async function avroModule(): Promise<typeof import("../sources/avro_source.ts")> {
  return await lateModule(new URL("../sources/avro_source.ts", import.meta.url));
}

/**
 * Records of a file, by its name or by what it is said to be, or of topics.
 *
 * @param follows Whether topics are read for ever unless it is said otherwise.
 * @throws {UsageError} when there is no such file, or nothing says what it is.
 */
export async function recordInput(
  path: string,
  options: InputOptions,
  context: CommandContext,
  follows = false,
): Promise<Source> {
  if (isKafkaAddress(path)) return await kafkaInput(path, options, { context, follows });
  const { runtime, process } = context;
  await checkFile(path, runtime);
  const first = new FirstBytes();
  const input = path === STANDARD_INPUT
    ? { [Symbol.asyncIterator]: () => first.of(process.stdin.chunks()) }
    : path;
  const name = path === STANDARD_INPUT ? { name: inWords(path) } : {};
  const { badRecords, maxRecordBytes, readAs: types } = options;
  const policy = {
    ...(badRecords !== undefined && { badRecords }),
    ...(maxRecordBytes !== undefined && { maxRecordBytes }),
  };
  const format = formatOf(path, options);
  const isSaid = path !== STANDARD_INPUT || options.inputFormat !== undefined;
  const separator = separatorOf(options, format);
  if (types && (format === "avro" || format === "parquet")) {
    throw new UsageError(
      `--types is of CSV and JSON, and the data are ${format}, which says which types it has`,
    );
  }
  const text = { ...policy, ...name, ...(types && { types }) };
  switch (format) {
    case "csv":
    case "tsv":
      return csv(input, { ...separator, ...text });
    case "ndjson":
      return isSaid ? ndjson(input, text) : withoutCsv(ndjson(input, text), first);
    case "json": {
      const layout = await isArray(path, runtime) ? "array" : "lines";
      return ndjson(input, { layout, ...text });
    }
    case "avro":
      return (await avroModule()).avro(input, { ...policy, ...name });
    case "parquet":
      if (path !== STANDARD_INPUT) return (await parquetModule()).parquet(path);
      throw new UsageError(
        "a Parquet file is read from its end, which the standard input has only when all is " +
          "written: write it to a file, and give its path",
      );
  }
}

/** A source that says how far it was read; nobody asks for its blocks. */
export class WatchedSource implements Source {
  readonly name: string;
  readonly schema?: TypedSchema<Record<string, unknown>>;
  readonly partitions: number;
  readonly tellsPartitions: boolean;
  readonly aligns: boolean;
  readonly #source: Source;
  readonly #letters: ((bad: BadInput) => Promise<void>) | undefined;
  /** Rows that were read. */
  rows = 0;
  /** Records that were left out. */
  skipped = 0;
  /** Records that went to the dead letters. */
  deadLettered = 0;
  /** The share of the bytes that was read, where there is an end. */
  share: number | undefined;

  /**
   * Watches a source.
   *
   * @param letters Takes records that cannot be decoded. Default: the source does as it is told.
   */
  constructor(source: Source, letters?: (bad: BadInput) => Promise<void>) {
    const { name, schema, partitions = 1, tellsPartitions = false, aligns = false } = source;
    this.name = name;
    if (schema) this.schema = schema;
    this.partitions = partitions;
    this.tellsPartitions = tellsPartitions;
    this.aligns = aligns;
    this.#source = source;
    this.#letters = letters;
  }

  /** Reads it from the start. */
  async *open(options: SourceOptions): AsyncGenerator<SourceBatch> {
    const waiting: BadInput[] = [];
    const letters = { badRecords: "deadLetter", deadLetter: (bad: BadInput) => waiting.push(bad) };
    const deliver = async () => {
      for (const bad of waiting.splice(0)) await this.#letters!(bad);
    };
    const how = this.#letters ? { ...options, ...letters } as SourceOptions : options;
    for await (const part of this.#source.open(how)) {
      await deliver();
      const { batch, skipped = 0, deadLettered = 0, progress } = part;
      this.rows += batch?.length ?? 0;
      this.skipped += skipped;
      this.deadLettered += deadLettered;
      if (progress?.totalBytes) this.share = progress.bytes / progress.totalBytes;
      yield part;
    }
    await deliver();
  }
}

import type { RecordBatch } from "../batch/record_batch.ts";
import { partPath } from "../runtime/file_path.ts";
import type { FileKind } from "../runtime/files.ts";
import { ClosedPipeError } from "../runtime/process.ts";
import { writingFault } from "../runtime/writing_fault.ts";
import { type FileEncoder, fileEncoder, type FileFormat } from "../publishers/file/file_format.ts";
import { FilePublisher } from "../publishers/file/file_publisher.ts";
import type { Publisher, Receipt } from "../stream/publisher.ts";
import type { CommandContext } from "./command_context.ts";
import { isKafkaAddress, kafkaTopic } from "./kafka/kafka_address.ts";
import { checkNoKafka } from "./kafka/kafka_flags.ts";
import { KAFKA_WRITE_FLAGS, kafkaOutput } from "./kafka/kafka_output.ts";
import { type DeadLetterOptions, type OutputOptions, TO_STANDARD_OUTPUT } from "./output_flags.ts";
import { parquetModule } from "./parquet_module.ts";
import { terminalText } from "./terminal_text.ts";
import { UsageError } from "./usage_error.ts";

/** Where records go, which can be left without an end. */
export interface RecordOutput extends Publisher {
  /** Ends without what is not whole. */
  abort(): Promise<void>;
}

/** Text that cannot act on a terminal, whatever stands in the data. */
function harmless(bytes: Uint8Array): Uint8Array {
  return new TextEncoder().encode(terminalText(new TextDecoder().decode(bytes)));
}

/** Times stand in JSON as they do in CSV, and in most files that models are learned from. */
export const JSON_OPTIONS = { times: "iso" } as const;

/** Writes records to the standard output; where nobody reads them any more the command ends. */
class OutputPublisher implements RecordOutput {
  readonly #context: CommandContext;
  readonly #encoder: FileEncoder;
  #isOpen = true;

  constructor(context: CommandContext, format: FileFormat) {
    this.#context = context;
    this.#encoder = fileEncoder(format, { ndjson: JSON_OPTIONS }, true);
  }

  publish(batch: RecordBatch): Promise<Receipt> {
    return Promise.try(() => ({
      records: batch.length,
      bytes: this.#write(this.#encoder.encode(batch)),
    }));
  }

  flush(): Promise<void> {
    return Promise.resolve();
  }

  abort(): Promise<void> {
    if (this.#isOpen) this.#encoder[Symbol.dispose]();
    this.#isOpen = false;
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const isGone = this.#context.signal.reason instanceof ClosedPipeError;
    try {
      if (this.#isOpen && !isGone) this.#write(this.#encoder.end());
    } finally {
      await this.abort();
    }
  }

  #write(pieces: readonly Uint8Array[]): number {
    const { stdout } = this.#context.process;
    try {
      for (const piece of pieces) stdout.write(stdout.isTerminal ? harmless(piece) : piece);
    } catch (error) {
      if (error instanceof ClosedPipeError) this.#context.end(error);
      throw error;
    }
    return pieces.reduce((sum, { length }) => sum + length, 0);
  }
}

const BINARY: readonly FileFormat[] = ["avro", "parquet"];

/** What is at a place; where the permissions do not reach, the error says what cannot be written. */
async function placeOf(output: string, place: string, { runtime }: CommandContext) {
  try {
    return await runtime.fileStatus(place);
  } catch (cause) {
    throw notWritten(output, cause);
  }
}

function notWritten(path: string, cause: unknown): Error {
  return new Error(`cannot write ${path}: ${writingFault(cause)}`, { cause });
}

/**
 * Checks that a file can be written, before what is to stand in it has taken its time; what is there
 * now.
 *
 * @throws {UsageError} when there is no folder for it, or it is one.
 * @throws {Error} that names the file, when nothing can be written beside it, as files are at first.
 */
async function checkPlace(path: string, context: CommandContext): Promise<FileKind> {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  if (folder !== "" && (await placeOf(path, folder, context)).kind !== "folder") {
    throw new UsageError(`cannot write ${path}: there is no folder ${folder}; make it first`);
  }
  const { kind } = await placeOf(path, path, context);
  if (kind === "folder") throw new UsageError(`${path} is a folder; give the path of a file`);
  if (kind !== "other") await tryBeside(path, context);
  return kind;
}

async function tryBeside(path: string, { runtime }: CommandContext): Promise<void> {
  const part = partPath(path, runtime.random());
  try {
    (await runtime.createFile(part, "new")).close();
    await runtime.removeFile(part);
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

/**
 * Checks that a command can write a file there, and not over one that it is not to replace.
 *
 * @param path Where; nothing is checked without.
 * @param flag The one that says where.
 * @throws {UsageError} when it cannot, or would.
 */
export async function checkNewFile(
  path: string | undefined,
  { force, flag }: { force: boolean; flag: string },
  context: CommandContext,
): Promise<void> {
  if (path === undefined) return;
  if (path === TO_STANDARD_OUTPUT) {
    throw new UsageError(
      `${flag} is a file, and - stands for the standard output; a file of that name is ./-`,
    );
  }
  const kind = await checkPlace(path, context);
  if (kind !== "file" || force) return;
  throw new UsageError(`${path} exists; pass --force to replace it, or another ${flag}`);
}

/**
 * Checks that a command can write to a topic or a file, and not over one that it is not to replace.
 *
 * @throws {UsageError} when it cannot, or would.
 */
export async function checkNew(
  { output, force = false, deadLetters }: Pick<
    DeadLetterOptions,
    "output" | "force" | "deadLetters"
  >,
  context: CommandContext,
  flag = "--output",
): Promise<void> {
  if (output === undefined && force && deadLetters === undefined) {
    throw new UsageError(
      "--force replaces a file that exists, and none is written; leave it out, or name one by " +
        flag,
    );
  }
  if (output === undefined || !isKafkaAddress(output)) {
    return await checkNewFile(output, { force, flag }, context);
  }
  if (force) throw new UsageError("--force replaces a file, and records are put behind a topic's");
  kafkaTopic(output);
}

/**
 * Writes a file, whole or not at all.
 *
 * @throws {Error} that names the file, when it cannot be written.
 */
export async function writeOutput(
  path: string,
  bytes: Uint8Array,
  { runtime }: CommandContext,
): Promise<void> {
  try {
    await runtime.writeFile(path, bytes);
  } catch (cause) {
    throw notWritten(path, cause);
  }
}

/** What is to be written by a file's name, if that says it. */
function formatOf(path: string): FileFormat | undefined {
  const [, extension] = /\.(ndjson|jsonl|csv|avro|parquet)(?:\.(?:gz|zst))?$/i.exec(path) ?? [];
  const format = extension?.toLowerCase();
  return (format === "jsonl" ? "ndjson" : format) as FileFormat | undefined;
}

/**
 * Checks what a file is to be, and how it is compressed.
 *
 * @throws {UsageError} when nothing says what it is, or it cannot be so.
 */
function checkFormat(output: string, format: FileFormat | undefined): FileFormat {
  const known = format ?? formatOf(output);
  if (known === undefined) {
    throw new UsageError(
      `the name ${JSON.stringify(output)} does not say what to write; end it in .ndjson, .csv, ` +
        `.avro or .parquet, or pass --format`,
    );
  }
  const [, compression] = /(\.gz|\.zst)$/i.exec(output) ?? [];
  if (compression === undefined || !BINARY.includes(known)) return known;
  throw new UsageError(
    `${known} is compressed within: give --output a name without ${compression}`,
  );
}

/**
 * The publisher that records go to.
 *
 * @param recordKey The column of the keys of records, where these go to a topic.
 */
export async function recordOutput(
  options: OutputOptions,
  context: CommandContext,
  recordKey?: string,
): Promise<RecordOutput> {
  const { output, format, force = false } = options;
  if (output !== undefined && isKafkaAddress(output)) {
    const key = recordKey === undefined ? {} : { recordKey };
    return await kafkaOutput({ ...options, ...key, ...kafkaTopic(output) }, context);
  }
  checkNoKafka(options, KAFKA_WRITE_FLAGS);
  const written = output === undefined ? format ?? "ndjson" : checkFormat(output, format);
  if (written === "parquet") await parquetModule();
  if (output === undefined) {
    if (BINARY.includes(written) && context.process.stdout.isTerminal) {
      throw new UsageError(
        `${written} is not for a terminal: give a file by --output, or pipe it into a program`,
      );
    }
    return new OutputPublisher(context, written);
  }
  await checkNew({ output, force }, context);
  return new FilePublisher(output, {
    runtime: context.runtime,
    format: written,
    ndjson: JSON_OPTIONS,
    ...(force && { ifExists: "replace" }),
  });
}

import type { RecordBatch } from "../batch/record_batch.ts";
import { ClosedPipeError } from "../runtime/process.ts";
import { type FileEncoder, fileEncoder, type FileFormat } from "../publishers/file/file_format.ts";
import { FilePublisher } from "../publishers/file/file_publisher.ts";
import type { Publisher, Receipt } from "../stream/publisher.ts";
import type { CommandContext } from "./command_context.ts";
import { UsageError } from "./usage_error.ts";

/** Writes records to the standard output; where nobody reads them any more the command ends. */
class OutputPublisher implements Publisher {
  readonly #context: CommandContext;
  readonly #encoder: FileEncoder;

  constructor(context: CommandContext, format: FileFormat) {
    this.#context = context;
    this.#encoder = fileEncoder(format, {}, true);
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

  [Symbol.asyncDispose](): Promise<void> {
    if (!this.#context.signal.aborted) this.#write(this.#encoder.end());
    this.#encoder[Symbol.dispose]();
    return Promise.resolve();
  }

  #write(pieces: readonly Uint8Array[]): number {
    try {
      for (const piece of pieces) this.#context.process.stdout.write(piece);
    } catch (error) {
      if (error instanceof ClosedPipeError) this.#context.end(error);
      throw error;
    }
    return pieces.reduce((sum, { length }) => sum + length, 0);
  }
}

/** Where a command writes records to. */
export interface OutputOptions {
  /** A file; default: the standard output. */
  readonly output?: string;
  /** Default: by the file's name, JSON lines on the standard output. */
  readonly format?: string;
  /** Whether a file that exists is replaced. */
  readonly force?: boolean;
}

const FORMATS: readonly string[] = ["ndjson", "csv", "avro"] satisfies FileFormat[];

/**
 * Checks that the folder of a file is there, before what is to be written has taken its time.
 *
 * @throws {UsageError} when it is not.
 */
export async function checkFolder(path: string, { runtime }: CommandContext): Promise<void> {
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  if (folder === "" || await runtime.fileKind(folder) === "folder") return;
  throw new UsageError(`cannot write ${path}: there is no folder ${folder}; make it first`);
}

/**
 * Checks that a command can write a file there, and not over one that it is not to replace.
 *
 * @throws {UsageError} when it cannot, or would.
 */
export async function checkNew(
  { output, force = false }: Pick<OutputOptions, "output" | "force">,
  context: CommandContext,
): Promise<void> {
  if (output === undefined) return;
  await checkFolder(output, context);
  const kind = await context.runtime.fileKind(output);
  if (kind === "folder") throw new UsageError(`${output} is a folder; give the path of a file`);
  if (kind !== "file" || force) return;
  throw new UsageError(`${output} exists; pass --force to replace it, or another --output`);
}

/** The publisher that records go to. */
export async function recordOutput(
  { output, format, force = false }: OutputOptions,
  context: CommandContext,
): Promise<Publisher> {
  if (format !== undefined && !FORMATS.includes(format)) {
    throw new UsageError(
      `--format takes ${FORMATS.join(", ")}, received ${JSON.stringify(format)}`,
    );
  }
  if (output === undefined) {
    return new OutputPublisher(context, (format ?? "ndjson") as FileFormat);
  }
  await checkNew({ output, force }, context);
  return new FilePublisher(output, {
    runtime: context.runtime,
    ...(format !== undefined && { format: format as FileFormat }),
    ...(force && { ifExists: "replace" }),
  });
}

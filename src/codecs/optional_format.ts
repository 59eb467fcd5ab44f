import type { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { ParquetParts } from "./parquet/parquet_file_encoder.ts";

/** A format that takes an npm package: it is there once its own entry point was imported. */
export class OptionalFormat<Codec> {
  readonly #name: string;
  readonly #entryPoint: string;
  #codec: Codec | undefined;

  /** A format that nobody has offered yet. */
  constructor(name: string, entryPoint: string) {
    this.#name = name;
    this.#entryPoint = entryPoint;
  }

  /** Has the format from here on; the module of its entry point says so. */
  offer(codec: Codec): void {
    this.#codec = codec;
  }

  /**
   * What reads and writes it.
   *
   * @param doing What cannot be done without, for the message.
   * @throws {TypeError} when its entry point was not imported.
   */
  get(doing: string): Codec {
    if (this.#codec !== undefined) return this.#codec;
    throw new TypeError(
      `Cannot ${doing}: ${this.#name} takes a package that is loaded only on request; add ` +
        `import "${this.#entryPoint}"`,
    );
  }
}

/** What writes and reads MessagePack. */
export interface MessagePackCodec {
  /** The rows of a batch as an array of maps. */
  write(batch: RecordBatch): Uint8Array<ArrayBuffer>;
  /** A batch of rows; one that fits no column, or is damaged, is an error. */
  read(bytes: Uint8Array, options: MessagePackReading): RecordBatch;
}

/** How MessagePack is read. */
export interface MessagePackReading {
  /** The columns. Default: inferred from the rows. */
  readonly schema?: Schema;
  /** What a key means that the schema has not. */
  readonly extraKeys?: "error" | "ignore";
}

/** MessagePack, where `@waggle/stream/msgpack` was imported. */
export const messagePackFormat: OptionalFormat<MessagePackCodec> = new OptionalFormat(
  'the format "msgpack"',
  "@waggle/stream/msgpack",
);

/** What writes Parquet, where `@waggle/stream/parquet` was imported. */
export const parquetFormat: OptionalFormat<ParquetParts> = new OptionalFormat(
  'the format "parquet"',
  "@waggle/stream/parquet",
);

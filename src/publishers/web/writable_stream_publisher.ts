import { concatBytes } from "../../batch/concat_bytes.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import {
  checkBoolean,
  knownOptions,
  type OptionRule,
  received,
} from "../../runtime/known_options.ts";
import { messageOf } from "../../stream/failure.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { Stop } from "../../stream/stop.ts";
import type { FileEncoder } from "../file/file_format.ts";
import { Turns } from "../turns.ts";
import { streamEncoder, type StreamFormat, type StreamFormatOptions } from "./stream_format.ts";

/** Options of {@linkcode WritableStreamPublisher}. */
export interface WritableStreamPublisherOptions extends StreamFormatOptions {
  /**
   * What is written: JSON lines, `"json"`, one array, `"csv"` with a header, or a file: `"avro"`,
   * or `"parquet"`, which needs `import "@waggle/stream/parquet"`. Default: the batches themselves.
   */
  format?: StreamFormat;
  /** Whether the stream stays open when the publisher ends. Default false. */
  keepOpen?: boolean;
}

const DOING = "create WritableStreamPublisher";
const OPTIONS: OptionRule<WritableStreamPublisherOptions> = {
  doing: DOING,
  names: {
    format: true,
    keepOpen: true,
    ndjson: true,
    json: true,
    csv: true,
    avro: true,
    parquet: true,
  },
  example: '{ format: "ndjson" }',
};

/**
 * Writes to a web stream, bytes or batches: to a socket, a compressor, another process.
 *
 * A batch is published when the stream has taken it. A stream that has failed stays failed, so there
 * is nothing to be tried again.
 *
 * @example
 * ```ts
 * import { from, WritableStreamPublisher } from "@waggle/stream";
 *
 * const { readable, writable } = new CompressionStream("gzip");
 * const bytes = new Response(readable).bytes();
 * {
 *   await using publisher = new WritableStreamPublisher(writable, { format: "ndjson" });
 *   await from([{ x: 1 }, { x: 2 }], { workers: 1 }).to(publisher).run();
 * }
 * console.log((await bytes).subarray(0, 2)); // Uint8Array(2) [ 31, 139 ]
 * ```
 */
export class WritableStreamPublisher implements Publisher {
  readonly #writer: WritableStreamDefaultWriter<unknown>;
  readonly #encoder: FileEncoder | undefined;
  readonly #keepOpen: boolean;
  readonly #turns = new Turns();
  #isClosed = false;
  #isEnded = false;
  /** Whether somebody has been told that the stream has failed. */
  #isTold = false;

  /**
   * Takes the stream for itself.
   *
   * @throws {TypeError | RangeError} when it is no stream, somebody else writes to it, or an option is
   *   none that it can be.
   */
  constructor(
    stream: WritableStream<Uint8Array<ArrayBuffer>> | WritableStream<RecordBatch>,
    options: WritableStreamPublisherOptions = {},
  ) {
    const { format, keepOpen = false, ...formats } = knownOptions(options, OPTIONS);
    if (!(stream instanceof WritableStream)) {
      throw new TypeError(
        `Cannot ${DOING}: it takes a WritableStream, received ${received(stream)}`,
      );
    }
    if (stream.locked) {
      throw new TypeError(`Cannot ${DOING}: the stream is locked, for somebody else writes to it`);
    }
    if (format === undefined && Object.keys(formats).length > 0) {
      throw new TypeError(
        `Cannot ${DOING}: ${Object.keys(formats)[0]} says how bytes are written, and without ` +
          `format batches are`,
      );
    }
    this.#keepOpen = checkBoolean("keepOpen", keepOpen, DOING);
    if (format !== undefined) this.#encoder = streamEncoder(format, formats, DOING);
    this.#writer = (stream as WritableStream<unknown>).getWriter();
  }

  /**
   * Writes a batch; resolves when the stream has taken it.
   *
   * @throws {StreamingError} when the stream has failed or was closed.
   */
  publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    if (this.#isClosed) {
      const message = "Cannot write to the stream: the publisher was closed";
      return Promise.reject(signal?.aborted ? signal.reason : new StreamingError(message));
    }
    return this.#turns.next(async () => {
      using stop = new Stop(signal);
      await stop.or(this.#told(this.#writer.ready));
      const bytes = this.#encoder && concatBytes(this.#encoder.encode(batch));
      if (bytes?.length !== 0) await stop.or(this.#told(this.#writer.write(bytes ?? batch)));
      return { records: batch.length, ...(bytes && { bytes: bytes.length }) };
    }, signal);
  }

  /** Resolves when everything has been taken. */
  flush(): Promise<void> {
    return this.#turns.next(async () => {
      if (this.#isEnded) return;
      // The write of a batch whose signal was aborted may be under way.
      await this.#told(this.#writer.ready);
      const kept = concatBytes(this.#encoder?.flush?.() ?? []);
      if (kept.length > 0) await this.#told(this.#writer.write(kept));
    });
  }

  /** Ends what is written, and closes the stream, unless it is to stay open. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    return this.#turns.next(async () => {
      if (this.#isEnded) return;
      this.#isEnded = true;
      using _encoder = this.#encoder;
      const isKnown = this.#isTold;
      await this.#told(this.#end()).catch((error) => {
        if (!isKnown) throw error;
      });
    });
  }

  /** Ends the stream as one that has failed: who reads from it is told the reason. */
  async abort(reason?: unknown): Promise<void> {
    this.#isClosed = this.#isEnded = true;
    this.#encoder?.[Symbol.dispose]();
    await this.#writer.abort(reason);
  }

  async #end(): Promise<void> {
    const last = concatBytes(this.#encoder?.end() ?? []);
    if (last.length > 0) await this.#writer.write(last);
    if (!this.#keepOpen) return await this.#writer.close();
    await this.#writer.ready;
    this.#writer.releaseLock();
  }

  async #told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (cause) {
      this.#isTold = true;
      throw new StreamingError(`Cannot write to the stream: ${messageOf(cause)}`, { cause });
    }
  }
}

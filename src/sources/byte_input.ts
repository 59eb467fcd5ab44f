import { roomyChunk } from "../codecs/block_cutting.ts";
import { StreamingError } from "../hive/streaming_error.ts";
import { readingFault } from "../runtime/reading_fault.ts";
import type { OpenFile, Runtime } from "../runtime/runtime.ts";
import type { SourceProgress } from "../stream/source.ts";

/** Bytes that are read at a time, with room before them. */
const READ_BYTES = 1_048_576;

/** A file cannot be read. */
export class FileSourceError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "FileSourceError";
}

/**
 * Where bytes come from: the path of a file, relative to the working directory, a stream, an
 * asynchronous iterable of bytes, or a `Response`.
 */
export type ByteSource =
  | string
  | URL
  | ReadableStream<Uint8Array>
  | AsyncIterable<Uint8Array>
  | Response;

/** Whether bytes come when they like, and not from a file. */
export function isLive(source: ByteSource): boolean {
  return typeof source !== "string" && !(source instanceof URL);
}

/** What bytes are called in messages. */
export function nameOf(source: ByteSource): string {
  if (!isLive(source)) return String(source);
  return source instanceof Response && source.url !== "" ? source.url : "byte stream";
}

/**
 * Checks what bytes are to come from.
 *
 * @throws {TypeError} when it is none of these.
 */
export function checkByteSource(source: ByteSource, doing: string): void {
  const given: unknown = source;
  if (typeof given === "string" || given instanceof URL || given instanceof Response) return;
  if (typeof given === "object" && given !== null && Symbol.asyncIterator in given) return;
  throw new TypeError(
    `Cannot ${doing}: expected the path of a file, a ReadableStream or AsyncIterable of bytes, or a ` +
      `Response, received ${given === null ? "null" : typeof given}`,
  );
}

/** How bytes are read. */
export interface ReadOptions {
  /** What the bytes of files are read into. */
  readonly memory?: ReadMemory;
  /** Aborted when nothing more is wanted, also of a stream that may let wait for itself. */
  readonly signal?: AbortSignal;
}

/** What the bytes of files are read into. */
export interface ReadMemory {
  /** Memory for the next bytes, the room before them included. */
  take(): Uint8Array;
  /** Nothing was read into it. */
  release?(chunk: Uint8Array): void;
}

/** The bytes of an input as they come, and how many have come. */
export class ByteInput {
  readonly #source: ByteSource;
  readonly #name: string;
  #bytes = 0;
  #totalBytes: number | undefined;

  /** An input that was not opened. */
  constructor(source: ByteSource, name: string) {
    this.#source = source;
    this.#name = name;
  }

  /** How far it was read. */
  get progress(): SourceProgress {
    const totalBytes = this.#totalBytes;
    return { bytes: this.#bytes, ...(totalBytes !== undefined && { totalBytes }) };
  }

  /**
   * Reads to the end.
   *
   * @throws {FileSourceError} when a file cannot be read.
   * @throws {TypeError} when a stream was read before, or gives something that is not bytes.
   */
  async *chunks(
    runtime: Runtime,
    { memory = { take: () => new Uint8Array(READ_BYTES) }, signal }: ReadOptions = {},
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const source = this.#source;
    const chunks = typeof source === "string" || source instanceof URL
      ? this.#fileChunks(source, { runtime, memory })
      : this.#streamChunks(source, signal);
    for await (const chunk of chunks) {
      this.#bytes += chunk.length;
      yield chunk;
    }
  }

  async *#fileChunks(
    path: string | URL,
    { runtime, memory }: { readonly runtime: Runtime; readonly memory: ReadMemory },
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const file = await this.#tried(() => runtime.openFile(path));
    this.#totalBytes = file.sizeBytes;
    let next = readChunk(file, memory);
    let readBytes = 0;
    try {
      for (
        let chunk = await this.#tried(() => next);
        chunk;
        chunk = await this.#tried(() => next)
      ) {
        readBytes += chunk.length;
        next = readChunk(file, memory);
        // It is looked at when it is its turn.
        next.catch(() => {});
        yield chunk;
      }
      await this.#checkWhole(path, { file, readBytes, runtime });
    } finally {
      await next.catch(() => {});
      file.close();
    }
  }

  /** What was cut off of a file while it was read would be missing without a word. */
  async #checkWhole(
    path: string | URL,
    { file, readBytes, runtime }: {
      readonly file: OpenFile;
      readonly readBytes: number;
      readonly runtime: Runtime;
    },
  ): Promise<void> {
    const { sizeBytes = 0, identity } = file;
    if (readBytes >= sizeBytes) return;
    const now = await this.#tried(() => runtime.fileStatus(path));
    // Some file systems, such as that of devices, claim more than there is to read.
    const isSame = now.identity === identity && (now.sizeBytes ?? 0) >= sizeBytes;
    if (isSame) return;
    throw new FileSourceError(
      `Cannot read ${this.#name}: it has become shorter while it was read, ${readBytes} bytes of ` +
        `${sizeBytes} were there; read it again when nothing writes to it`,
    );
  }

  /** A file may fail to open, or later, as a folder does. */
  async #tried<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      throw new FileSourceError(`Cannot read ${this.#name}: ${readingFault(cause)}`, { cause });
    }
  }

  /** The body of an error is not what was asked for. */
  #checkAnswer({ ok, status, statusText }: Response): void {
    if (ok) return;
    throw new FileSourceError(
      `Cannot read ${this.#name}: the response has the status ${status} ${statusText}`.trimEnd() +
        "; look whether the address is right, and whether it needs credentials",
    );
  }

  async *#streamChunks(
    source: Exclude<ByteSource, string | URL>,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (source instanceof Response) this.#checkAnswer(source);
    const body = source instanceof Response ? source.body : source;
    if (!body) return;
    if (wasRead(source, body)) {
      throw new TypeError(
        `Cannot read ${this.#name}: the stream was read before, and can be read once; make a new ` +
          `source of a new stream for each run`,
      );
    }
    readOnce.add(body);
    for await (const chunk of until(signal, body)) {
      if (!(chunk instanceof Uint8Array)) {
        throw new TypeError(
          `Cannot read ${this.#name}: the stream must give Uint8Arrays, received ${typeof chunk}; ` +
            `pipe text through a TextEncoderStream`,
        );
      }
      yield chunk;
    }
  }
}

/** What a stream gives until it is over, or nothing more is wanted; then it is told so at once. */
async function* until<T>(
  signal: AbortSignal | undefined,
  stream: AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const { next, leave } = stream instanceof ReadableStream ? reading<T>(stream) : iterating(stream);
  const aborted = Promise.withResolvers<undefined>();
  const abort = () => {
    aborted.resolve(undefined);
    leave().catch(() => {}); // nobody is there any more to be told
  };
  signal?.addEventListener("abort", abort);
  let isOver = false;
  try {
    while (!signal?.aborted) {
      const result = await Promise.race([next(), aborted.promise]);
      isOver = result?.done === true;
      if (!result || result.done) return;
      yield result.value as T;
    }
  } catch (error) {
    isOver = true;
    throw error;
  } finally {
    signal?.removeEventListener("abort", abort);
    if (!isOver && !signal?.aborted) await leave();
  }
}

interface Reading<T> {
  next(): Promise<{ readonly done?: boolean; readonly value?: T | undefined }>;
  /** Nothing more is wanted; resolves a `next()` that waits, where the stream allows. */
  leave(): Promise<unknown>;
}

/** By a reader: an iterator of such a stream lets nobody leave that waits for it. */
function reading<T>(stream: ReadableStream<T>): Reading<T> {
  const reader = stream.getReader();
  return { next: () => reader.read(), leave: () => reader.cancel() };
}

function iterating<T>(iterable: AsyncIterable<T>): Reading<T> {
  const iterator = iterable[Symbol.asyncIterator]();
  return { next: () => iterator.next(), leave: async () => await iterator.return?.() };
}

/** Streams that were read: of one that was to its end nothing else tells. */
const readOnce = new WeakSet<AsyncIterable<Uint8Array>>();

function wasRead(source: ByteSource, body: AsyncIterable<Uint8Array>): boolean {
  if (source instanceof Response && source.bodyUsed) return true;
  if ("locked" in body && body.locked) return true;
  // What gives a new iterator each time may be read as often.
  const isOnce = body instanceof ReadableStream || "next" in body;
  return isOnce && readOnce.has(body);
}

/** The next bytes of a file, as many as there is memory for unless it ends before. */
async function readChunk(file: OpenFile, memory: ReadMemory): Promise<Uint8Array | undefined> {
  const chunk = roomyChunk(memory.take());
  const read = await file.read(chunk);
  if (read === null) memory.release?.(chunk);
  return read === null ? undefined : chunk.subarray(0, read);
}

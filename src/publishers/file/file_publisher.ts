import type { RecordBatch } from "../../batch/record_batch.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { filePath, partPath } from "../../runtime/file_path.ts";
import { received } from "../../runtime/known_options.ts";
import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import { writingFault } from "../../runtime/writing_fault.ts";
import { messageOf } from "../../stream/failure.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { Stop } from "../../stream/stop.ts";
import { Turns } from "../turns.ts";
import { type FileEncoder, fileEncoder } from "./file_format.ts";
import { type FilePublisherOptions, type FileSettings, fileSettings } from "./file_options.ts";
import { OutputFile, type OutputPlace } from "./output_file.ts";

const NUMBER_DIGITS = 6;

/** A file that is open, and what writes it. */
interface Current {
  readonly file: OutputFile;
  readonly path: string;
  encoder: FileEncoder;
  readonly cancel: Cancel;
}

/**
 * Writes records to a file, or to several one after the other: JSON lines, CSV or Avro, compressed or
 * not, and Parquet where `@waggle/stream/parquet` was imported.
 *
 * A file is written beside its place, under a name that ends in `.part`, and moved there when it is
 * whole: at the end, or when the next is begun. What is no file, such as a pipe, is written to at
 * once. A row group of Parquet is in memory until it is full. Needs `--allow-read` and
 * `--allow-write` of the path and its folder.
 *
 * @example
 * ```ts
 * import { csv, FilePublisher, StreamingGenerator, SyntheticGenerator } from "@waggle/stream";
 *
 * const folder = Deno.makeTempDirSync();
 * const generator = await SyntheticGenerator.fit([{ x: 1 }, { x: 2 }, { x: 3 }]);
 * {
 *   await using file = new FilePublisher(`${folder}/numbers.csv`);
 *   await new StreamingGenerator(generator).streamTo(file, { maxRecords: 1000 });
 * } // here it is whole
 * console.log(Deno.statSync(`${folder}/numbers.csv`).isFile); // true
 * Deno.removeSync(folder, { recursive: true });
 * ```
 */
export class FilePublisher implements Publisher {
  readonly #path: string;
  readonly #settings: FileSettings;
  readonly #runtime: Runtime;
  readonly #files: string[] = [];
  #current: Current | undefined;
  readonly #turns = new Turns();
  #isClosed = false;
  /** Whether the last that was told is that something could not be written. */
  #isFailing = false;
  /** Why a file could not be ended when its time was over, until somebody has been told. */
  #failure: { readonly cause: unknown } | undefined;

  /**
   * Opens nothing before the first batch.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be, or the name does not say
   *   the format.
   */
  constructor(path: string | URL, options: FilePublisherOptions = {}) {
    if (typeof path !== "string" && !(path instanceof URL)) {
      throw new TypeError(
        `Cannot create FilePublisher: it takes a path or the URL of a file, received ` +
          received(path),
      );
    }
    this.#path = filePath(path);
    this.#settings = fileSettings(this.#path, options);
    this.#runtime = options.runtime ?? denoRuntime;
  }

  /** The files that are whole, in order. */
  get files(): readonly string[] {
    return this.#files;
  }

  /**
   * Writes a batch behind those before, whole or not at all. Of one that is being written when the
   * signal is aborted it is left open which.
   *
   * @throws {StreamingError} when it cannot be written; the same batch may be tried again. Also when the file before could not be ended at its time; then nothing of it is written.
   * @throws {TypeError} when its columns are not those of the batches before.
   */
  async publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    using stop = new Stop(signal);
    return await stop.or(this.#turns.next(async () => {
      signal?.throwIfAborted();
      if (this.#isClosed) {
        throw new StreamingError(`Cannot write ${this.#path}: the publisher was closed`);
      }
      this.#tellFailure();
      return await this.#noted(() => this.#write(batch));
    }));
  }

  /** Has everything that was published outlive the machine; of Parquet nothing does before its end. */
  flush(): Promise<void> {
    return this.#turns.next(async () => {
      this.#tellFailure();
      const current = this.#current;
      if (!current) return;
      await this.#noted(() => this.#told(current.path, true, () => this.#flush(current)));
    });
  }

  /**
   * Ends the file and gives it its name; without a batch there is none.
   *
   * @throws {StreamingError} when that cannot be, unless the last publish() or flush() has told so
   *   already: with `await using` another error would hide that one.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#turns.next(async () => {
      this.#isClosed = true;
      try {
        await this.#finish();
      } catch (error) {
        if (!this.#isFailing) throw error;
      }
      this.#tellFailure();
    });
  }

  /** Ends without the file that is not whole yet, which is removed. */
  abort(): Promise<void> {
    return this.#turns.next(async () => {
      this.#isClosed = true;
      const current = this.#take();
      current?.encoder[Symbol.dispose]();
      await current?.file.discard();
    });
  }

  /** Remembers whether it went well. */
  async #noted<T>(work: () => Promise<T>): Promise<T> {
    this.#isFailing = true;
    const result = await work();
    this.#isFailing = false;
    return result;
  }

  async #write(batch: RecordBatch): Promise<Receipt> {
    const current = this.#current ??= await this.#open();
    const { file, encoder, path } = current;
    const before = file.bytes;
    const pieces = encoder.encode(batch);
    await this.#told(path, true, async () => {
      try {
        await file.add(pieces);
      } catch (error) {
        if (before === 0) this.#renew(current); // what stands at the start has not been written
        else encoder.undo?.();
        throw error;
      }
    });
    const bytes = file.bytes - before;
    if (file.bytes >= this.#settings.rotateBytes) await this.#finish();
    return { records: batch.length, bytes: Math.max(0, bytes) };
  }

  async #flush({ file, encoder }: Current): Promise<void> {
    try {
      await file.add(encoder.flush?.() ?? []);
    } catch (error) {
      encoder.undo?.();
      throw error;
    }
    await file.flush();
  }

  /** Nobody waits for a file that ends by the clock: who comes next is told that it did not. */
  #tellFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failure.cause;
  }

  #renew(current: Current): void {
    const { format, formats } = this.#settings;
    current.encoder[Symbol.dispose]();
    current.encoder = fileEncoder(format, formats, true);
  }

  async #open(): Promise<Current> {
    const { rotates, rotateMs, stem, extension, format, formats } = this.#settings;
    const number = String(this.#files.length + 1).padStart(NUMBER_DIGITS, "0");
    const path = rotates ? `${stem}-${number}${extension}` : this.#path;
    const file = await this.#told(path, true, async () => {
      return await OutputFile.open(this.#runtime, await this.#placeOf(path));
    });
    const cancel = rotateMs === Infinity ? () => {} : this.#runtime.after(
      rotateMs,
      () =>
        void this.#turns.next(() => this.#finish()).catch((cause) => this.#failure ??= { cause }),
      { background: true },
    );
    const encoder = fileEncoder(format, formats, file.isEmpty);
    return { file, path, encoder, cancel };
  }

  async #placeOf(path: string): Promise<OutputPlace> {
    const { compression, ifExists } = this.#settings;
    const { kind } = await this.#runtime.fileStatus(path);
    if (kind === "folder") throw new Error("it is a folder");
    if (kind === "file" && ifExists === "error") {
      throw new StreamingError(
        `Cannot write ${path}: it exists; pass ifExists: "replace" or "append", or another path`,
        { retriable: false },
      );
    }
    const append = kind === "other" || (kind === "file" && ifExists === "append");
    const part = append ? path : partPath(path, this.#runtime.random());
    return { path, part, compression, append, replaces: ifExists === "replace" };
  }

  async #finish(): Promise<void> {
    const current = this.#take();
    if (!current) return;
    const { file, path } = current;
    using encoder = current.encoder;
    await this.#told(path, false, async () => {
      try {
        await file.add(encoder.end());
        await file.finish();
      } catch (cause) {
        file.leave();
        throw new Error(`${messageOf(cause)}; ${await leftOf(file)}`, { cause });
      }
    });
    this.#files.push(path);
  }

  #take(): Current | undefined {
    const current = this.#current;
    current?.cancel();
    this.#current = undefined;
    return current;
  }

  /** Says of an error which file it is about. */
  async #told<T>(path: string, retriable: boolean, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      if (cause instanceof StreamingError) throw cause;
      throw new StreamingError(`Cannot write ${path}: ${writingFault(cause)}`, {
        cause,
        retriable,
      });
    }
  }
}

/** What has become of a file that could not be ended. */
async function leftOf(file: OutputFile): Promise<string> {
  const isThere = await file.isThere().catch(() => true); // who cannot look knows no better
  return isThere
    ? `what was written is in ${file.part}`
    : `what was written was removed meanwhile: ${file.part} is gone`;
}

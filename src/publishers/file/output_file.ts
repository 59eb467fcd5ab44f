import { concatBytes } from "../../batch/concat_bytes.ts";
import type { NewFile, Runtime } from "../../runtime/runtime.ts";
import { zlib } from "../../runtime/inflater.ts";

/** How a file is compressed. */
export type FileCompression = "none" | "gzip" | "zstd";

/** Bytes that are written together: less takes longer, and does not compress as well. */
const PIECE_BYTES: Readonly<Record<FileCompression, number>> = {
  none: 1 << 16,
  gzip: 1 << 20,
  zstd: 1 << 20,
};

/** Compressed bytes, a member or frame of their own: several in a row are one file. */
export function compress(bytes: Uint8Array, compression: FileCompression): Promise<Uint8Array> {
  if (compression === "none") return Promise.resolve(bytes);
  const { promise, resolve, reject } = Promise.withResolvers<Uint8Array>();
  const done = (error: Error | null, result: Uint8Array) => error ? reject(error) : resolve(result);
  if (compression === "gzip") zlib().gzip(bytes, done);
  else zlib().zstdCompress(bytes, done);
  return promise;
}

/** Where a file is written until it is whole. */
export interface OutputPlace {
  /** Where it ends up. */
  readonly path: string;
  /** Where it is written; moved in the end where that is another place. */
  readonly part: string;
  readonly compression: FileCompression;
  readonly append: boolean;
  /** Whether it takes the place of a file that is there when it is whole. */
  readonly replaces: boolean;
}

/** One file that is written in pieces, each of them whole or not at all. */
export class OutputFile {
  readonly #runtime: Runtime;
  readonly #place: OutputPlace;
  readonly #file: NewFile;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #size: number;
  #isOpen = true;

  private constructor(runtime: Runtime, place: OutputPlace, file: NewFile) {
    this.#runtime = runtime;
    this.#place = place;
    this.#file = file;
    this.#size = file.sizeBytes;
  }

  /** Begins to write. */
  static async open(runtime: Runtime, place: OutputPlace): Promise<OutputFile> {
    return new OutputFile(
      runtime,
      place,
      await runtime.createFile(place.part, place.append ? "append" : "new"),
    );
  }

  /** Where it is written until it is whole. */
  get part(): string {
    return this.#place.part;
  }

  /** Whether there is nothing in it, nor waits to be. */
  get isEmpty(): boolean {
    return this.#size === 0 && this.#waitingBytes === 0;
  }

  /** Bytes that were written, compressed ones as they are, and those that wait. */
  get bytes(): number {
    return this.#size + this.#waitingBytes;
  }

  /** Adds bytes, all or, when it rejects, none of them. */
  async add(pieces: readonly Uint8Array[]): Promise<void> {
    const before = this.#waiting.length;
    const bytes = pieces.reduce((sum, { length }) => sum + length, 0);
    this.#waiting.push(...pieces);
    this.#waitingBytes += bytes;
    if (this.#waitingBytes < PIECE_BYTES[this.#place.compression]) return;
    try {
      await this.#write();
    } catch (error) {
      this.#waiting.length = before;
      this.#waitingBytes -= bytes;
      throw error;
    }
  }

  /** Has everything outlive the machine. */
  async flush(): Promise<void> {
    await this.#write();
    await this.#file.sync();
  }

  /**
   * Gives the whole file its name.
   *
   * @throws {Error} also when another has that name by now, or it was removed while it was written.
   */
  async finish(): Promise<void> {
    await this.flush();
    this.leave();
    const { path, part, replaces } = this.#place;
    if (path !== part) {
      const { kind } = await this.#runtime.fileStatus(path);
      if (kind !== "nothing" && !replaces) throw new Error("it exists by now, and did not before");
      await this.#runtime.moveFile(part, path);
    } else if (!await this.isThere()) throw new Error("it was removed while it was written");
  }

  /** Leaves what was written where it is. */
  leave(): void {
    if (this.#isOpen) this.#file.close();
    this.#isOpen = false;
  }

  /** Whether what was written still is where it was: not when its folder was removed meanwhile. */
  async isThere(): Promise<boolean> {
    const { kind } = await this.#runtime.fileStatus(this.#place.part);
    return kind !== "nothing";
  }

  /** Removes what was written, where nobody had it yet. */
  async discard(): Promise<void> {
    this.leave();
    const { path, part } = this.#place;
    if (path !== part && await this.isThere()) await this.#runtime.removeFile(part);
  }

  async #write(): Promise<void> {
    if (this.#waitingBytes === 0) return;
    const bytes = await compress(concatBytes(this.#waiting), this.#place.compression);
    try {
      await this.#file.write(bytes);
    } catch (error) {
      await this.#file.truncate(this.#size).catch(() => {}); // a device has nothing to cut off
      throw error;
    }
    this.#size += bytes.length;
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

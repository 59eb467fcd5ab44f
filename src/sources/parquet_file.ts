import { received } from "../runtime/known_options.ts";
import { readingFault } from "../runtime/reading_fault.ts";
import type { OpenFile, Runtime } from "../runtime/runtime.ts";
import { FileSourceError } from "./byte_input.ts";

/** Bytes that can be read from anywhere: what npm:hyparquet calls an AsyncBuffer. */
export interface RandomAccess {
  readonly byteLength: number;
  slice(start: number, end?: number): Promise<ArrayBuffer>;
}

/** Where a Parquet file is: its path, the URL of a file, or its bytes. */
export type ParquetInput = string | URL | Uint8Array;

/** What it is called in messages. */
export function parquetName(input: ParquetInput): string {
  return input instanceof Uint8Array ? "the bytes" : String(input);
}

/**
 * Checks where a file is to come from.
 *
 * @throws {TypeError} when it is none of these.
 */
export function checkParquetInput(input: unknown): void {
  if (typeof input === "string" || input instanceof Uint8Array) return;
  if (input instanceof URL && input.protocol === "file:") return;
  const given = input instanceof URL ? input.protocol : received(input);
  throw new TypeError(
    `Cannot read Parquet: expected the path of a file, the URL of one, or its bytes, received ` +
      `${given}; what is elsewhere has to be fetched first, since a Parquet file is read from its end`,
  );
}

function unreadable(name: string, cause: unknown): FileSourceError {
  return new FileSourceError(`Cannot read ${name}: ${readingFault(cause)}`, { cause });
}

/** A file that is read from anywhere, one piece after the other. */
class FileAccess implements RandomAccess {
  readonly byteLength: number;
  readonly #file: OpenFile;
  readonly #name: string;
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: OpenFile, byteLength: number, name: string) {
    this.#file = file;
    this.byteLength = byteLength;
    this.#name = name;
  }

  slice(start: number, end: number = this.byteLength): Promise<ArrayBuffer> {
    const piece = this.#last.then(() => this.#read(start, Math.min(end, this.byteLength)));
    this.#last = piece.catch(() => {});
    return piece;
  }

  async #read(start: number, end: number): Promise<ArrayBuffer> {
    const bytes = new Uint8Array(Math.max(0, end - start));
    try {
      await this.#file.seek(start);
      for (let at = 0; at < bytes.length;) {
        const read = await this.#file.read(bytes.subarray(at));
        if (read === null) throw new Error(`it ends before byte ${end}`);
        at += read;
      }
    } catch (cause) {
      throw unreadable(this.#name, cause);
    }
    return bytes.buffer;
  }
}

/** Opens a file, or takes bytes; `close` is to be called when nothing more is wanted. */
export async function openParquet(
  input: ParquetInput,
  name: string,
  runtime: Runtime,
): Promise<RandomAccess & { close(): void }> {
  if (input instanceof Uint8Array) {
    // slice() of a Buffer of node: would be a view of all that lies around it
    const slice = (start: number, end?: number) =>
      Promise.resolve(new Uint8Array(input.subarray(start, end)).buffer);
    return { byteLength: input.length, slice, close: () => {} };
  }
  let file: OpenFile;
  try {
    file = await runtime.openFile(input);
  } catch (cause) {
    throw unreadable(name, cause);
  }
  if (file.sizeBytes === undefined) {
    file.close();
    throw unreadable(name, new Error("it has no size, as a pipe has none"));
  }
  const access = new FileAccess(file, file.sizeBytes, name);
  return {
    byteLength: access.byteLength,
    slice: (start, end) => access.slice(start, end),
    close: () => file.close(),
  };
}

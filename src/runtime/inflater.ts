import type { InflateRaw } from "node:zlib";
import { builtIn } from "./built_in.ts";
import { received } from "./known_options.ts";

type Zlib = typeof import("node:zlib");

/** What a stream of `node:zlib` has within: one call takes and gives as much as there is room for. */
interface Handle {
  writeSync(
    flush: number,
    input: Uint8Array,
    inputAt: number,
    inputBytes: number,
    output: Uint8Array,
    outputAt: number,
    outputBytes: number,
  ): void;
  onerror: (message: string) => void;
}

type ZlibStream = InflateRaw & { readonly _handle: Handle; readonly _writeState: Uint32Array };

let loaded: Zlib | undefined;

/**
 * `node:zlib`, loaded when it is first needed.
 *
 * @throws {TypeError} where it does not exist.
 */
export function zlib(): Zlib {
  return loaded ??= builtIn("node:zlib", "inflate or deflate");
}

/**
 * Inflates one deflate stream or one zstd frame, piece by piece and no more than is asked for.
 *
 * It goes below the public classes of `node:zlib`: in Deno 2.9 a damaged zstd frame in
 * `ZstdDecompress` ends the process, one that is cut short passes for whole, and of several frames
 * in a row only the first is read.
 */
export class Inflater implements Disposable {
  readonly #stream: ZlibStream;
  #fault: string | undefined;

  /** An inflater at the start of a stream or frame. */
  constructor(format: "deflate" | "zstd") {
    const { createInflateRaw, createZstdDecompress } = zlib();
    const stream = format === "zstd" ? createZstdDecompress() : createInflateRaw();
    const handle = (stream as Partial<ZlibStream>)._handle;
    if (typeof handle?.writeSync !== "function") {
      throw new TypeError(
        `Cannot inflate: node:zlib of this runtime has no writeSync, received ` +
          `${received(handle)}; use Deno 2.9, or inflate the input before`,
      );
    }
    this.#stream = stream as ZlibStream;
    handle.onerror = (message) => this.#fault = message;
  }

  /**
   * Inflates until the input is used up, the output is full, or the stream ends; it has ended when
   * there is room in the output and input that was not consumed.
   *
   * @throws {RangeError} when the input is damaged: the message says how.
   */
  step(input: Uint8Array, output: Uint8Array): { consumed: number; written: number } {
    const { _handle: handle, _writeState: left } = this.#stream;
    try {
      handle.writeSync(0, input, 0, input.length, output, 0, output.length);
    } catch (cause) {
      throw new RangeError(cause instanceof Error ? cause.message : String(cause), { cause });
    }
    if (this.#fault !== undefined) throw new RangeError(this.#fault);
    return { consumed: input.length - left[1], written: output.length - left[0] };
  }

  /** Gives back what it holds outside of the heap. */
  [Symbol.dispose](): void {
    this.#stream.destroy();
  }
}

/** The CRC-32 of gzip, zlib and PNG (ISO 3309), continued from that of the bytes before. */
export function crc32(bytes: Uint8Array, before = 0): number {
  return zlib().crc32(bytes, before);
}

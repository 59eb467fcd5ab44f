import type { Source, SourceBatch } from "../stream/source.ts";
import { UsageError } from "./usage_error.ts";

const SHOWN_CHARACTERS = 80;
/** A name among others of a header: no number, nor any part of JSON. */
const NAME = /^\s*"?[\p{L}_][^"{}[\]:]*"?\s*$/u;
const OBJECT_LINE = /^\s*\{/m;

/** Whether text begins as CSV does: with names that are apart, and no line that begins an object. */
function isCsv(text: string): boolean {
  const header = text.replace(/^\ufeff/, "").split(/\r?\n/, 1)[0];
  const separator = [",", ";", "\t", "|"].find((each) => header.includes(each));
  if (separator === undefined || OBJECT_LINE.test(text)) return false;
  return header.split(separator).every((name) => NAME.test(name));
}

/** Bytes that are handed on, of which the first are kept till somebody has looked at them. */
export class FirstBytes {
  #first: Uint8Array | undefined;

  /** Hands all on as it is. */
  async *of(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      this.#first ??= chunk.slice();
      yield chunk;
    }
  }

  /**
   * Looks at them, once.
   *
   * @throws {UsageError} when they are CSV.
   */
  check(): void {
    const first = this.#first;
    if (first === undefined || first.length === 0) return;
    this.#first = new Uint8Array();
    const text = new TextDecoder().decode(first);
    if (!isCsv(text)) return;
    const header = text.split(/\r?\n/, 1)[0].slice(0, SHOWN_CHARACTERS);
    throw new UsageError(
      `the standard input is read as JSON lines, and its first line looks like the header of CSV: ` +
        `${
          JSON.stringify(header)
        }; pass --input-format csv, or --input-format ndjson if it is none`,
    );
  }
}

/** Looks at the first bytes when something came of them, or could not. */
function looked(parts: AsyncIterator<SourceBatch>, first: FirstBytes): AsyncIterator<SourceBatch> {
  return {
    next: async () => {
      try {
        return await parts.next();
      } finally {
        first.check();
      }
    },
    return: async () => await parts.return?.() ?? { done: true, value: undefined },
  };
}

/** Has a source of JSON lines refuse what is CSV, which would be one bad record after the other. */
export function withoutCsv(source: Source, first: FirstBytes): Source {
  const open = source.open.bind(source);
  source.open = (options) => {
    const parts = open(options)[Symbol.asyncIterator]();
    return { [Symbol.asyncIterator]: () => looked(parts, first) };
  };
  return source;
}

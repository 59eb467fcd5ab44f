import { inflate } from "../../codecs/inflate/inflate.ts";

type Bytes = AsyncGenerator<Uint8Array, void, undefined>;

/** What a request says so that bodies come as they were sent. */
export const AS_SENT = { "accept-encoding": "identity" } as const;

/**
 * Whether the body of the answer to a request comes as it was sent: `fetch` decodes gzip and br else,
 * but of several gzip members (RFC 1952, section 2.2) only the first, and passes over the others
 * without a word.
 */
export function comesAsSent(headers: Readonly<Record<string, string>>): boolean {
  return headers["accept-encoding"] === AS_SENT["accept-encoding"] || "range" in headers;
}

/**
 * Takes off the encoding that a body was given for its way (RFC 9110, section 8.4); what is none that
 * is known here stays as it is. Servers may encode whatever they were asked for.
 */
export function decodedBody(chunks: Bytes, contentEncoding: string | null): Bytes {
  const encoding = contentEncoding?.trim().toLowerCase();
  if (encoding === "gzip" || encoding === "x-gzip" || encoding === "zstd") {
    const name = "the body";
    return inflate(chunks, { name, maxInflatedBytes: Infinity, maxInflationRatio: Infinity });
  }
  return encoding === "br" ? unbrotli(chunks) : chunks;
}

async function* unbrotli(chunks: Bytes): Bytes {
  const decoder = new DecompressionStream("brotli");
  yield* ReadableStream.from(chunks as AsyncIterable<BufferSource>).pipeThrough(decoder);
}

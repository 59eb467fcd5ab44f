import fc from "fast-check";

const encoder = new TextEncoder();

/** Cut positions for bytes of any length, as shares of it. */
export const cutsAnywhere: fc.Arbitrary<readonly number[]> = fc.oneof(
  fc.constant([]),
  fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 12 }),
  // Every byte by itself.
  fc.constant(Array.from({ length: 64 }, (_, at) => at / 64)),
);

/** The pieces of `bytes`, cut at these shares of it; empty ones among them. */
export function cut(bytes: Uint8Array, shares: readonly number[]): Uint8Array[] {
  const ends = shares.map((share) => Math.floor(share * bytes.length)).sort((a, b) => a - b);
  return [0, ...ends].map((start, at) => bytes.slice(start, ends[at] ?? bytes.length));
}

/** Text as UTF-8. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return encoder.encode(text);
}

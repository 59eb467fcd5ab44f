import { show } from "../batch/misfit.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import { checkWhole, received } from "../runtime/known_options.ts";
import type { DecoderOptions } from "./batch_decoder.ts";

/** The names of the options that all decoders have. */
export const DECODER_OPTIONS: Readonly<Record<keyof DecoderOptions, true>> = {
  schema: true,
  types: true,
  inferenceRows: true,
  batchRows: true,
  extraKeys: true,
  maxRecordBytes: true,
  invalidUtf8: true,
  name: true,
  badRecords: true,
  deadLetter: true,
};

/**
 * Checks an option that must be a whole number from 1.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {RangeError} when it is not.
 */
export function checkPositive(name: string, value: number, doing = "make decoder"): number {
  return checkWhole(name, value, { doing });
}

/**
 * Checks an option that must be one of some words.
 *
 * @param doing What cannot be done without, for the message.
 * @throws {TypeError} when it is not.
 */
export function checkWord<W extends string>(
  name: string,
  value: W,
  words: readonly W[],
  doing = "make decoder",
): W {
  if (words.includes(value)) return value;
  throw new TypeError(
    `Cannot ${doing}: ${name} must be ${words.map((word) => `"${word}"`).join(" or ")}, ` +
      `received ${received(value)}`,
  );
}

/**
 * Checks what is to be decoded; the decoder is as before when it is something else.
 *
 * @throws {TypeError} when it is not bytes.
 */
export function checkChunk(chunk: Uint8Array): void {
  if (chunk instanceof Uint8Array) return;
  const kind = Object.prototype.toString.call(chunk).slice(8, -1);
  throw new TypeError(
    `Cannot decode chunk: it must be a Uint8Array, received ${kind}; encode text by ` +
      "new TextEncoder().encode(text), and take the bytes of other views and buffers",
  );
}

/**
 * Checks what is to be encoded.
 *
 * @throws {TypeError} when it is no batch.
 */
export function checkBatch(batch: unknown, doing: string): void {
  if (batch instanceof RecordBatch) return;
  throw new TypeError(
    `Cannot ${doing}: a RecordBatch is needed, received ${show(batch)}; make one by ` +
      "RecordBatch.fromRows(rows)",
  );
}

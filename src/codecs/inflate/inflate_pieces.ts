import type { Inflater } from "../../runtime/inflater.ts";
import { COPY_AGAIN, InflateFault } from "./inflate_error.ts";
import type { InflatedOutput } from "./inflated_output.ts";

/** What of an input is inflated. */
export interface InflatePiece {
  /** The bytes. */
  readonly bytes: Uint8Array;
  /** Where they are in the input. */
  readonly offset: number;
  /** What they are part of, for messages. */
  readonly within: string;
}

/**
 * Inflates bytes, in pieces of at most a buffer; returns how many were consumed: fewer than there
 * are when the stream has ended.
 *
 * @throws {InflateFault} when they are damaged, or too much comes of them.
 */
export function* inflatePieces(
  inflater: Inflater,
  { bytes, offset, within }: InflatePiece,
  output: InflatedOutput,
): Generator<Uint8Array, number, undefined> {
  let at = 0;
  while (true) {
    const room = output.room();
    const { consumed, written } = step(inflater, bytes.subarray(at), room, offset + at, within);
    at += consumed;
    if (written > 0) yield output.take(written, offset + at);
    if (written < room.length) return at;
  }
}

function step(
  inflater: Inflater,
  bytes: Uint8Array,
  room: Uint8Array,
  offset: number,
  within: string,
): { consumed: number; written: number } {
  try {
    return inflater.step(bytes, room);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    const reason = `${within} that begins or goes on here is damaged (${error.message})`;
    throw new InflateFault(reason, { offset, fix: COPY_AGAIN });
  }
}

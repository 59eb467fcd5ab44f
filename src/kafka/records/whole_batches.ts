import type { EpochStart } from "../driver/driver.ts";
import { At, HEADER_BYTES, LENGTH_OVERHEAD, longAt, viewOf } from "./batch_header.ts";

/** The least bytes behind the length: those of an empty message of format 0. */
const LEAST_LENGTH = 14;
const MAGIC = 2;

/** What a walk over batch headers has found. */
export interface WholeBatches {
  /** Bytes of all batches that are whole. */
  readonly bytes: number;
  /** The offset behind the last of them; −1 when there is none. */
  readonly next: number;
  /** How many there are. */
  readonly batches: number;
  /** Under which leaders they were appended. */
  readonly epochs: readonly EpochStart[];
}

/**
 * Walks the headers of record batches, up to the first that is not there in full: brokers cut the
 * last one of an answer anywhere.
 *
 * What cannot be a batch counts as one that goes to the end, so that a {@linkcode RecordDecoder}
 * says what is wrong with it.
 */
export function wholeBatches(bytes: Uint8Array): WholeBatches {
  const view = viewOf(bytes);
  let [at, next, batches] = [0, -1, 0];
  const epochs: EpochStart[] = [];
  while (at + At.magic < bytes.length) {
    const length = view.getInt32(at + At.length);
    const magic = view.getInt8(at + At.magic);
    const isOld = magic < MAGIC;
    const baseOffset = longAt(view, at + At.baseOffset);
    if (length < (isOld ? LEAST_LENGTH : HEADER_BYTES - LENGTH_OVERHEAD)) {
      const behind = Math.max(next, baseOffset + 1);
      return { bytes: bytes.length, next: behind, batches: batches + 1, epochs };
    }
    const end = at + LENGTH_OVERHEAD + length;
    if (end > bytes.length) break;
    next = baseOffset + 1 + (isOld ? 0 : view.getInt32(at + At.lastOffsetDelta));
    batches++;
    const epoch = isOld ? -1 : view.getInt32(at + At.leaderEpoch);
    if (epoch >= 0 && epoch !== epochs.at(-1)?.epoch) epochs.push({ epoch, from: baseOffset });
    at = end;
  }
  return { bytes: at, next, batches, epochs };
}

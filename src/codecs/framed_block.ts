import { decodeFrame, encodeFrame, frameSize } from "../batch/frame.ts";
import type { RecordBatch } from "../batch/record_batch.ts";

/** Bytes before all else: how many the columns take, and how many records there are. */
const HEADER_BYTES = 16;
const COLUMNS_AT = 0;
const RECORDS_AT = 1;
const FRAME = { kind: "data" } as const;

/** What a framed block is made of. */
export interface FramedParts {
  /** Columns that are known of each record beside its value; absent: none are wanted. */
  readonly beside: RecordBatch | undefined;
  /** How many records there are. */
  readonly records: number;
  /** Bytes of the values, in the format that the decoder of the block was told. */
  readonly valueBytes: number;
}

/** Bytes of a framed block. */
export function framedBytes({ beside, valueBytes }: FramedParts): number {
  return HEADER_BYTES + (beside ? frameSize(beside) : 0) + valueBytes;
}

/**
 * Writes a framed block but for the values, and gives where these go.
 *
 * @param target At least as long as the block, at a multiple of 8 bytes.
 */
export function writeFramed(target: Uint8Array, { beside, records, valueBytes }: FramedParts) {
  const columns = beside ? frameSize(beside) : 0;
  const header = new Float64Array(target.buffer, target.byteOffset, HEADER_BYTES / 8);
  header[COLUMNS_AT] = columns;
  header[RECORDS_AT] = records;
  const valuesAt = HEADER_BYTES + columns;
  if (beside) encodeFrame(FRAME, beside, { target: target.subarray(HEADER_BYTES, valuesAt) });
  return target.subarray(valuesAt, valuesAt + valueBytes);
}

/** A framed block, opened. */
export interface OpenedFramed {
  /** Columns beside the values, views of the block. */
  readonly beside: RecordBatch | undefined;
  readonly records: number;
  /** Where the values begin. */
  readonly valuesAt: number;
}

/** Opens what {@linkcode writeFramed} wrote. */
export function openFramed(block: Uint8Array): OpenedFramed {
  const header = new Float64Array(block.buffer, block.byteOffset, HEADER_BYTES / 8);
  const [columns, records] = header;
  const valuesAt = HEADER_BYTES + columns;
  const frame = block.subarray(HEADER_BYTES, valuesAt);
  const beside = columns === 0 ? undefined : decodeFrame(frame, { trusted: true }).batch;
  return { beside, records, valuesAt };
}

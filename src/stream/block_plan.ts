import { MESSAGE_HEADER_BYTES } from "../hive/pipeline_frames.ts";
import type { PipelinePlan } from "./pipeline_plan.ts";
import { hasPartitions, type Source } from "./source.ts";

/**
 * Bytes of a block, unless a record or a ring asks for others: what two bees find of a window's keys
 * in smaller ones has to be put together too often, and each costs the main thread a millisecond.
 */
const BLOCK_BYTES = 4_194_304;
/** Room beside a block in its message, for the places of rows that are left out. */
const BESIDE_BYTES = 1_024;
/** The same where the times of partitions go along, 16 bytes each. */
const BESIDE_PARTITIONS_BYTES = 65_536;
/** The line end of a record that is as large as may be. */
const LINE_END_BYTES = 2;
const RING_HEADER_BYTES = 8;

/** Bytes of the blocks that a source gives, whoever decodes them. */
export function blockBytesFor(recordBytes: number, blockBytes: number = BLOCK_BYTES): number {
  return Math.max(blockBytes, recordBytes + LINE_END_BYTES);
}

/** Bytes of blocks that are cut from bytes as they come. */
export interface BlockSizes {
  /** At most, unless a record takes more. */
  readonly blockBytes: number;
  /** Of a record and its line end, at most. */
  readonly mostBytes: number;
}

/** The same of blocks that are kept in memory of their size: what a record may take is not, before one does. */
export function blockSizesFor(recordBytes: number, blockBytes?: number): BlockSizes {
  const mostBytes = blockBytesFor(recordBytes, blockBytes);
  return { blockBytes: Math.min(mostBytes, Math.max(BLOCK_BYTES, blockBytes ?? 0)), mostBytes };
}

/** The longest body of a message to a bee, by the capacity of rings. */
export function longestBody(ringBytes: number): number {
  return ringBytes / 2 - RING_HEADER_BYTES - MESSAGE_HEADER_BYTES;
}

/** What decides who decodes the records of a source. */
export interface DecodingQuestion {
  readonly source: Source;
  readonly plan: PipelinePlan;
  /** The longest body of a message to a bee. */
  readonly maxBytes: number;
}

/**
 * Why the main thread decodes what a source has as bytes, though the bees could; `undefined`: they
 * do, or the source has no bytes.
 */
export function whyDecodedOnMain(
  { source, plan, maxBytes }: DecodingQuestion,
): string | undefined {
  const { recordBytes } = source;
  if (recordBytes === undefined) return undefined;
  const { ordered, time, steps, window } = plan;
  if (ordered) return `rows go to the owner of their key in order, because ${ordered.because}`;
  if (time?.watermarks && window) return "watermarks are decided row by row";
  if (time?.made && window) return "rows get their times when they are read";
  if (time?.maxDriftMs !== undefined) return "partitions are to be aligned";
  if (steps.some((step) => "fn" in step && step.kind !== "filterBy" && !step.schema)) {
    return "the columns that a function gives have to be learned";
  }
  if (recordBytes + LINE_END_BYTES > maxBytes - besideBytes(source)) {
    return `a record of ${recordBytes} bytes does not fit into half a ring: pass larger ringBytes, ` +
      `or smaller maxRecordBytes`;
  }
  return undefined;
}

/** The most bytes of a block that the bees decode; `undefined`: they do not. */
export function blockBytesOf(question: DecodingQuestion): number | undefined {
  const isOnMain = question.source.recordBytes === undefined ||
    whyDecodedOnMain(question) !== undefined;
  return isOnMain ? undefined : question.maxBytes - besideBytes(question.source);
}

function besideBytes(source: Source): number {
  return hasPartitions(source) ? BESIDE_PARTITIONS_BYTES : BESIDE_BYTES;
}

import type { RecordBatch } from "../batch/record_batch.ts";

/** A record of a block that cannot be decoded. */
export interface BadBlockRecord {
  /** Its place among the records of the block, from 0; what is no record does not count. */
  readonly record: number;
  /** Physical lines of the block before the one on which it starts. */
  readonly line: number;
  /** Where its bytes start in the block. */
  readonly start: number;
  /** Where they end, the line end not included. */
  readonly end: number;
  /** At which byte of the block it went wrong, where that is known. */
  readonly at?: number;
  /** The path of the column that the value was for, such as `user.city`. */
  readonly column?: string;
  /** What was expected, and what was received. */
  readonly reason: string;
  /** What to do about it. */
  readonly fix: string;
}

/** Rows of a block. */
export interface DecodedBlock {
  /**
   * The rows, in order, with the columns of the decoder's schema. Its columns may lie in kernel
   * memory: they are valid until the decoder is used again.
   */
  readonly batch: RecordBatch;
  /** What could not be decoded, in order. */
  readonly bad: readonly BadBlockRecord[];
  /** Records that were found, the bad ones included. */
  readonly records: number;
  /** Physical lines that were passed; 0 in formats that have none. */
  readonly lines: number;
  /** Lines that were no records: comments and empty ones. */
  readonly skippedLines: number;
  /** Where the next record starts: the block's length when all was decoded. */
  readonly end: number;
}

/**
 * Decodes blocks of whole records. What it learns of one block only makes the next one faster: the
 * rows of a block depend on its bytes alone, so any bee may take any block.
 */
export interface BlockDecoder extends Disposable {
  /**
   * Decodes records from byte `from` of a block, which is the start of one, until the block ends
   * or a batch is full. The last record of a block may lack its line end.
   *
   * @param from Default 0.
   */
  decode(block: Uint8Array, from?: number): DecodedBlock;
}

/** Finds where bytes can be cut into blocks of whole records. */
export interface RecordCutter {
  /**
   * The end of the last whole record in `bytes`, which start with a record; 0 when none is whole.
   *
   * @param seen The first bytes that were looked at before, in a call that returned 0. Default 0.
   */
  cut(bytes: Uint8Array, seen?: number): number;
}

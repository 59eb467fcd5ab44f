import { showName } from "../../batch/shown_names.ts";
import { BadRecordError } from "../bad_record.ts";
import type { BadBlockRecord } from "../block_decoder.ts";
import type { AvroFileFault } from "./avro_file_fault.ts";

const OTHER_POLICIES = 'or pass badRecords: "skip" or "deadLetter"';

/** An Avro file, a block or a record of it cannot be read. */
export class AvroFileError extends BadRecordError {
  /** `"AvroFileError"`. */
  override readonly name: string = "AvroFileError";
  /** At which byte of the file, from 0; of a record the first byte of its block. */
  readonly offset: number;

  /** What is wrong with a file. `line` is 0, for it has none. */
  constructor(
    { reason, offset, fix }: AvroFileFault,
    { file, isWhole, cause }: {
      /** The name of the file. */
      readonly file: string;
      /** Whether the whole file is lost, and not just a part that can be left out. */
      readonly isWhole?: boolean;
      /** What caused it. */
      readonly cause?: unknown;
    },
  ) {
    const others = isWhole ? "" : `; ${OTHER_POLICIES}`;
    super(`Cannot read ${file}: byte ${offset}: ${reason}; ${fix}${others}`, 0, { cause });
    this.offset = offset;
  }
}

/**
 * What is wrong with a record of a block that begins at a byte of the file.
 *
 * @param bad `record`, `start` and `at` are counted from the block's first record.
 */
export function recordFault(
  { record, start, at = start, column, reason, fix }: BadBlockRecord,
  offset: number,
): AvroFileFault {
  const field = column === undefined ? "" : `, field ${showName(column)}`;
  const where = `in the block there, record ${record}${field} (byte ${at} of its records)`;
  return { reason: `${where}: ${reason}`, offset, fix };
}

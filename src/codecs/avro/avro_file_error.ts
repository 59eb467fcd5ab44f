import { BadRecordError } from "../bad_record.ts";
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

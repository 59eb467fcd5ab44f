import { RecordReader } from "../../batch/records/mod.ts";
import {
  aligned,
  RECORD_HEADER_BYTES,
  type ResultHeader,
  type RowError,
} from "../../hive/record_frames.ts";

/** Outcomes of consecutive rows of a batch. */
export interface RowOutcomes {
  /** The first row. */
  readonly from: number;
  /** The function's results; `undefined` where it threw. */
  readonly values: readonly unknown[];
  /** By row, where it threw or a bee was lost over it twice. */
  readonly errors: ReadonlyMap<number, RowError> | undefined;
}

/** Reads what bees send of the records that they have finished. */
export class ResultReader {
  readonly #values = new RecordReader();
  readonly #errors = new RecordReader();

  /** What a frame says that has become of its rows. */
  outcomes(frame: Uint8Array, header: ResultHeader): RowOutcomes {
    const at = RECORD_HEADER_BYTES;
    const values = this.#values.read(frame.subarray(at, at + header.valueBytes));
    return { from: header.from, values, errors: this.#rowErrors(frame, header) };
  }

  /** Why a bee says that nothing can go on. */
  fatal(frame: Uint8Array): RowError {
    const [error] = this.#errors.read(frame.subarray(RECORD_HEADER_BYTES)) as RowError[];
    return error;
  }

  #rowErrors(frame: Uint8Array, header: ResultHeader): Map<number, RowError> | undefined {
    if (header.errorBytes === 0) return undefined;
    const at = RECORD_HEADER_BYTES + aligned(header.valueBytes);
    const errors = this.#errors.read(frame.subarray(at, at + header.errorBytes)) as RowError[];
    return new Map(errors.map((error) => [error.index, error]));
  }
}

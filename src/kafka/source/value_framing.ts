import { avroMessagesHead, type AvroWriters } from "../../codecs/avro/avro_message_block.ts";
import type { DecodedRecords } from "../records/decoded_records.ts";

/** Rows that follow each other, of which some may be left out. */
export interface RowRange {
  /** The rows, ascending. */
  readonly rows: Int32Array;
  readonly from: number;
  readonly to: number;
}

/** Values of decoded records, ready to be framed. */
export interface FramedValues {
  /** Bytes that those of a range take. */
  bytesOf(range: RowRange): number;
  /** Writes them. */
  write(target: Uint8Array, range: RowRange): void;
}

/** Values that stand beside, in a column. */
export const NO_VALUES: FramedValues = { bytesOf: () => 0, write: () => {} };

/** Values as lines of JSON; a row without a value has no line. */
export function lineValues(records: DecodedRecords): FramedValues {
  const { bytes, starts } = records.valueLines();
  const { lengths } = records.values;
  const runs = function* ({ rows, from, to }: RowRange): Generator<readonly [number, number]> {
    for (let at = from; at < to;) {
      const row = rows[at];
      if (lengths[row] < 0) {
        at++;
        continue;
      }
      let count = 1;
      while (at + count < to && rows[at + count] === row + count && lengths[row + count] >= 0) {
        count++;
      }
      yield [starts[row], starts[row + count]];
      at += count;
    }
  };
  return {
    bytesOf: (range) => runs(range).reduce((sum, [start, end]) => sum + end - start, 0),
    write: (target, range) => {
      let at = 0;
      for (const [start, end] of runs(range)) {
        target.set(bytes.subarray(start, end), at);
        at += end - start;
      }
    },
  };
}

/** Values as Avro messages, with the schemas that they were written by. */
export function avroValues({ values }: DecodedRecords, writers: AvroWriters): FramedValues {
  const { bytes, starts, lengths } = values;
  const headOf = ({ rows, from, to }: RowRange) =>
    avroMessagesHead({ writers, lengths: rows.subarray(from, to).map((row) => lengths[row]) });
  const sum = ({ rows, from, to }: RowRange) => {
    let sum = 0;
    for (let at = from; at < to; at++) sum += Math.max(0, lengths[rows[at]]);
    return sum;
  };
  return {
    bytesOf: (range) => headOf(range).length + sum(range),
    write: (target, range) => {
      const head = headOf(range);
      target.set(head);
      let end = head.length;
      for (let at = range.from; at < range.to; at++) {
        const row = range.rows[at];
        if (lengths[row] <= 0) continue;
        target.set(bytes.subarray(starts[row], starts[row] + lengths[row]), end);
        end += lengths[row];
      }
    },
  };
}

import { avroMessagesHead, type AvroWriters } from "../../codecs/avro/avro_message_block.ts";
import { copyToShared } from "../../hive/shared_copy.ts";
import type { DecodedRecords } from "../records/decoded_records.ts";

/** Rows that become records of a block. */
export interface RowRange {
  /** The rows, ascending; absent: all, one after the other. */
  readonly rows: Int32Array | undefined;
  readonly from: number;
  readonly to: number;
}

/** The row at a place of a range's rows. */
export function rowAt({ rows }: Pick<RowRange, "rows">, at: number): number {
  return rows ? rows[at] : at;
}

/** Values of decoded records, ready to be framed. */
export interface FramedValues {
  /** Bytes that those of a range take. */
  bytesOf(range: RowRange): number;
  /** Writes them, into memory that may be shared. */
  write(target: Uint8Array, range: RowRange): void;
}

/** Values that stand beside, in a column. */
export const NO_VALUES: FramedValues = { bytesOf: () => 0, write: () => {} };

/** Values as lines of JSON; a row without a value has no line. */
export function lineValues(records: DecodedRecords): FramedValues {
  const { bytes, starts } = records.valueLines();
  const { lengths } = records.values;
  return {
    bytesOf: (range) =>
      linesOf(range, lengths).reduce((sum, [from, to]) => {
        return sum + starts[to] - starts[from];
      }, 0),
    write: (target, range) => {
      let at = 0;
      for (const [from, to] of linesOf(range, lengths)) {
        copyToShared(target.subarray(at), bytes.subarray(starts[from], starts[to]));
        at += starts[to] - starts[from];
      }
    },
  };
}

/** Rows of a range that have values and follow each other, from and to. */
function linesOf(range: RowRange, lengths: Int32Array): (readonly [number, number])[] {
  const { rows, from, to } = range;
  if (!rows) return [[from, to]];
  const runs: [number, number][] = [];
  for (let at = from, last: [number, number] | undefined; at < to; at++) {
    const row = rows[at];
    if (lengths[row] < 0) continue;
    if (last?.[1] === row) last[1]++;
    else runs.push(last = [row, row + 1]);
  }
  return runs;
}

/** Values as Avro messages, with the schemas that they were written by. */
export function avroValues({ values }: DecodedRecords, writers: AvroWriters): FramedValues {
  const { bytes, starts, lengths } = values;
  const headOf = ({ rows, from, to }: RowRange) =>
    avroMessagesHead({
      writers,
      lengths: rows
        ? rows.subarray(from, to).map((row) => lengths[row])
        : lengths.subarray(from, to),
    });
  const sum = (range: RowRange) => {
    let sum = 0;
    for (let at = range.from; at < range.to; at++) sum += Math.max(0, lengths[rowAt(range, at)]);
    return sum;
  };
  return {
    bytesOf: (range) => headOf(range).length + sum(range),
    write: (target, range) => {
      const head = headOf(range);
      const values = new Uint8Array(sum(range));
      let end = 0;
      for (let at = range.from; at < range.to; at++) {
        const row = rowAt(range, at);
        if (lengths[row] <= 0) continue;
        values.set(bytes.subarray(starts[row], starts[row] + lengths[row]), end);
        end += lengths[row];
      }
      copyToShared(target, head);
      copyToShared(target.subarray(head.length), values);
    },
  };
}

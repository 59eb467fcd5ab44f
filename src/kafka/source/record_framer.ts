import type { RecordBatch } from "../../batch/record_batch.ts";
import type { AvroWriters } from "../../codecs/avro/avro_message_block.ts";
import { CR, LF } from "../../codecs/record_scanner.ts";
import { framedBytes, writeFramed } from "../../codecs/framed_block.ts";
import type { DecodedRecords } from "../records/decoded_records.ts";
import {
  type KafkaBlock,
  offsetIn,
  placeAt,
  type RecordOffsets,
  type ValueFault,
} from "./kafka_block.ts";
import type { KafkaValues } from "./kafka_source_options.ts";
import { besideOf, type RecordColumn } from "./record_columns.ts";
import {
  avroValues,
  type FramedValues,
  lineValues,
  NO_VALUES,
  rowAt,
  type RowRange,
} from "./value_framing.ts";

const SPACE = 0x20;

/** What a {@linkcode RecordFramer} goes by. */
export interface RecordFramerOptions {
  readonly values: KafkaValues;
  readonly columns: readonly RecordColumn[];
  /** Whether records without a value become rows. */
  readonly keepsTombstones: boolean;
  readonly maxRecordBytes: number;
  /** The most bytes of a block. */
  readonly maxBlockBytes: number;
  /** Whether values are wanted as they came where they are bad. */
  readonly keepsOriginals: boolean;
}

/** What is done with some records. */
export interface Framing {
  /** Those from this offset on are left out. */
  readonly end: number;
  /** The schemas of Avro values. */
  readonly writers: AvroWriters;
  /** Memory for a block of so many bytes. */
  readonly room: (bytes: number) => Uint8Array;
  /** Takes a record that cannot be framed. */
  readonly reject: (offset: number, value: () => Uint8Array, fault: ValueFault) => void;
}

/** Some framed records. */
export interface FramedRecords {
  readonly block: KafkaBlock;
  /** Behind the last of them. */
  readonly next: number;
}

/** A batch of records on its way into blocks. */
interface Batch {
  readonly records: DecodedRecords;
  readonly beside: RecordBatch | undefined;
  readonly values: FramedValues;
  /** Those that are left; absent: all. */
  readonly rows: Int32Array | undefined;
  readonly offsets: Float64Array;
  readonly originals: readonly Uint8Array[] | undefined;
}

/** Puts decoded records into blocks that bees make columns of. */
export class RecordFramer {
  readonly #options: RecordFramerOptions;
  #tombstones = 0;

  /** A framer that has framed nothing. */
  constructor(options: RecordFramerOptions) {
    this.#options = options;
  }

  /** Records without a value that were left out. */
  get tombstones(): number {
    return this.#tombstones;
  }

  /** The records in as few blocks as hold them. */
  *frame(records: DecodedRecords, framing: Framing): Generator<FramedRecords> {
    const { columns, values: format } = this.#options;
    const originals = this.#originals(records);
    const beside = besideOf(columns, records);
    const values = format === "json"
      ? lineValues(records)
      : format === "avro"
      ? avroValues(records, framing.writers)
      : NO_VALUES;
    const rows = this.#rows(records, framing);
    const to = rows?.length ?? records.count;
    if (to === 0) return;
    const kept = rows && beside ? beside.take(rows) : beside;
    const { offsets } = records;
    const batch = { records, beside: kept, values, rows, offsets, originals };
    yield* this.#pieces(batch, { from: 0, to }, framing);
  }

  /** Those that become rows; `undefined`: all, and each of them has a value. */
  #rows(records: DecodedRecords, { end, reject }: Framing): Int32Array | undefined {
    const { keepsTombstones, maxRecordBytes } = this.#options;
    const { values: { bytes, starts, lengths }, offsets, count } = records;
    if (offsets[count - 1] < end && areWithin(lengths, maxRecordBytes)) return undefined;
    const rows = new Int32Array(count);
    let kept = 0;
    for (let row = 0; row < count && offsets[row] < end; row++) {
      const length = lengths[row];
      if (length < 0 && !keepsTombstones) this.#tombstones++;
      else if (length <= maxRecordBytes) rows[kept++] = row;
      else {
        const value = () => bytes.slice(starts[row], starts[row] + maxRecordBytes);
        reject(offsets[row], value, {
          reason: `the value has ${length} bytes, more than maxRecordBytes (${maxRecordBytes})`,
          fix: "raise maxRecordBytes",
        });
      }
    }
    return rows.subarray(0, kept);
  }

  /** Values as they came, where lines have them otherwise: a line end in JSON is no line end there. */
  #originals(records: DecodedRecords): Uint8Array[] | undefined {
    const { values, keepsOriginals } = this.#options;
    if (values !== "json" || !keepsOriginals) return undefined;
    const { values: bytes, offsets } = records.valueColumn("bytes");
    const all = bytes as Uint8Array;
    const isBlank = (_: unknown, row: number) => !(all[offsets![row]] > SPACE);
    const isOther = all.indexOf(LF) >= 0 || all.indexOf(CR) >= 0;
    if (!isOther && !Array.from({ length: records.count }).some(isBlank)) return undefined;
    return Array.from({ length: records.count }, (_, row) => {
      return all.slice(offsets![row], offsets![row + 1]);
    });
  }

  *#pieces(
    batch: Batch,
    { from, to }: Omit<RowRange, "rows">,
    framing: Framing,
  ): Generator<FramedRecords> {
    const { rows, values, offsets, records } = batch;
    const range = { rows, from, to };
    const isWhole = from === 0 && to === (rows?.length ?? records.count);
    const beside = isWhole ? batch.beside : batch.beside?.slice(from, to);
    const parts = { beside, records: to - from, valueBytes: values.bytesOf(range) };
    const bytes = framedBytes(parts);
    if (bytes > this.#options.maxBlockBytes) {
      if (to - from === 1) return this.#rejectWide(batch, rowAt(batch, from), { bytes, framing });
      const half = (from + to) >> 1;
      yield* this.#pieces(batch, { from, to: half }, framing);
      yield* this.#pieces(batch, { from: half, to }, framing);
      return;
    }
    const target = framing.room(bytes);
    values.write(writeFramed(target, parts), range);
    const placed = offsetsOf(batch, range);
    const { topic, partition } = records;
    const at = { topic, partition };
    const originals = batch.originals &&
      Array.from({ length: to - from }, (_, at) => batch.originals![rowAt(batch, from + at)]);
    const block: KafkaBlock = {
      ...{ bytes: target.subarray(0, bytes), offset: placed.first, linesBefore: 0 },
      ...{ at, offsets: placed, ...(originals && { originals }) },
      placeOf: (record) => placeAt(at, offsetIn(placed, record)),
    };
    yield { block, next: offsets[rowAt(batch, to - 1)] + 1 };
  }

  /** What is too large with its key and headers. */
  #rejectWide(
    { records: { values: { bytes: all, starts, lengths }, offsets } }: Batch,
    row: number,
    { bytes, framing }: { readonly bytes: number; readonly framing: Framing },
  ): void {
    const value = () => all.slice(starts[row], starts[row] + Math.max(0, lengths[row]));
    framing.reject(offsets[row], value, {
      reason: `with its key and headers it takes ${bytes} bytes, more than the ` +
        `${this.#options.maxBlockBytes} that go to a bee at once`,
      fix: "raise maxRecordBytes, or leave out the columns of keys and headers",
    });
  }
}

/** Where the records of a range stand; compaction and transactions leave gaps. */
function offsetsOf({ offsets }: Batch, { rows, from, to }: RowRange): RecordOffsets {
  const [first, last] = [offsets[rowAt({ rows }, from)], offsets[rowAt({ rows }, to - 1)]];
  if (last - first === to - from - 1) return { first };
  const length = to - from;
  return {
    first,
    all: Float64Array.from({ length }, (_, at) => offsets[rowAt({ rows }, from + at)]),
  };
}

/** Whether all have a value, and none is larger. */
function areWithin(lengths: Int32Array, most: number): boolean {
  for (let row = 0; row < lengths.length; row++) {
    if (lengths[row] < 0 || lengths[row] > most) return false;
  }
  return true;
}

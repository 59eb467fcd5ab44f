import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema } from "../batch/schema.ts";
import type { BadBlockRecord, BlockDecoder } from "../codecs/block_decoder.ts";
import type { BlockDecoderSpec } from "../codecs/block_specs.ts";
import type { Kernel } from "../kernel/kernel.ts";
import { type BadTime, EventTime, type TimestampFormat } from "./event_time.ts";
import { certainGreatestTime, greatestTime } from "./event_times.ts";
import { ownBatch } from "./own_batch.ts";
import type { BadRow, BlockShare } from "./pipeline_frames.ts";

/** How blocks become rows, as plain data. */
export interface IntakeSpec {
  /** What makes columns of the bytes. */
  readonly decoder: BlockDecoderSpec;
  /** Which column is the event time, and how it is written. */
  readonly time?: { readonly column: string; readonly format?: TimestampFormat };
  /** How much the watermark lags behind the greatest time, ms. */
  readonly bound: number;
  /** Columns of the decoder that go on, by position. */
  readonly picked: readonly number[];
  /** Of these, event times included. */
  readonly schema: Schema;
  /** Where bees tell each other of times, if watermarks matter. */
  readonly board?: SharedArrayBuffer;
  /** Where blocks lie that do not come with their messages. */
  readonly arena?: SharedArrayBuffer;
}

/** Rows of a block. */
export interface BlockRows {
  readonly batch: RecordBatch;
  /** Place of each among all rows of the block, ascending; absent: one after the other. */
  readonly places?: Int32Array;
  /** Place of the first one. */
  readonly from: number;
}

/** What a block has come to. */
export interface TakenBlock {
  /** In order; valid until the next block is taken. */
  readonly parts: readonly BlockRows[];
  /** The same as they were decoded: all rows, and times as they are written. */
  readonly given: readonly BlockRows[];
  /** Rows whose time cannot be read; they are in no part. */
  readonly bad: readonly BadRow[];
  /** Records that are no rows, in order. */
  readonly undecoded: readonly BadBlockRecord[];
  readonly share: { -readonly [Name in keyof BlockShare]: BlockShare[Name] };
}

/** The place of a row of some rows among all of the block. */
export function placeIn({ places, from }: BlockRows, row: number): number {
  return places ? places[row] : from + row;
}

/**
 * Makes rows with event times of blocks of bytes. What becomes of a block depends on its bytes alone,
 * so it is the same in every bee, and on the main thread.
 */
export class BlockIntake implements Disposable {
  readonly #spec: IntakeSpec;
  readonly #kernel: Kernel;
  readonly #decoder: BlockDecoder;
  readonly #time: EventTime | undefined;

  /** An intake that decodes in a kernel of its own, in which its decoder was made. */
  constructor(
    spec: IntakeSpec,
    { kernel, decoder }: { readonly kernel: Kernel; readonly decoder: BlockDecoder },
  ) {
    const { decoder: { schema }, time } = spec;
    this.#spec = spec;
    this.#kernel = kernel;
    this.#decoder = decoder;
    this.#time = time && new EventTime(schema, time.column, time.format);
  }

  /** Takes a block, without the rows at some places, ascending. */
  take(block: Uint8Array, leftOut: readonly number[] = []): TakenBlock {
    const parts: BlockRows[] = [];
    const given: BlockRows[] = [];
    const bad: BadRow[] = [];
    const undecoded: BadBlockRecord[] = [];
    const share = { records: 0, rows: 0, lines: 0, undecoded: 0, greatest: -Infinity };
    for (let at = 0; at < block.length;) {
      const decoded = this.#decoder.decode(block, at);
      const { batch, records, lines, end } = decoded;
      for (const each of decoded.bad) undecoded.push(placed(each, share));
      // What lies in the decoder's memory would not outlive the next rows.
      const own = end < block.length ? ownBatch(batch) : batch;
      given.push({ batch: own, from: share.rows });
      const rows = this.#timed(own, { share, bad, leftOut });
      if (rows.batch.length > 0) parts.push(rows);
      share.records += records;
      share.rows += batch.length;
      share.lines += lines;
      at = end;
    }
    share.undecoded = undecoded.length;
    return { parts, given, bad, undecoded, share };
  }

  /** With event times, without rows that have none that can be read, and those to be left out. */
  #timed(
    given: RecordBatch,
    { share, bad, leftOut }: {
      share: { greatest: number; readonly rows: number };
      bad: BadRow[];
      leftOut: readonly number[];
    },
  ): BlockRows {
    const { rows: from } = share;
    const { batch, bad: badTimes, greatest } = this.#withTimes(given);
    share.greatest = Math.max(share.greatest, greatest);
    const gone = new Set(leftOut.map((place) => place - from));
    for (const { row, error: { name, message } } of badTimes) {
      if (!gone.has(row)) bad.push({ row: from + row, name, message });
      gone.add(row);
    }
    const kept = this.#pick(batch);
    if (gone.size === 0) return { batch: kept, from };
    const rows = Array.from(kept, (_, row) => row).filter((row) => !gone.has(row));
    const places = Int32Array.from(rows, (row) => from + row);
    return { batch: kept.take(rows), places, from: places[0] ?? from };
  }

  /** With event times, and the greatest of them; and the rows that hold something which is none. */
  #withTimes(given: RecordBatch): {
    readonly batch: RecordBatch;
    readonly bad: readonly BadTime[];
    readonly greatest: number;
  } {
    const time = this.#time;
    if (!time) return { batch: given, bad: [], greatest: -Infinity };
    const certain = time.isReady
      ? certainGreatestTime(given.columnAt(time.column), this.#kernel)
      : undefined;
    if (certain !== undefined) return { batch: time.named(given), bad: [], greatest: certain };
    const { batch, bad } = time.convert(given);
    return { batch, bad, greatest: greatestTime(batch.columnAt(time.column), batch.length) };
  }

  #pick(batch: RecordBatch): RecordBatch {
    const { picked, schema } = this.#spec;
    const columns = picked.map((at) => batch.columnAt(at));
    return new RecordBatch(schema, columns, batch.length);
  }

  [Symbol.dispose](): void {
    this.#decoder[Symbol.dispose]();
  }
}

/** A record by its place in the whole block. */
function placed(
  bad: BadBlockRecord,
  { records, lines }: { readonly records: number; readonly lines: number },
): BadBlockRecord {
  return { ...bad, record: records + bad.record, line: lines + bad.line };
}

import { RecordBatch } from "../../batch/record_batch.ts";
import { CsvReader } from "../../kernel/csv_reader.ts";
import type { CsvRead, CsvRecordPlace } from "../../kernel/csv_types.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { CsvBlockSpec } from "../block_specs.ts";
import { builtColumn, ownColumn } from "../built_columns.ts";
import { csvPlan } from "./csv_plan.ts";
import { MAX_BATCH_BYTES } from "../limits.ts";
import { CR, LF } from "../record_scanner.ts";

/** Bytes that are read together, so many that they stay in the cache; more if a record is longer. */
const PIECE_BYTES = 262_144;

const replacing = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** How to read bytes. */
export interface CsvRowsOptions {
  /** Whether the last record may lack its line end. */
  readonly final: boolean;
  /** Bad records to stop at. */
  readonly mostBad: number;
}

/** What was read of some bytes. */
export interface CsvRowsRead {
  /** Where the next record starts. */
  readonly end: number;
  /** What could not be read, in order. */
  readonly bad: readonly CsvRecordPlace[];
}

/** Where the line that ends at `at` is over. */
function behindLineEnd(bytes: Uint8Array, at: number): number {
  const isPair = bytes[at] === CR && bytes[at + 1] === LF;
  return Math.min(bytes.length, at + (isPair ? 2 : 1));
}

function moved({ start, end, ...rest }: CsvRecordPlace, by: number): CsvRecordPlace {
  return { ...rest, start: start + by, end: end + by };
}

/** Reads CSV into one batch after the other, each of as many blocks as it takes. */
export class CsvRows implements Disposable {
  readonly #spec: CsvBlockSpec;
  readonly #reader: CsvReader;
  #rows = 0;
  #bytes = 0;

  /**
   * A reader of records as plain data say.
   *
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  constructor(spec: CsvBlockSpec, kernel: Kernel) {
    this.#spec = spec;
    this.#reader = new CsvReader(kernel, csvPlan(spec));
    this.#reader.sink.begin();
  }

  /** Rows of the open batch. */
  get rows(): number {
    return this.#rows;
  }

  /** Whether the open batch takes no more. */
  get isFull(): boolean {
    return this.#rows >= this.#spec.batchRows || this.#bytes >= MAX_BATCH_BYTES;
  }

  /** Records, lines, and lines that were no records, since `begin`. */
  get counts(): { records: number; lines: number; skippedLines: number } {
    const { records, lines, skippedLines } = this.#reader;
    return { records, lines, skippedLines };
  }

  /** Starts to count anew. */
  begin(): void {
    this.#reader.begin();
  }

  /**
   * Adds rows from byte `from` on, which is the start of a record, until the bytes end, the batch
   * is full, or there are too many bad records.
   */
  add(bytes: Uint8Array, from: number, { final, mostBad }: CsvRowsOptions): CsvRowsRead {
    const bad: CsvRecordPlace[] = [];
    let at = from;
    let size = PIECE_BYTES;
    while (at < bytes.length && !this.isFull && bad.length < mostBad) {
      const to = Math.min(at + size, bytes.length);
      const isLast = to === bytes.length;
      const piece = { final: final && isLast, mostBad: mostBad - bad.length };
      const read = this.#read(bytes.subarray(at, to), piece);
      for (const place of read.bad) bad.push(moved(place, at));
      let next = at + read.end;
      if (read.replace) {
        next = this.#replace(bytes, moved(read.replace, at), { ...piece, bad });
      } else if (next === to && !isLast && bytes[to - 1] === CR && bytes[to] === LF) next++;
      if (next === at && isLast) break;
      if (next === at) size *= 2;
      at = next;
    }
    return { end: at, bad };
  }

  /** Ends the batch, with columns of its `own` or such that lie in kernel memory for now. */
  take({ own }: { own: boolean }): RecordBatch {
    const { schema } = this.#spec;
    const columns = this.#reader.sink.columns.map((column, at) => {
      const built = builtColumn(schema.fields[at].type, column.finish(this.#rows));
      return own ? ownColumn(built) : built;
    });
    const batch = new RecordBatch(schema, columns, this.#rows);
    this.#rows = this.#bytes = 0;
    return batch;
  }

  /** Starts the next batch. */
  next(): void {
    this.#reader.sink.begin();
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }

  #read(bytes: Uint8Array, options: CsvRowsOptions, isReplaced = false): CsvRead {
    const { batchRows } = this.#spec;
    const given = {
      ...options,
      held: this.#rows,
      mostRows: this.isFull ? this.#rows : batchRows,
      mostBytes: MAX_BATCH_BYTES - this.#bytes,
    };
    const read = isReplaced
      ? this.#reader.readReplaced(bytes, given)
      : this.#reader.read(bytes, given);
    this.#rows += read.rows;
    this.#bytes += read.bytes;
    return read;
  }

  /** Reads a record with U+FFFD for what is wrong in it; gives where the next one starts. */
  #replace(
    bytes: Uint8Array,
    { start, end }: CsvRecordPlace,
    { bad, ...options }: CsvRowsOptions & { bad: CsvRecordPlace[] },
  ): number {
    // A copy, because text in shared memory cannot be decoded everywhere.
    const text = replacing.decode(bytes.slice(start, end));
    const record = encoder.encode(end < bytes.length ? `${text}\n` : text);
    const read = this.#read(record, { ...options, final: true }, true);
    for (const place of read.bad) bad.push({ ...place, start, end });
    const next = behindLineEnd(bytes, end);
    // Comments belong to what is before them, as behind any other record.
    return this.isFull ? next + this.#read(bytes.subarray(next), options).end : next;
  }
}

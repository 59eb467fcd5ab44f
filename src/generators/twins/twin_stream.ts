import type { Column } from "../../batch/column.ts";
import { concatColumns, takeColumn } from "../../batch/column_ops.ts";
import { RecordBatch } from "../../batch/record_batch.ts";
import type { Field } from "../../batch/schema.ts";
import { BLOCK_ROWS } from "../../kernel/sampler_kernel.ts";
import { type Arrived, type EventChunk, TwinEvents } from "./twin_events.ts";
import { partsByChunk } from "./pieces.ts";
import { spelledOut } from "./twin_columns.ts";
import { type MatchedChunk, TwinRows, type TwinRowsOptions } from "./twin_rows.ts";
import type { Twin } from "./twin.ts";

/** Events that are passed over at a time: what takes less than a second on any machine. */
const PIECE_EVENTS = 262_144;

/** A chunk of which some events have not been given out. */
interface OpenChunk {
  readonly chunk: EventChunk;
  matched: MatchedChunk | undefined;
  /** Events that have not been given out. */
  left: number;
}

/** What a stream is made with. */
export interface TwinStreamOptions extends TwinRowsOptions {
  /** The name of a column of each record's lateness, ms, behind the others. */
  readonly lateness?: string;
  /** Columns that are made by the numbers of records: among all, and among those that are drawn. */
  readonly made: readonly { readonly at: number; readonly of: number }[];
}

/**
 * The records of a stream in the order in which they arrive, block by block. Going on is cheap, also
 * past blocks that nobody asks for: their rows are not drawn. Going back begins again.
 */
export class TwinStream {
  readonly #twin: Twin;
  readonly #options: TwinStreamOptions;
  readonly #rows: TwinRows;
  #events: TwinEvents;
  #chunks = new Map<number, OpenChunk>();
  #arrived: Arrived[] = [];
  /** The number of the first record that is at hand, and the number after the last. */
  #first = 0;
  #end = 0;
  #last: { block: number; rows: RecordBatch } | undefined;

  /** From the beginning. */
  constructor(twin: Twin, options: TwinStreamOptions) {
    this.#twin = twin;
    this.#options = options;
    this.#events = new TwinEvents(twin, options.seed);
    this.#rows = new TwinRows(twin, options);
  }

  /** Goes to where a block begins, piece by piece. */
  *approach(block: number): Generator<void, void, undefined> {
    if (this.#last?.block === block) return;
    const start = block * BLOCK_ROWS;
    if (start < this.#first) this.#restart();
    let passed = 0;
    while (this.#end <= start) {
      this.#forget(this.#end);
      this.#advance();
      passed += this.#events.size;
      if (passed < PIECE_EVENTS) continue;
      passed = 0;
      yield;
    }
  }

  /** Records `block * 4096` to before `(block + 1) * 4096`. */
  block(block: number): RecordBatch {
    if (this.#last?.block === block) return this.#last.rows;
    const start = block * BLOCK_ROWS;
    for (const _ of this.approach(block)) { /* to where it begins */ }
    this.#forget(start);
    while (this.#end < start + BLOCK_ROWS) this.#advance();
    const taken = this.#taken(BLOCK_ROWS);
    const rows = this.#record(taken, start);
    this.#close(taken.indices);
    this.#last = { block, rows };
    return rows;
  }

  #restart(): void {
    this.#events = new TwinEvents(this.#twin, this.#options.seed);
    this.#chunks.clear();
    this.#arrived = [];
    this.#first = this.#end = 0;
  }

  #advance(): void {
    const { chunk, arrived } = this.#events.next();
    this.#chunks.set(chunk.number, { chunk, matched: undefined, left: this.#events.size });
    this.#arrived.push(arrived);
    this.#end += arrived.indices.length;
  }

  /** Lets go of the records before one. */
  #forget(until: number): void {
    if (until > this.#first) this.#close(this.#taken(until - this.#first).indices);
  }

  /** The next records, which are then no longer at hand. */
  #taken(count: number): Arrived {
    const indices = new Float64Array(count);
    const lateness = new Float64Array(count);
    for (let done = 0; done < count;) {
      const [next] = this.#arrived;
      const some = Math.min(count - done, next.indices.length);
      indices.set(next.indices.subarray(0, some), done);
      lateness.set(next.lateness.subarray(0, some), done);
      done += some;
      if (some === next.indices.length) this.#arrived.shift();
      else {
        this.#arrived[0] = {
          indices: next.indices.subarray(some),
          lateness: next.lateness.subarray(some),
        };
      }
    }
    this.#first += count;
    return { indices, lateness };
  }

  /** Lets go of chunks of which all events have been given out. */
  #close(indices: Float64Array): void {
    for (const { number, events } of partsByChunk(indices, this.#events.size)) {
      const open = this.#chunks.get(number)!;
      open.left -= events.length;
      if (open.left === 0) this.#chunks.delete(number);
    }
  }

  /** Puts in columns that are made, such as a sequence, which go by the number of a record. */
  #putMade(columns: Column[], block: number): void {
    const { made, draw, seed } = this.#options;
    if (made.length === 0) return;
    const rows = draw({ seed, block });
    for (const { at, of } of made) columns[at] = rows.columnAt(of);
  }

  #record({ indices, lateness }: Arrived, start: number): RecordBatch {
    const { size } = this.#events;
    const parts = partsByChunk(indices, size);
    const made = parts.map(({ number, events }) => {
      const open = this.#chunks.get(number)!;
      open.matched ??= this.#rows.match(open.chunk);
      return this.#rows.columns({ chunk: open.chunk, matched: open.matched, events });
    });
    const fields: Field[] = [...this.#twin.fields];
    const columns = inOrder(made, parts.map(({ places }) => places))
      .map((column, at) => spelledOut(fields[at].type, column));
    this.#putMade(columns, start / BLOCK_ROWS);
    if (this.#options.lateness !== undefined) {
      fields.push(latenessField(this.#options.lateness));
      columns.push({
        type: { kind: "f64" },
        length: indices.length,
        nullCount: 0,
        values: lateness,
      });
    }
    return new RecordBatch({ fields }, columns, indices.length);
  }
}

/** The column of lateness. */
export function latenessField(name: string): Field {
  return { name, type: { kind: "f64" }, nullable: false };
}

/** Columns of several parts, of which each knows the places that its rows go to. */
function inOrder(
  parts: readonly (readonly Column[])[],
  places: readonly Uint32Array[],
): Column[] {
  if (parts.length === 1) return [...parts[0]];
  const order = new Uint32Array(places.reduce((sum, { length }) => sum + length, 0));
  let from = 0;
  for (const each of places) for (const to of each) order[to] = from++;
  return parts[0].map(({ type }, at) =>
    takeColumn(concatColumns(type, parts.map((part) => part[at])), order)
  );
}

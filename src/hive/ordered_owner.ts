import { columnOf } from "../batch/column_of.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { OperatorOutcome, WindowOperator } from "../windows/window_operator.ts";
import type { OrderedPiece } from "./ordered_input.ts";
import type { Outcome } from "./pipeline_frames.ts";
import { noCounts, type RowCounts } from "./row_counts.ts";
import type { OwnerState } from "./window_owner.ts";

/** A batch of the source of which an owner has all its rows. */
export interface OrderedBatch {
  /** Its number. */
  readonly sequence: number;
  readonly partition: number;
  /** Position of its first row in its source partition. */
  readonly position: number;
  /** Watermark of all partitions after it, ms. */
  readonly watermarkAfter: number;
  /** The clock of the pipeline when it was read, ms. */
  readonly nowMs: number;
  /** Whether a bee was lost over it: its rows are then taken one by one. */
  readonly isSuspect: boolean;
}

/** What became of an owner's rows of a batch. */
export interface OrderedVerdict extends Outcome {
  readonly sequence: number;
  /** Watermark after the batch, ms. */
  readonly watermark: number;
  /** The clock of the pipeline when it was read, ms. */
  readonly nowMs: number;
  /** What the batch set off, in order. */
  readonly results: readonly RecordBatch[];
}

/** Told before rows are given to the operator: those of a batch from one place to before another. */
export type NoteRows = (sequence: number, from: number, to: number) => void;

/** The operator of a bee's range of key groups, which gets its rows in the order of the source. */
export class OrderedOwner implements Disposable {
  readonly #operator: WindowOperator;
  readonly #note: NoteRows;
  readonly #pieces = new Map<number, OrderedPiece[]>();
  /** Batches that are complete and were not taken, by number. */
  readonly #complete = new Map<number, OrderedBatch>();
  #sequence = 0;
  #watermark = -Infinity;
  #rows = 0;
  /** Of rows that were given to the operator, which does not keep it. */
  #positions = new Float64Array();

  /** An owner of nothing yet. */
  constructor(operator: WindowOperator, note: NoteRows) {
    this.#operator = operator;
    this.#note = note;
  }

  /** Where it stands. */
  get state(): OwnerState {
    return { sequence: this.#sequence, watermark: this.#watermark, rows: this.#rows };
  }

  /** Whether it has the next batch of the source. */
  get isReady(): boolean {
    return this.#complete.has(this.#sequence);
  }

  /** Whether it has rows that it did not take. */
  get isAhead(): boolean {
    return this.#complete.size > 0 || this.#pieces.size > 0;
  }

  /** When the operator waits for the clock, ms of the pipeline's clock; `Infinity`: it does not. */
  get nextTick(): number {
    return this.#operator.nextTick();
  }

  /** An event time, ms, before which no open window has a row; `-Infinity`: it is not known. */
  oldest(): number {
    return this.#operator.oldest?.() ?? -Infinity;
  }

  /** Keeps rows of a batch until their turn. */
  put(sequence: number, piece: OrderedPiece): void {
    const pieces = this.#pieces.get(sequence);
    if (pieces) pieces.push(piece);
    else this.#pieces.set(sequence, [piece]);
  }

  /** All rows of a batch have come. */
  cover(batch: OrderedBatch): void {
    this.#complete.set(batch.sequence, batch);
  }

  /** Gives the next batch of the source to the operator. */
  take(): OrderedVerdict {
    const batch = this.#complete.get(this.#sequence)!;
    const { sequence, watermarkAfter: watermark, nowMs } = batch;
    const pieces = this.#pieces.get(sequence) ?? [];
    this.#complete.delete(sequence);
    this.#pieces.delete(sequence);
    this.#operator.tick(nowMs);
    const ticked = this.#operator.take();
    const before = ticked && setOffBefore(ticked, sequence, this.#watermark);
    const outcomes = pieces.flatMap((piece) => this.#add(batch, piece));
    this.#operator.advance(watermark);
    const results = [before, this.#operator.take()].filter((each) => each !== undefined);
    this.#sequence++;
    this.#watermark = watermark;
    const counts = countsOf(outcomes);
    this.#rows += counts.absorbed;
    const late = outcomes.flatMap((each) => [...each.late]);
    return { sequence, watermark, nowMs, counts, bad: [], late, results };
  }

  /** Gives rows to the operator, one by one where one of them may be what a bee was lost over. */
  #add(batch: OrderedBatch, piece: OrderedPiece): OperatorOutcome[] {
    const { isSuspect, ...at } = batch;
    const { length } = piece.places;
    if (length === 0) return [];
    if (isSuspect && length > 1) {
      return Array.from(
        { length },
        (_, row) => this.#add(batch, rowOf(piece, row)),
      ).flat();
    }
    this.#note(batch.sequence, piece.places[0], piece.places[length - 1] + 1);
    const positions = this.#positionsOf(piece.places, at.position);
    return [this.#operator.add({ ...piece, ...at, positions })];
  }

  #positionsOf(places: Int32Array, position: number): Float64Array {
    const { length } = places;
    if (length > this.#positions.length) this.#positions = new Float64Array(length);
    const positions = this.#positions.subarray(0, length);
    for (let row = 0; row < length; row++) positions[row] = position + places[row];
    return positions;
  }

  /** The source has ended: what is left in the windows. */
  finish(): RecordBatch | undefined {
    this.#operator.advance(Infinity);
    return this.#operator.take();
  }

  /** The whole state between two batches. */
  snapshot(): Uint8Array {
    return this.#operator.snapshot();
  }

  /** Goes back to an earlier state. */
  restore(state: OwnerState, snapshot: Uint8Array): void {
    this.#pieces.clear();
    this.#complete.clear();
    this.#operator.restore(snapshot);
    this.#sequence = state.sequence;
    this.#watermark = state.watermark;
    this.#rows = state.rows;
  }

  [Symbol.dispose](): void {
    this.#operator[Symbol.dispose]();
  }
}

function countsOf(outcomes: readonly OperatorOutcome[]): RowCounts {
  const counts = noCounts();
  for (const { absorbed, outside, untimed, late } of outcomes) {
    counts.absorbed += absorbed;
    counts.filtered += outside;
    counts.untimed += untimed;
    counts.late += late.length;
  }
  return counts;
}

/** One row of a piece. */
function rowOf({ batch, watermarks, places }: OrderedPiece, row: number): OrderedPiece {
  const end = row + 1;
  return {
    batch: batch.slice(row, end),
    watermarks: watermarks.slice(row, end),
    places: places.slice(row, end),
  };
}

/** Results of the clock stand before those of a batch, in the same place whoever gives them. */
function setOffBefore(results: RecordBatch, sequence: number, watermark: number): RecordBatch {
  const { schema, length } = results;
  const places = [watermark, sequence, -1].map((value, at) =>
    columnOf(schema.fields[at].type, Array(length).fill(value))
  );
  const columns = [...places, ...results.columns.slice(places.length)];
  return new RecordBatch(schema, columns, length);
}

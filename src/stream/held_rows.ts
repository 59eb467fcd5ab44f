import { RecordBatch } from "../batch/record_batch.ts";

interface Piece {
  readonly batch: RecordBatch;
  readonly sinceMs: number;
}

/** Rows that wait to leave in batches of another size. */
export class HeldRows {
  #pieces: Piece[] = [];
  #length = 0;

  /** How many. */
  get length(): number {
    return this.#length;
  }

  /** When the first of them came, ms; `Infinity` without one. */
  get sinceMs(): number {
    return this.#pieces[0]?.sinceMs ?? Infinity;
  }

  /** Adds rows that came at a time. */
  add(batch: RecordBatch, sinceMs: number): void {
    if (batch.length === 0) return;
    this.#pieces.push({ batch, sinceMs });
    this.#length += batch.length;
  }

  /** Takes the first rows out, of which there must be so many. */
  take(rows: number): RecordBatch {
    const taken: RecordBatch[] = [];
    let [missing, used] = [rows, 0];
    while (missing > 0) {
      const { batch, sinceMs } = this.#pieces[used];
      if (batch.length > missing) {
        this.#pieces[used] = { batch: batch.slice(missing), sinceMs };
        taken.push(batch.slice(0, missing));
        break;
      }
      taken.push(batch);
      missing -= batch.length;
      used++;
    }
    this.#pieces.splice(0, used);
    this.#length -= rows;
    return taken.length === 1 ? taken[0] : RecordBatch.concat(taken);
  }
}

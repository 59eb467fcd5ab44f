import { RecordBatch } from "../../batch/record_batch.ts";
import { eventTimes } from "./learn_keys_of_rows.ts";

/** Event times that are kept, at most, unless more rows are. */
const MOST_TIMES = 8_388_608;
const FIRST_TIMES = 65_536;

/**
 * The beginning of a stream: so many rows as they came, since what follows what is lost in a random
 * sample, and the event times of more.
 */
export class StreamRows {
  readonly #most: number;
  readonly #name: string;
  readonly #batches: RecordBatch[] = [];
  #length = 0;
  #seen = 0;
  #times = new Float64Array(FIRST_TIMES);
  #timed = 0;

  /**
   * @param most How many rows are kept.
   * @param time The column of event times.
   */
  constructor(most: number, time: string) {
    this.#most = most;
    this.#name = time;
  }

  /** Rows that have come. */
  get seen(): number {
    return this.#seen;
  }

  /**
   * Takes rows in.
   *
   * @throws {TypeError | TrainingDataError} when one has no event time.
   */
  add(batch: RecordBatch): void {
    const times = eventTimes(batch, this.#name, this.#seen);
    const some = Math.min(times.length, Math.max(MOST_TIMES, this.#most) - this.#timed);
    while (this.#timed + some > this.#times.length) {
      const grown = new Float64Array(2 * this.#times.length);
      grown.set(this.#times);
      this.#times = grown;
    }
    this.#times.set(times.subarray(0, some), this.#timed);
    this.#timed += some;
    const rows = Math.min(batch.length, this.#most - this.#length);
    if (rows > 0) this.#batches.push(rows === batch.length ? batch : batch.slice(0, rows));
    this.#length += rows;
    this.#seen += batch.length;
  }

  /** The rows that were kept; undefined when none came. */
  rows(): RecordBatch | undefined {
    return this.#batches.length === 0 ? undefined : RecordBatch.concat(this.#batches);
  }

  /** The event times that were kept, of these rows and of those that came next. */
  times(): Float64Array {
    return this.#times.subarray(0, this.#timed);
  }
}

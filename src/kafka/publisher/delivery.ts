import type { Receipt } from "../../stream/publisher.ts";
import { UnknownOutcome } from "../driver/kafka_error.ts";
import { doublesOf, publishingError } from "./delivery_error.ts";

/** A batch under way: its records that are not settled yet, and what became of the others. */
export class Delivery {
  /** How many records it has. */
  readonly records: number;
  readonly #outcome = Promise.withResolvers<Receipt>();
  #encoded = 0;
  #appended = 0;
  #failed = 0;
  #unknown = 0;
  #bytes = 0;
  #error: { cause: unknown } | undefined;
  #isOver = false;

  /** Of a batch that is about to be encoded. */
  constructor(records: number) {
    this.records = records;
    this.#outcome.promise.catch(() => {}); // who published may listen no more
  }

  /** Resolves when it is delivered. */
  get outcome(): Promise<Receipt> {
    return this.#outcome.promise;
  }

  /** Whether it has come to an end, good or bad. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether all of its records are encoded and settled. */
  get isComplete(): boolean {
    return this.#encoded === this.records &&
      this.#appended + this.#failed + this.#unknown === this.records;
  }

  /** Some more of its records are encoded. */
  encoded(records: number): void {
    this.#encoded += records;
  }

  /** A broker has some of its records. */
  appended(records: number, bytes: number): void {
    this.#appended += records;
    this.#bytes += bytes;
  }

  /** Some of its records were not appended, or nobody can say. */
  failed(records: number, cause: unknown): void {
    if (cause instanceof UnknownOutcome) this.#unknown += records;
    else this.#failed += records;
    // What cannot be tried again outweighs what can.
    const isWorse = this.#error && isFinal(cause) && !isFinal(this.#error.cause);
    if (!this.#error || isWorse) this.#error = { cause };
  }

  /** Everything is settled: says what it came to. */
  end(topic: string): void {
    if (!this.#error) return this.#over(() => this.#outcome.resolve(this.#receipt));
    const { cause } = this.#error;
    const fate = { records: this.records, appended: this.#appended, unknown: this.#unknown };
    // Without transactions delivery is at least once, so what nobody knows of is tried again.
    const options = cause instanceof UnknownOutcome ? { retriable: true } : {};
    this.fail(publishingError(topic, cause, doublesOf(fate), options));
  }

  /** It comes to a bad end, whatever of it is settled. */
  fail(error: unknown): void {
    this.#over(() => this.#outcome.reject(error));
  }

  get #receipt(): Receipt {
    return { records: this.records, bytes: Math.round(this.#bytes) };
  }

  #over(tell: () => void): void {
    this.#isOver = true;
    tell();
  }
}

function isFinal(cause: unknown): boolean {
  return cause instanceof Error && !(cause instanceof UnknownOutcome) &&
    "retriable" in cause && cause.retriable === false;
}

import { INFERENCE_ROWS } from "../batch/limits.ts";
import { MAX_BATCH_BYTES } from "./limits.ts";
import { checkPositive } from "./option_checks.ts";

/** A record that waits for the columns to be known. */
export interface HeldRecord {
  /** Its bytes, or the first ones if it is too large. */
  readonly bytes: Uint8Array;
  /** Its size. */
  readonly sizeBytes: number;
  /** Its text; `undefined` if it is not valid UTF-8 or too large. */
  readonly text: string | undefined;
}

/** The first records of an input, held until there are enough to infer columns from. */
export class HeldRecords<R extends HeldRecord> {
  readonly #most: number;
  #records: R[] = [];
  #bytes = 0;

  /**
   * None yet.
   *
   * @param most How many are enough.
   * @throws {RangeError} when that is no whole number from 1.
   */
  constructor(most: number = INFERENCE_ROWS) {
    this.#most = checkPositive("inferenceRows", most);
  }

  /** Holds a record; whether these are enough now. */
  add(record: R): boolean {
    this.#records.push(record);
    this.#bytes += record.bytes.length;
    return this.#records.length >= this.#most || this.#bytes >= MAX_BATCH_BYTES;
  }

  /** Gives all that are held, and holds none of them any longer. */
  take(): R[] {
    this.#bytes = 0;
    return this.#records.splice(0);
  }
}

/** The texts to infer columns from. */
export function textsOf(held: readonly HeldRecord[]): string[] {
  return held.map(({ text }) => text).filter((text) => text !== undefined);
}

/** Gives held records on in their order: those that are not too large in runs, the others singly. */
export function giveHeld<R extends HeldRecord>(
  held: readonly R[],
  maxRecordBytes: number,
  { run, tooLarge }: { run(records: readonly R[]): void; tooLarge(record: R): void },
): void {
  let from = 0;
  for (const [at, record] of held.entries()) {
    if (record.sizeBytes <= maxRecordBytes) continue;
    if (at > from) run(held.slice(from, at));
    tooLarge(record);
    from = at + 1;
  }
  if (from < held.length) run(held.slice(from));
}

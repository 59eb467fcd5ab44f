/** What happens to a record that cannot be decoded. */
export type BadRecordPolicy = "fail" | "skip" | "deadLetter";

/** Options of {@linkcode BadRecordError}. */
export interface BadRecordErrorOptions extends ErrorOptions {
  /** See {@linkcode BadRecordError.byteOffset}. */
  byteOffset?: number;
  /** See {@linkcode BadRecordError.column}. */
  column?: string;
}

/** A record cannot be decoded: malformed, too large, or not of the schema's types. */
export class BadRecordError extends Error {
  /** `"BadRecordError"`. */
  override readonly name: string = "BadRecordError";
  /** The physical line on which the record starts, from 1. */
  readonly line: number;
  /**
   * At which byte of the input it went wrong, or else where the record starts, from 0; `undefined`
   * where that is not known.
   */
  readonly byteOffset: number | undefined;
  /** The path of the column that the value was for, such as `user.city`, if it was for one. */
  readonly column: string | undefined;

  /** An error about the record that starts on `line`. */
  constructor(message: string, line: number, options: BadRecordErrorOptions = {}) {
    const { byteOffset, column, ...rest } = options;
    super(message, rest);
    this.line = line;
    this.byteOffset = byteOffset;
    this.column = column;
  }
}

/** What a dead-letter callback gets. */
export interface BadRecord {
  /** The record as it came, without its line end; of one that is too large, its beginning. */
  readonly bytes: Uint8Array;
  /** Why it cannot be decoded. */
  readonly error: BadRecordError;
  /** The physical line on which it starts, from 1. */
  readonly line: number;
}

/** The options about records that cannot be decoded. */
export interface BadRecordOptions {
  /**
   * `"fail"` (default) throws, `"skip"` leaves the record out and counts it, `"deadLetter"` also
   * hands it to the `deadLetter` callback.
   */
  badRecords?: BadRecordPolicy;
  /** Gets the bad records under `badRecords: "deadLetter"`, before `push` returns. */
  deadLetter?: (bad: BadRecord) => void;
}

/** Applies a policy to bad records and counts them. */
export class BadRecords {
  readonly #policy: BadRecordPolicy;
  readonly #deadLetter: ((bad: BadRecord) => void) | undefined;
  #count = 0;

  /**
   * A policy and what it needs.
   *
   * @throws {TypeError} when the policy is none of the three, or it and the callback do not go
   * together.
   */
  constructor({ badRecords = "fail", deadLetter }: BadRecordOptions) {
    if (!["fail", "skip", "deadLetter"].includes(badRecords)) {
      throw new TypeError(
        `Cannot make decoder: badRecords must be "fail", "skip" or "deadLetter", received ` +
          JSON.stringify(badRecords),
      );
    }
    if ((badRecords === "deadLetter") !== (typeof deadLetter === "function")) {
      throw new TypeError(
        `Cannot make decoder: badRecords: "deadLetter" and a deadLetter callback go together, ` +
          `received badRecords: "${badRecords}" and deadLetter: ${typeof deadLetter}`,
      );
    }
    this.#policy = badRecords;
    this.#deadLetter = deadLetter;
  }

  /** How many there were. */
  get count(): number {
    return this.#count;
  }

  /**
   * Deals with a bad record; the error may be made only if it is wanted, since that takes longer than
   * all else that is done with a record.
   *
   * @throws {BadRecordError} the error itself under `"fail"`.
   */
  report(error: BadRecordError | (() => BadRecordError), bytes: () => Uint8Array): void {
    this.#count++;
    if (this.#policy === "skip") return;
    const made = typeof error === "function" ? error() : error;
    if (this.#policy === "fail") throw made;
    this.#deadLetter?.({ bytes: bytes(), error: made, line: made.line });
  }
}

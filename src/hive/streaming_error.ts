/** Options of a {@linkcode StreamingError}. */
export interface StreamingErrorOptions extends ErrorOptions {
  /** Whether doing the same again may succeed. Default false. */
  retriable?: boolean;
  /** The batch that it is about, from 0. */
  batch?: number;
  /** How often that batch was tried. */
  attempt?: number;
  /** How long the other side has asked to be left alone, ms. */
  retryAfterMs?: number;
}

/** A stream could not go on, or could not do what was asked of it. */
export class StreamingError extends Error {
  /** The name of the class. */
  override readonly name: string = "StreamingError";
  /** Whether doing the same again may succeed. */
  readonly retriable: boolean;
  /** The batch that it is about, from 0, of a stream of batches. */
  readonly batch?: number;
  /** How often that batch was tried, from 1. */
  readonly attempt?: number;
  /** How long the other side has asked to be left alone, ms: a retry waits at least as long. */
  readonly retryAfterMs?: number;

  /** With a message that says what could not be done, why, and what to do. */
  constructor(message: string, options: StreamingErrorOptions = {}) {
    super(message, options);
    this.retriable = options.retriable ?? false;
    if (options.batch !== undefined) this.batch = options.batch;
    if (options.attempt !== undefined) this.attempt = options.attempt;
    if (options.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** What was thrown, as an error: anything can be thrown, `undefined` too, which passes for none. */
export function errorOf(cause: unknown): Error {
  if (cause instanceof Error) return cause;
  return new StreamingError(`Cannot go on: ${String(cause)} was thrown`, { cause });
}

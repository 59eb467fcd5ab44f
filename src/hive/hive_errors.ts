import { RingCorruptedError } from "./ring_memory.ts";
import { StreamingError } from "./streaming_error.ts";

/** Too many bees were lost: the stream has failed. */
export class LostBeesError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "LostBeesError";
}

/** The bees cannot run the user's function. */
export class UnfitBeeError extends StreamingError {
  /** The name of the class. */
  override readonly name: string = "UnfitBeeError";
}

/** No thread can be had for a bee. */
export function spawnError(doing: string, cause: unknown): StreamingError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `Cannot ${doing}: a bee cannot be spawned: ${reason}; fewer workers or a ` +
    "smaller ringBytes take less memory";
  return new StreamingError(message, { cause });
}

/** What the hive shares with a bee is damaged. */
export function damageError(cause: unknown): StreamingError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  if (!(cause instanceof RingCorruptedError)) {
    return new StreamingError(`Cannot go on: ${reason}`, { cause });
  }
  const message =
    `Cannot go on: a ring between the stream and a bee is damaged: ${reason}; do not ` +
    "trust results that came just before, and make a new stream";
  return new RingCorruptedError(message, { cause });
}

/** Bytes are no MessagePack, no rows, or beyond a limit. */
export class MessagePackError extends Error {
  /** `"MessagePackError"`. */
  override readonly name: string = "MessagePackError";
  /** At which byte, from 0. */
  readonly offset: number;

  /** What is wrong at a byte, and what to do about it. */
  constructor(reason: string, { offset, fix }: { offset: number; fix: string }) {
    super(`Cannot read MessagePack: byte ${offset}: ${reason}; ${fix}`);
    this.offset = offset;
  }
}

/** Compressed input cannot be inflated: damaged, cut short, in another format, or too much. */
export class InflateError extends Error {
  /** `"InflateError"`. */
  override readonly name: string = "InflateError";
  /** At which byte of the compressed input, from 0. */
  readonly offset: number;

  /** An error at a byte of the compressed input. */
  constructor(message: string, offset: number, options?: ErrorOptions) {
    super(message, options);
    this.offset = offset;
  }
}

/** What went wrong, before it is known in which input: turned into an {@linkcode InflateError}. */
export class InflateFault extends Error {
  override readonly name = "InflateFault";
  /** At which byte. */
  readonly offset: number;
  /** What to do about it. */
  readonly fix: string;

  /** A fault at a byte. */
  constructor(reason: string, { offset, fix }: { offset: number; fix: string }) {
    super(reason);
    this.offset = offset;
    this.fix = fix;
  }

  /** As one for callers. */
  in(name: string): InflateError {
    const message = `Cannot inflate ${name}: byte ${this.offset}: ${this.message}; ${this.fix}`;
    return new InflateError(message, this.offset, { cause: this });
  }
}

/** What to do about bytes that changed on the way. */
export const COPY_AGAIN = "the input is damaged: copy or compress it again";

/** The fault of input that ends too early. */
export function cutShort(offset: number, within: string): InflateFault {
  const fix = "the input was cut short: copy or compress it again";
  return new InflateFault(`the input ends within ${within}`, { offset, fix });
}

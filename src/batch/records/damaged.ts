/** The error for bytes that no writer wrote, or that were cut or overwritten since. */
export function damaged(why: string, cause?: unknown): RangeError {
  return new RangeError(
    `Cannot read records: the batch is damaged, ${why}; it was cut short or overwritten`,
    { cause },
  );
}

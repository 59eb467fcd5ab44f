/** Whether doing the same again may mend a failure: unless its error says that it cannot. */
export function isRetriable(error: unknown): boolean {
  return !(error instanceof Error && "retriable" in error && error.retriable === false);
}

/** How long the other side has asked to be left alone, ms; 0 when it has not. */
export function askedDelayMs(error: unknown): number {
  if (!(error instanceof Error && "retryAfterMs" in error)) return 0;
  const { retryAfterMs } = error;
  return typeof retryAfterMs === "number" && retryAfterMs > 0 && retryAfterMs < Infinity
    ? retryAfterMs
    : 0;
}

/** What was thrown, in words. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

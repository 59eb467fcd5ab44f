/** A note of more bytes is not made: brokers take 4,096 (`offset.metadata.max.bytes`). */
const MOST_BYTES = 1_000;

/** Windows, and up to where they were delivered. */
export interface Delivered {
  /** Which windows, in words. */
  readonly windows: string;
  /** Those that end by then, ms. */
  readonly until: number;
}

/** What is noted of them beside an offset; `undefined`: that would be too long. */
export function deliveredNote({ windows, until }: Delivered): string | undefined {
  const note = JSON.stringify({ waggle: 1, deliveredUntil: until, windows });
  return new TextEncoder().encode(note).length > MOST_BYTES ? undefined : note;
}

/** Up to where such windows were delivered, ms, by what is noted; `undefined`: nobody said. */
export function deliveredUntil(
  note: string | undefined,
  windows: string | undefined,
): number | undefined {
  if (note === undefined || windows === undefined) return undefined;
  try {
    // what stands there may be anybody's
    const told = Object(JSON.parse(note));
    const isOurs = told.waggle === 1 && told.windows === windows;
    return isOurs && Number.isFinite(told.deliveredUntil) ? told.deliveredUntil : undefined;
  } catch {
    return undefined;
  }
}

import { setTimeout as delay } from "node:timers/promises";

/** Squares. */
export function square(n: number): number {
  return n * n;
}

/** Takes a millisecond of work. */
export function slow(n: number): number {
  const endMs = performance.now() + 1;
  while (performance.now() < endMs) { /* work */ }
  return n;
}

const byKey = new Map<string, number>();
let running = 0;

/** Tells how many calls ran when this one did, in all and of its key. */
export async function countInFlight(
  n: number,
  { key }: { key: string },
): Promise<{ n: number; inFlight: number; ofKey: number }> {
  running++;
  byKey.set(key, (byKey.get(key) ?? 0) + 1);
  await delay(1 + n % 3);
  const seen = { n, inFlight: running, ofKey: byKey.get(key)! };
  running--;
  byKey.set(key, byKey.get(key)! - 1);
  return seen;
}

/** Loops for ever on a poisonous record. */
export function hangOnPoison(record: { n: number; poison: boolean }): number {
  while (record.poison) { /* for ever */ }
  return record.n;
}

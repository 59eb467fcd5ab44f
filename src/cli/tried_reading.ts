import { readingFault } from "../runtime/reading_fault.ts";

/**
 * Does something with what is read.
 *
 * @throws {Error} that says what cannot be read, why, and what to do, where that fails.
 */
export async function triedReading<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw new Error(`cannot read ${what}: ${readingFault(cause)}`, { cause });
  }
}

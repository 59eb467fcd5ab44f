/**
 * Functions for steps of pipelines, which bees import from here.
 *
 * @module
 */

/** Twice the value. */
export function doubled({ n }: { n: number }): { n: number; twice: number } {
  return { n, twice: 2 * n };
}

/** A row a word. */
export function words({ text }: { text: string }): { word: string }[] {
  return text.split(" ").filter((word) => word !== "").map((word) => ({ word }));
}

/** Gives promises, which nobody can see in a reference to it. */
export function promised({ n }: { n: number }): Promise<{ n: number }> {
  return Promise.resolve({ n });
}

/** No function at all. */
export const none = 5;

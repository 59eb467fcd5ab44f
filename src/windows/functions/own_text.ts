/** Texts below this length are never parts of others. */
const SHORT = 13;

/**
 * The same text apart from all others: text that was read as a part of that of a whole batch keeps
 * all of it in memory.
 */
export function ownText(text: string): string {
  return text.length < SHORT ? text : (" " + text).slice(1);
}

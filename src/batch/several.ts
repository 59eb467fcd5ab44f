/**
 * How many there are of something, in words: `1 row`, `2 rows`.
 *
 * @param one What one of them is called.
 * @param more What several are called, if that is not the same with an `s`.
 */
export function several(count: number, one: string, more = `${one}s`): string {
  return `${count} ${count === 1 ? one : more}`;
}

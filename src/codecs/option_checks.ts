/**
 * Checks an option that must be a whole number of at least 1.
 *
 * @throws {RangeError} when it is not.
 */
export function checkPositive(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new RangeError(
    `Cannot make decoder: ${name} must be a positive integer, received ${value}`,
  );
}

/**
 * Checks an option that must be one of some words.
 *
 * @throws {TypeError} when it is not.
 */
export function checkWord<W extends string>(name: string, value: W, words: readonly W[]): W {
  if (words.includes(value)) return value;
  throw new TypeError(
    `Cannot make decoder: ${name} must be ${words.map((word) => `"${word}"`).join(" or ")}, ` +
      `received ${JSON.stringify(value)}`,
  );
}

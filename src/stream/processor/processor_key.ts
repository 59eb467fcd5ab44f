/** What records can be grouped by: one value of a plain type; a missing one is null. */
export type ProcessorKey = string | number | bigint | boolean | null;

/**
 * A key as a text, for keys of one column may be of different types.
 *
 * @throws {TypeError} when it is none.
 */
export function encodeKey(key: unknown): string | null {
  switch (typeof key) {
    case "string":
      return `s${key.toWellFormed()}`;
    case "number":
      return `n${key}`; // −0 is 0
    case "bigint":
      return `i${key}`;
    case "boolean":
      return `b${key}`;
    case "undefined":
      return null;
    default:
      if (key === null) return null;
      throw new TypeError(
        `Cannot process record: its key must be a string, number, bigint or boolean, or missing, ` +
          `received ${typeof key}; pass key: (record) => … that makes one`,
      );
  }
}

/** The key that a text was made of. */
export function decodeKey(text: string | null): ProcessorKey {
  if (text === null) return null;
  const rest = text.slice(1);
  switch (text[0]) {
    case "n":
      return Number(rest);
    case "i":
      return BigInt(rest);
    case "b":
      return rest === "true";
    default:
      return rest;
  }
}

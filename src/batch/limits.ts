/** The deepest nesting of a type, and of a value in a mixed column: 64 levels. */
export const MAX_DEPTH = 64;

/** How many rows a schema is inferred from: the first 1,024. */
export const INFERENCE_ROWS = 1024;

/** Distinct strings that a dictionary holds unless told otherwise: 65,536. */
export const MAX_DICTIONARY_ENTRIES = 65_536;

/** The most bytes of text or binary values in one column: 32-bit offsets end here. */
export const MAX_COLUMN_BYTES = 2 ** 31 - 1;

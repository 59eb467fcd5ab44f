/** The most bytes of one record unless told otherwise: 1 MiB. */
export const MAX_RECORD_BYTES = 1_048_576;

/** The most columns of a CSV file, or to infer from JSON, unless told otherwise: 4,096. */
export const MAX_COLUMNS = 4_096;

/** The deepest nesting of a JSON record unless told otherwise: 64 levels, the record being one. */
export const MAX_JSON_DEPTH = 64;

/** Rows in a batch that a decoder gives, unless told otherwise: 8,192. */
export const BATCH_ROWS = 8_192;

/** A batch is closed before its full number of rows when its records reach this size: 64 MiB. */
export const MAX_BATCH_BYTES = 67_108_864;

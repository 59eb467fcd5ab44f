/** The deepest nesting of the types of an Avro schema, unions being a level too: 128. */
export const MAX_AVRO_DEPTH = 128;

/** The deepest nesting of a schema's JSON: records take three levels each. */
export const MAX_AVRO_JSON_DEPTH: number = 3 * MAX_AVRO_DEPTH;

/** The most fields of all records of an Avro schema together: 4,096, as columns. */
export const MAX_AVRO_FIELDS = 4_096;

/** The most symbols of an enum: 65,536, as entries of a dictionary. */
export const MAX_AVRO_SYMBOLS = 65_536;

/** The most bytes of a fixed type: 1 MiB, as a record. */
export const MAX_AVRO_FIXED_BYTES = 1_048_576;

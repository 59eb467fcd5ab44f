/**
 * The bytes of one batch of records, little-endian, from an 8-byte aligned start:
 *
 * ```
 * header    HEADER_BYTES, the words below
 * columns   the data of every column in the order of the walk, each piece 8-byte aligned
 * text      all strings one after the other, UTF-8 or (with lone surrogates) UTF-16
 * free      values that no column holds, a tag each
 * shapes    a hash, a length and the keys as JSON text for every shape of the batch
 * meta      32-bit words that say what each column is, in the order of the walk
 * ```
 *
 * The walk starts at the root column, whose cells are the values of the batch. A column's cells are
 * all of one kind, or a tag byte each. Behind each kind lies the data of its cells alone: 8-byte
 * words (numbers, dates, bigints), texts, offsets into the free section, lists (lengths, then one
 * column of all items) and objects (for each shape one column per key).
 */

/** "WGR1": format and version. */
export const MAGIC = 0x31524757;
export const HEADER_BYTES = 64;

/** Positions of the header's 32-bit words; offsets and lengths in bytes. */
export const HEADER = {
  magic: 0,
  totalBytes: 1,
  valueCount: 2,
  textOffset: 3,
  textBytes: 4,
  /** Length of the text in UTF-16 units. */
  textUnits: 5,
  textEncoding: 6,
  freeOffset: 7,
  freeBytes: 8,
  /** Where the free section's strings begin in the text, in UTF-16 units. */
  freeTextStart: 9,
  shapesOffset: 10,
  shapeCount: 11,
  metaOffset: 12,
  metaWords: 13,
} as const;

export const ENCODING_UTF8 = 0;
export const ENCODING_UTF16 = 1;

/** What a cell is; also the kind of a column whose cells are all the same. */
export const TAG_NULL = 0;
export const TAG_UNDEFINED = 1;
export const TAG_FALSE = 2;
export const TAG_TRUE = 3;
export const TAG_NUMBER = 4;
export const TAG_DATE = 5;
/** A bigint of 64 bits; longer ones are free values. */
export const TAG_BIGINT = 6;
export const TAG_TEXT = 7;
export const TAG_FREE = 8;
export const TAG_LIST = 9;
/** The first shape of an object column; the next shapes follow. */
export const TAG_OBJECT = 10;
/** Shapes one column learns; objects of more shapes are free values. */
export const MAX_SHAPES_PER_COLUMN = 64;
/** The kind of a column of differing cells: a tag byte each. */
export const KIND_MIXED = 254;
/** The kind of a column without a cell. */
export const KIND_NONE = 255;

/** Bits of a column's meta word: which data follows. */
export const HAS_WORDS = 1;
export const HAS_TEXT = 2;
export const HAS_FREE = 4;
export const HAS_LIST = 8;
export const HAS_OBJECTS = 16;

/** Fields of an object up to which it becomes columns. */
export const MAX_COLUMN_FIELDS = 512;
/** Nesting up to which values become columns. */
export const MAX_COLUMN_DEPTH = 24;

/** Tags of the free section beyond the ones above. */
export const FREE_OBJECT = 16;
export const FREE_ARRAY = 17;
export const FREE_SPARSE = 18;
export const FREE_MAP = 19;
export const FREE_SET = 20;
export const FREE_REGEXP = 21;
export const FREE_ERROR = 22;
export const FREE_BOXED = 23;
export const FREE_BUFFER = 24;
export const FREE_RESIZABLE = 25;
export const FREE_VIEW = 26;
export const FREE_BACK = 27;
export const FREE_LONG_BIGINT = 28;

/** The error classes that keep their class, by their index. */
export const ERROR_NAMES: readonly string[] = [
  "Error",
  "EvalError",
  "RangeError",
  "ReferenceError",
  "SyntaxError",
  "TypeError",
  "URIError",
  "AggregateError",
  "DOMException",
];

/** The views of binary data, by their index. */
export const VIEW_NAMES: readonly string[] = [
  "DataView",
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
];

/** The next multiple of 8. */
export function align8(bytes: number): number {
  return (bytes + 7) & ~7;
}

// The operations of a reading plan: see `read.ts`.

export const OP_BYTES: u32 = 32;
export const AT_UNION: u32 = 4;
export const AT_COLUMN: u32 = 8;
export const AT_COLUMNS: u32 = 12;
export const AT_A: u32 = 16;
export const AT_B: u32 = 20;
export const AT_WITHIN: u32 = 24;

// As in src/kernel/avro_ops.ts.
export const RECORD: u32 = 0;
export const BOOL: u32 = 1;
export const I32: u32 = 2;
export const I64: u32 = 3;
export const WHOLE_F32: u32 = 4;
export const WHOLE_F64: u32 = 5;
export const WHOLE_F32_F64: u32 = 6;
export const TIMESTAMP: u32 = 7;
export const TIME: u32 = 8;
export const F32: u32 = 9;
export const F32_F64: u32 = 10;
export const F64: u32 = 11;
export const BYTES: u32 = 12;
export const TEXT: u32 = 13;
export const DICT: u32 = 14;
export const FIXED: u32 = 15;
export const ENUM: u32 = 16;
export const DECIMAL: u32 = 17;
export const DECIMAL_FIXED: u32 = 18;
export const UUID: u32 = 19;
export const ARRAY: u32 = 20;
export const MAP: u32 = 21;
export const DEFAULT: u32 = 22;
export const SKIP_WHOLE: u32 = 23;
export const SKIP_TEXT: u32 = 24;
export const SKIP_BYTES: u32 = 25;
export const SKIP_RECORD: u32 = 26;
export const SKIP_ITEMS: u32 = 27;
export const SKIP_UNION: u32 = 28;
export const SKIP_BRANCH: u32 = 29;
export const SKIP_AGAIN: u32 = 30;

// What can be wrong; from NULL on the record has an end all the same.
export const CUT: u32 = 1;
export const LONG_NUMBER: u32 = 2;
export const LENGTH: u32 = 3;
export const BRANCH: u32 = 4;
export const BLOCK: u32 = 5;
export const DEPTH: u32 = 6;
export const NULL: u32 = 10;
export const INT_RANGE: u32 = 11;
export const NO_SYMBOL: u32 = 12;
export const OTHER_SYMBOL: u32 = 13;
export const NOT_UTF8: u32 = 14;
export const NOT_BOOL: u32 = 15;
export const TIME_RANGE: u32 = 16;
export const DECIMAL_RANGE: u32 = 17;
export const RECORD_SIZE: u32 = 18;
export const REST: u32 = 19;

// The operations of a writing plan: see `write.ts`.

export const OP_BYTES: u32 = 32;
export const AT_UNION: u32 = 4;
export const AT_VALUES: u32 = 8;
export const AT_VALIDITY: u32 = 12;
export const AT_OFFSETS: u32 = 16;
export const AT_A: u32 = 20;
export const AT_WITHIN: u32 = 28;

// As in src/kernel/avro_ops.ts.
export const RECORD: u32 = 0;
export const BOOL: u32 = 1;
export const I32: u32 = 2;
export const I64: u32 = 3;
export const I64_INT: u32 = 4;
export const I32_SCALED: u32 = 5;
export const I64_SCALED: u32 = 6;
export const I32_F32: u32 = 7;
export const I32_F64: u32 = 8;
export const I64_F32: u32 = 9;
export const I64_F64: u32 = 10;
export const F32: u32 = 11;
export const F32_F64: u32 = 12;
export const F32_INT: u32 = 13;
export const F32_LONG: u32 = 14;
export const F64: u32 = 15;
export const F64_F32: u32 = 16;
export const F64_INT: u32 = 17;
export const F64_LONG: u32 = 18;
export const TEXT: u32 = 19;
export const CELL: u32 = 20;
export const ENUM: u32 = 21;
export const FIXED: u32 = 22;
export const UUID: u32 = 23;
export const DECIMAL: u32 = 24;
export const DECIMAL_FIXED: u32 = 25;
export const CONSTANT: u32 = 26;
export const ARRAY: u32 = 27;
export const MAP: u32 = 28;

/**
 * What flows: schemas, column types, record batches and their builders, the frame, expressions.
 *
 * @module
 */
export * from "./schema.ts";
export * as types from "./types.ts";
export { type RowOf, schema } from "./types.ts";
export type { Column, ColumnValues } from "./column.ts";
export { ColumnBuilder } from "./column_builder.ts";
export { columnOf } from "./column_of.ts";
export { isValid, readColumn, type RowRange, valueAt } from "./column_reader.ts";
export { inferSchema } from "./infer.ts";
export { INFERENCE_ROWS, MAX_COLUMN_BYTES, MAX_DEPTH, MAX_DICTIONARY_ENTRIES } from "./limits.ts";
export { type BuilderOptions, columnBuilder } from "./nested_builders.ts";
export * from "./record_batch.ts";
export * from "./record_batch_builder.ts";
export * from "./row_view.ts";
export { crc32c } from "./crc32c.ts";
export * from "./frame.ts";
export {
  type DecodedFrameHeader,
  FRAME_HEADER_BYTES,
  FRAME_VERSION,
  type FrameHeader,
  type FrameKind,
  FrameOffset,
  FrameVersionError,
  MAX_FRAME_BYTES,
  RowKind,
} from "./frame_header.ts";
export * from "./expressions/mod.ts";

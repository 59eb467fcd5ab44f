/**
 * What flows: schemas, column types, record batches and their builders, the frame, expressions.
 *
 * @module
 */
export type { DataType, Field, ROW, Schema, Typed, TypedSchema, VALUE, ValueOf } from "./schema.ts";
export * as types from "./types.ts";
export { type Fields, type RequiredField, type RowOf, schema } from "./types.ts";
export type { Column, ColumnValues } from "./column.ts";
export { columnOf } from "./column_of.ts";
export { isValid, readColumn, type RowRange, valueAt } from "./column_reader.ts";
export { inferSchema } from "./infer.ts";
export { type BuilderOptions } from "./nested_builders.ts";
export { type DictOptions } from "./variable_builders.ts";
export * from "./record_batch.ts";
export * from "./record_batch_builder.ts";
export * from "./row_view.ts";
export * from "./frame.ts";
export {
  type DecodedFrameHeader,
  type FrameHeader,
  type FrameKind,
  FrameVersionError,
  RowKind,
} from "./frame_header.ts";
export * from "./expressions/mod.ts";

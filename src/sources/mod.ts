/**
 * Where records come from.
 *
 * @module
 */
export * from "./avro_source.ts";
export * from "./file_source.ts";
export * from "./from.ts";
export * from "./iterable_source.ts";
export { HttpError, type HttpErrorOptions } from "./http/http_error.ts";

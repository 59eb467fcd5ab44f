/**
 * Arbitrary values as batches of columns, for crossing threads through shared memory.
 *
 * @module
 */
export { RecordReader } from "./record_reader.ts";
export { RecordWriter } from "./record_writer.ts";
export {
  DEFAULT_MAX_RECORD_BYTES,
  DEFAULT_MAX_RECORD_DEPTH,
  DEFAULT_MAX_STRING_LENGTH,
  HIGHEST_RECORD_DEPTH,
} from "./limits.ts";
export type { RecordLimits } from "./limits.ts";
export { describeUncrossable } from "./uncrossable.ts";

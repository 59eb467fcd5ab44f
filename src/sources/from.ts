import type { RecordBatch } from "../batch/record_batch.ts";
import type { InferredRow } from "../batch/record_batch.ts";
import "../hive/operator_loader.ts"; // which windows a program has is not known before it runs
import type { Pipeline } from "../stream/pipeline.ts";
import { pipelineFrom } from "../stream/pipeline_builder.ts";
import type { PipelineOptions } from "../stream/pipeline_options.ts";
import { isSource, type Source, type SourceOptions } from "../stream/source.ts";
import { IterableSource, type Rows } from "./iterable_source.ts";

/** What a pipeline's rows are, of what it is made from. */
export type RowOfInput<Input> = Input extends Source<infer Row> ? Row
  : Input extends Iterable<infer Each> | AsyncIterable<infer Each>
    ? Each extends RecordBatch<infer Row> ? Row
    : Each extends object ? InferredRow<Each>
    : never
  : never;

/** A {@linkcode Source}, whatever its rows are. */
export interface AnySource {
  /** What it is, for messages. */
  readonly name: string;
  /** Begins to read from the start. */
  open(options: SourceOptions): AsyncIterable<unknown>;
}

/** What a pipeline can be made from. */
export type PipelineInput =
  | AnySource
  | Iterable<object>
  | AsyncIterable<object>;

/**
 * Begins a pipeline with a source, or with an iterable of objects or record batches.
 *
 * @throws {TypeError | RangeError} when it is neither, or an option is none that it can be.
 *
 * @example
 * ```ts
 * import { count, from, mean, TumblingWindow } from "@waggle/stream";
 *
 * const readings = [
 *   { at: 0, sensor: "a", temperature: 20 },
 *   { at: 1_000, sensor: "a", temperature: 22 },
 *   { at: 61_000, sensor: "b", temperature: 18 },
 * ];
 * const minutes = from(readings, { workers: 1 })
 *   .timestamps("at", { format: "ms" })
 *   .keyBy("sensor")
 *   .window(new TumblingWindow({ size: "1m" }))
 *   .aggregate({ n: count(), avg: mean("temperature") });
 * for await (const { windowStart, sensor, n, avg } of minutes) {
 *   console.log(windowStart, sensor, n, avg); // 0 a 2 21, then 60000 b 1 18
 * }
 * ```
 */
export function from<Input extends PipelineInput>(
  input: Input,
  options: PipelineOptions = {},
): Pipeline<RowOfInput<Input>> {
  type Row = RowOfInput<Input>;
  if (isSource(input)) return pipelineFrom(input as Source<Row>, options);
  const isIterable = typeof input === "object" && input !== null &&
    (Symbol.iterator in input || Symbol.asyncIterator in input);
  if (!isIterable) {
    throw new TypeError(
      `Cannot create pipeline: from() takes a source such as csv(path), or an iterable of objects ` +
        `or record batches, received ${input === null ? "null" : typeof input}`,
    );
  }
  return pipelineFrom(new IterableSource<object, Row>(input as Rows<object>), options);
}

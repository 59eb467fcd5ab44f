/**
 * Streams of records over a hive of bees.
 *
 * @module
 */
export * from "./processor/enhanced_stream_processor.ts";
export { type ErrorRecord, isErrorRecord } from "./hive_stream/error_record.ts";
export * from "./hive_stream/hive_stream.ts";
export type { BeeMetrics, HiveStreamMetrics } from "./hive_stream/hive_stream_metrics.ts";
export type {
  DeadLetter,
  ErrorPolicy,
  HiveStreamOptions,
  Ordering,
} from "./hive_stream/hive_stream_options.ts";
export * from "./hive_stream/hive_stream_types.ts";
export type { EnhancedStreamProcessorOptions } from "./processor/processor_options.ts";
export type { ProcessorKey } from "./processor/processor_key.ts";
export type {
  BuiltInAggregation,
  BuiltInValue,
  EnhancedStreamProcessorMetrics,
  FoldAggregation,
  ListAggregation,
  WindowPane,
  WindowResult,
} from "./processor/processor_types.ts";
export * from "./publisher.ts";
export type { KeyedResult } from "./hive_stream/result_queue.ts";
export * from "./hive_stream/results_full_error.ts";
export { DeliveryGuarantee } from "./delivery_guarantee.ts";
export { BadInputError } from "./bad_inputs.ts";
export type { FunctionOptions, MapOptions, StepInfo } from "./function_step.ts";
export type { Reduced, ReduceOptions } from "./reduce_step.ts";
export type { TimestampFormat } from "../hive/event_time.ts";
export type { LateDataPolicy, LateRow } from "./late_output.ts";
export * from "./pipeline.ts";
export * from "./pipeline_rows.ts";
export * from "./runnable_pipeline.ts";
export * from "./timestamp_options.ts";
export * from "./windowed_pipeline.ts";
export type { PipelineBeeMetrics, PipelineMetrics } from "./pipeline_metrics.ts";
export type { PipelineOptions } from "./pipeline_options.ts";
export type { BatchOptions } from "./result_steps.ts";
export type { SemanticsOptions, SemanticsPreset } from "./semantics_options.ts";
export type { RunOptions } from "./run_options.ts";
export { type Jitter, RetryPolicy, type RetryPolicyOptions } from "./retry_policy.ts";
export { UnaccountedRecordsError } from "./record_account.ts";
export type {
  BadInput,
  BadInputPolicy,
  BlockFormat,
  BlockMemory,
  PartitionMetrics,
  RecordPlace,
  Settlement,
  Source,
  SourceAlignment,
  SourceBatch,
  SourceBlock,
  SourceMetrics,
  SourceOptions,
  SourceProgress,
} from "./source.ts";
export * from "./joint/together.ts";
export type { TriggerOptions } from "./trigger_options.ts";
export type { AnyWindow, UntimedWindow } from "./window_plan.ts";

/**
 * Generators: learn what rows look like, and make others like them.
 *
 * @module
 */
export * from "./synthetic_generator.ts";
export * from "./generator_errors.ts";
export {
  type CellMaker,
  Sample,
  SampleBatches,
  type SampleBatchesOptions,
  type SampleOptions,
  type SampleRange,
} from "./sampling/sample.ts";
export type { Cells, ListedCells } from "./sampling/column_outputs.ts";
export type { UpdateOptions } from "./update/update_options.ts";
export type {
  ColumnOptions,
  ColumnRole,
  FitOptions,
  FitProgress,
  MadeOptions,
  ModelKind,
} from "./fit_options.ts";
export type { ArrivalOptions, DisorderOptions } from "./arrival/declare_arrivals.ts";
export type { GapModel, RateCurve, RateLevels, RateModel } from "./arrival/arrivals.ts";
export {
  bursts,
  type BurstsOptions,
  constant,
  diurnal,
  type DiurnalOptions,
  poisson,
  type Rate,
} from "./arrival/rate_shapes.ts";
export {
  ramp,
  type RampOptions,
  sine,
  type SineOptions,
  square,
  type SquareOptions,
  varying,
  type VaryingOptions,
} from "./arrival/rate_waves.ts";
export type {
  ColumnCondition,
  ColumnTest,
  ComparisonOperator,
  Conditions,
  ConditionsByColumn,
  ConditionValue,
} from "./conditions/conditions.ts";
export type { Pace } from "./streaming/pace.ts";
export type { AdaptiveRate } from "./streaming/adaptive_limit.ts";
export { BufferFullError, type FullBuffer } from "./streaming/due_records.ts";
export type { GeneratedStream } from "./streaming/generated_stream.ts";
export type {
  PublishErrorPolicy,
  StreamingGeneratorOptions,
  StreamOptions,
} from "./streaming/stream_options.ts";
export type { StreamReport } from "./streaming/stream_sender.ts";
export { StreamingGenerator } from "./streaming/streaming_generator.ts";
export {
  type BufferLevel,
  type LatencyPercentiles,
  type SentBatch,
  type StreamingFigures,
  StreamingMetrics,
  type StreamingMetricsOptions,
  type StreamListener,
} from "./streaming/streaming_metrics.ts";
export { type KeyShares, type TwinArrivalOptions, zipf } from "./twins/twin_options.ts";
export type { GeneratorSpec } from "./spec/declared_model.ts";
export type {
  AnyColumnSpec,
  BooleanSpec,
  CellOf,
  ColumnSpec,
  ColumnSpecs,
  ConstantSpec,
  DatesSpec,
  ExponentialSpec,
  IntegersSpec,
  LognormalSpec,
  LookupSpec,
  Moment,
  NormalSpec,
  NumberSpec,
  PatternSpec,
  RowOfSpecs,
  Scalar,
  SequenceSpec,
  TimestampsSpec,
  UniformSpec,
  UuidSpec,
  ValuesSpec,
  Widened,
} from "./spec/column_spec.ts";

import type { Schema, TypedSchema } from "../../batch/schema.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import { BoundedDisorder } from "../../windows/bounded_disorder.ts";
import { WatermarkStrategy } from "../../windows/watermark_strategy.ts";
import { type TimestampFormat, valueTime } from "../../hive/event_time.ts";
import { OptionChecks } from "../option_checks.ts";
import {
  PIPELINE_OPTION_NAMES,
  type PipelineOptions,
  type PipelineSettings,
  pipelineSettings,
} from "../pipeline_options.ts";
import { type TriggerOptions, triggerSpec } from "../trigger_options.ts";
import { type AnyWindow, isAnyWindow } from "../window_plan.ts";

const DEFAULT_BUFFER_SIZE = 65_536;
const DEFAULT_TIMESTAMP = "timestamp";
const DEFAULT_KEY = "key";

/** Options of an `EnhancedStreamProcessor`; those of pipelines mean what they do there. */
export interface EnhancedStreamProcessorOptions<In = Record<string, unknown>>
  extends PipelineOptions {
  /** Which windows a record belongs to. */
  windowAssigner: AnyWindow;
  /** When windows give results besides the one at their end. Default: never. */
  trigger?: TriggerOptions;
  /**
   * How watermarks come about. Default: the greatest time so far, so that what is older is late once
   * its windows have closed.
   */
  watermarkGenerator?: WatermarkStrategy;
  /** A record's event time: the name of a property, or a function. Default `"timestamp"`. */
  timestamp?: (keyof In & string) | ((record: In) => unknown);
  /**
   * How times are written. Default: numbers are milliseconds since 1970, texts ISO 8601; a `Date`
   * may come whatever the format.
   */
  timestampFormat?: TimestampFormat;
  /**
   * What records are grouped by: the name of a property, or a function, with a string, number,
   * bigint or boolean. Records without one are a group of their own. Default `"key"`.
   */
  key?: (keyof In & string) | ((record: In) => unknown);
  /** Columns of built-in aggregates. Default: by the first record that has a value in each. */
  schema?: TypedSchema<unknown>;
  /** Records that wait for the bees, at most, before a call waits. Default 65,536. */
  bufferSize?: number;
}

/** Checked options with all defaults in place. */
export interface ProcessorSettings<In> {
  readonly window: AnyWindow;
  readonly trigger: TriggerOptions | undefined;
  readonly watermarks: WatermarkStrategy;
  /** What times and keys are taken from, in words. */
  readonly timeName: string;
  readonly keyName: string;
  readonly timeOf: (record: In) => number;
  readonly keyOf: (record: In) => unknown;
  readonly schema: Schema | undefined;
  readonly bufferSize: number;
  readonly pipeline: PipelineSettings;
  /** The options of the pipeline. */
  readonly options: PipelineOptions;
}

const CREATED = "EnhancedStreamProcessor";
const OPTIONS: OptionRule<EnhancedStreamProcessorOptions> = {
  doing: `create ${CREATED}`,
  names: {
    windowAssigner: true,
    trigger: true,
    watermarkGenerator: true,
    timestamp: true,
    timestampFormat: true,
    key: true,
    schema: true,
    bufferSize: true,
    ...PIPELINE_OPTION_NAMES,
  },
  example: '{ windowAssigner: new TumblingWindow({ size: "60s" }) }',
};
const FORMATS: readonly (TimestampFormat | undefined)[] = [
  undefined,
  "iso",
  "date",
  "s",
  "ms",
  "us",
];
const check = new OptionChecks(CREATED);

/**
 * Checks the options of a processor and puts defaults in place.
 *
 * @throws {TypeError | RangeError} naming the option that cannot be, or is not known.
 */
export function processorSettings<In extends object>(
  given: EnhancedStreamProcessorOptions<In>,
): ProcessorSettings<In> {
  const {
    windowAssigner,
    trigger,
    watermarkGenerator = new BoundedDisorder({ maxDisorder: 0 }),
    timestamp = DEFAULT_TIMESTAMP,
    timestampFormat,
    key = DEFAULT_KEY,
    schema,
    bufferSize = DEFAULT_BUFFER_SIZE,
    ...options
  } = knownOptions(given, OPTIONS as OptionRule<EnhancedStreamProcessorOptions<In>>);
  checkWindow(windowAssigner);
  checkWatermarks(watermarkGenerator);
  if (trigger !== undefined) triggerSpec(trigger);
  checkColumns(schema);
  check.oneOf("timestampFormat", timestampFormat, FORMATS);
  const getTime = getter("timestamp", timestamp);
  const pipeline = pipelineSettings(options, CREATED);
  return {
    window: windowAssigner,
    trigger,
    watermarks: watermarkGenerator,
    timeOf: (record) => timeOf(getTime(record), { timestamp, format: timestampFormat }),
    keyOf: getter("key", key),
    timeName: named("timestamp", timestamp),
    keyName: named("key", key),
    schema: schema as Schema | undefined,
    bufferSize: check.count("bufferSize", bufferSize, { least: 1 }),
    pipeline,
    options,
  };
}

function checkWindow(window: unknown): void {
  if (isAnyWindow(window)) return;
  throw new TypeError(
    `Cannot create EnhancedStreamProcessor: windowAssigner must be windows such as ` +
      `new TumblingWindow({ size: "60s" }), received ${received(window)}`,
  );
}

function checkColumns(schema: unknown): void {
  if (schema === undefined || Array.isArray((Object(schema) as Partial<Schema>).fields)) return;
  throw new TypeError(
    `Cannot create EnhancedStreamProcessor: schema must be one such as ` +
      `schema({ price: types.f64 }), received ${received(schema)}`,
  );
}

function checkWatermarks(watermarks: unknown): void {
  if (watermarks instanceof WatermarkStrategy) return;
  throw new TypeError(
    `Cannot create EnhancedStreamProcessor: watermarkGenerator must be a strategy such as ` +
      `new PeriodicWatermarkGenerator({ interval: "10s" }), received ${received(watermarks)}`,
  );
}

function getter<In>(name: string, by: unknown): (record: In) => unknown {
  if (typeof by === "function") return by as (record: In) => unknown;
  if (typeof by !== "string") {
    throw new TypeError(
      `Cannot create EnhancedStreamProcessor: ${name} must be the name of a property or a ` +
        `function of the record, received ${received(by)}`,
    );
  }
  if (!(by in Object.prototype)) return (record) => (record as Record<string, unknown>)[by];
  return (record) =>
    Object.hasOwn(record as object, by) ? (record as Record<string, unknown>)[by] : undefined;
}

function named(option: string, by: unknown): string {
  return typeof by === "string" ? JSON.stringify(by) : `${option}(record)`;
}

/** What {@linkcode timeOf} needs to know. */
interface TimeRule {
  readonly timestamp: unknown;
  readonly format: TimestampFormat | undefined;
}

function timeOf(value: unknown, { timestamp, format }: TimeRule): number {
  const time = valueTime(value, format);
  if (time !== undefined) return time;
  const from = typeof timestamp === "string" ? `${JSON.stringify(timestamp)}` : "timestamp()";
  if (value === undefined || value === null) {
    throw new TypeError(
      `Cannot process record: it has no event time, for ${from} is ${value}; name the property ` +
        `that has it by timestamp: "…", or pass a function`,
    );
  }
  const kind = format === undefined
    ? "milliseconds since 1970, an ISO 8601 text or a Date"
    : `of timestampFormat "${format}" or a Date`;
  throw new TypeError(
    `Cannot process record: its event time ${from} must be ${kind}, received ${received(value)}`,
  );
}

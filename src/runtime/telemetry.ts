/** What is told about a measurement. */
export type Attributes = Readonly<Record<string, string>>;

/** Sums what is added. */
export interface Counter {
  add(value: number, attributes: Attributes): void;
}

/** Takes single values: the newest counts of a gauge, the distribution of a histogram. */
export interface Recorder {
  record(value: number, attributes: Attributes): void;
}

/** What an instrument is. */
export interface InstrumentOptions {
  /** What it measures, for people. */
  readonly description: string;
  /** In UCUM: `"By"`, `"s"`, `"{record}"`, `"1"`. */
  readonly unit: string;
}

/** Makes instruments of OpenTelemetry. */
export interface Meter {
  createCounter(name: string, options: InstrumentOptions): Counter;
  createGauge(name: string, options: InstrumentOptions): Recorder;
  createHistogram(name: string, options: InstrumentOptions): Recorder;
}

/** The process's own OpenTelemetry, where it is on (`OTEL_DENO=true`). */
export function openMeter(name: string): Meter | undefined {
  try {
    return Deno.telemetry.meterProvider.getMeter(name);
  } catch {
    return undefined; // it was not switched on: the provider says so by an error
  }
}

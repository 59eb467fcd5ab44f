import { type Attributes, type Meter, openMeter } from "../../runtime/telemetry.ts";
import type {
  BufferLevel,
  SentBatch,
  StreamingMetrics,
  StreamListener,
} from "./streaming_metrics.ts";

const METER = "@waggle/stream";
const MS_PER_SECOND = 1000;

/** What OpenTelemetry is told about streams. */
class StreamingInstruments {
  readonly #records;
  readonly #batches;
  readonly #bytes;
  readonly #errors;
  readonly #retries;
  readonly #dropped;
  readonly #skipped;
  readonly #fill;
  readonly #duration;

  constructor(meter: Meter) {
    const counter = (name: string, unit: string, description: string) =>
      meter.createCounter(`waggle.stream.${name}`, { unit, description });
    this.#records = counter("records", "{record}", "Records that were delivered");
    this.#batches = counter("batches", "{batch}", "Batches that were delivered");
    this.#bytes = counter("io", "By", "Bytes that were delivered, as far as the publisher tells");
    this.#errors = counter("errors", "{attempt}", "Attempts to deliver a batch that failed");
    this.#retries = counter("retries", "{attempt}", "Attempts after a failure");
    this.#dropped = counter("dropped", "{record}", "Records lost because the buffer was full");
    this.#skipped = counter("skipped", "{record}", "Records of batches that were given up");
    this.#fill = meter.createGauge("waggle.stream.buffer.utilization", {
      unit: "1",
      description: "Records that are due and were not sent, as a share of what the buffer holds",
    });
    this.#duration = meter.createHistogram("waggle.stream.batch.duration", {
      unit: "s",
      description: "How long the publisher took for a batch",
    });
  }

  sent({ records, bytes = 0, latencyMs }: SentBatch, about: Attributes): void {
    this.#records.add(records, about);
    this.#batches.add(1, about);
    if (bytes > 0) this.#bytes.add(bytes, about);
    if (latencyMs !== undefined) this.#duration.record(latencyMs / MS_PER_SECOND, about);
  }

  failed(about: Attributes): void {
    this.#errors.add(1, about);
  }

  retried(about: Attributes): void {
    this.#retries.add(1, about);
  }

  gaveUp(records: number, about: Attributes): void {
    this.#skipped.add(records, about);
  }

  buffer({ buffered, bufferSize, dropped }: BufferLevel, about: Attributes): void {
    this.#fill.record(bufferSize === 0 ? 0 : buffered / bufferSize, about);
    if (dropped > 0) this.#dropped.add(dropped, about);
  }
}

let opened: { readonly instruments: StreamingInstruments | undefined } | undefined;

/** Those of this process; absent where OpenTelemetry is off. */
function streamingInstruments(): StreamingInstruments | undefined {
  if (!opened) {
    const meter = openMeter(METER);
    opened = { instruments: meter && new StreamingInstruments(meter) };
  }
  return opened.instruments;
}

/** Who hears a stream: its metrics, and OpenTelemetry where that is on. */
export function listenersOf(metrics: StreamingMetrics | undefined): StreamListener[] {
  const instruments = streamingInstruments();
  const told = metrics ? [metrics] : [];
  if (!instruments) return told;
  const about: Attributes = metrics?.name === undefined
    ? {}
    : { "waggle.stream.name": metrics.name };
  return [...told, {
    sent: (batch) => instruments.sent(batch, about),
    failed: () => instruments.failed(about),
    retried: () => instruments.retried(about),
    gaveUp: (records) => instruments.gaveUp(records, about),
    buffer: (level) => instruments.buffer(level, about),
  }];
}

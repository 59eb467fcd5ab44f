import type { RecordBatch } from "../../batch/record_batch.ts";
import { JsonEncoder, type JsonEncoderOptions } from "../../codecs/json/json_encoder.ts";
import { checkWord } from "../../codecs/option_checks.ts";
import { denoRuntime } from "../../runtime/deno_runtime.ts";
import { type Duration, milliseconds } from "../../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../../runtime/known_options.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { type BatchStream, PulledBatches } from "./batch_stream.ts";
import { streamOnDemand } from "./stream_on_demand.ts";

/** Options of {@linkcode toEventStream}. */
export interface EventStreamOptions {
  /** Whether each record is an event (default), or each batch, as an array. */
  each?: "record" | "batch";
  /** The type of the events. Default: none, which is `"message"` for who listens. */
  event?: string;
  /**
   * The ids of events: a number is that of the first record, from which is counted; a text is the
   * column that has them. A batch has the id of its last record. Default: none.
   */
  id?: number | string;
  /** What who listens is told to wait before it connects again. Default: nothing is told. */
  retry?: Duration;
  /**
   * A comment is sent when nothing else was for that long, so that nobody on the way takes the
   * connection for dead; `false`: never. Default `"15s"`, as the specification advises.
   */
  keepAlive?: Duration | false;
  /** How records are written. */
  json?: Omit<JsonEncoderOptions, "lines">;
  /** The world: clocks and timers. Default: that of the process. */
  runtime?: Runtime;
}

const DOING = "make a stream of events";
const OPTIONS: OptionRule<EventStreamOptions> = {
  doing: DOING,
  names: {
    each: true,
    event: true,
    id: true,
    retry: true,
    keepAlive: true,
    json: true,
    runtime: true,
  },
  example: '{ event: "reading" }',
};
const COMMENT = ":\n\n";
/** Without a mark at its start, which would be a character of the data. */
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

interface EventSettings {
  readonly each: "record" | "batch";
  /** Stands before the data of each event. */
  readonly head: string;
  readonly id: number | string | undefined;
  readonly retryMs: number | undefined;
  readonly keepAliveMs: number;
  readonly json: JsonEncoderOptions;
}

function settingsOf(options: EventStreamOptions): EventSettings {
  const { each = "record", event, id, retry, keepAlive = "15s", json = {} } = knownOptions(
    options,
    OPTIONS,
  );
  if (event !== undefined && !(typeof event === "string" && /^[^\r\n]+$/.test(event))) {
    throw new TypeError(
      `Cannot ${DOING}: event must be a text of one line, received ${received(event)}`,
    );
  }
  const isCount = Number.isSafeInteger(id) && (id as number) >= 0;
  if (id !== undefined && typeof id !== "string" && !isCount) {
    throw new TypeError(
      `Cannot ${DOING}: id must be the name of a column, or a whole number from 0 to count from, ` +
        `received ${received(id)}`,
    );
  }
  return {
    each: checkWord("each", each, ["record", "batch"], DOING),
    head: event === undefined ? "" : `event: ${event}\n`,
    id,
    retryMs: retry === undefined ? undefined : milliseconds(retry, "retry"),
    keepAliveMs: keepAlive === false
      ? Infinity
      : milliseconds(keepAlive, "keepAlive", { least: 1 }),
    json,
  };
}

/** Writes batches as events. */
class EventWriter implements Disposable {
  readonly #settings: EventSettings;
  readonly #json: JsonEncoder;
  #next: number;

  constructor(settings: EventSettings) {
    const { json, each, id } = settings;
    this.#settings = settings;
    this.#json = new JsonEncoder({ ...json, lines: each === "record" });
    this.#next = typeof id === "number" ? id : 0;
  }

  write(batch: RecordBatch): string {
    const { each, head } = this.#settings;
    if (batch.length === 0) return "";
    const idOf = this.#idsOf(batch);
    this.#next += batch.length;
    const json = decoder.decode(this.#json.encode(batch));
    if (each === "batch") return `${head}${idOf(batch.length - 1)}data: ${json}\n\n`;
    const lines = json.trimEnd().split("\n");
    return lines.map((line, row) => `${head}${idOf(row)}data: ${line}\n\n`).join("");
  }

  [Symbol.dispose](): void {
    this.#json[Symbol.dispose]();
  }

  /** The line with the id of a row. */
  #idsOf(batch: RecordBatch): (row: number) => string {
    const { id } = this.#settings;
    if (id === undefined) return () => "";
    if (typeof id === "number") {
      const first = this.#next;
      return (row) => `id: ${first + row}\n`;
    }
    const at = batch.schema.fields.findIndex(({ name }) => name === id);
    if (at < 0) {
      const names = batch.schema.fields.map(({ name }) => name).join(", ");
      throw new TypeError(`Cannot ${DOING}: there is no column ${received(id)}, only ${names}`);
    }
    const rows = batch.toRows();
    return (row) => idLine(rows[row][id], id);
  }
}

/** What stands in an id cannot end its line, and a NUL would have it ignored. */
function idLine(value: unknown, column: string): string {
  const text = value === null || value === undefined ? "" : String(value);
  if (!/[\r\n\0]/.test(text)) return `id: ${text}\n`;
  throw new TypeError(
    `Cannot ${DOING}: ${received(text)} of the column ${
      received(column)
    } cannot be an id, for it ` +
      `has a line end or NUL`,
  );
}

/** Gives batches, or a comment when there was none for long. */
class PatientBatches {
  readonly #pulled: PulledBatches;
  readonly #runtime: Runtime;
  readonly #patienceMs: number;
  #pending: Promise<RecordBatch | undefined> | undefined;

  constructor(pulled: PulledBatches, runtime: Runtime, patienceMs: number) {
    this.#pulled = pulled;
    this.#runtime = runtime;
    this.#patienceMs = patienceMs;
  }

  async next(): Promise<RecordBatch | "none yet" | undefined> {
    const pending = this.#pending ??= this.#pulled.next();
    const { promise: late, resolve } = Promise.withResolvers<"none yet">();
    const cancel = this.#patienceMs === Infinity
      ? () => {}
      : this.#runtime.after(this.#patienceMs, () => resolve("none yet"), { background: true });
    const first = await Promise.race([pending, late]).finally(cancel);
    if (first !== "none yet") this.#pending = undefined;
    return first;
  }

  async stop(reason: unknown): Promise<void> {
    this.#pending?.catch(() => {}); // fails with the reason
    await this.#pulled.stop(reason).catch(() => {});
  }
}

/**
 * The records of batches as server-sent events (WHATWG, HTML, section 9.2), to be the body of a
 * `Response` of the type `text/event-stream`.
 *
 * A batch is asked for when the one before has been read. Who cancels the stream ends what makes the
 * batches; what fails there fails the stream.
 *
 * @param batches A pipeline, the stream of a `StreamingGenerator`, or any iterable of batches.
 * @throws {TypeError | RangeError} when it is none of these, or an option is none that it can be.
 *
 * @example
 * ```ts
 * import { from, toEventStream } from "@waggle/stream";
 *
 * const rows = from([{ x: 1 }, { x: 2 }], { workers: 1 });
 * const response = new Response(toEventStream(rows, { id: 0 }), {
 *   headers: { "content-type": "text/event-stream" },
 * });
 * console.log(await response.text()); // id: 0⏎data: {"x":1}⏎⏎id: 1⏎data: {"x":2}⏎⏎
 * ```
 */
export function toEventStream(
  batches: BatchStream,
  options: EventStreamOptions = {},
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const settings = settingsOf(options);
  const { runtime = denoRuntime } = options;
  const pulled = new PulledBatches(batches, DOING);
  const patient = new PatientBatches(pulled, runtime, settings.keepAliveMs);
  const writer = new EventWriter(settings);
  let waiting = settings.retryMs === undefined ? "" : `retry: ${settings.retryMs}\n\n`;
  return streamOnDemand({
    next: async (isOver) => {
      let text = waiting;
      waiting = "";
      while (text === "") {
        const batch = await patient.next();
        if (isOver() || !batch) return undefined;
        text = batch === "none yet" ? COMMENT : writer.write(batch);
      }
      return encoder.encode(text);
    },
    stop: (reason) => patient.stop(reason),
    [Symbol.dispose]: () => writer[Symbol.dispose](),
  });
}

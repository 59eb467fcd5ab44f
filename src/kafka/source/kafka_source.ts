import type { TypedSchema } from "../../batch/schema.ts";
import type { Cancel, Runtime } from "../../runtime/runtime.ts";
import type { Source, SourceBatch, SourceOptions } from "../../stream/source.ts";
import type { PartitionOffset } from "../driver/driver.ts";
import { CorruptBatch } from "../records/corrupt_batch.ts";
import { deliveredNote, deliveredUntil } from "./delivered_note.ts";
import { KafkaProgress } from "./kafka_progress.ts";
import { KafkaReading } from "./kafka_reading.ts";
import type { KafkaSourceOptions } from "./kafka_source_options.ts";
import { type KafkaSourceSettings, kafkaSourceSettings } from "./kafka_source_settings.ts";
import { Membership } from "./membership.ts";
import type { ReadEvent } from "./read_events.ts";
import { BESIDE_BYTES, RecordGiver } from "./record_giver.ts";
import { sourcePlan } from "./source_plan.ts";

/**
 * The records of Kafka topics, as a source of a pipeline.
 *
 * Each partition is a partition of the source, with an order and a watermark of its own; which there
 * are is known when it connects. Values are decoded by the pipeline's bees where its plan lets them.
 * It fetches ahead, at most `maxBufferBytes`, and waits when the pipeline does. In a consumer group it
 * commits what the pipeline is done with and nothing else, so that whoever goes on reads at least
 * everything that had no effect yet.
 *
 * @example
 * ```ts ignore
 * import { count, from, TumblingWindow } from "@waggle/stream";
 * import { kafkaSource } from "@waggle/stream/kafka";
 *
 * const readings = kafkaSource<{ sensor: string; at: number }>({
 *   bootstrapServers: "localhost:9092",
 *   topics: "readings",
 *   groupId: "dashboard",
 * });
 * const counts = from(readings).timestamps("at").keyBy("sensor")
 *   .window(new TumblingWindow({ size: "1m" })).aggregate({ n: count() });
 * for await (const row of counts) console.log(row);
 * ```
 *
 * @throws {TypeError | RangeError} when an option is none that it can be. What reads it gets a
 *   `KafkaError` when no broker answers or one refuses, and a `KafkaRecordError` for a value that
 *   cannot be decoded, when that is to be an error.
 */
export function kafkaSource<Row = Record<string, unknown>>(
  options: KafkaSourceOptions<Row>,
): Source<Row> {
  return new KafkaSource(kafkaSourceSettings(options as unknown as KafkaSourceOptions<never>));
}

class KafkaSource<Row> implements Source<Row> {
  readonly name: string;
  readonly schema?: TypedSchema<Row>;
  readonly tellsPartitions = true;
  readonly aligns = true;
  readonly recordBytes: number;
  readonly settles?: "windows";
  readonly #settings: KafkaSourceSettings;

  constructor(settings: KafkaSourceSettings) {
    this.#settings = settings;
    this.name = `Kafka ${settings.topics.length === 1 ? "topic" : "topics"} ` +
      settings.topics.join(", ");
    if (settings.groupId !== undefined) this.settles = "windows";
    this.recordBytes = settings.maxRecordBytes + BESIDE_BYTES;
    const { values, schema } = settings;
    const isKnown = values === "text" || values === "raw" || schema !== undefined;
    if (!isKnown) return;
    const columns = { schema: schema ?? { fields: [] } };
    const plan = sourcePlan(columns, settings, { name: this.name, wanted: undefined });
    this.schema = plan.schema as TypedSchema<Row>;
  }

  open(options: SourceOptions): AsyncIterable<SourceBatch<Row>> {
    const session = new KafkaSession(this.name, this.#settings, options);
    const batches = session.batches() as AsyncGenerator<SourceBatch<Row>, void, undefined>;
    const iterator: AsyncIterator<SourceBatch<Row>> = {
      next: () => batches.next(),
      return: async () => {
        await session[Symbol.asyncDispose]();
        await batches.return();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }
}

/** One reading of a source, with what it has to do with its group. */
class KafkaSession implements AsyncDisposable {
  readonly #settings: KafkaSourceSettings;
  readonly #open: SourceOptions;
  readonly #runtime: Runtime;
  readonly #reading: KafkaReading;
  readonly #giver: RecordGiver;
  #membership: Membership | undefined;
  #closed: Promise<void> | undefined;

  constructor(name: string, settings: KafkaSourceSettings, open: SourceOptions) {
    const runtime = this.#runtime = settings.runtime ?? open.runtime;
    const about = { name, settings, open, runtime };
    this.#settings = settings;
    this.#open = open;
    this.#reading = new KafkaReading(about);
    this.#giver = new RecordGiver(about);
  }

  async *batches(): AsyncGenerator<SourceBatch, void, undefined> {
    let isDone = false;
    try {
      await this.#start();
      yield { progress: new KafkaProgress(this.#reading, this.#giver) };
      for (let next = await this.#next(); next; next = await this.#next()) {
        yield* next === "later" ? this.#giver.begin() : this.#give(next);
      }
      // what was read and waits for others is not lost to whoever reads only for so long
      if (!this.#closed) yield* this.#giver.begin();
      isDone = true;
    } finally {
      // who may still commit what is settled of it is closed with the pipeline
      const mayCommit = isDone && this.#membership && !this.#open.signal.aborted;
      if (!mayCommit) await this[Symbol.asyncDispose]();
    }
  }

  async #start(): Promise<void> {
    const { groupId, partitions } = this.#settings;
    const { settlement, signal } = this.#open;
    const reading = this.#reading;
    await reading.start({ isAssigned: groupId !== undefined && !partitions });
    if (groupId === undefined || partitions && !settlement) return;
    const settings = this.#settings;
    const keepsRows = settlement?.keepsRows ?? false;
    const about = { settings, reading, runtime: this.#runtime, signal, keepsRows };
    this.#membership = await Membership.open(about);
    const { keeper } = this.#membership;
    const windows = settlement?.windows;
    settlement?.onSettled((positions, until) => {
      const isNoted = windows !== undefined && until !== undefined;
      return keeper.settled(positions, isNoted ? deliveredNote({ windows, until }) : undefined);
    });
    settlement?.onRestart?.(() => this.#membership!.restart());
    settlement?.onFinished(() => this.#membership!.finish());
  }

  /** What comes next, or the time when columns are inferred from what there is. */
  async #next(): Promise<ReadEvent | "later" | undefined> {
    if (!this.#giver.isWaiting) return await this.#reading.next();
    const { promise, resolve } = Promise.withResolvers<void>();
    const cancel: Cancel = this.#runtime.after(this.#giver.waitsMs, resolve);
    try {
      return await this.#reading.next(promise);
    } finally {
      cancel();
    }
  }

  async *#give(event: ReadEvent): AsyncGenerator<SourceBatch> {
    if ("partitions" in event) return yield { partitions: event.partitions };
    if ("ended" in event) return yield* this.#giver.end(event.ended);
    if ("restart" in event) return yield* this.#restart(event.restart);
    yield* this.#begin();
    try {
      yield* this.#giver.take(event);
    } catch (error) {
      if (!(error instanceof CorruptBatch)) throw error;
      const { state, block: { from } } = event;
      // of what was only looked at nothing was given
      this.#reading.again(state, this.#giver.isOpen ? Math.max(error.offset, from) : from, error);
    }
  }

  /** Tells of partitions of which nothing was given up to where windows were delivered. */
  *#begin(): Generator<SourceBatch> {
    for (const state of this.#reading.states) {
      if (state.isBegun || state.isGone) continue;
      state.isBegun = true;
      const delivered = deliveredUntil(state.note, this.#open.settlement?.windows);
      if (delivered !== undefined) yield { partition: state.index, delivered };
    }
  }

  /** Before it is asked for more, all that is settled has been told. */
  async *#restart(positions: readonly PartitionOffset[]): AsyncGenerator<SourceBatch> {
    yield { restart: true, partitions: Math.max(1, positions.length) };
    this.#giver.forget();
    await this.#membership!.renew(positions);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closed ??= this.#close();
  }

  async #close(): Promise<void> {
    try {
      await this.#membership?.[Symbol.asyncDispose]();
    } finally {
      await this.#reading[Symbol.asyncDispose]();
    }
  }
}

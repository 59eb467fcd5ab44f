import type { RecordBatch } from "../../batch/record_batch.ts";
import { showName } from "../../batch/shown_names.ts";
import { checkBatch } from "../../codecs/option_checks.ts";
import { StreamingError } from "../../hive/streaming_error.ts";
import { create, type Kernel } from "../../kernel/kernel.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { Stop } from "../../stream/stop.ts";
import { Turns } from "../../publishers/turns.ts";
import type { KafkaCluster } from "../driver/driver.ts";
import { KafkaError } from "../driver/kafka_error.ts";
import { RecordEncoder } from "../records/record_encoder.ts";
import { UnfitRecord } from "../records/unfit_record.ts";
import type { RecordLayout } from "../records/record_layout.ts";
import { Delivery } from "./delivery.ts";
import { publishingError } from "./delivery_error.ts";
import type { Lane } from "./lane.ts";
import { countPartitions, openTopic } from "./open_topic.ts";
import { Outbox } from "./outbox.ts";
import { pieces } from "./pieces.ts";
import { PlainLane } from "./plain_lane.ts";
import type { KafkaPublisherOptions } from "./publisher_options.ts";
import { DOING, type PublisherSettings, publisherSettings } from "./publisher_settings.ts";
import { registrySerializer } from "./record_input.ts";
import { RecordLayouts } from "./record_layouts.ts";
import { TransactionLane } from "./transaction_lane.ts";

/** Larger batches are encoded in pieces of about so many bytes. */
const MOST_PIECE_BYTES = 8_388_608;
/** Whether the topic has more partitions is asked that often: Java's `metadata.max.age.ms`. */
const REFRESH_MS = 300_000;
/** The same when a batch has failed. */
const FAILED_REFRESH_MS = 1_000;

/** What there is once the topic is open. */
interface Opened {
  readonly cluster: KafkaCluster;
  readonly lane: Lane;
  readonly outbox: Outbox;
}

/** What encodes batches of the same columns. */
interface Encoding {
  readonly layout: RecordLayout;
  readonly encoder: RecordEncoder;
}

/**
 * Publishes rows as records of a Kafka topic.
 *
 * Values are JSON objects, Avro records or bytes; keys, headers, times and partitions come from
 * columns. Rows are encoded in the kernel and gathered to record batches, also across calls of
 * `publish`, of which many may be under way; the order within a partition is kept.
 *
 * Delivery is at least once. Brokers leave out what was sent twice because an answer was lost, unless
 * `idempotent` is off; what is published again because of an error may come twice, and the error says
 * so. With a `transactionalId` a batch is read by readers of committed records as a whole or not at
 * all, and `publish` resolves when its transaction is committed: `transactionInterval` after that
 * began, sooner when everything is acknowledged and nothing was published for `linger`, at once for
 * `flush()`.
 *
 * Needs `--allow-net` of the brokers, and `--allow-env` for npm:kafkajs.
 *
 * @example
 * ```ts
 * import { RecordBatch } from "@waggle/stream";
 * import { KafkaPublisher } from "@waggle/stream/kafka";
 * import { SimulatedKafka } from "@waggle/stream/testing";
 *
 * using kafka = new SimulatedKafka({ topics: { readings: 4 } }); // leave out driver for a real one
 * await using publisher = new KafkaPublisher({
 *   bootstrapServers: "localhost:9092",
 *   topic: "readings",
 *   key: "sensor",
 *   driver: kafka,
 * });
 * const batch = RecordBatch.fromRows([{ sensor: "a", celsius: 20.5 }, { sensor: "b", celsius: 7 }]);
 * const { records } = await publisher.publish(batch);
 * console.log(records); // 2
 * ```
 */
export class KafkaPublisher implements Publisher {
  /** Readers go on when this process dies. */
  readonly exactlyOnceNeeds = "checkpoints";
  readonly #settings: PublisherSettings;
  readonly #layouts: RecordLayouts;
  readonly #kernel: Kernel;
  readonly #turns = new Turns();
  readonly #outstanding = new Set<Delivery>();
  #queued = 0;
  #opening: Promise<Opened> | undefined;
  #opened: Opened | undefined;
  #encoding: Encoding | undefined;
  #partitions = 0;
  #countedMs = 0;
  #closing: Promise<void> | undefined;

  /**
   * Connects to nothing before the first batch.
   *
   * @throws {TypeError | RangeError} when an option is none that it can be.
   */
  constructor(options: KafkaPublisherOptions) {
    this.#settings = publisherSettings(options);
    const { topic, partitioner } = this.#settings;
    const serializer = registrySerializer(options, DOING);
    this.#layouts = new RecordLayouts({
      ...{ topic, partitioner, input: options },
      ...(serializer && { serializer }),
    });
    this.#kernel = create({ remedy: "publish smaller batches, or make bufferBytes smaller" });
  }

  /**
   * Publishes a batch; resolves when all of its records are delivered. One without rows makes the
   * topic, where that is asked for.
   *
   * @throws {KafkaError} when they are not: `retriable` says whether the same batch may be published
   *   again, and the message whether some of its records may then come twice.
   */
  publish(batch: RecordBatch, { signal }: PublishOptions = {}): Promise<Receipt> {
    if (signal?.aborted) return Promise.reject(signal.reason);
    try {
      this.#checkTaken(batch);
    } catch (error) {
      return Promise.reject(error);
    }
    if (batch.length === 0) return this.#touch(signal);
    const delivery = new Delivery(batch.length);
    this.#outstanding.add(delivery);
    const forget = () => this.#outstanding.delete(delivery);
    delivery.outcome.then(forget, () => {
      forget();
      this.#refresh(FAILED_REFRESH_MS); // it may have been made anew, with fewer
    });
    if (!this.#takeNow(batch, delivery)) this.#takeLater(batch, delivery, signal);
    return signal ? heeding(signal, delivery.outcome) : delivery.outcome;
  }

  /** Resolves when all that was published has come to an end; a transaction is committed for it. */
  async flush(): Promise<void> {
    const outcomes = Array.from(this.#outstanding, ({ outcome }) => outcome);
    if (outcomes.length === 0) return;
    const over = Promise.allSettled(outcomes);
    await this.#turns.next(() => {
      this.#opened?.lane.conclude();
      return Promise.resolve();
    });
    await (this.#opened?.outbox.urgently(over) ?? over);
  }

  /** Ends when all that was published has come to an end. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    await this.flush();
    await this.#turns.next(() => Promise.resolve());
    await this.#opening?.catch(() => {}); // whoever wanted it may have given up
    const opened = this.#opened;
    this.#opened = undefined;
    opened?.outbox[Symbol.dispose]();
    try {
      await opened?.lane[Symbol.asyncDispose]();
    } finally {
      await opened?.cluster[Symbol.asyncDispose]();
    }
  }

  #checkTaken(batch: RecordBatch): void {
    const into = `publish to topic ${showName(this.#settings.topic)}`;
    if (this.#closing) throw new KafkaError(`Cannot ${into}: the publisher was closed`);
    checkBatch(batch, into);
  }

  /** Encodes a batch at once, when nothing has to be waited for. */
  #takeNow(batch: RecordBatch, delivery: Delivery): boolean {
    const { outbox } = this.#opened ?? {};
    if (this.#queued > 0 || !outbox?.hasRoom) return false;
    const layout = this.#layouts.known(batch.schema);
    if (!layout || layout !== this.#encoding?.layout) return false;
    const [first, ...others] = pieces(batch, this.#pieceBytes);
    if (others.length > 0) return false;
    try {
      outbox.append(first, delivery);
    } catch (error) {
      delivery.fail(this.#told(error));
    }
    this.#refresh();
    return true;
  }

  #takeLater(batch: RecordBatch, delivery: Delivery, signal: AbortSignal | undefined): void {
    this.#queued++;
    this.#turns.next(() => this.#take(batch, delivery, signal), signal)
      .catch((error) => delivery.fail(error))
      .finally(() => this.#queued--);
  }

  async #take(
    batch: RecordBatch,
    delivery: Delivery,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    using stop = new Stop(signal);
    const { outbox, lane } = await stop.or(this.#open());
    this.#use(await stop.or(this.#layoutOf(batch)), outbox);
    let from = 0;
    for (const piece of pieces(batch, this.#pieceBytes)) {
      // once some of it is encoded, all of it goes
      if (!outbox.hasRoom) await (from > 0 ? outbox.room() : stop.or(outbox.room()));
      if (delivery.isOver) return;
      try {
        outbox.append(piece, delivery);
      } catch (error) {
        if (from === 0) throw this.#told(error);
        return lane.spoil(this.#told(error, `rows are counted from row ${from}`), delivery);
      }
      from += piece.length;
    }
  }

  /** Nothing is to be sent: but the topic is there from now on, or that is an error. */
  async #touch(signal: AbortSignal | undefined): Promise<Receipt> {
    using stop = new Stop(signal);
    if (!this.#opened) await stop.or(this.#turns.next(() => this.#open(), signal));
    return { records: 0, bytes: 0 };
  }

  async #layoutOf({ schema }: RecordBatch): Promise<RecordLayout> {
    try {
      return await this.#layouts.of(schema);
    } catch (error) {
      throw this.#told(error);
    }
  }

  get #pieceBytes(): number {
    return Math.min(MOST_PIECE_BYTES, this.#settings.bufferBytes);
  }

  /** What says by itself what could not be done is left as it is. */
  #told(error: unknown, rest = ""): StreamingError {
    const isTold = error instanceof StreamingError && !(error instanceof UnfitRecord);
    return isTold ? error : publishingError(this.#settings.topic, error, rest);
  }

  #open(): Promise<Opened> {
    return this.#opening ??= this.#openOnce().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
  }

  async #openOnce(): Promise<Opened> {
    const { topic, sink, transaction, runtime, bufferBytes, lingerMs } = this.#settings;
    const { cluster, partitions } = await openTopic(this.#settings);
    const openSink = () => cluster.sink(sink);
    try {
      const lane: Lane = transaction
        ? new TransactionLane({
          ...{ topic, lingerMs, runtime, openSink, ...transaction },
          outbox: () => outbox,
          turn: (work) => void this.#turns.next(() => Promise.resolve(work())),
        })
        : new PlainLane(await openSink(), topic);
      const outbox = new Outbox({ lane, bufferBytes, lingerMs, runtime });
      [this.#partitions, this.#countedMs] = [partitions, runtime.monotonicMs()];
      return this.#opened = { cluster, lane, outbox };
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw publishingError(topic, error);
    }
  }

  #use(layout: RecordLayout, outbox: Outbox): void {
    if (this.#encoding?.layout === layout) return;
    const { topic, compression, partitioner, batchBytes, maxRecordBytes } = this.#settings;
    const encoder = new RecordEncoder(this.#kernel, {
      ...{ topic, layout, compression, batchBytes, maxRecordBytes },
      partitions: this.#partitions,
      partitioner: typeof partitioner === "function"
        ? { kind: "custom", partition: partitioner }
        : partitioner === "murmur2"
        ? { kind: "murmur2" }
        : { kind: "column", column: partitioner.column },
    });
    this.#encoding = { layout, encoder };
    outbox.use(encoder, this.#partitions);
  }

  /** Looks how many partitions the topic has now, unless it has done so not long ago. */
  #refresh(everyMs = REFRESH_MS): void {
    const { runtime, topic } = this.#settings;
    const nowMs = runtime.monotonicMs();
    if (!this.#opened || nowMs - this.#countedMs < everyMs) return;
    this.#countedMs = nowMs;
    countPartitions(this.#opened.cluster, topic).then((count) => {
      const { outbox } = this.#opened ?? {};
      if (!outbox || !this.#encoding || count === this.#partitions) return;
      this.#partitions = count;
      this.#encoding.encoder.setPartitions(count);
      outbox.use(this.#encoding.encoder, count);
    }, () => {}); // what is wrong is heard of when something is sent
  }
}

async function heeding<T>(signal: AbortSignal, outcome: Promise<T>): Promise<T> {
  using stop = new Stop(signal);
  return await stop.or(outcome);
}

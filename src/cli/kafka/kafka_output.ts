import type { RecordBatch } from "../../batch/record_batch.ts";
import { spellDuration } from "../../runtime/duration.ts";
import type { Cancel } from "../../runtime/runtime.ts";
import type { Publisher, PublishOptions, Receipt } from "../../stream/publisher.ts";
import { Stop } from "../../stream/stop.ts";
import { asked } from "../asked.ts";
import type { CommandContext } from "../command_context.ts";
import { choice, type Flag, names, text, toggle, whole, wholeDuration } from "../command_spec.ts";
import type { RecordOutput } from "../record_output.ts";
import { UsageError } from "../usage_error.ts";
import { kafkaModule } from "./kafka_module.ts";
import {
  KAFKA_LOGIN_FLAGS,
  kafkaLogin,
  type KafkaLoginOptions,
  kafkaSchemas,
  textOf,
} from "./login_flags.ts";

/** How long what is on its way is waited for after Ctrl-C, ms. */
export const GRACE_MS = 5_000;
const ACKS = ["all", "1", "0"] as const;
const COMPRESSIONS = ["none", "gzip", "snappy", "lz4", "zstd"] as const;
const FORMATS = ["json", "avro"] as const;
const KEY_FORMATS = ["plain", "avro"] as const;

/** How records are written to a topic. */
export interface KafkaWriteOptions {
  readonly acks?: typeof ACKS[number];
  readonly compression?: typeof COMPRESSIONS[number];
  readonly lingerMs?: number;
  readonly createTopic?: boolean;
  readonly partitions?: number;
  /** Headers with the columns that they are made of, such as `trace=id`. */
  readonly recordHeaders?: readonly string[];
  /** The column of the times of records. */
  readonly recordTime?: string;
  readonly transactionalId?: string;
  /** What keys are. */
  readonly keyFormat?: typeof KEY_FORMATS[number];
  /** The file that their Avro schema is in. */
  readonly avroKeySchema?: string;
}

/** The flags of {@linkcode KafkaWriteOptions}. */
export const KAFKA_WRITE_FLAGS: readonly Flag[] = [
  choice("--acks <who>", "to Kafka: who has to have a record: all (default), 1 or 0", ACKS),
  choice("--compression <codec>", `to Kafka: ${COMPRESSIONS.join(", ")} (default: none)`, [
    ...COMPRESSIONS,
  ]),
  wholeDuration(
    "--linger <duration>",
    "to Kafka: how long records wait for others (default: 5ms)",
    0,
  ),
  toggle("--create-topic", "to Kafka: make the topic if it is not there"),
  whole("--partitions <count>", "with --create-topic (default: as the broker has it)", 1),
  names("--record-headers <list>", "to Kafka: headers with their columns: trace=id"),
  text("--record-time <column>", "to Kafka: the column of the times of records (default: now)"),
  choice("--key-format <format>", "to Kafka: keys are plain texts (default), or avro", KEY_FORMATS),
  text(
    "--avro-key-schema <file>",
    "to Kafka: the Avro schema of keys, JSON (default: by the column)",
  ),
  text("--transactional-id <name>", "to Kafka: write in transactions, under this name"),
];

/** The flag for the column of the keys of records. */
export const RECORD_KEY: Flag = text(
  "--key <column>",
  "to Kafka: the column of the keys of records",
);

/** Where records go, and how. */
export interface KafkaWriting extends KafkaWriteOptions, KafkaLoginOptions {
  readonly servers: string;
  readonly topic: string;
  /** The column of the keys of records. */
  readonly recordKey?: string;
  readonly format?: string;
}

function headersOf(list: readonly string[] | undefined): { headers?: Record<string, string> } {
  if (list === undefined) return {};
  const pairs = list.map((each) => {
    const [, name, column] = /^([^=]+)=(.+)$/.exec(each) ?? [];
    if (name !== undefined) return [name, column];
    throw new UsageError(
      `--record-headers takes headers with their columns, such as trace=id, received ${
        JSON.stringify(each)
      }`,
    );
  });
  return { headers: Object.fromEntries(pairs) };
}

function keysAreAvro({ keyFormat, avroKeySchema }: KafkaWriteOptions): boolean {
  return (keyFormat ?? (avroKeySchema === undefined ? "plain" : "avro")) === "avro";
}

/** What keys are written as. */
async function keysOf(options: KafkaWriting, context: CommandContext) {
  const { avroKeySchema, recordKey } = options;
  const flag = avroKeySchema === undefined ? "--key-format avro" : "--avro-key-schema";
  if (!keysAreAvro(options)) {
    if (avroKeySchema === undefined) return {};
    throw new UsageError("--avro-key-schema is of Avro, and --key-format says plain");
  }
  if (recordKey === undefined) {
    throw new UsageError(`${flag} is of keys; say by --key which column has them`);
  }
  return {
    keySerializer: "avro" as const,
    ...(avroKeySchema !== undefined && {
      keyAvroSchema: await textOf(avroKeySchema, "--avro-key-schema", context),
    }),
  };
}

/** What values are written as. */
function serializerOf(options: KafkaWriting): "json" | "avro" {
  const { format, schemaRegistry, avroSchema } = options;
  const isAvro = schemaRegistry !== undefined || avroSchema !== undefined;
  const known = format === "ndjson" ? "json" : format ?? (isAvro ? "avro" : "json");
  if (!FORMATS.some((each) => each === known)) {
    throw new UsageError(`--format ${known} cannot be of a topic, which takes json or avro`);
  }
  const isOfKeys = avroSchema === undefined && keysAreAvro(options);
  if (known === "avro" || !isAvro || isOfKeys) return known as "json" | "avro";
  const flag = schemaRegistry === undefined ? "--avro-schema" : "--schema-registry";
  throw new UsageError(`${flag} is of Avro, and --format says json`);
}

function topicOf({ createTopic = false, partitions }: KafkaWriteOptions) {
  if (partitions !== undefined && !createTopic) {
    throw new UsageError("--partitions is of --create-topic; pass that as well");
  }
  if (!createTopic) return {};
  return { createTopic: partitions === undefined ? true : { partitions } };
}

/**
 * What writes records to a topic.
 *
 * @throws {UsageError} when options do not go together.
 */
export async function kafkaOutput(
  options: KafkaWriting,
  context: CommandContext,
): Promise<RecordOutput> {
  const { servers, topic, recordKey, acks, compression, lingerMs } = options;
  const { recordTime, transactionalId } = options;
  const valueSerializer = serializerOf(options);
  const more = { ...topicOf(options), ...headersOf(options.recordHeaders) };
  const login = await kafkaLogin(options, context);
  const schemas = { ...await kafkaSchemas(options, context), ...await keysOf(options, context) };
  const { KafkaPublisher } = await kafkaModule();
  const { runtime } = context;
  const publisher = asked(() =>
    new KafkaPublisher({
      ...{ bootstrapServers: servers, topic, runtime, valueSerializer },
      ...{ ...login, ...schemas, ...more },
      ...(valueSerializer === "json" && { json: { times: "iso" as const } }),
      ...(recordKey !== undefined && { key: recordKey }),
      ...(acks !== undefined && { acks: acks === "all" ? acks : acks === "1" ? 1 : 0 }),
      ...(compression !== undefined && { compression }),
      ...(lingerMs !== undefined && { linger: lingerMs }),
      ...(recordTime !== undefined && { timestamp: recordTime }),
      ...(transactionalId !== undefined && { transactionalId }),
    }), [...KAFKA_WRITE_FLAGS, ...KAFKA_LOGIN_FLAGS]);
  return new KafkaOutput(publisher, { topic, context });
}

/**
 * A topic as an output: what was written stays, whatever comes after. Who has pressed Ctrl-C does not
 * wait for brokers that do not answer for as long as a record is tried for.
 */
class KafkaOutput implements RecordOutput {
  readonly #publisher: Publisher;
  readonly #topic: string;
  readonly #context: CommandContext;
  readonly #late = new AbortController();
  readonly #wait: () => void;
  #cancel: Cancel = () => {};
  #isClosed = false;

  constructor(
    publisher: Publisher,
    { topic, context }: { readonly topic: string; readonly context: CommandContext },
  ) {
    const { signal, runtime } = this.#context = context;
    this.#publisher = publisher;
    this.#topic = topic;
    const late = () => this.#late.abort(signal.reason);
    this.#wait = () => this.#cancel = runtime.after(GRACE_MS, late, { background: true });
    if (signal.aborted) this.#wait();
    else signal.addEventListener("abort", this.#wait, { once: true });
  }

  publish(batch: RecordBatch, options?: PublishOptions): Promise<Receipt> {
    return this.#inTime(this.#publisher.publish(batch, options));
  }

  flush(): Promise<void> {
    return this.#inTime(this.#publisher.flush());
  }

  async abort(): Promise<void> {
    // what fails while it is closed has failed before, and that was told
    await this[Symbol.asyncDispose]().catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      await this.#inTime(Promise.resolve(this.#publisher[Symbol.asyncDispose]()));
    } catch (error) {
      if (!this.#late.signal.aborted) throw error;
      this.#tellLate();
    } finally {
      this.#context.signal.removeEventListener("abort", this.#wait);
      this.#cancel();
    }
  }

  async #inTime<T>(work: Promise<T>): Promise<T> {
    using stop = new Stop(this.#late.signal);
    return await stop.or(work);
  }

  #tellLate(): void {
    const told =
      `no broker has answered for ${spellDuration(GRACE_MS)}: records that were on their ` +
      `way to topic ${this.#topic} may be there or not`;
    this.#context.process.stderr.write(new TextEncoder().encode(`waggle: ${told}\n`));
  }
}

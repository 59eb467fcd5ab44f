/**
 * What tests of drivers share: a cluster, blocks of records, and reading to the end.
 *
 * @module
 */
import { RecordBatch } from "../../../src/batch/record_batch.ts";
import type {
  FetchedBlock,
  FetchOptions,
  Isolation,
  KafkaCluster,
  KafkaDriver,
  PartitionOffset,
  RecordBlock,
  SinkOptions,
  TopicPartition,
} from "../../../src/kafka/driver/driver.ts";
import type { KafkaLogin } from "../../../src/kafka/driver/kafka_login.ts";
import type { CompressionName } from "../../../src/kafka/records/compression.ts";
import type { Cells, DecodedRecords } from "../../../src/kafka/records/decoded_records.ts";
import { RecordEncoder } from "../../../src/kafka/records/record_encoder.ts";
import { RecordDecoder } from "../../../src/kafka/records/record_decoder.ts";
import {
  encodePlainBatch,
  type PlainRecord,
} from "../../../src/kafka/records/reference_records.ts";
import { create } from "../../../src/kernel/kernel.ts";
import { uniqueName } from "./kafka.ts";

/** A driver with what it connects to. */
export interface DriverWorld extends AsyncDisposable {
  readonly driver: KafkaDriver;
  readonly bootstrapServers: readonly string[];
}

export const SINK: SinkOptions = {
  acks: "all",
  idempotent: true,
  requestTimeoutMs: 10_000,
  deliveryTimeoutMs: 30_000,
};

export const FETCH: FetchOptions = {
  isolation: "read_committed",
  maxWaitMs: 50,
  minBytes: 1,
  maxBytes: 10_000_000,
  maxPartitionBytes: 1_000_000,
  requestTimeoutMs: 10_000,
};

/** Connects as tests do. */
export async function connect(
  { driver, bootstrapServers }: Pick<DriverWorld, "driver" | "bootstrapServers">,
  login?: KafkaLogin,
): Promise<KafkaCluster> {
  return await driver.connect({
    bootstrapServers,
    clientId: "waggle-tests",
    connectionTimeoutMs: 5_000,
    requestTimeoutMs: 10_000,
    ...(login === undefined ? {} : { login }),
  });
}

/** Partition 0 of a new topic. */
export async function newTopic(
  cluster: KafkaCluster,
  { partitions = 1, config = {} }: { partitions?: number; config?: Record<string, string> } = {},
): Promise<TopicPartition> {
  const topic = uniqueName("driver");
  await cluster.createTopics([{ topic, partitions, config }]);
  return { topic, partition: 0 };
}

/** A sink of transactions. */
export function transactional(cluster: KafkaCluster, transactionalId = uniqueName("tx")) {
  return cluster.sink({ ...SINK, transactionalId, transactionTimeoutMs: 20_000 });
}

const text = new TextEncoder();

/** The time of the first record of blocks, ms. */
export const TIME = 1_700_000_000_000;

/** A record of texts. */
export interface TextRecord {
  readonly key?: string | Uint8Array;
  readonly value: string | Uint8Array;
}

function bytesOf(cell: string | Uint8Array): Uint8Array {
  return typeof cell === "string" ? text.encode(cell) : cell;
}

/** A block of records. */
export function block(
  at: TopicPartition,
  records: readonly (string | TextRecord)[],
  { compression = "none", timestampMs = TIME }: {
    compression?: CompressionName;
    timestampMs?: number;
  } = {},
): RecordBlock {
  const plain = records.map((record, offset): PlainRecord => {
    const { key, value } = typeof record === "string" ? { value: record } : record;
    return {
      offset,
      timestamp: timestampMs + offset,
      key: key === undefined ? null : bytesOf(key),
      value: bytesOf(value),
      headers: [],
    };
  });
  return {
    ...at,
    records: records.length,
    bytes: encodePlainBatch({ records: plain, compression }),
  };
}

let large: RecordBlock | undefined;

/** How many records {@linkcode largeBlock} has. */
export const LARGE_BLOCK_RECORDS = 200_000;

/** A block of many records, the digits from 0 to 9 in turn. */
export function largeBlock(at: TopicPartition): RecordBlock {
  large ??= encodeLarge(at.topic);
  return { ...large, ...at, bytes: large.bytes.slice() };
}

function encodeLarge(topic: string): RecordBlock {
  const encoder = new RecordEncoder(create(), {
    ...{ topic, partitions: 1, layout: { value: { format: "raw", column: "digit" } } },
    ...{ compression: "gzip", partitioner: { kind: "murmur2" } },
    ...{ batchBytes: 1 << 26, maxRecordBytes: 1_000_000 },
  });
  const rows = Array.from({ length: LARGE_BLOCK_RECORDS }, (_, i) => ({ digit: String(i % 10) }));
  encoder.append(RecordBatch.fromRows(rows) as RecordBatch, TIME);
  const [block] = encoder.take(true);
  return block;
}

function cell({ bytes, starts, lengths }: Cells, row: number): Uint8Array | null {
  const length = lengths[row];
  return length < 0 ? null : bytes.slice(starts[row], starts[row] + length);
}

function plainRecords(records: DecodedRecords): PlainRecord[] {
  const { count, offsets, timestamps, keys, values } = records;
  const { firsts, names, values: cells } = records.headers;
  return Array.from({ length: count }, (_, row) => ({
    offset: offsets[row],
    timestamp: timestamps[row],
    key: cell(keys, row),
    value: cell(values, row),
    headers: Array.from({ length: firsts[row + 1] - firsts[row] }, (_, i) => {
      const name = new TextDecoder().decode(cell(names, firsts[row] + i)!);
      return [name, cell(cells, firsts[row] + i)] as const;
    }),
  }));
}

/** The records of blocks, by the decoder that sources use. */
export function decode(
  blocks: readonly FetchedBlock[],
  isolation: Isolation = "read_committed",
): PlainRecord[] {
  using decoder = new RecordDecoder(create(), { isolation, maxBatchBytes: 1 << 28 });
  return blocks.flatMap((block) => Array.from(decoder.decode(block), plainRecords).flat());
}

/** How many records blocks have, and the value of the last. */
export function countRecords(blocks: readonly FetchedBlock[]): { records: number; last: string } {
  using decoder = new RecordDecoder(create(), {
    isolation: "read_committed",
    maxBatchBytes: 1 << 28,
  });
  let records = 0;
  let last: Uint8Array | null = null;
  for (const each of blocks) {
    for (const decoded of decoder.decode(each)) {
      records += decoded.count;
      last = cell(decoded.values, decoded.count - 1);
    }
  }
  return { records, last: new TextDecoder().decode(last!) };
}

/** Fetches a partition up to its end; who reads what is committed waits for what is not decided. */
export async function fetchAll(
  cluster: KafkaCluster,
  at: TopicPartition,
  { from, ...options }: Partial<FetchOptions> & { from?: number } = {},
): Promise<FetchedBlock[]> {
  const fetching = { ...FETCH, ...options };
  const [start] = await cluster.offsetsAt([at], "earliest");
  const [end] = await cluster.offsetsAt([at], "latest");
  await using source = await cluster.source(fetching);
  const first = from ?? start.offset;
  source.assign([{ ...at, offset: first }]);
  const blocks: FetchedBlock[] = [];
  for (let next = first; next < end.offset;) {
    for (const block of await source.fetch()) {
      blocks.push(block);
      next = block.next;
    }
  }
  return blocks;
}

/** What is read of a partition. */
export async function readAll(
  cluster: KafkaCluster,
  at: TopicPartition,
  options: Partial<FetchOptions> & { from?: number } = {},
): Promise<PlainRecord[]> {
  return decode(await fetchAll(cluster, at, options), options.isolation);
}

/** The values of records, as texts. */
export function texts(records: readonly PlainRecord[]): (string | null)[] {
  return records.map(({ value }) => value === null ? null : new TextDecoder().decode(value));
}

/** What is read of a partition, as texts. */
export async function readTexts(
  cluster: KafkaCluster,
  at: TopicPartition,
  options: Partial<FetchOptions> = {},
): Promise<(string | null)[]> {
  return texts(await readAll(cluster, at, options));
}

/** The end of a partition. */
export async function endOf(cluster: KafkaCluster, at: TopicPartition): Promise<number> {
  const [{ offset }]: readonly PartitionOffset[] = await cluster.offsetsAt([at], "latest");
  return offset;
}

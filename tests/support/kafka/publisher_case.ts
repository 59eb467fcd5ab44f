/**
 * A `KafkaPublisher` of a broker in memory, in virtual time.
 *
 * @module
 */
import { RecordBatch } from "../../../src/batch/record_batch.ts";
import type { TopicPartition } from "../../../src/kafka/driver/driver.ts";
import { KafkaPublisher } from "../../../src/kafka/publisher/kafka_publisher.ts";
import type { KafkaPublisherOptions } from "../../../src/kafka/publisher/publisher_options.ts";
import type { Runtime } from "../../../src/runtime/runtime.ts";
import { SimulatedRuntime } from "../../../src/runtime/simulated_runtime.ts";
import type { SimulatedFaults, SimulatedRequest } from "../../../src/testing/kafka/faults.ts";
import {
  SimulatedKafka,
  type SimulatedKafkaOptions,
} from "../../../src/testing/kafka/simulated_kafka.ts";
import { committedOf } from "./plain_batch.ts";

/** What a test of a publisher has at hand. */
export interface KafkaPublisherCase {
  /** The broker; topic `rows`. */
  readonly kafka: SimulatedKafka;
  /** The world. */
  readonly runtime: SimulatedRuntime;
  /** What brokers were asked for so far. */
  readonly requests: readonly SimulatedRequest[];
  /** What goes wrong from now on. */
  fault(faults: SimulatedFaults): void;
  /** A publisher to `rows`, which ends with the test. */
  publisher(options?: Partial<KafkaPublisherOptions>): KafkaPublisher;
  /** How often brokers were asked to append. */
  produced(): number;
  /** What readers of committed records get of a partition of `rows`, or of all. */
  arrived(partition?: number): Promise<Record<string, unknown>[]>;
}

/** Rows with the numbers from one on, and more. */
export function numbered(
  first: number,
  count: number,
  more: Record<string, unknown> = {},
): RecordBatch {
  const rows = Array.from({ length: count }, (_, i) => ({ id: first + i, ...more }));
  return RecordBatch.fromRows(rows) as RecordBatch;
}

/** The values that a reader of committed records gets. */
export async function committedValues(
  kafka: SimulatedKafka,
  at: TopicPartition,
): Promise<string[]> {
  const timeouts = { connectionTimeoutMs: 1000, requestTimeoutMs: 1000 };
  const options = { bootstrapServers: ["simulated"], clientId: "reader", ...timeouts };
  await using cluster = await kafka.connect(options);
  const bytes = { minBytes: 1, maxBytes: 1 << 26, maxPartitionBytes: 1 << 26 };
  const reading = { isolation: "read_committed", maxWaitMs: 10, requestTimeoutMs: 1000 } as const;
  await using source = await cluster.source({ ...reading, ...bytes });
  source.assign([{ ...at, offset: 0 }]);
  const values: string[] = [];
  for (let next = 0; next < kafka.lastStableOffset(at);) {
    for (const block of await source.fetch()) {
      values.push(...committedOf(block.bytes, block.aborted).map(({ value }) => value));
      next = block.next;
    }
  }
  return values;
}

/** Runs a test with a broker that is a millisecond away, in virtual time. */
export function simulatePublishing(
  work: (at: KafkaPublisherCase) => Promise<void>,
  { partitions = 1, ...options }: SimulatedKafkaOptions & { runtime?: Runtime } = {},
): Promise<void> {
  const runtime = new SimulatedRuntime({ seed: 3 });
  return runtime.drive(async () => {
    using kafka = new SimulatedKafka({
      ...{ topics: { rows: partitions }, partitions, latency: 1, runtime, ...options },
    });
    const requests: SimulatedRequest[] = [];
    let faults: SimulatedFaults = () => undefined;
    kafka.faults = (request) => {
      requests.push(request);
      return faults(request);
    };
    await using publishers = new AsyncDisposableStack();
    const arrived = async (partition: number) => {
      const values = await committedValues(kafka, { topic: "rows", partition });
      return values.map((value) => JSON.parse(value));
    };
    await work({
      ...{ kafka, runtime, requests },
      fault: (given) => faults = given,
      produced: () => requests.filter(({ api }) => api === "produce").length,
      arrived: async (partition) => {
        if (partition !== undefined) return await arrived(partition);
        return (await Promise.all(Array.from({ length: partitions }, (_, p) => arrived(p)))).flat();
      },
      publisher: (more = {}) =>
        publishers.use(
          new KafkaPublisher({
            ...{ bootstrapServers: "simulated", topic: "rows", driver: kafka, runtime },
            ...more,
          }),
        ),
    });
    faults = () => undefined;
  });
}

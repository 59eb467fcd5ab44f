import { type Publisher, schema, type Source, types as t } from "../../../mod.ts";
import { kafkaSource } from "../../../src/kafka/source/kafka_source.ts";
import type { KafkaSourceOptions } from "../../../src/kafka/source/kafka_source_options.ts";
import { SimulatedRuntime } from "../../../src/runtime/simulated_runtime.ts";
import {
  SimulatedKafka,
  type SimulatedKafkaOptions,
} from "../../../src/testing/kafka/simulated_kafka.ts";
import { TopicWriter } from "./topic_case.ts";

export const X = schema({ x: t.f64 });
export const P0 = { topic: "t", partition: 0 };

export interface World {
  readonly kafka: SimulatedKafka;
  readonly runtime: SimulatedRuntime;
  readonly writer: TopicWriter;
  source(options?: Partial<KafkaSourceOptions>): Source<{ x: number }>;
}

/** Works with a topic in virtual time. */
export function simulate(
  work: (world: World) => Promise<void>,
  options: SimulatedKafkaOptions = {},
): Promise<void> {
  const runtime = new SimulatedRuntime({ seed: 11 });
  return runtime.drive(async () => {
    using kafka = new SimulatedKafka({ topics: { t: 2 }, latency: 1, runtime, ...options });
    await using writer = await TopicWriter.of(kafka);
    const source = (given: Partial<KafkaSourceOptions> = {}) =>
      kafkaSource<{ x: number }>({
        ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, runtime },
        ...{ schema: X as never, requestTimeout: "1s" },
        ...given as object,
      });
    await work({ kafka, runtime, writer, source });
  });
}

export function numbered(first: number, count: number) {
  return Array.from({ length: count }, (_, at) => ({ value: JSON.stringify({ x: first + at }) }));
}

export function range(count: number): number[] {
  return [...Array(count).keys()];
}

/** Reads until so many rows have come; they leave when the next is asked for. */
export async function take(
  rows: AsyncIterable<{ x: number | null }>,
  count: number,
): Promise<number[]> {
  const taken: number[] = [];
  for await (const { x } of rows) {
    taken.push(x!);
    if (taken.length === count) break;
  }
  return taken;
}

/** A publisher that hands out the numbers of rows. */
export function publisherOf({ take }: { take: (xs: number[]) => void | Promise<void> }): Publisher {
  return {
    publish: async (batch) => {
      await take(batch.toRows().map((row) => (row as { x: number }).x));
      return { records: batch.length };
    },
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** Committed offsets of a group by partition. */
export function committedOf(kafka: SimulatedKafka, group = "g"): Record<number, number> {
  return Object.fromEntries(
    kafka.group(group).offsets.map(({ partition, offset }) => [partition, offset]),
  );
}

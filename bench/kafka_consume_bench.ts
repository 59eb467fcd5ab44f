import { count, DeliveryGuarantee, from, mean, TumblingWindow } from "../mod.ts";
import type { RecordBatch as Batch } from "../src/batch/record_batch.ts";
import { RecordBatch } from "../src/batch/record_batch.ts";
import { KafkaPublisher } from "../src/kafka/publisher/kafka_publisher.ts";
import { RecordDecoder } from "../src/kafka/records/record_decoder.ts";
import { kafkaSource } from "../src/kafka/source/kafka_source.ts";
import type { KafkaSourceOptions } from "../src/kafka/source/kafka_source_options.ts";
import { create } from "../src/kernel/kernel.ts";
import { denoRuntime } from "../src/runtime/deno_runtime.ts";
import type { Publisher } from "../src/stream/publisher.ts";
import { javaConsumerPerf } from "../tests/support/kafka/java_tools.ts";
import { kafka, sharedKafka } from "../tests/support/kafka/kafka.ts";
import { type BenchGroup, type BenchRow, median, notRun, row, verdict } from "./support/bench.ts";
import { READING, readings } from "./support/kafka_readings.ts";
import { connect, FETCH, PARTITIONS, plainClient, Topics } from "./support/kafka_topic.ts";

const BATCH_ROWS = 8192;
const BATCHES = 4;
/** So many times the batches are written, each time later. */
const WRITTEN = 96;
const RECORDS = WRITTEN * BATCHES * BATCH_ROWS;
/** What the plain client reads of them: its rate is the same, and no bench should take so long. */
const PLAIN_RECORDS = RECORDS / 4;
const ROUNDS = 3;
const AHEAD = 16;
const WINDOW = "10s";
const PAUSE_MS = 60_000;
const BUFFER_BYTES = 16_777_216;
/** What else a process takes meanwhile: code that is compiled, answers of brokers on their way. */
const BESIDE_BYTES = 67_108_864;
const NAMES = {
  plain: "Kafka to columns by the bees, JSON, against kafkajs's eachBatch with JSON.parse",
  java: "Kafka to raw blocks, checksums checked, every record visited, against Java's perf test",
  windows: "Kafka to windows by key to Kafka, JSON, against consuming and decoding alone",
  paused: "MB that a source grows by in a minute of pause under load, of a buffer of 16 MiB",
};

/** One broker, and a topic that was written to it. */
interface Bench {
  readonly bootstrap: string;
  readonly topics: Topics;
  readonly topic: string;
}

/** The same readings at a later time. */
function later(batch: Batch, round: number): Batch {
  const shift = BigInt(round * BATCHES * BATCH_ROWS);
  const columns = batch.columns.map((column, at) =>
    batch.names[at] === "at"
      ? { ...column, values: (column.values as BigInt64Array).map((time) => time + shift) }
      : column
  );
  return new RecordBatch(batch.schema, columns, batch.length);
}

async function write(bootstrap: string, topic: string, rounds: number): Promise<void> {
  const batches = readings(BATCHES, BATCH_ROWS);
  await using publisher = new KafkaPublisher({ bootstrapServers: bootstrap, topic });
  const ahead: Promise<unknown>[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const batch of batches) {
      if (ahead.length >= AHEAD) await ahead.shift();
      ahead.push(publisher.publish(later(batch, round)));
    }
  }
  await Promise.all(ahead);
}

function reading({ bootstrap, topic }: Bench, options: Partial<KafkaSourceOptions> = {}) {
  return kafkaSource<{ sensor: string; at: number; temperature: number }>({
    ...{ bootstrapServers: bootstrap, topics: topic, until: "end", schema: READING as never },
    ...options as object,
  });
}

async function rateOf(work: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await work();
  return 1000 * RECORDS / (performance.now() - startMs);
}

function expect(what: string, found: number, expected: number): void {
  if (found !== expected) throw new Error(`${what}: expected ${expected}, found ${found}`);
}

/** Columns are handed out on the main thread, and looked at no further. */
async function decode(bench: Bench): Promise<void> {
  let [rows, ids] = [0, 0];
  const publisher: Publisher = {
    publish: (batch) => {
      rows += batch.length;
      for (const id of batch.column("id").values as Int32Array) ids += id;
      return Promise.resolve({ records: batch.length });
    },
    flush: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  await from(reading(bench)).to(publisher).run();
  expect("rows", rows, RECORDS);
  const first = 1_000_000;
  const all = BATCHES * BATCH_ROWS;
  expect("the sum of all ids", ids, WRITTEN * (first * all + all * (all - 1) / 2));
}

/** From the first record on: how long it takes to join is left out. */
async function plainRate({ bootstrap, topic }: Bench): Promise<number> {
  const consumer = plainClient(bootstrap).consumer({ groupId: `bench-${crypto.randomUUID()}` });
  await consumer.connect();
  await consumer.subscribe({ topic, fromBeginning: true });
  const all = Promise.withResolvers<void>();
  let [seen, startMs] = [0, 0];
  await consumer.run({
    eachBatch: ({ batch: { messages } }) => {
      if (seen === 0) startMs = performance.now();
      for (const { value } of messages) JSON.parse(value!.toString());
      seen += messages.length;
      if (seen >= PLAIN_RECORDS) all.resolve();
      return Promise.resolve();
    },
  });
  await all.promise;
  const rate = 1000 * seen / (performance.now() - startMs);
  await consumer.disconnect();
  return rate;
}

/** Fetches blocks and walks all of their records, without looking into values. */
async function visit({ bootstrap, topic }: Bench): Promise<void> {
  await using cluster = await connect(bootstrap);
  await using source = await cluster.source({ ...FETCH, maxPartitionBytes: 2 ** 20 });
  const places = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition }));
  source.assign(places.map((place) => ({ ...place, offset: 0 })));
  const { isolation } = FETCH;
  using decoder = new RecordDecoder(create(), { isolation, maxBatchBytes: 2 ** 26 });
  let seen = 0;
  while (seen < RECORDS) {
    for (const block of await source.fetch()) {
      for (const { count } of decoder.decode(block)) seen += count;
    }
  }
  expect("records", seen, RECORDS);
}

/** Results go to a topic of their own. */
async function window(bench: Bench, output: string): Promise<void> {
  await using publisher = new KafkaPublisher({
    ...{ bootstrapServers: bench.bootstrap, topic: output, key: "sensor" },
  });
  const deliveryGuarantee = DeliveryGuarantee.AtLeastOnce;
  const pipeline = from(reading(bench), { deliveryGuarantee }).timestamps("at").keyBy("sensor")
    .window(new TumblingWindow({ size: WINDOW }))
    .aggregate({ n: count(), mean: mean("temperature") }).to(publisher);
  const { recordsIn, late } = await pipeline.run();
  expect("records in windows", recordsIn - late, RECORDS);
}

/** Reads results back: each window and key once, and in them every record and its temperature. */
async function checkWindows({ bootstrap }: Bench, output: string): Promise<void> {
  const results = kafkaSource<{ windowStart: number; sensor: string; n: number; mean: number }>({
    ...{ bootstrapServers: bootstrap, topics: output, until: "end" },
  });
  const seen = new Set<string>();
  let [rows, records, temperatures] = [0, 0, 0];
  for await (const { windowStart, sensor, n, mean } of from(results)) {
    seen.add(`${windowStart} ${sensor}`);
    rows++;
    records += n;
    temperatures += n * mean;
  }
  const once = readings(BATCHES, BATCH_ROWS).reduce(
    (sum, batch) =>
      (batch.column("temperature").values as Float64Array).reduce((all, x) => all + x, sum),
    0,
  );
  expect("windows and keys that are told once", seen.size, rows);
  expect("records in results", records, RECORDS);
  expect("degrees in results", Math.round(temperatures), Math.round(WRITTEN * once));
}

/** How fast windows go from topic to topic, in turn with what only decodes; then all are checked. */
async function windowRates(bench: Bench, own: () => Promise<number>) {
  const outputs: string[] = [];
  const rates = await inTurns(ROUNDS, async () => {
    const output = await bench.topics.make();
    outputs.push(output);
    return await rateOf(() => window(bench, output));
  }, own);
  for (const output of outputs) await checkWindows(bench, output);
  return rates;
}

/** Each in turn; of both the median. */
async function inTurns(
  rounds: number,
  contender: () => Promise<number>,
  baseline: () => Promise<number>,
): Promise<{ rate: number; baselineRate: number }> {
  const [rates, baselineRates]: number[][] = [[], []];
  for (let round = 0; round < rounds; round++) {
    rates.push(await contender());
    baselineRates.push(await baseline());
  }
  return { rate: median(rates), baselineRate: median(baselineRates) };
}

/** A pipeline takes a little and then nothing for a minute, while more and more is written. */
async function paused(bench: Bench): Promise<BenchRow> {
  const { bootstrap, topics } = bench;
  const topic = await topics.make();
  await write(bootstrap, topic, 4);
  const source = reading({ ...bench, topic }, { until: undefined, maxBufferBytes: BUFFER_BYTES });
  const stop = new AbortController();
  const opened = source.open({
    ...{ runtime: denoRuntime, signal: stop.signal, badRecords: "fail", deadLetter: () => {} },
  });
  const batches = opened[Symbol.asyncIterator]();
  const { value } = await batches.next();
  for (let read = 0; read < 3; read++) await batches.next();
  const before = Deno.memoryUsage().rss;
  const load = write(bootstrap, topic, WRITTEN / 2);
  const until = performance.now() + PAUSE_MS;
  let most = 0;
  while (performance.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 250));
    most = Math.max(most, value!.progress!.metrics!.waitingBytes);
  }
  await load;
  const grown = Deno.memoryUsage().rss - before;
  const { lag } = value!.progress!.metrics!;
  stop.abort();
  await batches.return!();
  return verdict(NAMES.paused, {
    reached: most <= BUFFER_BYTES && grown <= BUFFER_BYTES + BESIDE_BYTES,
    rate: grown / 1e6,
    unit: "MB",
    note: `${(most / 1e6).toFixed(1)} MB waited at most, with a lag of ${lag} records`,
  });
}

async function rows(bootstrap: string): Promise<BenchRow[]> {
  await using topics = await Topics.at(bootstrap);
  const topic = await topics.make();
  await write(bootstrap, topic, WRITTEN);
  const bench = { bootstrap, topics, topic };
  const own = () => rateOf(() => decode(bench));
  await decode(bench); // compiled now
  const plain = await inTurns(ROUNDS, own, () => plainRate(bench));
  const java = await inTurns(ROUNDS, () => rateOf(() => visit(bench)), async () => {
    return (await javaConsumerPerf(bootstrap, topic, { records: RECORDS })).recordsPerSecond;
  });
  const windows = await windowRates(bench, own);
  return [
    row(NAMES.plain, { ...plain, target: 4 }),
    row(NAMES.java, { ...java, target: 1 }),
    row(NAMES.windows, { ...windows, target: 0.7 }),
    await paused(bench),
  ];
}

/** What of a topic becomes columns, against clients that give messages. */
export const group: BenchGroup = {
  name: "kafka consume",
  rows: async (): Promise<BenchRow[]> => {
    if (kafka.reason !== undefined) {
      return Object.values(NAMES).map((name) => notRun(name, kafka.reason!));
    }
    await using broker = await sharedKafka();
    return await rows(broker.bootstrap);
  },
};

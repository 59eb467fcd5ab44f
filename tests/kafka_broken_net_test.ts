import { assert, assertEquals } from "@std/assert";
import { from, RecordBatch } from "../mod.ts";
import { KafkaPublisher, kafkaSource } from "../src/kafka/kafka.ts";
import { type Fault, type FaultProxy, startProxiedKafka } from "./support/kafka/fault_proxy.ts";
import { ownKafka, uniqueName } from "./support/kafka/kafka.ts";
import { kcat, kcatConsume } from "./support/kafka/kcat.ts";
import { createTopic } from "./support/kafka/wire.ts";
import { Random } from "./support/random.ts";

const FAULTS_WRITING = 70;
const FAULTS_READING = 30;
const PARTITIONS = 3;
const BATCH = 40;
const MOST_UNDER_WAY = 4;

/** Has one thing after the other go wrong. */
class BrokenNet {
  readonly #proxy: FaultProxy;
  readonly #random: Random;

  constructor(proxy: FaultProxy, random: Random) {
    this.#proxy = proxy;
    this.#random = random;
  }

  async break(times: number, apis: readonly Fault["api"][]): Promise<void> {
    const random = this.#random;
    for (let i = 0; i < times; i++) {
      this.#proxy.delayMs = random.pick([0, 0, 0, 1, 5]);
      await this.#proxy.break({
        api: random.pick(apis),
        cut: random.pick(["answer", "request"]),
        bytes: random.below(80),
        after: random.below(3),
      });
      if (random.chance(0.1)) this.#proxy.cutAll();
    }
    this.#proxy.delayMs = 0;
  }
}

/** Publishes numbers from 0 until it is told to stop, and tells how many. */
async function publishUntil(publisher: KafkaPublisher, isOver: () => boolean): Promise<number> {
  const underWay = new Set<Promise<unknown>>();
  let count = 0;
  while (!isOver()) {
    const rows = Array.from({ length: BATCH }, (_, i) => ({ id: count + i, key: `k${count + i}` }));
    const work = publisher.publish(RecordBatch.fromRows(rows) as RecordBatch)
      .finally(() => underWay.delete(work));
    underWay.add(work);
    count += BATCH;
    // Who has never met a broker does not wait for it.
    if (count === BATCH || underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay);
  }
  await Promise.all(underWay);
  return count;
}

interface Place {
  readonly partition: number;
  readonly id: number;
}

/** All numbers are there once, and in order within each partition. */
function checkNumbers(places: readonly Place[], count: number): void {
  assertEquals(places.length, count, "lost or doubled");
  const last = new Array<number>(PARTITIONS).fill(-1);
  for (const { partition, id } of places) {
    assert(id > last[partition], `${id} comes behind ${last[partition]}`);
    last[partition] = id;
  }
  assertEquals(new Set(places.map(({ id }) => id)).size, count);
}

const what = "a net that breaks a hundred times loses and doubles nothing, written and read";
Deno.test(
  ownKafka.with(kcat).test(what, async () => {
    const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e6);
    console.log(`SEED=${seed}`);
    await using proxied = await startProxiedKafka();
    const { broker, proxy } = proxied;
    const net = new BrokenNet(proxy, new Random(seed));
    const bootstrapServers = proxy.bootstrap;
    const topics = ["plain", "transactions"].map((name) => uniqueName(`broken-${name}`));
    for (const topic of topics) {
      await createTopic(broker.bootstrap, topic, { partitions: PARTITIONS });
    }
    const options = { bootstrapServers, key: "key", batchBytes: 2_000, linger: 1 };
    await using plain = new KafkaPublisher({ ...options, topic: topics[0] });
    await using transactional = new KafkaPublisher({
      ...{ ...options, topic: topics[1], transactionalId: topics[1], transactionInterval: 20 },
    });
    const row = RecordBatch.fromRows([{ id: -1, key: "first" }]) as RecordBatch;
    for (const publisher of [plain, transactional]) await publisher.publish(row);
    let isOver = false;
    const breaking = net.break(FAULTS_WRITING, [
      ...["produce", "produce", "produce"] as const,
      ...["endTxn", "addPartitionsToTxn"] as const,
    ]).then(() => isOver = true);
    const counts = await Promise.all(
      [plain, transactional].map((publisher) => publishUntil(publisher, () => isOver)),
    );
    await breaking;
    for (const [i, topic] of topics.entries()) {
      const records = (await kcatConsume(broker.bootstrap, topic)).map((
        { partition, payload },
      ) => ({
        ...{ partition, id: JSON.parse(payload!).id as number },
      }));
      checkNumbers(records.filter(({ id }) => id >= 0), counts[i]);
    }
    isOver = false;
    const breakingAgain = net.break(FAULTS_READING, ["fetch"]).then(() => isOver = true);
    while (!isOver) {
      const source = kafkaSource<{ id: number }>({
        ...{ bootstrapServers, topics: topics[1], until: "end", partitionColumn: "partition" },
        ...{ maxPartitionBytes: 10_000, maxBufferBytes: 50_000 },
      });
      const rows = await Array.fromAsync(from(source, { workers: 1 }) as AsyncIterable<Place>);
      checkNumbers(rows.filter(({ id }) => id >= 0), counts[1]);
    }
    await breakingAgain;
  }),
);

import { assert, assertEquals } from "@std/assert";
import { RecordBatch } from "../mod.ts";
import { KafkaPublisher } from "../src/kafka/kafka.ts";
import { type KafkaBroker, ownKafka, startKafka, uniqueName } from "./support/kafka/kafka.ts";
import { kcat, kcatConsume } from "./support/kafka/kcat.ts";
import { FORGETFUL } from "./support/kafka/settings.ts";
import { createTopic } from "./support/kafka/wire.ts";
import { Random } from "./support/random.ts";

const RECORDS = 100_000;
const KILLS = 10;
const PARTITIONS = 4;
const BATCH = 250;
const MOST_UNDER_WAY = 16;

/** Kills a broker some times while records are under way, and starts it again. */
class Killer {
  readonly #broker: KafkaBroker;
  readonly #at: number[];
  #count = 0;
  #back: Promise<void> = Promise.resolve();

  constructor(
    broker: KafkaBroker,
    random: Random,
    { kills, records }: { kills: number; records: number },
  ) {
    this.#broker = broker;
    const apart = records / kills;
    // Never so near that the records under way could reach the next.
    this.#at = Array.from({ length: kills }, (_, i) => apart * i + random.below(apart / 2));
  }

  /** So many more are under way. */
  count(records: number): void {
    this.#count += records;
    if (this.#at.length === 0 || this.#count <= this.#at[0]) return;
    this.#at.shift();
    this.#back = this.#back.then(() => this.#broker.kill()).then(() => this.#broker.restart());
  }

  /** Resolves when the broker is back; tells how often it is still to be killed. */
  async isBack(): Promise<number> {
    await this.#back;
    return this.#at.length;
  }
}

async function publishBatch(publisher: KafkaPublisher, first: number): Promise<void> {
  const rows = Array.from({ length: BATCH }, (_, i) => ({ id: first + i, key: `k${first + i}` }));
  await publisher.publish(RecordBatch.fromRows(rows) as RecordBatch);
}

/** Publishes the numbers behind the first batch, several batches at a time. */
async function publishNumbers(publisher: KafkaPublisher, killer: Killer) {
  const underWay = new Set<Promise<unknown>>();
  for (let first = BATCH; first < RECORDS; first += BATCH) {
    const work = publishBatch(publisher, first).finally(() => underWay.delete(work));
    underWay.add(work);
    killer.count(BATCH);
    if (underWay.size >= MOST_UNDER_WAY) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}

/** Reads a topic by a client of another kind: all numbers once, in order within each partition. */
async function checkNumbers(bootstrap: string, topic: string): Promise<void> {
  const records = await kcatConsume(bootstrap, topic);
  assertEquals(records.length, RECORDS, "lost or doubled");
  const last = new Array<number>(PARTITIONS).fill(-1);
  const seen = new Set<number>();
  for (const { partition, key, payload } of records) {
    const { id } = JSON.parse(payload!);
    assertEquals(key, `k${id}`);
    assert(id > last[partition], `${id} comes behind ${last[partition]}`);
    last[partition] = id;
    seen.add(id);
  }
  assertEquals(seen.size, RECORDS);
}

const what = "a broker that is killed ten times among 100,000 records loses and doubles none";
Deno.test(
  ownKafka.with(kcat).test(what, async () => {
    const seed = Number(Deno.env.get("SEED") ?? Date.now() % 1e6);
    await using broker = await startKafka({ config: FORGETFUL });
    const { bootstrap: bootstrapServers } = broker;
    const topics = ["plain", "transactions"].map((name) => uniqueName(`killed-${name}`));
    for (const topic of topics) {
      await createTopic(bootstrapServers, topic, { partitions: PARTITIONS });
    }
    const publisherTo = (topic: string, transactionalId?: string) =>
      new KafkaPublisher({
        ...{ bootstrapServers, topic, key: "key", batchBytes: 20_000 },
        ...(transactionalId === undefined ? {} : { transactionalId }),
      });
    await using plain = publisherTo(topics[0]);
    await using transactional = publisherTo(topics[1], topics[1]);
    // Who has never met a broker does not wait for it.
    await Promise.all([publishBatch(plain, 0), publishBatch(transactional, 0)]);
    const random = new Random(seed);
    console.log(`SEED=${seed}`);
    const killer = new Killer(broker, random, { kills: KILLS, records: 2 * RECORDS });
    const results = await Promise.allSettled(
      [plain, transactional].map((publisher) => publishNumbers(publisher, killer)),
    );
    const killsLeft = await killer.isBack();
    for (const result of results) if (result.status === "rejected") throw result.reason;
    assertEquals(killsLeft, 0);
    for (const topic of topics) await checkNumbers(bootstrapServers, topic);
  }),
);

import { assert, assertEquals } from "@std/assert";
import { KafkaError, UnknownOutcome } from "../src/kafka/driver/kafka_error.ts";
import type { KafkaPublisherOptions } from "../src/kafka/publisher/publisher_options.ts";
import { delay } from "../src/stream/delay.ts";
import type { SimulatedFaults } from "../src/testing/kafka/faults.ts";
import {
  type KafkaPublisherCase,
  numbered,
  simulatePublishing,
} from "./support/kafka/publisher_case.ts";
import { Random } from "./support/random.ts";

const SEEDS = Number(Deno.env.get("WAGGLE_SEEDS") ?? 40);
const FIRST_SEED = Number(Deno.env.get("WAGGLE_SEED") ?? 1);
const PARTITIONS = 3;
const DOUBTFUL = "REQUEST_TIMED_OUT";

/** What became of a batch. */
interface Published {
  readonly ids: readonly number[];
  readonly partition: number;
  error?: unknown;
}

/** Requests are lost, late, refused and silent, at random. */
function faultsOf(random: Random): SimulatedFaults {
  const share = random.below(30) / 100;
  return ({ api }) => {
    if (!random.chance(share)) return undefined;
    const what = random.below(5);
    if (what === 0) return { lose: "answer" };
    if (what === 1) return { lose: "request" };
    if (what === 2) return { answerDelayMs: random.below(80) };
    if (api !== "produce") return { error: "COORDINATOR_NOT_AVAILABLE" };
    if (what === 3) return { error: DOUBTFUL, done: random.chance(0.5) };
    return { error: random.chance(0.3) ? "TOPIC_AUTHORIZATION_FAILED" : "NOT_LEADER_OR_FOLLOWER" };
  };
}

/** Publishes batches, some of them at once, while all goes wrong. */
async function publishAll(
  { publisher, runtime, fault }: KafkaPublisherCase,
  random: Random,
  options: Partial<KafkaPublisherOptions>,
): Promise<Published[]> {
  const to = publisher({
    ...{ partitioner: { column: "p" }, deliveryTimeout: 200 + random.below(2000) },
    ...{ requestTimeout: 50 + random.below(200), linger: random.below(10) },
    ...{ batchBytes: 100 + random.below(1000), maxRecordBytes: 1000 },
    bufferBytes: 1200 + random.below(3000),
    ...options,
  });
  await to.publish(numbered(-1, 1, { p: 0 }));
  fault(faultsOf(random));
  const all: Promise<Published>[] = [];
  for (let i = 0, id = 0; i < 30; i++) {
    const [count, partition] = [1 + random.below(120), random.below(PARTITIONS)];
    const published: Published = {
      ids: Array.from({ length: count }, (_, at) => id + at),
      partition,
    };
    const text = "x".repeat(random.below(50));
    const publishing = to.publish(numbered(id, count, { p: partition, text }));
    all.push(publishing.then(() => published, (error) => ({ ...published, error })));
    id += count;
    if (random.chance(0.3)) await all.at(-1);
    if (random.chance(0.3)) await delay(runtime, random.below(20));
    if (random.chance(0.1)) await to.flush();
  }
  const outcomes = await Promise.all(all);
  fault(() => undefined);
  return outcomes;
}

function check(
  outcomes: readonly Published[],
  arrived: readonly number[][],
  inTransactions: boolean,
) {
  for (const { ids, partition, error } of outcomes) {
    const there = arrived[partition].filter((id) => id >= ids[0] && id <= ids.at(-1)!);
    assertEquals(there, [...new Set(there)].sort((a, b) => a - b), "out of order, or twice");
    if (error === undefined) {
      assertEquals(there.length, ids.length, `lost of ${ids[0]}`);
      continue;
    }
    assert(error instanceof KafkaError, `${error}`);
    const isUnknown = error instanceof UnknownOutcome;
    const isWhole = there.length === 0 || isUnknown && there.length === ids.length;
    if (inTransactions) assert(isWhole, `${there.length} of ${ids.length}: ${error}`);
    if (inTransactions) continue;
    const told = /(\d+) of its \d+ records? (?:was|were) appended(, and of (\d+) nobody)?/;
    const [, sure = "0", , doubtful = "0"] = told.exec(error.message) ?? [];
    const beyond = there.length - Number(sure);
    assert(
      beyond >= 0 && beyond <= Number(doubtful),
      `${there.length} are there: ${error.message}`,
    );
  }
  // Those that were taken are in the order in which they were published.
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const taken = outcomes.filter((each) => each.partition === partition && !each.error);
    const ids = new Set(taken.flatMap((each) => each.ids));
    const order = arrived[partition].filter((id) => ids.has(id));
    assertEquals(order, [...order].sort((a, b) => a - b), "batches overtook each other");
  }
}

for (
  const [name, options] of [["KafkaPublisher", {}], ["KafkaPublisher in transactions", {
    transactionalId: "a",
    transactionInterval: 20,
  }]] as const
) {
  Deno.test(`${name} says what became of each batch, and that is so, whatever goes wrong`, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
      try {
        await simulatePublishing(async (at) => {
          const outcomes = await publishAll(at, new Random(seed), options);
          const arrived: number[][] = [];
          for (let partition = 0; partition < PARTITIONS; partition++) {
            const rows = await at.arrived(partition);
            arrived.push(rows.map(({ id }) => id as number).filter((id) => id >= 0));
          }
          check(outcomes, arrived, "transactionalId" in options);
        }, { partitions: PARTITIONS, brokers: 1 + seed % 2, markerTime: 4 * (seed % 3) });
      } catch (error) {
        throw new Error(`WAGGLE_SEED=${seed}: ${(error as Error).message}`, { cause: error });
      }
    }
  });
}

// Bytes of brokers' answers that are others when they come: an error or a repeat, and never a loop.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { from, RecordBatch } from "../mod.ts";
import { KafkaError } from "../src/kafka/driver/kafka_error.ts";
import { KafkaPublisher } from "../src/kafka/publisher/kafka_publisher.ts";
import { CorruptBatch } from "../src/kafka/records/corrupt_batch.ts";
import { delay } from "../src/stream/delay.ts";
import type { SimulatedApi } from "../src/testing/kafka/faults.ts";
import { numbered, P0, range, simulate, take, type World } from "./support/kafka/source_world.ts";
import { Random } from "./support/random.ts";

const APIS: readonly SimulatedApi[] = [
  ...["fetch", "fetch", "fetch", "metadata", "listOffsets", "findCoordinator", "join"] as const,
  ...["sync", "heartbeat", "commit", "committed", "produce", "initProducer"] as const,
  ...["addPartitions", "endTransaction"] as const,
];
const SEEDS = 40 * Number(Deno.env.get("SOAK") ?? 1);
const MOST_REQUESTS = 30_000;
const MOST_MS = 1_200_000;

/** Where in the bytes of a partition of topic "t" its batches begin: they are those of format 2. */
function batchIn(answer: Uint8Array): number {
  const crc = answer.findIndex((_, at) => at >= 16 && answer[at] === 2 && answer[at - 8] === 0);
  return crc - 16;
}

/** Metadata of topic "t" alone, with an empty list of partitions: `MetadataResponse`, version 7. */
function withoutPartitions(answer: Uint8Array): Uint8Array {
  const name = answer.findLastIndex((byte, at) => byte === 0x74 && answer[at - 1] === 1);
  return answer.fill(0, name + 1);
}

for (
  const { what, at, by, told } of [
    { what: "claims 2 GiB", at: 8, by: 0x7f, told: "the first batch claims to have more" },
    { what: "ends before it", at: 0, by: 0x80, told: "what came ends at offset -" },
  ]
) {
  Deno.test(`A batch that ${what} ends the source, and is not asked for without end`, () =>
    simulate(async ({ kafka, runtime, writer, source }) => {
      await writer.send(P0, numbered(0, 10));
      let fetches = 0;
      let damaged = 2;
      kafka.faults = ({ api }) => {
        if (api !== "fetch") return undefined;
        fetches++;
        return {
          damage: (answer) => {
            const batch = batchIn(answer);
            if (batch >= 0 && damaged-- > 0) answer[batch + at] = by;
            return answer;
          },
        };
      };
      const rows = () => from(source({ partitions: [0] }), { workers: 1, runtime });
      assertEquals(await take(rows(), 10), range(10)); // twice is no more than bad luck
      damaged = Infinity;
      const { message } = await assertRejects(() => take(rows(), 10), CorruptBatch);
      assert(message.includes(told), message);
      assert(fetches < 20, `${fetches} fetches`);
    }));
}

Deno.test("A topic of which an answer names no partition is not taken for one that is read", () =>
  simulate(async ({ kafka, runtime, source }) => {
    kafka.faults = ({ api, about }) =>
      api === "metadata" && about === "t" ? { damage: withoutPartitions } : undefined;
    const rows = from(source({ until: "end" }), { workers: 1, runtime });
    await assertRejects(
      () => Array.fromAsync(rows),
      KafkaError,
      'Cannot use topic "t": the broker\'s answer names none of its partitions',
    );
  }));

for (const outOfRange of ["fail", "earliest"] as const) {
  Deno.test(`A partition that ends before where it was to be read to: "${outOfRange}"`, () =>
    simulate(async ({ kafka, runtime, writer, source }) => {
      for (let batch = 0; batch < 3; batch++) await writer.send(P0, numbered(10 * batch, 10));
      const fromStart = { partitions: [0], until: "end", outOfRange, lagInterval: "1s" } as const;
      let isHeld = true;
      kafka.faults = ({ api }) => api === "fetch" && isHeld ? { requestDelayMs: 500 } : undefined;
      const reading = Array.fromAsync(from(source(fromStart), { workers: 1, runtime }));
      await delay(runtime, 100);
      kafka.deleteTopic("t");
      kafka.createTopic("t", 2);
      await writer.send(P0, numbered(100, 5));
      isHeld = false;
      if (outOfRange === "fail") {
        await assertRejects(
          () => reading,
          KafkaError,
          "partition 0 of t was to be read up to offset 30, and ends at 5 now: records were lost",
        );
      } else assertEquals((await reading).at(-1)!.x, 104);
    }));
}

/** Has one answer, or all of a kind, damaged in one of some ways; how many are asked for by then. */
function damage(kafka: World["kafka"], random: Random): () => number {
  const api = random.pick(APIS);
  const kind = random.pick(["bit", "cut", "byte", "int", "garbage"]);
  let left = random.chance(0.5) ? 1 : Infinity;
  let requests = 0;
  const change = (answer: Uint8Array) => {
    const at = random.below(answer.length);
    if (kind === "cut") return answer.slice(0, at);
    if (kind === "bit") answer[at] ^= 1 << random.below(8);
    else if (kind === "byte") answer[at] = random.below(256);
    else if (kind === "garbage") return answer.map(() => random.below(256));
    else {
      const int = random.pick([0, -1, 0x7fff_ffff, -0x8000_0000, 1e6]);
      new DataView(answer.buffer).setInt32(Math.max(0, Math.min(at, answer.length - 4)), int);
    }
    return answer;
  };
  kafka.faults = (request) => {
    // which the broker's clients take for trouble of their own, and end
    if (++requests > MOST_REQUESTS) throw new Error(`${api}, ${kind}: asked without end`);
    const isIt = request.api === api && left-- > 0;
    return isIt ? { damage: (answer) => answer.length < 4 ? answer : change(answer) } : undefined;
  };
  return () => requests;
}

async function read({ source, runtime }: World, more: object): Promise<void> {
  const options = { until: "end", retryTimeout: "1m", outOfRange: "earliest", ...more } as const;
  await Array.fromAsync(from(source(options), { workers: 1, runtime }));
}

async function publish({ kafka, runtime }: World, more: object): Promise<void> {
  await using publisher = new KafkaPublisher({
    ...{ bootstrapServers: "simulated", topic: "t", driver: kafka, runtime },
    ...{ requestTimeout: "1s", deliveryTimeout: "1m", ...more },
  });
  for (let batch = 0; batch < 3; batch++) {
    await publisher.publish(RecordBatch.fromRows([{ x: batch }]) as RecordBatch);
  }
}

const WORKS = {
  "a source": (world: World) => read(world, {}),
  "a member of a group": (world: World) => read(world, { groupId: "g" }),
  "a publisher": (world: World) => publish(world, {}),
  "a publisher in transactions": (world: World) => publish(world, { transactionalId: "a" }),
};

for (const [name, work] of Object.entries(WORKS)) {
  Deno.test(`Whatever is damaged in the answers that ${name} gets, it ends, or says what it cannot do`, async () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      let asked = () => 0;
      try {
        await simulate(async (world) => {
          const { kafka, runtime, writer } = world;
          for (let batch = 0; batch < 3; batch++) await writer.send(P0, numbered(10 * batch, 10));
          asked = damage(kafka, new Random(seed));
          const late = delay(runtime, MOST_MS).then(() => Promise.reject(new Error("never ends")));
          await Promise.race([work(world), late]);
        });
      } catch (error) {
        assert(
          error instanceof KafkaError && error.message.startsWith("Cannot "),
          `seed ${seed}: ${error}`,
        );
      }
      assert(asked() <= MOST_REQUESTS, `seed ${seed}: asked without end`);
    }
  });
}

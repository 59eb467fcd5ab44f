import { assert, assertEquals } from "@std/assert";
import { connectCluster } from "../src/kafka/driver/client/client_cluster.ts";
import type { KafkaCluster, SinkOptions, Txn } from "../src/kafka/driver/driver.ts";
import { Abortable, Fenced, PartlySent, UnknownOutcome } from "../src/kafka/driver/kafka_error.ts";
import type { Cancel } from "../src/runtime/runtime.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import {
  ModelCluster,
  type ModelFaults,
  MOST_RECORDS,
  TOO_LARGE,
  TOPIC,
} from "./support/kafka/model_broker.ts";
import { blockOf } from "./support/kafka/plain_batch.ts";
import { Random } from "./support/random.ts";

const SEEDS = 60;
const PARTITIONS = 3;
const BLOCKS = 40;
const SINK: SinkOptions = {
  acks: "all",
  idempotent: true,
  requestTimeoutMs: 1_000,
  deliveryTimeoutMs: 60_000,
};

type Fate = "kept" | "refused" | "unknown";

function faultsOf(random: Random): ModelFaults {
  const rate = () => random.chance(0.4) ? 0 : random.next() * 0.2;
  return {
    lostRequest: rate(),
    lostAnswer: rate(),
    stuck: rate() / 2,
    refused: rate(),
    moved: rate(),
    restarted: 4 * rate(),
  };
}

/** Timers go off a little before their time, and time goes on while it is looked at. */
class UnevenClock extends SimulatedRuntime {
  #lastMs = 0;

  override monotonicMs(): number {
    return this.#lastMs = Math.max(this.#lastMs + 0.05, super.monotonicMs());
  }

  override after(delayMs: number, callback: () => void): Cancel {
    return super.after(delayMs - 0.5, callback);
  }
}

async function inSimulation(
  seed: number,
  work: (
    model: ModelCluster,
    cluster: KafkaCluster,
    random: Random,
    runtime: SimulatedRuntime,
  ) => Promise<void>,
  runtime = new SimulatedRuntime({ seed }),
): Promise<void> {
  const random = new Random(seed);
  const model = new ModelCluster(runtime, seed + 1, PARTITIONS, faultsOf(random));
  const options = {
    bootstrapServers: ["a:1", "b:1"],
    clientId: "test",
    connectionTimeoutMs: 1_000,
    requestTimeoutMs: 1_000,
  };
  try {
    await runtime.drive(async () => {
      const cluster = await untilDone(() => connectCluster(model, options, { runtime }));
      await work(model, cluster, random, runtime);
      await cluster[Symbol.asyncDispose]();
    });
  } catch (error) {
    throw new Error(`Seed ${seed} failed: ${(error as Error).message}`, { cause: error });
  }
}

/** Brokers that cannot be reached are tried again. */
async function untilDone<T>(work: () => Promise<T>): Promise<T> {
  while (true) {
    try {
      return await work();
    } catch (error) {
      if (!(error as { retriable?: boolean }).retriable) throw error;
    }
  }
}

function pause(runtime: SimulatedRuntime, ms: number): Promise<void> {
  return new Promise((resolve) => void runtime.after(ms, resolve));
}

/** What a partition must hold: all that was kept, once and in order, nothing that was refused. */
function checkLog(
  values: readonly string[],
  fates: ReadonlyMap<string, Fate>,
  sent: readonly string[],
) {
  assertEquals(new Set(values).size, values.length, `doubled: ${values}`);
  const isThere = new Set(values);
  for (const value of sent) {
    const fate = fates.get(value);
    if (fate === "kept") assert(isThere.has(value), `lost: ${value} of ${values}`);
    if (fate === "refused") assert(!isThere.has(value), `${value} was refused and is there`);
  }
  assertEquals(values, sent.filter((value) => isThere.has(value)), "out of order");
}

/** What is said of each record of a block that could not be sent, or not as a whole. */
function noteFates(values: readonly string[], error: unknown, fates: Map<string, Fate>): void {
  const parts = error instanceof PartlySent ? error.parts : [{ records: values.length, error }];
  let at = 0;
  for (const { records, error } of parts) {
    const fate = !error ? "kept" : error instanceof UnknownOutcome ? "unknown" : "refused";
    for (const value of values.slice(at, at += records)) fates.set(value, fate);
  }
  assertEquals(at, values.length);
}

async function idempotentCase(seed: number, deliveryTimeoutMs: number): Promise<void> {
  await inSimulation(seed, async (model, cluster, random, runtime) => {
    const sink = await untilDone(() => cluster.sink({ ...SINK, deliveryTimeoutMs }));
    const sent: string[][] = Array.from({ length: PARTITIONS }, () => []);
    const fates = new Map<string, Fate>();
    const waiting: Promise<unknown>[] = [];
    for (let i = 0; i < BLOCKS; i++) {
      const partition = random.below(PARTITIONS);
      const length = random.chance(0.5) ? 1 : 1 + random.below(2 * MOST_RECORDS);
      const values = Array.from(
        { length },
        (_, j) => `${partition}-${i}-${j}${random.chance(0.03) ? TOO_LARGE : ""}`,
      );
      sent[partition].push(...values);
      const block = blockOf({ topic: TOPIC, partition }, values);
      waiting.push(
        sink.send(block).then(
          () => values.forEach((value) => fates.set(value, "kept")),
          (error) => noteFates(values, error, fates),
        ),
      );
      if (random.chance(0.3)) await pause(runtime, random.below(300));
    }
    await Promise.all(waiting);
    model.heal();
    await pause(runtime, 10_000); // whatever is still on its way arrives
    await sink[Symbol.asyncDispose]();
    for (const [partition, { log }] of model.partitions.entries()) {
      checkLog(log.flatMap(({ values }) => values), fates, sent[partition]);
      // what is not too large by itself is not refused for its neighbours
      const large = sent[partition].filter((value) => fates.get(value) === "refused");
      if (deliveryTimeoutMs === 60_000) assert(large.every((value) => value.endsWith(TOO_LARGE)));
    }
  });
}

/** Brokers come back, so that whatever is given up for its time was forgotten. */
async function unevenCase(seed: number): Promise<void> {
  const work = async (_: ModelCluster, cluster: KafkaCluster, random: Random) => {
    const sink = await untilDone(() => cluster.sink({ ...SINK, deliveryTimeoutMs: 3_600_000 }));
    const blocks = Array.from({ length: BLOCKS }, (_, i) => {
      return sink.send(blockOf({ topic: TOPIC, partition: random.below(PARTITIONS) }, [`${i}`]));
    });
    await Promise.all(blocks);
    await sink[Symbol.asyncDispose]();
  };
  await inSimulation(seed, work, new UnevenClock({ seed }));
}

/** A transaction of a few blocks, to its end; what came of it. */
async function transact(
  txn: Txn,
  values: readonly (readonly [partition: number, values: readonly string[]])[],
  commits: boolean,
): Promise<"committed" | "aborted" | "unknown" | "fenced"> {
  const sent = values.map(([partition, value]) =>
    txn.send(blockOf({ topic: TOPIC, partition }, value))
  );
  const fates = await Promise.allSettled(sent);
  try {
    if (!commits) await txn.abort();
    else {
      await txn.commit();
      assert(fates.every(({ status }) => status === "fulfilled"));
    }
    return commits ? "committed" : "aborted";
  } catch (error) {
    if (error instanceof UnknownOutcome) return "unknown";
    if (error instanceof Fenced) return "fenced";
    if (!(error instanceof Abortable)) return "aborted"; // the next one sees to it
    await txn.abort().catch(() => {});
    return "aborted";
  }
}

async function transactionCase(seed: number, deliveryTimeoutMs: number): Promise<void> {
  await inSimulation(seed, async (model, cluster, random, runtime) => {
    const sinkOptions = { ...SINK, deliveryTimeoutMs, transactionalId: "t" };
    let sink = await cluster.sink(sinkOptions);
    const outcomes: { fate: string; values: string[] }[] = [];
    for (let i = 0; i < 12; i++) {
      if (random.chance(0.1)) sink = await cluster.sink(sinkOptions); // the older one is a zombie
      const values = Array.from({ length: 1 + random.below(6) }, (_, j) => {
        const partition = random.below(PARTITIONS);
        const isTooLarge = random.chance(0.02);
        const length = random.chance(0.8) ? 1 : 2 * MOST_RECORDS;
        const own = Array.from({ length }, (_, k) => `${partition}-${i}-${j}-${k}`);
        if (isTooLarge) own[random.below(length)] += TOO_LARGE;
        return [partition, own] as const;
      });
      let txn: Txn | undefined;
      while (txn === undefined) {
        txn = await untilDone(() => sink.begin()).catch(async (error) => {
          if (!(error instanceof Fenced)) throw error;
          sink = await cluster.sink(sinkOptions); // fenced by a request of its own that was stuck
          return undefined;
        });
      }
      const fate = await transact(txn, values, random.chance(0.8));
      outcomes.push({ fate, values: values.flatMap(([, own]) => own) });
      if (fate === "fenced") sink = await cluster.sink(sinkOptions);
      if (random.chance(0.3)) await pause(runtime, random.below(300));
    }
    model.heal();
    await pause(runtime, 10_000); // whatever is still on its way arrives
    sink = await cluster.sink(sinkOptions);
    await (await sink.begin()).abort();
    checkTransactions(model, outcomes);
  });
}

function checkTransactions(
  model: ModelCluster,
  outcomes: readonly { fate: string; values: readonly string[] }[],
): void {
  const logs = model.partitions.map(({ log }) => log);
  assert(logs.flat().every(({ fate }) => fate !== "open"), "a transaction hangs");
  const committed = logs.map((log) => log.filter(({ fate }) => fate === "committed"));
  const there = committed.flat().flatMap(({ values }) => values);
  assertEquals(new Set(there).size, there.length, "doubled");
  for (const { fate, values } of outcomes) {
    const kept = values.filter((value) => there.includes(value));
    if (fate === "committed") assertEquals(kept, values);
    else if (fate !== "unknown") assertEquals(kept, []);
    else assert(kept.length === 0 || kept.length === values.length, "half a transaction");
  }
  const sent = outcomes.flatMap(({ values }) => values);
  for (const [partition, log] of committed.entries()) {
    const own = sent.filter((value) => value.startsWith(`${partition}-`) && there.includes(value));
    assertEquals(log.flatMap(({ values }) => values), own, "out of order");
  }
}

Deno.test("an idempotent sink loses, doubles and reorders nothing, whatever nets do", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await idempotentCase(seed, 60_000);
});

Deno.test("a sink that gives up says of each block whether it may be there", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await idempotentCase(seed, 1_500);
});

Deno.test("transactions count whole or not at all, whatever nets do", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await transactionCase(seed, 60_000);
});

Deno.test("transactions that are given up leave nothing behind that counts", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await transactionCase(seed, 1_500);
});

Deno.test("no block is forgotten whose time to be tried comes while it is looked for", async () => {
  for (let seed = 1; seed <= SEEDS; seed++) await unevenCase(seed);
});

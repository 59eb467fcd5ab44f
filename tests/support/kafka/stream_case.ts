import {
  count,
  DeliveryGuarantee,
  from,
  RecordBatch,
  type Runtime,
  schema,
  TumblingWindow,
  types as t,
} from "../../../mod.ts";
import type { KafkaDriver } from "../../../src/kafka/driver/driver.ts";
import { Retriable } from "../../../src/kafka/driver/kafka_error.ts";
import { KafkaPublisher } from "../../../src/kafka/publisher/kafka_publisher.ts";
import { kafkaSource } from "../../../src/kafka/source/kafka_source.ts";
import { SimulatedRuntime } from "../../../src/runtime/simulated_runtime.ts";
import { delay } from "../../../src/stream/delay.ts";
import {
  type SimulatedFaults,
  SimulatedKafka,
} from "../../../src/testing/kafka/simulated_kafka.ts";
import { Random } from "../random.ts";
import type { DriverFlaw } from "./flaws.ts";
import { type Account, RowAccount, WINDOW_MS, WindowAccount } from "./stream_account.ts";

const CHAOS_MS = 40_000;
const CALM_MS = 240_000;
const LOOK_EVERY = 25;
const COLUMNS = schema({ lane: t.i32, n: t.i32, at: t.f64 });

/** What a run came to. */
export interface StreamRun {
  /** What must not happen and did. */
  readonly wrong: readonly string[];
  readonly rows: number;
  /** Rows that came out more than once. */
  readonly doubles: number;
  readonly generations: number;
  readonly killed: number;
}

/** How a run is done. */
export interface StreamPlan {
  /** Whether one reader stays from beginning to end: nothing may come twice then. */
  readonly isSteady?: boolean;
  /** Whether rows are counted in windows; else they go on as they are. */
  readonly windows?: boolean;
  /** A driver that does something wrong. */
  readonly flaw?: DriverFlaw;
}

/** A pipeline from `in` to `out`, as a process of its own would run it. */
class Program {
  readonly name: string;
  isKilled = false;
  readonly #windows: boolean;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;

  constructor(
    name: string,
    driver: KafkaDriver,
    { runtime, workers, windows }: { runtime: Runtime; workers: number; windows: boolean },
  ) {
    this.name = name;
    this.#windows = windows;
    this.#running = this.#run(driver, runtime, workers);
  }

  /** It starts anew when it fails, as whoever looks after programs would have it. */
  async #run(driver: KafkaDriver, runtime: Runtime, workers: number): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted && !this.isKilled) {
      try {
        await this.#once(driver, runtime, workers);
      } catch {
        if (!signal.aborted) await delay(runtime, 1000).catch(() => {});
      }
    }
  }

  async #once(driver: KafkaDriver, runtime: Runtime, workers: number): Promise<void> {
    const connection = { bootstrapServers: "simulated", clientId: this.name, driver };
    const source = kafkaSource({
      ...{ ...connection, topics: "in", groupId: "g", schema: COLUMNS, commitInterval: "300ms" },
      ...{ requestTimeout: "2s", maxWait: "200ms" },
    });
    await using publisher = new KafkaPublisher({
      ...{ ...connection, runtime, topic: "out", key: "lane", requestTimeout: "2s" },
    });
    const deliveryGuarantee = DeliveryGuarantee.AtLeastOnce;
    const options = { runtime, workers, batchRows: 5, settleInterval: "200ms", deliveryGuarantee };
    const rows = from(source, options);
    const results = this.#windows
      ? rows.timestamps("at").keyBy("lane").window(new TumblingWindow({ size: WINDOW_MS }))
        .aggregate({ n: count() })
      : rows;
    await results.to(publisher).run({ signal: this.#stop.signal });
  }

  /** Ends in peace. */
  async end(): Promise<void> {
    this.#stop.abort(new Error("enough"));
    await this.#running;
  }
}

/** What is refused before any of it is done is published again. */
async function publishUntilTaken(
  publisher: KafkaPublisher,
  batch: RecordBatch,
  runtime: Runtime,
): Promise<void> {
  while (true) {
    try {
      await publisher.publish(batch);
      return;
    } catch (error) {
      if (!(error instanceof Retriable)) throw error;
      await delay(runtime, 500);
    }
  }
}

/** Writes rows in lanes, a lane in order. */
async function write(
  driver: KafkaDriver,
  runtime: Runtime,
  { random, written }: { random: Random; written: number[] },
): Promise<void> {
  await using publisher = new KafkaPublisher({
    ...{ bootstrapServers: "simulated", clientId: "writer", driver, runtime, topic: "in" },
    ...{ key: "lane", deliveryTimeout: "10m", requestTimeout: "2s" },
    partitioner: (key, partitions) => Number(new TextDecoder().decode(key!)) % partitions,
  });
  while (runtime.monotonicMs() < CHAOS_MS) {
    const at = runtime.wallClockMs();
    const rows = Array.from({ length: 1 + random.below(8) }, () => {
      const lane = random.below(written.length);
      return { lane, n: written[lane]++, at };
    });
    await publishUntilTaken(publisher, RecordBatch.fromRows(rows, { schema: COLUMNS }), runtime);
    if (random.chance(0.2)) await publisher.flush();
    await delay(runtime, random.below(600));
  }
  await publisher.flush();
}

/** What goes wrong: requests of each kind that it can happen to; killed programs hear nothing. */
function trouble(random: Random, programs: ReadonlyMap<string, Program>): SimulatedFaults {
  const errors: Partial<Record<string, readonly string[]>> = {
    produce: ["NOT_LEADER_OR_FOLLOWER", "NOT_ENOUGH_REPLICAS", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"],
    fetch: ["NOT_LEADER_OR_FOLLOWER", "LEADER_NOT_AVAILABLE"],
    commit: ["NOT_COORDINATOR", "COORDINATOR_LOAD_IN_PROGRESS"],
    heartbeat: ["NOT_COORDINATOR"],
    join: ["COORDINATOR_NOT_AVAILABLE"],
    committed: ["COORDINATOR_LOAD_IN_PROGRESS"],
  };
  return ({ api, clientId }) => {
    if (programs.get(clientId)?.isKilled) return { lose: "request", silent: true };
    if (random.chance(0.03)) {
      return { lose: random.pick(["request", "answer"]), silent: random.chance(0.3) };
    }
    const codes = errors[api];
    if (codes && random.chance(0.03)) {
      const error = random.pick(codes);
      return { error, done: error === "NOT_ENOUGH_REPLICAS_AFTER_APPEND" };
    }
    if (random.chance(0.05)) return { answerDelayMs: random.below(1500) };
    if (random.chance(0.02)) return { requestDelayMs: random.below(3000) };
  };
}

/** One of the things that happen to clusters. */
async function disturb(kafka: SimulatedKafka, random: Random, runtime: Runtime): Promise<void> {
  const topic = random.pick(["in", "out"]);
  const partition = random.below(kafka.partitions(topic));
  if (random.chance(0.6)) return kafka.changeLeader({ topic, partition });
  kafka.stop();
  await delay(runtime, random.below(5000));
  kafka.start();
}

/** Writes, and has programs read and write on, from a seed; what has come of it. */
export function runStreams(
  seed: number,
  { isSteady = false, windows = false, flaw }: StreamPlan = {},
): Promise<StreamRun> {
  const random = new Random(seed);
  const runtime = new SimulatedRuntime({ seed });
  const written = Array.from({ length: 3 + random.below(3) }, () => 0);
  const programs = new Map<string, Program>();
  let killed = 0;
  return runtime.drive(async (): Promise<StreamRun> => {
    using kafka = new SimulatedKafka({
      topics: { in: 1 + random.below(3), out: 1 + random.below(3) },
      brokers: 1 + random.below(3),
      latency: 2,
      runtime,
    });
    const account = windows ? new WindowAccount(kafka) : new RowAccount(kafka);
    const driver = flaw?.(kafka) ?? kafka;
    const goWrong = trouble(random, programs);
    kafka.faults = (request) => {
      if (request.number % LOOK_EVERY === 0) account.look();
      return goWrong(request);
    };
    const start = (name: string) => {
      const workers = 1 + random.below(2);
      programs.set(name, new Program(name, driver, { runtime, workers, windows }));
    };
    const writing = write(driver, runtime, { random, written });
    writing.catch(() => {});
    start("m0");
    for (let born = 1; runtime.monotonicMs() < CHAOS_MS;) {
      await delay(runtime, random.below(6000));
      const living = [...programs.values()].filter(({ isKilled }) => !isKilled);
      if (random.chance(0.3)) await disturb(kafka, random, runtime);
      else if (isSteady) continue;
      else if (living.length < 3 && random.chance(0.6)) start(`m${born++}`);
      else if (living.length > 0 && random.chance(0.4)) {
        const program = random.pick(living);
        if (random.chance(0.5)) {
          program.isKilled = true;
          killed++;
        } else {
          await program.end();
          programs.delete(program.name);
        }
      }
    }
    kafka.faults = ({ clientId }) =>
      programs.get(clientId)?.isKilled ? { lose: "request", silent: true } : undefined;
    await writing;
    if (!isSteady) start("last");
    await done(account, runtime);
    for (const program of programs.values()) await program.end();
    account.judge(written);
    return {
      wrong: account.wrong,
      rows: written.reduce((sum, count) => sum + count, 0),
      doubles: account.doubles,
      generations: kafka.group("g").generation,
      killed,
    };
  });
}

/** Resolves when all has come of what was written, or it has taken far too long. */
async function done(account: Account, runtime: Runtime): Promise<void> {
  const untilMs = runtime.monotonicMs() + CALM_MS;
  while (runtime.monotonicMs() < untilMs && !account.isDone) await delay(runtime, 500);
}

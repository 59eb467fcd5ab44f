import { SimulatedRuntime } from "../../../src/runtime/simulated_runtime.ts";
import { delay } from "../../../src/stream/delay.ts";
import {
  type SimulatedFaults,
  SimulatedKafka,
} from "../../../src/testing/kafka/simulated_kafka.ts";
import { Random } from "../random.ts";
import { Account, type GroupFlaw, keyOf, Reader, RECORDS } from "./group_reader.ts";

export type { GroupFlaw } from "./group_reader.ts";

const CHAOS_MS = 60_000;
const LATEST_MS = 4000;
const CALM_MS = 120_000;

/** What a run of a group came to. */
export interface GroupRun {
  /** What must not happen and did. */
  readonly wrong: readonly string[];
  /** Records that were read more than once. */
  readonly doubles: number;
  readonly generations: number;
  /** How often a member took its partitions for lost. */
  readonly lost: number;
  /** Members that ended as if killed. */
  readonly killed: number;
}

/** What a coordinator is asked. */
const COORDINATED = new Set(["join", "sync", "heartbeat", "leave", "commit", "committed"]);

/** Requests that are lost, late, refused; more for a while for one client, and killed ones for good. */
function trouble(random: Random, readers: ReadonlyMap<string, Reader>): SimulatedFaults {
  let victim = "";
  return ({ api, clientId, number }) => {
    if (readers.get(clientId)?.isKilled) return { lose: "request", silent: true };
    if (number % 100 === 0) victim = random.chance(0.5) ? random.pick([...readers.keys()]) : "";
    if (clientId === victim && random.chance(0.8)) {
      return { lose: random.pick(["request", "answer"]), silent: random.chance(0.5) };
    }
    if (random.chance(0.05)) return { lose: random.pick(["request", "answer"]) };
    if (random.chance(0.03) && COORDINATED.has(api)) {
      return { error: random.pick(["NOT_COORDINATOR", "COORDINATOR_LOAD_IN_PROGRESS"]) };
    }
    if (random.chance(0.1)) return { answerDelayMs: random.below(2500) };
    if (random.chance(0.015)) return { requestDelayMs: random.below(LATEST_MS) };
  };
}

/** Runs members that come, go and are killed, from a seed, until all is read. */
export function runGroup(seed: number, flaw: GroupFlaw = {}): Promise<GroupRun> {
  const random = new Random(seed);
  const runtime = new SimulatedRuntime({ seed });
  const account = new Account();
  const readers = new Map<string, Reader>();
  const isUneven = random.chance(0.3);
  const how = new Random(seed + 2_000_000).chance(0.3)
    ? { assignors: ["cooperative-sticky"] as const }
    : {};
  const isStatic = new Random(seed + 1_000_000).chance(0.5);
  let killed = 0;
  return runtime.drive(async () => {
    using kafka = new SimulatedKafka({
      topics: { t: 1 + random.below(5), u: random.below(3) + 1 },
      latency: 2,
      runtime,
    });
    const start = async (name: string) => {
      const topics = isUneven && random.chance(0.4) ? ["u"] : ["t", "u"];
      const world = { random, account, runtime, flaw };
      const taken = [...readers.values()].filter(({ isKilled }) => !isKilled)
        .map((reader) => reader.instanceId);
      const free = ["x", "y"].filter((each) => !taken.includes(each));
      const own = isStatic && free.length > 0 && random.chance(0.7)
        ? { instanceId: random.pick(free) }
        : {};
      for (let tries = 0; tries < 5 && !readers.has(name); tries++) {
        await Reader.start(name, kafka, world, { topics, ...own, ...how })
          .then((reader) => readers.set(name, reader), () => {});
      }
    };
    const goWrong = trouble(random, readers);
    kafka.faults = (request) => {
      const fault = goWrong(request);
      // What is sent behind a request that is late is late, too.
      if (fault?.requestDelayMs !== undefined) account.lateIn = kafka.group("g").generation;
      return fault;
    };
    for (let born = 0; runtime.monotonicMs() < CHAOS_MS;) {
      const living = [...readers.values()].filter(({ isKilled }) => !isKilled);
      if (living.length < 4 && random.chance(0.5)) await start(`m${born++}`);
      else if (living.length > 0 && random.chance(0.3)) {
        const reader = random.pick(living);
        readers.delete(reader.name);
        await reader.member[Symbol.asyncDispose]();
      } else if (living.length > 0 && random.chance(0.2)) {
        random.pick(living).kill();
        killed++;
      } else if (random.chance(0.1)) kafka.addPartitions("t", 6);
      await delay(runtime, random.below(8000));
    }
    kafka.faults = ({ clientId }) =>
      readers.get(clientId)?.isKilled ? { lose: "request", silent: true } : undefined;
    await Reader.start("last", kafka, { random, account, runtime, flaw }, {
      topics: ["t", "u"],
      ...how,
    })
      .then((reader) => readers.set("last", reader));
    await delay(runtime, CALM_MS);
    for (const { isKilled, member } of readers.values()) {
      if (!isKilled) await member[Symbol.asyncDispose]();
    }
    judge(kafka, account);
    const { wrong, doubles, lost } = account;
    return { wrong, doubles, lost, killed, generations: kafka.group("g").generation };
  });
}

/** Everything was read, and nothing is committed that was not. */
function judge(kafka: SimulatedKafka, account: Account): void {
  const committed = new Map(kafka.group("g").offsets.map((each) => [keyOf(each), each.offset]));
  for (const topic of ["t", "u"]) {
    for (let partition = 0; partition < kafka.partitions(topic); partition++) {
      const key = keyOf({ topic, partition });
      const read = account.readUpTo({ topic, partition });
      if (read < RECORDS) account.wrong.push(`${key} was read up to ${read}`);
      const offset = committed.get(key) ?? 0;
      if (offset !== read) account.wrong.push(`${key} is committed up to ${offset} of ${read}`);
    }
  }
}

import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  col,
  count,
  DeliveryGuarantee,
  from,
  type RecordBatch,
  sum,
  TumblingWindow,
} from "../mod.ts";
import { kafkaSource } from "../src/kafka/source/kafka_source.ts";
import { NotCommitted } from "../src/kafka/source/not_committed.ts";
import type { KafkaSourceOptions } from "../src/kafka/source/kafka_source_options.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { delay } from "../src/stream/delay.ts";
import { type SimulatedFault, SimulatedKafka } from "../src/testing/kafka/simulated_kafka.ts";
import {
  committedOf,
  numbered,
  P0,
  publisherOf,
  range,
  simulate,
  take,
  X,
} from "./support/kafka/source_world.ts";
import { TopicWriter } from "./support/kafka/topic_case.ts";
import { Random } from "./support/random.ts";

Deno.test("A group's offsets are committed as far as rows are done with, and at the end", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    await writer.transact({ topic: "t", partition: 1 }, numbered(10, 10), "commit");
    await writer.transact({ topic: "t", partition: 1 }, numbered(0, 3), "abort");
    const partitions = [0, 1];
    const options: Partial<KafkaSourceOptions> = { groupId: "g", until: "end", partitions };
    const published: number[] = [];
    const first = from(source(options), { workers: 1, runtime });
    await first.to(publisherOf({
      take: async (xs) => {
        await delay(runtime, 10);
        assertEquals(committedOf(kafka), {});
        published.push(...xs);
      },
    })).run();
    assertEquals(published.sort((a, b) => a - b), range(20));
    // markers of transactions stand in the log too
    assertEquals(committedOf(kafka), { 0: 10, 1: 15 });
    await writer.send(P0, numbered(20, 5));
    const second = from(source(options), { workers: 1, runtime });
    assertEquals(await take(second, 5), [20, 21, 22, 23, 24]);
  }));

Deno.test("Members share a topic; who leaves commits, and the other goes on where it was", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    const stops = [new AbortController(), new AbortController()];
    const taken: number[][] = [[], []];
    const options: Partial<KafkaSourceOptions> = { groupId: "g", commitInterval: "1s" };
    const member = async (at: number) => {
      const rows = from(source(options), { workers: 1, runtime });
      const publisher = publisherOf({ take: (xs) => void taken[at].push(...xs) });
      await rows.to(publisher).run({ signal: stops[at].signal, onAbort: "drain" });
    };
    const first = member(0);
    let sent = 0;
    const send = async (rounds: number) => {
      for (let round = 0; round < rounds; round++) {
        await writer.send({ topic: "t", partition: round % 2 }, numbered(sent, 10));
        sent += 10;
        await delay(runtime, 500);
      }
    };
    await send(6);
    assertEquals(taken[0].length, 60);
    const second = member(1);
    await delay(runtime, 10_000);
    await send(10);
    assert(taken[0].length > 60 && taken[1].length > 0, JSON.stringify(taken.map((e) => e.length)));
    stops[0].abort();
    await first;
    await delay(runtime, 10_000);
    await send(6);
    await delay(runtime, 5000);
    stops[1].abort();
    await second;
    const all = taken.flat().sort((a, b) => a - b);
    assertEquals(all, range(sent));
    assertEquals(committedOf(kafka), { 0: 110, 1: 110 });
    assertEquals(kafka.group("g").members, []);
  }));

Deno.test("Who gives up before it has joined a group is not waited for by the others", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    const stop = new AbortController();
    const options: Partial<KafkaSourceOptions> = { groupId: "g" };
    const reading = take(from(source(options), { workers: 1, runtime }), 20);
    await writer.send(P0, numbered(0, 10));
    await delay(runtime, 5000);
    const { generation } = kafka.group("g");
    const joining = from(source(options), { workers: 1, runtime })
      .to(publisherOf({ take: () => {} })).run({ signal: stop.signal });
    while (kafka.group("g").members.length < 2) await delay(runtime, 1);
    stop.abort();
    await joining.catch(() => {});
    await delay(runtime, 5000); // less than the timeout of a session
    const { members, isStable, generation: now } = kafka.group("g");
    assertEquals([members.length, isStable, now > generation], [1, true, true]);
    await writer.send(P0, numbered(10, 10));
    assertEquals((await reading).sort((one, other) => one - other), range(20));
  }));

Deno.test("A member of a group goes on when its topic gets more partitions, and reads those too", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    const reading = take(from(source({ groupId: "g" }), { workers: 1, runtime }), 30);
    await delay(runtime, 10_000);
    kafka.addPartitions("t", 4);
    await writer.send({ topic: "t", partition: 3 }, numbered(10, 10));
    await delay(runtime, 40_000); // the group's leader looks every half a minute
    await writer.send(P0, numbered(20, 10));
    assertEquals((await reading).sort((one, other) => one - other), range(30));
  }));

Deno.test("A member that vanishes has its records read again by another, and none is lost", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    const options: Partial<KafkaSourceOptions> = { groupId: "g", clientId: "gone" };
    const opened = source(options).open({
      ...{ runtime, signal: new AbortController().signal, badRecords: "fail" },
      deadLetter: () => {},
    })[Symbol.asyncIterator]();
    await writer.send(P0, numbered(0, 10));
    while (!(await opened.next()).value!.batch);
    // from now on nothing of it reaches a broker
    kafka.faults = ({ clientId }) =>
      clientId === "gone" ? { lose: "request", silent: true } : undefined;
    const rows = from(source({ groupId: "g", clientId: "other" }), { workers: 1, runtime });
    assertEquals(await take(rows, 10), range(10));
    await Promise.race([opened.return!(), delay(runtime, 20_000)]);
  }));

const TROUBLE: readonly SimulatedFault[] = [
  { lose: "request" },
  { lose: "answer" },
  { lose: "answer", silent: true },
  { answerDelayMs: 1500 },
  { error: "NOT_LEADER_OR_FOLLOWER" },
  { error: "COORDINATOR_LOAD_IN_PROGRESS" },
];
/** What may be told of a partition and a coordinator. */
const OF_READERS = new Set(["fetch", "listOffsets", "commit", "heartbeat", "join"]);

/** Two members read a topic while requests of readers go wrong; one of them leaves in between. */
async function troubledRun(seed: number): Promise<void> {
  const random = new Random(seed);
  const runtime = new SimulatedRuntime({ seed });
  await runtime.drive(async () => {
    using kafka = new SimulatedKafka({ topics: { t: 3 }, brokers: 2, latency: 1, runtime });
    kafka.faults = ({ api, clientId }) => {
      if (clientId === "writer" || !OF_READERS.has(api) || random.below(12) > 0) return undefined;
      const fault = random.pick(TROUBLE);
      const isCoordinators = api === "commit" || api === "heartbeat" || api === "join";
      if (fault.error?.startsWith("COORDINATOR") !== isCoordinators && fault.error) {
        return undefined;
      }
      return fault;
    };
    await using writer = await TopicWriter.of(kafka);
    const seen: number[] = [];
    let committed: Record<number, number> = {};
    const member = (stop: AbortController) => {
      const source = kafkaSource<{ x: number }>({
        ...{ bootstrapServers: "simulated:9092", topics: "t", driver: kafka, runtime },
        ...{ schema: X as never, requestTimeout: "1s", groupId: "g", commitInterval: "1s" },
        ...{ lagInterval: "2s", watchdog: "10s" },
      });
      const take = (xs: number[]) => void seen.push(...xs);
      return from(source, { workers: 1, runtime, settleInterval: "200ms" })
        .to(publisherOf({ take })).run({ signal: stop.signal, onAbort: "drain" });
    };
    const stops = [new AbortController(), new AbortController()];
    const first = member(stops[0]);
    let second: Promise<unknown> | undefined;
    for (let part = 0; part < 24; part++) {
      await writer.send({ topic: "t", partition: part % 3 }, numbered(10 * part, 10));
      await delay(runtime, random.below(1500));
      if (part === 6) second = member(stops[1]);
      if (part === 14) stops[0].abort();
      if (random.below(6) === 0) kafka.changeLeader({ topic: "t", partition: part % 3 });
      const now = committedOf(kafka);
      for (const [partition, offset] of Object.entries(committed)) {
        assert(now[+partition] >= offset, "a commit went back");
      }
      committed = now;
    }
    await first;
    kafka.faults = () => undefined;
    for (let waited = 0; new Set(seen).size < 240 && waited < 120; waited++) {
      await delay(runtime, 1000);
    }
    stops[1].abort();
    await second;
    assertEquals([...new Set(seen)].sort((a, b) => a - b), range(240));
    assertEquals(committedOf(kafka), { 0: 80, 1: 80, 2: 80 });
  });
}

Deno.test("Whatever goes wrong with requests of a group's members, no record is lost and commits never go back", async () => {
  for (let seed = 1; seed <= 12; seed++) {
    try {
      await troubledRun(seed);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});

Deno.test("Windows are whole though partitions go from one member to another", () =>
  simulate(async ({ runtime, writer, source }) => {
    const windows: string[] = [];
    const stops = [new AbortController(), new AbortController()];
    const restarts: number[] = [];
    const member = async (at: number) => {
      const rows = from(source({ groupId: "g", commitInterval: "500ms" }), {
        ...{ workers: 1, runtime, settleInterval: "200ms" },
        deliveryGuarantee: DeliveryGuarantee.AtLeastOnce,
      });
      const counted = rows.timestamps("x", { maxDisorder: 20 })
        .window(new TumblingWindow({ size: 100 })).aggregate({
          n: count(),
          of: sum(col<number>("x").cast("f64")),
        });
      const publisher = {
        ...publisherOf({ take: () => {} }),
        publish: (batch: RecordBatch) => {
          for (const row of batch.toRows() as { windowStart: number; n: number; of: number }[]) {
            windows.push(`${row.windowStart}: ${row.n} ${row.of}`);
          }
          return Promise.resolve({ records: batch.length });
        },
      };
      const running = counted.to(publisher);
      // drained, it would close windows that the other member goes on with
      const onAbort = at === 0 ? "drain" : "stop";
      await running.run({ signal: stops[at].signal, onAbort })
        .then((metrics) => restarts.push(metrics.restarts), () => {});
    };
    const first = member(0);
    let second: Promise<void> | undefined;
    for (let part = 0; part < 60; part++) {
      // each partition has every second number: a window of a member is half of one
      const values = numbered(20 * part, 20);
      await writer.send(P0, values.filter((_, at) => at % 2 === 0));
      await writer.send({ topic: "t", partition: 1 }, values.filter((_, at) => at % 2 === 1));
      await delay(runtime, 400);
      if (part === 20) second = member(1);
      if (part === 40) stops[1].abort();
    }
    await second;
    await delay(runtime, 5000);
    stops[0].abort();
    await first;
    assert(restarts.some((times) => times > 0), JSON.stringify(restarts));
    const whole = (start: number, step: number) => {
      const own = range(100 / step).map((at) => start + step * at);
      return own.reduce((all, x) => all + x, 0);
    };
    const starts = range(11).map((at) => 100 * at);
    // of both partitions together, or of one each where two members read them
    const allowed = new Set(starts.flatMap((start) => [
      `${start}: 100 ${whole(start, 1)}`,
      `${start}: 50 ${whole(start, 2)}`,
      `${start}: 50 ${whole(start + 1, 2)}`,
    ]));
    const strange = windows.filter((line) => !allowed.has(line) && !line.startsWith("1100"));
    assertEquals(strange, []);
    for (const start of starts) {
      const of = windows.filter((line) => line.startsWith(`${start}: `));
      const halves = of.filter((line) => line.startsWith(`${start}: 50 `));
      assert(
        of.some((line) => line.startsWith(`${start}: 100 `)) || new Set(halves).size === 2,
        `${of}`,
      );
    }
  }));

for (const onAbort of ["drain", undefined] as const) {
  const end = onAbort ? "when it is drained" : "at the end of its topic";
  Deno.test(`Offsets that cannot be committed ${end}, since the brokers are gone, are told`, () =>
    simulate(async ({ kafka, runtime, writer, source }) => {
      await writer.send(P0, numbered(0, 10));
      await writer.send({ topic: "t", partition: 1 }, numbered(10, 5));
      const stop = new AbortController();
      const taken: number[] = [];
      const rows = from(source({ groupId: "g", ...(!onAbort && { until: "end" }) }), {
        ...{ workers: 1, runtime, settleInterval: 0 },
      });
      const running = rows.to(publisherOf({
        take: (xs) => {
          taken.push(...xs);
          if (taken.length < 15) return;
          kafka.stop();
          if (onAbort) stop.abort();
        },
      })).run({ signal: stop.signal, ...(onAbort && { onAbort }) });
      const error = await assertRejects(() => running, NotCommitted);
      assertEquals(taken.sort((one, other) => one - other), range(15));
      const told = error.partitions.map(({ partition, delivered }) => [partition, delivered]);
      assert(told.length > 0, error.message);
      for (const [partition, delivered] of told) assertEquals(delivered, [10, 5][partition]);
      assert(error.message.includes("come again when the group reads on"), error.message);
      kafka.start();
      const again = from(source({ groupId: "g", until: "end" }), { workers: 1, runtime });
      const expected = told.reduce((sum, [, delivered]) => sum + delivered, 0);
      assertEquals((await take(again, expected)).length, expected);
    }));
}

Deno.test("Offsets that a member could not commit while its group changed are committed when it is back", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    let refused = 0;
    kafka.faults = ({ api }) =>
      api === "commit" && refused++ === 0 ? { error: "REBALANCE_IN_PROGRESS" } : undefined;
    const rows = from(source({ groupId: "g", until: "end" }), { workers: 1, runtime });
    await rows.to(publisherOf({ take: () => {} })).run();
    assert(refused > 1);
    assertEquals(committedOf(kafka)[0], 10);
  }));

/** Two members read two topics each, of which one comes and goes. */
function besides(seed: number): Promise<void> {
  const random = new Random(seed);
  return simulate(async ({ runtime, writer, source }) => {
    const seen: number[] = [];
    const more: number[] = [];
    const restarts: number[] = [];
    const stops = [new AbortController(), new AbortController()];
    const member = async (at: number) => {
      const topic = (topics: string) =>
        from(source({ topics, groupId: `group of ${topics}`, commitInterval: "500ms" }), {
          ...{ workers: 1, runtime, settleInterval: "200ms" },
        });
      const counted = topic("t").union(topic("u")).timestamps("x", { maxDisorder: 20 }).keyBy("x")
        .window(new TumblingWindow({ size: 100 })).aggregate({ n: count() });
      const publisher = {
        ...publisherOf({ take: () => {} }),
        publish: (batch: RecordBatch) => {
          for (const { x, n } of batch.toRows() as { x: number; n: number }[]) {
            seen.push(x);
            if (n !== 1) more.push(x);
          }
          return Promise.resolve({ records: batch.length });
        },
      };
      const { signal } = stops[at];
      const onAbort = at === 0 ? "drain" : "stop";
      await counted.to(publisher).run({ signal, onAbort }).then(
        (metrics) => restarts.push(metrics.restarts),
        (error) => {
          if (!signal.aborted) throw error;
        },
      );
    };
    const first = member(0);
    let second: Promise<void> | undefined;
    for (let part = 0; part < 50; part++) {
      const values = numbered(20 * part, 20);
      for (const [at, topic] of ["t", "u", "t", "u"].entries()) {
        const own = values.filter((_, each) => each % 4 === at);
        await writer.send({ topic, partition: at >> 1 }, own);
      }
      await delay(runtime, 200 + random.below(400));
      if (part === 15) second = member(1);
      if (part === 32) stops[1].abort();
    }
    await second;
    await delay(runtime, 5000);
    stops[0].abort();
    await first;
    assert(restarts[0] >= 2, JSON.stringify(restarts));
    assertEquals(more, []);
    const missing = range(1000).filter((x) => !seen.includes(x));
    assertEquals(missing, []);
  }, { topics: { t: 2, u: 2 } });
}

Deno.test("Windows of two topics side by side begin anew together when partitions come and go", async () => {
  for (let seed = 1; seed <= 5; seed++) {
    try {
      await besides(seed);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
});

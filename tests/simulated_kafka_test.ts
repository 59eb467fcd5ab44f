import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import type {
  FetchedBlock,
  FetchOptions,
  FetchSource,
  JoinRequest,
  KafkaCluster,
  SinkOptions,
} from "../src/kafka/driver/driver.ts";
import {
  Abortable,
  Fenced,
  GroupChanged,
  KafkaError,
  OffsetOutOfRange,
  UnknownOutcome,
} from "../src/kafka/driver/kafka_error.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { delay } from "../src/stream/delay.ts";
import {
  SimulatedKafka,
  type SimulatedKafkaOptions,
} from "../src/testing/kafka/simulated_kafka.ts";
import { blockOf, committedOf, recordsOf } from "./support/kafka/plain_batch.ts";

const CONNECTION = {
  bootstrapServers: ["simulated:9092"],
  clientId: "test",
  connectionTimeoutMs: 1000,
  requestTimeoutMs: 1000,
};
const SINK: SinkOptions = {
  acks: "all",
  idempotent: true,
  requestTimeoutMs: 1000,
  deliveryTimeoutMs: 10_000,
};
const FETCH: FetchOptions = {
  isolation: "read_uncommitted",
  maxWaitMs: 100,
  minBytes: 1,
  maxBytes: 1_000_000,
  maxPartitionBytes: 1_000_000,
  requestTimeoutMs: 1000,
};
const P0 = { topic: "t", partition: 0 };

/** Runs with one topic `t` in virtual time. */
function simulate(
  work: (
    kafka: SimulatedKafka,
    cluster: KafkaCluster,
    runtime: SimulatedRuntime,
  ) => Promise<void>,
  options: SimulatedKafkaOptions = {},
): Promise<void> {
  const runtime = new SimulatedRuntime({ seed: 7 });
  return runtime.drive(async () => {
    using kafka = new SimulatedKafka({ topics: { t: 2 }, latency: 1, runtime, ...options });
    await using cluster = await kafka.connect(CONNECTION);
    await work(kafka, cluster, runtime);
  });
}

function transactional(cluster: KafkaCluster) {
  return cluster.sink({ ...SINK, transactionalId: "tx", transactionTimeoutMs: 5000 });
}

function values(kafka: SimulatedKafka, at = P0): string[] {
  return kafka.batches(at).flatMap((bytes) => recordsOf(bytes).map(({ value }) => value));
}

async function fetchSome(source: FetchSource): Promise<readonly FetchedBlock[]> {
  for (let i = 0; i < 5; i++) {
    const blocks = await source.fetch();
    if (blocks.length > 0) return blocks;
  }
  return [];
}

Deno.test("SimulatedKafka gives back what was appended, block for block", async () => {
  await simulate(async (_, cluster) => {
    await using sink = await cluster.sink(SINK);
    assertEquals(await sink.send(blockOf(P0, ["a", "b"])), { baseOffset: 0 });
    assertEquals(await sink.send(blockOf(P0, ["c"])), { baseOffset: 2 });
    await using source = await cluster.source(FETCH);
    source.assign([{ ...P0, offset: 1 }]);
    const [block] = await source.fetch();
    assertEquals(recordsOf(block.bytes).map(({ value }) => value), ["a", "b", "c"]);
    const { from, next, highWatermark, lastStableOffset, logStartOffset } = block;
    assertEquals({ from, next, highWatermark, lastStableOffset, logStartOffset }, {
      from: 1,
      next: 3,
      highWatermark: 3,
      lastStableOffset: 3,
      logStartOffset: 0,
    });
    assertEquals(await source.fetch(), []);
  });
});

Deno.test("SimulatedKafka appends a block once, however often its answers are lost", async () => {
  let lost = 0;
  const faults: SimulatedKafkaOptions["faults"] = ({ api }) =>
    api === "produce" && lost++ < 3 ? { lose: "answer" } : undefined;
  await simulate(async (kafka, cluster) => {
    await using sink = await cluster.sink(SINK);
    const sent = ["a", "b", "c"].map((value) => sink.send(blockOf(P0, [value])));
    assertEquals(await Promise.all(sent), [0, 1, 2].map((baseOffset) => ({ baseOffset })));
    assertEquals(values(kafka), ["a", "b", "c"]);
  }, { faults });
});

Deno.test("SimulatedKafka doubles without idempotence what is sent again", async () => {
  let lost = 0;
  const faults: SimulatedKafkaOptions["faults"] = ({ api }) =>
    api === "produce" && lost++ < 1 ? { lose: "answer" } : undefined;
  await simulate(async (kafka, cluster) => {
    await using sink = await cluster.sink({ ...SINK, idempotent: false });
    await sink.send(blockOf(P0, ["a"]));
    assertEquals(values(kafka), ["a", "a"]);
  }, { faults });
});

Deno.test("SimulatedKafka says that it cannot know what became of a block without an answer", async () => {
  const faults: SimulatedKafkaOptions["faults"] = ({ api }) =>
    api === "produce" ? { lose: "answer", silent: true } : undefined;
  await simulate(async (kafka, cluster) => {
    await using sink = await cluster.sink({ ...SINK, deliveryTimeoutMs: 2500 });
    await assertRejects(() => sink.send(blockOf(P0, ["a"])), UnknownOutcome, "partition 0");
    kafka.faults = () => undefined;
    assertEquals(await sink.send(blockOf(P0, ["b"])), { baseOffset: 1 });
    assertEquals(values(kafka), ["a", "b"]);
  }, { faults });
});

Deno.test("SimulatedKafka drops a request that arrives after it was sent again", async () => {
  let first = true;
  const faults: SimulatedKafkaOptions["faults"] = ({ api }) => {
    if (api !== "produce" || !first) return undefined;
    first = false;
    return { requestDelayMs: 3000 };
  };
  await simulate(async (kafka, cluster, runtime) => {
    await using sink = await cluster.sink(SINK);
    await sink.send(blockOf(P0, ["a"]));
    await sink.send(blockOf(P0, ["b"]));
    await delay(runtime, 5000);
    assertEquals(values(kafka), ["a", "b"]);
  }, { faults });
});

Deno.test("SimulatedKafka outlives a restart and a change of leaders", async () => {
  await simulate(async (kafka, cluster, runtime) => {
    await using sink = await cluster.sink(SINK);
    await sink.send(blockOf(P0, ["a"]));
    kafka.stop();
    runtime.after(2000, () => kafka.start());
    await sink.send(blockOf(P0, ["b"]));
    kafka.changeLeader(P0);
    await sink.send(blockOf(P0, ["c"]));
    assertEquals(values(kafka), ["a", "b", "c"]);
    kafka.stop();
    const error = await assertRejects(() => kafka.connect(CONNECTION), KafkaError);
    assertStringIncludes(error.message, "cannot be reached");
  }, { brokers: 3 });
});

Deno.test("SimulatedKafka refuses what is too large, damaged, or for no partition", async () => {
  await simulate(async (kafka, cluster) => {
    await using sink = await cluster.sink({ ...SINK, deliveryTimeoutMs: 1000 });
    const large = await assertRejects(
      () => sink.send(blockOf(P0, ["x".repeat(2000)])),
      KafkaError,
      "MESSAGE_TOO_LARGE",
    );
    assertEquals([large.code, large.retriable], ["MESSAGE_TOO_LARGE", false]);
    await assertRejects(() => sink.send(blockOf({ topic: "t", partition: 9 }, ["a"])), KafkaError);
    await assertRejects(() => cluster.topics(["none"]), KafkaError, `"none"`);
    await sink.send(blockOf(P0, ["a"]));
    assertEquals(kafka.endOffset(P0), 1);
    assertEquals(kafka.endOffset({ topic: "t", partition: 1 }), 0);
  }, { maxBatchBytes: 1000 });
});

Deno.test("SimulatedKafka shows readers of committed records what was committed", async () => {
  await simulate(async (kafka, cluster) => {
    await using sink = await transactional(cluster);
    await using plain = await cluster.sink(SINK);
    await using source = await cluster.source({ ...FETCH, isolation: "read_committed" });
    source.assign([{ ...P0, offset: 0 }]);
    const first = await sink.begin();
    await first.send(blockOf(P0, ["aborted"]));
    await plain.send(blockOf(P0, ["plain"]));
    assertEquals([kafka.lastStableOffset(P0), kafka.endOffset(P0)], [0, 2]);
    assertEquals(await source.fetch(), []);
    await first.abort();
    const second = await sink.begin();
    await second.send(blockOf(P0, ["committed"]));
    await second.commit();
    const seen: string[] = [];
    for (let blocks = await source.fetch(); blocks.length > 0; blocks = await source.fetch()) {
      const [{ bytes, aborted }] = blocks;
      seen.push(...committedOf(bytes, aborted).map(({ value }) => value));
    }
    assertEquals(seen, ["plain", "committed"]);
    assertEquals(values(kafka), ["aborted", "plain", "committed"]);
    assertEquals(kafka.endOffset(P0), 5);
  });
});

Deno.test("SimulatedKafka fences an older producer, and aborts what it left open", async () => {
  await simulate(async (kafka, cluster) => {
    await using older = await transactional(cluster);
    await using newer = await transactional(cluster);
    const left = await older.begin();
    await left.send(blockOf(P0, ["left"]));
    const next = await newer.begin();
    await assertRejects(() => left.send(blockOf(P0, ["zombie"])), Fenced);
    await assertRejects(() => left.commit(), Fenced);
    await next.send(blockOf(P0, ["next"]));
    await next.commit();
    assertEquals(values(kafka), ["left", "next"]);
    assertEquals(kafka.openTransactions, []);
  }, { markerTime: 20 });
});

Deno.test("SimulatedKafka aborts a transaction that is left open for too long", async () => {
  await simulate(async (kafka, cluster, runtime) => {
    await using sink = await transactional(cluster);
    const left = await sink.begin();
    await left.send(blockOf(P0, ["late"]));
    await delay(runtime, 6000);
    assertEquals(kafka.openTransactions, []);
    await assertRejects(() => left.commit(), Fenced);
    await using other = await transactional(cluster);
    const next = await other.begin();
    await next.send(blockOf(P0, ["next"]));
    await next.commit();
  });
});

Deno.test("SimulatedKafka tells of an unknown outcome, an abort and an empty transaction", async () => {
  await simulate(async (kafka, cluster) => {
    await using sink = await transactional(cluster);
    await (await sink.begin()).commit();
    const lost = await sink.begin();
    await lost.send(blockOf(P0, ["a"]));
    kafka.faults = ({ api }) => api === "endTransaction" ? { lose: "answer" } : undefined;
    await assertRejects(() => lost.commit(), UnknownOutcome);
    kafka.faults = ({ api }) => api === "produce" ? { error: "INVALID_TXN_STATE" } : undefined;
    const failed = await sink.begin();
    await assertRejects(() => failed.send(blockOf(P0, ["b"])), KafkaError, "INVALID_TXN_STATE");
    await assertRejects(() => failed.commit(), Abortable);
    await failed.abort();
    assertEquals(values(kafka), ["a"]);
  });
});

Deno.test("SimulatedKafka commits a group's offsets with a transaction, or not at all", async () => {
  await simulate(async (kafka, cluster) => {
    await using sink = await transactional(cluster);
    for (const [offset, commits] of [[5, true], [9, false]] as const) {
      const transaction = await sink.begin();
      await transaction.send(blockOf(P0, ["a"]));
      await transaction.sendOffsets({ groupId: "g" }, [{ ...P0, offset }]);
      await (commits ? transaction.commit() : transaction.abort());
      assertEquals(kafka.group("g").offsets, [{ ...P0, offset: 5 }]);
    }
  });
});

Deno.test("SimulatedKafka waits for records, and names partitions whose offset is gone", async () => {
  await simulate(async (kafka, cluster, runtime) => {
    await using sink = await cluster.sink(SINK);
    await using source = await cluster.source({ ...FETCH, maxWaitMs: 10_000 });
    source.assign([{ ...P0, offset: 0 }]);
    runtime.after(3000, () => sink.send(blockOf(P0, ["a", "b"])));
    const startMs = runtime.monotonicMs();
    assertEquals((await source.fetch()).length, 1);
    const tookMs = runtime.monotonicMs() - startMs;
    assert(tookMs > 3000 && tookMs < 3100, `${tookMs}`);
    await sink.send(blockOf(P0, ["c"]));
    kafka.deleteRecords({ ...P0, offset: 2 });
    source.assign([{ ...P0, offset: 1 }]);
    const gone = await assertRejects(() => fetchSome(source), OffsetOutOfRange);
    assertEquals(gone.partitions, [P0]);
    assertEquals(await cluster.offsetsAt([P0], "earliest"), [{ ...P0, offset: 2 }]);
    assertEquals(await cluster.offsetsAt([P0], "latest"), [{ ...P0, offset: 3 }]);
  });
});

Deno.test("SimulatedKafka passes over paused partitions, and keeps what an abort missed", async () => {
  await simulate(async (_, cluster, runtime) => {
    await using sink = await cluster.sink(SINK);
    await using source = await cluster.source(FETCH);
    await sink.send(blockOf(P0, ["a"]));
    source.assign([{ ...P0, offset: 0 }]);
    source.pause([P0]);
    assertEquals(await source.fetch(), []);
    source.pause([]);
    const abort = new AbortController();
    const aborted = source.fetch({ signal: abort.signal });
    runtime.after(0.5, () => abort.abort(new Error("enough")));
    await assertRejects(() => aborted, Error, "enough");
    assertEquals((await fetchSome(source)).length, 1);
  });
});

function joinRequest(memberId = "", metadata = [1]): JoinRequest {
  return {
    memberId,
    sessionTimeoutMs: 1000,
    rebalanceTimeoutMs: 2000,
    protocols: [{ name: "sticky", metadata: Uint8Array.from(metadata) }],
  };
}

Deno.test("SimulatedKafka puts groups together, and gives up members that are silent", async () => {
  await simulate(async (kafka, cluster, runtime) => {
    const group = cluster.group("g");
    const first = await group.join(joinRequest());
    const me = { groupId: "g", generation: first.generation, memberId: first.memberId };
    assertEquals(first.leaderId, first.memberId);
    const own = Uint8Array.of(7);
    assertEquals(
      await group.sync(me, [{ memberId: first.memberId, assignment: own }]),
      own,
    );
    await group.heartbeat(me);
    const second = cluster.group("g").join(joinRequest());
    await delay(runtime, 10);
    const changed = await assertRejects(() => group.heartbeat(me), GroupChanged);
    assertEquals(changed.forgotten, false);
    const again = await group.join(joinRequest(first.memberId));
    assertEquals([again.members.length, again.generation], [2, first.generation + 1]);
    assertEquals((await second).members, []);
    await assertRejects(() => group.commit(me, [{ ...P0, offset: 1 }]), GroupChanged);
    await delay(runtime, 5000);
    assertEquals(kafka.group("g").members, []);
    const forgotten = await assertRejects(() => group.heartbeat(me), GroupChanged);
    assertEquals(forgotten.forgotten, true);
    await group.commit({ groupId: "g" }, [{ ...P0, offset: 4 }]);
    assertEquals(await group.committed([P0, { topic: "t", partition: 1 }]), [{ ...P0, offset: 4 }]);
  });
});

Deno.test("SimulatedKafka puts a member out that does not join again in time", async () => {
  await simulate(async (_, cluster, runtime) => {
    const group = cluster.group("g");
    const first = await group.join({ ...joinRequest(), sessionTimeoutMs: 60_000 });
    await group.sync({ groupId: "g", ...first }, []);
    const startMs = runtime.monotonicMs();
    const second = await cluster.group("g").join(joinRequest());
    assertEquals(second.leaderId, second.memberId);
    assert(runtime.monotonicMs() - startMs >= 2000);
    await assertRejects(() => group.join(joinRequest(first.memberId)), GroupChanged);
  });
});

Deno.test("SimulatedKafka does the same again from the same seed", async () => {
  const run = async (seed: number) => {
    const runtime = new SimulatedRuntime({ seed });
    const told: unknown[] = [];
    await runtime.drive(async () => {
      using kafka = new SimulatedKafka({
        topics: { t: 2 },
        latency: 2,
        runtime,
        faults: (request) => {
          told.push(request);
          return runtime.random() < 0.3 ? { lose: "answer" } : { answerDelayMs: runtime.random() };
        },
      });
      const connect = async () => {
        while (true) {
          try {
            return await kafka.connect(CONNECTION);
          } catch (error) {
            if (!(error instanceof KafkaError && error.retriable)) throw error;
          }
        }
      };
      await using cluster = await connect();
      await using sink = await cluster.sink(SINK);
      await Promise.all(
        Array.from(
          { length: 20 },
          (_, i) => sink.send(blockOf({ topic: "t", partition: i % 2 }, [String(i)])),
        ),
      );
      told.push(values(kafka), values(kafka, { topic: "t", partition: 1 }));
    });
    return told;
  };
  assertEquals(await run(3), await run(3));
  assert(JSON.stringify(await run(4)) !== JSON.stringify(await run(3)));
});

Deno.test("SimulatedKafka takes records from a test and shows it those that count", async () => {
  await simulate(async (kafka, cluster) => {
    kafka.append(P0, [
      { key: "k", value: "v", headers: { h: "x" }, timestamp: 1000 },
      { value: null, timestamp: 3000 },
    ]);
    await using sink = await transactional(cluster);
    const open = await sink.begin();
    await open.send(blockOf(P0, ["open"]));
    const text = (bytes: Uint8Array | null) => bytes && new TextDecoder().decode(bytes);
    const seen = kafka.records(P0).map(({ key, value, headers, timestamp }) => [
      text(key),
      text(value),
      headers.map(([name, cell]) => [name, text(cell)]),
      timestamp,
    ]);
    assertEquals(seen, [["k", "v", [["h", "x"]], 1000], [null, null, [], 3000]]);
    assertEquals(kafka.records(P0, { isolation: "read_uncommitted" }).length, 3);
    const at = async (timestampMs: number) =>
      (await cluster.offsetsAt([P0], { timestampMs }, { isolation: "read_committed" }))[0].offset;
    assertEquals([await at(0), await at(1001), await at(3001)], [0, 1, 2]);
    await open.abort();
    assertEquals(kafka.records(P0).length, 2);
  });
});

Deno.test("A transaction of who is no member any more does not commit the group's offsets, and says why", async () => {
  const told = { "": "join again", one: "give each process a name of its own" };
  for (const [instanceId, advice] of Object.entries(told)) {
    await simulate(async (kafka, cluster) => {
      const named = instanceId === "" ? {} : { instanceId };
      const group = cluster.group("g");
      const former = await group.join({ ...joinRequest(), ...named });
      const me = { groupId: "g", generation: former.generation, memberId: former.memberId };
      await group.sync({ ...me, ...named }, []);
      if (instanceId === "") await group.leave(me);
      else await cluster.group("g").join({ ...joinRequest(), ...named });
      await using sink = await transactional(cluster);
      const transaction = await sink.begin();
      await transaction.send(blockOf(P0, ["a"]));
      const offsets = [{ ...P0, offset: 5 }];
      const error = await assertRejects(
        () => transaction.sendOffsets({ ...me, ...named }, offsets),
        Abortable,
      );
      assertStringIncludes(error.message, advice);
      await transaction.abort();
      assertEquals(kafka.group("g").offsets, []);
    });
  }
});

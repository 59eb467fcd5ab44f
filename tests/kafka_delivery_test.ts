import { SIZE_MEMORY_MS } from "../src/kafka/driver/client/topic_sizes.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { RecordBatch } from "../mod.ts";
import { Fenced, KafkaError, Retriable, UnknownOutcome } from "../src/kafka/driver/kafka_error.ts";
import type { KafkaDriver } from "../src/kafka/driver/driver.ts";
import { delay } from "../src/stream/delay.ts";
import { numbered, simulatePublishing } from "./support/kafka/publisher_case.ts";

Deno.test("KafkaPublisher sends a batch at once when nothing is under way", () =>
  simulatePublishing(async ({ publisher, runtime, produced }) => {
    const to = publisher({ linger: "10s" });
    await to.publish(numbered(0, 1)); // connects
    const startMs = runtime.monotonicMs();
    for (let i = 0; i < 5; i++) await to.publish(numbered(i, 1));
    assertEquals(produced(), 6);
    assert(runtime.monotonicMs() - startMs < 5 * 3);
  }));

Deno.test("KafkaPublisher gathers what is published in one breath, and while some is under way", () =>
  simulatePublishing(async ({ publisher, runtime, produced, arrived }) => {
    const to = publisher({ linger: "10s" });
    await to.publish(numbered(0, 1));
    const breath = [1, 2, 3].map((id) => to.publish(numbered(id, 1)));
    await delay(runtime, 0.5);
    const later = [4, 5, 6, 7].map((id) => to.publish(numbered(id, 1)));
    assertEquals(produced(), 2);
    await Promise.all(breath); // what waited leaves when that under way has come home
    await Promise.all(later);
    assertEquals(produced(), 3);
    assertEquals((await arrived()).map(({ id }) => id), [0, 1, 2, 3, 4, 5, 6, 7]);
  }));

Deno.test("KafkaPublisher has rows wait for linger only, while a broker is slow", () =>
  simulatePublishing(async ({ publisher, runtime, produced, fault }) => {
    const to = publisher({ linger: "20ms" });
    await to.publish(numbered(0, 1));
    fault(({ api }) => api === "produce" ? { answerDelayMs: 1000 } : undefined);
    const slow = [to.publish(numbered(1, 1))];
    await delay(runtime, 5);
    slow.push(to.publish(numbered(2, 1)), to.publish(numbered(3, 1)));
    await delay(runtime, 19);
    assertEquals(produced(), 2);
    await delay(runtime, 3);
    await Promise.all(slow);
    assertEquals(produced(), 3);
  }));

Deno.test("KafkaPublisher sends full record batches without waiting", () =>
  simulatePublishing(async ({ publisher, produced, fault }) => {
    const to = publisher({ linger: "10s", batchBytes: 200 });
    await to.publish(numbered(0, 1));
    fault(({ api }) => api === "produce" ? { answerDelayMs: 500 } : undefined);
    const all = [to.publish(numbered(1, 1))];
    for (let i = 0; i < 50; i++) all.push(to.publish(numbered(i, 4)));
    await Promise.all(all);
    assert(produced() > 10, `${produced()}`);
  }));

Deno.test("KafkaPublisher fails just the batches that have rows in what was refused", () =>
  simulatePublishing(async ({ publisher, fault, arrived }) => {
    const to = publisher({ partitioner: { column: "p" } });
    await to.publish(numbered(0, 1, { p: 0 }));
    fault(({ api, about }) =>
      api === "produce" && about === "rows/1" ? { error: "TOPIC_AUTHORIZATION_FAILED" } : undefined
    );
    const good = to.publish(numbered(10, 5, { p: 0 }));
    const bad = to.publish(numbered(20, 5, { p: 1 }));
    const parts = [numbered(30, 2, { p: 0 }), numbered(32, 3, { p: 1 })];
    const both = to.publish(RecordBatch.concat(parts));
    const refused = await assertRejects(() => bad, KafkaError, "TOPIC_AUTHORIZATION_FAILED");
    assert(refused.message.endsWith("none of its 5 records was appended"), refused.message);
    const half = await assertRejects(() => both, KafkaError);
    assert(
      half.message.endsWith(
        "2 of its 5 records were appended: published again, these may come twice",
      ),
      half.message,
    );
    assertEquals([refused.retriable, half.retriable, half.code], [
      false,
      false,
      "TOPIC_AUTHORIZATION_FAILED",
    ]);
    assertEquals((await good).records, 5);
    assertEquals((await arrived(0)).length, 8);
  }, { partitions: 2, brokers: 2 }));

Deno.test("KafkaPublisher has a row that is too large cost those beside it nothing", () =>
  simulatePublishing(async ({ publisher, kafka, arrived, produced }) => {
    const to = publisher({ linger: 0 });
    const large = numbered(50, 1, { text: "x".repeat(2000) });
    const published = [numbered(0, 40, { text: "" }), large, numbered(60, 40, { text: "" })];
    const fates = await Promise.allSettled(published.map((batch) => to.publish(batch)));
    assertEquals(fates.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
    const { reason } = fates[1] as PromiseRejectedResult;
    assertEquals([reason.code, reason.retriable], ["MESSAGE_TOO_LARGE", false]);
    assertStringIncludes(reason.message, "the record is larger than the topic's max.message.bytes");
    assert(reason.message.endsWith("its record was not appended"), reason.message);
    const range = (first: number) => Array.from({ length: 40 }, (_, i) => first + i);
    assertEquals((await arrived(0)).map(({ id }) => id), [...range(0), ...range(60)]);
    // what a topic does not take is known from then on
    const before = produced();
    await to.publish(numbered(100, 40, { text: "" }));
    assert(produced() - before <= 8, `${produced() - before}`);
    assert(kafka.batches({ topic: "rows", partition: 0 }).every(({ length }) => length <= 1000));
  }, { partitions: 1, maxBatchBytes: 1000 }));

Deno.test("KafkaPublisher sends whole batches again some minutes after a topic has refused one", () =>
  simulatePublishing(async ({ publisher, kafka, fault, runtime, arrived }) => {
    const to = publisher({ linger: 0 });
    let refusals = 1;
    fault(({ api }) =>
      api === "produce" && refusals-- > 0 ? { error: "MESSAGE_TOO_LARGE" } : undefined
    );
    const batches = () => kafka.batches({ topic: "rows", partition: 0 }).length;
    const made = async (first: number) => {
      const before = batches();
      await to.publish(numbered(first, 40));
      return batches() - before;
    };
    assertEquals([await made(0), await made(40)], [2, 2]);
    await delay(runtime, SIZE_MEMORY_MS);
    assertEquals([await made(80), await made(120)], [1, 1]);
    assertEquals((await arrived(0)).length, 160);
  }, { partitions: 1 }));

Deno.test("KafkaPublisher keeps the order of a partition over what a broker refuses for a while", () =>
  simulatePublishing(async ({ publisher, fault, arrived }) => {
    const to = publisher({ batchBytes: 100 });
    fault(({ api, number }) =>
      api === "produce" && number % 3 > 0 ? { error: "NOT_LEADER_OR_FOLLOWER" } : undefined
    );
    await Promise.all(Array.from({ length: 20 }, (_, i) => to.publish(numbered(i * 3, 3))));
    assertEquals((await arrived()).map(({ id }) => id), Array.from({ length: 60 }, (_, i) => i));
  }));

Deno.test("KafkaPublisher says that nobody knows where an answer was lost for good", () =>
  simulatePublishing(async ({ publisher, fault }) => {
    const to = publisher({ deliveryTimeout: "300ms", idempotent: false });
    await to.publish(numbered(0, 1));
    fault(({ api }) => api === "produce" ? { lose: "answer" } : undefined);
    const error = await assertRejects(() => to.publish(numbered(1, 4)), UnknownOutcome);
    assert(
      error.message.includes("0 of its 4 records were appended, and of 4 nobody can say"),
      error.message,
    );
    assertEquals(error.retriable, true);
  }));

Deno.test("KafkaPublisher has its producers wait while bufferBytes are under way", () =>
  simulatePublishing(async ({ publisher, runtime, fault, produced, arrived }) => {
    const to = publisher({ maxRecordBytes: 1000, bufferBytes: 2000, linger: 0 });
    await to.publish(numbered(0, 1));
    fault(({ api }) => api === "produce" ? { answerDelayMs: 5000 } : undefined);
    const aborted = new AbortController();
    const text = "x".repeat(300);
    const all = Array.from({ length: 40 }, (_, i) => to.publish(numbered(i, 1, { text })));
    const given = to.publish(numbered(99, 1, { text }), { signal: aborted.signal });
    await delay(runtime, 100);
    assert(produced() < 12, `${produced()} were sent`);
    aborted.abort(new Error("enough"));
    await assertRejects(() => given, Error, "enough");
    fault(() => undefined);
    await Promise.all(all);
    await to.flush();
    assertEquals((await arrived()).length, 41); // without what was given up while it waited
  }));

/** More than goes at once, with a record that is too large near its end. */
function largeBatch(): RecordBatch {
  const text = "x".repeat(40);
  return RecordBatch.concat([
    numbered(0, 250, { text }),
    numbered(250, 1, { text: "x".repeat(2000) }),
    numbered(251, 49, { text }),
  ]);
}

const SMALL = { maxRecordBytes: 1000, bufferBytes: 2000 };

Deno.test("KafkaPublisher says from which row on a large batch was not published", () =>
  simulatePublishing(async ({ publisher, arrived }) => {
    const to = publisher(SMALL);
    const error = await assertRejects(() => to.publish(largeBatch()), KafkaError);
    const [, row, from] = /row (\d+) makes .+ rows are counted from row (\d+)/.exec(error.message)!;
    assertEquals(Number(row) + Number(from), 250);
    await to.publish(numbered(1000, 3));
    const ids = (await arrived()).map(({ id }) => id);
    assertEquals(ids, [...Array(Number(from)).keys(), 1000, 1001, 1002]);
  }));

Deno.test("KafkaPublisher aborts the transaction of a large batch that cannot be whole", () =>
  simulatePublishing(async ({ publisher, arrived }) => {
    const to = publisher({ ...SMALL, transactionalId: "a", linger: "20ms" });
    await to.publish(numbered(-1, 1));
    const before = to.publish(numbered(900, 3));
    const large = to.publish(largeBatch());
    const after = to.publish(numbered(1000, 3));
    const { message } = await assertRejects(() => large, KafkaError, "rows are counted from row");
    assertEquals(message.split("Cannot publish").length, 2, message);
    const error = await assertRejects(() => before, Retriable, "though it was not at fault");
    assertEquals(error.retriable, true);
    await after;
    await to.publish(numbered(900, 3));
    assertEquals((await arrived()).map(({ id }) => id), [-1, 1000, 1001, 1002, 900, 901, 902]);
  }));

Deno.test("KafkaPublisher tells of a topic that is not there how it is made, and makes it", () =>
  simulatePublishing(async ({ kafka, publisher }) => {
    const error = await assertRejects(
      () => publisher({ topic: "news" }).publish(numbered(0, 1)),
      KafkaError,
      'Cannot publish to topic "news": there is no such topic at simulated:9092; make it by ' +
        "kafka-topics.sh --bootstrap-server simulated:9092 --create --topic news, or pass " +
        "createTopic: true",
    );
    assertEquals(error.retriable, false);
    const to = publisher({ topic: "news", createTopic: { partitions: 3 } });
    await to.publish(numbered(0, 1));
    await publisher({ topic: "news", createTopic: true }).publish(numbered(0, 1));
    assertEquals(
      [0, 1, 2].reduce((sum, partition) => sum + kafka.endOffset({ topic: "news", partition }), 0),
      2,
    );
  }));

Deno.test("KafkaPublisher connects again after a broker that could not be reached", () =>
  simulatePublishing(async ({ kafka, publisher, arrived }) => {
    const to = publisher();
    kafka.stop();
    const error = await assertRejects(() => to.publish(numbered(0, 3)), Retriable);
    assert(error.message.startsWith('Cannot publish to topic "rows": '), error.message);
    kafka.start();
    await to.publish(numbered(0, 3));
    assertEquals((await arrived()).length, 3);
  }));

Deno.test("KafkaPublisher leaves no connection open when it ends while it connects for nobody", () =>
  simulatePublishing(async ({ kafka, publisher, runtime }) => {
    let open = 0;
    const driver: KafkaDriver = {
      name: "slow",
      connect: async (options) => {
        const cluster = await kafka.connect(options);
        open++;
        await delay(runtime, 50);
        const end = async () => {
          open--;
          await cluster[Symbol.asyncDispose]();
        };
        return Object.create(cluster, {
          topics: { value: cluster.topics.bind(cluster) },
          sink: { value: cluster.sink.bind(cluster) },
          [Symbol.asyncDispose]: { value: end },
        });
      },
    };
    const to = publisher({ driver });
    const aborted = new AbortController();
    const publishing = to.publish(numbered(0, 1), { signal: aborted.signal });
    await delay(runtime, 20);
    aborted.abort(new Error("enough"));
    await assertRejects(() => publishing, Error, "enough");
    await to[Symbol.asyncDispose]();
    assertEquals(open, 0);
  }));

Deno.test("KafkaPublisher hears of partitions that a topic has got later", () =>
  simulatePublishing(async ({ kafka, publisher, runtime }) => {
    const to = publisher({ partitioner: { column: "p" } });
    await to.publish(numbered(0, 1, { p: 0 }));
    kafka.addPartitions("rows", 3);
    await delay(runtime, 300_000);
    await to.publish(numbered(1, 1, { p: 0 }));
    await delay(runtime, 10);
    await to.publish(numbered(2, 1, { p: 2 }));
    assertEquals(kafka.endOffset({ topic: "rows", partition: 2 }), 1);
  }));

Deno.test("KafkaPublisher commits a transaction every transactionInterval", () =>
  simulatePublishing(async ({ publisher, runtime, arrived }) => {
    const to = publisher({ transactionalId: "a", transactionInterval: "50ms" });
    await to.publish(numbered(0, 1));
    let isOver = false;
    const startMs = runtime.monotonicMs();
    const first = to.publish(numbered(1, 1)).then(() => runtime.monotonicMs() - startMs);
    const rest = (async () => {
      const all: Promise<unknown>[] = [];
      for (let id = 2; !isOver; id++) {
        all.push(to.publish(numbered(id, 1)));
        await delay(runtime, 1);
      }
      return await Promise.all(all);
    })();
    const tookMs = await first;
    assert(tookMs >= 50 && tookMs < 70, `${tookMs} ms`);
    isOver = true;
    const count = (await rest).length;
    assertEquals((await arrived()).length, 2 + count);
  }));

Deno.test("KafkaPublisher commits at once for flush(), and when nothing comes for linger", () =>
  simulatePublishing(async ({ publisher, runtime, requests }) => {
    const to = publisher({ transactionalId: "a", transactionInterval: "10s", linger: "30ms" });
    await to.publish(numbered(0, 1));
    const startMs = runtime.monotonicMs();
    const alone = to.publish(numbered(1, 1));
    await to.flush();
    await alone;
    assert(runtime.monotonicMs() - startMs < 20);
    await to.publish(numbered(2, 1));
    const tookMs = runtime.monotonicMs() - startMs;
    assert(tookMs > 30 && tookMs < 70, `${tookMs} ms`);
    assertEquals(requests.filter(({ api }) => api === "endTransaction").length, 3);
  }));

Deno.test("KafkaPublisher fails all batches of an aborted transaction, and goes on with the next", () =>
  simulatePublishing(async ({ publisher, fault, arrived }) => {
    const to = publisher({ transactionalId: "a", partitioner: { column: "p" } });
    await to.publish(numbered(0, 1, { p: 0 }));
    fault(({ api, about }) =>
      api === "produce" && about === "rows/1" ? { error: "TOPIC_AUTHORIZATION_FAILED" } : undefined
    );
    const innocent = to.publish(numbered(1, 3, { p: 0 }));
    const guilty = to.publish(numbered(4, 3, { p: 1 }));
    const [a, b] = await Promise.all([
      assertRejects(() => innocent, KafkaError, "none of its records counts"),
      assertRejects(() => guilty, KafkaError, "TOPIC_AUTHORIZATION_FAILED"),
    ]);
    assertEquals([a.retriable, b.retriable], [true, false]);
    fault(() => undefined);
    await to.publish(numbered(7, 2, { p: 0 }));
    assertEquals((await arrived()).map(({ id }) => id), [0, 7, 8]);
  }, { partitions: 2, brokers: 2 }));

Deno.test("KafkaPublisher has what a coordinator will not commit published again", () =>
  simulatePublishing(async ({ publisher, fault, arrived }) => {
    const to = publisher({ transactionalId: "a" });
    await to.publish(numbered(0, 1));
    fault(({ api }) => {
      if (api !== "endTransaction") return undefined;
      fault(() => undefined);
      return { error: "INVALID_TXN_STATE" };
    });
    const error = await assertRejects(() => to.publish(numbered(1, 2)), KafkaError);
    assert(error.message.includes("none of its records counts"), error.message);
    assertEquals([error.name, error.retriable], ["Abortable", true]);
    await to.publish(numbered(1, 2));
    assertEquals((await arrived()).map(({ id }) => id), [0, 1, 2]);
  }));

Deno.test("KafkaPublisher that a newer one has taken over from publishes no more", () =>
  simulatePublishing(async ({ publisher, arrived }) => {
    const older = publisher({ transactionalId: "a" });
    await older.publish(numbered(0, 1));
    const newer = publisher({ transactionalId: "a" });
    await newer.publish(numbered(1, 1));
    for (let i = 0; i < 2; i++) {
      const error = await assertRejects(() => older.publish(numbered(9, 1)), Fenced);
      assertEquals(error.retriable, false);
    }
    await newer.publish(numbered(2, 1));
    assertEquals((await arrived()).map(({ id }) => id), [0, 1, 2]);
  }));

Deno.test("KafkaPublisher does not have a batch tried again whose commit nobody knows of", () =>
  simulatePublishing(async ({ publisher, fault, arrived }) => {
    const to = publisher({ transactionalId: "a" });
    await to.publish(numbered(0, 1));
    fault(({ api }) => api === "endTransaction" ? { lose: "answer" } : undefined);
    const error = await assertRejects(() => to.publish(numbered(1, 1)), UnknownOutcome);
    assert(error.message.includes("nobody can say whether its transaction was committed"));
    assertEquals(error.retriable, false);
    fault(() => undefined);
    await to.publish(numbered(2, 1));
    assertEquals((await arrived()).map(({ id }) => id), [0, 1, 2]);
  }));

Deno.test("KafkaPublisher waits for nobody with acks 0", () =>
  simulatePublishing(async ({ publisher, runtime, fault, arrived }) => {
    const to = publisher({ acks: 0 });
    fault(({ api }) => api === "produce" ? { answerDelayMs: 60_000 } : undefined);
    const { records } = await to.publish(numbered(0, 3));
    assertEquals(records, 3);
    await delay(runtime, 5);
    assertEquals((await arrived()).length, 3);
  }));

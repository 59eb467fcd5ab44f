// Topics that are deleted, or made anew, while they are read and written.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { from } from "../mod.ts";
import { Abortable, KafkaError } from "../src/kafka/driver/kafka_error.ts";
import { delay } from "../src/stream/delay.ts";
import { numbered as rows, simulatePublishing } from "./support/kafka/publisher_case.ts";
import {
  committedOf,
  numbered,
  P0,
  publisherOf,
  range,
  simulate,
  take,
} from "./support/kafka/source_world.ts";

for (const how of ["partitions", "a member"] as const) {
  Deno.test(`A group with ${how} does not wait for ever to commit what is not there any more`, () =>
    simulate(async ({ kafka, runtime, writer, source }) => {
      await writer.send(P0, numbered(0, 10));
      const group = { groupId: "g", ...(how === "partitions" && { partitions: [0] }) };
      const input = from(source({ ...group, until: "end" }), { workers: 1, runtime });
      const run = input.to(publisherOf({ take: () => kafka.deleteTopic("t") })).run();
      const { message } = await assertRejects(
        () => Promise.race([run, delay(runtime, 60_000)]),
        KafkaError,
        'Cannot commit offsets of group "g"',
      );
      assert(message.includes("UNKNOWN_TOPIC_OR_PARTITION: a topic of it was deleted"), message);
      assertEquals(committedOf(kafka), {});
    }));
}

Deno.test("A commit that no broker takes fails after retryTimeout, and not never", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    const options = { groupId: "g", partitions: [0], until: "end", retryTimeout: "20s" } as const;
    const input = from(source(options), { workers: 1, runtime });
    const startMs = runtime.monotonicMs();
    const run = input.to(publisherOf({ take: () => kafka.stop() })).run();
    await assertRejects(
      () => Promise.race([run, delay(runtime, 60_000)]),
      KafkaError,
      'Cannot commit offsets of group "g"',
    );
    assert(runtime.monotonicMs() - startMs >= 20_000);
  }));

Deno.test("A source goes on in a topic that was made anew, if it may", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    const reading = take(from(source({ outOfRange: "earliest" }), { workers: 1, runtime }), 15);
    await delay(runtime, 1000);
    kafka.deleteTopic("t");
    kafka.createTopic("t", 2);
    await writer.send(P0, numbered(100, 5));
    assertEquals((await reading).slice(10), [100, 101, 102, 103, 104]);
  }));

Deno.test("A topic of which brokers say for a moment that they do not know it is read on", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    const rows = from(source({ lagInterval: "50ms" }), { workers: 1, runtime });
    const reading = take(rows, 20);
    await delay(runtime, 1000);
    let isKnown = false;
    const error = "UNKNOWN_TOPIC_OR_PARTITION";
    kafka.faults = ({ api, clientId }) =>
      !isKnown && clientId !== "writer" && api !== "connect" ? { error } : undefined;
    await delay(runtime, 600);
    isKnown = true;
    await writer.send(P0, numbered(10, 10));
    assertEquals(await reading, range(20));
  }));

Deno.test("A source says so when a topic was made anew with fewer partitions", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    const reading = take(from(source({ outOfRange: "earliest" }), { workers: 1, runtime }), 15);
    await delay(runtime, 1000);
    kafka.deleteTopic("t");
    kafka.createTopic("t", 1);
    await assertRejects(
      () => reading,
      KafkaError,
      'topic "t" has 1 partition, from 0, and no partition 1; was it made anew?',
    );
  }));

Deno.test("KafkaPublisher hears of partitions that a topic has no more, when a batch has failed", () =>
  simulatePublishing(async ({ kafka, runtime, publisher }) => {
    const to = publisher({ key: "id", valueColumns: ["id"] });
    await to.publish(rows(0, 20));
    kafka.deleteTopic("rows");
    await assertRejects(() => to.publish(rows(20, 20)), KafkaError, "there is no such topic");
    await delay(runtime, 2000);
    kafka.createTopic("rows", 1);
    const { message } = await assertRejects(() => to.publish(rows(40, 20)), KafkaError);
    assert(message.includes("the topic has 1 partition, from 0; was it made anew?"), message);
    await delay(runtime, 100);
    await to.publish(rows(60, 20));
    const ids = kafka.records({ topic: "rows", partition: 0 })
      .map(({ value }) => JSON.parse(new TextDecoder().decode(value!)).id as number);
    assertEquals(ids.filter((id) => id >= 60), Array.from({ length: 20 }, (_, i) => 60 + i));
  }, { partitions: 2 }));

Deno.test("KafkaPublisher in transactions says within seconds that its topic is gone, and why", () =>
  simulatePublishing(async ({ kafka, runtime, publisher }) => {
    const to = publisher({ transactionalId: "a" });
    await to.publish(rows(0, 20));
    kafka.deleteTopic("rows");
    const startMs = runtime.monotonicMs();
    const { message } = await assertRejects(() => to.publish(rows(20, 20)), Abortable);
    assert(runtime.monotonicMs() - startMs < 10_000);
    assert(message.includes("the broker says UNKNOWN_TOPIC_OR_PARTITION of partition 0"), message);
    kafka.createTopic("rows", 1);
    await to.publish(rows(40, 20));
    assertEquals(kafka.records({ topic: "rows", partition: 0 }).length, 20);
  }));

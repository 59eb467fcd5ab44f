import { assert, assertEquals, assertRejects } from "@std/assert";
import * as fc from "fast-check";
import { from } from "../mod.ts";
import type { EpochStart, FetchedBlock } from "../src/kafka/driver/driver.ts";
import { KafkaError } from "../src/kafka/driver/kafka_error.ts";
import type { KafkaSourceOptions } from "../src/kafka/source/kafka_source_options.ts";
import { PartitionState } from "../src/kafka/source/partition_state.ts";
import { delay } from "../src/stream/delay.ts";
import { PartitionLog } from "../src/testing/kafka/partition_log.ts";
import { encodePlainBatch } from "../src/kafka/records/reference_records.ts";
import {
  committedOf,
  numbered,
  P0,
  publisherOf,
  range,
  simulate,
} from "./support/kafka/source_world.ts";

for (const outOfRange of ["fail", "earliest", "latest"] as const) {
  Deno.test(`Records that a new leader has not are not passed over, with outOfRange: "${outOfRange}"`, () =>
    simulate(async ({ kafka, runtime, writer, source }) => {
      const asked: string[] = [];
      kafka.faults = ({ api }) => void asked.push(api);
      await writer.send(P0, numbered(0, 10));
      await writer.send(P0, numbered(10, 10));
      const stop = new AbortController();
      const taken: number[] = [];
      const options: Partial<KafkaSourceOptions> = { partitions: [0], outOfRange };
      const reading = from(source(options), { workers: 1, runtime })
        .to(publisherOf({ take: (xs) => void taken.push(...xs) }))
        .run({ signal: stop.signal, onAbort: "drain" });
      reading.catch(() => {});
      await delay(runtime, 3000);
      assertEquals(taken, range(20));
      assert(!asked.includes("epochEnds"));
      // a leader that has all is asked, and read on
      kafka.changeLeader(P0);
      await writer.send(P0, numbered(20, 5));
      await delay(runtime, 3000);
      assertEquals(taken, range(25));
      assert(asked.includes("epochEnds"));
      // one that lacks the last ones has as many by the time that it is asked
      kafka.loseRecords({ ...P0, offset: 10 });
      await writer.send(P0, numbered(100, 40));
      const late = delay(runtime, 5000);
      if (outOfRange === "fail") {
        const { message } = await assertRejects(() => reading, KafkaError);
        assert(message.includes("has the same up to 10 alone"), message);
        await late;
        return;
      }
      await late;
      assertEquals(taken, [...range(25), ...Array.from({ length: 40 }, (_, i) => 100 + i)]);
      stop.abort();
      await reading;
    }));
}

Deno.test("A group that goes on later sees that its partition lost what it had read", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    await writer.send(P0, numbered(10, 10));
    const taken: number[] = [];
    const run = (more: Partial<KafkaSourceOptions> = {}) =>
      from(source({ groupId: "g", until: "end", partitions: [0], ...more }), {
        workers: 1,
        runtime,
      })
        .to(publisherOf({ take: (xs) => void taken.push(...xs) })).run();
    await run();
    assertEquals([taken.splice(0), committedOf(kafka)], [range(20), { 0: 20 }]);
    kafka.loseRecords({ ...P0, offset: 10 });
    await writer.send(P0, numbered(100, 40));
    const { message } = await assertRejects(() => run(), KafkaError);
    assert(message.includes("was read up to offset 20"), message);
    assertEquals(taken, []);
    await run({ outOfRange: "earliest" });
    assertEquals(taken, Array.from({ length: 40 }, (_, i) => 100 + i));
  }));

Deno.test("What was passed over on purpose does not count as lost", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    const taken: number[] = [];
    const options: Partial<KafkaSourceOptions> = { groupId: "g", partitions: [0] };
    const run = (more: Partial<KafkaSourceOptions>, signal = new AbortController().signal) =>
      from(source({ ...options, ...more }), { workers: 1, runtime })
        .to(publisherOf({ take: (xs) => void taken.push(...xs) }))
        .run({ signal, onAbort: "drain" });
    await run({ until: "end" });
    assertEquals(taken.splice(0), range(10));
    // another leader, and what was to be read next is deleted by the time that it is read
    kafka.changeLeader(P0);
    for (const first of [10, 20, 30]) await writer.send(P0, numbered(first, 10));
    kafka.deleteRecords({ ...P0, offset: 20 });
    const stop = new AbortController();
    const reading = run({ outOfRange: "latest" }, stop.signal);
    await delay(runtime, 5000);
    await writer.send(P0, numbered(100, 5));
    await delay(runtime, 5000);
    stop.abort();
    await reading;
    assertEquals(taken, [100, 101, 102, 103, 104]);
  }));

Deno.test("A partition's position has the epoch of the record before it, and none that is not known", () => {
  const at = { topic: "t", partition: 0, offset: 10, leaderEpoch: 3 };
  const state = new PartitionState(at, { index: 0, end: Infinity, nowMs: 0 });
  const fetched = (next: number, epochs: EpochStart[]) =>
    state.fetched({ next, epochs } as unknown as FetchedBlock, { known: next, nowMs: 0 });
  fetched(30, [{ epoch: 3, from: 10 }, { epoch: 5, from: 20 }]);
  fetched(40, [{ epoch: 5, from: 30 }]);
  const epochs = (...offsets: number[]) => offsets.map((offset) => state.at(offset).leaderEpoch);
  assertEquals(epochs(10, 20, 21, 40), [3, 3, 5, 5]);
  state.moved(15);
  assertEquals(epochs(10, 15), [3, 3]);
  state.moved(90);
  assertEquals(epochs(90), [undefined]);
  fetched(95, [{ epoch: 9, from: 90 }]);
  assertEquals(epochs(90, 95), [undefined, 9]);
});

Deno.test("A partition's log tells the end of each epoch as a naive look at its batches does", () => {
  const steps = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ append: fc.integer({ min: 1, max: 5 }) }) },
      { weight: 1, arbitrary: fc.record({ truncate: fc.nat({ max: 40 }) }) },
      { weight: 2, arbitrary: fc.constant({}) },
    ),
    { maxLength: 30 },
  );
  fc.assert(fc.property(steps, (all) => {
    const log = new PartitionLog(1, 1 << 20);
    const epochs: number[] = []; // by offset
    for (const step of all) {
      if ("append" in step) {
        const records = Array.from({ length: step.append }, (_, offset) => ({
          ...{ offset, timestamp: 0, key: null, value: new Uint8Array(1), headers: [] },
        }));
        log.append(encodePlainBatch({ records }));
        epochs.push(...records.map(() => log.leaderEpoch));
      } else {
        if ("truncate" in step) log.truncate(step.truncate);
        epochs.length = log.highWatermark;
        log.lead(1);
      }
    }
    for (let epoch = 0; epoch <= log.leaderEpoch; epoch++) {
      const next = epochs.findIndex((each) => each > epoch);
      assertEquals(log.endOfEpoch(epoch), next < 0 ? epochs.length : next);
    }
    assertEquals(log.endOfEpoch(log.leaderEpoch + 1), -1);
  }));
});

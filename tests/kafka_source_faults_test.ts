import { assert, assertEquals, assertRejects } from "@std/assert";
import { count, from, type TimestampOptions, TumblingWindow } from "../mod.ts";
import type { FetchedBlock, FetchOptions, KafkaDriver } from "../src/kafka/driver/driver.ts";
import { KafkaError } from "../src/kafka/driver/kafka_error.ts";
import { CorruptBatch } from "../src/kafka/records/corrupt_batch.ts";
import { delay } from "../src/stream/delay.ts";
import type { SourceBatch } from "../src/stream/source.ts";
import { numbered, P0, range, simulate, take, type World } from "./support/kafka/source_world.ts";

Deno.test("A live topic's records come as they are written, leader change or not", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    const rows = from(source(), { workers: 1, runtime });
    const reading = take(rows, 90);
    for (let part = 0; part < 9; part++) {
      await writer.send({ topic: "t", partition: part % 2 }, numbered(10 * part, 10));
      await delay(runtime, 100);
      if (part % 3 === 2) kafka.changeLeader(P0);
    }
    assertEquals((await reading).sort((a, b) => a - b), range(90));
  }, { brokers: 3 }));

Deno.test("Partitions that a topic gets later are read from their start", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    const rows = from(source({ start: "latest" }), { workers: 1, runtime });
    const reading = take(rows, 20);
    await delay(runtime, 1000);
    await writer.send(P0, numbered(0, 10));
    kafka.addPartitions("t", 3);
    await writer.send({ topic: "t", partition: 2 }, numbered(10, 10));
    assertEquals((await reading).sort((a, b) => a - b), range(20));
    assertEquals(rows.metrics().source?.partitions.length, 3);
  }));

Deno.test("A restart of the brokers loses and doubles nothing", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    const rows = from(source(), { workers: 1, runtime });
    const reading = take(rows, 40);
    await writer.send(P0, numbered(0, 20));
    await delay(runtime, 50);
    kafka.stop();
    await delay(runtime, 5000);
    kafka.start();
    await writer.send(P0, numbered(20, 20));
    assertEquals((await reading).sort((a, b) => a - b), range(40));
  }));

Deno.test("Brokers that stay away end the source after retryTimeout, and it says what to look for", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 5));
    const rows = from(source({ retryTimeout: "30s" }), { workers: 1, runtime });
    const reading = take(rows, 10);
    await delay(runtime, 1000);
    kafka.stop();
    const error = await assertRejects(() => reading, KafkaError);
    assert(/Cannot read Kafka topic t: .*retryTimeout \(30s\)/.test(error.message), error.message);
  }));

for (const outOfRange of ["fail", "earliest", "latest"] as const) {
  Deno.test(`An offset that retention has taken away: "${outOfRange}"`, () =>
    simulate(async ({ kafka, runtime, writer, source }) => {
      await writer.send(P0, numbered(0, 10));
      await writer.send(P0, numbered(10, 10));
      kafka.deleteRecords({ ...P0, offset: 10 });
      const start = { offsets: [{ ...P0, offset: 5 }] };
      const rows = from(source({ start, outOfRange, partitions: [0] }), { workers: 1, runtime });
      if (outOfRange === "fail") {
        await assertRejects(
          () => take(rows, 1),
          KafkaError,
          "partition 0 of t was to be read from offset 5, and has those from 10 to 20: older ones " +
            "were deleted",
        );
        return;
      }
      const reading = take(rows, outOfRange === "earliest" ? 11 : 1);
      await delay(runtime, 3000);
      await writer.send(P0, numbered(20, 1));
      const expected = outOfRange === "earliest" ? range(21).slice(10) : [20];
      assertEquals(await reading, expected);
      assertEquals(rows.metrics().source?.resets, 1);
    }));
}

Deno.test("The watchdog makes connections anew over which nothing comes, though there is something", () =>
  simulate(async ({ kafka, runtime, writer, source }) => {
    await writer.send(P0, numbered(0, 10));
    let isStuck = true;
    // the broker hears of fetches and never answers
    kafka.faults = ({ api }) =>
      api === "fetch" && isStuck ? { lose: "answer", silent: true } : undefined;
    const options = { watchdog: "10s", lagInterval: "1s", requestTimeout: "10m" };
    const rows = from(source(options), { workers: 1, runtime });
    const reading = take(rows, 10);
    await delay(runtime, 25_000);
    isStuck = false;
    assertEquals(await reading, range(10));
    const { reconnects = 0 } = rows.metrics().source ?? {};
    assert(reconnects >= 1, `${reconnects} reconnects`);
  }));

for (const api of ["listOffsets", "metadata", "fetch"] as const) {
  Deno.test(`A source that is left while brokers do not answer (${api}) does not wait for them`, () =>
    simulate(async ({ kafka, runtime, writer, source }) => {
      await writer.send(P0, numbered(0, 10));
      const stop = new AbortController();
      const options = { lagInterval: "1s", requestTimeout: "30s" } as const;
      const batches = source(options).open({
        ...{ runtime, signal: stop.signal, badRecords: "fail" },
        deadLetter: () => {},
      })[Symbol.asyncIterator]();
      await batches.next();
      const reading = (async () => {
        while (!(await batches.next()).done);
      })();
      await delay(runtime, 500);
      kafka.faults = (asked) => asked.api === api ? { lose: "answer", silent: true } : undefined;
      await delay(runtime, 2000);
      const startMs = runtime.monotonicMs();
      stop.abort();
      await batches.return!();
      await reading;
      assert(runtime.monotonicMs() - startMs < 100, `${runtime.monotonicMs() - startMs} ms`);
    }));
}

Deno.test("While the pipeline does not take anything, no more is fetched than may wait", () =>
  simulate(async ({ runtime, writer, source }) => {
    for (let part = 0; part < 40; part++) {
      await writer.send({ topic: "t", partition: part % 2 }, numbered(100 * part, 100));
    }
    const maxBufferBytes = 10_000;
    const opened = source({ maxBufferBytes, maxPartitionBytes: 2000, lagInterval: "1s" }).open({
      ...{ runtime, signal: new AbortController().signal, badRecords: "fail" },
      deadLetter: () => {},
    });
    const batches = opened[Symbol.asyncIterator]();
    const first: SourceBatch = (await batches.next()).value!;
    let rows = 0;
    for (let read = 0; read < 3; read++) rows += (await batches.next()).value!.batch?.length ?? 0;
    await delay(runtime, 60_000);
    const { waitingBytes, lag } = first.progress!.metrics!;
    assert(waitingBytes > 0 && waitingBytes <= maxBufferBytes, `${waitingBytes} bytes wait`);
    assert(lag >= 4000 - rows - 100, `lag ${lag}, rows ${rows}`);
    while (rows < 4000) rows += (await batches.next()).value!.batch?.length ?? 0;
    assertEquals([rows, first.progress!.metrics!.lag], [4000, 0]);
    await batches.return!();
  }));

/** Where windows end as rows of both partitions come, one partition after the other. */
function windowsOf(world: World, options: TimestampOptions): AsyncIterable<{ n: number }> {
  const { source, runtime } = world;
  return from(source({ lagInterval: "1s" }), { workers: 1, runtime }).timestamps("x", options)
    .window(new TumblingWindow({ size: 100 })).aggregate({ n: count() });
}

Deno.test("A partition without records holds windows open, unless it counts as idle", () =>
  simulate(async (world) => {
    const { writer, runtime } = world;
    const taken: Record<"waiting" | "idle", number[]> = { waiting: [], idle: [] };
    const stop = new AbortController();
    const read = async (name: "waiting" | "idle", options: TimestampOptions) => {
      for await (const { n } of windowsOf(world, options)) {
        if (stop.signal.aborted) break;
        taken[name].push(n);
      }
    };
    const reading = [read("waiting", {}), read("idle", { idle: { after: "5s", clock: "wall" } })];
    await writer.send(P0, numbered(0, 250));
    await delay(runtime, 30_000);
    assertEquals(taken, { waiting: [], idle: [100, 100] });
    await writer.send({ topic: "t", partition: 1 }, numbered(240, 1));
    await delay(runtime, 1000);
    assertEquals(taken.waiting, [100, 100]);
    stop.abort();
    for (const partition of [0, 1]) await writer.send({ topic: "t", partition }, numbered(900, 1));
    await Promise.all(reading);
  }));

Deno.test("Partitions that are far ahead wait for others, and do not fill the buffer meanwhile", () =>
  simulate(async ({ writer, runtime, source }) => {
    for (let part = 0; part < 20; part++) await writer.send(P0, numbered(100 * part, 100));
    const rows = from(source({ maxBufferBytes: 8000, maxPartitionBytes: 2000, until: "end" }), {
      ...{ workers: 1, runtime },
    });
    for (let part = 0; part < 20; part++) {
      await writer.send({ topic: "t", partition: 1 }, numbered(100 * part, 100));
    }
    const pipeline = rows.timestamps("x", { alignment: { maxDrift: 300 } })
      .window(new TumblingWindow({ size: 100 })).aggregate({ n: count() });
    const counted = await Array.fromAsync(pipeline);
    assertEquals(counted.map(({ n }) => n), Array(20).fill(200));
    assertEquals(pipeline.metrics().late, 0);
  }));

/** A way to a Kafka on which batches are damaged, as often as it is told. */
function damaging(kafka: KafkaDriver, times: number): KafkaDriver {
  let left = times;
  const damaged = (block: FetchedBlock): FetchedBlock => {
    if (left-- <= 0) return block;
    const bytes = block.bytes.slice();
    bytes[bytes.length - 1] ^= 1;
    return { ...block, bytes };
  };
  return {
    name: "damaging",
    connect: async (options, given) => {
      const cluster = await kafka.connect(options, given);
      return new Proxy(cluster, {
        get: (target, name) => {
          if (name !== "source") return bound(target, name);
          return async (options: FetchOptions) => {
            const source = await target.source(options);
            return new Proxy(source, {
              get: (target, name) => {
                if (name !== "fetch") return bound(target, name);
                return async (given: { signal?: AbortSignal }) =>
                  (await target.fetch(given)).map(damaged);
              },
            });
          };
        },
      });
    },
  };
}

function bound(target: object, name: string | symbol): unknown {
  const value = target[name as keyof typeof target] as unknown;
  return typeof value === "function" ? value.bind(target) : value;
}

Deno.test("What was damaged on the way is fetched again, and what stays so ends the source", () =>
  simulate(async ({ kafka, writer, runtime, source }) => {
    await writer.send(P0, numbered(0, 10));
    await writer.send(P0, numbered(10, 10));
    const rows = (times: number) =>
      from(source({ driver: damaging(kafka, times), until: "end" }), { workers: 1, runtime });
    assertEquals(await take(rows(1), 20), range(20));
    assertEquals(await take(rows(2), 20), range(20));
    await assertRejects(
      () => take(rows(Infinity), 20),
      CorruptBatch,
      'Cannot read records of topic "t", partition 0, from offset 10 on: the CRC-32C of the batch',
    );
  }));

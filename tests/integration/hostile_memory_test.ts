import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  count,
  from,
  HiveStream,
  RingCorruptedError,
  StreamingError,
  TumblingWindow,
} from "@waggle/stream";
import { CELL, CONTROL_BYTES } from "../../src/hive/ring_memory.ts";
import { SimulatedRuntime } from "../../src/runtime/simulated_runtime.ts";
import { forSeedsAsync, type Random } from "../support/random.ts";

const RING_BYTES = 1 << 15;
const RUNS = 2_000;
const DAMAGED = "Cannot go on: a ring between the stream and a bee is damaged";

/** A simulation that keeps hold of the rings that it made: for each bee an inbox and an outbox. */
class RingedRuntime extends SimulatedRuntime {
  readonly rings: Int32Array[] = [];
  readonly others: Uint8Array[] = [];

  override sharedMemory(bytes: number): SharedArrayBuffer {
    const memory = super.sharedMemory(bytes);
    if (bytes === CONTROL_BYTES + RING_BYTES) this.rings.push(new Int32Array(memory));
    else this.others.push(new Uint8Array(memory));
    return memory;
  }

  pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.after(ms, resolve));
  }
}

type Play = (stream: HiveStream<number, number>, runtime: RingedRuntime) => Promise<unknown>;

async function withStream(play: Play): Promise<void> {
  const runtime = new RingedRuntime();
  await runtime.drive(async () => {
    const options = { workers: 1, ringBytes: RING_BYTES, recordTimeout: 50, runtime };
    const stream = new HiveStream<number, number>(options);
    await stream.start((n) => n);
    await play(stream, runtime);
  });
}

Deno.test("HiveStream fails by name when what a bee has sent is damaged, whoever finds it", async () => {
  const finders: [string, Play][] = [
    ["the stream itself", (_, runtime) => runtime.pause(10)],
    ["a reader", (stream) => stream.getResult({ timeout: 0 }).catch(() => {})],
    ["a submitter", async (stream) => {
      for (let n = 0; n < 2_000; n++) await stream.submit("k", n).catch(() => {});
    }],
    ["the end of the bee", (_, runtime) => Promise.resolve(runtime.crash("bee 0.0"))],
    ["the stop", (stream) => stream.stop().catch(() => {})],
  ];
  for (const [name, find] of finders) {
    await withStream(async (stream, runtime) => {
      runtime.hang("bee 0.0");
      await stream.submit("k", 1);
      Atomics.store(runtime.rings[1], CELL.head, -8); // more than nothing, and before the start
      await find(stream, runtime);
      const read = () => stream.getResult({ timeout: Infinity });
      const error = await assertRejects(read, RingCorruptedError, DAMAGED, name);
      assertEquals([error.name, error instanceof StreamingError], ["RingCorruptedError", true]);
      await stream.stop();
    });
  }
});

Deno.test("HiveStream fails by name when the watch over hung bees finds a ring damaged", async () => {
  await withStream(async (stream, runtime) => {
    await stream.submit("k", 1);
    assertEquals(await stream.getResult(), 1);
    runtime.hang("bee 0.0");
    Atomics.store(runtime.rings[1], CELL.head, -8);
    await runtime.pause(60_000);
    await assertRejects(() => stream.submit("k", 2), RingCorruptedError, DAMAGED);
  });
});

/** Writes something else into one of the words by which a ring is steered, or before a frame. */
function damage({ rings }: RingedRuntime, random: Random): void {
  const cells = random.pick(rings);
  const data = CONTROL_BYTES / 4;
  const heads = [CELL.head, CELL.tail, data + 2 * random.below(64), data + 1];
  Atomics.store(cells, random.pick(heads), random.pick([-1, -8, 3, 8, 1 << 20, 0x7fff_fff8]));
}

Deno.test("HiveStream with damaged rings gives each record its outcome or fails by name, and ends", async () => {
  let failures = 0;
  await forSeedsAsync(RUNS, async (random, seed) => {
    const runtime = new RingedRuntime({ seed });
    await runtime.drive(async () => {
      const stream = new HiveStream<number, number>({
        workers: 1 + random.below(3),
        ringBytes: RING_BYTES,
        recordTimeout: 50,
        maxLostBees: 3,
        runtime,
      });
      await stream.start((n) => n);
      for (let at = 3; at > 0; at--) {
        runtime.after(random.next() * 30, () => damage(runtime, random));
      }
      try {
        for (let n = 0; n < 500; n++) {
          await stream.submit(`key ${n % 7}`, n);
          if (random.chance(0.02)) await runtime.pause(random.below(8));
        }
        assertEquals((await stream.stop()).processed, 500);
      } catch (error) {
        assert(error instanceof StreamingError, `${error}`);
        if (error instanceof RingCorruptedError) failures++;
        await stream.stop();
      }
    });
  });
  assert(failures > RUNS / 20, `only ${failures} streams failed over their rings`);
});

Deno.test("A pipeline rejects by name when what a bee has sent is damaged, at once or with the bee's end", async () => {
  for (const crashes of [false, true]) {
    const runtime = new RingedRuntime();
    const rows = Array.from({ length: 20_000 }, (_, n) => ({ at: n, key: `key ${n % 100}` }));
    const windows = from(rows, { workers: 1, ringBytes: RING_BYTES, batchRows: 100, runtime })
      .timestamps("at").keyBy("key").window(new TumblingWindow({ size: 1_000 }))
      .aggregate({ n: count() });
    const run = runtime.drive(async () => {
      for await (const _ of windows) {
        runtime.hang("bee 0.0");
        Atomics.store(runtime.rings[1], CELL.head, -8);
        if (crashes) runtime.crash("bee 0.0");
      }
    });
    await assertRejects(() => run, RingCorruptedError, DAMAGED);
  }
});

Deno.test("A pipeline whose saved state is damaged says so when it goes back to it, and gives no results from it", async () => {
  const runtime = new RingedRuntime();
  const rows = Array.from({ length: 20_000 }, (_, n) => ({ at: n, key: `key ${n % 100}` }));
  const options = { workers: 2, batchRows: 100, checkpointBatches: 5, runtime };
  const windows = from(rows, options).timestamps("at").keyBy("key")
    .window(new TumblingWindow({ size: 1_000 })).aggregate({ n: count() });
  const seen: number[] = [];
  const run = runtime.drive(async () => {
    for await (const { windowStart, n } of windows) {
      seen.push(n);
      if (windowStart < 5_000 || runtime.others.length === 0) continue;
      const snapshots = runtime.others.splice(0).slice(-2);
      assert(windows.metrics().checkpoints > 0);
      for (const snapshot of snapshots) snapshot[snapshot.length - 1] ^= 1;
      runtime.crash("bee 0.0");
    }
  });
  await assertRejects(() => run, TypeError, "Cannot restore snapshot of");
  assert(seen.length >= 500 && seen.every((n) => n === 10), seen.join());
});

import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { HiveStream, LostBeesError, UnfitBeeError } from "@waggle/stream";
import { type BeeLoss, Hive, type HiveOptions } from "../src/hive/hive.ts";
import {
  readResultHeader,
  RECORD_HEADER_BYTES,
  writeWorkHeader,
} from "../src/hive/record_frames.ts";
import { functionSpec } from "../src/hive/record_function.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { BatchFiller } from "../src/stream/hive_stream/batch_filler.ts";
import { takeTimeOf } from "./support/timed_functions.ts";

const RECORD_TIMEOUT_MS = 1_000;
const TIMED = {
  module: new URL("./support/timed_functions.ts", import.meta.url),
  export: "takesMs",
};

type Options = Partial<Omit<HiveOptions, "runtime">> & { runtime?: SimulatedRuntime };

/** A hive of record bees and what it has told. */
class Watched {
  readonly hive: Hive;
  readonly runtime: SimulatedRuntime;
  /** Batches of which results came. */
  readonly results: number[] = [];
  readonly lost: { bee: number; loss: BeeLoss }[] = [];
  readonly failures: Error[] = [];

  constructor(options: Options) {
    const { runtime = new SimulatedRuntime() } = options;
    this.runtime = runtime;
    takeTimeOf(runtime);
    this.hive = new Hive({
      workers: 1,
      ringBytes: 8192,
      recordTimeoutMs: RECORD_TIMEOUT_MS,
      maxLostBees: 8,
      task: {
        kind: "records",
        fn: functionSpec(TIMED, undefined),
        concurrency: 4,
        recordTimeoutMs: RECORD_TIMEOUT_MS,
        ordered: true,
      },
      ...options,
      runtime,
      events: {
        frame: (_bee, frame) => this.results.push(readResultHeader(frame).batch),
        lost: (bee, loss) => this.lost.push({ bee, loss }),
        failed: (error) => this.failures.push(error),
      },
    });
  }

  /** Puts a batch of numbers into a bee's inbox; false when it is full. */
  send(bee: number, batch: number, values: unknown[]): boolean {
    const maxFrameBytes = this.hive.maxFrameBytes;
    const filler = new BatchFiller({
      group: 0,
      priority: false,
      sendKeys: () => true,
      maxFrameBytes,
    });
    for (const value of values) filler.add({ key: "k", value }, 0);
    const { body, rows, valueBytes, keyBytes } = filler.seal(0);
    const frame = this.hive.reserve(bee, RECORD_HEADER_BYTES + body.length);
    if (!frame) return false;
    const header = { batch, from: 0, to: rows, rows, valueBytes, keyBytes, suspect: false };
    writeWorkHeader(frame, header);
    frame.set(body, RECORD_HEADER_BYTES);
    this.hive.send(bee);
    return true;
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.runtime.after(ms, resolve));
  }
}

/** Runs with a started hive, and stops it. */
async function withHive(
  options: Options,
  body: (watched: Watched) => Promise<void>,
): Promise<void> {
  const watched = new Watched(options);
  await watched.runtime.drive(async () => {
    await watched.hive.start();
    await body(watched);
    await watched.hive.stop();
  });
}

Deno.test("Hive.start() rejects when a bee's thread fails before it was ready, as without permission", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const stream = new HiveStream<number, number>({ workers: 2, runtime });
    const started = stream.start((n) => n);
    runtime.crash("bee 1.0", new Error('Requires read access to "bee_worker.ts"'));
    await assertRejects(() => started, UnfitBeeError, "Cannot start: Requires read access");
    await assertRejects(() => stream.submit("k", 1), UnfitBeeError, "Requires read access");
    assertEquals((await stream.stop()).lostBees, 0);
  });
});

Deno.test("Hive carries frames to bees and back, and is woken by what they send", async () => {
  await withHive({ workers: 2 }, async (watched) => {
    const { hive, runtime } = watched;
    assertEquals(runtime.workers, ["bee 0.0", "bee 1.0"]);
    assert(!hive.poll());
    watched.send(0, 7, [0, 0]);
    watched.send(1, 8, [0]);
    while (watched.results.length < 2) {
      await hive.idle();
      hive.poll();
    }
    assertEquals(watched.results.toSorted(), [7, 8]);
    assertEquals([hive.lostBees, watched.failures], [0, []]);
  });
});

Deno.test("Hive leaves bees alone that have nothing to do, for hours", async () => {
  await withHive({ workers: 3 }, async (watched) => {
    await watched.wait(6 * 3_600_000);
    assertEquals([watched.hive.lostBees, watched.lost], [0, []]);
  });
});

Deno.test("Hive leaves bees alone that wait for room because nobody takes their results", async () => {
  await withHive({}, async (watched) => {
    let batch = 0;
    for (let i = 0; i < 2_000; i++) {
      if (watched.send(0, batch, new Array(40).fill(0))) batch++;
      await watched.wait(0.1);
    }
    assert(!watched.send(0, batch, new Array(40).fill(0)), "the inbox is not full");
    await watched.wait(10 * RECORD_TIMEOUT_MS);
    assertEquals(watched.hive.lostBees, 0);
    while (watched.results.length < batch) {
      watched.hive.poll();
      await watched.wait(1);
    }
    assertEquals(watched.results, Array.from({ length: batch }, (_, n) => n));
  });
});

Deno.test("Hive replaces a bee that hangs with work, after the timeout and not much later", async () => {
  await withHive({ workers: 2 }, async (watched) => {
    const { hive, runtime, lost } = watched;
    runtime.hang("bee 1.0");
    const sentMs = runtime.monotonicMs();
    watched.send(1, 1, [0]);
    watched.send(0, 2, [0]);
    while (lost.length === 0) await watched.wait(10);
    const waitedMs = runtime.monotonicMs() - sentMs;
    // At most: the timeout, a look around, and a second in which a sleeping bee may look up.
    assert(waitedMs >= RECORD_TIMEOUT_MS && waitedMs < RECORD_TIMEOUT_MS + 2_000, `${waitedMs} ms`);
    assertEquals([lost.length, lost[0].bee, hive.lostBees], [1, 1, 1]);
    assertEquals(lost[0].loss.cause.message, "no progress for 1000 ms (recordTimeout)");
    assertEquals(runtime.workers, ["bee 0.0", "bee 1.1"]);
    watched.send(1, 3, [0]);
    await watched.wait(1);
    hive.poll();
    assertEquals(watched.results.toSorted(), [2, 3]);
  });
});

Deno.test("Hive does not replace a bee that is slow but finishes records", async () => {
  await withHive({}, async (watched) => {
    // Each takes a little less than the timeout, all together fifteen times as long.
    watched.send(0, 1, new Array(20).fill(0.75 * RECORD_TIMEOUT_MS));
    while (watched.results.length === 0) {
      await watched.wait(10);
      watched.hive.poll();
    }
    assertEquals(watched.hive.lostBees, 0);
  });
});

Deno.test("Hive tells what a lost bee was at, and takes in what it had sent before", async () => {
  await withHive({}, async (watched) => {
    const { hive, runtime, lost } = watched;
    watched.send(0, 41, [0, 0]);
    while (runtime.trace.length === 0) await watched.wait(0.1);
    watched.send(0, 42, [0, 0, 0]);
    runtime.crash("bee 0.0", new Error("the thread failed"));
    assertEquals(lost.map(({ loss }) => loss.cause.message), ["the thread failed"]);
    assertEquals(lost[0].loss.cursor, { batch: 41, low: 1, high: 2 });
    assertEquals(watched.results, [41]);
    hive.poll();
    await watched.wait(5);
    hive.poll();
    assertEquals(watched.results, [41], "what it had not begun comes from nobody");
  });
});

Deno.test("Hive fails when more bees are lost than may be, naming the last cause", async () => {
  await withHive({ workers: 2, maxLostBees: 2 }, async ({ hive, runtime, lost, failures }) => {
    for (const name of ["bee 0.0", "bee 0.1"]) runtime.crash(name, new Error("again"));
    assertEquals([hive.lostBees, lost.length, failures], [2, 2, []]);
    runtime.crash("bee 1.0", new Error("once more"));
    assertEquals([hive.lostBees, lost.length, failures.length], [3, 2, 1]);
    assertInstanceOf(failures[0], LostBeesError);
    const message = "Cannot go on: 3 bees were lost, more than maxLostBees (2); " +
      "the last one because: once more";
    assertEquals(failures[0].message, message);
    await Promise.resolve();
  });
});

Deno.test("Hive.stop() waits for bees to stop, and not for ever for one that hangs", async () => {
  for (const hangs of [false, true]) {
    const watched = new Watched({ workers: 2 });
    const { hive, runtime } = watched;
    await runtime.drive(async () => {
      await hive.start();
      if (hangs) runtime.hang("bee 1.0");
      const startMs = runtime.monotonicMs();
      await hive.stop();
      const waitedMs = runtime.monotonicMs() - startMs;
      assertEquals(runtime.workers, []);
      assert(hangs ? waitedMs >= 1_000 && waitedMs < 3_000 : waitedMs < 100, `${waitedMs} ms`);
      const lostBees = hangs ? 1 : 0;
      assertEquals([hive.lostBees, watched.lost], [lostBees, []]);
      hive.replace(0, new Error("too late"));
      assertEquals(hive.lostBees, lostBees);
    });
  }
});

/** A world in which nothing is heard of the birth of one worker. */
class SilentBirth extends SimulatedRuntime {
  readonly #name: string;

  constructor(name: string) {
    super();
    this.#name = name;
  }

  override spawn(...[options, events]: Parameters<SimulatedRuntime["spawn"]>) {
    const isSilent = options.name === this.#name;
    return super.spawn(options, { ...events, message: isSilent ? () => {} : events.message });
  }
}

Deno.test("Hive.start() rejects when a bee never says that it is ready", async () => {
  const { hive, runtime } = new Watched({ workers: 2, runtime: new SilentBirth("bee 1.0") });
  await runtime.drive(async () => {
    await assertRejects(() => hive.start(), UnfitBeeError, "not ready after 30000 ms");
    await hive.stop();
  });
});

Deno.test("Hive replaces a bee born later that never says that it is ready", async () => {
  await withHive({ runtime: new SilentBirth("bee 0.1") }, async (watched) => {
    const { hive, runtime, lost } = watched;
    runtime.crash("bee 0.0", new Error("the thread failed"));
    await watched.wait(60_000);
    assertEquals([hive.lostBees, runtime.workers], [2, ["bee 0.2"]]);
    assert(lost[1].loss.cause.message.startsWith("a bee was not ready after 30000 ms"));
  });
});

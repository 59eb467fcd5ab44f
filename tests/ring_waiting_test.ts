import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  allocateRing,
  type Bell,
  ringBell,
  RingReader,
  RingWriter,
  sleepOn,
  sleepOnAsync,
  type Waiter,
  type WaitOutcome,
} from "../src/hive/ring_buffer.ts";
import { denoRuntime, SimulatedRuntime } from "../src/runtime/mod.ts";
import { patternedFrame, ringPair } from "./support/ring_pair.ts";

const RUNS = 2_000;

/** A waiter that never sleeps: it records what it was asked, and lets the other side go on. */
class PumpingWaiter implements Waiter {
  readonly slicesMs: number[] = [];
  notified = 0;
  pump: () => void = () => {};

  wait(cells: Int32Array, index: number, value: number, timeoutMs: number): WaitOutcome {
    if (Atomics.load(cells, index) !== value) return "not-equal";
    this.slicesMs.push(timeoutMs);
    this.pump();
    return Atomics.load(cells, index) === value ? "timed-out" : "ok";
  }

  waitAsync(
    cells: Int32Array,
    index: number,
    value: number,
    timeoutMs: number,
  ): Promise<WaitOutcome> {
    return Promise.resolve(this.wait(cells, index, value, timeoutMs));
  }

  notify(): number {
    return this.notified++;
  }
}

function newBell(): Bell {
  return { cells: new Int32Array(new SharedArrayBuffer(8)), index: 1 };
}

/** A wait without blocking does not by itself keep the event loop alive; in a hive its bees do. */
async function keepingAlive(run: () => Promise<void>): Promise<void> {
  const timer = setInterval(() => {}, 1_000);
  try {
    await run();
  } finally {
    clearInterval(timer);
  }
}

Deno.test("a wait is cut into slices of at most a second", async () => {
  const waiter = new PumpingWaiter();
  const { writer, reader } = ringPair(32, { waiter });
  assertEquals(reader.read({ timeoutMs: 2_500 }), { state: "timed-out" });
  assertEquals(await reader.readAsync({ timeoutMs: 1_200 }), { state: "timed-out" });
  for (const frame of [1, 2]) writer.tryWrite(patternedFrame(8, frame));
  assertEquals(writer.write(new Uint8Array(8), { timeoutMs: 1_001 }), { state: "timed-out" });
  assertEquals(writer.write(new Uint8Array(8), { timeoutMs: 0 }), { state: "timed-out" });
  assertEquals(waiter.slicesMs, [1_000, 1_000, 500, 1_000, 200, 1_000, 1]);
});

Deno.test("a wake-up for nothing costs nothing of the timeout", () => {
  const waiter = new PumpingWaiter();
  const bell = newBell();
  const { reader } = ringPair(64, { waiter, bells: { reader: bell } });
  let rings = 2;
  waiter.pump = () => rings-- > 0 && ringBell(bell, waiter);
  assertEquals(reader.read({ timeoutMs: 7 }), { state: "timed-out" });
  assertEquals(waiter.slicesMs, [7, 7, 7]);
});

Deno.test("nobody is notified who does not sleep", () => {
  const waiter = new PumpingWaiter();
  const { writer, reader } = ringPair(64, { waiter });
  for (let i = 0; i < 100; i++) {
    assertEquals(writer.tryWrite(patternedFrame(8, i)), { state: "ok" });
    reader.drain(() => {});
  }
  assertEquals(waiter.notified, 0);
  waiter.pump = () => void writer.tryWrite(patternedFrame(8, 1));
  assertEquals(reader.read({ timeoutMs: 10 }).state, "ok");
  assertEquals(waiter.notified, 1);
});

Deno.test("a writer is woken only when its frame fits", () => {
  const waiter = new PumpingWaiter();
  const { writer, reader } = ringPair(64, { waiter });
  for (let i = 0; i < 4; i++) writer.tryWrite(patternedFrame(8, i));
  waiter.pump = () => {
    const before = waiter.notified;
    for (let i = 0; i < 2; i++) {
      assertEquals(waiter.notified, before);
      reader.tryRead();
      reader.release();
    }
  };
  assertEquals(writer.write(patternedFrame(24, 9), { timeoutMs: 10 }), { state: "ok" });
  assertEquals(waiter.notified, 1);
});

Deno.test("RingWriter.waitForRoom() and RingReader.waitForFrame() tell whether to go on", () => {
  const waiter = new PumpingWaiter();
  const { writer, reader } = ringPair(32, { waiter });
  assertEquals(writer.waitForRoom(8, { timeoutMs: 5 }), true);
  assertEquals(reader.waitForFrame({ timeoutMs: 5 }), false);
  for (const frame of [1, 2]) writer.tryWrite(patternedFrame(8, frame));
  assertEquals(reader.waitForFrame({ timeoutMs: 5 }), true);
  assertEquals(writer.waitForRoom(8, { timeoutMs: 5 }), false);
  assertThrows(() => writer.waitForRoom(9, { timeoutMs: 5 }), RangeError, "at most 8 allowed");
  writer.close();
  assertEquals(writer.waitForRoom(8, { timeoutMs: 5 }), false);
  assertEquals(reader.waitForFrame({ timeoutMs: 5 }), true);
  reader.drain(() => {});
  assertEquals(reader.waitForFrame({ timeoutMs: 5 }), false);
});

Deno.test("waiting for room publishes what is committed", () => {
  const waiter = new PumpingWaiter();
  const { writer, reader } = ringPair(64, { waiter });
  for (let i = 0; i < 2; i++) {
    writer.tryReserve(24);
    writer.commit();
  }
  let seen = 0;
  waiter.pump = () => seen += reader.drain(() => {});
  assertEquals(writer.waitForRoom(24, { timeoutMs: 5 }), true);
  assertEquals(seen, 2);
  writer.tryReserve(8);
  writer.commit();
  assertEquals(writer.waitForRoom(8, { timeoutMs: 5 }), true);
  assertEquals(reader.peekLength(), 8);
});

Deno.test("a reader that sleeps is woken by close and by abandon", async () => {
  for (const end of ["closed", "abandoned"] as const) {
    const runtime = new SimulatedRuntime();
    const { writer, reader } = ringPair(64, { waiter: runtime });
    await runtime.drive(async () => {
      const reading = reader.readAsync();
      runtime.after(50, () => end === "closed" ? writer.close() : writer.abandon());
      assertEquals(await reading, { state: end });
    });
    assert(runtime.monotonicMs() < 100);
  }
});

Deno.test("a writer that sleeps is woken by abandon", async () => {
  const runtime = new SimulatedRuntime();
  const { writer, reader } = ringPair(32, { waiter: runtime });
  for (const frame of [1, 2]) writer.tryWrite(patternedFrame(8, frame));
  await runtime.drive(async () => {
    const writing = writer.writeAsync(new Uint8Array(8));
    runtime.after(50, () => reader.abandon());
    assertEquals(await writing, { state: "abandoned" });
  });
  assert(runtime.monotonicMs() < 100);
});

Deno.test("an aborted wait rejects with the signal's reason and leaves the ring usable", () =>
  keepingAlive(async () => {
    const { writer, reader } = ringPair(32, { waiter: denoRuntime });
    const reason = new Error("enough");
    const before = AbortSignal.abort(reason);
    await assertRejects(() => reader.readAsync({ signal: before }), Error, "enough");
    const reading = new AbortController();
    const read = reader.readAsync({ signal: reading.signal });
    reading.abort(reason);
    await assertRejects(() => read, Error, "enough");
    for (const frame of [1, 2]) writer.tryWrite(patternedFrame(8, frame));
    const writing = new AbortController();
    const write = writer.writeAsync(new Uint8Array(8), { signal: writing.signal });
    writing.abort(reason);
    await assertRejects(() => write, Error, "enough");
    const next = writer.writeAsync(patternedFrame(8, 3), { signal: new AbortController().signal });
    const frames: Uint8Array[] = [];
    reader.drain((frame) => frames.push(frame.slice()));
    assertEquals(await next, { state: "ok" });
    reader.drain((frame) => frames.push(frame.slice()));
    assertEquals(frames, [1, 2, 3].map((seed) => patternedFrame(8, seed)));
  }));

Deno.test("a negative timeout is an error", async () => {
  const { reader } = ringPair(64, { waiter: denoRuntime });
  assertThrows(() => reader.read({ timeoutMs: -1 }), RangeError, "received -1");
  await assertRejects(() => reader.readAsync({ timeoutMs: NaN }), RangeError, "received NaN");
});

Deno.test("sleepOn() sleeps only when none of its ends has something to do", async () => {
  const waiter = new PumpingWaiter();
  const bell = newBell();
  const bells = { reader: bell, writer: bell };
  const inputs = [1, 2, 3].map(() => ringPair(64, { waiter, bells }));
  const output = ringPair(32, { waiter, bells });
  for (const frame of [1, 2]) output.writer.tryWrite(patternedFrame(8, frame));
  const ends = [...inputs.map(({ reader }) => reader), output.writer.forRoom(8)];
  const options = { ends, waiter, timeoutMs: 5_000 };
  assertEquals(sleepOn(bell, options), "timed-out");
  assertEquals(waiter.slicesMs, [1_000]);
  waiter.pump = () => void inputs[1].writer.tryWrite(patternedFrame(8, 1));
  assertEquals(sleepOn(bell, options), "ok");
  assertEquals(sleepOn(bell, options), "not-equal");
  inputs[1].reader.drain(() => {});
  waiter.pump = () => void output.reader.drain(() => {});
  assertEquals(await sleepOnAsync(bell, options), "ok");
  assertEquals(await sleepOnAsync(bell, options), "not-equal");
  assertEquals(waiter.slicesMs, [1_000, 1_000, 1_000]);
});

Deno.test("RingWriter.forRoom() leaves a reservation alone", () => {
  const { writer, reader } = ringPair(256);
  writer.tryReserve(40)!.fill(7);
  const sleeper = writer.forRoom(8);
  assertEquals(sleeper.arm(), false);
  sleeper.disarm();
  writer.commit();
  writer.publish();
  assertEquals(reader.tryRead()?.slice(), new Uint8Array(40).fill(7));
});

Deno.test("random producers and consumers that wait lose nothing and never stall", async () => {
  const plan = fc.record({
    seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
    capacity: fc.constantFrom(32, 64, 128),
    start: fc.constantFrom(0, 2 ** 31 - 32, 2 ** 32 - 32),
    shares: fc.array(fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.boolean()), {
      maxLength: 12,
    }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ seed, capacity, start, shares }) => {
      const runtime = new SimulatedRuntime({ seed });
      const memory = allocateRing(capacity, { start });
      const writer = new RingWriter(memory, { waiter: runtime });
      const reader = new RingReader(memory, { waiter: runtime });
      const pause = () =>
        new Promise<void>((resolve) => void runtime.after(runtime.random() * 3, resolve));
      const frames = shares.map(([share], i) =>
        patternedFrame(Math.floor(share * writer.maxFrameBytes), i)
      );
      const produce = async () => {
        for (const [i, frame] of frames.entries()) {
          if (shares[i][1]) await pause();
          assertEquals(await writer.writeAsync(frame, { timeoutMs: 60_000 }), { state: "ok" });
        }
        writer.close();
      };
      const consume = async () => {
        const seen: Uint8Array[] = [];
        while (true) {
          const result = await reader.readAsync({ timeoutMs: 60_000 });
          if (result.state !== "ok") return { seen, state: result.state };
          seen.push(result.frame.slice());
          if (runtime.random() < 0.5) await pause();
        }
      };
      const ended = await runtime.drive(async () => (await Promise.all([consume(), produce()]))[0]);
      assertEquals(ended, { seen: frames, state: "closed" });
      assert(runtime.monotonicMs() < 1_000, "somebody slept until a timeout");
    }),
    { numRuns: RUNS },
  );
});

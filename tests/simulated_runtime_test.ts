import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Steppable } from "../src/runtime/runtime.ts";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";

function wait(runtime: SimulatedRuntime, ms: number): Promise<void> {
  return new Promise((resolve) => void runtime.after(ms, resolve));
}

/** Spawns a worker that does what it is given, and notes what it tells. */
function spawn(runtime: SimulatedRuntime, name: string, steppable: Steppable) {
  const heard: unknown[] = [];
  const worker = runtime.spawn({
    module: new URL("file:///worker.ts"),
    init: { name },
    name,
    inProcess: (_init, _runtime, post) => {
      post("born");
      return Promise.resolve(steppable);
    },
  }, {
    message: (data) => heard.push(data),
    error: (error) => heard.push(error.message),
  });
  return { worker, heard };
}

/** A worker with so many steps of work. */
function busy(steps: number): Steppable & { left: number } {
  return {
    left: steps,
    step() {
      if (this.left === 0) return "idle";
      this.left--;
      return "worked";
    },
  };
}

Deno.test("SimulatedRuntime lets an hour pass in no time, timers in the order in which they are due", async () => {
  const runtime = new SimulatedRuntime({ startMs: 1_000_000 });
  const fired: [string, number][] = [];
  await runtime.drive(async () => {
    for (const [name, ms] of [["hour", 3_600_000], ["second", 1_000], ["now", 0]] as const) {
      runtime.after(ms, () => fired.push([name, Math.round(runtime.monotonicMs() / 1_000)]));
    }
    await wait(runtime, 3_600_000);
  });
  assertEquals(fired, [["now", 0], ["second", 1], ["hour", 3_600]]);
  assert(runtime.wallClockMs() >= 1_000_000 + 3_600_000);
});

Deno.test("SimulatedRuntime does not fire a cancelled timer, even one due at the same moment", async () => {
  const runtime = new SimulatedRuntime();
  const fired: string[] = [];
  await runtime.drive(async () => {
    const cancels = [
      runtime.after(5, () => fired.push("long cancelled")),
      runtime.after(10, () => {
        fired.push("first");
        cancels[2]();
      }),
      runtime.after(10, () => fired.push("cancelled by the first")),
    ];
    cancels[0]();
    cancels[0]();
    await wait(runtime, 20);
  });
  assertEquals(fired, ["first"]);
});

Deno.test("SimulatedRuntime calls back soon, before time goes on", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const startMs = runtime.monotonicMs();
    await new Promise<void>((resolve) => runtime.soon(resolve));
    assert(runtime.monotonicMs() - startMs < 1);
    runtime.spend(250);
    assert(runtime.monotonicMs() - startMs >= 250);
  });
});

Deno.test("SimulatedRuntime.waitAsync() ends by a wake, by its time, or at once", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const cells = new Int32Array(runtime.sharedMemory(16));
    const view = new Int32Array(cells.buffer, 8); // the same cell, seen from elsewhere
    const waits = [
      runtime.waitAsync(cells, 2, 0, 1_000),
      runtime.waitAsync(view, 0, 0, 1_000),
      runtime.waitAsync(cells, 3, 0, 10),
      runtime.waitAsync(cells, 2, 7, 1_000),
    ];
    assertEquals(waits[3], "not-equal");
    runtime.after(5, () => assertEquals(runtime.notify(cells, 2), 2));
    assertEquals(await Promise.all(waits), ["ok", "ok", "timed-out", "not-equal"]);
    assertEquals(runtime.notify(cells, 2), 0);
  });
  const cells = new Int32Array(runtime.sharedMemory(4));
  assertThrows(() => (runtime.wait as (...all: unknown[]) => void)(cells, 0, 0, 1), Error, "block");
});

Deno.test("SimulatedRuntime steps its workers in an order that the seed decides", async () => {
  const orders = new Set<string>();
  for (const seed of [1, 2, 3, 4, 5]) {
    const traces = [];
    for (let run = 0; run < 2; run++) {
      const runtime = new SimulatedRuntime({ seed });
      await runtime.drive(async () => {
        for (const name of ["a", "b", "c"]) spawn(runtime, name, busy(5));
        await wait(runtime, 10);
      });
      assertEquals(runtime.trace.toSorted().length, 15);
      traces.push(runtime.trace.join());
    }
    assertEquals(traces[0], traces[1]);
    orders.add(traces[0]);
  }
  assert(orders.size > 1, "every seed gave the same order");
});

Deno.test("SimulatedRuntime's random numbers are those of the seed, from 0 to below 1", () => {
  const numbers = (seed: number) => {
    const runtime = new SimulatedRuntime({ seed });
    return Array.from({ length: 100 }, () => runtime.random());
  };
  assertEquals(numbers(7), numbers(7));
  assert(numbers(7).every((n) => n >= 0 && n < 1));
  assert(numbers(7)[0] !== numbers(8)[0]);
});

Deno.test("SimulatedRuntime gives a hung worker no turn, and tells of one that crashes or throws", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const [hung, crashed] = [busy(9), busy(9)];
    spawn(runtime, "hung", hung);
    const second = spawn(runtime, "crashed", crashed);
    const third = spawn(runtime, "throws", {
      step() {
        throw new Error("out of order");
      },
    });
    runtime.hang("hung");
    runtime.crash("crashed", new Error("power failure"));
    runtime.crash("nobody");
    await wait(runtime, 10);
    assertEquals([hung.left, crashed.left], [9, 9]);
    assertEquals(second.heard, ["power failure", "born"]);
    assertEquals(third.heard, ["born", "out of order"]);
  });
});

Deno.test("SimulatedRuntime posts to workers, forgets those that stop, and hears none that is gone", async () => {
  const runtime = new SimulatedRuntime();
  await runtime.drive(async () => {
    const received: unknown[] = [];
    const first = spawn(runtime, "first", {
      step: () => received.length > 0 ? "stopped" : "idle",
      receive: (data) => received.push(data),
    });
    const second = spawn(runtime, "second", busy(3));
    second.worker.terminate();
    assertEquals(runtime.workers, ["first"]);
    first.worker.post({ n: 1 });
    await wait(runtime, 10);
    assertEquals([received, runtime.workers], [[{ n: 1 }], []]);
    assertEquals([first.heard, second.heard], [["born"], []]);
  });
});

Deno.test("SimulatedRuntime.drive() gives the outcome of the work, or its failure", async () => {
  assertEquals(await new SimulatedRuntime().drive(() => Promise.resolve(5)), 5);
  const failing = () => Promise.reject(new Error("the work failed"));
  await assertRejects(() => new SimulatedRuntime().drive(failing), Error, "the work failed");
});

Deno.test("SimulatedRuntime reads the files that it was given, and keeps what is printed", async () => {
  const files = new Map([["a.csv", new Uint8Array([1, 2, 3])]]);
  const runtime = new SimulatedRuntime({ files });
  const file = await runtime.openFile("a.csv");
  assertEquals(file.sizeBytes, 3);
  const bytes: number[] = [];
  const into = new Uint8Array(8);
  for (let read = await file.read(into); read !== null; read = await file.read(into)) {
    bytes.push(...into.subarray(0, read));
  }
  assertEquals(bytes, [1, 2, 3]);
  await file.seek(2);
  assertEquals([await file.read(into), into[0], await file.read(into)], [1, 3, null]);
  await assertRejects(() => runtime.openFile("b.csv"), Error, "b.csv");
  await runtime.writeFile("b.csv", new Uint8Array([4]));
  assertEquals((await runtime.openFile("b.csv")).sizeBytes, 1);
  runtime.print("one");
  runtime.print("two");
  assertEquals(runtime.printed, ["one", "two"]);
});

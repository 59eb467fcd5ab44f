import { assert, assertEquals } from "@std/assert";
import { HiveStream, type HiveStreamOptions, type Role } from "@waggle/stream";
import { SimulatedRuntime } from "../src/runtime/simulated_runtime.ts";
import { takeTimeOf } from "./support/timed_functions.ts";

const WORK = {
  module: new URL("./support/timed_functions.ts", import.meta.url),
  export: "takesMs",
};

/** Runs a stream whose records take as many milliseconds as they say. */
async function inSimulation(
  options: HiveStreamOptions<number>,
  body: (stream: HiveStream<number, number>, runtime: SimulatedRuntime) => Promise<void>,
): Promise<void> {
  const runtime = new SimulatedRuntime();
  takeTimeOf(runtime);
  await runtime.drive(async () => {
    const stream = new HiveStream<number, number>({ ...options, runtime });
    await stream.start(WORK);
    await body(stream, runtime);
    await stream.stop();
  });
}

function wait(runtime: SimulatedRuntime, ms: number): Promise<void> {
  return new Promise((resolve) => void runtime.after(ms, resolve));
}

function rolesOf(stream: HiveStream<number, number>): Role[] {
  return stream.metrics().bees.flatMap(({ roles }) => roles);
}

/** The roles seen until nothing is unfinished. */
async function rolesUntilDone(
  stream: HiveStream<number, number>,
  runtime: SimulatedRuntime,
): Promise<Role[][]> {
  const seen: Role[][] = [];
  while (stream.metrics().unfinished > 0) {
    await wait(runtime, 20);
    seen.push(rolesOf(stream));
  }
  return seen;
}

function submitMany(stream: HiveStream<number, number>, count: number, high = false): void {
  const priority = high ? "high" : "normal";
  for (let n = 0; n < count; n++) stream.trySubmit(`${priority} ${n % 64}`, 0.5, { priority });
}

Deno.test("roles: an idle hive has a scout, a loaded one employs all its bees", async () => {
  await inSimulation({ workers: 3 }, async (stream, runtime) => {
    assertEquals(rolesOf(stream).toSorted(), ["employed", "employed", "scout"]);
    submitMany(stream, 40_000);
    await wait(runtime, 300);
    assertEquals(rolesOf(stream), ["employed", "employed", "employed"]);
    await rolesUntilDone(stream, runtime);
    await wait(runtime, 200);
    assertEquals(rolesOf(stream).toSorted(), ["employed", "employed", "scout"]);
  });
});

Deno.test("roles: onlookers appear while urgent records wait, and vanish after them", async () => {
  await inSimulation({ workers: 3 }, async (stream, runtime) => {
    submitMany(stream, 20_000);
    await wait(runtime, 300);
    assert(!rolesOf(stream).includes("onlooker"));
    submitMany(stream, 2_000, true);
    const seen = await rolesUntilDone(stream, runtime);
    const withOnlooker = seen.filter((roles) => roles.includes("onlooker")).length;
    assert(withOnlooker > 0, "no bee became an onlooker");
    assert(withOnlooker < seen.length / 2, `${withOnlooker} of ${seen.length} times`);
    assert(seen.every((roles) => roles.includes("employed")));
    await wait(runtime, 200);
    assert(!rolesOf(stream).includes("onlooker"));
  });
});

Deno.test("roles: nobody looks on any more when the last records were urgent and are done", async () => {
  for (const count of [1, 40, 400, 4_000]) {
    await inSimulation({ workers: 3 }, async (stream, runtime) => {
      submitMany(stream, count, true);
      await rolesUntilDone(stream, runtime);
      await wait(runtime, 200);
      assertEquals(rolesOf(stream).toSorted(), ["employed", "employed", "scout"], `${count}`);
    });
  }
});

Deno.test("roles: a bee scouts while a source is added, under full load too", async () => {
  await inSimulation({ workers: 2 }, async (stream, runtime) => {
    submitMany(stream, 20_000);
    await wait(runtime, 300);
    assertEquals(rolesOf(stream), ["employed", "employed"]);
    stream.addSource([["a", 1]]);
    assertEquals(rolesOf(stream).toSorted(), ["employed", "scout"]);
    await wait(runtime, 200);
    assertEquals(rolesOf(stream), ["employed", "employed"]);
  });
});

Deno.test("roles: one bee alone does all three, whatever the load", async () => {
  await inSimulation({ workers: 1 }, async (stream, runtime) => {
    const all: Role[] = ["employed", "onlooker", "scout"];
    assertEquals(rolesOf(stream), all);
    submitMany(stream, 1_000);
    submitMany(stream, 100, true);
    for (const roles of await rolesUntilDone(stream, runtime)) assertEquals(roles, all);
  });
});

Deno.test("HiveStream has urgent records done long before those that waited before them", async () => {
  await inSimulation({ workers: 2 }, async (stream, runtime) => {
    submitMany(stream, 20_000);
    await wait(runtime, 300);
    const startMs = runtime.monotonicMs();
    submitMany(stream, 50, true);
    let left = 50;
    for await (const { key } of stream) if (key.startsWith("high") && --left === 0) break;
    const urgentMs = runtime.monotonicMs() - startMs;
    await rolesUntilDone(stream, runtime);
    const allMs = runtime.monotonicMs() - startMs;
    assert(urgentMs < allMs / 10, `${urgentMs} of ${allMs} ms`);
  });
});

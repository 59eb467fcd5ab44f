import { assert, assertEquals } from "@std/assert";
import { DanceFloor, danceFloorBytes } from "../src/hive/dance_floor.ts";
import { forSeeds } from "./support/random.ts";

const NOTHING = {
  rowsPerSecond: 0,
  latencyMs: 0,
  queueDepth: 0,
  errors: 0,
  costNs: 0,
  functionNs: 0,
  utilization: 0,
};

function floorOf(bees: number): DanceFloor {
  return new DanceFloor(new SharedArrayBuffer(danceFloorBytes(bees)));
}

Deno.test("DanceFloor says nothing of a bee that has not danced", () => {
  assertEquals(floorOf(3).read(1), NOTHING);
});

Deno.test("DanceFloor tells what one piece of work came to, of that bee alone", () => {
  const floor = floorOf(3);
  const dancer = floor.dancer(1);
  dancer.worked(1_000, 2, 1, 100);
  dancer.finishedBatch(7);
  dancer.queue(2);
  dancer.failedRecord();
  assertEquals(floor.read(1), {
    rowsPerSecond: 500_000,
    latencyMs: 7,
    queueDepth: 2,
    errors: 1,
    costNs: 2_000,
    functionNs: 1_000,
    utilization: 1,
  });
  assertEquals([floor.read(0), floor.read(2)], [NOTHING, NOTHING]);
});

Deno.test("DanceFloor follows a bee that becomes slower or faster, within some pieces of work", () => {
  forSeeds(2_000, (random) => {
    const floor = floorOf(1);
    const dancer = floor.dancer(0);
    let nowMs = 0;
    for (const costNs of [random.below(1e6) + 1_000, random.below(1e6) + 1_000]) {
      for (let i = 0; i < 40; i++) {
        const rows = 1 + random.below(500);
        const busyMs = rows * costNs / 1e6;
        dancer.worked(rows, busyMs, busyMs / 2, nowMs += busyMs);
      }
      const dance = floor.read(0);
      assert(Math.abs(dance.costNs - costNs) <= 1 + costNs / 100, `${dance.costNs} of ${costNs}`);
      assert(Math.abs(dance.functionNs - costNs / 2) <= 1 + costNs / 100);
      assert(Math.abs(dance.rowsPerSecond - 1e9 / costNs) <= 1 + 1e7 / costNs);
    }
  });
});

Deno.test("DanceFloor's utilization is the share of the last moments, busy or idle", () => {
  forSeeds(2_000, (random) => {
    const floor = floorOf(1);
    const dancer = floor.dancer(0);
    let nowMs = 0;
    for (const share of [random.next(), random.next()]) {
      for (let i = 0; i < 500; i++) {
        const stepMs = 1 + random.next();
        dancer.worked(1, share * stepMs, 0, nowMs += share * stepMs);
        dancer.idle(nowMs += (1 - share) * stepMs);
      }
      const { utilization } = floor.read(0);
      assert(Math.abs(utilization - share) < 0.05, `${utilization} of ${share}`);
    }
    for (let i = 0; i < 100; i++) dancer.idle(nowMs += 100);
    assert(floor.read(0).utilization < 0.01);
  });
});

Deno.test("DanceFloor.clear() forgets a lost bee's pace and keeps the count of its errors", () => {
  const floor = floorOf(2);
  for (const bee of [0, 1]) {
    floor.dancer(bee).worked(10, 1, 1, 1);
    floor.dancer(bee).failedRecord();
  }
  floor.clear(1);
  assertEquals(floor.read(1), { ...NOTHING, errors: 1 });
  assertEquals(floor.read(0).costNs, 100_000);
  floor.dancer(1).failedRecord();
  assertEquals(floor.read(1).errors, 2);
});

Deno.test("DanceFloor shows the largest number where a figure is larger still", () => {
  const floor = floorOf(1);
  floor.dancer(0).worked(1, 1e9, 1e9, 1e9);
  floor.dancer(0).finishedBatch(1e9);
  const { costNs, latencyMs } = floor.read(0);
  assertEquals([costNs, latencyMs], [0x7fff_ffff, 0x7fff_ffff / 1000]);
});

Deno.test("DanceFloor never shows half of one number and half of another", async () => {
  const memory = new SharedArrayBuffer(danceFloorBytes(2));
  const floor = new DanceFloor(memory);
  const worker = new Worker(new URL("./support/dance_floor_worker.ts", import.meta.url), {
    type: "module",
  });
  let done = false;
  const ended = new Promise<void>((resolve) => {
    worker.onmessage = () => resolve(void (done = true));
  });
  worker.postMessage({ memory, bee: 1, dances: 2_000_000 });
  const seen = new Set<number>();
  while (!done) {
    for (let i = 0; i < 10_000; i++) seen.add(floor.read(1).queueDepth);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await ended;
  worker.terminate();
  seen.delete(0); // before the first dance
  const expected = new Set([0x7fff_ffff, 0x1234_5678]);
  assert(seen.isSubsetOf(expected), `${[...seen]}`);
});

import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { CustomWatermarks } from "../mod.ts";
import { type IdleRule, WatermarkTracker } from "../src/windows/watermark_tracker.ts";

interface Event {
  readonly partition: number;
  readonly time: number;
  /** What the generator gives after it. */
  readonly given: number | undefined;
}

const PARTITIONS = 4;
const told = new CustomWatermarks<number | undefined>({
  create: () => ({ onEvent: (_, given) => given }),
});
const times = fc.integer({ min: -60, max: 60 });
const events = fc.array(
  fc.record({
    partition: fc.nat({ max: PARTITIONS - 1 }),
    time: times,
    given: fc.option(times, { nil: undefined }),
  }),
  { maxLength: 60 },
);

function trackerOf(idle?: IdleRule): WatermarkTracker {
  return new WatermarkTracker(told, { partitions: PARTITIONS, ...(idle && { idle }) });
}

/** The watermark after all events, from all of them at once. */
function combined(events: readonly Event[], after: number): number {
  const clock = Math.max(...events.map(({ time }) => time));
  const parts = Array.from({ length: PARTITIONS }, (_, partition) => {
    const last = events.findLastIndex((event) => event.partition === partition);
    const until = events.slice(0, Math.max(last + 1, 1));
    const given = events.flatMap((event) =>
      event.partition === partition && event.given !== undefined ? [event.given] : []
    );
    const idle = clock - Math.max(...until.map(({ time }) => time)) >= after;
    return { idle, mark: Math.max(...given) };
  });
  return Math.min(...parts.filter(({ idle }) => !idle).map(({ mark }) => mark));
}

Deno.test("The watermark is the greatest so far of the least of partitions that are not idle", () => {
  fc.assert(fc.property(events, fc.option(fc.integer({ min: 1, max: 60 })), (events, after) => {
    const tracker = trackerOf(after === null ? undefined : { afterMs: after, clock: "stream" });
    let expected = -Infinity;
    events.forEach(({ partition, time, given }, at) => {
      const before = tracker.watermark;
      tracker.event(partition, time, given);
      assert(tracker.watermark >= before, "it went back");
      expected = Math.max(expected, combined(events.slice(0, at + 1), after ?? Infinity));
      assertEquals(tracker.watermark, expected);
    });
  }));
});

Deno.test("A partition without rows lets go by the clock, and when all have, the greatest counts", () => {
  const tracker = trackerOf({ afterMs: 10, clock: "wall" });
  const at = (waitedMs: number) => tracker.elapse({ nowMs: 1_000 + waitedMs, waitedMs });
  [5, 7, 9].forEach((time, partition) => tracker.event(partition, time, time));
  at(6);
  assertEquals(tracker.watermark, -Infinity);
  assertEquals(tracker.dueIn({ nowMs: 1_006, waitedMs: 6 }), 4);
  tracker.event(1, 8, 8);
  at(10);
  assertEquals(tracker.watermark, 8);
  assertEquals(tracker.dueIn({ nowMs: 1_010, waitedMs: 10 }), 6);
  at(16);
  assertEquals(tracker.watermark, 9);
  assertEquals(tracker.dueIn({ nowMs: 1_016, waitedMs: 16 }), Infinity);
  tracker.event(0, 6, 6);
  tracker.event(2, 50, 50);
  assertEquals(tracker.watermark, 9, "a partition that is back holds it");
  tracker.event(0, 20, 20);
  assertEquals(tracker.watermark, 20);
});

Deno.test("Generators are called by the clock once an interval", () => {
  let calls = 0;
  const strategy = new CustomWatermarks({
    create: () => ({ onEvent: () => undefined, onPeriodic: () => ++calls }),
    interval: 10,
  });
  const tracker = new WatermarkTracker(strategy, { partitions: 1 });
  for (const nowMs of [100, 109, 110, 111, 145]) tracker.elapse({ nowMs, waitedMs: 0 });
  assertEquals([calls, tracker.watermark], [2, 2]);
  assertEquals(tracker.dueIn({ nowMs: 150, waitedMs: 0 }), 5);
});

Deno.test("A generator that gives what is no watermark is told so", () => {
  for (const given of [NaN, Infinity, "5", null, {}]) {
    assertThrows(
      () => trackerOf().event(0, 1, given),
      TypeError,
      "a generator gives a finite number of milliseconds or undefined",
    );
  }
  const tracker = trackerOf();
  for (let partition = 0; partition < PARTITIONS; partition++) tracker.event(partition, 1, 1);
  tracker.event(0, 1, -Infinity);
  assertEquals(tracker.watermark, 1);
});

Deno.test("A partition that has ended no longer holds the others back", () => {
  const tracker = trackerOf();
  [5, 7, 9, 8].forEach((time, partition) => tracker.event(partition, time, time));
  assertEquals(tracker.watermark, 5);
  tracker.end(0);
  assertEquals(tracker.watermark, 7);
  tracker.event(1, 20, 20);
  assertEquals(tracker.watermark, 8);
  tracker.end(3);
  tracker.end(2);
  assertEquals(tracker.watermark, 20);
});

import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { DueRecords, type FullBuffer } from "../src/generators/streaming/due_records.ts";
import { constantPace, countDueBy } from "../src/generators/streaming/pace.ts";

interface Case {
  readonly batchSize: number;
  readonly more: number;
  readonly intervalMs: number;
  readonly maxBatches: number;
  readonly policy: "block" | "drop" | "dropOldest";
  /** Times between the takes of the sink, ms. */
  readonly takes: readonly number[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  batchSize: fc.integer({ min: 1, max: 5 }),
  more: fc.nat(12),
  intervalMs: fc.constantFrom(1, 3, 10),
  maxBatches: fc.integer({ min: 0, max: 30 }),
  policy: fc.constantFrom("block", "drop", "dropOldest"),
  takes: fc.array(fc.nat(25), { maxLength: 40 }),
});

/** One record at a time, in an array, millisecond by millisecond. */
function naive({ batchSize, more, intervalMs, maxBatches, policy, takes }: Case) {
  const bufferSize = batchSize + more;
  const taken: number[][] = [];
  let buffer: number[] = [];
  let [batch, dueMs, dropped, nowMs] = [0, 0, 0, 0];
  const become = () => {
    while (batch < maxBatches && dueMs <= nowMs) {
      if (policy === "block" && buffer.length + batchSize > bufferSize) return;
      for (let i = 0; i < batchSize; i++) {
        const isFull = buffer.length === bufferSize;
        if (isFull) dropped++;
        if (isFull && policy === "drop") continue;
        if (isFull) buffer.shift();
        buffer.push(batch * batchSize + i);
      }
      batch++;
      dueMs = (dueMs < nowMs && wasBlocked ? nowMs : dueMs) + intervalMs;
      wasBlocked = false;
    }
  };
  let wasBlocked = false;
  const pass = (ms: number) => {
    for (let i = 0; i < ms; i++) {
      nowMs++;
      become();
    }
  };
  become();
  for (const ms of takes) {
    pass(ms);
    wasBlocked = policy === "block" && batch < maxBatches && dueMs <= nowMs;
    const next = buffer.findIndex((each, at) => at > 0 && each !== buffer[at - 1] + 1);
    const run = next < 0 ? buffer.length : next;
    taken.push(buffer.slice(0, Math.min(run, batchSize)));
    buffer = buffer.slice(Math.min(run, batchSize));
    become();
  }
  return { taken, dropped, buffered: buffer.length };
}

function real({ batchSize, more, intervalMs, maxBatches, policy, takes }: Case) {
  const due = new DueRecords({
    records: { start: 0, end: Infinity },
    ...{ batchSize, maxBatches, intervalMs, bufferSize: batchSize + more },
    onBufferFull: policy === "block" ? "block" : "drop",
    dropOldest: policy === "dropOldest",
  });
  const taken: number[][] = [];
  let nowMs = 0;
  due.advance(nowMs);
  for (const ms of takes) {
    due.advance(nowMs += ms);
    const { start, end } = due.take() ?? { start: 0, end: 0 };
    taken.push(Array.from({ length: end - start }, (_, i) => start + i));
    due.advance(nowMs);
  }
  return { taken, dropped: due.dropped, buffered: due.buffered };
}

Deno.test("DueRecords loses, keeps and delays what a buffer of single records does", () => {
  fc.assert(
    fc.property(cases, (each) => {
      assertEquals(real(each), naive(each));
    }),
    { numRuns: 2000 },
  );
});

Deno.test("DueRecords accounts for every record: taken, buffered, dropped, or not due yet", () => {
  fc.assert(
    fc.property(cases, fc.double({ min: 0.1, max: 5000, noNaN: true }), (each, rate) => {
      const due = new DueRecords({
        records: { start: 0, end: each.maxBatches * each.batchSize },
        batchSize: each.batchSize,
        maxBatches: Infinity,
        bufferSize: each.batchSize + each.more,
        onBufferFull: (each.policy === "block" ? "block" : "drop") as FullBuffer,
        dropOldest: each.policy === "dropOldest",
        pace: constantPace(rate),
      });
      let [nowMs, taken] = [0, 0];
      for (const ms of each.takes) {
        due.advance(nowMs += ms);
        const range = due.take();
        taken += range ? range.end - range.start : 0;
        const earned = (nowMs * rate) / 1000;
        assert(taken + due.buffered + due.dropped <= earned + 1e-6);
      }
      for (nowMs += 1e9; !due.isDone; nowMs += 1e9) {
        due.advance(nowMs);
        const range = due.take();
        taken += range ? range.end - range.start : 0;
      }
      assertEquals(taken + due.dropped, each.maxBatches * each.batchSize);
    }),
    { numRuns: 2000 },
  );
});

Deno.test("countDueBy() finds the most records that are due", () => {
  const pace = constantPace(50);
  assertEquals(countDueBy(pace, { first: 0, most: 100, ms: 119 }), 5);
  assertEquals(countDueBy(pace, { first: 0, most: 100, ms: 120 }), 6);
  assertEquals(countDueBy(pace, { first: 10, most: 3, ms: 1e9 }), 3);
  assertEquals(countDueBy(pace, { first: 10, most: 3, ms: 0 }), 1);
});

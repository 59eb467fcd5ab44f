import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { DueRecords, type FullBuffer } from "../src/generators/streaming/due_records.ts";
import { constantPace, countDueBy, type Pace } from "../src/generators/streaming/pace.ts";

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

/** Paces that records become due at: even and fast, even and slow, uneven, and in steps. */
const PACES: Record<string, Pace> = {
  fast: constantPace(700),
  slow: constantPace(1.3),
  uneven: { dueMs: (count) => 40 * count + 900 * Math.floor(count / 7) + (count % 3) },
  steps: { dueMs: (count) => 2000 * Math.floor(count / 40) },
};

interface Jump {
  readonly batchSize: number;
  readonly more: number;
  readonly records: number;
  readonly maxBatches: number;
  readonly intervalMs: number | undefined;
  readonly pace: string | undefined;
  readonly dropOldest: boolean;
  /** Times to which the clock goes on, and what is taken then. */
  readonly takes: readonly { readonly ms: number; readonly size: number }[];
}

const jumps: fc.Arbitrary<Jump> = fc.record({
  batchSize: fc.integer({ min: 1, max: 6 }),
  more: fc.nat(20),
  records: fc.constantFrom(0, 7, 300, Infinity),
  maxBatches: fc.constantFrom(0, 3, 40, Infinity),
  intervalMs: fc.constantFrom(undefined, 1, 7, 33.3),
  pace: fc.constantFrom(undefined, ...Object.keys(PACES)),
  dropOldest: fc.boolean(),
  takes: fc.array(fc.record({ ms: fc.constantFrom(0, 1, 20, 900, 30_000), size: fc.nat(8) }), {
    maxLength: 12,
  }),
}).filter(({ intervalMs, pace }) => intervalMs !== undefined || pace !== undefined);

/** Batch by batch, into a buffer of single records. */
function visited({ batchSize, more, records, maxBatches, ...how }: Jump) {
  const bufferSize = batchSize + more;
  const pace = how.pace === undefined ? undefined : PACES[how.pace];
  const batchFrom = (batch: number, start: number) => {
    if (start >= records || batch >= maxBatches) return undefined;
    let size = Math.min(batchSize, records - start);
    if (pace && how.intervalMs === undefined) {
      const firstMs = pace.dueMs(start + 1);
      if (pace.dueMs(start + size) - firstMs > 1000) {
        while (size > 1 && pace.dueMs(start + size) > firstMs + 100) size--;
      }
    }
    const dueMs = Math.max(pace?.dueMs(start + size) ?? 0, batch * (how.intervalMs ?? 0));
    return { batch, start, end: start + size, dueMs };
  };
  const buffer: number[] = [];
  const taken: number[][] = [];
  let [nowMs, dropped] = [0, 0];
  let next = batchFrom(0, 0);
  for (const { ms, size } of how.takes) {
    for (nowMs += ms; next && next.dueMs <= nowMs; next = batchFrom(next.batch + 1, next.end)) {
      for (let record = next.start; record < next.end; record++) {
        if (buffer.length === bufferSize) {
          dropped++;
          if (!how.dropOldest) continue;
          buffer.shift();
        }
        buffer.push(record);
      }
    }
    const run = buffer.findIndex((each, at) => at > 0 && each !== buffer[at - 1] + 1);
    taken.push(buffer.splice(0, Math.min(size, run < 0 ? buffer.length : run)));
  }
  return { taken, dropped, buffered: buffer.length, nextMs: next?.dueMs ?? Infinity };
}

function jumped({ records, batchSize, more, pace, intervalMs, takes, ...how }: Jump) {
  const due = new DueRecords({
    records: { start: 0, end: records },
    ...{ ...how, batchSize, bufferSize: batchSize + more, onBufferFull: "drop" as const },
    ...(intervalMs !== undefined && { intervalMs }),
    ...(pace !== undefined && { pace: PACES[pace] }),
  });
  const taken: number[][] = [];
  let nowMs = 0;
  for (const { ms, size } of takes) {
    due.advance(nowMs += ms);
    const { start, end } = (size > 0 && due.take(size)) || { start: 0, end: 0 };
    taken.push(Array.from({ length: end - start }, (_, i) => start + i));
  }
  return { taken, dropped: due.dropped, buffered: due.buffered, nextMs: due.nextMs };
}

Deno.test("DueRecords keeps after a jump of the clock what batch by batch would have kept", () => {
  fc.assert(
    fc.property(jumps, (each) => {
      assertEquals(jumped(each), visited(each));
    }),
    { numRuns: 3000 },
  );
});

Deno.test("DueRecords looks at few of the batches that were missed in a jump of the clock", () => {
  const day = 86_400_000;
  const even = (perSecond: number) => constantPace(perSecond);
  const cases: [name: string, schedule: object, records: number][] = [
    ["interval", { intervalMs: 0.01 }, 10 * day * 10 + 10],
    ["even", { pace: even(1e6) }, 86_400e6],
    ["both", { intervalMs: 0.01, pace: even(1e5) }, 86_400e5],
  ];
  for (const [name, schedule, records] of cases) {
    for (const dropOldest of [false, true]) {
      let looks = 0;
      const { pace, ...interval } = schedule as { pace?: Pace; intervalMs?: number };
      const counted = pace && {
        ...pace,
        dueMs: (count: number) => {
          looks++;
          return pace.dueMs(count);
        },
      };
      const due = new DueRecords({
        records: { start: 0, end: Infinity },
        ...{ batchSize: 1, maxBatches: Infinity, bufferSize: 50, onBufferFull: "drop", dropOldest },
        ...(counted && { pace: counted }),
        ...interval,
      });
      const startMs = performance.now();
      due.advance(day);
      assert(performance.now() - startMs < 1000, name);
      assert(looks < 500, `${name}: ${looks}`);
      assert(Math.abs(due.dropped + due.buffered - records) <= 10, `${name}: ${due.dropped}`);
      assertEquals(due.buffered, 50);
    }
  }
});

Deno.test("DueRecords looks at uneven paces second by second, and never far ahead", () => {
  const pace = constantPace(1e6);
  let [last, most] = [0, 0];
  const uneven = {
    dueMs: (count: number) => {
      most = Math.max(most, count - last);
      last = Math.max(last, count);
      return pace.dueMs(count);
    },
  };
  const due = new DueRecords({
    records: { start: 0, end: Infinity },
    ...{ batchSize: 100, maxBatches: Infinity, bufferSize: 500, onBufferFull: "drop" },
    ...{ dropOldest: true, pace: uneven },
  });
  due.advance(60_000);
  assertEquals([due.buffered, due.dropped], [500, 60e6 - 500]);
  assert(most <= 65_536, String(most));
});

Deno.test("DueRecords ends where records can no longer be counted, however many are due", () => {
  for (
    const schedule of [{ intervalMs: 1e-10 }, { intervalMs: 1e-300 }, { pace: constantPace(1e18) }]
  ) {
    const due = new DueRecords({
      records: { start: 0, end: Infinity },
      ...{ batchSize: 100, maxBatches: Infinity, bufferSize: 1000, onBufferFull: "drop" },
      ...{ dropOldest: false, ...schedule },
    });
    due.advance(86_400_000);
    assertEquals([due.buffered, due.dropped], [1000, Number.MAX_SAFE_INTEGER - 1000]);
    assertEquals(due.take(1000), { start: 0, end: 1000 });
    assert(due.isDone);
  }
});

Deno.test("countDueBy() finds the most records that are due", () => {
  const pace = constantPace(50);
  assertEquals(countDueBy(pace, { first: 0, most: 100, ms: 119 }), 5);
  assertEquals(countDueBy(pace, { first: 0, most: 100, ms: 120 }), 6);
  assertEquals(countDueBy(pace, { first: 10, most: 3, ms: 1e9 }), 3);
  assertEquals(countDueBy(pace, { first: 10, most: 3, ms: 0 }), 1);
});

import { assertEquals } from "@std/assert";
import { create } from "../src/kernel/kernel.ts";
import { KernelSessions } from "../src/kernel/session_table.ts";
import type { SessionEngine, SessionPlan } from "../src/kernel/session_types.ts";
import type { KeyType } from "../src/kernel/window_types.ts";
import { ReferenceSessions } from "../src/windows/reference_sessions.ts";
import { assertResults } from "./support/expected_windows.ts";
import { forSeeds, type Random } from "./support/random.ts";
import {
  randomSessions,
  type SessionCase,
  sessionColumns,
  sessionOracle,
  type SessionRow,
} from "./support/session_cases.ts";
import { type PlainResult, randomCell, resultsOf } from "./support/window_cases.ts";

const RUNS = 2000;
const MAX_ROWS = 120;
const LARGE_RUNS = 40;

const kernel = create();

const ENGINES: Record<string, (plan: SessionPlan) => SessionEngine> = {
  ReferenceSessions: (plan) => new ReferenceSessions(plan),
  KernelSessions: (plan) => new KernelSessions(kernel, plan),
};

/** A case whose integer sums fit into 64 bits, and what it gives. */
function fairCase(random: Random, most: number) {
  while (true) {
    const given = randomSessions(random, most);
    const expected = sessionOracle(given);
    const values = [...expected.groups.values()].flat().map(({ value }) => value);
    const fair = values.every((value) =>
      typeof value !== "bigint" || BigInt.asIntN(64, value) === value
    );
    if (fair) return { given, expected };
  }
}

/** Cuts rows into batches. */
function* batchesOf(random: Random, given: SessionCase) {
  const longest = random.pick([1, 10, 50, MAX_ROWS]);
  for (let position = 0; position < given.rows.length;) {
    const end = Math.min(given.rows.length, position + 1 + random.below(longest));
    yield { rows: sessionColumns(given, given.rows.slice(position, end)), position, partition: 3 };
    position = end;
  }
}

for (const [name, make] of Object.entries(ENGINES)) {
  Deno.test(`${name} gives the sessions of the definition, however rows are cut into batches`, () => {
    forSeeds(RUNS, (random) => {
      const { given, expected } = fairCase(random, MAX_ROWS);
      using sessions = make(given.plan);
      const results: PlainResult[] = [];
      const late: number[] = [];
      let [untimed, outside, absorbed] = [0, 0, 0];
      for (const { rows, ...at } of batchesOf(random, given)) {
        const outcome = sessions.add(rows, at);
        late.push(...Array.from(outcome.late, (row) => at.position + row));
        untimed += outcome.untimed;
        outside += outcome.outside;
        absorbed += outcome.absorbed;
        const mark = rows.watermarks[rows.length - 1];
        if (random.chance(0.3)) results.push(...resultsOf(sessions.close(mark)));
        if (random.chance(0.1)) sessions.restore(sessions.snapshot());
      }
      results.push(...resultsOf(sessions.close(Infinity)));
      const { groups, ...counts } = expected;
      assertEquals({ late, untimed, outside }, counts);
      assertEquals(late.length + untimed + outside + absorbed, given.rows.length);
      assertResults(results, groups);
      assertEquals(sessions.stats().sessions, 0);
      assertEquals(sessions.snapshot().length, 0);
    });
  });
}

const ROUNDED = new Set(["sum", "mean", "variance", "stddev", "populationVariance"]
  .concat("populationStddev", "covariance", "correlation"));

/** Results without what merging in another order may round differently. */
function exactly({ plan }: SessionCase, results: readonly PlainResult[]) {
  const isExact = plan.aggregates.map(({ op, value }) => {
    const kind = plan.values[value]?.type.kind;
    return !ROUNDED.has(op) || (op === "sum" && kind !== "f32" && kind !== "f64");
  });
  return results.map((result) => {
    return { ...result, values: result.values.map((each, at) => isExact[at] ? each : null) };
  });
}

Deno.test("KernelSessions and ReferenceSessions give the same in the same order", () => {
  forSeeds(RUNS, (random) => {
    const { given } = fairCase(random, MAX_ROWS);
    using ours = new KernelSessions(kernel, given.plan);
    using twin = new ReferenceSessions(given.plan);
    for (const { rows, ...at } of batchesOf(random, given)) {
      assertEquals(ours.add(rows, at), twin.add(rows, at));
      const mark = rows.watermarks[rows.length - 1];
      const [a, b] = [ours.snapshot(), twin.snapshot()];
      assertEquals(a.length, b.length);
      if (random.chance(0.1)) {
        ours.restore(b);
        twin.restore(a);
      }
      assertEquals(ours.oldest(), twin.oldest());
      if (random.chance(0.5)) continue;
      const results = exactly(given, resultsOf(ours.close(mark)));
      assertEquals(results, exactly(given, resultsOf(twin.close(mark))));
      assertEquals({ ...ours.stats(), bytes: 0 }, twin.stats());
      assertEquals(ours.oldest(), twin.oldest());
    }
    const left = exactly(given, resultsOf(ours.close(Infinity)));
    assertEquals(left, exactly(given, resultsOf(twin.close(Infinity))));
  });
});

/** A case of many rows and keys, so that the index grows and shrinks and is out of cache. */
function largeCase(random: Random): SessionCase {
  const given = randomSessions(random, 0);
  const variety = random.pick([50, 3000, 100_000]);
  const gap = given.plan.gap ?? 10;
  const length = 3000 + random.below(20_000);
  // A row a millisecond, so that sessions of a key are parted by this many rows on average.
  const step = (gap / variety) * random.pick([0.1, 0.5, 3]);
  const jitter = random.pick([0, 0.1, 2]) * gap;
  const nulls = random.pick([0, 0.01]);
  const cell = (type: KeyType, nullable: boolean) =>
    nullable && random.chance(nulls) ? null : randomCell(random, type, variety);
  let greatest = -Infinity;
  const rows = Array.from({ length }, (_, row): SessionRow => {
    const watermark = greatest - jitter;
    const time = Math.floor(row * step - random.next() * jitter);
    greatest = Math.max(greatest, time);
    return {
      time: given.windows.timeType.kind === "f64" ? time : BigInt(time),
      keys: given.plan.keys.map((type) => cell(type, true)),
      values: given.plan.values.map(({ type, nullable }) => cell(type as KeyType, nullable)),
      gap: given.plan.gap ?? 1 + random.below(20),
      watermark,
    };
  });
  // Many of the odd integers in one sum would pass 64 bits.
  const aggregates = given.plan.aggregates.map((aggregate) => {
    const { op, value } = aggregate;
    const wide = op === "sum" && given.plan.values[value].type.kind === "i64";
    return wide ? { ...aggregate, op: "mean" as const } : aggregate;
  });
  return { ...given, plan: { ...given.plan, aggregates }, rows };
}

Deno.test("KernelSessions gives what ReferenceSessions gives for many rows and keys", () => {
  forSeeds(LARGE_RUNS, (random) => {
    const given = largeCase(random);
    using ours = new KernelSessions(kernel, given.plan);
    using twin = new ReferenceSessions(given.plan);
    const batch = random.pick([700, 5000, 30_000]);
    for (let position = 0; position < given.rows.length; position += batch) {
      const rows = sessionColumns(given, given.rows.slice(position, position + batch));
      const at = { position, partition: 0 };
      assertEquals(ours.add(rows, at), twin.add(rows, at));
      if (random.chance(0.2)) continue;
      const mark = rows.watermarks[rows.length - 1];
      const closed = exactly(given, resultsOf(ours.close(mark)));
      assertEquals(closed, exactly(given, resultsOf(twin.close(mark))));
      assertEquals(ours.stats().sessions, twin.stats().sessions);
      if (random.chance(0.1)) ours.restore(twin.snapshot());
    }
    const left = exactly(given, resultsOf(ours.close(Infinity)));
    assertEquals(left, exactly(given, resultsOf(twin.close(Infinity))));
  });
});

Deno.test("KernelSessions gives what ReferenceSessions gives where thousands of sessions become one", () => {
  forSeeds(4, (random) => {
    const given = randomSessions(random, 0);
    const plan = {
      gap: 500,
      touching: given.plan.touching,
      alone: given.plan.alone,
      keys: [{ kind: "i32" as const }],
      values: [{ type: { kind: "i32" as const }, nullable: false }],
      aggregates: [{ op: "count" as const, value: -1 }, { op: "max" as const, value: 0 }],
    };
    const windows = { ...given.windows, plan: { ...given.windows.plan, ...plan } };
    const keys = random.pick([1, 3]);
    const far = 8000 * random.pick([100, 250, 600]) / keys;
    const rows = Array.from({ length: 8000 }, (_, row): SessionRow => {
      const time = random.below(far);
      const watermark = row < 6000 ? -Infinity : (row - 6000) * far / 4000;
      const key = random.below(keys);
      const near = given.windows.timeType.kind === "f64" ? time : BigInt(time);
      return { time: near, keys: [key], values: [row], gap: 500, watermark };
    });
    const many = { plan, rows, windows };
    using ours = new KernelSessions(kernel, plan);
    using twin = new ReferenceSessions(plan);
    for (let position = 0; position < rows.length; position += 1000) {
      const batch = sessionColumns(many, rows.slice(position, position + 1000));
      const at = { position, partition: 0 };
      assertEquals(ours.add(batch, at), twin.add(batch, at));
      const mark = batch.watermarks[999];
      assertEquals(resultsOf(ours.close(mark)), resultsOf(twin.close(mark)));
      assertEquals(ours.stats().sessions, twin.stats().sessions);
    }
    assertEquals(resultsOf(ours.close(Infinity)), resultsOf(twin.close(Infinity)));
  });
});

const DAY = 86_400_000;

Deno.test("KernelSessions gives what ReferenceSessions gives where times are days and years apart", () => {
  forSeeds(30, (random) => {
    const given = randomSessions(random, 0);
    const plan = {
      gap: random.pick([500, 40 * DAY, 2000 * DAY]),
      touching: given.plan.touching,
      alone: given.plan.alone,
      keys: [{ kind: "i32" as const }],
      values: [{ type: { kind: "i32" as const }, nullable: false }],
      aggregates: [{ op: "count" as const, value: -1 }, { op: "max" as const, value: 0 }],
    };
    const windows = { ...given.windows, plan: { ...given.windows.plan, ...plan } };
    const eras = [0, 3000, 20 * DAY, 30 * DAY, 49 * DAY, 60 * DAY, 4000 * DAY, -9000 * DAY];
    const keys = random.pick([3, 100, 1000]);
    const size = 700;
    let watermark = -Infinity;
    using ours = new KernelSessions(kernel, plan);
    using twin = new ReferenceSessions(plan);
    for (let turn = 0; turn < 8; turn++) {
      const some = [random.pick(eras), random.pick(eras)];
      const moved = random.pick([-Infinity, Math.min(...some), random.pick(eras) + 50 * DAY]);
      watermark = Math.max(watermark, moved);
      const rows = Array.from({ length: size }, (_, row): SessionRow => {
        const time = random.pick(some) + random.below(random.pick([2, 5000]));
        const near = given.windows.timeType.kind === "f64" ? time : BigInt(time);
        return { time: near, keys: [random.below(keys)], values: [row], gap: plan.gap, watermark };
      });
      const batch = sessionColumns({ plan, rows, windows }, rows);
      const at = { position: turn * size, partition: 0 };
      assertEquals(ours.add(batch, at), twin.add(batch, at));
      assertEquals(ours.oldest(), twin.oldest());
      if (random.chance(0.2)) ours.restore(ours.snapshot());
      if (random.chance(0.5)) continue;
      assertEquals(resultsOf(ours.close(watermark)), resultsOf(twin.close(watermark)));
      assertEquals(ours.stats().sessions, twin.stats().sessions);
    }
    assertEquals(resultsOf(ours.close(Infinity)), resultsOf(twin.close(Infinity)));
  });
});

import { assert, assertEquals } from "@std/assert";
import { create } from "../src/kernel/kernel.ts";
import { KernelSessions } from "../src/kernel/session_table.ts";
import type { SessionPlan, SessionRows } from "../src/kernel/session_types.ts";
import { ReferenceSessions } from "../src/windows/reference_sessions.ts";
import { hashKey } from "../src/windows/reference_keys.ts";
import { forSeeds, type Random } from "./support/random.ts";
import { resultsOf } from "./support/window_cases.ts";

const RUNS = 150;
const TURNS = 30;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
/** How far ends may be from the first one until they count from another time. */
const HALF_RANGE = 2 ** 31;
const GREATEST_TIME = 8.64e15;

function planOf({ gap, ...changes }: Partial<SessionPlan>): SessionPlan {
  return {
    ...(gap !== undefined && { gap }),
    touching: true,
    alone: false,
    keys: [{ kind: "i32" }],
    values: [{ type: { kind: "i32" }, nullable: false }],
    aggregates: [{ op: "count", value: -1 }, { op: "max", value: 0 }],
    ...changes,
  };
}

interface Row {
  readonly time: number;
  readonly key: number;
  readonly gap: number;
  readonly watermark: number;
}

function rowsOf(plan: SessionPlan, rows: readonly Row[]): SessionRows {
  const common = { length: rows.length, nullCount: 0 };
  const whole = (values: readonly number[]) => {
    return { ...common, type: { kind: "i32" as const }, values: Int32Array.from(values) };
  };
  return {
    length: rows.length,
    times: {
      ...common,
      type: { kind: "timestamp" },
      values: BigInt64Array.from(rows, ({ time }) => BigInt(time)),
    },
    keys: [whole(rows.map(({ key }) => key))],
    values: [whole(rows.map((_, row) => row))],
    watermarks: Float64Array.from(rows, ({ watermark }) => watermark),
    ...(plan.gap === undefined && { gaps: Float64Array.from(rows, ({ gap }) => gap) }),
  };
}

/** What moves a clock and a watermark on, from row to row. */
interface Walk {
  readonly gaps: readonly number[];
  readonly keys: number;
  readonly bound: number;
  readonly stride: number;
  readonly jumps: readonly number[];
  clock: number;
  greatest: number;
  watermark: number;
}

function walkOf(random: Random): Walk {
  const gaps = random.pick([[1], [1000], [DAY], [60 * DAY], [1, 5, 1000, HOUR, DAY, 40 * DAY]]);
  const clock = random.pick([0, -HALF_RANGE, 1.7e12, GREATEST_TIME - 40 * DAY, 5 - GREATEST_TIME]);
  return {
    gaps,
    keys: random.pick([1, 40, 1500]),
    bound: random.pick([0, 1, 3 * gaps[0]]),
    stride: random.pick([0.01, 0.3, 2]) * gaps[0],
    jumps: random.pick([[], [7, HALF_RANGE - 500, HALF_RANGE + 500, 2 * HALF_RANGE], [HOUR, DAY]]),
    clock,
    greatest: -Infinity,
    watermark: -Infinity,
  };
}

function nextRow(walk: Walk, random: Random): Row {
  const { keys, gaps, bound, stride, jumps } = walk;
  walk.clock += random.next() * stride;
  if (jumps.length > 0 && random.chance(0.01)) walk.clock += random.pick(jumps);
  walk.clock = Math.min(walk.clock, GREATEST_TIME);
  const early = random.chance(0.2) ? random.next() * 1.2 * bound : 0;
  const time = Math.max(-GREATEST_TIME, Math.floor(walk.clock - early));
  const row = { time, key: random.below(keys), gap: random.pick(gaps), watermark: walk.watermark };
  walk.greatest = Math.max(walk.greatest, time);
  walk.watermark = Math.max(walk.watermark, walk.greatest - bound);
  return row;
}

Deno.test("sessions close by tiny steps, by jumps, and wherever their ends lie, as the twin's do", () => {
  const kernel = create();
  forSeeds(RUNS, (random) => {
    const walk = walkOf(random);
    const plan = planOf({
      ...(walk.gaps.length === 1 && { gap: walk.gaps[0] }),
      touching: random.chance(0.5),
      alone: random.chance(0.2),
    });
    using ours = new KernelSessions(kernel, plan);
    using twin = new ReferenceSessions(plan);
    const size = random.pick([1, 20, 200]);
    for (let turn = 0; turn < TURNS; turn++) {
      const batch = rowsOf(plan, Array.from({ length: size }, () => nextRow(walk, random)));
      const at = { partition: 0, position: turn * size };
      assertEquals(ours.add(batch, at), twin.add(batch, at));
      if (random.chance(0.1)) ours.restore(ours.snapshot());
      if (random.chance(0.2)) continue;
      const mark = walk.watermark + random.pick([-0.5, 0, 1, 1.5]);
      walk.watermark = Math.max(walk.watermark, mark);
      assertEquals(resultsOf(ours.close(mark)), resultsOf(twin.close(mark)));
      assertEquals({ ...ours.stats(), bytes: 0 }, twin.stats());
      assertEquals(ours.oldest(), twin.oldest());
    }
    assertEquals(resultsOf(ours.close(Infinity)), resultsOf(twin.close(Infinity)));
    assertEquals(ours.stats().sessions, 0);
  });
});

Deno.test("each session closes at the millisecond of its end, not before", () => {
  forSeeds(20, (random) => {
    const plan = planOf({});
    using sessions = new KernelSessions(create(), plan);
    const spread = random.pick([500, 3000]);
    const rows = Array.from({ length: 2000 }, (_, row): Row => {
      const gap = 1 + random.below(spread);
      return { time: random.below(50), key: row % 700, gap, watermark: -Infinity };
    });
    sessions.add(rowsOf(plan, rows), { partition: 0, position: 0 });
    const open = sessions.stats().sessions;
    let closed = 0;
    for (let mark = 0; mark <= spread + 50; mark++) {
      const results = resultsOf(sessions.close(mark));
      for (const { end } of results) assertEquals(end, mark);
      closed += results.length;
    }
    assertEquals([closed, sessions.stats().sessions], [open, 0]);
  });
});

Deno.test("a key of very many sessions keeps them apart while the index moves", () => {
  const kernel = create();
  const gap = 10;
  forSeeds(12, (random) => {
    const plan = planOf({ gap, touching: random.chance(0.5) });
    using ours = new KernelSessions(kernel, plan);
    using twin = new ReferenceSessions(plan);
    const hot = random.pick([1, 2, 5]);
    const share = random.pick([0.2, 0.5, 0.9]);
    const bound = random.pick([300, 3000, 30_000]);
    let fresh = hot;
    for (let turn = 0; turn < 12; turn++) {
      const rows = Array.from({ length: 500 }, (_, row): Row => {
        const now = turn * 10_000 + row * 20;
        const isHot = random.chance(share);
        const time = now - (isHot && random.chance(0.7) ? random.below(bound) : 0);
        const key = isHot ? random.below(hot) : fresh++;
        return { time, key, gap, watermark: now - bound };
      });
      const batch = rowsOf(plan, rows);
      const at = { partition: 0, position: turn * rows.length };
      assertEquals(ours.add(batch, at), twin.add(batch, at));
      if (random.chance(0.3)) continue;
      const mark = rows[rows.length - 1].watermark;
      assertEquals(resultsOf(ours.close(mark)), resultsOf(twin.close(mark)));
      assertEquals({ ...ours.stats(), bytes: 0 }, twin.stats());
    }
    assertEquals(resultsOf(ours.close(Infinity)), resultsOf(twin.close(Infinity)));
  });
});

const KEY = [{ kind: "i32" as const }];
const BUCKETS = 8;
const SLOTS = 6;

/** Different keys that are looked for first in one bucket of an index of {@linkcode BUCKETS}. */
function keysIn(bucket: number, count: number, random: Random): number[] {
  const keys = new Set<number>();
  while (keys.size < count) {
    const key = random.below(1_000_000);
    const hash = hashKey(KEY, new Uint8Array(BigInt64Array.of(BigInt(key)).buffer));
    if (Number(hash >> 1n & BigInt(BUCKETS - 1)) === bucket) keys.add(key);
  }
  return [...keys];
}

Deno.test("a row looked up before slots moved within the index joins the sessions that it touches", () => {
  const kernel = create();
  let merged = 0;
  forSeeds(400, (random) => {
    const plan = planOf({ gap: 100 });
    using ours = new KernelSessions(kernel, plan);
    using twin = new ReferenceSessions(plan);
    let position = 0;
    const add = (rows: readonly (readonly [key: number, time: number])[], watermark: number) => {
      const given = rows.map(([key, time]): Row => ({ key, time, gap: 100, watermark }));
      const at = { partition: 0, position };
      position += rows.length;
      assertEquals(ours.add(rowsOf(plan, given), at), twin.add(rowsOf(plan, given), at));
    };
    const close = (mark: number) => {
      assertEquals(resultsOf(ours.close(mark)), resultsOf(twin.close(mark)));
    };
    const [home, first, second, other] = random.shuffle([...Array(BUCKETS).keys()]);
    // two buckets are full, then of graves alone; one session keeps the index as large as it is
    const full = [first, second].flatMap((bucket) => keysIn(bucket, SLOTS, random));
    const [keeper, late] = keysIn(other, 2, random);
    add([[keeper, 1_000_000]], 0);
    add(random.shuffle(full).map((key) => [key, random.below(500)]), 0);
    for (const mark of [150, 300, 450, 700]) close(mark);
    // two sessions of one key lie behind a slot that is free then, and move up with the next one
    const [before, key] = keysIn(home, 2, random);
    add([[before, 9_900], [key, 10_000], [key, 10_150]], 700);
    close(10_050);
    add([[late, 10_400], [late, 10_700], [key, 10_090]], 10_050);
    const { sessions } = ours.stats();
    assertEquals(sessions, twin.stats().sessions);
    if (sessions === 4) merged++;
    close(Infinity);
  });
  assertEquals(merged, 400);
});

const IDLE = 1_000_000;
const BUSY = 50;
const STEPS = 2000;

/** A batch of a row each of some keys from one on. */
function each(plan: SessionPlan, first: number, count: number, at: (row: number) => number) {
  const rows = Array.from({ length: count }, (_, row): Row => {
    return { time: at(row), key: first + row, gap: 0, watermark: -Infinity };
  });
  return rowsOf(plan, rows);
}

Deno.test("a million idle keys stay open while others come and go, and end in order", () => {
  const plan = planOf({ gap: DAY });
  using sessions = new KernelSessions(create(), plan);
  const part = 50_000;
  const origin = { partition: 0, position: 0 };
  for (let first = 0; first < IDLE; first += part) {
    sessions.add(each(plan, first, part, (row) => (row * 7919) % 1000), origin);
  }
  let closed = 0;
  for (let step = 0; step < STEPS; step++) {
    const time = step - DAY; // they end before the idle ones do
    const some = each(plan, IDLE + (step % 500) * BUSY, BUSY, () => time);
    sessions.add(some, origin);
    const results = sessions.close(step - 100);
    closed += results?.length ?? 0;
    for (const end of results?.windowEnd ?? []) assertEquals(Number(end), step - 100);
  }
  assertEquals(closed, (STEPS - 100) * BUSY);
  assertEquals(sessions.stats().sessions, IDLE + 100 * BUSY);
  const left = sessions.close(Infinity)!;
  assertEquals(left.length, IDLE + 100 * BUSY);
  assert(left.windowEnd.every((end, row) => row === 0 || left.windowEnd[row - 1] <= end));
});

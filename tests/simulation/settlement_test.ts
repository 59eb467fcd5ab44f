import { assert, assertEquals } from "@std/assert";
import * as fc from "fast-check";
import { type PipelineOptions, SessionWindow } from "../../mod.ts";
import { PartitionPositions } from "../../src/stream/settlement/partition_positions.ts";
import { Random } from "../support/random.ts";
import { type Delivered, live, type Positions, rowsBehind } from "../support/settled_case.ts";
import {
  ALLOWED,
  expectedOf,
  type WindowedCase,
  windowedCases,
  windowedPipeline,
  type WindowedRow,
} from "../support/windowed_case.ts";

const RUNS = 40;
const LIVES = 6;

/**
 * Of several partitions it depends on how they take turns which rows are late, what panes hold, and
 * which rows are counted together: so none is late there, and nothing but ends gives results.
 */
function comparable(given: WindowedCase): WindowedCase {
  if (given.partitions === 1) return given;
  const { told } = given.window;
  if (told.kind === "count") return comparable(inOne(given));
  if (told.kind === "session") {
    if (typeof told.gap !== "number") return comparable(inOne(given));
    if (told.gap % 2 === 0 || given.rows.some(({ at }) => at! % 2 !== 0)) {
      return comparable(neverTouching(given, told.gap));
    }
  }
  const most = Array(given.partitions).fill(-Infinity);
  const rows = given.rows.map((row): WindowedRow => {
    const { at, partition } = row;
    if (at === null) return row;
    const kept = Math.max(at, most[partition] - given.bound);
    most[partition] = Math.max(most[partition], kept);
    return { ...row, at: kept };
  });
  return { ...given, rows, trigger: undefined, plain: true };
}

/** Whether rows exactly a gap apart are of one session depends on who is first, too. */
function neverTouching(given: WindowedCase, least: number): WindowedCase {
  const gap = 2 * least + 1;
  return {
    ...given,
    rows: given.rows.map((row) => ({ ...row, at: row.at === null ? null : 2 * row.at })),
    bound: 2 * given.bound,
    window: { told: { kind: "session", gap }, make: () => new SessionWindow({ gap }) },
  };
}

/** A partition that is read elsewhere must be in no result: what has its rows has them alone. */
function withOwnKeys(given: WindowedCase): WindowedCase {
  const rows = given.rows.map((row) => ({ ...row, key: `${row.key} of ${row.partition}` }));
  return { ...given, rows };
}

/** Many more than cases have: windows are to close. */
function randomRows(random: Random, partitions: number): WindowedRow[] {
  let now = -20;
  const jitter = random.pick([0, 5, 30]);
  return Array.from({ length: random.below(100) }, (_, x) => ({
    at: random.chance(0.05) ? null : (now += random.below(4)) - random.below(jitter + 1),
    key: random.pick([null, "", "a", "b", "c"]),
    x,
    partition: random.below(partitions),
  }));
}

function inOne(given: WindowedCase): WindowedCase {
  return { ...given, partitions: 1, rows: given.rows.map((row) => ({ ...row, partition: 0 })) };
}

function optionsOf({ lateData }: WindowedCase, random: Random): PipelineOptions {
  return {
    workers: random.pick([1, 1, 2, 3]),
    epochRows: random.pick([1, 10, 65_536]),
    batchRows: random.pick([2, 10, 1000]),
    checkpointBatches: random.pick([1, 4, 1000]),
    settleInterval: random.pick([0, 0, 1, 10]),
    maxLostBees: 1000,
    recordTimeout: 50,
    lateData,
    ...(lateData === "update" && { allowedLateness: ALLOWED }),
    ...(lateData !== "drop" && { lateOutput: () => {} }),
  };
}

function missing(expected: readonly string[], ...given: readonly (readonly string[])[]): string[] {
  const all = new Set(given.flat());
  return expected.filter((line) => !all.has(line));
}

interface CheckOptions {
  readonly rebalances?: boolean;
  /** Whether it is noted up to where windows are delivered. */
  readonly notes?: boolean;
}

interface Checked {
  /** How often a case began anew. */
  readonly restarts: number;
  /** Results of windows that are known again, of a part of their rows. */
  readonly parts: number;
  /** Whether windows are known again. */
  readonly areKnown: boolean;
}

/** Has a case live until it has no lives left. */
async function check(
  asked: WindowedCase,
  seed: number,
  { rebalances = false, notes = true }: CheckOptions = {},
): Promise<Checked> {
  const random = new Random(seed);
  const told = comparable({ ...asked, rows: randomRows(random, asked.partitions) });
  const given = rebalances ? withOwnKeys(told) : told;
  const { lines: expected } = expectedOf(given);
  const whole = new Set(expected);
  const published: string[] = [];
  let from: Positions = Array(given.partitions).fill(0);
  let restarts = 0;
  let parts = 0;
  let areKnown = false;
  let delivered: Delivered | undefined = notes
    ? { windows: undefined, until: from.map(() => undefined) }
    : undefined;
  for (let left = LIVES; left >= 0; left--) {
    const life = await live({
      rows: given.rows,
      from,
      delivered,
      random,
      seed: seed + left,
      most: given.most,
      options: optionsOf(given, random),
      pipeline: (source, options) => windowedPipeline(given, source, options),
      faults: random.chance(0.3),
      iterates: random.chance(0.3),
      rebalances,
      dies: left > 0,
      settled: (positions, lines) => {
        const { lines: again } = expectedOf({ ...given, rows: rowsBehind(given.rows, positions) });
        const gone = missing(expected, published, lines, again);
        assertEquals(gone, [], `not behind ${positions}, and not published`);
      },
    });
    published.push(...life.lines);
    areKnown ||= life.windows !== undefined;
    if (life.windows) parts += life.lines.filter((line) => !whole.has(line)).length;
    ({ delivered } = life);
    restarts += life.restarts;
    for (const [partition, position] of life.from.entries()) {
      assert(position >= from[partition], "what was settled is settled");
    }
    from = life.from;
    if (!life.hasDied) break;
  }
  assertEquals(missing(expected, published), []);
  assertEquals(from, from.map((_, each) => given.rows.filter((r) => r.partition === each).length));
  return { restarts, parts, areKnown };
}

Deno.test("Who dies and goes on where rows were settled has published what a life without death has", async () => {
  const cases = fc.tuple(windowedCases(), fc.nat());
  await fc.assert(
    fc.asyncProperty(cases, async ([given, seed]) => {
      await check(given, seed);
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Who gets other partitions begins anew, and has published what one reader of all has", async () => {
  const cases = fc.tuple(windowedCases(), fc.nat());
  let restarts = 0;
  await fc.assert(
    fc.asyncProperty(cases, async ([given, seed]) => {
      restarts += (await check(given, seed, { rebalances: true })).restarts;
    }),
    { numRuns: RUNS },
  );
  assert(restarts > RUNS / 2, `began anew ${restarts} times`);
});

/** Windows of which it is told up to where they are delivered. */
function fixedCases(): fc.Arbitrary<WindowedCase> {
  const kinds = ["tumbling", "sliding", "cumulating"];
  return windowedCases().filter(({ window }) => kinds.includes(window.told.kind))
    .map((given) => ({ ...given, lateData: "drop", trigger: undefined }));
}

Deno.test("Windows of fixed bounds are delivered whole each time, whoever has died meanwhile", async () => {
  await fc.assert(
    fc.asyncProperty(fixedCases(), fc.nat(), async (given, seed) => {
      const { parts, areKnown } = await check(given, seed);
      assert(areKnown);
      assertEquals(parts, 0, "results of a part of their rows");
    }),
    { numRuns: RUNS },
  );
});

Deno.test("Where nobody notes what is delivered, windows come again in part", async () => {
  let found = 0;
  for (const [seed, given] of fc.sample(fixedCases(), { numRuns: 40, seed: 3 }).entries()) {
    if ((await check(given, seed, { notes: false })).parts > 0) found++;
  }
  assert(found >= 4, `found in ${found} cases`);
});

Deno.test("A batch that is settled too early is found", async () => {
  const take = PartitionPositions.prototype.take;
  PartitionPositions.prototype.take = function (state) {
    const settled = take.call(this, state);
    if (settled === undefined) return undefined;
    let taken = false;
    const oneMore = take.call(this, {
      decided: Infinity,
      isPast: () => !taken && (taken = true),
    });
    return oneMore ?? settled;
  };
  try {
    const kinds = ["tumbling", "sliding", "cumulating", "trailing"];
    const cases = fc.sample(windowedCases(), { numRuns: 60, seed: 1 })
      .filter(({ window }) => kinds.includes(window.told.kind));
    let found = 0;
    for (const [at, given] of cases.entries()) await check(given, at).catch(() => found++);
    assert(found >= 4, `found in ${found} of ${cases.length} cases`);
  } finally {
    PartitionPositions.prototype.take = take;
  }
});

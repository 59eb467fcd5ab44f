import { assertEquals } from "@std/assert";
import type { DataType } from "../src/batch/schema.ts";
import type { WindowOperatorSpec, WindowSpec } from "../src/windows/window_spec.ts";
import {
  type FedResult,
  fedRows,
  feed,
  FUNCTIONS,
  GROWING_FUNCTIONS,
} from "./support/operator_case.ts";
import {
  oracle,
  type OracleCase,
  type OracleResult,
  type OracleRow,
  type OracleTrigger,
  type OracleWindow,
} from "./support/oracle.ts";
import { forSeeds, type Random } from "./support/random.ts";

const RUNS = 60;
const KEY_TYPES: readonly (readonly DataType[])[] = [
  [],
  [{ kind: "utf8" }],
  [{ kind: "dict" }],
  [{ kind: "i64" }],
  [{ kind: "f64" }],
  [{ kind: "utf8" }, { kind: "i32" }],
  [{ kind: "bool" }, { kind: "dict" }, { kind: "bytes" }],
];

function keyOf(type: DataType, random: Random): unknown {
  const n = random.below(3);
  if (random.chance(0.1)) return null;
  switch (type.kind) {
    case "i64":
      return [-5n, 2n ** 60n, 7n][n];
    case "f64":
      return [NaN, 0, 1.5][n];
    case "i32":
      return n - 1;
    case "bool":
      return n > 0;
    case "bytes":
      return new Uint8Array(n);
    default:
      return ["", "é", "zz"][n];
  }
}

function rowsOf(random: Random, types: readonly DataType[], disorder: number): OracleRow[] {
  let now = random.pick([-1000, 0, 50]);
  return Array.from({ length: random.below(120) }, (_, at): OracleRow => {
    now += random.pick([0, 0, 1, 2, 5, 40]);
    const time = random.chance(0.03) ? null : now - random.below(disorder + 1);
    const keys = types.map((type) => keyOf(type, random));
    return { time, keys, values: { at, extra: random.pick([1, 3, 10, 30]) } };
  });
}

/** Rows of thousands of keys, of which few at a time are in use. */
function changingRows(random: Random, types: readonly DataType[]): OracleRow[] {
  let now = 0;
  return Array.from({ length: 3500 }, (_, at): OracleRow => {
    now += random.pick([0, 0, 1]);
    const n = Math.floor(now / 5) * 20 + random.below(20);
    const keys = types.map((type) => typeof keyOf(type, random) === "string" ? `${n}` : null);
    return { time: now - random.below(5), keys, values: { at, extra: 3 } };
  });
}

/** Many rows of few keys in a window. */
function denseRows(random: Random, types: readonly DataType[]): OracleRow[] {
  let now = 0;
  return Array.from({ length: 900 }, (_, at): OracleRow => {
    now += Number(random.chance(0.8));
    const time = random.chance(0.005) ? null : now - random.below(random.pick([1, 2, 60]));
    return { time, keys: types.map((type) => keyOf(type, random)), values: { at, extra: 3 } };
  });
}

const aggregates = {
  n: (rows: readonly OracleRow[]) => rows.length,
  all: (rows: readonly OracleRow[]) =>
    rows.map(({ values }) => values.at as number).sort((a, b) => a - b).join(" "),
};

interface Tried {
  readonly spec: WindowSpec;
  readonly window: OracleWindow;
}

function finite(bound: number): number | null {
  return Number.isFinite(bound) ? bound : null;
}

/** Results of the oracle as the operator gives them. */
function expected(results: readonly OracleResult[], { panes }: { panes: boolean }) {
  return results.map((given) => {
    const { windowStart, windowEnd, keys, values, at, row, index, timing, retracts } = given;
    return {
      at,
      place: row,
      windowStart: finite(windowStart),
      windowEnd: finite(windowEnd),
      keys: [...keys],
      values,
      ...(panes && { index, retracts, timing }),
    };
  });
}

function received(results: readonly FedResult[], { panes }: { panes: boolean }) {
  return results.map(({ at, place, row }) => {
    const { windowStart, windowEnd, paneIndex, paneTiming, paneRevision: _, rowKind, ...rest } =
      row;
    const { n, all, ...keys } = rest;
    const values: Record<string, unknown> = { n, all };
    const retracts = rowKind === "updateBefore" || rowKind === "delete";
    const pane = { index: paneIndex, retracts, timing: paneTiming };
    return {
      at,
      place,
      windowStart,
      windowEnd,
      keys: Object.values(keys),
      values,
      ...(panes && pane),
    };
  });
}

/** Compares results one by one, so that a failure shows the first that differs. */
function assertSame(results: readonly unknown[], wanted: readonly unknown[]): void {
  wanted.forEach((each, at) => assertEquals(results[at], each, `result ${at}`));
  assertEquals(results.slice(wanted.length), []);
}

function holds(
  random: Random,
  { spec, window }: Tried,
  more: Partial<OracleCase> & { changing?: boolean; dense?: boolean } = {},
) {
  const types = random.pick(KEY_TYPES);
  const bound = random.pick([0, 5, 30]);
  const rows = more.changing
    ? changingRows(random, types)
    : more.dense
    ? denseRows(random, types)
    : rowsOf(random, types, random.pick([0, bound, 3 * bound + 20]));
  const lateness = random.pick([0, 7, 60]);
  const given: OracleCase = {
    rows,
    window,
    aggregates,
    bound,
    ...(lateness > 0 && { allowedLateness: lateness, lateData: "update" }),
    ...more,
  };
  const revisedFor = given.lateData === "update" ? given.allowedLateness ?? 0 : 0;
  const { trigger } = given;
  const operatorSpec: WindowOperatorSpec = {
    window: spec,
    time: "time",
    keys: types.map((_, at) => `k${at}`),
    revisedFor,
    ...(trigger && {
      trigger: {
        ...(trigger.everyRows && { everyRows: trigger.everyRows }),
        ...(trigger.everyTime && { every: trigger.everyTime }),
        ...(trigger.mode && { panes: trigger.mode }),
        ...(trigger.onTime && { onTime: trigger.onTime }),
      },
    }),
    ...(given.semantics && { semantics: given.semantics }),
  };
  const truth = oracle(given);
  const fed = feed(operatorSpec, {
    rows: fedRows(rows, bound),
    keyTypes: types,
    extraType: { kind: "i32" },
    random,
    functions: random.pick([FUNCTIONS, GROWING_FUNCTIONS]),
    assign: (_, time) => [{ start: time - 3, end: time + 4 }, { start: 0, end: 50 }],
  });
  const panes = trigger !== undefined || revisedFor > 0;
  assertSame(received(fed.results, { panes }), expected(truth.results, { panes }));
  const { absorbed, outside, untimed } = fed;
  assertEquals({ absorbed, outside, untimed }, {
    absorbed: truth.absorbed,
    outside: truth.outside,
    untimed: truth.untimed,
  });
  assertEquals(fed.late, truth.late.map(({ values }) => values.at));
  assertEquals(fed.operator.stats().windows, 0);
}

const ALIGNED: readonly ((random: Random) => Tried)[] = [
  (random) => {
    const [size, offset] = [random.pick([1, 10, 60]), 0];
    return {
      spec: { kind: "aligned", extent: { size, offset } },
      window: { kind: "tumbling", size, offset },
    };
  },
  (random) => {
    const size = random.pick([10, 60, 7]);
    const slide = random.pick([1, 3, 10, 90]);
    const offset = random.below(slide);
    return {
      spec: { kind: "aligned", extent: { size, slide, offset } },
      window: { kind: "sliding", size, slide, offset },
    };
  },
  (random) => {
    const step = random.pick([1, 10]);
    const size = step * random.pick([1, 4, 6]);
    return {
      spec: { kind: "aligned", extent: { size, step, offset: 0 } },
      window: { kind: "cumulating", size, step },
    };
  },
];

function triggerOf(random: Random, early = true): OracleTrigger {
  const mode = random.pick(["accumulating", "discarding", "retracting"] as const);
  const onTime = random.pick(["always", "ifChanged", "never"] as const);
  const how = early ? random.below(3) : 2;
  if (how === 0) return { mode, onTime, everyRows: 1 + random.below(4) };
  if (how === 1) return { mode, onTime, everyTime: random.pick([1, 5, 20]) };
  return { mode };
}

for (const [at, name] of ["tumbling", "sliding", "cumulating"].entries()) {
  Deno.test(`WindowOperator gives what ${name} windows come to, whatever the batches`, () => {
    forSeeds(RUNS, (random) => holds(random, ALIGNED[at](random)));
  });

  Deno.test(`WindowOperator gives the panes of triggers on ${name} windows`, () => {
    forSeeds(RUNS, (random) => holds(random, ALIGNED[at](random), { trigger: triggerOf(random) }));
  });
}

Deno.test("WindowOperator leaves out windows that start before 0 where there are none", () => {
  forSeeds(RUNS, (random) => {
    const trigger = random.chance(0.5) ? { trigger: triggerOf(random) } : {};
    holds(random, random.pick(ALIGNED)(random), {
      semantics: { negativeStarts: false },
      ...trigger,
    });
  });
});

Deno.test("WindowOperator gives what sessions come to, joined and late ones among them", () => {
  forSeeds(3 * RUNS, (random) => {
    const gap = random.pick([1, 5, 40]);
    const own = random.chance(0.3);
    const tried: Tried = own
      ? {
        spec: { kind: "session", gap: { column: "extra" } },
        window: { kind: "session", gap: ({ values }) => values.extra as number },
      }
      : { spec: { kind: "session", gap }, window: { kind: "session", gap } };
    const semantics = {
      sessionsTouch: random.chance(0.5),
      sessionLateBy: random.pick(["joined", "alone"] as const),
      sessionEnd: random.pick(["gap", "last"] as const),
      closing: random.pick(["reached", "passed"] as const),
      emptyOnTime: random.chance(0.3),
    };
    const trigger = random.chance(0.5) ? { trigger: triggerOf(random) } : {};
    holds(random, tried, { semantics, ...trigger });
  });
});

Deno.test("WindowOperator gives one result of everything in a global window, and panes before", () => {
  forSeeds(RUNS, (random) => {
    const trigger = random.chance(0.7) ? { trigger: triggerOf(random) } : {};
    holds(random, { spec: { kind: "global" }, window: { kind: "global" } }, trigger);
  });
});

Deno.test("WindowOperator puts rows into the windows that a function gives", () => {
  forSeeds(RUNS, (random) => {
    const trigger = random.chance(0.5) ? { trigger: triggerOf(random) } : {};
    const assign = ({ time }: OracleRow) => [
      { start: Math.floor(time!) - 3, end: Math.floor(time!) + 4 },
      { start: 0, end: 50 },
    ];
    const tried: Tried = {
      spec: { kind: "custom", columns: [] },
      window: { kind: "custom", assign },
    };
    holds(random, tried, trigger);
  });
});

Deno.test("WindowOperator gives a result for each time over what trails it", () => {
  forSeeds(3 * RUNS, (random) => {
    const duration = random.pick([0, 4, 50]);
    const trigger = random.chance(0.5) ? { trigger: triggerOf(random, false) } : {};
    holds(random, {
      spec: { kind: "trailing", duration },
      window: { kind: "trailing", duration },
    }, trigger);
  });
});

Deno.test("WindowOperator gives every so many rows the last ones, and the rest where asked for", () => {
  forSeeds(2 * RUNS, (random) => {
    const size = random.pick([1, 2, 6, 9]);
    const slide = random.pick([1, 2, 6, 20]);
    const partial = random.chance(0.5);
    holds(random, {
      spec: { kind: "count", size, slide, partial },
      window: { kind: "count", size, slide, partial },
    }, { lateData: "drop" });
  });
});

Deno.test("WindowOperator gives the same when keys come and go by the thousand", () => {
  forSeeds(1, (random) => {
    const kinds: readonly (() => Tried)[] = [
      ...ALIGNED.map((make) => () => make(random)),
      () => ({ spec: { kind: "session", gap: 4 }, window: { kind: "session", gap: 4 } }),
      () => ({
        spec: { kind: "trailing", duration: 4 },
        window: { kind: "trailing", duration: 4 },
      }),
    ];
    for (const make of kinds) holds(random, make(), { changing: true });
  });
});

Deno.test("WindowOperator adds many rows of a window at once as it does one by one", () => {
  const [size, offset] = [400, 10];
  const kinds: readonly Tried[] = [
    {
      spec: { kind: "aligned", extent: { size, offset } },
      window: { kind: "tumbling", size, offset },
    },
    {
      spec: { kind: "aligned", extent: { size, slide: 200, offset } },
      window: { kind: "sliding", size, slide: 200, offset },
    },
    {
      spec: { kind: "aligned", extent: { size, step: 200, offset } },
      window: { kind: "cumulating", size, step: 200, offset },
    },
  ];
  forSeeds(20, (random) => {
    const semantics = { closing: random.pick(["reached", "passed"] as const) };
    holds(random, random.pick(kinds), { dense: true, semantics });
  });
});

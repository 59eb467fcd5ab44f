import { assertEquals } from "@std/assert";
import { oracle, type OracleCase, type OracleOutcome, type OracleRow } from "./support/oracle.ts";
import { toDouble } from "./support/exact_double.ts";
import { exactly } from "./support/oracle_aggregates.ts";
import { forSeeds } from "./support/random.ts";

const AGGREGATES = { n: exactly.count(), xs: exactly.collect("x") };

/** Rows of one key, at these times, numbered from 0 in `x`. */
function at(times: readonly (number | null)[], key: unknown = "a"): OracleRow[] {
  return times.map((time, x) => ({ time, keys: [key], values: { x } }));
}

/** Worked through by hand, with the rows of each result. */
function rowsOf(given: Omit<OracleCase, "aggregates">): OracleOutcome {
  return oracle({ aggregates: AGGREGATES, ...given });
}

/** Start, end and rows of each result, and what is odd about it. */
function shown({ results }: OracleOutcome): unknown[] {
  return results.map(({ windowStart, windowEnd, values, timing, retracts }) => {
    const odd = timing === "onTime" && !retracts ? [] : [`${retracts ? "-" : "+"}${timing}`];
    return [windowStart, windowEnd, values.xs, ...odd];
  });
}

function counts({ absorbed, outside, untimed, late }: OracleOutcome): unknown {
  return { absorbed, outside, untimed, late: late.map(({ values }) => values.x) };
}

Deno.test("oracle: tumbling windows hold their start and not their end, below 0 too", () => {
  const window = { kind: "tumbling", size: 10 } as const;
  const outcome = rowsOf({ rows: at([-11, -10, -1, 0, 9, 10]), window });
  assertEquals(shown(outcome), [[-20, -10, [0]], [-10, 0, [1, 2]], [0, 10, [3, 4]], [10, 20, [5]]]);
  const shifted = rowsOf({ rows: at([3, 12, 13]), window: { ...window, offset: 3 } });
  assertEquals(shown(shifted), [[3, 13, [0, 1]], [13, 23, [2]]]);
});

Deno.test("oracle: a row is late by the rows before it, and only when all its windows closed", () => {
  const tumbling = { kind: "tumbling", size: 10 } as const;
  const late = rowsOf({ rows: at([5, 12, 9, 14]), window: tumbling, bound: 2 });
  assertEquals(shown(late), [[0, 10, [0]], [10, 20, [1, 3]]]);
  assertEquals(counts(late), { absorbed: 3, outside: 0, untimed: 0, late: [2] });
  const inTime = rowsOf({ rows: at([5, 11, 9]), window: tumbling, bound: 2 });
  assertEquals(shown(inTime), [[0, 10, [0, 2]], [10, 20, [1]]]);
  const sliding = { kind: "sliding", size: 10, slide: 5 } as const;
  const partly = rowsOf({ rows: at([5, 12, 9]), window: sliding });
  assertEquals(shown(partly), [[0, 10, [0]], [5, 15, [0, 1, 2]], [10, 20, [1]]]);
  assertEquals(counts(partly), { absorbed: 3, outside: 0, untimed: 0, late: [] });
});

Deno.test("oracle: rows without a time, and between windows, are counted as that", () => {
  const window = { kind: "sliding", size: 2, slide: 10 } as const;
  const outcome = rowsOf({ rows: at([0, 5, null, NaN, 1]), window, bound: 9 });
  assertEquals(shown(outcome), [[0, 2, [0, 4]]]);
  assertEquals(counts(outcome), { absorbed: 2, outside: 1, untimed: 2, late: [] });
});

Deno.test("oracle: cumulating windows grow by their step", () => {
  const window = { kind: "cumulating", size: 6, step: 2 } as const;
  const outcome = rowsOf({ rows: at([1, 3, 7]), window });
  assertEquals(shown(outcome), [
    [0, 2, [0]],
    [0, 4, [0, 1]],
    [0, 6, [0, 1]],
    [6, 8, [2]],
    [6, 10, [2]],
    [6, 12, [2]],
  ]);
});

Deno.test("oracle: a row between two sessions makes them one, and gaps may be a row's own", () => {
  const window = { kind: "session", gap: 10 } as const;
  const merged = rowsOf({ rows: at([0, 15, 8]), window, bound: 20 });
  assertEquals(shown(merged), [[0, 25, [0, 1, 2]]]);
  const touching = at([0, 10]);
  assertEquals(shown(rowsOf({ rows: touching, window, bound: 20 })), [[0, 20, [0, 1]]]);
  const apart = rowsOf({ rows: touching, window, bound: 20, semantics: { sessionsTouch: false } });
  assertEquals(shown(apart), [[0, 10, [0]], [10, 20, [1]]]);
  const last = rowsOf({ rows: touching, window, bound: 20, semantics: { sessionEnd: "last" } });
  assertEquals(shown(last), [[0, 10, [0, 1]]]);
  const own = { kind: "session", gap: ({ values }: OracleRow) => values.x === 0 ? 5 : 20 } as const;
  assertEquals(shown(rowsOf({ rows: at([0, 6, 25]), window: own })), [[0, 5, [0]], [6, 45, [
    1,
    2,
  ]]]);
});

Deno.test("oracle: a late row joins a session that it touches, and is late alone", () => {
  const window = { kind: "session", gap: 10 } as const;
  const joins = rowsOf({ rows: at([20, 30, 15, 0]), window });
  assertEquals(shown(joins), [[15, 40, [0, 1, 2]]]);
  assertEquals(counts(joins), { absorbed: 3, outside: 0, untimed: 0, late: [3] });
});

Deno.test("oracle: count windows go by a key's rows, and leave the rest at the end", () => {
  const window = { kind: "count", size: 3, partial: true } as const;
  assertEquals(shown(rowsOf({ rows: at([5, 1, 9, 2]), window })), [[1, 10, [0, 1, 2]], [2, 3, [
    3,
  ]]]);
  const sliding = { kind: "count", size: 3, slide: 2 } as const;
  assertEquals(
    shown(rowsOf({ rows: at([1, 2, 3, 4]), window: sliding })),
    [[1, 3, [0, 1]], [2, 5, [1, 2, 3]]],
  );
});

Deno.test("oracle: trailing windows end at each time of a key, and hold what is before", () => {
  const window = { kind: "trailing", duration: 5 } as const;
  const outcome = rowsOf({ rows: at([0, 5, 5, 11, 8]), window, bound: 3 });
  assertEquals(shown(outcome), [
    [-5, 1, [0]],
    [0, 6, [0, 1, 2]],
    [3, 9, [1, 2, 4]],
    [6, 12, [3, 4]],
  ]);
  const late = rowsOf({ rows: at([0, 20, 16, 14]), window });
  assertEquals(shown(late), [[-5, 1, [0]], [15, 21, [1, 2]]]);
  assertEquals(counts(late), { absorbed: 3, outside: 0, untimed: 0, late: [3] });
});

Deno.test("oracle: a global window ends with the source, a custom one where it is said", () => {
  assertEquals(shown(rowsOf({ rows: at([9, 1]), window: { kind: "global" } })), [
    [-Infinity, Infinity, [0, 1]],
  ]);
  const assign = ({ time }: OracleRow) => time! % 2 === 0 ? [{ start: time!, end: time! + 3 }] : [];
  const custom = rowsOf({ rows: at([2, 3, 4]), window: { kind: "custom", assign } });
  assertEquals(shown(custom), [[2, 5, [0]], [4, 7, [2]]]);
  assertEquals(counts(custom), { absorbed: 2, outside: 1, untimed: 0, late: [] });
});

Deno.test("oracle: early panes come after so many rows, and hold what their mode says", () => {
  const given = { rows: at([1, 2, 3, 12]), window: { kind: "tumbling", size: 10 } } as const;
  const rest = [10, 20, [3]];
  assertEquals(shown(rowsOf({ ...given, trigger: { everyRows: 2 } })), [
    [0, 10, [0, 1], "+early"],
    [0, 10, [0, 1, 2]],
    rest,
  ]);
  assertEquals(shown(rowsOf({ ...given, trigger: { everyRows: 2, mode: "discarding" } })), [
    [0, 10, [0, 1], "+early"],
    [0, 10, [2]],
    rest,
  ]);
  assertEquals(shown(rowsOf({ ...given, trigger: { everyRows: 2, mode: "retracting" } })), [
    [0, 10, [0, 1], "+early"],
    [0, 10, [0, 1], "-early"],
    [0, 10, [0, 1, 2]],
    rest,
  ]);
  const each = rowsOf({ ...given, trigger: { everyRows: 1, onTime: "ifChanged" } });
  assertEquals(each.results.map(({ timing, index }) => `${timing} ${index}`), [
    ...["early 0", "early 1", "early 2", "early 0"],
  ]);
});

Deno.test("oracle: early panes come at multiples of a time that the watermark reaches", () => {
  const window = { kind: "tumbling", size: 10 } as const;
  const outcome = rowsOf({ rows: at([1, 2, 6, 6, 11]), window, trigger: { everyTime: 3 } });
  assertEquals(outcome.results.map(({ at, row, values }) => [at, row, values.xs]), [
    [3, -1, [0, 1, 2]],
    [9, -1, [0, 1, 2, 3]],
    [10, -1, [0, 1, 2, 3]],
    [12, -1, [4]],
    [20, -1, [4]],
  ]);
});

Deno.test("oracle: an update revises the whole window until its allowed lateness is over", () => {
  const window = { kind: "tumbling", size: 10 } as const;
  const given = { rows: at([1, 12, 2, 15, 3]), window, allowedLateness: 5 } as const;
  const update = rowsOf({ ...given, lateData: "update" });
  assertEquals(shown(update), [[0, 10, [0]], [0, 10, [0, 2], "+late"], [10, 20, [1, 3]]]);
  assertEquals(update.results.map(({ at, row, index }) => [at, row, index]), [
    ...[[10, -1, 0], [12, 2, 1], [20, -1, 0]],
  ]);
  assertEquals(counts(update), { absorbed: 4, outside: 0, untimed: 0, late: [4] });
  const drop = rowsOf({ ...given, lateData: "drop" });
  assertEquals(shown(drop), [[0, 10, [0]], [10, 20, [1, 3]]]);
  assertEquals(counts(drop), { absorbed: 3, outside: 0, untimed: 0, late: [2, 4] });
  const trigger = { mode: "retracting" } as const;
  assertEquals(shown(rowsOf({ ...given, lateData: "update", trigger })), [
    [0, 10, [0]],
    [0, 10, [0], "-onTime"],
    [0, 10, [0, 2], "+late"],
    [10, 20, [1, 3]],
  ]);
});

Deno.test("oracle: a late row that joins two sessions takes both of their results back", () => {
  const outcome = rowsOf({
    rows: [...at([0, 12]), { time: 40, keys: ["b"], values: { x: 9 } }, ...at([6])],
    window: { kind: "session", gap: 10 },
    allowedLateness: 100,
    lateData: "update",
    trigger: { mode: "retracting" },
  });
  assertEquals(shown(outcome), [
    [0, 10, [0]],
    [12, 22, [1]],
    [0, 10, [0], "-onTime"],
    [12, 22, [1], "-onTime"],
    [0, 22, [0, 1, 0], "+late"],
    [40, 50, [9]],
  ]);
});

Deno.test("oracle: the least watermark of all partitions counts, and never goes back", () => {
  const row = (time: number, partition: number): OracleRow => {
    return { time, partition, keys: [], values: { x: time } };
  };
  const rows = [row(30, 0), row(5, 1), row(4, 0), row(20, 1), row(3, 1)];
  const window = { kind: "tumbling", size: 10 } as const;
  const outcome = rowsOf({ rows, window, partitions: 2 });
  assertEquals(shown(outcome), [[0, 10, [5, 4]], [20, 30, [20]], [30, 40, [30]]]);
  assertEquals(counts(outcome), { absorbed: 4, outside: 0, untimed: 0, late: [3] });
});

Deno.test("oracle: no window starts before 0 where that is said", () => {
  const window = { kind: "sliding", size: 10, slide: 5 } as const;
  const outcome = rowsOf({ rows: at([2, -3, 7]), window, semantics: { negativeStarts: false } });
  assertEquals(shown(outcome), [[0, 10, [0, 2]], [5, 15, [2]]]);
  assertEquals(counts(outcome), { absorbed: 2, outside: 1, untimed: 0, late: [] });
});

Deno.test("oracle: results come by watermark and row, then by window and key", () => {
  const keyed = (time: number, key: unknown): OracleRow => ({ time, keys: [key], values: {} });
  const rows = [keyed(1, "é"), keyed(1, null), keyed(1, "z"), keyed(1, ""), keyed(13, "b")];
  const window = { kind: "sliding", size: 10, slide: 5 } as const;
  const { results } = oracle({ rows, window, aggregates: {} });
  assertEquals(results.map(({ windowEnd, keys }) => `${windowEnd} ${keys[0]}`), [
    ...["5 ", "5 z", "5 é", "5 null", "10 ", "10 z", "10 é", "10 null", "20 b", "15 b"].sort(
      (a, b) => parseInt(a) - parseInt(b),
    ),
  ]);
});

Deno.test("oracle: aggregates are exact, skip nulls, and know NaN", () => {
  const rows = [0.1, 1e16, null, -1e16, 0.2].map((x, y): OracleRow => {
    return { time: -y, keys: [], values: { x, y, big: BigInt(y) } };
  });
  const values = Object.entries({
    n: exactly.count("x"),
    sum: exactly.sum("x"),
    mean: exactly.mean("y"),
    bigSum: exactly.sum("big"),
    least: exactly.min("x"),
    most: exactly.max("x"),
    variance: exactly.variance("y"),
    spread: exactly.populationStddev("big"),
    first: exactly.first("x"),
    last: exactly.last("x"),
    argMin: exactly.argMin("y", "x"),
    argMax: exactly.argMax("y", "x"),
    covariance: exactly.covariance("y", "big"),
    correlation: exactly.correlation("y", "big"),
    median: exactly.quantile("y", 0.5),
    buckets: exactly.histogram("y", [0, 2, 4]),
    few: exactly.where(exactly.collect("y", 2), ({ values }) => (values.y as number) > 0),
  }).map(([name, aggregate]) => [name, aggregate(rows)]);
  assertEquals(Object.fromEntries(values), {
    n: 4,
    sum: 0.30000000000000004,
    mean: 2,
    bigSum: 10n,
    least: -1e16,
    most: 1e16,
    variance: 2.5,
    spread: Math.sqrt(2),
    first: 0.2,
    last: 0.1,
    argMin: 3,
    argMax: 1,
    covariance: 2.5,
    correlation: 1,
    median: 2,
    buckets: [2, 2],
    few: [1, 2],
  });
  const odd = [1, NaN, 2].map((x): OracleRow => ({ time: 0, keys: [], values: { x } }));
  for (const name of ["sum", "mean", "min", "max", "variance"] as const) {
    assertEquals(exactly[name]("x")(odd), NaN, name);
    assertEquals(exactly[name]("x")([]), null, name);
  }
});

Deno.test("oracle: a fraction becomes the double next to it", () => {
  assertEquals(toDouble(1n, 3n), 1 / 3);
  assertEquals(toDouble(-(2n ** 53n + 1n), 1n), -(2 ** 53));
  assertEquals(toDouble(1n, 2n ** 1074n), 5e-324);
  assertEquals(toDouble(10n ** 308n, 1n), 1e308);
  forSeeds(200, (random) => {
    const [a, b] = [random.below(2 ** 40) - 2 ** 39, 1 + random.below(2 ** 40)];
    assertEquals(toDouble(BigInt(a), BigInt(b)), a / b);
  });
});

Deno.test("oracle: any order within the bound gives the same windows", () => {
  forSeeds(50, (random) => {
    const rows = Array.from({ length: 40 }, (_, n): OracleRow => {
      return { time: n * 3, keys: [random.below(3)], values: { x: n } };
    });
    const moved = rows.map((row) => ({ row, to: row.time! + random.below(20) }))
      .sort((a, b) => a.to - b.to).map(({ row }) => row);
    const window = random.pick(
      [
        { kind: "tumbling", size: 17 },
        { kind: "sliding", size: 20, slide: 7 },
        { kind: "cumulating", size: 30, step: 10 },
        { kind: "session", gap: 10 },
        { kind: "trailing", duration: 12 },
      ] as const,
    );
    const aggregates = { n: exactly.count(), sum: exactly.sum("x"), last: exactly.last("x") };
    const given = { window, aggregates, bound: 20 };
    const one = oracle({ ...given, rows });
    assertEquals(oracle({ ...given, rows: moved }), one);
    assertEquals(one.late, []);
  });
});

import { assertEquals, assertThrows } from "@std/assert";
import {
  type BenchRow,
  compare,
  compareLatency,
  median,
  notRun,
  quantile,
  row,
  verdict,
} from "../bench/support/bench.ts";
import { formatAmount, formatTable, outcome, toJsonRow } from "../bench/support/table.ts";

Deno.test("quantile() interpolates between neighbours and median() is its middle", () => {
  assertEquals(median([3, 1, 2]), 2);
  assertEquals(median([4, 1, 2, 3]), 2.5);
  assertEquals(quantile([10, 0], 0.99), 9.9);
  assertThrows(() => median([]), RangeError, "no values");
});

Deno.test("row() holds its ratio to a least or to a most", () => {
  const reached = (target: number, goal?: "atMost") =>
    row("x", { rate: 10, baselineRate: 5, target, goal }).reached;
  assertEquals([reached(2), reached(2.1)], [true, false]);
  assertEquals([reached(2, "atMost"), reached(1.9, "atMost")], [true, false]);
  assertEquals(row("x", { rate: 10, baselineRate: 5 }).reached, null);
});

Deno.test("compare() lets the two sides take turns after one round that does not count", async () => {
  const calls: string[] = [];
  const result = await compare({
    name: "turns",
    beforeRound: () => void calls.push("-"),
    contender: () => calls.push("A"),
    baseline: () => Promise.resolve(calls.push("B")),
    rounds: 2,
    target: 0,
  });
  assertEquals(calls.join(""), "-A-B-A-B-A-B");
  assertEquals(result.ratio, result.rate / result.baselineRate);
  assertEquals(result.reached, true);
});

Deno.test("compareLatency() gives a row a quantile, lower is better", async () => {
  const [p50, p99] = await compareLatency({
    name: "wake-up",
    contender: () => [1, 2, 3],
    baseline: () => Promise.resolve([4, 4, 4]),
    quantiles: [{ q: 0.5, atMost: 0.4 }, { q: 0.99 }],
  });
  assertEquals(p50.name, "wake-up, p50 (µs, lower is better)");
  assertEquals([p50.rate, p50.ratio, p50.reached, p50.goal], [2000, 0.5, false, "atMost"]);
  assertEquals(p99.reached, null);
});

Deno.test("a row that was not run is never reached, and says why", () => {
  const absent = notRun("peer", "spin is not installed");
  assertEquals(absent.reached, null);
  assertEquals(outcome(absent), "not run: spin is not installed");
  assertEquals(toJsonRow(absent), {
    name: "peer",
    rate: null,
    baselineRate: null,
    ratio: null,
    target: null,
    reached: null,
  });
});

Deno.test("formatTable() aligns rates, ratios, targets and outcomes, and keeps notes", () => {
  const rows: BenchRow[] = [
    row("sum", { rate: 12_345_678, baselineRate: 1_000_000, target: 15 }),
    row("memory", { rate: 101, baselineRate: 100, target: 1.05, goal: "atMost", unit: "B" }),
    verdict("burst", { reached: true, note: "no loss" }),
    row("for the eye", { rate: 1, baselineRate: 2 }),
  ];
  assertEquals(formatTable(rows).split("\n"), [
    "bench            rate  baseline   ratio    target  outcome",
    "-----------  --------  --------  ------  --------  -------",
    "sum          12.3 M/s     1 M/s  12.3 ×    ≥ 15 ×  short",
    "memory          101 B     100 B  1.01 ×  ≤ 1.05 ×  reached",
    "burst               –         –       –         –  reached  no loss",
    "for the eye      1 /s      2 /s   0.5 ×         –  –",
  ]);
});

Deno.test("formatAmount() scales rates and leaves other units alone", () => {
  assertEquals(formatAmount(1_500, "/s"), "1.5 k/s");
  assertEquals(formatAmount(1_500, "µs"), "1500 µs");
  assertEquals(formatAmount(NaN, "/s"), "–");
});

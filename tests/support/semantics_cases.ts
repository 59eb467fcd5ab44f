/**
 * What other engines do, as facts: rows and watermarks that go in, results that come out. The numbers
 * are those of the sources that are named; watermarks are as ours, the time up to which, and without
 * which, all rows have come.
 *
 * @module
 */
import type { OracleTrigger, OracleWindow } from "./oracle.ts";

/** A row: its key, its time in ms, and what is summed, by default 1. */
export type FactRow = readonly [key: string, time: number, value?: number];

/** The watermark reaches a time; `Infinity`: the end. What came out since the last such step. */
export interface FactMark {
  readonly at: number;
  readonly gives: readonly string[];
}

/** One fact. */
export interface SemanticsCase {
  readonly says: string;
  /** Where it stands. */
  readonly source: string;
  readonly window: OracleWindow;
  readonly steps: readonly (FactRow | FactMark)[];
  /** Watermarks are the greatest time less this, ms. Default: only those of the steps. */
  readonly bound?: number;
  /** How long after their end windows take rows, which then give new results, ms. Default 0. */
  readonly lateness?: number;
  readonly trigger?: OracleTrigger;
  /** Whether results say that they are early or late. Default false. */
  readonly timings?: boolean;
  /** Rows that count in no window, being late. Default 0. */
  readonly late?: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function mark(at: number, ...gives: string[]): FactMark {
  return { at, gives };
}

/** Flink's watermark t says that all rows up to and with t have come. */
function flinkMark(at: number, ...gives: string[]): FactMark {
  return mark(at + 1, ...gives);
}

function end(...gives: string[]): FactMark {
  return mark(Infinity, ...gives);
}

const FLINK_TESTS = "apache/flink, org.apache.flink.streaming.runtime.operators.windowing.";
const FLINK_DOCS = "nightlies.apache.org/flink, Table API, Windowing table-valued functions: ";
const OUT_OF_ORDER: readonly FactRow[] = [
  ...([["key2", 3999], ["key2", 3000], ["key1", 20], ["key1", 0], ["key1", 999]] as const),
  ...([["key2", 1998], ["key2", 1999], ["key2", 1000]] as const),
];
/** The bids of the documentation, in minutes from 08:00, one key. */
const BIDS = ([[5, 4], [7, 2], [9, 5], [11, 3], [13, 1], [17, 6]] as const)
  .map(([minute, price]): FactRow => ["", 8 * HOUR + minute * MINUTE, price]);
const SESSIONS_OF_3_S: readonly (FactRow | FactMark)[] = [
  ["key2", 1000],
  flinkMark(1999),
  ["key2", 2000],
  flinkMark(4998),
  ["key2", 4500],
  ["key2", 8500],
  flinkMark(7400),
  ["key2", 7000],
  flinkMark(11501, "key2 1000..11500: 5"),
  ["key2", 11600],
  flinkMark(14600, "key2 11600..14600: 1"),
  ["key2", 10000],
];

function minutes(start: number, end: number, sum: number): string {
  return ` ${8 * HOUR + start * MINUTE}..${8 * HOUR + end * MINUTE}: ${sum}`;
}

/** Flink's. */
export const FLINK_CASES: readonly SemanticsCase[] = [
  {
    says: "sliding windows may start below 0",
    source: FLINK_TESTS + "SlidingEventTimeWindowsTest#testWindowAssignment",
    window: { kind: "sliding", size: 5000, slide: 1000 },
    steps: [
      ["", 0],
      end(
        ..." -4000..1000: 1, -3000..2000: 1, -2000..3000: 1, -1000..4000: 1, 0..5000: 1".split(","),
      ),
    ],
  },
  {
    says: "sliding windows hold a time before their end and not the end",
    source: FLINK_TESTS + "SlidingEventTimeWindowsTest#testWindowAssignment",
    window: { kind: "sliding", size: 5000, slide: 1000 },
    steps: [
      ["a", 4999],
      ["b", 5000],
      end(
        "a 0..5000: 1",
        ...[1, 2, 3, 4].flatMap((n) => [`a ${n}000..${n + 5}000: 1`, `b ${n}000..${n + 5}000: 1`]),
        "b 5000..10000: 1",
      ),
    ],
  },
  {
    says: "an offset moves sliding windows",
    source: FLINK_TESTS + "SlidingEventTimeWindowsTest#testWindowAssignmentWithOffset",
    window: { kind: "sliding", size: 5000, slide: 1000, offset: 100 },
    steps: [
      ["", 100],
      end(
        ..." -3900..1100: 1, -2900..2100: 1, -1900..3100: 1, -900..4100: 1, 100..5100: 1".split(
          ",",
        ),
      ),
    ],
  },
  {
    says: "a negative offset moves sliding windows back",
    source: FLINK_TESTS + "SlidingEventTimeWindowsTest#testWindowAssignmentWithNegativeOffset",
    window: { kind: "sliding", size: 5000, slide: 1000, offset: -100 },
    steps: [
      ["", 0],
      end(
        ..." -4100..900: 1, -3100..1900: 1, -2100..2900: 1, -1100..3900: 1, -100..4900: 1".split(
          ",",
        ),
      ),
    ],
  },
  {
    says: "tumbling windows lie side by side from 0",
    source: FLINK_TESTS + "TumblingEventTimeWindowsTest#testWindowAssignment",
    window: { kind: "tumbling", size: 5000 },
    steps: [["", 0], ["", 4999], ["", 5000], end(" 0..5000: 2", " 5000..10000: 1")],
  },
  {
    says: "a negative offset moves tumbling windows back",
    source: FLINK_TESTS +
      "TumblingEventTimeWindowsTest#testWindowAssignmentWithNegativeGlobalOffset",
    window: { kind: "tumbling", size: 5000, offset: -100 },
    steps: [["", 0], ["", 4899], ["", 4900], end(" -100..4900: 2", " 4900..9900: 1")],
  },
  {
    says: "windows begin at an offset from a multiple of their size, below 0 too",
    source: FLINK_TESTS + "TimeWindowTest#testGetWindowStartWithOffset",
    window: { kind: "tumbling", size: 7, offset: -2 },
    steps: [
      ...[1, -2, 3, 4, 7, 12].map((time): FactRow => ["", time]),
      end(" -2..5: 4", " 5..12: 1", " 12..19: 1"),
    ],
  },
  {
    says: "days of another time zone are tumbling windows with an offset",
    source: FLINK_TESTS + "TimeWindowTest#testGetWindowStartWithOffset",
    window: { kind: "tumbling", size: 24 * HOUR, offset: -8 * HOUR },
    steps: [["", 1470902048450], end(" 1470844800000..1470931200000: 1")],
  },
  {
    says: "sliding windows fire when the watermark has reached their last millisecond",
    source: FLINK_TESTS + "WindowOperatorTest#testSlidingEventTimeWindows",
    window: { kind: "sliding", size: 3000, slide: 1000 },
    steps: [
      ...OUT_OF_ORDER,
      flinkMark(999, "key1 -2000..1000: 3"),
      flinkMark(1999, "key1 -1000..2000: 3", "key2 -1000..2000: 3"),
      flinkMark(2999, "key1 0..3000: 3", "key2 0..3000: 3"),
      flinkMark(3999, "key2 1000..4000: 5"),
      flinkMark(4999, "key2 2000..5000: 2"),
      flinkMark(5999, "key2 3000..6000: 2"),
      flinkMark(7999),
      end(),
    ],
  },
  {
    says: "tumbling windows fire once, whatever comes after",
    source: FLINK_TESTS + "WindowOperatorTest#testTumblingEventTimeWindows",
    window: { kind: "tumbling", size: 3000 },
    steps: [
      ...OUT_OF_ORDER,
      flinkMark(1999),
      flinkMark(2999, "key1 0..3000: 3", "key2 0..3000: 3"),
      flinkMark(4999),
      flinkMark(5999, "key2 3000..6000: 2"),
      flinkMark(7999),
      end(),
    ],
  },
  {
    says: "sessions end a gap after their last row, each key's for itself",
    source: FLINK_TESTS + "WindowOperatorTest#testReduceSessionWindows",
    window: { kind: "session", gap: 3000 },
    steps: [
      ...([["key2", 0, 1], ["key2", 1000, 2], ["key2", 2500, 3]] as const),
      ...([["key1", 10, 1], ["key1", 1000, 2], ["key1", 2500, 3]] as const),
      ...([["key2", 5501, 4], ["key2", 6000, 5], ["key2", 6000, 5], ["key2", 6050, 6]] as const),
      flinkMark(12000, "key2 0..5500: 6", "key1 10..5500: 6", "key2 5501..9050: 20"),
      ["key2", 15000, 10],
      ["key2", 15000, 20],
      flinkMark(17999, "key2 15000..18000: 30"),
      end(),
    ],
  },
  {
    says: "rows exactly a gap apart are of one session",
    source: FLINK_TESTS + "EventTimeSessionWindowsTest#testMergeConsecutiveWindows",
    window: { kind: "session", gap: 1 },
    steps: [...[0, 1, 2, 4, 5].map((time): FactRow => ["", time]), end(" 0..3: 3", " 4..6: 2")],
  },
  {
    says: "a row that joins sessions brings their rows under one count",
    source: FLINK_TESTS + "WindowOperatorTest#testSessionWindowsWithCountTrigger",
    window: { kind: "session", gap: 3000 },
    trigger: { everyRows: 4, mode: "discarding", onTime: "never" },
    steps: [
      ...([["key2", 0, 1], ["key2", 1000, 2], ["key2", 2500, 3], ["key2", 3500, 4]] as const),
      ...([["key1", 10, 1], ["key1", 1000, 2], ["key1", 2500, 3]] as const),
      ...([["key1", 6000, 1], ["key1", 6500, 2], ["key1", 7000, 3]] as const),
      mark(-1, "key2 0..6500: 10"),
      ["key1", 4500, 10],
      mark(0, "key1 10..10000: 22"),
      end(),
    ],
  },
  {
    says: "a purging count trigger gives every n rows of a key once",
    source: FLINK_TESTS + "WindowOperatorTest#testCountTrigger",
    window: { kind: "count", size: 4 },
    steps: [
      ...OUT_OF_ORDER,
      mark(-1, "key2 1998..4000: 4"),
      ...([["key1", 10999], ["key2", 1000], ["key2", 1000], ["key2", 1000]] as const),
      mark(0, "key1 0..11000: 4", "key2 1000..1001: 4"),
      end(),
    ],
  },
  {
    says: "sliding count windows give every slide the last rows, at first fewer",
    source: FLINK_TESTS + "EvictingWindowOperatorTest#testCountTrigger",
    window: { kind: "count", size: 4, slide: 2 },
    steps: [
      ...OUT_OF_ORDER,
      mark(-1, "key2 3000..4000: 2", "key1 0..21: 2", "key2 1998..4000: 4"),
      ...([["key1", 10999], ["key2", 1000]] as const),
      mark(0, "key1 0..11000: 4", "key2 1000..2000: 4"),
      end(),
    ],
  },
  {
    says: "a late row within the allowed lateness gives a pane of its own when panes discard",
    source: FLINK_TESTS + "WindowOperatorTest#testLateness",
    window: { kind: "tumbling", size: 2000 },
    lateness: 500,
    trigger: { mode: "discarding" },
    late: 1,
    steps: [
      ["key2", 500],
      flinkMark(1500),
      ["key2", 1300],
      flinkMark(2300, "key2 0..2000: 2"),
      ["key2", 1997],
      flinkMark(6000, "key2 0..2000: 1"),
      ["key2", 1998],
      flinkMark(7000),
      end(),
    ],
  },
  {
    says: "a row behind the watermark counts while its window is open, and is dropped after",
    source: FLINK_TESTS + "WindowOperatorTest#testDropDueToLatenessTumbling",
    window: { kind: "tumbling", size: 2000 },
    late: 1,
    steps: [
      ["key2", 1000],
      flinkMark(1985),
      ["key2", 1980],
      flinkMark(1999, "key2 0..2000: 2"),
      ["key2", 1998],
      ["key2", 2001],
      flinkMark(2999),
      flinkMark(3999, "key2 2000..4000: 1"),
      end(),
    ],
  },
  {
    says: "a row counts in those of its sliding windows that are open",
    source: FLINK_TESTS + "WindowOperatorTest#testDropDueToLatenessSliding",
    window: { kind: "sliding", size: 3000, slide: 1000 },
    late: 1,
    steps: [
      ["key2", 1000],
      flinkMark(1999, "key2 -1000..2000: 1"),
      ["key2", 2000],
      flinkMark(3000, "key2 0..3000: 2"),
      ...([["key1", 3001], ["key2", 2400], ["key2", 2400], ["key1", 3001]] as const),
      ["key2", 3900],
      flinkMark(
        6000,
        ...["key1 1000..4000: 2", "key2 1000..4000: 5", "key1 2000..5000: 2"],
        ...["key2 2000..5000: 4", "key1 3000..6000: 2", "key2 3000..6000: 1"],
      ),
      ["key1", 3001],
      flinkMark(25000),
      end(),
    ],
  },
  {
    says: "a late row counts in the session that it touches, and is dropped alone",
    source: FLINK_TESTS + "WindowOperatorTest#testDropDueToLatenessSessionZeroLateness",
    window: { kind: "session", gap: 3000 },
    late: 1,
    steps: [
      ...SESSIONS_OF_3_S,
      ["key2", 14500],
      flinkMark(20000, "key2 14500..17500: 1"),
      end(),
    ],
  },
  {
    says: "a late row gives the session that it touches a new result at once",
    source: FLINK_TESTS + "WindowOperatorTest#testDropDueToLatenessSessionWithLateness",
    window: { kind: "session", gap: 3000 },
    lateness: 10,
    steps: [
      ...SESSIONS_OF_3_S,
      ["key2", 14500],
      flinkMark(14600, "key2 10000..14600: 2"),
      flinkMark(20000, "key2 10000..17500: 3"),
      end(),
    ],
  },
  {
    says: "a late row joins sessions that have fired",
    source: FLINK_TESTS + "WindowOperatorTest#testDropDueToLatenessSessionWithHugeLateness",
    window: { kind: "session", gap: 3000 },
    lateness: 10000,
    steps: [
      ...SESSIONS_OF_3_S,
      flinkMark(14600, "key2 1000..14600: 7"),
      ["key2", 14500],
      flinkMark(20000, "key2 1000..17500: 8"),
      end(),
    ],
  },
  {
    says: "TUMBLE adds up ten minutes",
    source: FLINK_DOCS + "TUMBLE",
    window: { kind: "tumbling", size: 10 * MINUTE },
    steps: [...BIDS, end(minutes(0, 10, 11), minutes(10, 20, 10))],
  },
  {
    says: "HOP adds up ten minutes every five",
    source: FLINK_DOCS + "HOP",
    window: { kind: "sliding", size: 10 * MINUTE, slide: 5 * MINUTE },
    steps: [
      ...BIDS,
      end(minutes(0, 10, 11), minutes(5, 15, 15), minutes(10, 20, 10), minutes(15, 25, 6)),
    ],
  },
  {
    says: "CUMULATE adds up what there is of ten minutes every two",
    source: FLINK_DOCS + "CUMULATE",
    window: { kind: "cumulating", size: 10 * MINUTE, step: 2 * MINUTE },
    steps: [
      ...BIDS,
      end(
        ...[minutes(0, 6, 4), minutes(0, 8, 6), minutes(0, 10, 11), minutes(10, 12, 3)],
        ...[minutes(10, 14, 4), minutes(10, 16, 4), minutes(10, 18, 10), minutes(10, 20, 10)],
      ),
    ],
  },
];

const KAFKA_TESTS = "apache/kafka, org.apache.kafka.streams.kstream.";
/** What Kafka Streams does unless told otherwise: every row gives its windows' new results. */
const EACH_ROW: OracleTrigger = { everyRows: 1, onTime: "never" };
/** The same of sessions, whose old results are taken back when their bounds change. */
const EACH_ROW_OF_SESSIONS: OracleTrigger = { ...EACH_ROW, mode: "retracting" };
const GAP = 5 * MINUTE;
/** Strings are put together there; here each piece is a number of its own. */
const FOUR_KEYS: readonly FactRow[] = [
  ...([["A", 0, 1], ["B", 1, 2], ["C", 2, 3], ["D", 3, 4], ["A", 4, 1]] as const),
  ...([["A", 5, 1], ["B", 6, 2], ["D", 7, 4], ["B", 8, 2], ["C", 9, 3]] as const),
  ...([["A", 10, 1], ["B", 11, 2], ["D", 12, 4], ["B", 13, 2], ["C", 14, 3]] as const),
];

/** Kafka Streams'. */
export const KAFKA_CASES: readonly SemanticsCase[] = [
  {
    says: "hopping windows overlap",
    source: KAFKA_TESTS + "TimeWindowsTest#shouldComputeWindowsForHoppingWindows",
    window: { kind: "sliding", size: 12, slide: 5 },
    steps: [["", 21], end(" 10..22: 1", " 15..27: 1", " 20..32: 1")],
  },
  {
    says: "barely overlapping windows hold most times once",
    source: KAFKA_TESTS + "TimeWindowsTest#shouldComputeWindowsForBarelyOverlappingHoppingWindows",
    window: { kind: "sliding", size: 6, slide: 5 },
    steps: [["", 7], end(" 5..11: 1")],
  },
  {
    says: "tumbling windows start at multiples of their size",
    source: KAFKA_TESTS + "TimeWindowsTest#shouldComputeWindowsForTumblingWindows",
    window: { kind: "tumbling", size: 12 },
    steps: [["", 21], end(" 12..24: 1")],
  },
  {
    says: "no window starts below 0",
    source: KAFKA_TESTS + "internals.KStreamWindowAggregateTest#testAggBasic",
    window: { kind: "sliding", size: 10, slide: 5 },
    trigger: {},
    steps: [["A", 0, 1], ["A", 4, 1], end("A 0..10: 2")],
  },
  {
    says: "every row gives the new results of all its windows",
    source: KAFKA_TESTS + "internals.KStreamWindowAggregateTest#testAggBasic",
    window: { kind: "sliding", size: 10, slide: 5 },
    bound: 0,
    lateness: 24 * HOUR,
    trigger: EACH_ROW,
    steps: [
      ...FOUR_KEYS,
      ["B", 3, 1],
      ["B", 2, 2],
      ["B", 9, 3],
      end(
        ...["A 0..10: 1", "B 0..10: 2", "C 0..10: 3", "D 0..10: 4", "A 0..10: 2"],
        ...["A 0..10: 3", "A 5..15: 1", "B 0..10: 4", "B 5..15: 2", "D 0..10: 8", "D 5..15: 4"],
        ...["B 0..10: 6", "B 5..15: 4", "C 0..10: 6", "C 5..15: 3", "A 5..15: 2", "A 10..20: 1"],
        ...["B 5..15: 6", "B 10..20: 2", "D 5..15: 8", "D 10..20: 4", "B 5..15: 8", "B 10..20: 4"],
        ...["C 5..15: 6", "C 10..20: 3", "B 0..10: 7", "B 0..10: 9", "B 0..10: 12", "B 5..15: 11"],
      ),
    ],
  },
  {
    says: "a window takes rows until stream time has reached its end and the grace",
    source: KAFKA_TESTS +
      "internals.KStreamWindowAggregateTest#shouldLogAndMeterWhenSkippingExpiredWindow",
    window: { kind: "sliding", size: 10, slide: 5 },
    bound: 0,
    lateness: 90,
    trigger: EACH_ROW,
    late: 5,
    steps: [
      ["k", 100, 100],
      ...[0, 1, 2, 3, 4, 5, 6].map((time): FactRow => ["k", time, time]),
      end("k 95..105: 100", "k 100..110: 100", "k 5..15: 5", "k 5..15: 11"),
    ],
  },
  {
    says: "a row of a window that is closed is left out",
    source: KAFKA_TESTS +
      "internals.KStreamWindowAggregateTest#shouldLogAndMeterWhenSkippingExpiredWindowByGrace",
    window: { kind: "tumbling", size: 10 },
    bound: 0,
    lateness: 90,
    trigger: EACH_ROW,
    late: 7,
    steps: [
      ["k", 200, 100],
      ...[100, 101, 102, 103, 104, 105, 6].map((time): FactRow => ["k", time, 1]),
      end("k 200..210: 100"),
    ],
  },
  {
    says: "results of time windows come with each row that is not too late",
    source: KAFKA_TESTS + "internals.SuppressScenarioTest#shouldSupportFinalResultsForTimeWindows",
    window: { kind: "tumbling", size: 2 },
    bound: 0,
    lateness: 1,
    trigger: EACH_ROW,
    late: 1,
    steps: [
      ...[0, 1, 2, 1, 0, 5, 0].map((time): FactRow => ["k1", time]),
      end(
        ...["k1 0..2: 1", "k1 0..2: 2", "k1 2..4: 1", "k1 0..2: 3", "k1 0..2: 4", "k1 4..6: 1"],
      ),
    ],
  },
  {
    says: "final results of time windows come once they are closed",
    source: KAFKA_TESTS + "internals.SuppressScenarioTest#shouldSupportFinalResultsForTimeWindows",
    window: { kind: "tumbling", size: 2 },
    bound: 1,
    trigger: {},
    late: 1,
    steps: [
      ...[0, 1, 2, 1, 0, 5, 0].map((time): FactRow => ["k1", time]),
      mark(4, "k1 0..2: 4", "k1 2..4: 1"),
    ],
  },
  {
    says: "a large jump of stream time closes windows one after the other",
    source: KAFKA_TESTS +
      "internals.SuppressScenarioTest#shouldSupportFinalResultsForTimeWindowsWithLargeJump",
    window: { kind: "tumbling", size: 2 },
    bound: 2,
    trigger: {},
    late: 1,
    steps: [
      ...[0, 1, 2, 0, 3, 0, 4, 0, 30].map((time): FactRow => ["k1", time]),
      mark(28, "k1 0..2: 4", "k1 2..4: 2", "k1 4..6: 1"),
    ],
  },
  {
    says: "a trailing window takes late rows as long as it is open, whose own is closed too",
    source: KAFKA_TESTS +
      "internals.SuppressScenarioTest#shouldSupportFinalResultsForSlidingWindows " +
      "(windows that end with a row)",
    window: { kind: "trailing", duration: 5 },
    bound: 15,
    trigger: {},
    steps: [
      ...[10, 11, 10, 13, 10, 24, 5, 7, 90].map((time): FactRow => ["k1", time]),
      mark(75, "k1 5..11: 5", "k1 6..12: 5", "k1 8..14: 5", "k1 19..25: 1"),
      end("k1 85..91: 1"),
    ],
  },
  {
    says: "a trailing window holds the rows up to its length before its own",
    source: KAFKA_TESTS + "internals.KStreamSlidingWindowAggregateTest#testAggregateSmallInput " +
      "(windows that end with a row)",
    window: { kind: "trailing", duration: 10 },
    bound: 50,
    trigger: {},
    steps: [
      ...([["A", 10, 1], ["A", 15, 2], ["A", 20, 4], ["A", 22, 8], ["A", 30, 16]] as const),
      end("A 0..11: 1", "A 5..16: 3", "A 10..21: 7", "A 12..23: 14", "A 20..31: 28"),
    ],
  },
  {
    says: "a row that comes later counts in the trailing windows after it",
    source: KAFKA_TESTS + "internals.KStreamSlidingWindowAggregateTest#testAggregateLargeInput " +
      "(final windows that end with a row)",
    window: { kind: "trailing", duration: 10 },
    bound: 50,
    trigger: {},
    steps: [
      ...([["A", 10, 1], ["A", 20, 2], ["A", 22, 4], ["A", 15, 8]] as const),
      ...([["B", 12, 1], ["B", 13, 2], ["B", 18, 4], ["B", 19, 8], ["B", 25, 16]] as const),
      ["B", 14, 32],
      ...([["D", 11, 1], ["D", 12, 2], ["D", 29, 4], ["D", 16, 8]] as const),
      end(
        ...["A 0..11: 1", "D 1..12: 1", "B 2..13: 1", "D 2..13: 3", "B 3..14: 3", "B 4..15: 35"],
        ...["A 5..16: 9", "D 6..17: 11", "B 8..19: 39", "B 9..20: 47", "A 10..21: 11"],
        ...["A 12..23: 14", "B 15..26: 28", "D 19..30: 4"],
      ),
    ],
  },
  {
    says: "rows within the gap are of one session, which ends with its last row",
    source: KAFKA_TESTS +
      "internals.KStreamSessionWindowAggregateProcessorTest#shouldCreateSingleSessionWhenWithinGap",
    window: { kind: "session", gap: GAP },
    bound: 0,
    trigger: {},
    steps: [["john", 0], ["john", 500], end("john 0..500: 2")],
  },
  {
    says: "rows exactly a gap apart are of one session",
    source: KAFKA_TESTS +
      "internals.KStreamSessionWindowAggregate, which looks for sessions from " +
      "the row's time less the gap to the row's time and the gap, both with",
    window: { kind: "session", gap: 10 },
    bound: 0,
    trigger: {},
    steps: [["a", 0], ["a", 10], ["a", 21], end("a 0..10: 2", "a 21..21: 1")],
  },
  {
    says: "a row between two sessions makes them one",
    source: KAFKA_TESTS +
      "internals.KStreamSessionWindowAggregateProcessorTest#shouldMergeSessions",
    window: { kind: "session", gap: GAP },
    bound: 24 * HOUR,
    trigger: {},
    steps: [
      ...([["mel", 0], ["mel", GAP + 1], ["mel", GAP / 2]] as const),
      end(`mel 0..${GAP + 1}: 3`),
    ],
  },
  {
    says: "a session of one time starts and ends there",
    source: KAFKA_TESTS +
      "internals.KStreamSessionWindowAggregateProcessorTest#shouldUpdateSessionIfTheSameTime",
    window: { kind: "session", gap: GAP },
    bound: 0,
    trigger: {},
    steps: [["mel", 0], ["mel", 0], end("mel 0..0: 2")],
  },
  {
    says: "a millisecond more than the gap makes another session",
    source: KAFKA_TESTS + "internals.KStreamSessionWindowAggregateProcessorTest" +
      "#shouldHaveMultipleSessionsForSameIdWhenTimestampApartBySessionGap",
    window: { kind: "session", gap: GAP },
    bound: 0,
    trigger: {},
    steps: [
      ["mel", 0],
      ["mel", GAP + 1],
      ["mel", GAP + 1],
      ...[1, 2, 3].map((): FactRow => ["mel", 2 * GAP + 2]),
      end("mel 0..0: 1", `mel ${GAP + 1}..${GAP + 1}: 2`, `mel ${2 * GAP + 2}..${2 * GAP + 2}: 3`),
    ],
  },
  {
    says: "a row takes back the result of the session that it makes longer",
    source: KAFKA_TESTS + "internals.KStreamSessionWindowAggregateProcessorTest" +
      "#shouldImmediatelyForwardRemovedSessionsWhenMerging",
    window: { kind: "session", gap: GAP },
    bound: 0,
    trigger: EACH_ROW_OF_SESSIONS,
    steps: [["a", 0], ["a", 5], end("a 0..0: 1", "- a 0..0", "a 0..5: 2")],
  },
  {
    says: "a session takes rows until stream time has passed its last row and the gap",
    source: KAFKA_TESTS + "internals.KStreamSessionWindowAggregateProcessorTest" +
      "#shouldLogAndMeterWhenSkippingLateRecordWithZeroGrace",
    window: { kind: "session", gap: 10 },
    bound: 0,
    trigger: EACH_ROW_OF_SESSIONS,
    late: 1,
    steps: [
      ...([["dummy", 0], ["OnTime1", 0], ["dummy", 11], ["Late1", 0]] as const),
      end("dummy 0..0: 1", "OnTime1 0..0: 1", "dummy 11..11: 1"),
    ],
  },
  {
    says: "a session takes rows for as long as the grace allows, and no longer",
    source: KAFKA_TESTS + "internals.KStreamSessionWindowAggregateProcessorTest" +
      "#shouldLogAndMeterWhenSkippingLateRecordWithNonzeroGrace",
    window: { kind: "session", gap: 10 },
    bound: 0,
    lateness: 1,
    trigger: EACH_ROW_OF_SESSIONS,
    late: 1,
    steps: [
      ...([["dummy", 0], ["OnTime1", 0], ["dummy", 11], ["OnTime2", 0]] as const),
      ...([["dummy", 12], ["Late1", 0]] as const),
      end(
        ...["dummy 0..0: 1", "OnTime1 0..0: 1", "dummy 11..11: 1", "OnTime2 0..0: 1"],
        ...["- dummy 11..11", "dummy 11..12: 2"],
      ),
    ],
  },
  {
    says: "every row of a session takes back its result and gives a new one",
    source: KAFKA_TESTS +
      "internals.SuppressScenarioTest#shouldSupportFinalResultsForSessionWindows",
    window: { kind: "session", gap: 5 },
    bound: 0,
    trigger: EACH_ROW_OF_SESSIONS,
    late: 1,
    steps: [
      ...([["k1", 0], ["k1", 5], ["k1", 1], ["k2", 11], ["k1", 5], ["k1", 30]] as const),
      end(
        ...["k1 0..0: 1", "- k1 0..0", "k1 0..5: 2", "- k1 0..5", "k1 0..5: 3", "k2 11..11: 1"],
        "k1 30..30: 1",
      ),
    ],
  },
  {
    says: "final results of sessions come once they are closed",
    source: KAFKA_TESTS +
      "internals.SuppressScenarioTest#shouldSupportFinalResultsForSessionWindows",
    window: { kind: "session", gap: 5 },
    bound: 0,
    trigger: {},
    late: 1,
    steps: [
      ...([["k1", 0], ["k1", 5], ["k1", 1], ["k2", 11], ["k1", 5]] as const),
      mark(11, "k1 0..5: 3"),
      ["k1", 30],
      mark(30, "k2 11..11: 1"),
    ],
  },
];

const BEAM_WINDOWS = "apache/beam, org.apache.beam.sdk.transforms.windowing.";
const BEAM_RUNNER = "apache/beam, org.apache.beam.runners.core.";

function at(...times: number[]): FactRow[] {
  return times.map((time): FactRow => ["", time]);
}

/** Beam's. */
export const BEAM_CASES: readonly SemanticsCase[] = [
  {
    says: "fixed windows lie side by side from 0",
    source: BEAM_WINDOWS + "FixedWindowsTest#testSimpleFixedWindow",
    window: { kind: "tumbling", size: 10 },
    steps: [...at(1, 2, 5, 9, 10, 11, 100), end(" 0..10: 4", " 10..20: 2", " 100..110: 1")],
  },
  {
    says: "an offset moves fixed windows, the first below 0",
    source: BEAM_WINDOWS + "FixedWindowsTest#testFixedOffsetWindow",
    window: { kind: "tumbling", size: 10, offset: 5 },
    steps: [...at(1, 2, 5, 9, 10, 11, 100), end(" -5..5: 2", " 5..15: 4", " 95..105: 1")],
  },
  {
    says: "fixed windows of seconds",
    source: BEAM_WINDOWS + "FixedWindowsTest#testTimeUnit",
    window: { kind: "tumbling", size: 10 * SECOND, offset: 5 * SECOND },
    steps: [...at(1, 2, 1000, 5000, 5001, 10000), end(" -5000..5000: 3", " 5000..15000: 3")],
  },
  {
    says: "sliding windows whose size is no multiple of their period, the first below 0",
    source: BEAM_WINDOWS + "SlidingWindowsTest#testSlidingWindowsNonIntegralMultiple",
    window: { kind: "sliding", size: 7, slide: 5 },
    steps: [
      ...at(1, 2, 5, 9, 10, 11),
      end(" -5..2: 1", " 0..7: 3", " 5..12: 4", " 10..17: 2"),
    ],
  },
  {
    says: "sliding windows with gaps leave rows out",
    source: BEAM_WINDOWS + "SlidingWindowsTest#testElidings",
    window: { kind: "sliding", size: 3, slide: 10 },
    steps: [
      ...at(1, 2, 3, 5, 9, 10, 11, 100),
      end(" 0..3: 2", " 10..13: 2", " 100..103: 1"),
    ],
  },
  {
    says: "an offset moves sliding windows",
    source: BEAM_WINDOWS + "SlidingWindowsTest#testOffset",
    window: { kind: "sliding", size: 10, slide: 5, offset: 2 },
    steps: [
      ...at(1, 2, 5, 9, 10, 11),
      end(" -8..2: 1", " -3..7: 3", " 2..12: 5", " 7..17: 3"),
    ],
  },
  {
    says: "sliding windows of seconds",
    source: BEAM_WINDOWS + "SlidingWindowsTest#testTimeUnit",
    window: { kind: "sliding", size: 10 * SECOND, slide: 5 * SECOND },
    steps: [
      ...at(1, 2, 1000, 5000, 5001, 10000),
      end(" -5000..5000: 3", " 0..10000: 5", " 5000..15000: 3", " 10000..20000: 1"),
    ],
  },
  {
    says: "rows exactly a gap apart are of two sessions",
    source: BEAM_WINDOWS + "SessionsTest#testSimple",
    window: { kind: "session", gap: 10 },
    steps: [...at(0, 10, 101), end(" 0..10: 1", " 10..20: 1", " 101..111: 1")],
  },
  {
    says: "a session ends a gap after its last row",
    source: BEAM_WINDOWS + "SessionsTest#testConsecutive",
    window: { kind: "session", gap: 10 },
    steps: [...at(1, 2, 5, 9, 100, 101), end(" 1..19: 4", " 100..111: 2")],
  },
  {
    says: "rows in any order come to the same sessions",
    source: BEAM_WINDOWS + "SessionsTest#testMerging",
    window: { kind: "session", gap: 10 },
    steps: [...at(1, 15, 30, 100, 101, 95, 22, 10), end(" 1..40: 5", " 95..111: 3")],
  },
  {
    says: "sessions with a gap of a second",
    source: BEAM_WINDOWS + "SessionsTest#testTimeUnit",
    window: { kind: "session", gap: SECOND },
    steps: [
      ...at(1, 2, 1000, 5000, 5001, 10000),
      end(" 1..2000: 3", " 5000..6001: 2", " 10000..11000: 1"),
    ],
  },
  {
    says: "a session fires once when the watermark passes its end and its lateness at once",
    source: BEAM_RUNNER + "ReduceFnRunnerTest#testSessionEowAndGcTogether",
    window: { kind: "session", gap: 10 },
    lateness: 50,
    timings: true,
    steps: [mark(0), ["", 1], mark(100, " 1..11: 1"), end()],
  },
  {
    says: "a fixed window fires once when the watermark passes its end and its lateness at once",
    source: BEAM_RUNNER + "ReduceFnRunnerTest#testFixedWindowsEowAndGcTogether",
    window: { kind: "tumbling", size: 10 },
    lateness: 50,
    timings: true,
    steps: [mark(0), ["", 1], mark(100, " 0..10: 1"), end()],
  },
  {
    says: "a window fires on time when the watermark has reached its end, and is late after",
    source: BEAM_RUNNER + "ReduceFnRunnerTest#testOnlyOneOnTimePane",
    window: { kind: "tumbling", size: 10 },
    lateness: 100,
    timings: true,
    steps: [
      mark(0),
      ["", 1, 1],
      mark(10, " 0..10: 1"),
      ["", 3, 3],
      mark(10, " 0..10: 4 late"),
      end(),
    ],
  },
  {
    says: "the pane on time comes also when nothing came since an early one",
    source: BEAM_RUNNER + "ReduceFnRunnerTest#noEmptyPanesFinalIfNonEmpty",
    window: { kind: "tumbling", size: 10 },
    lateness: 100,
    trigger: { everyRows: 2 },
    timings: true,
    steps: [
      mark(0),
      ["", 1, 1],
      ["", 2, 2],
      mark(0, " 0..10: 3 early"),
      mark(20, " 0..10: 3"),
      mark(250),
      end(),
    ],
  },
  {
    says: "the pane on time is empty when panes discard and an early one had all rows",
    source: BEAM_RUNNER + "ReduceFnRunnerTest#testPaneInfoAllStatesAfterWatermark",
    window: { kind: "tumbling", size: 10 },
    lateness: 100,
    trigger: { everyRows: 2, mode: "discarding" },
    timings: true,
    steps: [
      mark(0),
      ["", 1, 1],
      ["", 2, 2],
      mark(0, " 0..10: 3 early"),
      mark(50, " 0..10: null"),
      end(),
    ],
  },
  {
    says: "early panes accumulate until the one on time, of each row",
    source: BEAM_RUNNER +
      "ReduceFnRunnerTest#testEmptyOnTimeWithOnTimeBehaviorBackwardCompatibility",
    window: { kind: "tumbling", size: 10 },
    trigger: { everyRows: 1 },
    timings: true,
    steps: [mark(0), ["", 1], mark(11, " 0..10: 1 early", " 0..10: 1"), end()],
  },
  {
    says: "sessions are merged before they give a result",
    source: BEAM_RUNNER + "ReduceFnRunnerTest#testMergeBeforeFinalizing",
    window: { kind: "session", gap: 10 },
    trigger: { mode: "discarding" },
    timings: true,
    steps: [["", 1, 1], ["", 10, 10], mark(100, " 1..20: 11"), end()],
  },
  {
    says: "a row counts in those of its sliding windows that have not fired",
    source: BEAM_RUNNER + "ReduceFnRunnerTest#testDropDataMultipleWindowsFinishedTrigger",
    window: { kind: "sliding", size: 100, slide: 30 },
    late: 1,
    steps: [
      ["", 23, 10],
      ["", 40, 12],
      mark(70, " -60..40: 10", " -30..70: 22"),
      ["", 60, 14],
      mark(130, " 0..100: 36", " 30..130: 26"),
      ["", 40, 16],
      end(" 60..160: 14"),
    ],
  },
  {
    says: "a row of a window that has ended is dropped, one behind the watermark is not",
    source: BEAM_RUNNER + "LateDataDroppingDoFnRunnerTest#testLateDataFilter",
    window: { kind: "tumbling", size: 10 },
    late: 1,
    steps: [mark(15), ...at(13, 5, 16, 18), end(" 10..20: 3")],
  },
  {
    says: "a global window gives what is left when the watermark reaches the end of time",
    source: BEAM_RUNNER + "ReduceFnRunnerTest#fireNonEmptyOnDrainInGlobalWindow",
    window: { kind: "global" },
    trigger: { everyRows: 3, mode: "discarding" },
    timings: true,
    steps: [
      mark(0),
      ...at(...Array(20).keys()),
      mark(0, ...Array(6).fill(" -Infinity..Infinity: 3 early")),
      end(" -Infinity..Infinity: 2"),
    ],
  },
];

import {
  end,
  type FactMark,
  type FactRow,
  HOUR,
  mark,
  MINUTE,
  type SemanticsCase,
} from "./semantics_cases.ts";

/** Flink's watermark t says that all rows up to and with t have come. */
function flinkMark(at: number, ...gives: string[]): FactMark {
  return mark(at + 1, ...gives);
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
    says: "late rows that are near each other make no session of their own",
    source: FLINK_TESTS + "WindowOperatorTest#testSideOutputDueToLatenessSessionZeroLateness" +
      "PurgingTrigger",
    window: { kind: "session", gap: 3000 },
    trigger: { mode: "discarding" },
    late: 2,
    steps: [
      ...SESSIONS_OF_3_S,
      ["key2", 10100],
      ["key2", 14500],
      flinkMark(20000, "key2 14500..17500: 1"),
      end(),
    ],
  },
  {
    says: "a late row makes the session longer that it touches, whose other rows were discarded",
    source: FLINK_TESTS + "WindowOperatorTest#testDropDueToLatenessSessionWithLateness" +
      "PurgingTrigger",
    window: { kind: "session", gap: 3000 },
    lateness: 10,
    trigger: { mode: "discarding" },
    steps: [
      ...SESSIONS_OF_3_S,
      flinkMark(14600, "key2 10000..14600: 1"),
      ["key2", 14500],
      flinkMark(20000, "key2 10000..17500: 1"),
      end(),
    ],
  },
  {
    says: "a late row joins sessions that have fired, whose rows were discarded",
    source: FLINK_TESTS + "WindowOperatorTest#testNotSideOutputDueToLatenessSessionWithHuge" +
      "LatenessPurgingTrigger",
    window: { kind: "session", gap: 3000 },
    lateness: 10000,
    trigger: { mode: "discarding" },
    steps: [
      ...SESSIONS_OF_3_S,
      flinkMark(14600, "key2 1000..14600: 1"),
      ["key2", 14500],
      flinkMark(20000, "key2 1000..17500: 1"),
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

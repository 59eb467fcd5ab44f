import type { OracleTrigger } from "./oracle.ts";
import { end, type FactRow, HOUR, mark, MINUTE, type SemanticsCase } from "./semantics_cases.ts";

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

import { end, type FactRow, mark, SECOND, type SemanticsCase } from "./semantics_cases.ts";

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
    says: "the empty pane on time comes also when the lateness is over at once",
    source: BEAM_RUNNER + "ReduceFnRunnerTest#testPaneInfoFinalAndOnTime",
    window: { kind: "tumbling", size: 10 },
    lateness: 100,
    trigger: { everyRows: 2, mode: "discarding" },
    timings: true,
    steps: [
      mark(0),
      ["", 1, 1],
      ["", 2, 2],
      mark(0, " 0..10: 3 early"),
      mark(150, " 0..10: null"),
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
    says: "a row whose own session would be over is dropped, though it touches one that is kept",
    source: BEAM_RUNNER +
      "LateDataDroppingDoFnRunner, which judges the window of each row before " +
      "windows are merged; so does the DirectRunner of 2.65.0",
    window: { kind: "session", gap: 17 },
    late: 1,
    steps: [["", 68, 1], mark(84), ["", 57, 2], end(" 68..85: 1")],
  },
  {
    says:
      "the same with allowed lateness: what the row itself would make counts, not what it joins",
    source: BEAM_RUNNER + "LateDataDroppingDoFnRunner, and the DirectRunner of 2.65.0",
    window: { kind: "session", gap: 4 },
    lateness: 7,
    timings: true,
    late: 1,
    steps: [mark(113), ["", 104, 1], ["", 101, 2], end(" 104..108: 1 late")],
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

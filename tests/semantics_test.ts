import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  count,
  from,
  type PipelineOptions,
  type SemanticsPreset,
  SlidingWindow,
  sum,
  TrailingWindow,
} from "../mod.ts";
import { PipelineDriver } from "../src/testing/mod.ts";
import {
  oracle,
  type OracleResult,
  type OracleRow,
  type OracleSemantics,
} from "./support/oracle.ts";
import { exactly } from "./support/oracle_aggregates.ts";
import { pipelineWindow } from "./support/oracle_windows.ts";
import { BEAM_CASES } from "./support/semantics_beam.ts";
import type { FactMark, SemanticsCase } from "./support/semantics_cases.ts";
import { FLINK_CASES } from "./support/semantics_flink.ts";
import { KAFKA_CASES } from "./support/semantics_kafka.ts";

const ENGINES = { flink: FLINK_CASES, kafka: KAFKA_CASES, beam: BEAM_CASES } as const;

function semanticsOf(engine: keyof typeof ENGINES, { window }: SemanticsCase): OracleSemantics {
  if (engine === "beam") {
    return { sessionsTouch: false, sessionLateBy: "alone", emptyOnTime: true };
  }
  if (engine === "flink") return {};
  const closing = window.kind === "session" ? "passed" : "reached";
  return { sessionEnd: "last", negativeStarts: false, closing };
}

function isMark(step: SemanticsCase["steps"][number]): step is FactMark {
  return "gives" in step;
}

/** The steps of a case as rows with the watermark before each, and where each mark stands. */
function stepsOf({ steps, bound = Infinity }: SemanticsCase) {
  const rows: OracleRow[] = [];
  const marks: (FactMark & { row: number })[] = [];
  let [greatest, watermark] = [-Infinity, -Infinity];
  for (const step of steps) {
    if (isMark(step)) {
      watermark = Math.max(watermark, step.at);
      marks.push({ ...step, row: rows.length });
      continue;
    }
    const [key, time, value = 1] = step;
    rows.push({ time, keys: [key], values: { value }, watermark });
    greatest = Math.max(greatest, time);
    watermark = Math.max(watermark, greatest - bound);
  }
  return { rows, marks };
}

/** A result as the cases write it. */
function written(
  { keys, windowStart, windowEnd, values, timing, retracts }: OracleResult,
  timings = false,
): string {
  const name = `${keys[0]} ${windowStart}..${windowEnd}`;
  if (retracts) return `- ${name}`;
  return `${name}: ${values.sum}${timings && timing !== "onTime" ? ` ${timing}` : ""}`;
}

/** Far more disorder than there is: only what is said moves the watermark. */
const ANY_DISORDER = 1e14;

/** A pipeline that follows the rules of an engine, and nothing else that is not said. */
function driverOf(engine: SemanticsPreset, given: SemanticsCase): PipelineDriver<unknown> {
  const { window, bound = ANY_DISORDER, lateness = 0, trigger } = given;
  const options: PipelineOptions = {
    semantics: engine,
    ...(lateness > 0 && { lateData: "update", allowedLateness: lateness }),
  };
  const windowed = from([{ at: 0, key: "", value: 0 }], options)
    .timestamps("at", { maxDisorder: bound }).keyBy("key").window(pipelineWindow(window));
  const aggregates = { sum: sum("value"), n: count() };
  const { mode, ...rest } = trigger ?? {};
  // Every row at once is what Kafka Streams does by itself.
  if (!trigger || (engine === "kafka" && trigger.everyRows === 1)) {
    return new PipelineDriver(windowed.aggregate(aggregates));
  }
  return new PipelineDriver(
    windowed.trigger({ ...rest, ...(mode && { panes: mode }) }).aggregate(aggregates),
  );
}

type Row = Readonly<Record<string, unknown>>;

function writtenRow(row: Row, timings = false): string {
  const { windowStart, windowEnd, paneTiming = "onTime", rowKind } = row;
  const name = `${row.key} ${windowStart ?? -Infinity}..${windowEnd ?? Infinity}`;
  if (rowKind === "delete" || rowKind === "updateBefore") return `- ${name}`;
  return `${name}: ${row.sum}${timings && paneTiming !== "onTime" ? ` ${paneTiming}` : ""}`;
}

for (const [engine, cases] of Object.entries(ENGINES)) {
  for (const given of cases) {
    Deno.test(`semantics: "${engine}" makes pipelines do so: ${given.says}`, () => {
      const driver = driverOf(engine as SemanticsPreset, given);
      for (const step of given.steps) {
        if (!isMark(step)) {
          const [key, at, value = 1] = step;
          driver.pipe([{ at, key, value }]);
          continue;
        }
        if (step.at === Infinity) driver.end();
        else driver.advanceWatermark(step.at);
        const results = driver.results() as Row[];
        assertEquals(results.map((row) => writtenRow(row, given.timings)), step.gives);
      }
      assertEquals(driver.late().length, given.late ?? 0);
    });
  }
}

for (const [engine, cases] of Object.entries(ENGINES)) {
  for (const given of cases) {
    Deno.test(`${engine}, by definition: ${given.says}`, () => {
      const { window, lateness = 0, trigger, timings } = given;
      const { rows, marks } = stepsOf(given);
      const semantics = semanticsOf(engine as keyof typeof ENGINES, given);
      const { results, late } = oracle({
        rows,
        window,
        aggregates: { sum: exactly.sum("value") },
        allowedLateness: lateness,
        lateData: lateness > 0 ? "update" : "drop",
        semantics,
        ...(trigger && { trigger }),
      });
      // What a watermark sets off comes before the rows that it is before.
      const isBy = ({ at, row }: OracleResult, mark: FactMark & { row: number }) =>
        row < 0 ? at <= mark.at : row < mark.row;
      let from = 0;
      for (const mark of marks) {
        const next = results.findIndex((result, at) => at >= from && !isBy(result, mark));
        const to = next < 0 ? results.length : next;
        const given = results.slice(from, to).map((result) => written(result, timings));
        assertEquals(given, mark.gives, `at ${mark.at}`);
        from = to;
      }
      assertEquals(late.length, given.late ?? 0);
    });
  }
}

Deno.test("every engine is held to at least 15 facts, each with its source", () => {
  for (const cases of Object.values(ENGINES)) {
    assert(cases.length >= 15);
    assert(cases.every(({ source }) => source.length > 0));
    assertEquals(new Set(cases.map(({ says }) => says)).size, cases.length);
  }
});

Deno.test("semantics may be switches of one's own beside those of an engine", () => {
  const rows = [{ at: 3, value: 1 }, { at: 12, value: 2 }, { at: 25, value: 4 }];
  const results = (semantics: PipelineOptions["semantics"]) => {
    const driver = new PipelineDriver(
      from([{ at: 0, value: 0 }], { ...(semantics && { semantics }) }).timestamps("at")
        .window(new SlidingWindow({ size: 10, slide: 7, offset: 2 }))
        .aggregate({ sum: sum("value") }),
    );
    driver.pipe(rows);
    driver.end();
    return driver.results().map(({ windowStart, sum }) => [windowStart, sum]);
  };
  const fromZero = [[2, 1], [9, 2], [16, 4], [23, 4]];
  const all = [[-5, 1], ...fromZero];
  assertEquals(results(undefined), all);
  assertEquals(results("flink"), all);
  assertEquals(results("beam"), all);
  assertEquals(results("kafka"), fromZero);
  assertEquals(results({ like: "kafka", results: "atEnd" }), fromZero);
  assertEquals(results({ negativeStarts: false }), fromZero);
  assertEquals(results({ like: "kafka", negativeStarts: true }), all);
});

Deno.test('semantics: "kafka" leaves windows alone that give their results by themselves', () => {
  const driver = new PipelineDriver(
    from([{ at: 0 }], { semantics: "kafka" }).timestamps("at")
      .window(new TrailingWindow({ duration: 10 })).aggregate({ n: count() }),
  );
  driver.pipe([{ at: 5 }, { at: 12 }, { at: 14 }]);
  assertEquals(driver.results().map(({ windowStart, n }) => [windowStart, n]), [[0, 1], [2, 2]]);
});

Deno.test("semantics that there are not are refused, with what there is", () => {
  const refused = (semantics: unknown) => () => from([], { semantics: semantics as "flink" });
  assertThrows(refused("spark"), TypeError, 'one of "flink", "kafka", "beam", received "spark"');
  assertThrows(refused({ like: "storm" }), TypeError, "like must be one of");
  assertThrows(refused({ sessionTouch: true }), TypeError, "did you mean sessionsTouch?");
  assertThrows(refused({ sessionEnd: "middle" }), TypeError, "sessionEnd");
  assertThrows(refused({ sessionLateBy: "window" }), TypeError, "sessionLateBy must be one of");
  assertThrows(refused({ emptyOnTime: 1 }), TypeError, "must be true or false, received 1");
  assertThrows(refused(null), TypeError, "received null");
});

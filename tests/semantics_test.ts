import { assert, assertEquals } from "@std/assert";
import {
  oracle,
  type OracleResult,
  type OracleRow,
  type OracleSemantics,
} from "./support/oracle.ts";
import { exactly } from "./support/oracle_aggregates.ts";
import {
  BEAM_CASES,
  type FactMark,
  FLINK_CASES,
  KAFKA_CASES,
  type SemanticsCase,
} from "./support/semantics_cases.ts";

const ENGINES = { flink: FLINK_CASES, kafka: KAFKA_CASES, beam: BEAM_CASES } as const;

function semanticsOf(engine: keyof typeof ENGINES, { window }: SemanticsCase): OracleSemantics {
  if (engine === "beam") return { sessionsTouch: false, emptyOnTime: true };
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

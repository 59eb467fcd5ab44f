import { placesOfCondition, placesOfValue } from "../batch/expressions/placement.ts";
import { printExpression } from "../batch/expressions/print.ts";
import type { Schema } from "../batch/schema.ts";
import { fieldName } from "../batch/schema_check.ts";
import type { StepSpec } from "../hive/row_steps.ts";
import type { FunctionStepSpec } from "../hive/step_function.ts";
import { spellDuration } from "../runtime/duration.ts";
import { BoundedDisorder } from "../windows/bounded_disorder.ts";
import { canAlign } from "./alignment.ts";
import { longestBody, whyDecodedOnMain } from "./block_plan.ts";
import { eventTimesOf } from "./calendar_plan.ts";
import type { DeliveryGuarantee } from "./delivery_guarantee.ts";
import {
  type Entry,
  type Explained,
  placeLine,
  publisherName,
  quoted,
  schemaBefore,
} from "./explained.ts";
import { windowEntries } from "./explain_windows.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import {
  askedColumns,
  type PipelinePlan,
  type ResolvedPlan,
  resolvePlan,
  type TimePlan,
} from "./pipeline_plan.ts";
import { stageOf } from "./stage.ts";
import { hasPartitions, partitionsText, type Source } from "./source.ts";
import { settlesText } from "./settlement/settles_text.ts";

const LABEL_WIDTH = 12;
const UNKNOWN = "where it is computed is known once the columns are: after a run, or with a schema";

const MADE: Readonly<Record<NonNullable<TimePlan["made"]>, string>> = {
  results: "the last millisecond of the window that a result is of",
  clock: "the time of the clock when a row is read: results depend on when rows come",
};

/**
 * A pipeline's plan in words, step by step.
 *
 * @throws {TypeError} when the columns are known, and the plan does not fit them.
 */
export function explain(given: Explained): string {
  const settles = settlesText(given);
  const kept: Entry[] = settles === undefined ? [] : [["commits", settles]];
  return explained(given, kept);
}

/** With what is told at its end, of all stages together. */
function explained(given: Explained, atEnd: readonly Entry[]): string {
  const stage = stageOf(given.source);
  const results = [...entriesOf(given), ...atEnd].map(printed).join("\n");
  if (!stage) return results;
  return `${explained(stage.parts, [])}\n\nand of these results, on bees of their own:\n${results}`;
}

function entriesOf(given: Explained): Entry[] {
  const resolved = given.resolved ?? resolvedBySchema(given);
  return [
    ...sourceEntries(given, resolved),
    ...timeEntries(given.plan, given.source),
    ...(resolved?.steps ?? given.plan.steps).slice(0, given.plan.steps.length)
      .map((step, at) => stepEntry(step, resolved && schemaBefore(resolved, at))),
    ...windowEntries(given, resolved),
    ...resultEntries(given, resolved),
    ["lost bees", ...promise(given)],
  ];
}

function printed([label, ...lines]: Entry): string {
  return lines.map((line, at) => (at === 0 ? label : "").padEnd(LABEL_WIDTH) + line).join("\n");
}

function resolvedBySchema({ source, plan }: Explained): ResolvedPlan | undefined {
  const { schema } = source;
  return schema && resolvePlan(plan, eventTimesOf(plan, schema)?.schema ?? schema);
}

/** The columns of the results of a pipeline, as far as they are known before it runs. */
export function explainedSchema(given: Explained): Schema | undefined {
  const schema = resolvedBySchema(given)?.resultSchema;
  return schema && !given.plan.ordered ? schema : undefined;
}

function sourceEntries({ source, plan, settings }: Explained, resolved?: ResolvedPlan): Entry[] {
  const apart = !hasPartitions(source)
    ? ""
    : `, ${partitionsText(source)}, each with an order and a watermark of its own`;
  const asked = askedColumns(plan);
  const names = resolved?.source.fields.map(({ name }) => name);
  const known = names ? `, ${names.length}: ${quoted(names)}` : ", which are not known yet";
  const of = names && asked
    ? `, of ${names.length} ${names.length === 1 ? "column" : "columns"}`
    : "";
  const columns = asked ? `${quoted(asked) || "no column"}${of}` : `all columns${known}`;
  const wholeFor = [
    ...(settings.badRecords === "deadLetter" ? ["the dead letters"] : []),
    ...(settings.lateOutput !== undefined && hasWindows(plan) ? ["the late rows"] : []),
  ];
  const whole = asked && wholeFor.length > 0
    ? [`all columns go to the bees, for ${wholeFor.join(" and ")}`]
    : [];
  return [
    ["source", source.name + apart],
    ["reads", columns, ...whole],
    ...decodingEntries({ source, plan, settings }),
  ];
}

/** Who decodes the records of a source that has bytes. */
function decodingEntries(
  { source, plan, settings }: Pick<Explained, "source" | "plan" | "settings">,
): Entry[] {
  if (source.recordBytes === undefined) return [];
  const maxBytes = longestBody(settings.ringBytes);
  const why = whyDecodedOnMain({ source, plan, maxBytes });
  return [["decoded", why === undefined ? "by the bees" : `on the main thread, because ${why}`]];
}

function hasWindows({ window, ordered }: PipelinePlan): boolean {
  return window !== undefined || ordered !== undefined;
}

function timeEntries(plan: PipelinePlan, source: Source): Entry[] {
  const { time } = plan;
  if (!time) return [];
  const { column, format, made } = time;
  if (made && !hasWindows(plan)) return [];
  if (made) return [["event time", MADE[made]], ["watermark", ...watermarkLines(time)]];
  const as = format
    ? `as ${JSON.stringify(format)}`
    : `in the format of its type ("iso" of text, "date" of dates, "ms" else)`;
  const [watermark, ...idle] = watermarkLines(time);
  return [
    ["event time", `${quoted([column])}, ${as}; read in JavaScript, in the order of the source`],
    [
      "watermark",
      hasWindows(plan) ? watermark : `${watermark}; without windows nothing asks for it`,
      ...idle,
      ...alignmentLines(time, source),
    ],
  ];
}

function alignmentLines({ maxDriftMs }: TimePlan, source: Source): string[] {
  if (maxDriftMs === undefined) return [];
  if (!canAlign(source)) return ["its partitions cannot be aligned, so that a run is refused"];
  return !hasPartitions(source)
    ? ["there is one partition, which waits for no other"]
    : [`a partition more than ${spellDuration(maxDriftMs)} ahead of another is not read meanwhile`];
}

function watermarkLines({ bound, watermarks }: TimePlan): string[] {
  const { strategy = new BoundedDisorder({ maxDisorder: bound }), idle } = watermarks ?? {};
  if (!idle) return [strategy.describe()];
  const clock = idle.clock === "wall" ? "the wall clock" : "event time";
  const after = `${spellDuration(idle.afterMs)} of ${clock}`;
  return [strategy.describe(), `a partition without rows for ${after} does not hold it back`];
}

function stepEntry(step: StepSpec, schema: Schema | undefined): Entry {
  if ("fn" in step) return functionEntry(step);
  const { kind, node, ...more } = step;
  const label = "name" in more ? `${quoted([more.name])} = ` : "";
  const text = label + printExpression(node);
  if (!schema) return [kind, text, UNKNOWN];
  const places = kind === "filter" ? placesOfCondition(node, schema) : placesOfValue(node, schema);
  // What is one piece is not told twice.
  const whole = printExpression(node);
  return [kind, text, ...places.map((place) => placeLine(place, whole))];
}

function functionEntry({ kind, title, schema }: FunctionStepSpec): Entry {
  const where = "  in JavaScript, row by row, because it is a function";
  if (kind === "filterBy") return ["filter", title, where];
  const columns = schema
    ? `its columns: ${schema.fields.map(fieldName).join(", ")}`
    : "its columns are those of the first row that it gives";
  return [kind, title, where, `  ${columns}`];
}

function resultEntries({ plan, publisher, results }: Explained, resolved?: ResolvedPlan): Entry[] {
  const order = plan.ordered
    ? "what set them off, a row or the watermark, then of windows and keys"
    : plan.window
    ? "windows and then keys"
    : "the source";
  const columns = resolved?.resultSchema?.fields.map(fieldName).join(", ") ??
    "its columns are known once those of the source are";
  return [
    ["results", `in the order of ${order}: ${columns}`],
    ...results.map(({ kind, does }): Entry => [kind, does]),
    ...(publisher ? [["publisher", publisherName(publisher)] as const] : []),
  ];
}

/** What each guarantee comes to. */
function promises(
  { checkpointBatches, badRecords }: PipelineSettings,
  hasWindows: boolean,
): Readonly<Record<DeliveryGuarantee, { words: string; how: readonly string[] }>> {
  const back = `all go back to the last checkpoint, one every ${
    checkpointBatches === 1 ? "batch" : `${checkpointBatches} batches`
  }`;
  const again = hasWindows ? back : "its unfinished batches are sent again";
  const fate = { fail: "fails the run", skip: "is skipped", deadLetter: "is dead-lettered" };
  const guilty = `a record that costs two bees ${fate[badRecords]}`;
  const twice = hasWindows ? "results since then leave again" : "what of them left leaves again";
  const rest = hasWindows ? `for the rest ${back}` : "the others go on as they are";
  const given = "what it had in flight is given up, and counted as lost";
  return {
    atMostOnce: { words: "at most once", how: [given, `${rest}; no result leaves twice`] },
    atLeastOnce: { words: "at least once", how: [again, `${twice}; ${guilty}`] },
    exactlyOnce: { words: "exactly once", how: [again, `no result leaves twice; ${guilty}`] },
  };
}

/** What holds when a bee is lost, and what does not when the process is. */
function promise({ plan, settings, publisher }: Explained): string[] {
  const { workers, maxLostBees, deliveryGuarantee } = settings;
  const bees = workers === 1 ? "1 bee works" : `${workers} bees work`;
  const { words, how } = promises(settings, hasWindows(plan))[deliveryGuarantee];
  return [
    `${words}: ${bees}; one that is lost is replaced, up to ${maxLostBees} of them, and ${how[0]};`,
    ...how.slice(1),
    publisher
      ? "this holds while the process lives: when it dies, what was published so far stays, the rest is lost"
      : "this holds while the process lives: when it dies, all that was in flight is lost",
  ];
}

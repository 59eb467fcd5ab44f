import { placesOfValue } from "../batch/expressions/placement.ts";
import type { Schema } from "../batch/schema.ts";
import type { AggregateSpec } from "../windows/aggregate.ts";
import { mayNeedFunctions, whyNotNumbers } from "../windows/aggregate_types.ts";
import { spellDuration } from "../runtime/duration.ts";
import { whySessionsInJavaScript } from "../windows/session_place.ts";
import { aggregateText } from "./aggregate_text.ts";
import {
  type Entry,
  type Explained,
  placeLine,
  publisherName,
  quoted,
  schemaBefore,
} from "./explained.ts";
import type { OrderedPlan, PipelinePlan, ResolvedPlan } from "./pipeline_plan.ts";
import { rulesText } from "./semantics_options.ts";
import { hasPartitions, type Source } from "./source.ts";
import { isUntimedWindow } from "./window_plan.ts";
import { triggerText, windowText } from "./window_text.ts";

/** Keys, windows, late rows and aggregates, as far as there are any. */
export function windowEntries(given: Explained, resolved?: ResolvedPlan): Entry[] {
  const { plan } = given;
  const { keys = [], window, calendar, ordered, aggregates = {} } = plan;
  const schema = resolved && schemaBefore(resolved, plan.steps.length);
  const aggregated = resolved && schemaBefore(resolved, resolved.steps.length);
  const why = ordered && whyInJavaScript(ordered, { keys, schema: aggregated });
  const places = ordered && why !== IN_KERNEL ? () => IN_JAVASCRIPT : placesOf(plan, aggregated);
  const computed = Object.entries(aggregates).flatMap(([name, spec]) =>
    aggregateLines(name, spec, { schema, place: places(name) })
  );
  if (ordered) return orderedEntries(given, { ...ordered, why }, computed);
  if (!window) return keys.length > 0 ? [["keyBy", quoted(keys)]] : [];
  return [
    ["keyBy", keyText(keys)],
    ["window", windowText(calendar?.window ?? window)],
    ...rulesEntries(given),
    ...(isLateable(plan) ? [["late rows", lateEntry(given)] as const] : []),
    ...(computed.length > 0 ? [["aggregate", ...computed] as const] : []),
  ];
}

function keyText(keys: readonly string[]): string {
  return keys.length > 0 ? quoted(keys) : "nothing: one group a window";
}

const IN_JAVASCRIPT = "in JavaScript";
const IN_KERNEL = "";

/** Where the aggregates of windows are computed that bees aggregate rows in any order for. */
function placesOf(
  { aggregates = {} }: PipelinePlan,
  schema: Schema | undefined,
): (name: string) => string {
  if (!schema) {
    const unknown = "in the kernel, in JavaScript of what is no number or time";
    return (name) => mayNeedFunctions(aggregates[name]) ? unknown : "in the kernel";
  }
  const reasons = Object.entries(aggregates).flatMap(([name, spec]): [string, string][] => {
    const why = whyNotNumbers(spec, schema);
    return why === undefined ? [] : [[name, why]];
  });
  if (reasons.length === 0) return () => "in the kernel";
  const known = new Map(reasons);
  const beside = `${IN_JAVASCRIPT}, beside ${quoted([reasons[0][0]])}`;
  return (name) => known.has(name) ? `${IN_JAVASCRIPT}, because ${known.get(name)}` : beside;
}

/** Why sessions are kept in JavaScript, empty where they are not; `undefined` of other windows. */
function whyInJavaScript(
  { operator }: OrderedPlan,
  { keys, schema }: { keys: readonly string[]; schema: Schema | undefined },
): string | undefined {
  if (operator.kind !== "windows" || operator.windows.window.kind !== "session") return undefined;
  const placed = { ...operator, keys, ...(schema && { schema }) };
  return whySessionsInJavaScript(placed) ?? IN_KERNEL;
}

function orderedEntries(
  given: Explained,
  { text, because, why }: OrderedPlan & { readonly why: string | undefined },
  lines: string[],
): Entry[] {
  const { keys = [], windowing } = given.plan;
  const { trigger } = windowing ?? {};
  return [
    ["keyBy", keyText(keys)],
    [
      "window",
      text,
      `  rows go to the owner of their key in the order of the source, because ${because}`,
      ...(why === undefined ? [] : [
        why === IN_KERNEL ? "  kept in the kernel" : `  kept in JavaScript, because ${why}`,
      ]),
    ],
    ...(trigger ? [["trigger", triggerText(trigger)] as const] : []),
    ...rulesEntries(given),
    ...(isLateable(given.plan) ? [["late rows", lateEntry(given)] as const] : []),
    ...(lines.length > 0 ? [["aggregate", ...lines] as const] : []),
  ];
}

/** Whose rules windows follow, where they are others than Flink's. */
function rulesEntries({ settings }: Explained): Entry[] {
  const text = rulesText(settings.semantics);
  return text === undefined ? [] : [["semantics", text]];
}

/** An aggregate, and how the columns come about that it is of. */
function aggregateLines(
  name: string,
  spec: AggregateSpec,
  { schema, place }: { schema: Schema | undefined; place: string },
): string[] {
  const { computed = [] } = spec;
  const lines = computed.flatMap(({ node }) => schema ? placesOfValue(node, schema) : []);
  return [
    `${quoted([name])} = ${aggregateText(spec)}: ${place}`,
    ...lines.map((place) => placeLine(place, "")),
  ];
}

/** No row is late for windows without an end in time, nor by the clock. */
function isLateable({ windowing, time }: PipelinePlan): boolean {
  return time !== undefined && time.made !== "clock" &&
    !(windowing && isUntimedWindow(windowing.assigner));
}

function lateEntry({ plan, source, settings }: Explained): string {
  const { lateData, allowedLatenessMs, lateOutput: target } = settings;
  const to = typeof target === "object" ? publisherName(target) : "a callback";
  if (lateData === "update") {
    return `revise what their windows gave, until ${spellDuration(allowedLatenessMs)} after the ` +
      `end; those after that ${target === undefined ? "dropped" : `to ${to}`} and counted`;
  }
  const idle = allowedLatenessMs === 0
    ? ""
    : `; allowedLateness changes nothing without lateData: "update"`;
  if (lateData === "drop") {
    return `dropped and counted; told apart ${lateness(plan, source)}${idle}`;
  }
  const where = plan.ordered ? lateness(plan, source) : "in JavaScript, row by row";
  return `to ${to}, and counted; told apart ${where}, because each is handed out${idle}`;
}

function lateness(
  { time, steps, ordered, aggregates = {} }: PipelinePlan,
  source: Source,
): string {
  if (ordered) return "by the owner of their key";
  if (time?.lateBy === "partition") return "by the watermark of their own partition";
  if (steps.length > 0 || Object.values(aggregates).some(({ computed }) => computed)) {
    return "in JavaScript, row by row, because rows that a step leaves out move the watermark too";
  }
  if (time?.watermarks) return "in the kernel, by watermarks that JavaScript decides row by row";
  return hasPartitions(source)
    ? "in JavaScript, row by row, while other partitions hold the watermark back; then in the kernel"
    : "in the kernel";
}

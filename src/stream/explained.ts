import type { Placement } from "../batch/expressions/placement.ts";
import type { Schema } from "../batch/schema.ts";
import { makeStep } from "../hive/make_step.ts";
import { RowSteps } from "../hive/row_steps.ts";
import type { PipelineSettings } from "./pipeline_options.ts";
import type { PipelinePlan, ResolvedPlan } from "./pipeline_plan.ts";
import type { Publisher } from "./publisher.ts";
import type { ResultStep } from "./result_steps.ts";
import type { Source } from "./source.ts";

/** What is explained. */
export interface Explained {
  readonly source: Source;
  readonly plan: PipelinePlan;
  readonly settings: PipelineSettings;
  /** Of the last run, if there was one. */
  readonly resolved?: ResolvedPlan;
  readonly publisher?: Publisher;
  /** What is done to result batches. */
  readonly results: readonly ResultStep[];
}

/** A label, and lines to stand behind it. */
export type Entry = readonly [label: string, ...lines: string[]];

/** The columns that come to a step, as far as they are known. */
export function schemaBefore({ source, steps }: ResolvedPlan, step: number): Schema | undefined {
  using before = new RowSteps(steps.slice(0, step), source, { makeStep });
  return before.isReady ? before.schema : undefined;
}

/** Names as they stand in a text. */
export function quoted(names: Iterable<string>): string {
  return [...names].map((name) => JSON.stringify(name)).join(", ");
}

/** What a publisher is called. */
export function publisherName(publisher: Publisher): string {
  const { name } = publisher.constructor;
  return name && name !== "Object" ? name : "an object with publish() and flush()";
}

const PLACES: Readonly<Record<Placement["place"], string>> = {
  kernel: "in the kernel, a column at a time",
  JavaScript: "in JavaScript, row by row",
  dictionary: "in JavaScript, once for each entry of a dictionary",
  "handed on": "handed on as it is",
};

/** Where a part of an expression is computed. */
export function placeLine({ name, text, place, why }: Placement, whole: string): string {
  const part = name === undefined ? text : `${quoted([name])} = ${text}`;
  return `  ${part === whole ? "" : `${part}: `}${PLACES[place]}${why ? `, because ${why}` : ""}`;
}

import type { PipelineOptions } from "./pipeline_options.ts";
import type { PipelinePlan, TimePlan } from "./pipeline_plan.ts";
import type { Source } from "./source.ts";
import { stageOf } from "./stage.ts";
import { UnionSource } from "./union_source.ts";

/** What a union looks at of a pipeline. */
export interface Unitable {
  readonly source: Source;
  readonly plan: PipelinePlan;
  /** As they were given. */
  readonly options: PipelineOptions;
}

/**
 * The sources of several pipelines as one, which goes on with the plan and options of the first.
 *
 * @throws {TypeError} when another pipeline has steps, event times or options that would be lost,
 *   or columns that are not the same.
 */
export function united(first: Unitable, others: readonly Unitable[]): Source {
  if (others.length === 0) {
    throw new TypeError("Cannot unite pipelines: pass at least one to union()");
  }
  for (const each of [first, ...others]) checkSteps(each);
  for (const other of others) {
    checkTimes(first, other);
    checkOptions(first, other);
  }
  return new UnionSource([first, ...others].map(({ source }) => source));
}

function checkSteps({ source, plan }: Unitable): void {
  if (stageOf(source)) {
    throw new TypeError(
      `Cannot unite pipelines: that of ${source.name} has steps before its event times or windows; ` +
        `union() comes before all steps, and they are then of all`,
    );
  }
  if (plan.steps.length === 0) return;
  const [{ kind }] = plan.steps;
  throw new TypeError(
    `Cannot unite pipelines: ${
      kind === "filterBy" ? "filter" : kind
    }() was called on that of ${source.name}; it ` +
      `comes after union(), and is then of all`,
  );
}

function checkTimes(first: Unitable, other: Unitable): void {
  const [one, two] = [first.plan.time, other.plan.time];
  if (one === two || one && two && isSameTime(one, two)) return;
  throw new TypeError(
    `Cannot unite pipelines: those of ${first.source.name} and ${other.source.name} do not take ` +
      `event times the same way; call timestamps() after union(), for all`,
  );
}

/** Whether event times are taken and watermarks made the same way. */
export function isSameTime(a: TimePlan, b: TimePlan): boolean {
  return a.column === b.column && a.format === b.format && a.bound === b.bound &&
    a.watermarks?.strategy === b.watermarks?.strategy &&
    a.watermarks?.idle?.afterMs === b.watermarks?.idle?.afterMs &&
    a.watermarks?.idle?.clock === b.watermarks?.idle?.clock && a.maxDriftMs === b.maxDriftMs &&
    a.lateBy === b.lateBy;
}

/** An option of a later pipeline would be lost, so it must be what the first one has. */
function checkOptions(first: Unitable, other: Unitable): void {
  const names = Object.keys(other.options) as (keyof PipelineOptions)[];
  const lost = names.find((name) =>
    other.options[name] !== undefined && other.options[name] !== first.options[name]
  );
  if (lost === undefined) return;
  throw new TypeError(
    `Cannot unite pipelines: that of ${other.source.name} was given another ${lost} than the ` +
      `first, whose options are those of all; give ${lost} to the first alone`,
  );
}

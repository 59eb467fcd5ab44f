import type { PipelinePlan } from "../pipeline_plan.ts";
import type { RunSpec } from "../run_spec.ts";
import type { Source } from "../source.ts";
import { type Stage, stageOf } from "../stage.ts";
import { isUntimedWindow } from "../window_plan.ts";
import { windowsAgain } from "./windows_again.ts";

/** What of a source its reader keeps as done with, in words; `undefined`: it keeps nothing. */
export function settlesText(spec: RunSpec): string | undefined {
  const { plans, source } = stagesOf(spec);
  if (!source.settles) return undefined;
  if (plans.some(isUntimed)) {
    return "nothing before the source ends, since results depend on all rows of their key: whoever " +
      "goes on reads all of them again";
  }
  const hasWindows = plans.some(({ window, ordered }) => window || ordered);
  if (!hasWindows) return "rows whose results were acknowledged";
  const oldest = "rows before the oldest open window";
  const isToldAgain = plans.length === 1 && source.settles === "windows" && windowsAgain(spec);
  return isToldAgain
    ? `${oldest}, and which windows are delivered: after a restart none comes again in part`
    : `${oldest}; after a restart a delivered one may come again with some of its rows`;
}

/** The plans one behind the other, the last first, and the source that the first reads. */
function stagesOf(spec: RunSpec): { readonly plans: PipelinePlan[]; readonly source: Source } {
  const plans = [spec.plan];
  let { source } = spec;
  for (let stage: Stage | undefined; (stage = stageOf(source));) {
    plans.push(stage.parts.plan);
    ({ source } = stage.parts);
  }
  return { plans, source };
}

function isUntimed({ windowing, window, ordered }: PipelinePlan): boolean {
  return (window || ordered) !== undefined && windowing !== undefined &&
    isUntimedWindow(windowing.assigner);
}

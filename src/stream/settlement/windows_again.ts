import type { PipelinePlan } from "../pipeline_plan.ts";
import type { RunSpec } from "../run_spec.ts";
import { windowText } from "../window_text.ts";

/**
 * By what the windows of a run are known again when another goes on where it has settled rows, so that
 * those which it has delivered are not delivered again with the rest of their rows; `undefined`: one
 * cannot say by a watermark alone which those are.
 *
 * It must be by its end alone whether a window was delivered, and a row that is late by that must have
 * been in delivered windows or late before, without anybody having wanted it. So not where windows grow
 * (sessions) or end by other rows, are revised, or feed others; nor where late rows are put aside, for
 * those that come again are not to be told from those that are late for the first time.
 */
export function windowsAgain(
  { plan, settings, keepsRows, onLate }: RunSpec,
): string | undefined {
  const { lateData, lateOutput } = settings;
  if (keepsRows !== undefined || onLate || lateOutput || lateData !== "drop") return undefined;
  const { time, feedsOn, others = [], beside = [] } = plan;
  if (!time || time.made || feedsOn || others.length + beside.length > 0) return undefined;
  const text = textOf(plan);
  return text === undefined ? undefined : `${text}; by ${time.column}`;
}

function textOf({ window, calendar, ordered }: PipelinePlan): string | undefined {
  const asked = calendar?.window ?? window;
  if (asked) return windowText(asked);
  if (ordered?.operator.kind !== "windows") return undefined;
  const { window: { kind }, trigger } = ordered.operator.windows;
  return kind === "aligned" && !trigger ? ordered.text : undefined;
}

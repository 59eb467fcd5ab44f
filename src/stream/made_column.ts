import type { ExprNode } from "../batch/expressions/node.ts";
import type { PipelinePlan } from "./pipeline_plan.ts";

/** Whether a column is not one of the source as it stands there. */
export function isMade(column: string, steps: PipelinePlan["steps"]): boolean {
  return steps.some((step) => {
    if ("fn" in step) return step.kind !== "filterBy";
    if (step.kind === "withColumn") return step.name === column;
    return step.kind === "select" && !handsOn(step.node, column);
  });
}

function handsOn(node: ExprNode, column: string): boolean {
  if (node.op !== "struct") return false;
  const part = node.args[node.names.indexOf(column)];
  return part?.op === "col" && part.name === column;
}

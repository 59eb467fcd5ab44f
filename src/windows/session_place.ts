import type { Schema } from "../batch/schema.ts";
import { isKeyType } from "../kernel/window_check.ts";
import { isKernelOp, whyOrdered } from "./aggregate_place.ts";
import { whyNotNumbers } from "./aggregate_types.ts";
import type { Aggregates } from "./aggregates.ts";
import { isGapKind } from "./session_gaps.ts";
import { FLINK_SEMANTICS } from "./window_semantics.ts";
import type { WindowOperatorSpec } from "./window_spec.ts";

/** Sessions that are to be placed. */
export interface PlacedSessions {
  readonly windows: Omit<WindowOperatorSpec, "time" | "keys">;
  readonly aggregates: Aggregates;
  readonly keys: readonly string[];
  /** Absent: not known yet. */
  readonly schema?: Schema;
}

/**
 * Why sessions are kept in JavaScript; `undefined`: they are kept in the kernel. Other windows are
 * not asked for.
 */
export function whySessionsInJavaScript(placed: PlacedSessions): string | undefined {
  return whyByWindows(placed) ?? whyByAggregates(placed) ?? whyByColumns(placed);
}

function whyByWindows({ windows }: PlacedSessions): string | undefined {
  const { trigger, revisedFor = 0, semantics } = windows;
  const { negativeStarts, closing, sessionEnd } = { ...FLINK_SEMANTICS, ...semantics };
  if (trigger !== undefined) return "a trigger gives results before or after their ends";
  if (revisedFor > 0) return "late rows revise them";
  if (!negativeStarts) return "there are none that start before 1970";
  if (closing === "passed") return "they close when their end is passed";
  return sessionEnd === "last" ? "their end is the time of their last row" : undefined;
}

function whyByAggregates({ aggregates, schema }: PlacedSessions): string | undefined {
  for (const [name, spec] of Object.entries(aggregates)) {
    const { op } = spec;
    const why = isKernelOp(op) ? schema && whyNotNumbers(spec, schema) : whyOrdered(op);
    if (why !== undefined) return `${JSON.stringify(name)} is: ${why}`;
  }
  return undefined;
}

function whyByColumns({ windows: { window }, keys, schema }: PlacedSessions): string | undefined {
  const typeOf = (column: string) => schema?.fields.find(({ name }) => name === column)?.type;
  for (const key of keys) {
    const type = typeOf(key);
    if (type && !isKeyType(type)) return `${JSON.stringify(key)} is a ${type.kind}`;
  }
  if (window.kind !== "session" || typeof window.gap === "number") return undefined;
  const gap = typeOf(window.gap.column);
  return gap && !isGapKind(gap.kind) ? `their gap is a ${gap.kind}` : undefined;
}

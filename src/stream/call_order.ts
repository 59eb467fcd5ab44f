/** How far a pipeline has been put together. */
export type Stage =
  | "rows"
  | "timed"
  | "keyed"
  | "windowed"
  | "triggered"
  | "aggregated"
  | "results";

const STEPS = "filter(), split(), map(), flatMap(), select(), withColumn()";

/** What may come after each stage, for messages. */
const NEXT: Readonly<Record<Stage, string>> = {
  rows: `union(), timestamps() or processingTime(), ${STEPS}, keyBy(), window(), or it is ` +
    `iterated or run`,
  timed: `union(), ${STEPS}, keyBy(), window(), or it is iterated or run`,
  keyed: "window()",
  windowed: "trigger(), aggregate() or reduce()",
  triggered: "aggregate() or reduce()",
  aggregated: `${STEPS}, keyBy(), window(), tap(), batch(), to(), or it is iterated or run`,
  results: "tap(), batch(), to(), or it is iterated or run",
};

/** After these a pipeline is complete. */
export const COMPLETE: readonly Stage[] = ["rows", "timed", "aggregated", "results"];

/**
 * What may be called now, for those whose program is not type-checked: the interfaces of pipelines say
 * the same at compile time.
 *
 * @throws {TypeError} when the pipeline does not stand where it may be called.
 */
export function checkStage(stage: Stage, allowed: readonly Stage[], doing: string): void {
  if (allowed.includes(stage)) return;
  throw new TypeError(
    `Cannot ${doing}: after what was called so far comes ${NEXT[stage]}; the order is ` +
      `from(), timestamps(), ${STEPS}, keyBy(), window(), ` +
      `trigger(), aggregate(), tap() and batch(), to()`,
  );
}

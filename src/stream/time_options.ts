import { milliseconds } from "../runtime/duration.ts";
import { knownOptions, type OptionRule, received } from "../runtime/known_options.ts";
import { BoundedDisorder } from "../windows/bounded_disorder.ts";
import { WatermarkStrategy } from "../windows/watermark_strategy.ts";
import type { IdleRule } from "../windows/watermark_tracker.ts";
import type {
  AlignmentOptions,
  IdleOptions,
  LateBy,
  TimestampOptions,
} from "./timestamp_options.ts";
import type { TimePlan } from "./pipeline_plan.ts";

const OPTIONS: OptionRule<TimestampOptions> = {
  doing: "take event times",
  names: {
    format: true,
    maxDisorder: true,
    watermarks: true,
    idle: true,
    alignment: true,
    lateBy: true,
  },
  example: '{ format: "iso", maxDisorder: "5s" }',
};
const IDLE: OptionRule<IdleOptions> = {
  doing: "tell when a partition is idle",
  names: { after: true, clock: true },
  example: '{ after: "30s" }',
};
const ALIGNMENT: OptionRule<AlignmentOptions> = {
  doing: "align partitions",
  names: { maxDrift: true },
  example: '{ maxDrift: "1m" }',
};
const FORMATS: readonly unknown[] = ["iso", "date", "s", "ms", "us"];
const LATE_BY: readonly LateBy[] = ["window", "partition"];

/** Watermarks that are decided row by row before the rows go to the bees. */
export interface WatermarkPlan {
  readonly strategy: WatermarkStrategy;
  readonly idle?: IdleRule;
}

/**
 * Checks how event times are read and watermarks made.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function timePlan(given: TimestampOptions): Omit<TimePlan, "column"> {
  const { format, ...options } = knownOptions(given, OPTIONS);
  if (format !== undefined && !FORMATS.includes(format)) {
    throw new TypeError(
      `Cannot take event times: format must be one of ` +
        `${FORMATS.map((each) => JSON.stringify(each)).join(", ")}, ` +
        `received ${received(format)}`,
    );
  }
  const { alignment, lateBy = "window" } = options;
  checkLateBy(lateBy, options);
  return {
    ...(format && { format }),
    ...watermarkPlan(options),
    ...(alignment !== undefined && alignmentPlan(alignment, options)),
    ...(lateBy === "partition" && { lateBy }),
  };
}

function checkLateBy(lateBy: LateBy, { idle }: TimestampOptions): void {
  if (!LATE_BY.includes(lateBy)) {
    throw new TypeError(
      `Cannot take event times: lateBy must be "window" or "partition", received ` +
        received(lateBy),
    );
  }
  if (lateBy === "window" || idle === undefined) return;
  throw new TypeError(
    `Cannot take event times: with idle windows may close before a silent partition has got that ` +
      `far, whose rows lateBy: "partition" would still let in; leave out idle or lateBy`,
  );
}

function alignmentPlan(
  alignment: AlignmentOptions,
  { idle }: TimestampOptions,
): Pick<TimePlan, "maxDriftMs"> {
  const { maxDrift } = knownOptions(alignment, ALIGNMENT);
  const maxDriftMs = milliseconds(maxDrift, "alignment.maxDrift", { least: 1 });
  if (!idle || idle.clock === "wall") return { maxDriftMs };
  throw new TypeError(
    `Cannot align partitions that are idle by stream time: those that wait for a silent one would ` +
      `not let that time go on; give idle: { after, clock: "wall" }`,
  );
}

function watermarkPlan(options: TimestampOptions): Pick<TimePlan, "bound" | "watermarks"> {
  const strategy = strategyOf(options);
  const idle = options.idle === undefined ? undefined : idleRule(options.idle);
  // A bound behind the greatest time is judged by the bees, which costs the main thread nothing.
  if (strategy.bound !== undefined && !idle) return { bound: strategy.bound };
  return { bound: Infinity, watermarks: { strategy, ...(idle && { idle }) } };
}

function strategyOf(options: TimestampOptions): WatermarkStrategy {
  const { watermarks, maxDisorder = 0 } = options;
  if (watermarks === undefined) return new BoundedDisorder({ maxDisorder });
  if (options.maxDisorder !== undefined) {
    throw new TypeError(
      `Cannot make watermarks: received both watermarks and maxDisorder; give maxDisorder to the ` +
        `former, such as new BoundedDisorder({ maxDisorder })`,
    );
  }
  if (watermarks instanceof WatermarkStrategy) return watermarks;
  throw new TypeError(
    `Cannot make watermarks: they must be a strategy such as new BoundedDisorder({ maxDisorder }) ` +
      `or new CustomWatermarks({ create }), received ${received(watermarks)}`,
  );
}

function idleRule(options: IdleOptions): IdleRule {
  const { after, clock = "stream" } = knownOptions(options, IDLE);
  if (clock !== "stream" && clock !== "wall") {
    throw new TypeError(
      `Cannot tell when a partition is idle: clock must be "stream" or "wall", received ` +
        received(clock),
    );
  }
  return { afterMs: milliseconds(after, "idle.after", { least: 1 }), clock };
}

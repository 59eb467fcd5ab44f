import type { Aggregate } from "../windows/aggregate.ts";
import {
  count,
  first,
  last,
  max,
  mean,
  min,
  stddev,
  sum,
  variance,
} from "../windows/aggregates.ts";
import { approxCountDistinct, countDistinct } from "../windows/distinct_aggregates.ts";
import { quantile } from "../windows/quantile_aggregates.ts";
import { nearestName } from "../runtime/known_options.ts";
import { UsageError } from "./usage_error.ts";

type AnyAggregate = Aggregate<never, never>;

const OF_A_COLUMN: Readonly<Record<string, (column: string) => unknown>> = {
  sum,
  mean,
  avg: mean,
  min,
  max,
  first,
  last,
  stddev,
  variance,
  median: (column) => quantile(column, 0.5),
  countDistinct: (column) => countDistinct(column),
  approxCountDistinct: (column) => approxCountDistinct(column),
};
// Blanks stand in one way only: else thousands of them would be tried in ever other ways, for hours.
const ONE = /^([A-Za-z][\w.]*)(?:\s*\(([^()]*)\))?(?:\s*as\s+([^\s,]+))?$/;
const PERCENTILE = /^p(\d{1,2}(?:\.\d+)?)$/;
const PERCENTILES = "pN, a percentile from p0 to below p100, such as p50 or p99.9";
const LIKE_PERCENTILE = /^p-?\d+(?:\.\d+)?$/i;

function functionOf(name: string): ((column: string) => unknown) | undefined {
  if (Object.hasOwn(OF_A_COLUMN, name)) return OF_A_COLUMN[name];
  const [, percent] = PERCENTILE.exec(name) ?? [];
  return percent === undefined ? undefined : (column) => quantile(column, Number(percent) / 100);
}

function unknownFunction(name: string): UsageError {
  const known = ["count", ...Object.keys(OF_A_COLUMN)];
  const unknown = `--agg has no function ${JSON.stringify(name)}`;
  if (LIKE_PERCENTILE.test(name)) {
    const hint = Number(name.slice(1)) === 100 ? "; the greatest value is max(…)" : "";
    return new UsageError(`${unknown}; percentiles are ${PERCENTILES}${hint}`);
  }
  const meant = nearestName(name, known);
  return new UsageError(
    `${unknown}; ` +
      (meant
        ? `did you mean ${meant}?`
        : `the functions are ${known.join(", ")}, and ${PERCENTILES}`),
  );
}

/**
 * Aggregates as a text lists them: `count, mean(temperature), p95(latency) as slow`. Without `as` they
 * are called `count`, `mean_temperature` and so on.
 *
 * @throws {UsageError} when it cannot be read.
 */
export function aggregateList(text: string): Record<string, AnyAggregate> {
  const out: Record<string, unknown> = {};
  for (const part of text.split(/,(?![^(]*\))/)) {
    const [, name, inside, as] = ONE.exec(part.trim()) ?? [];
    const column = inside?.trim();
    if (name === undefined) {
      throw new UsageError(
        `--agg takes a list such as 'count, mean(temperature), p95(latency) as slow', received ` +
          JSON.stringify(text),
      );
    }
    const isCount = name === "count" && !column;
    const make = isCount ? undefined : name === "count" ? count : functionOf(name);
    if (!isCount && !make) throw unknownFunction(name);
    if (!isCount && !column) {
      throw new UsageError(`--agg: ${name} is of a column: ${name}(temperature), say`);
    }
    const result = as ?? (column ? `${name}_${column}` : name);
    if (result === "windowStart" || result === "windowEnd") {
      throw new UsageError(`--agg cannot name a result ${result}, which is always there`);
    }
    if (Object.hasOwn(out, result)) {
      throw new UsageError(`--agg has ${JSON.stringify(result)} twice; name one with "as"`);
    }
    out[result] = isCount ? count() : make!(column!);
  }
  return out as Record<string, AnyAggregate>;
}

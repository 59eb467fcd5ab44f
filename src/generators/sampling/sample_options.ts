import { several } from "../../batch/several.ts";
import { checkWhole, knownOptions, received } from "../../runtime/known_options.ts";
import type { Encoding } from "../encoding/plans.ts";
import { keyLimit } from "./key_maker.ts";
import type { SampleOptions } from "./sample.ts";

const MOST_WORKERS = 255;

/**
 * Checks how many rows are wanted, and how.
 *
 * @throws {TypeError | RangeError} when they cannot be had so.
 */
export function checkSample(count: number, options: SampleOptions): void {
  const { start = 0, workers, lateness, signal } = knownOptions(options, {
    doing: "sample",
    names: {
      ...{ seed: true, start: true, conditions: true, workers: true },
      ...{ lateness: true, signal: true, runtime: true },
    },
    example: "{ seed: 7 }",
  });
  if (!(count === Infinity || (Number.isSafeInteger(count) && count >= 0))) {
    throw new RangeError(
      `Cannot sample: the number of rows must be whole, or Infinity, received ${received(count)}`,
    );
  }
  checkWhole("start", start, { doing: "sample", least: 0 });
  if (lateness !== undefined && typeof lateness !== "string") {
    throw new TypeError(
      `Cannot sample: lateness is the name of a column, received ${received(lateness)}`,
    );
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(
      `Cannot sample: signal must be an AbortSignal, received ${received(signal)}`,
    );
  }
  const isCount = Number.isInteger(workers) && workers! >= 0 && workers! <= MOST_WORKERS;
  if (workers !== undefined && !isCount) {
    throw new RangeError(
      `Cannot sample: workers must be a whole number from 0, which is this thread, to ` +
        `${MOST_WORKERS}, received ${received(workers)}`,
    );
  }
}

/**
 * Checks that keys suffice for so many rows.
 *
 * @throws {RangeError} when they do not.
 */
export function checkKeys({ columns }: Encoding, rows: number): void {
  for (const plan of columns) {
    if (plan.kind !== "key") continue;
    const { maker, field } = plan;
    const limit = keyLimit(maker, field.type.kind === "i32");
    if (rows <= limit) continue;
    throw new RangeError(
      `Cannot sample ${several(rows, "row")}: the key ${JSON.stringify(field.name)} has only ` +
        `${
          several(limit, "value")
        }; sample fewer, or give it more: of a pattern more places, of a sequence the type i64`,
    );
  }
}

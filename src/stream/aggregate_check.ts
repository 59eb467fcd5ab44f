import { received } from "../runtime/known_options.ts";
import type { Aggregates } from "../windows/aggregates.ts";

const EXAMPLE = "{ n: count() }";

/**
 * Checks what is to be aggregated, for those whose program is not type-checked.
 *
 * @throws {TypeError} when it is no object of aggregates, naming the one that is none.
 */
export function checkAggregates(given: unknown): asserts given is Aggregates {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(
      `Cannot aggregate: pass aggregates by the names of their results, such as ${EXAMPLE}, ` +
        `received ${received(given)}`,
    );
  }
  const all = Object.entries(given);
  if (all.length === 0) {
    throw new TypeError(`Cannot aggregate nothing: name a result, such as ${EXAMPLE}`);
  }
  for (const [name, each] of all) {
    if (typeof (Object(each) as { op?: unknown }).op === "string") continue;
    const call = typeof each === "function" ? "; call it, such as count()" : "";
    throw new TypeError(
      `Cannot aggregate: ${JSON.stringify(name)} must be an aggregate such as count() or ` +
        `sum("price"), received ${received(each)}${call}`,
    );
  }
}

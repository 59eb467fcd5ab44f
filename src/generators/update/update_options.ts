import { knownOptions, received } from "../../runtime/known_options.ts";

/** Options of {@linkcode SyntheticGenerator.update}. */
export interface UpdateOptions {
  /**
   * The share of the new rows in what is known then, above 0 and at most 1, where all before is
   * forgotten. Default: every row counts as one, those learned before and the new ones.
   */
  weight?: number;
  /**
   * What becomes of rows with a category or a null that cannot be told: `fail`, or `skip` to learn
   * from the others. Default `"fail"`.
   */
  unknown?: "fail" | "skip";
  /** Stops the update, which rejects with the signal's reason. */
  signal?: AbortSignal;
}

/**
 * Checks the options of an update.
 *
 * @throws {TypeError | RangeError} when one is none that it can be.
 */
export function checkUpdateOptions(given: UpdateOptions): UpdateOptions {
  const options = knownOptions(given, {
    doing: "update generator",
    names: { weight: true, unknown: true, signal: true },
    example: "{ weight: 0.1 }",
  });
  const { weight, unknown = "fail" } = options;
  if (weight !== undefined && !(typeof weight === "number" && weight > 0 && weight <= 1)) {
    throw new RangeError(
      `Cannot update generator: weight is the share of the new rows, above 0 and at most 1, ` +
        `received ${received(weight)}`,
    );
  }
  if (unknown !== "fail" && unknown !== "skip") {
    throw new TypeError(
      `Cannot update generator: unknown must be "fail" or "skip", received ${received(unknown)}`,
    );
  }
  return options;
}

import type { Column } from "../../batch/column.ts";
import { show } from "../../batch/misfit.ts";
import type { Schema } from "../../batch/schema.ts";
import type { JsonWriteOp } from "../../kernel/json_writer.ts";
import { JsonPlanner } from "./json_plan.ts";
import { floatsOf, type JsonNode, jsonTree } from "./json_tree.ts";

/** How columns become the fields of JSON objects. */
export interface JsonFieldsOptions {
  /**
   * Whether a column `user.city` becomes the key `city` of an object `user`. Default `false`: the
   * key is `user.city`.
   */
  nestPaths?: boolean;
  /**
   * Timestamps, dates and times as the numbers that they are in rows (default), or as ISO 8601
   * texts; of those that `Date` does not have timestamps stay numbers then, as CSV has them, and
   * others are null.
   */
  times?: "number" | "iso";
  /**
   * Digits behind the point, 0 to 19, of floats by their path, such as `{ "place.lat": 4 }`; they
   * are rounded as `toFixed` does. Others have as many as they need.
   */
  decimals?: Readonly<Record<string, number>>;
}

const MOST_DECIMALS = 19;

function refuse(name: keyof JsonFieldsOptions | "lines", expected: string, given: unknown): never {
  throw new TypeError(
    `Cannot make JSON encoder: ${name} must be ${expected}, received ${show(given)}`,
  );
}

/** Refuses what is neither true nor false. */
export function checkFlag(name: "lines" | "nestPaths", value: unknown): void {
  if (typeof value !== "boolean") refuse(name, "true or false", value);
}

function decimalsOf(decimals: Readonly<Record<string, number>>): Map<string, number> {
  if (typeof decimals !== "object" || decimals === null) {
    refuse("decimals", 'an object such as { "place.lat": 4 }', decimals);
  }
  const all = Object.entries(decimals);
  for (const [path, digits] of all) {
    if (Number.isInteger(digits) && digits >= 0 && digits <= MOST_DECIMALS) continue;
    throw new RangeError(
      `Cannot make JSON encoder: decimals of ${JSON.stringify(path)} must be a whole number from ` +
        `0 to ${MOST_DECIMALS}, received ${show(digits)}`,
    );
  }
  return new Map(all);
}

/** Plans how the columns of batches are written as the fields of objects, by one choice of style. */
export class JsonFields {
  readonly #nestPaths: boolean;
  readonly #decimals: ReadonlyMap<string, number>;
  readonly #planner: JsonPlanner;
  #schema: Schema | undefined;
  #nodes: readonly JsonNode[] = [];

  /**
   * For batches of any schemas.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor({ nestPaths = false, times = "number", decimals = {} }: JsonFieldsOptions) {
    checkFlag("nestPaths", nestPaths);
    if (times !== "number" && times !== "iso") refuse("times", '"number" or "iso"', times);
    this.#nestPaths = nestPaths;
    this.#decimals = decimalsOf(decimals);
    this.#planner = new JsonPlanner({ times, decimals: this.#decimals });
  }

  /**
   * Prepares for batches of a schema.
   *
   * @throws {TypeError} when columns do not go together by their paths, or `decimals` names none.
   */
  prepare(schema: Schema): void {
    if (schema === this.#schema) return;
    const floats = floatsOf(schema);
    for (const path of this.#decimals.keys()) {
      if (floats.has(path)) continue;
      throw new TypeError(
        `Cannot write JSON: decimals are set for ${JSON.stringify(path)}, which is no f32 or f64 ` +
          `of the batch; it has ${floats.size === 0 ? "none" : [...floats].join(", ")}`,
      );
    }
    this.#nodes = jsonTree(schema, this.#nestPaths);
    this.#schema = schema;
  }

  /** The operations that write the columns of a batch of that schema. */
  plan(columns: readonly Column[]): JsonWriteOp[] {
    return this.#planner.plan(this.#nodes, columns);
  }
}

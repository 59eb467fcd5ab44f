import { show } from "../../batch/misfit.ts";
import type { RecordBatch } from "../../batch/record_batch.ts";
import type { Schema } from "../../batch/schema.ts";
import { JsonWriter } from "../../kernel/json_writer.ts";
import { create } from "../../kernel/kernel.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { checkBatch } from "../option_checks.ts";
import { JsonPlanner } from "./json_plan.ts";
import { floatsOf, type JsonNode, jsonTree } from "./json_tree.ts";

/** Options of {@linkcode JsonEncoder}. */
export interface JsonEncoderOptions {
  /** One object a line, each line ended, instead of one array. Default `false`. */
  lines?: boolean;
  /**
   * Whether a column `user.city` becomes the key `city` of an object `user`. Default `false`: the
   * key is `user.city`.
   */
  nestPaths?: boolean;
  /**
   * Timestamps, dates and times as the numbers that they are in rows (default), or as ISO 8601
   * texts; one that `Date` does not have is null then.
   */
  times?: "number" | "iso";
  /**
   * Digits behind the point, 0 to 19, of floats by their path, such as `{ "place.lat": 4 }`; they
   * are rounded as `toFixed` does. Others have as many as they need.
   */
  decimals?: Readonly<Record<string, number>>;
  /** The most memory that its kernel may take, in bytes. Default 1 GiB. */
  budgetBytes?: number;
}

const OPTIONS: OptionRule<JsonEncoderOptions> = {
  doing: "make JSON encoder",
  names: { lines: true, nestPaths: true, times: true, decimals: true, budgetBytes: true },
  example: "{ lines: true }",
};
const MOST_DECIMALS = 19;
/** Rows that are brought into kernel memory at once. */
const SPAN_ROWS = 65_536;

const [OPEN, CLOSE] = [Uint8Array.of(0x5b), Uint8Array.of(0x5d)];

function refuse(name: keyof JsonEncoderOptions, expected: string, given: unknown): never {
  throw new TypeError(
    `Cannot make JSON encoder: ${name} must be ${expected}, received ${show(given)}`,
  );
}

function checkFlag(name: "lines" | "nestPaths", value: unknown): void {
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

/**
 * Encodes record batches as JSON in the kernel, into bytes.
 *
 * What it writes is what {@linkcode RecordBatch.toJson} gives, unless an option says otherwise:
 * doubles as `String` writes them, texts with the escapes of `JSON.stringify`, `i64` as numbers in
 * full, decimals as texts, bytes as base64, `NaN` and infinite numbers as null.
 *
 * @example
 * ```ts
 * import { JsonEncoder, RecordBatch } from "@waggle/stream";
 *
 * using encoder = new JsonEncoder({ lines: true, decimals: { celsius: 1 } });
 * const batch = RecordBatch.fromRows([{ sensor: "a", celsius: 20.25 }, { sensor: "b", celsius: 7 }]);
 * console.log(new TextDecoder().decode(encoder.encode(batch)));
 * // {"sensor":"a","celsius":20.3}
 * // {"sensor":"b","celsius":7.0}
 * ```
 */
export class JsonEncoder implements Disposable {
  readonly #lines: boolean;
  readonly #nestPaths: boolean;
  readonly #decimals: ReadonlyMap<string, number>;
  readonly #planner: JsonPlanner;
  readonly #writer: JsonWriter;
  #schema: Schema | undefined;
  #nodes: readonly JsonNode[] = [];

  /**
   * An encoder of batches of any schemas.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: JsonEncoderOptions = {}) {
    const { lines = false, nestPaths = false, times = "number", decimals = {}, budgetBytes } =
      knownOptions(options, OPTIONS);
    checkFlag("lines", lines);
    checkFlag("nestPaths", nestPaths);
    if (times !== "number" && times !== "iso") refuse("times", '"number" or "iso"', times);
    this.#lines = lines;
    this.#nestPaths = nestPaths;
    this.#decimals = decimalsOf(decimals);
    this.#planner = new JsonPlanner({ times, decimals: this.#decimals });
    const remedy = "raise budgetBytes, or encode fewer rows at a time";
    const kernel = create(budgetBytes === undefined ? { remedy } : { budgetBytes, remedy });
    this.#writer = new JsonWriter(kernel, { objects: true, separator: lines ? "\n" : "," });
  }

  /**
   * Encodes a batch. The bytes lie in kernel memory and are valid until the next call.
   *
   * @throws {TypeError} when columns do not go together by their paths, or `decimals` names none.
   * @throws {KernelMemoryError} when the budget does not hold the text.
   */
  encode(batch: RecordBatch<unknown>): Uint8Array<ArrayBuffer> {
    checkBatch(batch, "encode JSON");
    this.#prepare(batch.schema);
    const writer = this.#writer;
    writer.clear();
    if (!this.#lines) writer.put(OPEN);
    for (let from = 0; from < batch.length; from += SPAN_ROWS) {
      const part = batch.length <= SPAN_ROWS ? batch : batch.slice(from, from + SPAN_ROWS);
      writer.write(this.#planner.plan(this.#nodes, part.columns), part.length);
    }
    if (!this.#lines) {
      // for the comma behind the last row
      if (batch.length > 0) writer.dropLast();
      writer.put(CLOSE);
    }
    return writer.written;
  }

  /** Gives the kernel memory back; what was encoded is no longer valid. */
  [Symbol.dispose](): void {
    this.#writer[Symbol.dispose]();
  }

  #prepare(schema: Schema): void {
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
}

import type { RecordBatch } from "../../batch/record_batch.ts";
import { JsonWriter } from "../../kernel/json_writer.ts";
import { create } from "../../kernel/kernel.ts";
import { knownOptions, type OptionRule } from "../../runtime/known_options.ts";
import { checkBatch } from "../option_checks.ts";
import { checkFlag, JsonFields, type JsonFieldsOptions } from "./json_fields.ts";

/** Options of {@linkcode JsonEncoder}. */
export interface JsonEncoderOptions extends JsonFieldsOptions {
  /** One object a line, each line ended, instead of one array. Default `false`. */
  lines?: boolean;
  /** The most memory that its kernel may take, in bytes. Default 1 GiB. */
  budgetBytes?: number;
}

const OPTIONS: OptionRule<JsonEncoderOptions> = {
  doing: "make JSON encoder",
  names: { lines: true, nestPaths: true, times: true, decimals: true, budgetBytes: true },
  example: "{ lines: true }",
};
/** Rows that are brought into kernel memory at once. */
const SPAN_ROWS = 65_536;

const [OPEN, CLOSE] = [Uint8Array.of(0x5b), Uint8Array.of(0x5d)];

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
  readonly #fields: JsonFields;
  readonly #writer: JsonWriter;

  /**
   * An encoder of batches of any schemas.
   *
   * @throws {TypeError} or {RangeError} when an option is none that it can be.
   */
  constructor(options: JsonEncoderOptions = {}) {
    const { lines = false, budgetBytes } = knownOptions(options, OPTIONS);
    checkFlag("lines", lines);
    this.#lines = lines;
    this.#fields = new JsonFields(options);
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
    this.#fields.prepare(batch.schema);
    const writer = this.#writer;
    writer.clear();
    if (!this.#lines) writer.put(OPEN);
    for (let from = 0; from < batch.length; from += SPAN_ROWS) {
      const part = batch.length <= SPAN_ROWS ? batch : batch.slice(from, from + SPAN_ROWS);
      writer.write(this.#fields.plan(part.columns), part.length);
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
}

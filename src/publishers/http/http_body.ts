import type { RecordBatch } from "../../batch/record_batch.ts";
import { sameFields } from "../../batch/schema_check.ts";
import type { Schema } from "../../batch/schema.ts";
import { concatBytes } from "../../batch/concat_bytes.ts";
import { CsvEncoder, type CsvEncoderOptions } from "../../codecs/csv/csv_encoder.ts";
import { messageEncoder, type MessageFormatOptions } from "../message_format.ts";
import type { HttpFormat } from "./http_options.ts";

/** Makes the body of a request of each batch. */
export interface BodyEncoder extends Disposable {
  /** What it is. */
  readonly contentType: string;
  /** The body, which is nobody else's. */
  bytes(batch: RecordBatch): Uint8Array<ArrayBuffer>;
}

/** Each body has its header, and so may have its own columns. */
class CsvBodies implements BodyEncoder {
  readonly contentType = "text/csv; charset=utf-8";
  readonly #options: CsvEncoderOptions;
  #current:
    | { readonly of: Schema; readonly head: Uint8Array<ArrayBuffer>; readonly rows: CsvEncoder }
    | undefined;

  constructor(options: CsvEncoderOptions) {
    this.#options = options;
    new CsvEncoder(options)[Symbol.dispose](); // tells of options that cannot be, here and now
  }

  bytes(batch: RecordBatch): Uint8Array<ArrayBuffer> {
    const { head, rows } = this.#encoderOf(batch);
    return concatBytes([head, rows.encode(batch)]);
  }

  [Symbol.dispose](): void {
    this.#current?.rows[Symbol.dispose]();
    this.#current = undefined;
  }

  #encoderOf(batch: RecordBatch) {
    const known = this.#current;
    const { schema } = batch;
    if (known && (known.of === schema || sameFields(known.of.fields, schema.fields))) return known;
    this[Symbol.dispose]();
    using first = new CsvEncoder(this.#options);
    const head = first.encode(batch.slice(0, 0)).slice();
    const rows = new CsvEncoder({ ...this.#options, header: false });
    return this.#current = { of: schema, head, rows };
  }
}

/**
 * What makes bodies of batches.
 *
 * @throws {TypeError | RangeError} when an option is none that it can be.
 */
export function bodyEncoder(
  format: HttpFormat,
  options: MessageFormatOptions & { readonly csv?: CsvEncoderOptions },
): BodyEncoder {
  const { csv = {}, ...rest } = options;
  return format === "csv" ? new CsvBodies(csv) : messageEncoder(format, rest);
}

import { Misfit } from "../../batch/misfit.ts";
import { recordText } from "../bad_record_error.ts";
import { BatchAssembler } from "../batch_assembler.ts";
import type { BadBlockRecord } from "../block_decoder.ts";
import type { NdjsonBlockSpec } from "../block_specs.ts";
import { Malformed } from "../malformed.ts";
import { NdjsonFormat } from "./ndjson_format.ts";
import { utf8Text } from "../utf8_text.ts";
import { canonicalJson } from "./canonical_json.ts";

/** What is wrong with a record. */
export type Fault = Pick<BadBlockRecord, "reason" | "fix" | "column">;

/** The reader in TypeScript, asked about single records: what is wrong with them, if anything is. */
export class ReferenceRecord {
  readonly #spec: NdjsonBlockSpec;
  readonly #format: NdjsonFormat<Record<string, unknown>>;

  /** A reader of records as the plain data say. */
  constructor(spec: NdjsonBlockSpec) {
    this.#spec = spec;
    this.#format = new NdjsonFormat("NDJSON input", spec);
    this.#format.prepare(spec.schema);
  }

  /** What is wrong with a record; as text, when nothing is: a record that means the same row. */
  judge(bytes: Uint8Array): Fault | string {
    const { schema, extraKeys = "ignore" } = this.#spec;
    const assembler = new BatchAssembler<Record<string, unknown>>(schema, {
      batchRows: 1,
      extraKeys,
    });
    try {
      this.#format.append(this.#textOf(bytes), assembler);
    } catch (error) {
      return faultOf(error);
    }
    assembler.endRow(0);
    const [batch] = assembler.take();
    return canonicalJson(batch.toRows()[0]);
  }

  #textOf(bytes: Uint8Array): string {
    const { maxRecordBytes, invalidUtf8 = "error" } = this.#spec;
    const sizeBytes = bytes.length;
    const text = sizeBytes > maxRecordBytes
      ? undefined
      : utf8Text(bytes, invalidUtf8 === "replace");
    return recordText({ text, sizeBytes }, { maxRecordBytes, suspect: this.#format.suspect });
  }
}

/**
 * What an error says of a record.
 *
 * @throws the error, unless it says that the record is bad.
 */
export function faultOf(error: unknown): Fault {
  if (error instanceof Misfit) {
    const { message: reason, fix, path } = error;
    return { reason, fix, ...(path !== "" && { column: path.slice(1) }) };
  }
  if (!(error instanceof Malformed)) throw error;
  return { reason: error.message, fix: error.fix };
}

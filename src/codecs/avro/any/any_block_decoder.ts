import { RecordBatch } from "../../../batch/record_batch.ts";
import { Misfit } from "../../../batch/misfit.ts";
import type { DataType } from "../../../batch/schema.ts";
import type { BadBlockRecord, BlockDecoder, DecodedBlock } from "../../block_decoder.ts";
import { BatchAssembler } from "../../batch_assembler.ts";
import type { AvroBlockSpec } from "../../block_specs.ts";
import type { AvroType } from "../avro_type.ts";
import { VALUE } from "./any_columns.ts";
import { fromAvsc } from "./any_values.ts";
import { AvroRecordFault, skipAvro } from "../skip_avro.ts";

type Row = Record<string, unknown>;

const OTHER_TYPE = "give the column another type in schema";
const WRITE_AGAIN = "the records are damaged, or were written with another schema";

/** Where a record is in its block. */
interface Span {
  readonly record: number;
  readonly start: number;
  readonly end: number;
}

/** Decodes blocks of records of any type: each is looked through, then made by a function. */
export class AnyBlockDecoder implements BlockDecoder {
  readonly #spec: AvroBlockSpec;
  readonly #types: { readonly writer: AvroType; readonly reader: AvroType };
  readonly #read: (bytes: Uint8Array) => unknown;
  readonly #row: DataType;

  /** A decoder of records that `read` makes of their bytes, which were looked through. */
  constructor(
    spec: AvroBlockSpec,
    types: { readonly writer: AvroType; readonly reader: AvroType },
    read: (bytes: Uint8Array) => unknown,
  ) {
    this.#spec = spec;
    this.#types = types;
    this.#read = read;
    this.#row = { kind: "struct", fields: spec.schema.fields };
  }

  /** See {@linkcode BlockDecoder}. */
  decode(block: Uint8Array, from = 0): DecodedBlock {
    const { schema, batchRows } = this.#spec;
    const rows = new BatchAssembler<Row>(schema, { batchRows, extraKeys: "ignore" });
    const bad: BadBlockRecord[] = [];
    let [record, at] = [0, from];
    for (; record < batchRows && at < block.length; record++) {
      const span = this.#spanOf(block, at, record);
      const fault = "reason" in span ? span : this.#add(block, span, rows);
      if (fault) bad.push(fault);
      at = span.end;
    }
    rows.close();
    const [batch = RecordBatch.fromRows<Row>([], { schema })] = rows.take();
    return { batch, bad, records: record, lines: 0, skippedLines: 0, end: at };
  }

  /** It holds nothing. */
  [Symbol.dispose](): void {}

  #spanOf(block: Uint8Array, start: number, record: number): Span | BadBlockRecord {
    try {
      const end = skipAvro(this.#types.writer, block, start);
      if (end > start) return { record, start, end };
      const reason = "a record takes no bytes";
      return { record, line: 0, start, end: block.length, reason, fix: WRITE_AGAIN };
    } catch (error) {
      if (!(error instanceof AvroRecordFault)) throw error;
      const { path, at, message: reason } = error;
      const column = path === "" ? {} : { column: path };
      return { record, line: 0, start, end: block.length, at, ...column, reason, fix: WRITE_AGAIN };
    }
  }

  #add(
    block: Uint8Array,
    { record, start, end }: Span,
    rows: BatchAssembler<Row>,
  ): BadBlockRecord | undefined {
    const { maxRecordBytes } = this.#spec;
    const bad = { record, line: 0, start, end };
    if (end - start > maxRecordBytes) {
      const reason = `the record is larger than maxRecordBytes (${maxRecordBytes})`;
      return { ...bad, reason, fix: "raise maxRecordBytes" };
    }
    try {
      rows.fields.append(this.#rowOf(this.#read(block.subarray(start, end))), rows.open);
    } catch (error) {
      rows.undoRow();
      return { ...bad, ...misfitOf(error), fix: OTHER_TYPE };
    }
    rows.endRow(0);
  }

  #rowOf(value: unknown): object {
    const { reader } = this.#types;
    if (reader.type === "record") return fromAvsc(reader, value, this.#row) as object;
    const [field] = this.#spec.schema.fields;
    return { [VALUE]: fromAvsc(reader, value, field.type) };
  }
}

/**
 * What of a record does not fit its columns.
 *
 * @throws the error, unless it says that.
 */
function misfitOf(error: unknown): Pick<BadBlockRecord, "reason" | "column"> {
  if (error instanceof Misfit) {
    const { path, message: reason } = error;
    return path === "" ? { reason } : { reason, column: path.slice(1) };
  }
  if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
  return { reason: error.message };
}

import { RecordBatch } from "../../batch/record_batch.ts";
import type { AvroReadFault } from "../../kernel/avro_plan.ts";
import { AvroReader } from "../../kernel/avro_reader.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { BadBlockRecord, BlockDecoder, DecodedBlock } from "../block_decoder.ts";
import type { AvroBlockSpec } from "../block_specs.ts";
import { parseAvroSchema } from "./parse_avro_schema.ts";
import { readColumnOf } from "./read_columns.ts";
import { isOfRecord, readFault } from "./read_faults.ts";
import { planReading, type ReadPlan } from "./read_plan.ts";

/** Bytes that are taken into the kernel at a time, unless a record is larger. */
const WINDOW_BYTES = 1 << 20;

/** A part of a block that lies in the kernel. */
interface Window {
  readonly from: number;
  readonly end: number;
}

/**
 * Decodes blocks of Avro records, one after the other without anything between them, as the blocks
 * of container files are. Where a record has no end that could be found, the rest of the block is
 * lost with it.
 */
export class AvroBlockDecoder implements BlockDecoder {
  readonly #spec: AvroBlockSpec;
  readonly #plan: ReadPlan;
  readonly #reader: AvroReader;

  /**
   * A decoder as the plain data say.
   *
   * @throws {TypeError} when the schemas do not go together.
   * @throws {KernelMemoryError} when the budget does not hold its columns.
   */
  constructor(spec: AvroBlockSpec, kernel: Kernel) {
    this.#spec = spec;
    const { writerSchema, readerSchema } = spec;
    // how large a schema may be was for those to decide who made the plain data
    const maxFields = Number.MAX_SAFE_INTEGER;
    const writer = parseAvroSchema(writerSchema, { maxFields });
    const reader = readerSchema === undefined
      ? writer
      : parseAvroSchema(readerSchema, { maxFields });
    this.#plan = planReading({ writer, reader, columns: spec.schema });
    this.#reader = new AvroReader(kernel, this.#plan);
  }

  /** See {@linkcode BlockDecoder}. */
  decode(block: Uint8Array, from = 0): DecodedBlock {
    const { batchRows, maxRecordBytes } = this.#spec;
    const bad: BadBlockRecord[] = [];
    let window = this.#take(block, from, WINDOW_BYTES);
    let [rows, next] = [0, from];
    while (rows + bad.length < batchRows) {
      const most = { rows: batchRows - bad.length, mostBytes: maxRecordBytes };
      const outcome = this.#reader.read({ from: next - window.from, held: rows, ...most });
      rows = outcome.rows;
      next = window.from + outcome.at;
      const { fault } = outcome;
      if (fault === undefined) break;
      if (isCut(fault) && window.end < block.length) {
        if (rows + bad.length > 0) break;
        const bytes = window.end - window.from;
        if (bytes <= maxRecordBytes) {
          window = this.#take(block, from, bytes * 2);
          continue;
        }
        bad.push(this.#tooLarge(block, next));
      } else bad.push(this.#bad(fault, { record: rows + bad.length, start: next, window, block }));
      next = bad[bad.length - 1].end;
    }
    return {
      ...{ batch: this.#batch(rows), bad, records: rows + bad.length },
      ...{ lines: 0, skippedLines: 0, end: next },
    };
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#reader[Symbol.dispose]();
  }

  #take(block: Uint8Array, from: number, bytes: number): Window {
    const end = Math.min(block.length, from + bytes);
    this.#reader.begin(block.subarray(from, end));
    return { from, end };
  }

  #batch(rows: number): RecordBatch {
    const sinks = this.#reader.finish(rows);
    const columns = this.#plan.nodes.map((node) => readColumnOf(node, sinks));
    return new RecordBatch(this.#spec.schema, columns, rows);
  }

  #bad(
    fault: AvroReadFault,
    { record, start, window, block }: {
      readonly record: number;
      readonly start: number;
      readonly window: Window;
      readonly block: Uint8Array;
    },
  ): BadBlockRecord {
    const step = this.#plan.ops[fault.op];
    const [reason, fix] = readFault(fault, step);
    const end = fault.end === undefined ? block.length : window.from + fault.end;
    const at = Math.max(start, Math.min(window.from + fault.at, end));
    const place = { record, line: 0, start, end, at };
    return isOfRecord(fault)
      ? { ...place, reason, fix }
      : { ...place, column: step.path, reason, fix };
  }

  #tooLarge(block: Uint8Array, start: number): BadBlockRecord {
    const { maxRecordBytes } = this.#spec;
    return {
      ...{ record: 0, line: 0, start, end: block.length },
      reason: `the record is larger than maxRecordBytes (${maxRecordBytes})`,
      fix: "raise maxRecordBytes, or pass the schema that the records were written with",
    };
  }
}

/** Whether it is the end of the input that is in the way. */
function isCut({ kind }: AvroReadFault): boolean {
  return kind === "cut";
}

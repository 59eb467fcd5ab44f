import { Misfit } from "../batch/misfit.ts";
import { RecordBatch } from "../batch/record_batch.ts";
import type { Schema, TypedSchema } from "../batch/schema.ts";
import { recordText } from "./bad_record_error.ts";
import { BatchAssembler } from "./batch_assembler.ts";
import type { RecordFormat } from "./batch_reader.ts";
import type { BadBlockRecord, BlockDecoder, DecodedBlock } from "./block_decoder.ts";
import type { CsvBlockSpec, NdjsonBlockSpec } from "./block_specs.ts";
import { CsvFormat } from "./csv/csv_format.ts";
import { dialectOf, scannerOf } from "./csv/csv_options.ts";
import { Malformed } from "./malformed.ts";
import { NdjsonFormat } from "./json/ndjson_format.ts";
import { FoundRecords, LineScanner, type RecordScanner } from "./record_scanner.ts";
import { utf8Text } from "./utf8_text.ts";

/** What is decoded record by record. */
export type ReferenceBlockSpec = NdjsonBlockSpec | CsvBlockSpec;

type Any = Record<string, unknown>;

function formatOf(spec: ReferenceBlockSpec): RecordFormat<Any> {
  if (spec.format === "ndjson") return new NdjsonFormat<Any>("NDJSON input", spec);
  const { names, separator, quote, ...rest } = spec;
  const dialect = dialectOf({ ...rest, separator, quote });
  const schema = spec.schema as TypedSchema<Any>;
  return new CsvFormat<Any>({ ...rest, header: names, schema, extraKeys: "ignore" }, dialect);
}

function scannerFor(spec: ReferenceBlockSpec): RecordScanner {
  if (spec.format === "ndjson") return new LineScanner();
  return scannerOf(dialectOf(spec), spec.comment);
}

/** Decodes blocks by the readers in TypeScript, record by record: small, obvious, and slow. */
export class ReferenceBlockDecoder implements BlockDecoder {
  readonly #spec: ReferenceBlockSpec;
  readonly #format: RecordFormat<Any>;

  /** A decoder of blocks as the plain data say. */
  constructor(spec: ReferenceBlockSpec) {
    this.#spec = spec;
    this.#format = formatOf(spec);
    this.#format.prepare(spec.schema);
  }

  /** See {@linkcode BlockDecoder}. */
  decode(block: Uint8Array, from = 0): DecodedBlock {
    const { found, lines } = this.#find(block, from);
    const { schema, batchRows, extraKeys = "ignore" } = this.#spec;
    // One more than there may be, so that the batch is not closed before it is asked for.
    const assembler = new BatchAssembler<Any>(schema, { batchRows: batchRows + 1, extraKeys });
    const bad: BadBlockRecord[] = [];
    let [records, skippedLines, next] = [0, 0, 0];
    while (next < found.starts.length && assembler.open < batchRows) {
      const at = next++;
      const record = { start: found.starts[at], end: found.ends[at], line: found.lines[at] - 1 };
      const outcome = this.#decode(block, record, assembler);
      if (outcome === "skipped") skippedLines++;
      else if (outcome) bad.push({ record: records, ...record, ...outcome });
      if (outcome !== "skipped") records++;
    }
    const isDone = next === found.starts.length;
    const end = isDone ? block.length : found.starts[next];
    const passed = isDone ? lines : found.lines[next] - 1;
    skippedLines += this.#commentsIn(block, from, end);
    return { batch: batchOf(assembler, schema), bad, records, lines: passed, skippedLines, end };
  }

  #find(block: Uint8Array, from: number): { found: FoundRecords; lines: number } {
    const scanner = scannerFor(this.#spec);
    const found = new FoundRecords();
    scanner.start = from;
    scanner.scan(block, { from, to: block.length }, found);
    if (scanner.start === block.length) return { found, lines: scanner.line - 1 };
    found.add(scanner.start, block.length, scanner.line);
    return { found, lines: scanner.line };
  }

  #commentsIn(block: Uint8Array, from: number, to: number): number {
    const scanner = scannerFor(this.#spec);
    scanner.start = from;
    scanner.scan(block, { from, to }, new FoundRecords());
    return scanner.skippedLines;
  }

  /** What is wrong with a record, or that it is none; `undefined`: it is a row now. */
  #decode(
    block: Uint8Array,
    { start, end }: { start: number; end: number },
    assembler: BatchAssembler<Any>,
  ): "skipped" | Pick<BadBlockRecord, "reason" | "fix" | "column"> | undefined {
    try {
      const text = this.#textOf(block, start, end);
      if (this.#format.isSkipped(text)) return "skipped";
      this.#format.append(text, assembler);
    } catch (error) {
      assembler.undoRow();
      return explained(error);
    }
    assembler.endRow(0);
    return undefined;
  }

  #textOf(block: Uint8Array, start: number, end: number): string {
    const { maxRecordBytes, invalidUtf8 = "error" } = this.#spec;
    const sizeBytes = end - start;
    // A copy, because text in shared memory cannot be decoded everywhere.
    const text = sizeBytes > maxRecordBytes
      ? undefined
      : utf8Text(block.slice(start, end), invalidUtf8 === "replace");
    return recordText({ text, sizeBytes }, { maxRecordBytes, suspect: this.#format.suspect });
  }

  /** It holds nothing. */
  [Symbol.dispose](): void {}
}

function batchOf(assembler: BatchAssembler<Any>, schema: Schema): RecordBatch {
  assembler.close();
  const [batch] = assembler.take();
  return batch ?? RecordBatch.fromRows([], { schema: schema as TypedSchema<Any> });
}

function explained(error: unknown): Pick<BadBlockRecord, "reason" | "fix" | "column"> {
  if (error instanceof Misfit) {
    const { message: reason, fix, path } = error;
    return { reason, fix, ...(path !== "" && { column: path.slice(1) }) };
  }
  if (!(error instanceof Malformed)) throw error;
  return { reason: error.message, fix: error.fix };
}

import type { CsvRecordPlace } from "../../kernel/csv_types.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { BadBlockRecord, BlockDecoder, DecodedBlock } from "../block_decoder.ts";
import type { CsvBlockSpec } from "../block_specs.ts";
import { CsvRows } from "./csv_rows.ts";
import { LF } from "../record_scanner.ts";
import { ReferenceBlockDecoder } from "../reference_block_decoder.ts";

/** Bad records that are told of together. */
const MOST_BAD = 1_024;
/** What holds a record of one empty field. */
const EMPTY_LINE = new Uint8Array([LF]);

/**
 * Says what is wrong with CSV records, by reading them once more with the reader in TypeScript.
 */
export class CsvExplainer {
  readonly #spec: CsvBlockSpec;
  readonly #twin: ReferenceBlockDecoder;

  /**
   * An explainer of records as plain data say.
   *
   * @throws {TypeError} when the columns cannot be had from such records.
   */
  constructor(spec: CsvBlockSpec) {
    this.#spec = spec;
    this.#twin = new ReferenceBlockDecoder(spec);
  }

  /** What is wrong with a record of `bytes`. */
  explain(bytes: Uint8Array, { start, end, ...place }: CsvRecordPlace): BadBlockRecord {
    // Of one that is too large no more has to be seen.
    const most = start + this.#spec.maxRecordBytes + 1;
    const record = start === end ? EMPTY_LINE : bytes.slice(start, Math.min(end, most));
    const [bad] = this.#twin.decode(record).bad;
    if (!bad) throw new Error(`Cannot explain record ${place.record}: its twin takes it for a row`);
    return { ...bad, ...place, start, end };
  }
}

/** Decodes blocks of whole CSV records in the kernel. */
export class CsvBlockDecoder implements BlockDecoder {
  readonly #explainer: CsvExplainer;
  readonly #rows: CsvRows;

  /**
   * A decoder as plain data say.
   *
   * @throws {TypeError} when the columns cannot be had from such records.
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  constructor(spec: CsvBlockSpec, kernel: Kernel) {
    this.#explainer = new CsvExplainer(spec);
    this.#rows = new CsvRows(spec, kernel);
  }

  /** See {@linkcode BlockDecoder}. */
  decode(block: Uint8Array, from = 0): DecodedBlock {
    const rows = this.#rows;
    rows.begin();
    rows.next();
    const bad: BadBlockRecord[] = [];
    let end = from;
    while (end < block.length && !rows.isFull) {
      const read = rows.add(block, end, { final: true, mostBad: MOST_BAD });
      for (const place of read.bad) bad.push(this.#explainer.explain(block, place));
      end = read.end;
    }
    const { counts } = rows;
    return { batch: rows.take({ own: false }), bad, end, ...counts };
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#rows[Symbol.dispose]();
  }
}

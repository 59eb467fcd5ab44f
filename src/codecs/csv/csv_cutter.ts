import { CsvCut } from "../../kernel/csv_cut.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { RecordCutter } from "../block_decoder.ts";
import type { CsvBlockSpec } from "../block_specs.ts";
import { marksOf } from "./csv_plan.ts";

/**
 * Cuts CSV into blocks of whole records. It visits quotes and line ends alone, so that one thread
 * can cut for many that decode. A block never ends between the two bytes of a CRLF.
 */
export class CsvCutter implements RecordCutter, Disposable {
  readonly #cut: CsvCut;

  /**
   * A cutter of a dialect.
   *
   * @throws {KernelMemoryError} when the kernel's budget does not hold it.
   */
  constructor(spec: Pick<CsvBlockSpec, "separator" | "quote" | "comment">, kernel: Kernel) {
    this.#cut = new CsvCut(kernel, marksOf(spec));
  }

  /** See {@linkcode RecordCutter}. */
  cut(bytes: Uint8Array, seen = 0): number {
    if (seen === 0) this.#cut.begin();
    const end = this.#cut.next(bytes.subarray(seen), false);
    return end < 0 ? 0 : seen + end;
  }

  /** Gives the kernel memory back. */
  [Symbol.dispose](): void {
    this.#cut[Symbol.dispose]();
  }
}

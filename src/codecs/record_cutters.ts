import type { RecordCutter } from "./block_decoder.ts";
import { LF } from "./record_scanner.ts";

/** Cuts behind the last line end. */
export class LineEndCutter implements RecordCutter {
  /** See {@linkcode RecordCutter}. */
  cut(bytes: Uint8Array): number {
    return bytes.lastIndexOf(LF) + 1;
  }
}

import type { RecordCutter } from "../block_decoder.ts";
import { LF } from "../record_scanner.ts";

/** Cuts bytes behind their last line end: that is where a record of NDJSON ends. */
export class LineCutter implements RecordCutter {
  /** See {@linkcode RecordCutter}. */
  cut(bytes: Uint8Array, seen = 0): number {
    const end = bytes.subarray(seen).lastIndexOf(LF);
    return end < 0 ? 0 : seen + end + 1;
  }
}

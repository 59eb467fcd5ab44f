import { showName } from "../batch/shown_names.ts";
import { BadRecordError } from "./bad_record.ts";
import type { BadBlockRecord } from "./block_decoder.ts";

const OTHER_POLICIES = 'or pass badRecords: "skip" or "deadLetter"';

/** A record that cannot be decoded, as an error that says where in the input it stands. */
export function errorOfRecord(
  { line: within, column, reason, fix }: BadBlockRecord,
  { name, linesBefore }: { readonly name: string; readonly linesBefore: number },
): BadRecordError {
  const line = linesBefore + within + 1;
  const where = column === undefined ? "" : `, column ${showName(column)}`;
  const message = `Cannot read ${name}: line ${line}${where}: ${reason}; ${fix}; ${OTHER_POLICIES}`;
  return new BadRecordError(message, line);
}

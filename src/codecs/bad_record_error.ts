import { showName } from "../batch/shown_names.ts";
import { Misfit } from "../batch/misfit.ts";
import { BadRecordError } from "./bad_record.ts";
import { Malformed } from "./malformed.ts";

const OTHER_POLICIES = 'or pass badRecords: "skip" or "deadLetter"';

/** What is wrong with a record. */
export interface BadRecordReason {
  /** The path of the column that the value was for. */
  readonly column?: string;
  readonly reason: string;
  readonly fix: string;
  /** At which byte of the input it went wrong, or else where the record starts. */
  readonly byteOffset?: number;
}

/** The error that tells the user of the bad record that starts on `line`. */
export function badRecordError(
  name: string,
  line: number,
  { column, reason, fix, byteOffset, cause }: BadRecordReason & { readonly cause?: unknown },
): BadRecordError {
  const where = column === undefined ? "" : `, column ${showName(column)}`;
  const message = `Cannot read ${name}: line ${line}${where}: ${reason}; ${fix}; ${OTHER_POLICIES}`;
  const place = { byteOffset, column };
  return new BadRecordError(message, line, cause === undefined ? place : { ...place, cause });
}

/**
 * The same of what was thrown.
 *
 * @throws what was thrown, unless it says that the record is bad.
 */
export function explainBad(name: string, line: number, error: unknown): BadRecordError {
  if (error instanceof Misfit) {
    const { message: reason, fix, path } = error;
    return badRecordError(name, line, { reason, fix, ...(path && { column: path.slice(1) }) });
  }
  if (!(error instanceof Malformed)) throw error;
  const { message: reason, fix, cause } = error;
  return badRecordError(name, line, { reason, fix, cause });
}

/** What to do about lines that are no objects. */
export const ONE_A_LINE = "put one object on a line";

/** The same where the objects are the elements of an array. */
const ELEMENTS = "an array may hold JSON objects only, with commas between them";

/** What to do, where it was said of lines, about the elements of an array. */
export function fixInArray(fix: string): string {
  return fix === ONE_A_LINE ? ELEMENTS : fix;
}

/** What to do about a record that is nested too deeply. */
export const FLATTEN = "flatten it, or raise maxDepth";

/** What to do about lines that are no text. */
export const SAVE_AS_UTF8 = 'save the input as UTF-8, or pass invalidUtf8: "replace"';

/** What the size of records is held to. */
export interface RecordLimit {
  readonly maxRecordBytes: number;
  /** What makes records of the format too large when it is wrong. */
  readonly suspect: string;
}

/**
 * The text of a record.
 *
 * @throws {Malformed} when it has none.
 */
export function recordText(
  { text, sizeBytes }: { readonly text: string | undefined; readonly sizeBytes: number },
  { maxRecordBytes, suspect }: RecordLimit,
): string {
  if (text !== undefined) return text;
  if (sizeBytes > maxRecordBytes) {
    throw new Malformed(
      `the record is larger than maxRecordBytes (${maxRecordBytes})`,
      `look for ${suspect}, or raise maxRecordBytes`,
    );
  }
  throw new Malformed("the record is not valid UTF-8", SAVE_AS_UTF8);
}

/**
 * What a header that cannot be read is told of.
 *
 * @throws what was thrown, unless it says that the record is malformed.
 */
export function headerError(name: string, line: number, cause: unknown): TypeError {
  if (!(cause instanceof Malformed)) throw cause;
  const where = `Cannot read ${name}: line ${line}, the header`;
  return new TypeError(`${where}: ${cause.message}; ${cause.fix}`, { cause });
}

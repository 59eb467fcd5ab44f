import { countZeros } from "./bitmap.ts";
import type { Column } from "./column.ts";
import { isValid, readTimestamps } from "./column_reader.ts";
import { fitsPrecision, readDecimal } from "./decimal.ts";
import { RowKind } from "./frame_header.ts";
import { readMixed } from "./mixed.ts";
import { MAX_COLUMN_BYTES } from "./limits.ts";
import { DAY_MS } from "./time_range.ts";
import { verifyRequired } from "./verify_required.ts";

const fatal = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

function verifyOffsets({ length, offsets }: Column, limit: number): void {
  let before = 0;
  if (offsets![0] !== 0) throw new RangeError("an offset does not start at 0");
  for (let at = 1; at <= length; at++) {
    const offset = offsets![at];
    if (offset < before) throw new RangeError("an offset goes back");
    before = offset;
  }
  if (before > limit) throw new RangeError("an offset runs past its column's end");
}

/** The bytes are UTF-8, and no value starts within a character. */
function verifyTexts({ length, values, offsets }: Column): void {
  const bytes = values as Uint8Array;
  try {
    fatal.decode(bytes.subarray(0, offsets![length]));
  } catch {
    throw new RangeError("a text is not UTF-8"); // the only error there is
  }
  for (let at = 1; at < length; at++) {
    if ((bytes[offsets![at]] & 0xc0) === 0x80 && offsets![at] < offsets![length]) {
      throw new RangeError("a text starts within a character");
    }
  }
}

function verifyDict(column: Column): void {
  const indices = column.values as Int32Array;
  const entries = column.children![0];
  if (entries.nullCount > 0) throw new RangeError("a dictionary has a null");
  for (let at = 0; at < column.length; at++) {
    if (indices[at] >>> 0 >= entries.length && isValid(column, at)) {
      throw new RangeError("an index runs past its dictionary");
    }
  }
}

function verifyMixed(column: Column): void {
  const { length, values, offsets } = column;
  for (let at = 0; at < length; at++) {
    if (isValid(column, at)) readMixed(values as Uint8Array, offsets![at], offsets![at + 1]);
  }
}

function verifyDecimals(column: Column, precision: number): void {
  for (let at = 0; at < column.length; at++) {
    if (
      isValid(column, at) && !fitsPrecision(readDecimal(column.values as Uint8Array, at), precision)
    ) {
      throw new RangeError("a decimal has too many digits");
    }
  }
}

function verifyTimestamps(column: Column): void {
  const numbers = readTimestamps(column.values as BigInt64Array, { start: 0, end: column.length });
  for (let at = 0; at < column.length; at++) {
    if (!Number.isSafeInteger(numbers[at]) && isValid(column, at)) {
      throw new RangeError("a timestamp is beyond 2^53 milliseconds");
    }
  }
}

function verifyTimes(column: Column): void {
  for (let at = 0; at < column.length; at++) {
    if (isValid(column, at) && (column.values![at] as number) >>> 0 >= DAY_MS) {
      throw new RangeError("a time is not within a day");
    }
  }
}

function verifyKeys(entries: Column): void {
  if (entries.nullCount > 0 || entries.children![0].nullCount > 0) {
    throw new RangeError("a map has a null for a key");
  }
}

function verifyValues(column: Column): void {
  const { type, children } = column;
  switch (type.kind) {
    case "utf8":
      verifyOffsets(column, MAX_COLUMN_BYTES);
      return verifyTexts(column);
    case "bytes":
      return verifyOffsets(column, MAX_COLUMN_BYTES);
    case "mixed":
      verifyOffsets(column, MAX_COLUMN_BYTES);
      return verifyMixed(column);
    case "map":
      verifyKeys(children![0]);
      return verifyOffsets(column, children![0].length);
    case "list":
      return verifyOffsets(column, children![0].length);
    case "dict":
      return verifyDict(column);
    case "timestamp":
      return verifyTimestamps(column);
    case "time":
      return verifyTimes(column);
    case "decimal":
      return verifyDecimals(column, type.precision);
  }
}

/** Throws unless each byte is a kind of row. */
export function verifyRowKinds(rowKinds: Uint8Array): void {
  for (const rowKind of rowKinds) {
    if (rowKind > RowKind.delete) throw new RangeError("a row kind is unknown");
  }
}

/**
 * Reads every offset, index, tag and character of columns from outside once.
 *
 * @throws {RangeError} at the first that cannot be.
 */
export function verifyColumns(columns: readonly Column[]): void {
  verifyParts(columns);
  columns.forEach(verifyRequired);
}

function verifyParts(columns: readonly Column[]): void {
  for (const column of columns) {
    const { validity, length, nullCount } = column;
    if (validity && countZeros(validity, length) !== nullCount) {
      throw new RangeError("a column's null count is not that of its bitmap");
    }
    if (column.children) verifyParts(column.children);
    verifyValues(column);
  }
}

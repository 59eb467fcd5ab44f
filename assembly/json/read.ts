// Lines of JSON to rows of columns.
import { tookTooMany } from "../column/dictionary";
import { nullRest, putSpan, undoRow } from "../column/sink";
import { layoutWroteNull, readByLayout } from "./layout";
import {
  BAD_SYNTAX,
  BAD_VALUE,
  beginReading,
  DONE,
  fail,
  failAt,
  failCode,
  failColumn,
  LEARN,
  limit,
  R_AT,
  R_BLANK,
  R_COLUMNS,
  R_COUNT,
  R_FAIL_AT,
  R_FAIL_COLUMN,
  R_HEADS,
  R_LAYOUTS,
  R_LINES,
  R_MISSES,
  R_MOST,
  R_PATIENCE,
  R_RECORDS,
  R_ROOT,
  R_ROW,
  R_START,
  TOO_LARGE,
} from "./reader";
import { isPlainRecord, readRecord } from "./record";
import { skipBlank } from "./skip";

const LINE_FEED: u8 = 0x0a;
const LAYOUTS: u32 = 4;

// Puts layout `index` before the others.
function promote(reader: u32, index: u32): void {
  const chosen = load<u32>(reader + (index << 2), R_LAYOUTS);
  const head = load<u32>(reader + (index << 2), R_HEADS);
  for (let at = reader + (index << 2); at > reader; at -= 4) {
    store<u32>(at, load<u32>(at - 4, R_LAYOUTS), R_LAYOUTS);
    store<u32>(at, load<u32>(at - 4, R_HEADS), R_HEADS);
  }
  store<u32>(reader, chosen, R_LAYOUTS);
  store<u32>(reader, head, R_HEADS);
}

// The line at `start` by the layouts that begin as it does; 0 when it is of none of them. Which one
// it is goes by branches: they foretell it, where all that is read would wait for an index.
// @ts-ignore: decorator
@inline
function readByLayouts(reader: u32, row: u32, start: u32): u32 {
  const head = load<u32>(start);
  let isFirst = true;
  for (let index: u32 = 0; index < LAYOUTS; index++) {
    const layout = load<u32>(reader + (index << 2), R_LAYOUTS);
    if (layout == 0) return 0;
    if (load<u32>(reader + (index << 2), R_HEADS) != head) continue;
    const next = readByLayout(layout, row, start);
    if (next != 0) {
      if (!isFirst) promote(reader, index);
      return next;
    }
    isFirst = false;
    if (layoutWroteNull()) undoRow(load<u32>(reader), load<u32>(reader, R_COUNT), row);
  }
  return 0;
}

let isBlank: bool = false;
let isMiss: bool = false;

// The line at `start` by the grammar; the start of the next one.
function readByGrammar(reader: u32, row: u32, start: u32): u32 {
  isMiss = true;
  let at = skipBlank(start);
  if (load<u8>(at) == LINE_FEED) {
    isBlank = true;
    return at + 1;
  }
  const columns = load<u32>(reader, R_COLUMNS);
  const count = load<u32>(reader, R_COUNT);
  at = readRecord(columns, count, load<u32>(reader, R_ROOT), row, at);
  if (at == 0) return 0;
  nullRest(columns, count, row);
  // keys that come over and over can bring more texts than there are rows
  if (tookTooMany()) return fail(BAD_VALUE, start, 0);
  at = skipBlank(at);
  return load<u8>(at) == LINE_FEED ? at + 1 : fail(BAD_SYNTAX, at, 0);
}

// @ts-ignore: decorator
@inline
function readLine(reader: u32, row: u32, start: u32): u32 {
  const next = readByLayouts(reader, row, start);
  return next != 0 ? next : readByGrammar(reader, row, start);
}

// @ts-ignore: decorator
@inline
function isTooLarge(start: u32, next: u32, most: u32): bool {
  if (next - start - 1 <= most) return false;
  // the return of a CRLF does not count, but where the bytes end behind it
  return next - start - 2 > most || next > limit || load<u8>(next - 2) != 0x0d;
}

// Leaves everything as it was before a record, and says what is wrong with it.
function stopAt(reader: u32, start: u32, row: u32, lines: u32): u32 {
  store<u32>(reader, lines, R_LINES);
  undoRow(load<u32>(reader, R_COLUMNS), load<u32>(reader, R_COUNT), row);
  store<u32>(reader, failAt, R_FAIL_AT);
  store<u32>(reader, failColumn, R_FAIL_COLUMN);
  leave(reader, start, row);
  return failCode;
}

function leave(reader: u32, at: u32, row: u32): void {
  store<u32>(reader, at, R_AT);
  store<u32>(reader, row, R_ROW);
}

/**
 * Reads lines until the bytes end, `rows` rows are written, or the host is asked: about a record
 * that is not taken, which it has to step over, or a line to learn a layout from, which is a row.
 */
export function jsonRead(reader: u32, rows: u32): u32 {
  beginReading(reader);
  const most = load<u32>(reader, R_MOST);
  const records = load<u32>(reader, R_RECORDS);
  let at = load<u32>(reader, R_AT);
  let row = load<u32>(reader, R_ROW);
  let lines = load<u32>(reader, R_LINES);
  let code = DONE;
  isMiss = false;
  isBlank = false;
  while (row < rows && at < limit) {
    const start = at;
    const next = readLine(reader, row, start);
    if (next == 0) return stopAt(reader, start, row, lines);
    if (isTooLarge(start, next, most)) {
      fail(TOO_LARGE, start, 0);
      return stopAt(reader, start, row, lines);
    }
    at = next;
    lines++;
    if (isMiss) {
      isMiss = false;
      if (isBlank) {
        isBlank = false;
        store<u32>(reader, load<u32>(reader, R_BLANK) + 1, R_BLANK);
        continue;
      }
      const misses = load<u32>(reader, R_MISSES) + 1;
      store<u32>(reader, misses, R_MISSES);
      if (isPlainRecord && misses > load<u32>(reader, R_PATIENCE)) code = LEARN;
    }
    if (records != 0) putSpan(records, row, start, next - start);
    row++;
    if (code == LEARN) {
      store<u32>(reader, start, R_START);
      break;
    }
  }
  store<u32>(reader, lines, R_LINES);
  leave(reader, at, row);
  return code;
}

// Blocks of CSV to columns: some rows are scanned, then converted column by column.

import { undoRow } from "../column/sink";
import { preparePowers } from "../number/powers";
import { takeBad, takeBadRows } from "./cells";
import {
  badRecords,
  cells,
  columnCount,
  columns,
  fields,
  hasRoomForBad,
  infos,
  IS_FULL,
  loadContext,
  BAD_ARE_FULL,
  moveToBad,
  NEEDS_REPLACING,
  passRows,
  RECORD_BYTES,
  REGION_IS_OVER,
  showRecord,
  sink,
  storeContext,
} from "./context";
import { COLUMN_BYTES, convertColumn } from "./convert";
import {
  beginDialect,
  beginScan,
  brokenEnd,
  scan,
  scannedBytes,
  scannedRows,
  scanStatus,
} from "./scan";

let bytes: u32 = 0;

function convertAll(rows: u32, first: u32): void {
  const end = columns + columnCount * COLUMN_BYTES;
  for (let column = columns; column < end; column += COLUMN_BYTES) {
    convertColumn(column, rows, first);
  }
}

// Takes the bad ones out of the scanned rows; how many are left.
function dropBad(rows: u32): u32 {
  let kept: u32 = 0;
  for (let row: u32 = 0; row < rows; row++) {
    const info = infos + row * RECORD_BYTES;
    if (takeBad(row)) {
      bytes -= load<u32>(info, 12) - load<u32>(info, 8);
      moveToBad(info);
      continue;
    }
    if (kept != row) {
      const stride = fields << 3;
      memory.copy(cells + kept * stride, cells + row * stride, stride);
      memory.copy(infos + kept * RECORD_BYTES, info, RECORD_BYTES);
    }
    kept++;
  }
  return kept;
}

// Converts scanned rows; those that are good, which is known only at the end, lie in order then.
function convertRows(rows: u32, first: u32): u32 {
  convertAll(rows, first);
  if (takeBadRows() == 0) return rows;
  const kept = dropBad(rows);
  for (let row: u32 = 0; row < rows; row++) undoRow(sink, columnCount, first + row);
  convertAll(kept, first);
  return kept;
}

/**
 * Decodes records from `from` on into rows from `first` on: at most so many, and of so many bytes.
 * Gives the address where it stopped, the start of the next record; why, and what was found, stands
 * in the context.
 */
export function csvDecode(
  context: u32, from: u32, to: u32, final: bool, first: u32, mostRows: u32, mostBytes: u32,
): u32 {
  loadContext(context);
  preparePowers();
  beginDialect();
  let at = from;
  let rows: u32 = 0;
  bytes = 0;
  while (true) {
    beginScan(min(passRows, mostRows - rows), mostBytes - bytes);
    at = scan(at, to, final);
    bytes += scannedBytes();
    rows += convertRows(scannedRows(), first + rows);
    const isMore = scanStatus() == IS_FULL || scanStatus() == REGION_IS_OVER;
    const goesOn = isMore && rows < mostRows && bytes < mostBytes;
    if (goesOn && hasRoomForBad()) continue;
    const status = goesOn || badRecords() != 0 && !hasRoomForBad() ? BAD_ARE_FULL : scanStatus();
    if (status == NEEDS_REPLACING) showRecord(at, brokenEnd());
    storeContext(status, rows, bytes);
    return at;
  }
}

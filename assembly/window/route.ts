// Which owner each row of a batch goes to.
import { hashFixed, hashNull } from "../hash/hash";
import { assignBlock, MIXED, SLICES } from "./assign";
import { BLOCK, COLUMN_BYTES, fixedKeys, isValid, validityOf } from "./columns";
import { DONE, encodeBlock, HASHES } from "./encode";
import { FIXED, T_MODE } from "./table";

/** Owner of rows that are late or have no time. */
const NOBODY: u32 = 255;

const KEYS: usize = memory.data(512 * 8, 16);

function hashFixedBlock(column: u32, from: u32, count: u32): void {
  const keys = fixedKeys(column, from, count, <u32>KEYS);
  const validity = validityOf(column);
  const none = hashNull();
  for (let row: u32 = 0; row < count; row++) {
    const hash = isValid(validity, from + row) ? hashFixed(load<u64>(keys + (row << 3))) : none;
    store<u64>((<u32>HASHES) + (row << 3), hash);
  }
}

function hashBlockOf(table: u32, columns: u32, keys: u32, from: u32, count: u32): i32 {
  if (load<u32>(table, T_MODE) != FIXED) return encodeBlock(table, columns, keys, from, count);
  hashFixedBlock(columns, from, count);
  return DONE;
}

/**
 * Hashes the keys of rows.
 *
 * @param columns The key columns.
 * @param out Takes 64 bits a row.
 * @returns DONE, or why not.
 */
export function hashRows(table: u32, columns: u32, keys: u32, count: u32, out: u32): i32 {
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const rows = min(BLOCK, count - from);
    const code = hashBlockOf(table, columns, keys, from, rows);
    if (code != DONE) return code;
    memory.copy(out + (from << 3), <u32>HASHES, rows << 3);
  }
  return DONE;
}

/**
 * Finds the owner of each row; `columns` describes the times and then `keys` key columns.
 *
 * @param ownerOf Owner of each of the 256 key groups.
 * @param counts Takes the rows of each owner (u32), 256 entries.
 * @param out Takes a byte a row, NOBODY for rows that are late or have no time.
 * @returns DONE, or why not.
 */
export function routeRows(
  table: u32,
  columns: u32,
  keys: u32,
  count: u32,
  ownerOf: u32,
  counts: u32,
  out: u32,
): i32 {
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const rows = min(BLOCK, count - from);
    const mixed = assignBlock(table, columns, from, rows, false) == MIXED;
    const code = hashBlockOf(table, columns + COLUMN_BYTES, keys, from, rows);
    if (code != DONE) return code;
    for (let row: u32 = 0; row < rows; row++) {
      const group = load<u8>((<u32>HASHES) + (row << 3), 7);
      let owner: u32 = load<u8>(ownerOf + group);
      if (mixed && load<u32>((<u32>SLICES) + (row << 2)) == 0) owner = NOBODY;
      store<u8>(out + from + row, owner);
      const counter = counts + (owner << 2);
      store<u32>(counter, load<u32>(counter) + 1);
    }
  }
  return DONE;
}

/**
 * Lists the rows of each owner.
 *
 * @param owners A byte a row.
 * @param cursors Where each owner's list starts in `out`, in entries (u32), 256 entries; afterwards
 *   where it ends.
 */
export function listRows(owners: u32, count: u32, base: u32, cursors: u32, out: u32): void {
  for (let row: u32 = 0; row < count; row++) {
    const cursor = cursors + (<u32>load<u8>(owners + row) << 2);
    const at = load<u32>(cursor);
    store<u32>(out + (at << 2), base + row);
    store<u32>(cursor, at + 1);
  }
}

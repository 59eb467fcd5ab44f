// Both passes over a batch at once, a block of rows at a time: for batches that fit in any case.
import {
  AT_VALIDITY,
  AT_VALUES,
  BLOCK,
  COLUMN_BYTES,
  KIND_F32,
  KIND_F64,
  KIND_I32,
  KIND_I64,
  kindOf,
  validityOf,
  valuesOf,
} from "./columns";
import { assignBlock, NO_MEMORY } from "./assign";
import { DONE, OUT_OF_MEMORY } from "./encode";
import { findBlock } from "./find";
import { countRows, LAYOUT_BYTES, updateStates } from "./update";

// @ts-ignore: decorator
@inline
function widthOf(kind: u32): u32 {
  if (kind == KIND_F64 || kind == KIND_I64) return 8;
  return kind == KIND_F32 || kind == KIND_I32 ? 4 : 0;
}

/** Moves the description of a fixed-width column by a block of rows. */
export function advance(column: u32): void {
  const validity = validityOf(column);
  store<u32>(column, valuesOf(column) + BLOCK * widthOf(kindOf(column)), AT_VALUES);
  if (validity != 0) store<u32>(column, validity + (BLOCK >> 3), AT_VALIDITY);
}

/**
 * Finds the states of rows and takes the values into them.
 *
 * @param columns Describes the times, `keys` key columns and `values` value columns; the times and
 *   values are moved on.
 * @param layouts Of each value.
 * @param states Room for the addresses of a block's states.
 * @param order Position of the first row.
 * @returns DONE, or why it stopped half done.
 */
export function addRows(
  table: u32,
  columns: u32,
  keys: u32,
  values: u32,
  count: u32,
  layouts: u32,
  states: u32,
  order: f64,
  partition: u32,
): i32 {
  const key = columns + COLUMN_BYTES;
  const first = key + keys * COLUMN_BYTES;
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const rows = min(BLOCK, count - from);
    const slice = assignBlock(table, columns, 0, rows, true);
    if (slice == NO_MEMORY) return OUT_OF_MEMORY;
    const code = findBlock(table, slice, key, keys, from, rows, states);
    if (code != DONE) return code;
    if (values == 0) countRows(states, rows);
    for (let value: u32 = 0; value < values; value++) {
      const column = first + value * COLUMN_BYTES;
      const layout = layouts + value * LAYOUT_BYTES;
      updateStates(column, layout, states, rows, columns, order + from, partition, value == 0);
      advance(column);
    }
    advance(columns);
  }
  return DONE;
}

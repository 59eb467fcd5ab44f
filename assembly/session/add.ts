// A batch into the sessions: for each block of rows first where they belong, then their values.
import {
  BLOCK,
  COLUMN_BYTES,
  KIND_BYTES,
  kindOf,
  valuesOf,
} from "../window/columns";
import { DONE, encodeBlock, OUT_OF_MEMORY } from "../window/encode";
import { advance } from "../window/add";
import { mergeState } from "../window/merge";
import { updatePair } from "../window/pairs";
import { countRows, LAYOUT_BYTES, updateStates } from "../window/update";
import { trimIndex } from "./index_of_keys";
import { blocksOfFixed, forgetAbsorbed, placeBlock, takeAbsorbed } from "./place";
import { freeEntry, tagIn, X_GAP, X_LATE, X_OUTSIDE, X_TABLE, X_UNTIMED } from "./sessions";

const KEY_AT: u32 = 3; // column of the first key, behind times, gaps and watermarks

/** Starts a batch: counts from 0. */
export function beginSessions(sessions: u32): void {
  store<u32>(sessions, 0, X_LATE);
  store<u32>(sessions, 0, X_UNTIMED);
  store<u32>(sessions, 0, X_OUTSIDE);
}

/** Rows of the batch so far that were late. */
export function sessionsLate(sessions: u32): u32 {
  return load<u32>(sessions, X_LATE);
}

/** Rows of the batch so far that have no usable time. */
export function sessionsUntimed(sessions: u32): u32 {
  return load<u32>(sessions, X_UNTIMED);
}

/** Rows of the batch so far that have no gap. */
export function sessionsOutside(sessions: u32): u32 {
  return load<u32>(sessions, X_OUTSIDE);
}

function encode(sessions: u32, columns: u32, keys: u32, from: u32, count: u32): i32 {
  if (keys != 1 || kindOf(columns) >= KIND_BYTES) {
    return encodeBlock(load<u32>(sessions, X_TABLE), columns, keys, from, count);
  }
  blocksOfFixed(columns, from, count);
  return DONE;
}

// Merges the sessions that the rows of a block made one.
function mergeAbsorbed(sessions: u32, layouts: u32, values: u32): void {
  let state = takeAbsorbed();
  if (state == 0) return;
  for (; state != 0; state = takeAbsorbed()) {
    mergeState(layouts, values, tagIn(state), state);
    freeEntry(sessions, state);
  }
  trimIndex(sessions);
}

/**
 * Takes rows into their sessions.
 *
 * @param columns Describes times, gaps, watermarks, `keys` key columns and `values` value columns;
 *   all but the keys are moved on.
 * @param layouts Of each value and pair.
 * @param pairs Two words each of `pairCount` pairs: which values.
 * @param states Room for the addresses of a block's states.
 * @param late Takes the numbers of late rows of the batch, of which this is row `base` on.
 * @param order Place of the first row in its partition; only the order of the rows counts.
 * @returns DONE, or why it stopped half done.
 */
export function addSessions(
  sessions: u32,
  columns: u32,
  keys: u32,
  values: u32,
  count: u32,
  layouts: u32,
  pairs: u32,
  pairCount: u32,
  states: u32,
  late: u32,
  base: u32,
  order: f64,
  partition: u32,
): i32 {
  const gaps = columns + COLUMN_BYTES;
  const marks = gaps + COLUMN_BYTES;
  const key = columns + KEY_AT * COLUMN_BYTES;
  const first = key + keys * COLUMN_BYTES;
  const ownGaps = load<i64>(sessions, X_GAP) == 0 ? gaps : 0;
  forgetAbsorbed();
  for (let from: u32 = 0; from < count; from += BLOCK) {
    const rows = min(BLOCK, count - from);
    const code = encode(sessions, key, keys, from, rows);
    if (code != DONE) return code;
    if (!placeBlock(sessions, columns, ownGaps, valuesOf(marks), rows, states, late, base + from)) {
      return OUT_OF_MEMORY;
    }
    if (values == 0) countRows(states, rows);
    updateValues(columns, first, values, rows, layouts, states, order + from, partition);
    for (let pair: u32 = 0; pair < pairCount; pair++) {
      const x = first + load<u32>(pairs + (pair << 3)) * COLUMN_BYTES;
      const y = first + load<u32>(pairs + (pair << 3), 4) * COLUMN_BYTES;
      const layout = layouts + (values + pair) * LAYOUT_BYTES;
      updatePair(x, y, layout, states, rows, columns, order + from, partition);
    }
    mergeAbsorbed(sessions, layouts, values + pairCount);
    for (let column = columns; column < key; column += COLUMN_BYTES) advance(column);
    for (let value: u32 = 0; value < values; value++) advance(first + value * COLUMN_BYTES);
  }
  return DONE;
}

function updateValues(
  times: u32,
  first: u32,
  values: u32,
  rows: u32,
  layouts: u32,
  states: u32,
  order: f64,
  partition: u32,
): void {
  for (let value: u32 = 0; value < values; value++) {
    const column = first + value * COLUMN_BYTES;
    const layout = layouts + value * LAYOUT_BYTES;
    updateStates(column, layout, states, rows, times, order, partition, value == 0);
  }
}

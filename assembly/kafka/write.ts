// Rows to records, behind those of their partition.

import { writeVarint } from "../avro/varint";
import { copyText } from "../json/write_text";
import { HEADER_BYTES, writeHeader } from "./batch";
import { cellAt, cellBytes, CELLS_BYTES, isSet } from "./job";
import {
  BASE,
  BATCH_BYTES,
  CLOSED,
  FIRST_TIME,
  GREATEST_TIME,
  HEADER_COUNT,
  HEADERS,
  IS_SUMMED,
  KEY,
  NAME,
  NAME_BYTES,
  NOW,
  OPEN_AT,
  OPEN_RECORDS,
  PENDING,
  PREFIX,
  PREFIX_BYTES,
  ROW_BYTES,
  ROW_PARTITIONS,
  ROWS,
  STATE_BYTES,
  STATES,
  TIMES,
  TIMES_VALID,
  USED,
  VALUE,
} from "./job";
import { isTombstone, varintBytes } from "./measure";

/** Ends the open batch of a partition, if it has records. */
export function kafkaClose(state: u32, isSummed: u32): void {
  const records = load<u32>(state, OPEN_RECORDS);
  if (records == 0) return;
  const start = load<u32>(state, OPEN_AT);
  const used = load<u32>(state, USED);
  const first = load<i64>(state, FIRST_TIME);
  const greatest = load<i64>(state, GREATEST_TIME);
  writeHeader(load<u32>(state) + start, used - start, records, first, greatest, isSummed != 0);
  store<u32>(state, used, OPEN_AT);
  store<u32>(state, 0, OPEN_RECORDS);
  store<u32>(state, load<u32>(state, CLOSED) + 1, CLOSED);
}

/** A cell behind its length. */
// @ts-ignore: decorator
@inline
function putCell(to: u32, cells: u32, bytes: i32): u32 {
  if (bytes < 0) {
    store<u8>(to, 1);
    return to + 1;
  }
  const prefix = load<u32>(cells, PREFIX_BYTES);
  let at = writeVarint(to, <i64>bytes + prefix);
  if (prefix != 0) at = copyText(at, load<u32>(cells, PREFIX), prefix);
  return copyText(at, cellAt(), bytes);
}

function putHeaders(to: u32, job: u32, row: u32): u32 {
  const count = load<u32>(job, HEADER_COUNT);
  let at = writeVarint(to, count);
  let cells = load<u32>(job, HEADERS);
  for (const end = cells + count * CELLS_BYTES; cells < end; cells += CELLS_BYTES) {
    at = copyText(at, load<u32>(cells, NAME), load<u32>(cells, NAME_BYTES));
    at = putCell(at, cells, cellBytes(cells, row));
  }
  return at;
}

/** A record, of which all but the two differences take `bytes` bytes. */
// @ts-ignore: decorator
@inline
function putRecord(to: u32, job: u32, row: u32, bytes: u32, later: i64, place: u32): u32 {
  const key = load<u32>(job, KEY);
  const value = load<u32>(job, VALUE);
  let at = writeVarint(to, <i64>bytes + varintBytes(later) + varintBytes(place));
  store<u8>(at++, 0);
  at = writeVarint(at, later);
  at = writeVarint(at, place);
  at = putCell(at, key, key == 0 ? -1 : cellBytes(key, row));
  at = putCell(at, value, isTombstone(job, row) ? -1 : cellBytes(value, row));
  if (load<u32>(job, HEADER_COUNT) != 0) return putHeaders(at, job, row);
  store<u8>(at, 0);
  return at + 1;
}

/** Appends the rows of a job that was measured, and for which there is room. */
export function kafkaAppend(job: u32): void {
  const rows = load<u32>(job, ROWS);
  const states = load<u32>(job, STATES);
  const batchBytes = load<u32>(job, BATCH_BYTES);
  const partitions = load<u32>(job, ROW_PARTITIONS);
  const sizes = load<u32>(job, ROW_BYTES);
  const times = load<u32>(job, TIMES);
  const timesValid = load<u32>(job, TIMES_VALID);
  const now = load<i64>(job, NOW);
  for (let row: u32 = 0; row < rows; row++) {
    const state = states + load<u32>(partitions + (row << 2)) * STATE_BYTES;
    const bytes = load<u32>(sizes + (row << 2));
    const time = times != 0 && isSet(timesValid, row) ? load<i64>(times + (row << 3)) : now;
    let records = load<u32>(state, OPEN_RECORDS);
    let later = time - load<i64>(state, FIRST_TIME);
    if (records != 0) {
      const body = bytes + varintBytes(later) + varintBytes(records);
      const open = load<u32>(state, USED) - load<u32>(state, OPEN_AT);
      if (open + body + varintBytes(body) > batchBytes) {
        kafkaClose(state, load<u32>(job, IS_SUMMED));
        records = 0;
      }
    }
    let used = load<u32>(state, USED);
    if (records == 0) {
      used += HEADER_BYTES;
      later = 0;
      store<i64>(state, time, FIRST_TIME);
      store<i64>(state, time, GREATEST_TIME);
    } else if (time > load<i64>(state, GREATEST_TIME)) store<i64>(state, time, GREATEST_TIME);
    const base = load<u32>(state, BASE);
    store<u32>(state, putRecord(base + used, job, row, bytes, later, records) - base, USED);
    store<u32>(state, records + 1, OPEN_RECORDS);
    store<u32>(state, load<u32>(state, PENDING) + 1, PENDING);
  }
}

// What rows will take, and which partitions they go to, before anything is written.

import { cellAt, cellBytes, CELLS_BYTES, isSet } from "./job";
import {
  BATCH_BYTES,
  CHOSEN,
  CHOSEN_VALID,
  FAIL_ROW,
  FAIL_VALUE,
  HEADER_COUNT,
  HEADERS,
  KEY,
  MOST_BYTES,
  NAME_BYTES,
  OPEN_AT,
  PARTITIONS,
  PREFIX,
  PREFIX_BYTES,
  ROW_BYTES,
  ROW_PARTITIONS,
  ROWS,
  STATE_BYTES,
  STATES,
  STICKY,
  TIMES,
  TIMES_VALID,
  TOMBSTONES,
  TOMBSTONES_VALID,
  USED,
  VALUE,
  WANTED,
} from "./job";
import { HEADER_BYTES } from "./batch";
import { murmur2, murmur2Behind } from "./murmur2";

// Why rows are not taken.
const TOO_LARGE: u32 = 1;
const NO_SUCH_PARTITION: u32 = 2;
const NULL_PARTITION: u32 = 3;
const NEGATIVE_TIME: u32 = 4;
const NO_KEY: u32 = 5;

/** What may stand in a record besides what is measured: its length and the two differences. */
const MOST_VARINTS: u64 = 20;

/** Bytes of a whole number by zigzag and 7 bits a byte. */
// @ts-ignore: decorator
@inline
export function varintBytes(value: i64): u32 {
  const zigzag = <u64>((value << 1) ^ (value >> 63));
  return (70 - <u32>clz<u64>(zigzag | 1)) / 7;
}

/** What a cell takes with its length in front. */
// @ts-ignore: decorator
@inline
function sized(bytes: i32, prefix: u32): u64 {
  if (bytes < 0) return 1;
  const all = <u64>bytes + prefix;
  return all + varintBytes(<i64>all);
}

/** Whether a row has no value, whatever its columns hold. */
// @ts-ignore: decorator
@inline
export function isTombstone(job: u32, row: u32): bool {
  const bits = load<u32>(job, TOMBSTONES);
  return bits != 0 && isSet(load<u32>(job, TOMBSTONES_VALID), row) && isSet(bits, row);
}

function headerBytes(job: u32, row: u32): u64 {
  const count = load<u32>(job, HEADER_COUNT);
  let bytes: u64 = varintBytes(count);
  let cells = load<u32>(job, HEADERS);
  for (const end = cells + count * CELLS_BYTES; cells < end; cells += CELLS_BYTES) {
    bytes += load<u32>(cells, NAME_BYTES) + sized(cellBytes(cells, row), 0);
  }
  return bytes;
}

function fail(job: u32, why: u32, row: u32, value: f64): u32 {
  store<u32>(job, row, FAIL_ROW);
  store<f64>(job, value, FAIL_VALUE);
  return why;
}

// @ts-ignore: decorator
@inline
function keyHash(key: u32, bytes: u32): u32 {
  const prefix = load<u32>(key, PREFIX_BYTES);
  if (prefix == 0) return murmur2(cellAt(), bytes);
  return murmur2Behind(load<u32>(key, PREFIX), prefix, cellAt(), bytes);
}

let filled: u64 = 0;

/** The partition that rows without a key go to; another one when the batch there is full. */
// @ts-ignore: decorator
@inline
function sticky(job: u32, bytes: u64): u32 {
  let partition = load<u32>(job, STICKY);
  if (filled > 0 && filled + bytes > load<u32>(job, BATCH_BYTES)) {
    partition = (partition + 1) % load<u32>(job, PARTITIONS);
    store<u32>(job, partition, STICKY);
    beginSticky(job, partition);
  }
  if (filled == 0) filled = HEADER_BYTES;
  filled += bytes;
  return partition;
}

function beginSticky(job: u32, partition: u32): void {
  const state = load<u32>(job, STATES) + partition * STATE_BYTES;
  filled = load<u32>(state, USED) - load<u32>(state, OPEN_AT);
}

/**
 * Notes for each row of a job its partition and its bytes, but for what depends on its place, and
 * for each partition what they take at most. 0, or why it cannot be done, with row and value.
 */
export function kafkaMeasure(job: u32): u32 {
  const rows = load<u32>(job, ROWS);
  const partitions = load<u32>(job, PARTITIONS);
  const states = load<u32>(job, STATES);
  const times = load<u32>(job, TIMES);
  const chosen = load<u32>(job, CHOSEN);
  const key = load<u32>(job, KEY);
  const value = load<u32>(job, VALUE);
  const most = <u64>load<u32>(job, MOST_BYTES);
  const keyPrefix = key == 0 ? 0 : load<u32>(key, PREFIX_BYTES);
  const valuePrefix = load<u32>(value, PREFIX_BYTES);
  const hasHeaders = load<u32>(job, HEADER_COUNT) != 0;
  beginSticky(job, load<u32>(job, STICKY));
  for (let row: u32 = 0; row < rows; row++) {
    let bytes: u64 = 1 + (hasHeaders ? headerBytes(job, row) : 1);
    const noValue = isTombstone(job, row);
    bytes += sized(noValue ? -1 : cellBytes(value, row), valuePrefix);
    const keyBytes = key == 0 ? -1 : cellBytes(key, row);
    bytes += sized(keyBytes, keyPrefix);
    if (keyBytes < 0 && noValue) return fail(job, NO_KEY, row, 0);
    // alone in a batch, both differences are 0
    const alone = HEADER_BYTES + bytes + 2 + varintBytes(<i64>(bytes + 2));
    if (alone > most) return fail(job, TOO_LARGE, row, <f64>alone);
    if (times != 0 && isSet(load<u32>(job, TIMES_VALID), row)) {
      const time = load<i64>(times + (row << 3));
      if (time < 0) return fail(job, NEGATIVE_TIME, row, <f64>time);
    }
    let partition: u32;
    if (chosen != 0) {
      if (!isSet(load<u32>(job, CHOSEN_VALID), row)) return fail(job, NULL_PARTITION, row, 0);
      partition = load<u32>(chosen + (row << 2));
      if (partition >= partitions) {
        return fail(job, NO_SUCH_PARTITION, row, <f64>(<i32>partition));
      }
    } else if (keyBytes >= 0) {
      partition = (keyHash(key, keyBytes) & 0x7fffffff) % partitions;
    } else partition = sticky(job, bytes + 2);
    store<u32>(load<u32>(job, ROW_PARTITIONS) + (row << 2), partition);
    store<u32>(load<u32>(job, ROW_BYTES) + (row << 2), <u32>bytes);
    const state = states + partition * STATE_BYTES;
    store<u64>(state, load<u64>(state, WANTED) + bytes + MOST_VARINTS, WANTED);
  }
  return 0;
}

// Avro records of which each is a message: it has to end where the message does, and a prefix that
// tells its schema may stand in front of it (Confluent, "Wire format").
import { nullRow, undoRow } from "../column/sink";
import { clearFault, hasFault, unfit } from "./fault";
import { readOps } from "./read";
import { OP_BYTES, RECORD_SIZE, REST } from "./read_ops";
import { beginSkipping } from "./skip";

/** Bytes of a prefix: a zero, and the number of a schema. */
const PREFIX_BYTES: u32 = 5;

// Whether the five bytes at `at` are those of the prefix.
// @ts-ignore: decorator
@inline
function isPrefix(at: u32, prefix: u32): bool {
  return load<u32>(at) == load<u32>(prefix) && load<u8>(at, 4) == load<u8>(prefix, 4);
}

/**
 * Reads messages from number `message` to before `messages` as rows from `row` on of `columns` columns
 * at `sink`. Message n has `lengths[n]` bytes from `base + starts[n]` on; less than 0: it is null,
 * and becomes a row of nulls if `takesNulls`. `prefix` is the address of what stands in front of each,
 * or 0: nothing. Stops at a message that does not fit (see `avroReadFault`), whose row is as if it had
 * not been written, and without a fault at one of another prefix, or that is null and may not be.
 * Returns the number of the message at which it stopped, or `messages`.
 */
export function avroReadMessages(
  ops: u32,
  count: u32,
  sink: u32,
  columns: u32,
  base: u32,
  starts: u32,
  lengths: u32,
  message: u32,
  messages: u32,
  prefix: u32,
  takesNulls: bool,
  row: u32,
  mostBytes: u32,
): u32 {
  const last = ops + count * OP_BYTES;
  const before: u32 = prefix == 0 ? 0 : PREFIX_BYTES;
  clearFault();
  for (let next = message; next < messages; next++, row++) {
    const bytes = load<i32>(lengths + (next << 2));
    if (bytes < 0) {
      if (!takesNulls) return next;
      nullRow(sink, columns, row);
      continue;
    }
    let at = base + load<u32>(starts + (next << 2));
    const end = at + <u32>bytes;
    if (before != 0 && (<u32>bytes < PREFIX_BYTES || !isPrefix(at, prefix))) return next;
    at += before;
    beginSkipping();
    const stop = readOps(ops, last, row, at, end);
    if (stop != 0 && stop != end) unfit(REST, ops, stop, end - stop);
    if (end - at > mostBytes) unfit(RECORD_SIZE, ops, at, end - at);
    if (hasFault()) {
      undoRow(sink, columns, row);
      return next;
    }
  }
  return messages;
}

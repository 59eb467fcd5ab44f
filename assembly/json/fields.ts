// The fields of objects, found by their names.
import { sameBytes } from "../hash/hash";
import {
  F_HEAD,
  F_LENGTH,
  F_NAME,
  FIELD_BYTES,
  N_COUNT,
  N_FIELDS,
  N_MASK,
  N_TABLE,
} from "./reader";

// 16 bytes of ones before 16 of zeros: loading 16 - n bytes in keeps n bytes.
const KEEP: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
], 16);

/** The first 16 bytes of a name, of which these are the first, with zeros behind it. */
// @ts-ignore: decorator
@inline
export function headIn(bytes: v128, length: u32): v128 {
  return v128.and(bytes, v128.load((<u32>KEEP) + 16 - length));
}

// @ts-ignore: decorator
@inline
function headOf(at: u32, length: u32): v128 {
  return headIn(v128.load(at), min<u32>(length, 16));
}

// @ts-ignore: decorator
@inline
function hashOf(head: v128, length: u32): u32 {
  const low = i64x2.extract_lane(head, 0) ^ (<u64>length << 56);
  const mixed = low * 0x9e3779b97f4a7c15 ^ rotl<u64>(i64x2.extract_lane(head, 1), 29);
  return <u32>((mixed * 0xc2b2ae3d27d4eb4f) >> 40);
}

// @ts-ignore: decorator
@inline
function isNamed(field: u32, at: u32, length: u32, head: v128): bool {
  if (load<u32>(field, F_LENGTH) != length) return false;
  if (v128.any_true(v128.xor(v128.load(field, F_HEAD), head))) return false;
  return length <= 16 || sameBytes(load<u32>(field, F_NAME) + 16, at + 16, length - 16);
}

/** Puts the fields of a node into its table, which is empty. */
export function jsonIndexFields(node: u32): void {
  const table = load<u32>(node, N_TABLE);
  const mask = load<u32>(node, N_MASK);
  const count = load<u32>(node, N_COUNT);
  for (let i: u32 = 0; i < count; i++) {
    const field = load<u32>(node, N_FIELDS) + i * FIELD_BYTES;
    const length = load<u32>(field, F_LENGTH);
    const head = headOf(load<u32>(field, F_NAME), length);
    v128.store(field, head, F_HEAD);
    let slot = hashOf(head, length) & mask;
    while (load<u32>(table + (slot << 2)) != 0) slot = (slot + 1) & mask;
    store<u32>(table + (slot << 2), i + 1);
  }
}

// Whether all keys so far were those of the fields that were expected.
let isInOrder: bool = false;

/** Begins a record, whose keys may all come in order. */
// @ts-ignore: decorator
@inline
export function beginKeys(): void {
  isInOrder = true;
}

/** The field of a key, 0 when there is none; `expected` is the one that is likely to come. */
export function fieldOf(node: u32, at: u32, length: u32, expected: u32): u32 {
  return fieldNamed(node, headOf(at, length), at, length, expected);
}

/** The same, with the head of the key. */
// @ts-ignore: decorator
@inline
export function fieldNamed(node: u32, head: v128, at: u32, length: u32, expected: u32): u32 {
  const fields = load<u32>(node, N_FIELDS);
  if (isInOrder) {
    const next = fields + expected * FIELD_BYTES;
    if (expected < load<u32>(node, N_COUNT) && isNamed(next, at, length, head)) return next;
    isInOrder = false;
  }
  const table = load<u32>(node, N_TABLE);
  const mask = load<u32>(node, N_MASK);
  let slot = hashOf(head, length) & mask;
  while (true) {
    const number = load<u32>(table + (slot << 2));
    if (number == 0) return 0;
    const field = fields + (number - 1) * FIELD_BYTES;
    if (isNamed(field, at, length, head)) return field;
    slot = (slot + 1) & mask;
  }
}

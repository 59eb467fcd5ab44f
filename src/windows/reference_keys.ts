import type { KernelColumn, KeyType, ResultColumn } from "../kernel/window_types.ts";
import { columnOf, type Plain, valueAt } from "./plain_columns.ts";

const MASK = 0xffff_ffff_ffff_ffffn;
const K1 = 0x9e3779b97f4a7c15n;
const K2 = 0xc2b2ae3d27d4eb4fn;
const K3 = 0xff51afd7ed558ccdn;
const SEED = 0x2545f4914f6cdd1dn;
const SHORT_KEY_BYTES = 15;
const NULL_MARK = 0xfe;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const scratch = new DataView(new ArrayBuffer(8));

/** The 8 bytes that stand for a fixed-width key: −0 is 0, and there is one NaN. */
function fixedBytes(type: KeyType, value: Plain): Uint8Array {
  const bytes = new Uint8Array(8);
  const view = new DataView(bytes.buffer);
  if (type.kind === "f64" || type.kind === "f32") {
    const number = Number(value);
    if (Number.isNaN(number)) view.setBigUint64(0, 0x7ff8_0000_0000_0000n, true);
    else view.setFloat64(0, number === 0 ? 0 : number, true);
  } else {
    view.setBigInt64(0, BigInt(value as number | bigint | boolean), true);
  }
  return bytes;
}

function isText(type: KeyType): boolean {
  return type.kind === "utf8" || type.kind === "dict";
}

function valueBytes(type: KeyType, value: Plain): Uint8Array {
  if (isText(type)) return encoder.encode(value as string);
  if (type.kind === "bytes") return value as Uint8Array;
  return fixedBytes(type, value);
}

function isFixed(type: KeyType): boolean {
  return !isText(type) && type.kind !== "bytes";
}

/**
 * The bytes of a row's key: of a single column its value's, `null` for null; of several columns
 * each one's, behind a byte that is 0 for null and 1 otherwise and, unless it has a fixed width,
 * its length in 4 bytes.
 */
export function encodeKey(
  types: readonly KeyType[],
  columns: readonly KernelColumn[],
  row: number,
): Uint8Array | null {
  if (types.length === 1) {
    const value = valueAt(columns[0], row);
    return value === null ? null : valueBytes(types[0], value);
  }
  const out: number[] = [];
  types.forEach((type, index) => {
    const value = valueAt(columns[index], row);
    out.push(value === null ? 0 : 1);
    if (value === null) return;
    const bytes = valueBytes(type, value);
    if (!isFixed(type)) {
      scratch.setUint32(0, bytes.length, true);
      for (let i = 0; i < 4; i++) out.push(scratch.getUint8(i));
    }
    out.push(...bytes);
  });
  return Uint8Array.from(out);
}

function decodeFixed(type: KeyType, bytes: Uint8Array): Plain {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (type.kind) {
    case "f32":
    case "f64":
      return view.getFloat64(0, true);
    case "bool":
      return view.getUint8(0) === 1;
    case "i64":
    case "timestamp":
      return view.getBigInt64(0, true);
    default:
      return view.getInt32(0, true);
  }
}

function decodeValue(type: KeyType, bytes: Uint8Array): Plain {
  if (isText(type)) return decoder.decode(bytes);
  return type.kind === "bytes" ? bytes : decodeFixed(type, bytes);
}

/** The values that {@linkcode encodeKey} made bytes of. */
export function decodeKey(types: readonly KeyType[], key: Uint8Array | null): Plain[] {
  if (types.length === 1) return [key === null ? null : decodeValue(types[0], key)];
  const bytes = key ?? new Uint8Array();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  return types.map((type) => {
    if (bytes[at++] === 0) return null;
    const fixed = isFixed(type);
    const length = fixed ? 8 : view.getUint32(at, true);
    if (!fixed) at += 4;
    at += length;
    return decodeValue(type, bytes.subarray(at - length, at));
  });
}

function finish(hash: bigint): bigint {
  hash = ((hash ^ (hash >> 32n)) * K3) & MASK;
  return hash ^ (hash >> 29n);
}

function rotate(value: bigint, by: bigint): bigint {
  return ((value << by) | (value >> (64n - by))) & MASK;
}

function blockHash(block: Uint8Array): bigint {
  const view = new DataView(block.buffer, block.byteOffset, 16);
  const low = ((view.getBigUint64(0, true) ^ SEED) * K1) & MASK;
  const high = (view.getBigUint64(8, true) * K2) & MASK;
  return low ^ rotate(high, 32n);
}

/** The 64-bit hash of a fixed-width key: a bijection of its 8 bytes. */
function hashFixed(key: bigint): bigint {
  const bits = BigInt.asUintN(64, key);
  const mixed = ((bits ^ (bits >> 32n)) * K1) & MASK;
  return mixed ^ (mixed >> 32n);
}

/** The 64-bit hash of a key's bytes; `null` is the null key. */
export function hashBytes(key: Uint8Array | null): bigint {
  const block = new Uint8Array(16);
  if (key === null || key.length <= SHORT_KEY_BYTES) {
    if (key !== null) block.set(key);
    block[15] = key === null ? NULL_MARK : key.length;
    return finish(blockHash(block));
  }
  let hash = 0n;
  for (let at = 0; at < key.length; at += 16) {
    block.fill(0);
    block.set(key.subarray(at, at + 16));
    hash = ((rotate(hash, 23n) ^ blockHash(block)) * K3) & MASK;
  }
  return finish(hash ^ BigInt(key.length));
}

/** The hash of what {@linkcode encodeKey} gave. */
export function hashKey(types: readonly KeyType[], key: Uint8Array | null): bigint {
  if (key === null || types.length !== 1 || !isFixed(types[0])) return hashBytes(key);
  return hashFixed(new DataView(key.buffer, key.byteOffset, 8).getBigInt64(0, true));
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let at = 0; at < shared; at++) if (a[at] !== b[at]) return a[at] - b[at];
  return a.length - b.length;
}

function compareValues(type: KeyType, a: Plain, b: Plain): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (!isFixed(type)) return compareBytes(valueBytes(type, a), valueBytes(type, b));
  const nans = Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return nans !== 0 ? nans : Number(a > b) - Number(a < b);
}

/** The order of results: column by column, numbers by value, text by bytes, NaN and null last. */
export function compareKeys(types: readonly KeyType[], a: Plain[], b: Plain[]): number {
  for (let index = 0; index < types.length; index++) {
    const order = compareValues(types[index], a[index], b[index]);
    if (order !== 0) return order;
  }
  return 0;
}

/** Keys as columns of their types. */
export function keyColumns(types: readonly KeyType[], keys: readonly Plain[][]): ResultColumn[] {
  return types.map((type, index) => columnOf(type, keys.map((key) => key[index])));
}

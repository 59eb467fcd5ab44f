import { ArrowId, type ArrowType, refuse } from "./arrow_types.ts";
import { bitmapBytes, countZeros, getBit, setBit } from "./bitmap.ts";
import type { Column } from "./column.ts";
import { readColumn } from "./column_reader.ts";
import { concatColumns, sliceColumn, takeColumn } from "./column_ops.ts";
import { columnOf } from "./column_of.ts";
import { concatBytes } from "./concat_bytes.ts";
import { DECIMAL_BYTES, fitsPrecision, writeDecimal } from "./decimal.ts";
import { MAX_COLUMN_BYTES } from "./limits.ts";
import { entryType } from "./nested_builders.ts";
import { typeName } from "./schema_check.ts";
import type { DataType } from "./schema.ts";
import { DAY_MS } from "./time_range.ts";

const VIEW_BYTES = 16;
const NO_BITS = new Uint8Array(0);
const INLINE_BYTES = 12;
const MOST_MS = BigInt(Number.MAX_SAFE_INTEGER);
/** Rows may be this many where only a number says so: all null, or structs without a field. */
const MAX_EMPTY_ROWS = 2 ** 20;

/** Arrow's types with offsets. */
const OFFSET_IDS: ReadonlySet<number> = new Set([
  ArrowId.utf8,
  ArrowId.binary,
  ArrowId.largeUtf8,
  ArrowId.largeBinary,
  ArrowId.list,
  ArrowId.largeList,
  ArrowId.map,
]);

type AnyArray = ArrayLike<number | bigint> & ArrayBufferView;

/** The buffers of one run of rows of an Arrow column, as far as reading needs them. */
export interface ArrowBatch {
  readonly length: number;
  readonly type: ArrowType;
  readonly validity?: Uint8Array;
  readonly values?: unknown;
  readonly offsets?: unknown;
  readonly children?: readonly ArrowBatch[];
  readonly dictionary?: { readonly data: readonly ArrowBatch[] };
  /** What views longer than twelve bytes lie in. */
  readonly data?: readonly Uint8Array[];
}

/** Elements of `values` that a batch needs at least; none where it has no such buffer. */
function valuesNeeded({ type, length }: ArrowBatch): number {
  switch (type.typeId) {
    case ArrowId.bool:
      return bitmapBytes(length);
    case ArrowId.int:
    case ArrowId.float:
    case ArrowId.date:
    case ArrowId.time:
    case ArrowId.timestamp:
    case ArrowId.dictionary:
      return length;
    case ArrowId.decimal:
      return length * Math.max(1, type.bitWidth! / 64);
    case ArrowId.fixedSizeBinary:
      return length * type.stride!;
    case ArrowId.utf8View:
    case ArrowId.binaryView:
      return length * VIEW_BYTES;
    default:
      return 0;
  }
}

/** Throws unless the buffers are as long as the rows need: nothing is sized by a claim alone. */
function checkBacked(batch: ArrowBatch): void {
  const { type, length, validity, values, offsets, children } = batch;
  const { typeId, stride } = type;
  const variable = offsets !== undefined && OFFSET_IDS.has(typeId);
  const backed = Number.isSafeInteger(length) && length >= 0 &&
    (!validity?.length || validity.length >= bitmapBytes(length)) &&
    valuesNeeded(batch) <= ((values as AnyArray | undefined)?.length ?? 0) &&
    (!variable || length === 0 || (offsets as AnyArray).length > length) &&
    (typeId !== ArrowId.fixedSizeList || children![0].length >= length * stride!) &&
    (typeId !== ArrowId.struct || children!.every((child) => child.length >= length)) &&
    (valuesNeeded(batch) > 0 || variable || length <= MAX_EMPTY_ROWS || !isHollow(batch));
  if (!backed) refuse(`its buffers do not hold the ${length} rows that it claims`);
}

/** Whether nothing but its length says how many rows there are. */
function isHollow({ type, validity, children }: ArrowBatch): boolean {
  if (validity?.length) return false;
  if (type.typeId === ArrowId.null) return true;
  return type.typeId === ArrowId.struct && children!.every(isHollow) ||
    type.typeId === ArrowId.fixedSizeList && type.stride === 0;
}

/** The bits that are set in both; an empty bitmap has them all. */
function bothBits(own: Uint8Array, above: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(bitmapBytes(length));
  for (let at = 0; at < out.length; at++) out[at] = above[at] & (own.length > 0 ? own[at] : 0xff);
  return out;
}

/**
 * What of an Arrow batch is the same in a column. `above` has the rows that are there of a struct or
 * list that the batch is within: what lies below its nulls may be anything, and is null here.
 */
function frameOf(batch: ArrowBatch, type: DataType, above?: Uint8Array): Column {
  const { length, validity: own = NO_BITS } = batch;
  const validity = above ? bothBits(own, above, length) : own;
  const nullCount = validity.length > 0 ? countZeros(validity, length) : 0;
  return nullCount > 0 ? { type, length, nullCount, validity } : { type, length, nullCount };
}

/**
 * The column of one Arrow batch: its own buffers where Arrow's layout is ours, else converted
 * exactly.
 *
 * @throws {RangeError} when a value would lose something.
 */
export function columnFromArrow(batch: ArrowBatch, type: DataType, above?: Uint8Array): Column {
  checkBacked(batch);
  const frame = frameOf(batch, type, above);
  const { typeId } = batch.type;
  switch (typeId) {
    case ArrowId.null:
      return columnOf(type, new Array(batch.length).fill(null));
    case ArrowId.bool:
      return { ...frame, values: batch.values as Uint8Array };
    case ArrowId.int:
      return { ...frame, values: integers(batch, frame) };
    case ArrowId.float:
      return { ...frame, values: floats(batch) };
    case ArrowId.decimal:
      return { ...frame, values: decimals(batch, frame) };
    case ArrowId.date:
    case ArrowId.time:
    case ArrowId.timestamp:
      return { ...frame, values: times(batch, frame) };
    case ArrowId.dictionary:
      return dictionaryColumn(batch, frame);
    case ArrowId.utf8View:
    case ArrowId.binaryView:
      return { ...frame, ...viewedBytes(batch, frame) };
    case ArrowId.fixedSizeBinary:
      return { ...frame, ...fixedBytes(batch) };
    default:
      return nestedColumn(batch, frame);
  }
}

function nestedColumn(batch: ArrowBatch, frame: Column): Column {
  const { type } = frame;
  switch (type.kind) {
    case "list": {
      const offsets = offsetsOf(batch);
      const items = columnFromArrow(batch.children![0], type.item, itemsAbove(batch, frame));
      return { ...frame, offsets, children: [items] };
    }
    case "map": {
      const entries = columnFromArrow(batch.children![0], entryType(type.value));
      return { ...frame, offsets: offsetsOf(batch), children: [entries] };
    }
    case "struct": {
      const children = type.fields.map((field, at) =>
        columnFromArrow(batch.children![at], field.type, frame.validity)
      );
      return { ...frame, children };
    }
    default:
      return { ...frame, values: batch.values as Uint8Array, offsets: offsetsOf(batch) };
  }
}

/** Of lists of one size, whose nulls have items too: those of lists that are there. */
function itemsAbove({ type, children }: ArrowBatch, frame: Column): Uint8Array | undefined {
  if (type.typeId !== ArrowId.fixedSizeList || !frame.validity) return undefined;
  const bits = new Uint8Array(bitmapBytes(children![0].length));
  for (let at = 0; at < frame.length * type.stride!; at++) {
    if (!isNull(frame, Math.floor(at / type.stride!))) setBit(bits, at);
  }
  return bits;
}

/** Offsets in 32 bits; in Arrow they may start after 0, then what lies before stays unused. */
function offsetsOf({ type, offsets, length }: ArrowBatch): Int32Array {
  if (type.typeId === ArrowId.fixedSizeList) {
    return Int32Array.from({ length: length + 1 }, (_, at) => at * type.stride!);
  }
  if (offsets instanceof Int32Array) return length === 0 ? new Int32Array(1) : offsets;
  const wide = offsets as BigInt64Array;
  if (length > 0 && wide[length] > 0x7fff_ffffn) refuse("more than 2147483647 bytes or items");
  return length === 0 ? new Int32Array(1) : Int32Array.from(wide, Number);
}

function integers(batch: ArrowBatch, frame: Column): Int32Array | BigInt64Array {
  const { type, values, length } = batch;
  if (type.bitWidth === 64) {
    if (!type.signed) checkUnsigned(values as BigUint64Array, frame);
    const { buffer, byteOffset } = values as BigInt64Array;
    return new BigInt64Array(buffer, byteOffset, length);
  }
  if (values instanceof Int32Array) return values;
  const narrow = (values as Uint32Array).subarray(0, length);
  return frame.type.kind === "i32" ? Int32Array.from(narrow) : BigInt64Array.from(narrow, BigInt);
}

/** What is beyond i64 has the sign bit, and would turn negative. */
function checkUnsigned(values: BigUint64Array, frame: Column): void {
  for (let at = 0; at < frame.length; at++) {
    const value = BigInt.asUintN(64, values[at]);
    if (value >= 2n ** 63n && !isNull(frame, at)) {
      refuse(`row ${at}: ${value} is beyond i64; cast it first`);
    }
  }
}

function floats({ values, length }: ArrowBatch): Float32Array | Float64Array {
  if (values instanceof Float32Array || values instanceof Float64Array) return values;
  const { buffer, byteOffset } = values as Uint16Array<ArrayBuffer>;
  return Float32Array.from(new Float16Array(buffer, byteOffset, length));
}

function decimals({ type, values }: ArrowBatch, frame: Column): Uint8Array {
  const given = values as AnyArray;
  const { bitWidth, precision } = type;
  if (bitWidth === 128) {
    return new Uint8Array(given.buffer, given.byteOffset, frame.length * DECIMAL_BYTES);
  }
  const out = new Uint8Array(frame.length * DECIMAL_BYTES);
  for (let at = 0; at < frame.length; at++) {
    if (isNull(frame, at)) continue;
    const unscaled = bitWidth === 256
      ? wideInteger(given, at)
      : BigInt.asIntN(64, BigInt(given[at]));
    if (!fitsPrecision(unscaled, precision!)) refuse(`row ${at}: a decimal has too many digits`);
    writeDecimal(out, at, unscaled);
  }
  return out;
}

function wideInteger(words: ArrayLike<number | bigint>, at: number): bigint {
  let value = BigInt.asIntN(64, words[at * 4 + 3] as bigint);
  for (let word = 2; word >= 0; word--) value = (value << 64n) | (words[at * 4 + word] as bigint);
  return value;
}

function isNull({ validity }: Column, at: number): boolean {
  return validity !== undefined && !getBit(validity, at);
}

/** How many of Arrow's unit make our unit, or (negative) how many of ours make one of Arrow's. */
function unitRatio({ typeId, unit }: ArrowType): number {
  if (typeId === ArrowId.date) return unit === 0 ? 1 : DAY_MS;
  return [-1000, 1, 1_000, 1_000_000][unit!];
}

function times(batch: ArrowBatch, frame: Column): Int32Array | BigInt64Array {
  const ratio = unitRatio(batch.type);
  const given = batch.values as AnyArray;
  const wide = frame.type.kind === "timestamp";
  if (ratio === 1 && given instanceof (wide ? BigInt64Array : Int32Array)) return given;
  const out = wide ? new BigInt64Array(frame.length) : new Int32Array(frame.length);
  for (let at = 0; at < frame.length; at++) {
    if (!isNull(frame, at)) {
      const value = inOurUnit(BigInt(given[at]), ratio, { at, type: frame.type });
      if (wide ? !isSafe(value) : BigInt.asIntN(32, value) !== value) {
        refuse(`row ${at}: ${given[at]} is beyond what a ${frame.type.kind} holds; cast it first`);
      }
      out[at] = wide ? value : Number(value);
    }
  }
  return out;
}

/** What milliseconds may be, so that no product of another unit wraps around. */
function isSafe(milliseconds: bigint): boolean {
  return milliseconds >= -MOST_MS && milliseconds <= MOST_MS;
}

function inOurUnit(value: bigint, ratio: number, place: { at: number; type: DataType }): bigint {
  if (ratio < 0) return value * BigInt(-ratio);
  if (value % BigInt(ratio) !== 0n) {
    const unit = place.type.kind === "date" ? "days" : "milliseconds";
    refuse(
      `row ${place.at}: ${value} is not whole ${unit}; cast it to ${typeName(place.type)} first`,
    );
  }
  return value / BigInt(ratio);
}

function fixedBytes({ type, values, length }: ArrowBatch): Pick<Column, "values" | "offsets"> {
  const offsets = Int32Array.from({ length: length + 1 }, (_, at) => at * type.stride!);
  return { values: values as Uint8Array, offsets };
}

/** Where a view of a string or of bytes points to; short ones lie in the view itself (Arrow 1.4). */
function viewedAt({ values, data = [] }: ArrowBatch, view: DataView, at: number): Uint8Array {
  const start = at * VIEW_BYTES;
  const bytes = view.getInt32(start, true);
  if (bytes >= 0 && bytes <= INLINE_BYTES) {
    return (values as Uint8Array).subarray(start + 4, start + 4 + bytes);
  }
  const from = view.getInt32(start + 12, true);
  const within = data[view.getInt32(start + 8, true)];
  if (bytes < 0 || from < 0 || !within || from + bytes > within.length) {
    refuse(`row ${at}: a view runs past its buffer`);
  }
  return within.subarray(from, from + bytes);
}

function viewedBytes(batch: ArrowBatch, frame: Column): Pick<Column, "values" | "offsets"> {
  const { buffer, byteOffset, byteLength } = batch.values as Uint8Array<ArrayBuffer>;
  const view = new DataView(buffer, byteOffset, byteLength);
  const offsets = new Int32Array(frame.length + 1);
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (let at = 0; at < frame.length; at++) {
    const part = isNull(frame, at) ? undefined : viewedAt(batch, view, at);
    if (part) parts.push(part);
    bytes += part?.length ?? 0;
    if (bytes > MAX_COLUMN_BYTES) refuse(`more than ${MAX_COLUMN_BYTES} bytes`);
    offsets[at + 1] = bytes;
  }
  return { values: concatBytes(parts), offsets };
}

/** A dictionary of strings stays one; one of other values, or with a null within, is spelled out. */
function dictionaryColumn(batch: ArrowBatch, frame: Column): Column {
  const chunks = batch.dictionary!.data;
  const entryKind: DataType = frame.type.kind === "dict" ? { kind: "utf8" } : frame.type;
  const entries = chunks.length === 0
    ? columnOf(entryKind, [])
    : concatColumns(entryKind, chunks.map((chunk) => rebased(columnFromArrow(chunk, entryKind))));
  const indices = indicesOf(batch, frame, entries.length);
  if (frame.type.kind === "dict" && entries.nullCount === 0) {
    return { ...frame, values: indices, children: [entries] };
  }
  if (entries.length === 0) return columnOf(frame.type, new Array(frame.length).fill(null));
  const taken = bothValid(takeColumn(entries, indices), frame);
  if (frame.type.kind !== "dict") return taken;
  return columnOf(frame.type, readColumn(taken, { start: 0, end: taken.length }));
}

function indicesOf({ values }: ArrowBatch, frame: Column, entries: number): Int32Array {
  const out = new Int32Array(frame.length);
  for (let at = 0; at < frame.length; at++) {
    if (isNull(frame, at)) continue;
    const index = Number((values as AnyArray)[at]);
    if (!(index >= 0 && index < entries)) {
      refuse(`row ${at}: index ${index} runs past the ${entries} entries of its dictionary`);
    }
    out[at] = index;
  }
  return out;
}

/** The rows of `column` that are valid in `frame` too. */
function bothValid(column: Column, frame: Column): Column {
  if (!frame.validity) return column;
  const validity = new Uint8Array(frame.validity.length);
  for (let at = 0; at < frame.length; at++) {
    if (!isNull(frame, at) && !isNull(column, at)) setBit(validity, at);
  }
  return { ...column, validity, nullCount: countZeros(validity, frame.length) };
}

/** A column as ours are: offsets from 0, and nothing in its buffers that no row shows. */
export function rebased(column: Column): Column {
  const { length, offsets, values, children } = column;
  const base = offsets?.[0] ?? 0;
  const end = offsets?.[length] ?? 0;
  if (offsets && (base < 0 || end < base)) refuse("an offset goes back");
  const cut = offsets
    ? {
      offsets: base === 0 ? offsets.subarray(0, length + 1) : shifted(offsets, length),
      values: values?.subarray(base, end),
      children: children?.map((child) => sliceColumn(rebased(child), { start: base, end })),
    }
    : { children: children?.map(rebased) };
  return { ...column, ...cut };
}

function shifted(offsets: Int32Array, length: number): Int32Array {
  return offsets.slice(0, length + 1).map((offset) => offset - offsets[0]);
}

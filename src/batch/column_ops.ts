import { bitmapBytes, copyBits, countZeros, fullBitmap, sliceBits, takeBits } from "./bitmap.ts";
import type { Column, ColumnValues } from "./column.ts";
import { columnOf } from "./column_of.ts";
import { readColumn, type RowRange } from "./column_reader.ts";
import { DECIMAL_BYTES } from "./decimal.ts";
import type { DataType } from "./schema.ts";

const SHORT_BYTES = 32;

type Parts = Pick<Column, "values" | "offsets" | "children">;

function withValidity(column: Column, length: number, validity: Uint8Array | undefined): Column {
  const nullCount = validity ? countZeros(validity, length) : 0;
  const { type, values, offsets, children } = column;
  return nullCount === 0
    ? { type, length, nullCount, values, offsets, children }
    : { type, length, nullCount, validity, values, offsets, children };
}

/** Rows `start` to `end` of a column: views wherever the layout allows. */
export function sliceColumn(column: Column, { start, end }: RowRange): Column {
  const length = end - start;
  const parts = sliceParts(column, { start, end });
  const validity = column.validity && sliceBits(column.validity, start, end);
  return withValidity(
    { ...column, values: undefined, offsets: undefined, ...parts },
    length,
    validity,
  );
}

function sliceParts(column: Column, range: RowRange): Parts {
  const { start, end } = range;
  const { type, values, offsets, children } = column;
  switch (type.kind) {
    case "bool":
      return { values: sliceBits(values as Uint8Array, start, end) };
    case "decimal":
      return { values: values!.subarray(start * DECIMAL_BYTES, end * DECIMAL_BYTES) };
    case "struct":
      return { children: children!.map((child) => sliceColumn(child, range)) };
    case "list":
    case "map": {
      const items = { start: offsets![start], end: offsets![end] };
      return { offsets: rebase(offsets!, range), children: [sliceColumn(children![0], items)] };
    }
    case "utf8":
    case "bytes":
    case "mixed":
      return {
        offsets: rebase(offsets!, range),
        values: values!.subarray(offsets![start], offsets![end]),
      };
    default:
      return { values: values!.subarray(start, end), children };
  }
}

/** Offsets of a run of rows, from 0 again. */
function rebase(offsets: Int32Array, { start, end }: RowRange): Int32Array {
  const first = offsets[start];
  if (first === 0) return offsets.subarray(start, end + 1);
  // a loop takes a tenth of the time of map()
  const out = new Int32Array(end - start + 1);
  for (let at = 0; at < out.length; at++) out[at] = offsets[start + at] - first;
  return out;
}

/** The rows at `indices` (each within the column), in that order. */
export function takeColumn(column: Column, indices: ArrayLike<number>): Column {
  const parts = takeParts(column, indices);
  const validity = column.validity && takeBits(column.validity, indices);
  return withValidity({ ...column, ...parts }, indices.length, validity);
}

function takeParts(column: Column, indices: ArrayLike<number>): Parts {
  const { type, values, offsets, children } = column;
  switch (type.kind) {
    case "bool":
      return { values: takeBits(values as Uint8Array, indices) };
    case "decimal":
      return { values: takeWide(values as Uint8Array, indices) };
    case "struct":
      return { children: children!.map((child) => takeColumn(child, indices)) };
    case "utf8":
    case "bytes":
    case "mixed":
      return takeBytes(values as Uint8Array, offsets!, indices);
    case "list":
    case "map":
      return takeLists(column, indices);
    default:
      return { values: takeFixed(values!, indices), children };
  }
}

function takeFixed(values: ColumnValues, indices: ArrayLike<number>): ColumnValues {
  const out = emptyLike(values, indices.length);
  // a loop for each class: one that meets several is many times slower
  if (values instanceof Float64Array) takeDoubles(values, indices, out as Float64Array);
  else if (values instanceof Int32Array) takeInts(values, indices, out as Int32Array);
  else if (values instanceof BigInt64Array) takeLongs(values, indices, out as BigInt64Array);
  else for (let i = 0; i < indices.length; i++) out[i] = values[indices[i]];
  return out;
}

function takeDoubles(values: Float64Array, indices: ArrayLike<number>, out: Float64Array): void {
  for (let i = 0; i < indices.length; i++) out[i] = values[indices[i]];
}

function takeInts(values: Int32Array, indices: ArrayLike<number>, out: Int32Array): void {
  for (let i = 0; i < indices.length; i++) out[i] = values[indices[i]];
}

/** By halves, since each bigint that is looked at is an object. */
function takeLongs(values: BigInt64Array, indices: ArrayLike<number>, out: BigInt64Array): void {
  const from = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const to = new Int32Array(out.buffer);
  for (let i = 0; i < indices.length; i++) {
    const at = 2 * indices[i];
    to[2 * i] = from[at];
    to[2 * i + 1] = from[at + 1];
  }
}

function emptyLike(values: ColumnValues, length: number): ColumnValues {
  const make = values.constructor as new (length: number) => ColumnValues;
  return new make(length);
}

function takeWide(values: Uint8Array, indices: ArrayLike<number>): Uint8Array {
  const out = new Uint8Array(indices.length * DECIMAL_BYTES);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i] * DECIMAL_BYTES;
    out.set(values.subarray(from, from + DECIMAL_BYTES), i * DECIMAL_BYTES);
  }
  return out;
}

function takeOffsets(offsets: Int32Array, indices: ArrayLike<number>): Int32Array {
  const out = new Int32Array(indices.length + 1);
  let end = 0;
  for (let i = 0; i < indices.length; i++) {
    end += offsets[indices[i] + 1] - offsets[indices[i]];
    if (end > 0x7fff_ffff) throw tooLarge("take rows");
    out[i + 1] = end;
  }
  return out;
}

function tooLarge(what: string): RangeError {
  return new RangeError(
    `Cannot ${what}: a column would pass 2147483647 bytes or items; use smaller batches`,
  );
}

function takeBytes(values: Uint8Array, offsets: Int32Array, indices: ArrayLike<number>): Parts {
  const taken = takeOffsets(offsets, indices);
  const out = new Uint8Array(taken[indices.length]);
  for (let i = 0; i < indices.length; i++) {
    const start = offsets[indices[i]];
    const end = offsets[indices[i] + 1];
    const to = taken[i];
    // A view of few bytes would cost more than to copy them one by one.
    if (end - start > SHORT_BYTES) out.set(values.subarray(start, end), to);
    else for (let at = start; at < end; at++) out[to + at - start] = values[at];
  }
  return { values: out, offsets: taken };
}

function takeLists({ offsets, children }: Column, indices: ArrayLike<number>): Parts {
  const taken = takeOffsets(offsets!, indices);
  const items = new Int32Array(taken[indices.length]);
  for (let i = 0, at = 0; i < indices.length; i++) {
    const end = offsets![indices[i] + 1];
    for (let item = offsets![indices[i]]; item < end; item++) items[at++] = item;
  }
  return { offsets: taken, children: [takeColumn(children![0], items)] };
}

/** Columns of one type, one after the other; dictionaries are merged. */
export function concatColumns(type: DataType, columns: readonly Column[]): Column {
  const length = columns.reduce((sum, column) => sum + column.length, 0);
  const validity = columns.some((column) => column.validity)
    ? concatBits(columns, length, (column) => column.validity ?? fullBitmap(column.length))
    : undefined;
  return withValidity(
    { type, length, nullCount: 0, ...concatParts(type, columns) },
    length,
    validity,
  );
}

function concatBits(
  columns: readonly Column[],
  length: number,
  bitsOf: (column: Column) => Uint8Array,
): Uint8Array {
  const out = new Uint8Array(bitmapBytes(length));
  let start = 0;
  for (const column of columns) {
    copyBits(bitsOf(column), out, { start, length: column.length });
    start += column.length;
  }
  return out;
}

function concatParts(type: DataType, columns: readonly Column[]): Parts {
  const length = columns.reduce((sum, column) => sum + column.length, 0);
  switch (type.kind) {
    case "bool":
      return { values: concatBits(columns, length, (column) => column.values as Uint8Array) };
    case "dict":
      return concatDicts(columns, length);
    case "struct":
      return { children: type.fields.map((field, at) => concatChild(field.type, columns, at)) };
    case "list":
      return {
        offsets: concatOffsets(columns, length),
        children: [concatChild(type.item, columns, 0)],
      };
    case "map": {
      const entry = columns[0].children![0].type;
      return {
        offsets: concatOffsets(columns, length),
        children: [concatChild(entry, columns, 0)],
      };
    }
    case "utf8":
    case "bytes":
    case "mixed":
      return { offsets: concatOffsets(columns, length), values: concatValues(columns, lastOffset) };
    case "decimal":
      return { values: concatValues(columns, (column) => column.length * DECIMAL_BYTES) };
    default:
      return { values: concatValues(columns, (column) => column.length) };
  }
}

function lastOffset(column: Column): number {
  return column.offsets![column.length];
}

function concatChild(type: DataType, columns: readonly Column[], at: number): Column {
  return concatColumns(type, columns.map((column) => column.children![at]));
}

function concatValues(
  columns: readonly Column[],
  sizeOf: (column: Column) => number,
): ColumnValues {
  const size = columns.reduce((sum, column) => sum + sizeOf(column), 0);
  const out = emptyLike(columns[0].values!, size);
  let at = 0;
  for (const column of columns) {
    const values = column.values!.subarray(0, sizeOf(column));
    (out as Float64Array).set(values as Float64Array, at);
    at += values.length;
  }
  return out;
}

function concatOffsets(columns: readonly Column[], length: number): Int32Array {
  const out = new Int32Array(length + 1);
  let row = 0;
  let base = 0;
  for (const column of columns) {
    if (base + lastOffset(column) > 0x7fff_ffff) throw tooLarge("concatenate");
    for (let i = 1; i <= column.length; i++) out[++row] = base + column.offsets![i];
    base += lastOffset(column);
  }
  return out;
}

function concatDicts(columns: readonly Column[], length: number): Parts {
  const [first] = columns;
  if (columns.every((column) => column.children![0] === first.children![0])) {
    return { values: concatValues(columns, (column) => column.length), children: first.children };
  }
  const merged = mergeDictionaries(columns.map((column) => column.children![0]));
  const values = new Int32Array(length);
  let row = 0;
  columns.forEach((column, at) => {
    const remap = merged.remaps[at];
    for (let i = 0; i < column.length; i++) values[row++] = remap[column.values![i] as number] ?? 0;
  });
  return { values, children: [merged.dictionary] };
}

function mergeDictionaries(
  dictionaries: readonly Column[],
): { dictionary: Column; remaps: Int32Array[] } {
  const ids = new Map<string, number>();
  const remaps = dictionaries.map((dictionary) => {
    const texts = readColumn(dictionary, { start: 0, end: dictionary.length }) as string[];
    return Int32Array.from(
      texts,
      (text) => ids.get(text) ?? (ids.set(text, ids.size), ids.size - 1),
    );
  });
  return { dictionary: columnOf({ kind: "utf8" }, [...ids.keys()]), remaps };
}

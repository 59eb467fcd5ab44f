import type { KernelColumn, KeyType, ResultColumn } from "../kernel/window_types.ts";

/** A cell as JavaScript has it; 64-bit integers and timestamps are bigints. */
export type Plain = null | boolean | number | bigint | string | Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function bitAt(bits: Uint8Array, at: number): boolean {
  return (bits[at >> 3] >> (at & 7) & 1) === 1;
}

function bytesAt(column: KernelColumn, row: number): Uint8Array {
  const { offsets, values } = column;
  return (values as Uint8Array).subarray(offsets?.[row], offsets?.[row + 1]);
}

/** One cell of a column. */
export function valueAt(column: KernelColumn, row: number): Plain {
  if (column.validity !== undefined && !bitAt(column.validity, row)) return null;
  switch (column.type.kind) {
    case "bool":
      return bitAt(column.values as Uint8Array, row);
    case "utf8":
      return decoder.decode(bytesAt(column, row));
    case "bytes":
      return bytesAt(column, row);
    case "dict":
      return decoder.decode(bytesAt(column.children![0], (column.values as Int32Array)[row]));
    default:
      return column.values![row];
  }
}

function bitmapOf(bits: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array((bits.length + 7) >> 3);
  bits.forEach((bit, at) => bytes[at >> 3] |= Number(bit) << (at & 7));
  return bytes;
}

function packed(chunks: readonly Uint8Array[]): { values: Uint8Array; offsets: Int32Array } {
  const offsets = new Int32Array(chunks.length + 1);
  chunks.forEach((chunk, at) => offsets[at + 1] = offsets[at] + chunk.length);
  const values = new Uint8Array(offsets[chunks.length]);
  chunks.forEach((chunk, at) => values.set(chunk, offsets[at]));
  return { values, offsets };
}

function dictionaryOf(cells: readonly Plain[]): Pick<ResultColumn, "values" | "children"> {
  const ids = new Map<string, number>();
  const values = Int32Array.from(cells, (cell) => {
    if (cell === null) return 0;
    const id = ids.get(cell as string) ?? ids.size;
    ids.set(cell as string, id);
    return id;
  });
  return { values, children: [columnOf({ kind: "utf8" }, [...ids.keys()])] };
}

function buffersOf(kind: KeyType["kind"], cells: readonly Plain[]): Partial<ResultColumn> {
  switch (kind) {
    case "bool":
      return { values: bitmapOf(cells.map((cell) => cell === true)) };
    case "utf8":
      return packed(cells.map((cell) => encoder.encode((cell ?? "") as string)));
    case "bytes":
      return packed(cells.map((cell) => (cell ?? new Uint8Array()) as Uint8Array));
    case "dict":
      return dictionaryOf(cells);
    case "i64":
    case "timestamp":
      return { values: BigInt64Array.from(cells, (cell) => BigInt((cell ?? 0) as bigint)) };
    case "f64":
      return { values: Float64Array.from(cells, Number) };
    case "f32":
      return { values: Float32Array.from(cells, Number) };
    default:
      return { values: Int32Array.from(cells, Number) };
  }
}

/** A column of cells, in the plainest way. */
export function columnOf(type: KeyType, cells: readonly Plain[]): ResultColumn {
  const nullCount = cells.filter((cell) => cell === null).length;
  const validity = nullCount > 0 ? bitmapOf(cells.map((cell) => cell !== null)) : undefined;
  const buffers = buffersOf(type.kind, cells);
  return { type, length: cells.length, nullCount, ...(validity && { validity }), ...buffers };
}

import type { Kernel } from "./kernel.ts";

/** Cells of bytes in kernel memory: a column, or a dictionary and the indices into it. */
export interface KafkaCells {
  /** Where the bytes lie. */
  readonly values: number;
  /** Where each cell starts in them, and the last one ends. */
  readonly offsets: number;
  /** A bitmap of those that are not null; 0: all. */
  readonly valid?: number;
  /** Of each row its cell; 0: the rows are the cells. */
  readonly indices?: number;
  /** How many cells there are, beside indices. */
  readonly entries?: number;
  /** So many bytes of each are left out at its end. */
  readonly trim?: number;
  /** What stands before each. */
  readonly prefix?: Uint8Array;
}

/** Cells that go into a header of a name. */
export interface KafkaHeaderCells extends KafkaCells {
  /** The name behind its length, as it goes on the wire. */
  readonly name: Uint8Array;
}

/** A copy of the cell of a row, with what stands before it; null where it is. */
export function copyCell(kernel: Kernel, cells: KafkaCells, row: number): Uint8Array | null {
  const { values, offsets, valid = 0, indices = 0, entries = 0, trim = 0 } = cells;
  const { u8, u32 } = kernel;
  if (valid !== 0 && !(u8[valid + (row >> 3)] >> (row & 7) & 1)) return null;
  const cell = indices === 0 ? row : u32[(indices >>> 2) + row];
  if (indices !== 0 && cell >= entries) return null;
  const at = (offsets >>> 2) + cell;
  const prefix = cells.prefix ?? new Uint8Array();
  const bytes = u8.subarray(values + u32[at], values + u32[at + 1] - trim);
  const copy = new Uint8Array(prefix.length + bytes.length);
  copy.set(prefix);
  copy.set(bytes, prefix.length);
  return copy;
}

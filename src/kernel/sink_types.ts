/** How the kernel names the kinds of columns under construction. */
export const SinkKind = {
  bool: 0,
  i32: 1,
  i64: 2,
  f32: 3,
  f64: 4,
  text: 5,
  dict: 6,
  decimal: 7,
  list: 8,
  struct: 9,
  span: 10,
} as const;

/** A kind of column that the kernel's readers write to. */
export type SinkKindName = keyof typeof SinkKind;

/** A column to be made. */
export interface SinkColumnSpec {
  /**
   * How its values are kept: `text` is utf8 and bytes, `struct` validity alone, `span` the places
   * of values that the host converts.
   */
  readonly kind: SinkKindName;
  /** Of a list: its items, any kind but `dict`, `list` and `struct`. */
  readonly item?: SinkColumnSpec;
  /** Of a decimal: digits in all, and digits after the point. */
  readonly precision?: number;
  readonly scale?: number;
}

/** The buffers of a finished column: views of kernel memory, valid until the sink is used again. */
export interface SinkBuffers {
  readonly length: number;
  readonly nullCount: number;
  /** Absent where there are no nulls. */
  readonly validity?: Uint8Array<ArrayBuffer>;
  readonly values?:
    | Uint8Array<ArrayBuffer>
    | Int32Array<ArrayBuffer>
    | BigInt64Array<ArrayBuffer>
    | Float32Array<ArrayBuffer>
    | Float64Array<ArrayBuffer>;
  readonly offsets?: Int32Array<ArrayBuffer>;
  /** The items of a list, or the entries of a dictionary. */
  readonly child?: SinkBuffers;
}

/** What is to be written next. */
export interface SinkRoom {
  /** Rows of the batch, those that it has included. */
  readonly rows: number;
  /** Bytes that may go to each text column, those that it has not included. */
  readonly bytes: number;
  /** Items that may go to each list column, likewise. Default: half the bytes. */
  readonly items?: number;
}

/** Bytes of a column's description. */
export const SINK_BYTES = 64;

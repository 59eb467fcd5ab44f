import { bitmapBytes } from "./bitmap.ts";
import type { Column, ColumnValues } from "./column.ts";
import { DECIMAL_BYTES } from "./decimal.ts";
import { badFrame } from "./frame_header.ts";
import { entryType } from "./nested_builders.ts";
import type { DataType, Schema } from "./schema.ts";

/**
 * Before the buffers stands a table with one node a column, parents before children: u32 length,
 * u32 null count, u32 bytes of values, u32 0. The buffers follow in the same order, each column's
 * validity (if its null count is not 0), offsets and values, each padded to 8 bytes; so nothing in
 * a frame points anywhere, and all of it can be checked by adding up.
 */
const NODE_BYTES = 16;

/**
 * Rows and items may be this many where they take no bytes. Otherwise a frame of 100 bytes could
 * claim four billion of them, and reading it would fill the memory.
 */
const MAX_EMPTY_ROWS = 65_536;

function pad8(bytes: number): number {
  return (bytes + 7) & ~7;
}

/** Bytes of one value; 0 where that varies, −1 where there are no values. */
const VALUE_BYTES: Readonly<Record<DataType["kind"], number>> = {
  bool: 0,
  i32: 4,
  i64: 8,
  f32: 4,
  f64: 8,
  timestamp: 8,
  date: 4,
  time: 4,
  decimal: DECIMAL_BYTES,
  utf8: 0,
  dict: 4,
  bytes: 0,
  list: -1,
  struct: -1,
  map: -1,
  mixed: 0,
};

function hasOffsets(kind: DataType["kind"]): boolean {
  switch (kind) {
    case "utf8":
    case "bytes":
    case "mixed":
    case "list":
    case "map":
      return true;
    default:
      return false;
  }
}

function valuesBytes({ type, length, offsets }: Column): number {
  const width = VALUE_BYTES[type.kind];
  if (width > 0) return width * length;
  if (width < 0) return 0;
  return type.kind === "bool" ? bitmapBytes(length) : offsets![length];
}

function columnBytes(column: Column): number {
  const { type, length, nullCount } = column;
  let size = NODE_BYTES + pad8(valuesBytes(column));
  if (nullCount > 0) size += pad8(bitmapBytes(length));
  if (hasOffsets(type.kind)) size += pad8((length + 1) * 4);
  for (const child of column.children ?? []) size += columnBytes(child);
  if (length > MAX_EMPTY_ROWS && isEmpty(column)) throw tooManyEmpty(length);
  return size;
}

/** Whether a column's rows take no bytes: structs that are never null and have no field. */
function isEmpty({ type, nullCount, children }: Pick<Column, "type" | "nullCount" | "children">) {
  return type.kind === "struct" && nullCount === 0 && children!.every(isEmpty);
}

function tooManyEmpty(rows: number): RangeError {
  return new RangeError(
    `Cannot encode frame: ${rows} rows or items without any field, at most ${MAX_EMPTY_ROWS}`,
  );
}

/** Bytes of node table and buffers of columns. */
export function columnsBytes(columns: readonly Column[], rows: number): number {
  if (columns.length === 0 && rows > MAX_EMPTY_ROWS) throw tooManyEmpty(rows);
  let size = 0;
  for (const column of columns) size += columnBytes(column);
  return size;
}

function countNodes(columns: readonly Column[]): number {
  let nodes = 0;
  for (const column of columns) nodes += 1 + (column.children ? countNodes(column.children) : 0);
  return nodes;
}

class ColumnWriter {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  #node: number;
  #at: number;

  constructor(frame: Uint8Array, at: number, nodes: number) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#node = at;
    this.#at = at + nodes * NODE_BYTES;
  }

  write(column: Column): void {
    const { type, length, nullCount, values, offsets } = column;
    const size = valuesBytes(column);
    this.#view.setUint32(this.#node, length, true);
    this.#view.setUint32(this.#node + 4, nullCount, true);
    this.#view.setUint32(this.#node + 8, size, true);
    this.#view.setUint32(this.#node + 12, 0, true);
    this.#node += NODE_BYTES;
    if (nullCount > 0) this.#bits(column.validity!, length);
    if (hasOffsets(type.kind)) this.#buffer(offsets!, (length + 1) * 4);
    if (type.kind === "bool") this.#bits(values as Uint8Array, length);
    else if (values) this.#buffer(values, size);
    for (const child of column.children ?? []) this.write(child);
  }

  #buffer(from: ColumnValues | Int32Array, bytes: number): void {
    const end = this.#at + pad8(bytes);
    this.#frame.set(new Uint8Array(from.buffer, from.byteOffset, bytes), this.#at);
    for (let at = this.#at + bytes; at < end; at++) this.#frame[at] = 0;
    this.#at = end;
  }

  /** A bitmap, its bits past the last row cleared: equal rows make equal frames. */
  #bits(bits: Uint8Array, length: number): void {
    const last = this.#at + bitmapBytes(length) - 1;
    this.#buffer(bits, bitmapBytes(length));
    if (length & 7) this.#frame[last] &= (1 << (length & 7)) - 1;
  }
}

/** Writes node table and buffers of columns to a frame from byte `at` on. */
export function writeColumns(frame: Uint8Array, at: number, columns: readonly Column[]): void {
  const writer = new ColumnWriter(frame, at, countNodes(columns));
  for (const column of columns) writer.write(column);
}

function childTypes(type: DataType): readonly DataType[] {
  switch (type.kind) {
    case "dict":
      return [{ kind: "utf8" }];
    case "list":
      return [type.item];
    case "map":
      return [entryType(type.value)];
    case "struct":
      return type.fields.map((field) => field.type);
    default:
      return [];
  }
}

function typeNodes(type: DataType): number {
  let nodes = 1;
  for (const child of childTypes(type)) nodes += typeNodes(child);
  return nodes;
}

const nodesBySchema = new WeakMap<Schema, number>();

function schemaNodes(schema: Schema): number {
  let nodes = nodesBySchema.get(schema);
  if (nodes === undefined) {
    nodes = schema.fields.reduce((sum, field) => sum + typeNodes(field.type), 0);
    nodesBySchema.set(schema, nodes);
  }
  return nodes;
}

class ColumnReader {
  readonly #frame: Uint8Array;
  readonly #view: DataView;
  #node: number;
  #at: number;

  constructor(frame: Uint8Array, at: number, nodes: number) {
    this.#frame = frame;
    this.#view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    this.#node = at;
    this.#at = at + nodes * NODE_BYTES;
    if (this.#at > frame.length) throw badFrame("its columns run past its end");
  }

  read(type: DataType): Column {
    const length = this.#view.getUint32(this.#node, true);
    const nullCount = this.#view.getUint32(this.#node + 4, true);
    const size = this.#view.getUint32(this.#node + 8, true);
    this.#node += NODE_BYTES;
    if (nullCount > length) throw badFrame("a column has more nulls than rows");
    const validity = nullCount > 0 ? this.#bytes(bitmapBytes(length)) : undefined;
    const offsets = hasOffsets(type.kind)
      ? new Int32Array(this.#frame.buffer, this.#place((length + 1) * 4), length + 1)
      : undefined;
    const values = this.#values(type, { length, size, offsets });
    const children = childTypes(type).map((child) => this.read(child));
    const column = { type, length, nullCount, validity, values, offsets, children };
    if (length > MAX_EMPTY_ROWS && isEmpty(column)) throw badFrame("too many rows without bytes");
    return column;
  }

  /** Takes the next bytes and their padding; returns their place in the buffer. */
  #place(bytes: number): number {
    const start = this.#at;
    const end = start + Math.ceil(bytes / 8) * 8;
    if (end > this.#frame.length) throw badFrame("a column runs past its end");
    this.#at = end;
    return this.#frame.byteOffset + start;
  }

  #bytes(size: number): Uint8Array {
    return new Uint8Array(this.#frame.buffer, this.#place(size), size);
  }

  #values(type: DataType, shape: ValuesShape): ColumnValues | undefined {
    const { length, size, offsets } = shape;
    const expected = valuesBytes({ type, length, nullCount: 0, offsets });
    if (size !== expected) throw badFrame("a column's length and its bytes disagree");
    const { buffer } = this.#frame;
    switch (type.kind) {
      case "list":
      case "struct":
      case "map":
        return undefined;
      case "i32":
      case "date":
      case "time":
      case "dict":
        return new Int32Array(buffer, this.#place(size), length);
      case "i64":
      case "timestamp":
        return new BigInt64Array(buffer, this.#place(size), length);
      case "f32":
        return new Float32Array(buffer, this.#place(size), length);
      case "f64":
        return new Float64Array(buffer, this.#place(size), length);
      default:
        return this.#bytes(size);
    }
  }

  get done(): boolean {
    return this.#at === this.#frame.length;
  }
}

interface ValuesShape {
  readonly length: number;
  readonly size: number;
  readonly offsets: Int32Array | undefined;
}

/**
 * The columns in a frame from byte `at` on, as views of it.
 *
 * @throws {RangeError} when they do not fill the frame exactly.
 */
export function readColumns(
  frame: Uint8Array,
  at: number,
  { schema, rows }: { schema: Schema; rows: number },
): Column[] {
  const reader = new ColumnReader(frame, at, schemaNodes(schema));
  const columns = schema.fields.map((field) => reader.read(field.type));
  if (columns.length === 0 && rows > MAX_EMPTY_ROWS) throw badFrame("too many rows without bytes");
  if (!reader.done) throw badFrame("there are bytes after its columns");
  if (columns.some((column) => column.length !== rows)) {
    throw badFrame("a column's length is not its number of rows");
  }
  return columns;
}

import { crc32c } from "./crc32c.ts";
import { columnsBytes, readColumns, writeColumns } from "./frame_columns.ts";
import { verifyColumns, verifyRowKinds } from "./frame_verify.ts";
import {
  badFrame,
  type DecodedFrameHeader,
  FRAME_HEADER_BYTES,
  FrameFlag,
  type FrameHeader,
  type FrameLengths,
  FrameOffset,
  MAX_FRAME_BYTES,
  readHeader,
  readLengths,
  writeHeader,
} from "./frame_header.ts";
import { RecordBatch } from "./record_batch.ts";
import type { Schema } from "./schema.ts";
import { schemaBytes, schemaFromBytes } from "./schema_bytes.ts";
import { several } from "./several.ts";

/** Options of {@linkcode encodeFrame}. */
export interface EncodeFrameOptions {
  /**
   * Where the frame is written, from its first byte; it may lie in shared or kernel memory.
   * Default: new memory of the right size.
   */
  target?: Uint8Array;
}

/** Options of {@linkcode decodeFrame}. */
export interface DecodeFrameOptions {
  /**
   * Whether the frame was made in this process, so that only its lengths are checked and not every
   * offset, index and character. Default `false`.
   */
  trusted?: boolean;
}

/** A frame taken apart; everything in it is a view of the bytes it was read from. */
export interface DecodedFrame {
  /** What it says beside its rows. */
  readonly header: DecodedFrameHeader;
  /** The rows; only of kind `data`. */
  readonly batch?: RecordBatch;
  /** What the other kinds carry, where they do. */
  readonly body?: Uint8Array;
  /** Bytes of the whole frame: where the next one starts. */
  readonly byteLength: number;
}

function pad8(bytes: number): number {
  return (bytes + 7) & ~7;
}

function rowKindBytes(header: Pick<FrameHeader, "rowKinds"> | undefined, rows: number): number {
  return header?.rowKinds ? pad8(rows) : 0;
}

/**
 * Bytes of the frame of a batch, without or with row kinds.
 *
 * @throws {RangeError} when it would pass 2 GiB.
 */
export function frameSize<Row>(
  batch: RecordBatch<Row>,
  header?: Pick<FrameHeader, "rowKinds">,
): number {
  const size = FRAME_HEADER_BYTES + pad8(schemaBytes(batch.schema).length) +
    rowKindBytes(header, batch.length) + columnsBytes(batch.columns, batch.length);
  if (size > MAX_FRAME_BYTES) {
    throw new RangeError(
      `Cannot encode frame: ${several(batch.length, "row")} ${
        batch.length === 1 ? "takes" : "take"
      } ${size} bytes, at most ${MAX_FRAME_BYTES} ` +
        `fit; slice the batch`,
    );
  }
  return size;
}

function targetFor(totalBytes: number, { target }: EncodeFrameOptions): Uint8Array {
  if (!target) return new Uint8Array(totalBytes);
  if (target.length < totalBytes) {
    throw new RangeError(
      `Cannot encode frame: it takes ${totalBytes} bytes, the target has ${target.length}`,
    );
  }
  return target.subarray(0, totalBytes);
}

/**
 * Writes a frame: rows with kind `data`, an opaque body or nothing with the others.
 *
 * @returns the frame's bytes, within `target` if that was given.
 * @throws {RangeError} when the target is too small (the message names the size), the batch too
 * large, or a field of the header out of range.
 */
export function encodeFrame<Row>(
  header: FrameHeader,
  content?: RecordBatch<Row> | Uint8Array,
  options: EncodeFrameOptions = {},
): Uint8Array {
  const rows = content instanceof RecordBatch;
  if (rows !== (header.kind === "data")) {
    throw new TypeError(
      `Cannot encode frame: kind ${header.kind} carries ` +
        (header.kind === "data" ? "a batch" : "bytes or nothing, not a batch"),
    );
  }
  const frame = content instanceof RecordBatch
    ? encodeBatch(header, content, options)
    : encodeBytes(header, content ?? new Uint8Array(), options);
  if (header.crc) viewOf(frame).setUint32(FrameOffset.crc, frameCrc(frame), true);
  return frame;
}

function encodeBytes(
  header: FrameHeader,
  body: Uint8Array,
  options: EncodeFrameOptions,
): Uint8Array {
  if (header.rowKinds) throw new TypeError("Cannot encode frame: rowKinds without rows");
  const totalBytes = FRAME_HEADER_BYTES + pad8(body.length);
  const lengths = { rows: 0, totalBytes, bodyBytes: body.length, schemaBytes: 0 };
  const frame = targetFor(totalBytes, options);
  writeHeader(viewOf(frame), header, lengths);
  frame.set(body, FRAME_HEADER_BYTES);
  frame.fill(0, FRAME_HEADER_BYTES + body.length);
  return frame;
}

function encodeBatch<Row>(
  header: FrameHeader,
  batch: RecordBatch<Row>,
  options: EncodeFrameOptions,
): Uint8Array {
  const { rowKinds } = header;
  if (rowKinds && rowKinds.length !== batch.length) {
    throw new RangeError(
      `Cannot encode frame: ${rowKinds.length} rowKinds for ${several(batch.length, "row")}`,
    );
  }
  const description = schemaBytes(batch.schema);
  const totalBytes = frameSize(batch, header);
  const bodyBytes = totalBytes - FRAME_HEADER_BYTES;
  const lengths = { rows: batch.length, totalBytes, bodyBytes, schemaBytes: description.length };
  const frame = targetFor(totalBytes, options);
  writeHeader(viewOf(frame), header, lengths);
  let at = FRAME_HEADER_BYTES;
  at = writePadded(frame, at, description);
  if (rowKinds) at = writePadded(frame, at, rowKinds);
  writeColumns(frame, at, batch.columns);
  return frame;
}

/** Writes bytes and zeros up to the next multiple of 8, and returns the position after them. */
function writePadded(frame: Uint8Array, at: number, bytes: Uint8Array): number {
  const end = at + pad8(bytes.length);
  frame.set(bytes, at);
  frame.fill(0, at + bytes.length, end);
  return end;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function frameCrc(frame: Uint8Array): number {
  const before = crc32c(frame.subarray(0, FrameOffset.crc));
  return crc32c(frame.subarray(FrameOffset.crc + 4), before);
}

/**
 * Takes a frame apart without copying: the columns are views of `bytes`, valid as long as those
 * are. `bytes` may be longer than the frame.
 *
 * @throws {FrameVersionError} for another format version.
 * @throws {RangeError} when the bytes are no whole, undamaged frame, or do not start at a multiple
 * of 8 in their buffer.
 */
export function decodeFrame(bytes: Uint8Array, options: DecodeFrameOptions = {}): DecodedFrame {
  if (bytes.byteOffset % 8 !== 0) {
    throw badFrame(
      `it starts at byte ${bytes.byteOffset} of its buffer, not at a multiple of 8; copy it`,
    );
  }
  const view = viewOf(bytes);
  const lengths = readLengths(view);
  const frame = bytes.subarray(0, lengths.totalBytes);
  const header = readHeader(view);
  if (header.crc && view.getUint32(FrameOffset.crc, true) !== frameCrc(frame)) {
    throw badFrame("its CRC does not match: it is damaged");
  }
  const byteLength = lengths.totalBytes;
  if (header.kind === "data") {
    return { header, batch: decodeBatch(frame, header, { ...lengths, ...options }), byteLength };
  }
  checkNoRows(view, lengths);
  if (lengths.bodyBytes === 0) return { header, byteLength };
  const body = frame.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + lengths.bodyBytes);
  return { header, body, byteLength };
}

function checkNoRows(view: DataView, { rows, schemaBytes }: FrameLengths): void {
  if (rows + schemaBytes + (view.getUint8(FrameOffset.flags) & FrameFlag.rowKinds) > 0) {
    throw badFrame("it has rows, but not the kind that carries them");
  }
}

function decodeBatch(
  frame: Uint8Array,
  header: DecodedFrameHeader,
  lengths: FrameLengths & DecodeFrameOptions,
): RecordBatch {
  const { rows, schemaBytes, trusted } = lengths;
  const flags = frame[FrameOffset.flags];
  let at = FRAME_HEADER_BYTES + pad8(schemaBytes);
  const schema = readSchema(frame.subarray(FRAME_HEADER_BYTES, FRAME_HEADER_BYTES + schemaBytes));
  if (flags & FrameFlag.rowKinds) {
    if (at + pad8(rows) > frame.length) throw badFrame("its row kinds run past its end");
    header.rowKinds = frame.subarray(at, at + rows);
    at += pad8(rows);
  }
  const columns = readColumns(frame, at, { schema, rows });
  try {
    if (!trusted) verifyColumns(columns);
    if (!trusted && header.rowKinds) verifyRowKinds(header.rowKinds);
    return new RecordBatch(schema, columns, rows);
  } catch (error) {
    throw badFrame((error as Error).message);
  }
}

function readSchema(bytes: Uint8Array): Schema {
  try {
    return schemaFromBytes(bytes);
  } catch (error) {
    throw badFrame(`its schema is damaged: ${(error as Error).message}`);
  }
}

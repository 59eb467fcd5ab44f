import { crc32c } from "../batch/crc32c.ts";
import { HIGHEST_RECORD_DEPTH } from "../batch/records/limits.ts";
import { RecordReader, RecordWriter } from "../batch/records/mod.ts";

/** Magic, version, checksum, length. */
const HEADER_BYTES = 16;
const MOST_BYTES = 2 ** 31 - 1;

/** What tells bytes apart that hold records. */
export interface RecordBytesKind {
  readonly magic: number;
  readonly version: number;
}

/** What takes values of any kind that are to become bytes. */
export function stateWriter(): RecordWriter {
  return new RecordWriter({
    maxBytes: MOST_BYTES,
    maxDepth: HIGHEST_RECORD_DEPTH,
    maxStringLength: 2 ** 29 - 24,
  });
}

/** What was written as bytes, behind a header with a checksum. */
export function bytesOfRecords(writer: RecordWriter, kind: RecordBytesKind): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + writer.byteLength());
  const length = writer.finish(bytes.subarray(HEADER_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, kind.magic, true);
  view.setUint32(4, kind.version, true);
  view.setUint32(8, crc32c(bytes.subarray(HEADER_BYTES, HEADER_BYTES + length)), true);
  view.setUint32(12, length, true);
  return bytes.subarray(0, HEADER_BYTES + length);
}

/**
 * The values that {@linkcode bytesOfRecords} made bytes of.
 *
 * @param damaged Makes the error of bytes that are not of that kind, or damaged.
 */
export function recordsOfBytes(
  bytes: Uint8Array,
  { magic, version }: RecordBytesKind,
  damaged: (why: string) => Error,
): unknown[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== magic) {
    throw damaged("it is none of a window operator");
  }
  if (view.getUint32(4, true) !== version) {
    throw damaged(`it is of version ${view.getUint32(4, true)}, not ${version}`);
  }
  const content = bytes.subarray(HEADER_BYTES, HEADER_BYTES + view.getUint32(12, true));
  if (content.length !== view.getUint32(12, true) || crc32c(content) !== view.getUint32(8, true)) {
    throw damaged("its checksum does not match");
  }
  return new RecordReader().read(content.slice());
}

import { crc32c } from "../../batch/crc32c.ts";
import { RecordReader, RecordWriter } from "../../batch/records/mod.ts";
import { HIGHEST_RECORD_DEPTH } from "../../batch/records/limits.ts";
import type { OperatorCore, SavedItem } from "./operator_core.ts";

const MAGIC = 0x4f574757;
const VERSION = 1;
/** Magic, version, checksum, length. */
const HEADER_BYTES = 16;
const MOST_BYTES = 2 ** 31 - 1;

/**
 * The state of an operator as bytes.
 *
 * @throws {TypeError} when a state of an aggregate holds what is no data, such as a function.
 */
export function snapshotOf(core: OperatorCore): Uint8Array {
  const { watermark, state: { whole, items } } = core.save();
  const keys = new Map<number, number>();
  for (const [key] of items) if (!keys.has(key)) keys.set(key, keys.size);
  const writer = new RecordWriter({
    maxBytes: MOST_BYTES,
    maxDepth: HIGHEST_RECORD_DEPTH,
    maxStringLength: 2 ** 29 - 24,
  });
  writer.write([watermark, whole, keys.size]);
  for (const key of keys.keys()) writer.write(core.keyValues(key));
  for (const [key, ...values] of items) writeItem(writer, [keys.get(key)!, ...values]);
  return framed(writer);
}

function writeItem(writer: RecordWriter, item: SavedItem): void {
  try {
    writer.write(item);
  } catch (cause) {
    throw new TypeError(
      `Cannot save windows: the state of an aggregate must be data that structuredClone copies, ` +
        `without functions or the like: ${(cause as Error).message}`,
      { cause },
    );
  }
}

function framed(writer: RecordWriter): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES + writer.byteLength());
  const length = writer.finish(bytes.subarray(HEADER_BYTES));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, MAGIC, true);
  view.setUint32(4, VERSION, true);
  view.setUint32(8, crc32c(bytes.subarray(HEADER_BYTES, HEADER_BYTES + length)), true);
  view.setUint32(12, length, true);
  return bytes.subarray(0, HEADER_BYTES + length);
}

/** @throws {TypeError} when they are no snapshot, or damaged. */
function contentOf(bytes: Uint8Array): unknown[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) {
    throw damaged("it is none of a window operator");
  }
  if (view.getUint32(4, true) !== VERSION) {
    throw damaged(`it is of version ${view.getUint32(4, true)}, not ${VERSION}`);
  }
  const content = bytes.subarray(HEADER_BYTES, HEADER_BYTES + view.getUint32(12, true));
  if (content.length !== view.getUint32(12, true) || crc32c(content) !== view.getUint32(8, true)) {
    throw damaged("its checksum does not match");
  }
  return new RecordReader().read(content.slice());
}

function damaged(why: string, cause?: unknown): TypeError {
  return new TypeError(
    `Cannot restore windows: the snapshot is damaged, ${why}; take the one before`,
    { cause },
  );
}

/**
 * Gives an operator, which is new, the state of a snapshot.
 *
 * @throws {TypeError} when that is damaged, or of an operator unlike this one; the operator is then
 *   of no use.
 */
export function restoreFrom(core: OperatorCore, snapshot: Uint8Array): void {
  const [header, ...rest] = contentOf(snapshot);
  try {
    const [watermark, whole, count] = header as [number, unknown, number];
    const keys = core.restoreKeys(rest.slice(0, count) as unknown[][]);
    const items = (rest.slice(count) as SavedItem[]).map(([key, ...values]): SavedItem => {
      return [keys[key], ...values];
    });
    core.load(watermark, { whole, items });
  } catch (cause) {
    throw damaged(`it is of other windows: ${(cause as Error).message}`, cause);
  }
}

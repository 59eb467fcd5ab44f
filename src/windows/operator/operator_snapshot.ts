import type { RecordWriter } from "../../batch/records/mod.ts";
import { bytesOfRecords, recordsOfBytes, stateWriter } from "../record_bytes.ts";
import type { OperatorCore, SavedItem } from "./operator_core.ts";

const SNAPSHOT = { magic: 0x4f574757, version: 1 };

/**
 * The state of an operator as bytes.
 *
 * @throws {TypeError} when a state of an aggregate holds what is no data, such as a function.
 */
export function snapshotOf(core: OperatorCore): Uint8Array {
  const { watermark, state: { whole, items } } = core.save();
  const keys = new Map<number, number>();
  for (const [key] of items) if (!keys.has(key)) keys.set(key, keys.size);
  const writer = stateWriter();
  writer.write([watermark, whole, keys.size]);
  for (const key of keys.keys()) writer.write(core.keyValues(key));
  for (const [key, ...values] of items) writeItem(writer, [keys.get(key)!, ...values]);
  return bytesOfRecords(writer, SNAPSHOT);
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
  const [header, ...rest] = recordsOfBytes(snapshot, SNAPSHOT, damaged);
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

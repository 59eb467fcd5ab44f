import { bytesOfRecords, recordsOfBytes, stateWriter } from "../record_bytes.ts";

const DELTA = { magic: 0x53474757, version: 1 };

/** A slice in a delta. */
export type DeltaSlice = readonly [start: number, skipped: number];

/** The states of a key in a slice; both are places in their lists. */
export type DeltaGroup = readonly [slice: number, key: number, ...states: unknown[]];

/** What a table hands to another one with the same windows, keys and aggregates. */
export interface TableDelta {
  /** Of what windows, keys and aggregates it is. */
  readonly of: string;
  /** Watermarks up to which windows of each kind have closed, ms; none: of no windows yet. */
  readonly closed: readonly number[];
  readonly slices: readonly DeltaSlice[];
  /** The values of each key. */
  readonly keys: readonly (readonly unknown[])[];
  readonly groups: readonly DeltaGroup[];
}

/** A delta as bytes. */
export function writeDelta({ of, closed, slices, keys, groups }: TableDelta): Uint8Array {
  const writer = stateWriter();
  writer.write([of, closed, slices, keys.length]);
  for (const key of keys) writer.write(key);
  for (const group of groups) writer.write(group);
  return bytesOfRecords(writer, DELTA);
}

/**
 * The delta that bytes hold.
 *
 * @throws {TypeError} when they hold none, are damaged, or of other windows, keys or aggregates.
 */
export function readDelta(bytes: Uint8Array, of: string): TableDelta {
  const fail = (why: string) =>
    new TypeError(
      `Cannot fold delta of ${bytes.length} bytes: ${why}; only whole deltas and snapshots of a ` +
        `table with the same windows, keys and aggregates can be folded`,
    );
  const [header, ...rest] = recordsOfBytes(bytes, DELTA, fail);
  const [own, closed, slices, keys] = header as [string, number[], DeltaSlice[], number];
  if (own !== of) throw fail("it is of another plan");
  return {
    of,
    closed,
    slices,
    keys: rest.slice(0, keys) as unknown[][],
    groups: rest.slice(keys) as unknown as DeltaGroup[],
  };
}

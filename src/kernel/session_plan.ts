import {
  checkHeader,
  checkSeal,
  DELTA_WINDOW_BYTES,
  deltaHeaderBytes,
  type ExpectedDelta,
  seal,
  writeHeader,
  writeWindow,
} from "./delta.ts";
import type { SessionPlan } from "./session_types.ts";
import { fingerprintOf, type StateLayout } from "./window_layout.ts";
import type { WindowPlan } from "./window_types.ts";

/** Start (i64 ms), key length (u32, all ones for the null key), 0 (u32), end (i64 ms). */
export const SESSION_RECORD_BYTES = 24;
const END_BYTES = 8;
const HEADER_BYTES = deltaHeaderBytes(1);

/** What a plan says of keys, values and aggregates, as a plan of windows that differ as it does. */
export function windowPlanOf(plan: SessionPlan): WindowPlan {
  const { gap, touching, alone, keys, values, aggregates } = plan;
  const offset = Number(touching) + 2 * Number(alone);
  const extent = gap === undefined ? { size: 1, offset, step: 1 } : { size: gap, offset };
  return { ...extent, allowedLateness: 0, keys, values, aggregates };
}

/** Where the records of a snapshot start. */
const RECORDS_AT = HEADER_BYTES + DELTA_WINDOW_BYTES;

/** How sessions become a snapshot: a delta of one window whose records are sessions. */
export class SessionSnapshots {
  readonly #expected: ExpectedDelta;

  /** Snapshots of the sessions of a plan. */
  constructor(plan: SessionPlan, layout: StateLayout) {
    const fingerprint = (fingerprintOf(windowPlanOf(plan)) ^ SESSION_RECORD_BYTES) >>> 0;
    this.#expected = { fingerprint, stateBytes: layout.bytes + END_BYTES, kinds: 1 };
  }

  /** One of so many records in so many bytes, which `fill` writes. */
  write(records: number, bytes: number, fill: (to: Uint8Array) => void): Uint8Array {
    if (records === 0) return new Uint8Array();
    const window = { start: 0, skipped: 0, records, bytes };
    const snapshot = writeHeader([window], { ...this.#expected, closed: [-Infinity] });
    writeWindow(snapshot, HEADER_BYTES, window);
    fill(snapshot.subarray(RECORDS_AT));
    return seal(snapshot);
  }

  /**
   * The records of a snapshot.
   *
   * @throws {TypeError} when it is damaged, or of another plan.
   */
  read(snapshot: Uint8Array): Uint8Array {
    if (snapshot.length === 0) return snapshot;
    checkHeader(snapshot, this.#expected);
    checkSeal(snapshot);
    return snapshot.subarray(RECORDS_AT);
  }
}

import {
  checkHeader,
  checkSeal,
  closedUpTo,
  DELTA_RECORD_BYTES,
  DELTA_WINDOW_BYTES,
  deltaHeaderBytes,
  deltaWindows,
  NULL_KEY_LENGTH,
  recordBytes,
  seal,
  writeHeader,
  writeWindow,
} from "../kernel/delta.ts";
import { fingerprintOf, layoutOf, type StateLayout, windowsOf } from "../kernel/window_layout.ts";
import type {
  AddOutcome,
  BatchPosition,
  ClosedWindows,
  Ownership,
  PlannedWindows,
  ResultColumn,
  RouteOutcome,
  TimeOutcome,
  WindowEngine,
  WindowPlan,
  WindowRows,
  WindowStats,
} from "../kernel/window_types.ts";
import { checkRows } from "../kernel/window_check.ts";
import { SharedShape } from "../kernel/shared_shape.ts";
import { WindowClosing } from "../kernel/window_closing.ts";
import { ALL_CLOSED, BETWEEN } from "../kernel/window_shape.ts";
import {
  addRow,
  aggregatesOf,
  emptyGroup,
  keyOfRow,
  mergeWritten,
  nameOfKey,
  type ReferenceGroup,
  timeAt,
  writeState,
} from "./reference_group.ts";
import { compareKeys, decodeKey, hashKey, keyColumns } from "./reference_keys.ts";
import {
  type ReferenceSlice,
  ReferenceSlices,
  ReferenceStacks,
  type ReferenceWindow,
} from "./reference_stacks.ts";

/** A record of a delta. */
interface DeltaRecord {
  readonly start: number;
  readonly skipped: number;
  readonly key: Uint8Array | null;
  readonly state: DataView;
}

/** A row that is on time. */
interface TimedRow {
  readonly row: number;
  readonly time: number;
  /** Of its slice. */
  readonly start: number;
  readonly skipped: number;
}

/** Which slice. */
type Place = Pick<ReferenceSlice, "start" | "skipped">;

/**
 * The kernel's window table in plain TypeScript: a `Map` a slice, an object a key.
 *
 * It takes and gives the same bytes as the kernel's; it is slow and for tests.
 */
export class ReferenceWindowTable implements WindowEngine {
  readonly #plan: WindowPlan;
  readonly #layout: StateLayout;
  readonly #fingerprint: number;
  readonly #windows: readonly PlannedWindows[];
  readonly #shape: SharedShape;
  /** By start, then by the windows they skip. */
  readonly #slices: ReferenceSlice[] = [];
  readonly #stacks: readonly ReferenceStacks[];
  readonly #closing: WindowClosing;
  #rows = 0;
  readonly #kindRows: number[];

  /** An empty table. */
  constructor(plan: WindowPlan) {
    this.#plan = plan;
    this.#layout = layoutOf(plan);
    this.#fingerprint = fingerprintOf(plan);
    this.#windows = windowsOf(plan);
    this.#shape = new SharedShape(this.#windows.map(({ window }) => window));
    this.#stacks = this.#windows.map((_, kind) =>
      new ReferenceStacks(this.#slices, this.#layout, kind)
    );
    this.#kindRows = this.#windows.map(() => 0);
    const slices = new ReferenceSlices(this.#slices);
    this.#closing = new WindowClosing(this.#shape, slices, this.#stacks);
  }

  add(rows: WindowRows, at: BatchPosition): AddOutcome {
    checkRows(this.#plan, rows);
    const before = this.stats().groups;
    const { timed, ...outcome } = this.#judge(rows, at);
    for (let row = 0; row < rows.length; row++) this.#keyOf(rows, row);
    for (const row of timed) this.#addRow(rows, row, at);
    this.#rows += timed.length;
    outcome.kinds?.forEach(({ absorbed }, kind) => this.#kindRows[kind] += absorbed);
    return { ...outcome, absorbed: timed.length, distinct: this.stats().groups - before };
  }

  route(rows: WindowRows, options: BatchPosition & Ownership): RouteOutcome {
    checkRows(this.#plan, rows);
    const { timed, ...outcome } = this.#judge(rows, options);
    const lists: number[][] = Array.from({ length: options.owners }, () => []);
    for (const { row } of timed) {
      const hash = hashKey(this.#plan.keys, this.#keyOf(rows, row));
      lists[options.ownerOf[Number(hash >> 56n)]].push(row);
    }
    return { ...outcome, rows: lists.map((list) => Uint32Array.from(list)) };
  }

  hashKeys(rows: WindowRows): BigUint64Array {
    checkRows(this.#plan, rows);
    const { keys } = this.#plan;
    return BigUint64Array.from({ length: rows.length }, (_, row) => {
      return hashKey(keys, this.#keyOf(rows, row));
    });
  }

  #judge(rows: WindowRows, at: BatchPosition): TimeOutcome & { timed: TimedRow[] } {
    const { allowedLateness } = this.#plan;
    const timed: TimedRow[] = [];
    let [late, untimed, outside, minTime, maxTime] = [0, 0, 0, Infinity, -Infinity];
    let watermark = at.watermarkBefore;
    const kinds = this.#windows.map(() => ({ absorbed: 0, late: 0, outside: 0 }));
    for (let row = 0; row < rows.length; row++) {
      const time = timeAt(rows.times, row);
      if (time === undefined) {
        untimed++;
        continue;
      }
      const start = this.#shape.sliceOf(time);
      const skipped = this.#shape.skippedBy(start, watermark - allowedLateness);
      if (skipped === ALL_CLOSED) late++;
      else if (skipped === BETWEEN) outside++;
      else timed.push({ row, time, start, skipped });
      kinds.forEach((counts, kind) => {
        const skipped = this.#shape.kinds[kind].skippedBy(start, watermark - allowedLateness);
        counts[skipped === ALL_CLOSED ? "late" : skipped === BETWEEN ? "outside" : "absorbed"]++;
      });
      minTime = Math.min(minTime, time);
      maxTime = Math.max(maxTime, time);
      watermark = Math.max(watermark, maxTime - at.bound);
    }
    const more = kinds.length > 1 ? { kinds } : {};
    return { timed, late, untimed, outside, minTime, maxTime, watermarkAfter: watermark, ...more };
  }

  #addRow(rows: WindowRows, timed: TimedRow, at: BatchPosition): void {
    const group = this.#groupOf(timed, this.#keyOf(rows, timed.row));
    const placed = { ...timed, partition: at.partition, position: at.position + timed.row };
    addRow(group, { ...this.#plan, layout: this.#layout }, rows, placed);
  }

  #keyOf(rows: WindowRows, row: number): Uint8Array | null {
    return keyOfRow(this.#plan, rows, row);
  }

  #groupOf(place: Place, key: Uint8Array | null): ReferenceGroup {
    const { groups } = this.#sliceOf(place);
    const name = nameOfKey(key);
    let group = groups.get(name);
    if (group === undefined) {
      const hash = hashKey(this.#plan.keys, key);
      group = emptyGroup(this.#layout, { key: key === null ? null : key.slice(), hash });
      groups.set(name, group);
    }
    return group;
  }

  #sliceOf({ start, skipped }: Place): ReferenceSlice {
    const slices = this.#slices;
    const last = slices.findLastIndex((each) =>
      each.start < start || (each.start === start && each.skipped <= skipped)
    );
    const before = slices[last];
    if (before?.start === start && before.skipped === skipped) return before;
    const slice = {
      start,
      skipped,
      groups: new Map<string, ReferenceGroup>(),
      taken: new Set<number>(),
    };
    slices.splice(last + 1, 0, slice);
    return slice;
  }

  #clear(closed?: readonly number[]): void {
    this.#slices.length = 0;
    for (const { results } of this.#stacks) results.length = 0;
    this.#closing.reset(closed);
    this.#rows = 0;
    this.#kindRows.fill(0);
  }

  takeDeltas({ ownerOf, owners }: Ownership): Uint8Array[] {
    const deltas = Array.from(
      { length: owners },
      (_, owner) => this.#write(({ hash }) => ownerOf[Number(hash >> 56n)] === owner),
    );
    this.#clear();
    return deltas;
  }

  fold(delta: Uint8Array): { records: number } {
    if (delta.length === 0) return { records: 0 };
    const records = this.#read(delta);
    for (const record of records) this.#merge(record);
    return { records: records.length };
  }

  #read(delta: Uint8Array): DeltaRecord[] {
    const { bytes } = this.#layout;
    const kinds = this.#windows.length;
    checkHeader(delta, { fingerprint: this.#fingerprint, stateBytes: bytes, kinds });
    const view = new DataView(delta.buffer, delta.byteOffset, delta.byteLength);
    return deltaWindows(delta, kinds).flatMap((window) => {
      const end = window.at + window.bytes;
      let at = window.at;
      const records = Array.from({ length: window.records }, () => {
        const length = at + DELTA_RECORD_BYTES <= end ? view.getUint32(at + 8, true) : 0;
        const keyLength = length === NULL_KEY_LENGTH ? 0 : length;
        const stateAt = at + DELTA_RECORD_BYTES;
        at += recordBytes(this.#layout, keyLength);
        if (at > end) return wrongSize();
        const keyAt = stateAt + bytes;
        return {
          start: window.start,
          skipped: window.skipped,
          key: length === NULL_KEY_LENGTH ? null : delta.subarray(keyAt, keyAt + length),
          state: new DataView(delta.buffer, delta.byteOffset + stateAt, bytes),
        };
      });
      return at === end ? records : wrongSize();
    });
  }

  #merge(record: DeltaRecord): void {
    mergeWritten(this.#groupOf(record, record.key), record.state, this.#layout);
    const rows = Number(record.state.getBigInt64(0, true));
    this.#rows += rows;
    for (let kind = 0; kind < this.#kindRows.length; kind++) {
      if (this.#shape.holds(kind, record)) this.#kindRows[kind] += rows;
    }
  }

  snapshot(): Uint8Array {
    return seal(this.#write(() => true, this.#closing.closed));
  }

  restore(snapshot: Uint8Array): void {
    const records = snapshot.length === 0 ? [] : this.#read(snapshot);
    if (snapshot.length > 0) checkSeal(snapshot);
    this.#clear(closedUpTo(snapshot, this.#windows.length));
    for (const record of records) this.#merge(record);
  }

  #write(
    wanted: (group: ReferenceGroup) => boolean,
    closed: readonly number[] = [],
  ): Uint8Array {
    const windows = this.#slices
      .map((slice) => ({ ...slice, groups: [...slice.groups.values()].filter(wanted) }))
      .filter(({ groups }) => groups.length > 0);
    const areas = windows.map(({ groups }) =>
      groups.reduce((sum, { key }) => sum + recordBytes(this.#layout, key?.length ?? 0), 0)
    );
    if (windows.length === 0) return new Uint8Array();
    const heads = windows.map(({ start, skipped, groups }, index) => {
      return { start, skipped, records: groups.length, bytes: areas[index] };
    });
    const [stateBytes, kinds] = [this.#layout.bytes, this.#windows.length];
    const fingerprint = this.#fingerprint;
    const delta = writeHeader(heads, { fingerprint, stateBytes, kinds, closed });
    let at = deltaHeaderBytes(kinds);
    windows.forEach(({ groups }, index) => {
      writeWindow(delta, at, heads[index]);
      at += DELTA_WINDOW_BYTES;
      for (const group of groups) at = this.#writeGroup(group, new DataView(delta.buffer), at);
    });
    return delta;
  }

  #writeGroup(group: ReferenceGroup, view: DataView, at: number): number {
    const layout = this.#layout;
    const { key, hash } = group;
    view.setBigUint64(at, hash, true);
    view.setUint32(at + 8, key === null ? NULL_KEY_LENGTH : key.length, true);
    const state = new DataView(view.buffer, at + DELTA_RECORD_BYTES, layout.bytes);
    writeState(group, state, layout);
    if (key !== null) new Uint8Array(view.buffer).set(key, state.byteOffset + layout.bytes);
    return at + recordBytes(layout, key?.length ?? 0);
  }

  close(watermark: number): ClosedWindows | undefined {
    const passed = watermark - this.#plan.allowedLateness;
    if (!this.#shape.isPlain) return this.#composed(passed);
    const windows = this.#plainWindows(passed);
    const closed = this.#closedOf(windows, 0);
    if (closed) this.#slices.splice(0, windows.length);
    return closed;
  }

  #plainWindows(watermark: number): ReferenceWindow[] {
    return this.#slices.map(({ start, groups }) => {
      return { end: this.#shape.kinds[0].lastEnd(start), groups: [...groups.values()] };
    }).filter(({ end }) => end <= watermark);
  }

  #composed(watermark: number): ClosedWindows | undefined {
    const kind = this.#closing.close(watermark);
    if (kind === undefined) return undefined;
    const { results } = this.#stacks[kind];
    const closed = this.#closedOf(results, kind);
    results.length = 0;
    return closed;
  }

  #closedOf(windows: readonly ReferenceWindow[], kind: number): ClosedWindows | undefined {
    const { keys: types } = this.#plan;
    const groups = windows.flatMap(({ end, groups }) =>
      groups.map((group) => ({ end, group, keys: decodeKey(types, group.key) }))
        .sort((a, b) => compareKeys(types, a.keys, b.keys))
    );
    if (groups.length === 0) return undefined;
    const startOf = (end: number) => BigInt(this.#shape.kinds[kind].startOf(end));
    return {
      kind,
      length: groups.length,
      windowStart: BigInt64Array.from(groups, ({ end }) => startOf(end)),
      windowEnd: BigInt64Array.from(groups, ({ end }) => BigInt(end)),
      keys: keyColumns(types, groups.map(({ keys }) => keys)),
      aggregates: this.#aggregates(groups.map(({ group }) => group), kind),
    };
  }

  #aggregates(groups: readonly ReferenceGroup[], kind: number): ResultColumn[] {
    const { aggregates } = this.#windows[kind];
    return aggregatesOf({ ...this.#plan, aggregates, layout: this.#layout }, groups);
  }

  nextClose(): number {
    return this.#closing.next() + this.#plan.allowedLateness;
  }

  stats(): WindowStats {
    const groups = this.#slices.reduce((sum, { groups }) => sum + groups.size, 0);
    const more = this.#windows.length > 1 ? { kindRows: [...this.#kindRows] } : {};
    return { windows: this.#slices.length, groups, rows: this.#rows, bytes: 0, ...more };
  }

  [Symbol.dispose](): void {
    this.#clear();
  }
}

function wrongSize(): never {
  throw new TypeError("Cannot fold delta: its records have another size than it states");
}

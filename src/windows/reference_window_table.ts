import { MAX_TIMESTAMP_MS } from "../batch/time_range.ts";
import {
  checkHeader,
  checkSeal,
  closedUpTo,
  DELTA_HEADER_BYTES,
  DELTA_RECORD_BYTES,
  DELTA_WINDOW_BYTES,
  deltaWindows,
  NULL_KEY_LENGTH,
  recordBytes,
  seal,
  writeHeader,
  writeWindow,
} from "../kernel/delta.ts";
import { fingerprintOf, layoutOf, type StateLayout } from "../kernel/window_layout.ts";
import type {
  AddOutcome,
  BatchPosition,
  ClosedWindows,
  KernelColumn,
  Ownership,
  ResultColumn,
  RouteOutcome,
  TimeOutcome,
  WindowEngine,
  WindowPlan,
  WindowRows,
  WindowStats,
} from "../kernel/window_types.ts";
import {
  checkRows,
  longKey,
  MAX_KEY_BYTES,
  resultTypeOf,
  sumInRange,
} from "../kernel/window_check.ts";
import { WindowComposer } from "../kernel/window_composer.ts";
import { ALL_CLOSED, BETWEEN, WindowShape } from "../kernel/window_shape.ts";
import { columnOf, type Plain, valueAt } from "./plain_columns.ts";
import { ReferenceAccumulator } from "./reference_accumulator.ts";
import { ReferencePair } from "./reference_pair.ts";
import { compareKeys, decodeKey, encodeKey, hashKey, keyColumns } from "./reference_keys.ts";
import {
  emptyGroup,
  type ReferenceGroup,
  type ReferenceSlice,
  ReferenceStacks,
  type ReferenceWindow,
} from "./reference_stacks.ts";

const POSITION_BITS = 48n;

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
  readonly #shape: WindowShape;
  /** By start, then by the windows they skip. */
  readonly #slices: ReferenceSlice[] = [];
  readonly #stacks: ReferenceStacks;
  readonly #composer: WindowComposer;
  #rows = 0;

  /** An empty table. */
  constructor(plan: WindowPlan) {
    this.#plan = plan;
    this.#layout = layoutOf(plan);
    this.#fingerprint = fingerprintOf(plan);
    this.#shape = new WindowShape(plan);
    this.#stacks = new ReferenceStacks(this.#slices, this.#layout);
    this.#composer = new WindowComposer(this.#shape, this.#stacks);
  }

  add(rows: WindowRows, at: BatchPosition): AddOutcome {
    checkRows(this.#plan, rows);
    const before = this.stats().groups;
    const { timed, ...outcome } = this.#judge(rows, at);
    for (let row = 0; row < rows.length; row++) this.#keyOf(rows, row);
    for (const row of timed) this.#addRow(rows, row, at);
    this.#rows += timed.length;
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
      minTime = Math.min(minTime, time);
      maxTime = Math.max(maxTime, time);
      watermark = Math.max(watermark, maxTime - at.bound);
    }
    return { timed, late, untimed, outside, minTime, maxTime, watermarkAfter: watermark };
  }

  #addRow(rows: WindowRows, timed: TimedRow, at: BatchPosition): void {
    const { row, time } = timed;
    const group = this.#groupOf(timed, this.#keyOf(rows, row));
    const order = (BigInt(at.partition) << POSITION_BITS) + BigInt(at.position + row);
    group.rows++;
    group.values.forEach((value, index) => {
      const cell = valueAt(rows.values[index], row);
      const known = this.#plan.values[index].type.kind !== "any";
      const number = cell === null || known ? cell as number | bigint | null : 0;
      value.add(number, BigInt(time), order);
    });
    this.#layout.pairs.forEach((layout, index) => {
      const [x, y] = [layout.x, layout.y].map((value) => valueAt(rows.values[value], row));
      if (x === null || y === null) return;
      const pair = { x: x as number | bigint, y: y as number | bigint };
      group.pairs[index].add({ ...pair, time: BigInt(time), order });
    });
  }

  #keyOf(rows: WindowRows, row: number): Uint8Array | null {
    const key = encodeKey(this.#plan.keys, rows.keys, row);
    if (key !== null && key.length > MAX_KEY_BYTES) throw longKey();
    return key;
  }

  #groupOf(place: Place, key: Uint8Array | null): ReferenceGroup {
    const { groups } = this.#sliceOf(place);
    const name = key === null ? "null" : key.toHex();
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
    const slice = { start, skipped, groups: new Map<string, ReferenceGroup>(), taken: false };
    slices.splice(last + 1, 0, slice);
    return slice;
  }

  #clear(closed?: number): void {
    this.#slices.length = 0;
    this.#stacks.results.length = 0;
    this.#composer.reset(closed);
    this.#rows = 0;
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
    checkHeader(delta, { fingerprint: this.#fingerprint, stateBytes: bytes });
    const view = new DataView(delta.buffer, delta.byteOffset, delta.byteLength);
    return deltaWindows(delta).flatMap((window) => {
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
    const { key, state } = record;
    const group = this.#groupOf(record, key);
    const rows = state.getBigInt64(0, true);
    this.#layout.values.forEach((layout, index) => {
      group.values[index].merge(ReferenceAccumulator.read(state, layout, rows));
    });
    this.#layout.pairs.forEach((layout, index) => {
      group.pairs[index].merge(ReferencePair.read(state, layout));
    });
    group.rows += rows;
    this.#rows += Number(rows);
  }

  snapshot(): Uint8Array {
    return seal(this.#write(() => true, this.#composer.closed));
  }

  restore(snapshot: Uint8Array): void {
    const records = snapshot.length === 0 ? [] : this.#read(snapshot);
    if (snapshot.length > 0) checkSeal(snapshot);
    this.#clear(closedUpTo(snapshot));
    for (const record of records) this.#merge(record);
  }

  #write(wanted: (group: ReferenceGroup) => boolean, closed = -Infinity): Uint8Array {
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
    const stateBytes = this.#layout.bytes;
    const delta = writeHeader(heads, { fingerprint: this.#fingerprint, stateBytes, closed });
    let at = DELTA_HEADER_BYTES;
    windows.forEach(({ groups }, index) => {
      writeWindow(delta, at, heads[index]);
      at += DELTA_WINDOW_BYTES;
      for (const group of groups) at = this.#writeGroup(group, new DataView(delta.buffer), at);
    });
    return delta;
  }

  #writeGroup(
    { key, hash, rows, values, pairs }: ReferenceGroup,
    view: DataView,
    at: number,
  ): number {
    const layout = this.#layout;
    view.setBigUint64(at, hash, true);
    view.setUint32(at + 8, key === null ? NULL_KEY_LENGTH : key.length, true);
    const state = new DataView(view.buffer, at + DELTA_RECORD_BYTES, layout.bytes);
    state.setBigInt64(0, rows, true);
    values.forEach((value, index) => value.write(state, layout.values[index]));
    for (const pair of pairs) pair.write(state);
    if (key !== null) new Uint8Array(view.buffer).set(key, state.byteOffset + layout.bytes);
    return at + recordBytes(layout, key?.length ?? 0);
  }

  close(watermark: number): ClosedWindows | undefined {
    const { allowedLateness, keys: types } = this.#plan;
    const passed = watermark - allowedLateness;
    const windows = this.#shape.isPlain ? this.#plainWindows(passed) : this.#composed(passed);
    const groups = windows.flatMap(({ end, groups }) =>
      groups.map((group) => ({ end, group, keys: decodeKey(types, group.key) }))
        .sort((a, b) => compareKeys(types, a.keys, b.keys))
    );
    if (groups.length === 0) return undefined;
    const aggregates = this.#aggregates(groups.map(({ group }) => group));
    if (this.#shape.isPlain) this.#slices.splice(0, windows.length);
    this.#stacks.results.length = 0;
    const startOf = (end: number) => BigInt(this.#shape.startOf(end));
    return {
      length: groups.length,
      windowStart: BigInt64Array.from(groups, ({ end }) => startOf(end)),
      windowEnd: BigInt64Array.from(groups, ({ end }) => BigInt(end)),
      keys: keyColumns(types, groups.map(({ keys }) => keys)),
      aggregates,
    };
  }

  #plainWindows(watermark: number): ReferenceWindow[] {
    return this.#slices.map(({ start, groups }) => {
      return { end: this.#shape.lastEnd(start), groups: [...groups.values()] };
    }).filter(({ end }) => end <= watermark);
  }

  #composed(watermark: number): readonly ReferenceWindow[] {
    this.#composer.close(watermark);
    return this.#stacks.results;
  }

  #aggregates(groups: readonly ReferenceGroup[]): ResultColumn[] {
    return this.#plan.aggregates.map(({ op, value, by }) => {
      const type = resultTypeOf(op, this.#plan.values[value]?.type);
      return columnOf(
        type,
        groups.map((group): Plain => {
          const result = value < 0
            ? group.rows
            : by === undefined
            ? group.values[value].result(op)
            : group.pairs[this.#pairOf(value, by)].result(op);
          return op === "sum" && typeof result === "bigint" ? sumInRange(result) : result;
        }),
      );
    });
  }

  #pairOf(value: number, by: number): number {
    return this.#layout.pairs.findIndex(({ x, y }) => x === value && y === by);
  }

  nextClose(): number {
    return this.#composer.next() + this.#plan.allowedLateness;
  }

  stats(): WindowStats {
    const groups = this.#slices.reduce((sum, { groups }) => sum + groups.size, 0);
    return { windows: this.#slices.length, groups, rows: this.#rows, bytes: 0 };
  }

  [Symbol.dispose](): void {
    this.#clear();
  }
}

function wrongSize(): never {
  throw new TypeError("Cannot fold delta: its records have another size than it states");
}

/** The time of a row in whole milliseconds; `undefined` without a usable one. */
function timeAt(times: KernelColumn, row: number): number | undefined {
  const value = valueAt(times, row);
  const time = Math.floor(Number(value ?? NaN));
  return time >= -MAX_TIMESTAMP_MS && time <= MAX_TIMESTAMP_MS ? time : undefined;
}

import type { StateLayout } from "../kernel/window_layout.ts";
import { longKey, MAX_KEY_BYTES, resultTypeOf, sumInRange } from "../kernel/window_check.ts";
import type { KernelColumn, ResultColumn, WindowPlan, WindowRows } from "../kernel/window_types.ts";
import { MAX_TIMESTAMP_MS } from "../batch/time_range.ts";
import { columnOf, type Plain, valueAt } from "./plain_columns.ts";
import { ReferenceAccumulator } from "./reference_accumulator.ts";
import { encodeKey } from "./reference_keys.ts";
import { ReferencePair } from "./reference_pair.ts";

const POSITION_BITS = 48n;

/** What is known of a key. */
export interface ReferenceGroup {
  readonly key: Uint8Array | null;
  readonly hash: bigint;
  rows: bigint;
  values: ReferenceAccumulator[];
  pairs: ReferencePair[];
}

/** What of a plan its groups go by. */
export interface GroupPlan extends Pick<WindowPlan, "keys" | "values" | "aggregates"> {
  readonly layout: StateLayout;
}

/** What is known of a key before its first row. */
export function emptyGroup(
  layout: StateLayout,
  { key, hash }: Pick<ReferenceGroup, "key" | "hash">,
): ReferenceGroup {
  const values = layout.values.map((each) => new ReferenceAccumulator(each));
  const pairs = layout.pairs.map((each) => new ReferencePair(each));
  return { key, hash, rows: 0n, values, pairs };
}

/** Takes into a group all that another one has. */
export function mergeGroup(into: ReferenceGroup, from: ReferenceGroup): void {
  into.rows += from.rows;
  into.values.forEach((value, index) => value.merge(from.values[index]));
  into.pairs.forEach((pair, index) => pair.merge(from.pairs[index]));
}

/** The bytes of a row's key, `null` for null. @throws {RangeError} when they are too many. */
export function keyOfRow(
  { keys }: Pick<WindowPlan, "keys">,
  rows: WindowRows,
  row: number,
): Uint8Array | null {
  const key = encodeKey(keys, rows.keys, row);
  if (key !== null && key.length > MAX_KEY_BYTES) throw longKey();
  return key;
}

/** What tells keys apart. */
export function nameOfKey(key: Uint8Array | null): string {
  return key === null ? "null" : key.toHex();
}

/** A row, its time, and where it stands. */
export interface PlacedRow {
  readonly row: number;
  readonly time: number;
  readonly partition: number;
  readonly position: number;
}

/** Takes a row into a group. */
export function addRow(
  group: ReferenceGroup,
  { values, layout }: GroupPlan,
  rows: WindowRows,
  { row, time, partition, position }: PlacedRow,
): void {
  const order = (BigInt(partition) << POSITION_BITS) + BigInt(position);
  group.rows++;
  group.values.forEach((value, index) => {
    const cell = valueAt(rows.values[index], row);
    const known = values[index].type.kind !== "any";
    const number = cell === null || known ? cell as number | bigint | null : 0;
    value.add(number, BigInt(time), order);
  });
  layout.pairs.forEach((pair, index) => {
    const [x, y] = [pair.x, pair.y].map((value) => valueAt(rows.values[value], row));
    if (x === null || y === null) return;
    const both = { x: x as number | bigint, y: y as number | bigint };
    group.pairs[index].add({ ...both, time: BigInt(time), order });
  });
}

/** Writes a group's state. */
export function writeState(
  { rows, values, pairs }: ReferenceGroup,
  state: DataView,
  layout: StateLayout,
): void {
  state.setBigInt64(0, rows, true);
  values.forEach((value, index) => value.write(state, layout.values[index]));
  for (const pair of pairs) pair.write(state);
}

/** Merges a state that was written into a group. */
export function mergeWritten(group: ReferenceGroup, state: DataView, layout: StateLayout): void {
  const rows = state.getBigInt64(0, true);
  layout.values.forEach((value, index) => {
    group.values[index].merge(ReferenceAccumulator.read(state, value, rows));
  });
  layout.pairs.forEach((pair, index) => {
    group.pairs[index].merge(ReferencePair.read(state, pair));
  });
  group.rows += rows;
}

/** The aggregates of groups, a column each. */
export function aggregatesOf(
  { values, aggregates, layout }: GroupPlan,
  groups: readonly ReferenceGroup[],
): ResultColumn[] {
  const pairOf = (value: number, by: number) =>
    layout.pairs.findIndex(({ x, y }) => x === value && y === by);
  return aggregates.map(({ op, value, by }) => {
    const type = resultTypeOf(op, values[value]?.type);
    return columnOf(
      type,
      groups.map((group): Plain => {
        const result = value < 0
          ? group.rows
          : by === undefined
          ? group.values[value].result(op)
          : group.pairs[pairOf(value, by)].result(op);
        return op === "sum" && typeof result === "bigint" ? sumInRange(result) : result;
      }),
    );
  });
}

/** The time of a row in whole milliseconds; `undefined` without a usable one. */
export function timeAt(times: KernelColumn, row: number): number | undefined {
  const value = valueAt(times, row);
  const time = Math.floor(Number(value ?? NaN));
  return time >= -MAX_TIMESTAMP_MS && time <= MAX_TIMESTAMP_MS ? time : undefined;
}

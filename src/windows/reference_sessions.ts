import { NULL_KEY_LENGTH } from "../kernel/delta.ts";
import { SESSION_RECORD_BYTES, SessionSnapshots, windowPlanOf } from "../kernel/session_plan.ts";
import type {
  ClosedSessions,
  SessionEngine,
  SessionOrigin,
  SessionOutcome,
  SessionPlan,
  SessionRows,
} from "../kernel/session_types.ts";
import { checkRows } from "../kernel/window_check.ts";
import { layoutOf } from "../kernel/window_layout.ts";
import {
  addRow,
  aggregatesOf,
  emptyGroup,
  type GroupPlan,
  keyOfRow,
  mergeGroup,
  mergeWritten,
  nameOfKey,
  type ReferenceGroup,
  timeAt,
  writeState,
} from "./reference_group.ts";
import { compareKeys, decodeKey, hashKey, keyColumns } from "./reference_keys.ts";

/** An open session. */
interface Session {
  start: number;
  end: number;
  readonly group: ReferenceGroup;
}

/** From the time of a row up to its gap later. */
interface Reach {
  readonly time: number;
  readonly until: number;
}

/**
 * The kernel's sessions in plain TypeScript: a list of them for each key.
 *
 * It takes and gives the same bytes as the kernel's; it is slow and for tests.
 */
export class ReferenceSessions implements SessionEngine {
  readonly #plan: SessionPlan;
  readonly #groups: GroupPlan;
  readonly #snapshots: SessionSnapshots;
  readonly #open = new Map<string, Session[]>();

  /** No sessions yet. */
  constructor(plan: SessionPlan) {
    this.#plan = plan;
    this.#groups = { ...plan, layout: layoutOf(windowPlanOf(plan)) };
    this.#snapshots = new SessionSnapshots(plan, this.#groups.layout);
  }

  add(rows: SessionRows, at: SessionOrigin): SessionOutcome {
    checkRows(windowPlanOf(this.#plan), rows);
    const keys = Array.from({ length: rows.length }, (_, row) => keyOfRow(this.#plan, rows, row));
    const late: number[] = [];
    let [untimed, outside] = [0, 0];
    keys.forEach((key, row) => {
      const time = timeAt(rows.times, row);
      if (time === undefined) return untimed++;
      const gap = this.#plan.gap ?? rows.gaps![row];
      if (gap === 0) return outside++;
      const reach = { time, until: time + gap };
      const session = this.#sessionOf(key, reach, rows.watermarks[row]);
      if (session === undefined) return late.push(row);
      const placed = { row, time, partition: at.partition, position: at.position + row };
      addRow(session.group, this.#groups, rows, placed);
    });
    const absorbed = rows.length - untimed - outside - late.length;
    return { absorbed, outside, untimed, late: Int32Array.from(late) };
  }

  /** The session of a row, made one with all that it touches; `undefined` when the row is late. */
  #sessionOf(key: Uint8Array | null, reach: Reach, watermark: number): Session | undefined {
    if (this.#plan.alone && reach.until <= watermark) return undefined;
    const all = this.#open.get(nameOfKey(key)) ?? [];
    const touched = all.filter((each) => each.end > watermark && this.#touches(each, reach));
    if (touched.length === 0) {
      return reach.until <= watermark ? undefined : this.#begin(key, reach.time, reach.until);
    }
    const [into, ...others] = touched;
    for (const { start, end, group } of others) {
      into.start = Math.min(into.start, start);
      into.end = Math.max(into.end, end);
      mergeGroup(into.group, group);
    }
    into.start = Math.min(into.start, reach.time);
    into.end = Math.max(into.end, reach.until);
    this.#open.set(nameOfKey(key), all.filter((each) => !others.includes(each)));
    return into;
  }

  #touches({ start, end }: Session, { time, until }: Reach): boolean {
    return this.#plan.touching ? time <= end && until >= start : time < end && until > start;
  }

  #begin(key: Uint8Array | null, start: number, end: number): Session {
    const hash = hashKey(this.#plan.keys, key);
    const group = emptyGroup(this.#groups.layout, { key: key?.slice() ?? null, hash });
    const session = { start, end, group };
    const all = this.#open.get(nameOfKey(key));
    if (all) all.push(session);
    else this.#open.set(nameOfKey(key), [session]);
    return session;
  }

  close(watermark: number): ClosedSessions | undefined {
    const { keys: types } = this.#plan;
    const closed = this.#sessions().filter(({ end }) => end <= watermark)
      .map((session) => ({ ...session, keys: decodeKey(types, session.group.key) }))
      .sort((a, b) => a.end - b.end || a.start - b.start || compareKeys(types, a.keys, b.keys));
    if (closed.length === 0) return undefined;
    const aggregates = aggregatesOf(this.#groups, closed.map(({ group }) => group));
    for (const [name, sessions] of this.#open) {
      const left = sessions.filter(({ end }) => end > watermark);
      if (left.length > 0) this.#open.set(name, left);
      else this.#open.delete(name);
    }
    return {
      length: closed.length,
      windowStart: BigInt64Array.from(closed, ({ start }) => BigInt(start)),
      windowEnd: BigInt64Array.from(closed, ({ end }) => BigInt(end)),
      keys: keyColumns(types, closed.map(({ keys }) => keys)),
      aggregates,
    };
  }

  #sessions(): Session[] {
    return [...this.#open.values()].flat();
  }

  stats(): { sessions: number; bytes: number } {
    return { sessions: this.#sessions().length, bytes: 0 };
  }

  oldest(): number {
    return this.#sessions().reduce((least, { start }) => Math.min(least, start), Infinity);
  }

  snapshot(): Uint8Array {
    const sessions = this.#sessions();
    const bytes = sessions.reduce((sum, { group }) => sum + this.#recordBytes(group.key), 0);
    return this.#snapshots.write(sessions.length, bytes, (to) => {
      let at = 0;
      for (const session of sessions) at += this.#write(session, to.subarray(at));
    });
  }

  #recordBytes(key: Uint8Array | null): number {
    const { bytes } = this.#groups.layout;
    return SESSION_RECORD_BYTES + bytes + Math.ceil((key?.length ?? 0) / 8) * 8;
  }

  #write({ start, end, group }: Session, to: Uint8Array): number {
    const { layout } = this.#groups;
    const view = new DataView(to.buffer, to.byteOffset, to.byteLength);
    view.setBigInt64(0, BigInt(start), true);
    view.setUint32(8, group.key?.length ?? NULL_KEY_LENGTH, true);
    view.setBigInt64(16, BigInt(end), true);
    const state = new DataView(to.buffer, to.byteOffset + SESSION_RECORD_BYTES, layout.bytes);
    writeState(group, state, layout);
    if (group.key) to.set(group.key, SESSION_RECORD_BYTES + layout.bytes);
    return this.#recordBytes(group.key);
  }

  restore(snapshot: Uint8Array): void {
    const records = this.#snapshots.read(snapshot);
    this.#open.clear();
    for (let at = 0; at < records.length;) at += this.#read(records.subarray(at));
  }

  #read(record: Uint8Array): number {
    const { layout } = this.#groups;
    const view = new DataView(record.buffer, record.byteOffset, record.byteLength);
    const length = view.getUint32(8, true);
    const keyAt = SESSION_RECORD_BYTES + layout.bytes;
    const key = length === NULL_KEY_LENGTH ? null : record.subarray(keyAt, keyAt + length);
    const [start, end] = [view.getBigInt64(0, true), view.getBigInt64(16, true)].map(Number);
    const session = this.#begin(key, start, end);
    const stateAt = record.byteOffset + SESSION_RECORD_BYTES;
    mergeWritten(session.group, new DataView(record.buffer, stateAt, layout.bytes), layout);
    return this.#recordBytes(key);
  }

  [Symbol.dispose](): void {
    this.#open.clear();
  }
}

/**
 * Sessions of 100,000 keys on one core, against a `Map` of the open sessions' accumulators.
 *
 * Two million rows a minute: a key has a row every three seconds on average, so that about one row in
 * 28 begins a session; 5 % of the rows come up to two seconds after later ones, as much as the
 * watermark waits for. The baseline is what one writes by hand: rows as objects, as `JSON.parse`
 * gives them, one `Map` of accumulator objects that are changed in place, and lists of sessions by
 * the second in which they may end, so that closing looks at none twice a gap. Both get the watermark
 * before each row, and both make results of all sessions that it closes. Count, sum, least and
 * greatest; a round is one minute, ten rounds each.
 *
 * @module
 */
import type { BenchGroup, BenchRow } from "./support/bench.ts";
import { compare } from "./support/bench.ts";
import { sweep } from "./support/collector.ts";
import { advance, type BatchView, placedBatch } from "./support/placed_batch.ts";
import { create } from "../src/kernel/kernel.ts";
import { KernelSessions } from "../src/kernel/session_table.ts";
import type { SessionPlan } from "../src/kernel/session_types.ts";
import type { KernelColumn, KeyType, WindowRows } from "../src/kernel/window_types.ts";
import { columnOf, type Plain } from "../src/windows/plain_columns.ts";
import { Random } from "../tests/support/random.ts";

const KEYS = 100_000;
const GAP = 10_000;
const DISORDER = 2_000;
const OUT_OF_ORDER = 0.05;
const MINUTE = 60_000;
const POOL_ROWS = 2_000_000;
const BATCH_ROWS = 65_536;
const BUCKET = 1_000;
const ROUNDS = 10;
const BUDGET_BYTES = 1 << 30;
const WARM_UP_MINUTES = 2;
const PARSED_TOGETHER = 50_000;

/** A row as it lies in a batch of JSON. */
export interface Row {
  key: Plain;
  time: number;
  value: number;
}

interface Session {
  key: Plain;
  start: number;
  end: number;
  count: number;
  sum: number;
  min: number;
  max: number;
  /** The one of the key that was open before this one came. */
  before: Session | undefined;
}

/** Sessions as one writes them by hand. */
export class MapSessions {
  readonly #open = new Map<Plain, Session>();
  /** Sessions by the bucket in which they would end when they were put there. */
  readonly #due = new Map<number, Session[]>();
  #next = -Infinity;
  results: Session[] = [];

  /** Takes rows with the watermark before each. */
  add(rows: readonly Row[], watermarks: Float64Array): void {
    for (let at = 0; at < rows.length; at++) {
      if (watermarks[at] >= this.#next) this.close(watermarks[at]);
      this.#addRow(rows[at], watermarks[at]);
    }
  }

  #addRow({ key, time, value }: Row, watermark: number): void {
    const session = this.#open.get(key);
    const until = time + GAP;
    if (
      session === undefined || session.end < time || session.start > until ||
      session.before !== undefined || session.end <= watermark
    ) {
      return this.#addApart({ key, time, value }, watermark);
    }
    session.count++;
    session.sum += value;
    if (value < session.min) session.min = value;
    if (value > session.max) session.max = value;
    if (until > session.end) session.end = until;
    if (time < session.start) session.start = time;
  }

  /** A row that is not simply one of the only open session of its key. */
  #addApart({ key, time, value }: Row, watermark: number): void {
    const end = time + GAP;
    let into: Session = {
      key,
      start: time,
      end,
      count: 1,
      sum: value,
      min: value,
      max: value,
      before: undefined,
    };
    let isNew = true;
    let others: Session | undefined;
    for (let one = this.#open.get(key); one !== undefined;) {
      const { before } = one;
      if (one.end < time || one.start > end || one.end <= watermark) {
        one.before = others;
        others = one;
      } else {
        isNew &&= false;
        into = merged(one, into);
      }
      one = before;
    }
    if (isNew && end <= watermark) return;
    into.before = others;
    this.#open.set(key, into);
    if (isNew) this.#wait(into);
  }

  #wait(session: Session): void {
    const bucket = Math.floor(session.end / BUCKET);
    const list = this.#due.get(bucket);
    if (list === undefined) this.#due.set(bucket, [session]);
    else list.push(session);
    this.#next = Math.min(this.#next === -Infinity ? Infinity : this.#next, (bucket + 1) * BUCKET);
  }

  /** Closes sessions whose second is over. */
  close(watermark: number): void {
    for (const [bucket, list] of this.#due) {
      if ((bucket + 1) * BUCKET > watermark) continue;
      this.#due.delete(bucket);
      for (const session of list) this.#closeOne(session, watermark);
    }
    this.#next = Infinity;
    for (const bucket of this.#due.keys()) {
      this.#next = Math.min(this.#next, (bucket + 1) * BUCKET);
    }
  }

  #closeOne(session: Session, watermark: number): void {
    if (session.count === 0) return; // merged into another
    if (session.end > watermark) return this.#wait(session);
    this.results.push(session);
    const first = this.#open.get(session.key)!;
    if (first === session && session.before === undefined) this.#open.delete(session.key);
    else if (first === session) this.#open.set(session.key, session.before!);
    else {
      let one = first;
      while (one.before !== session) one = one.before!;
      one.before = session.before;
    }
  }

  /** Sessions that are open. */
  get size(): number {
    return this.#open.size;
  }
}

function merged(into: Session, from: Session): Session {
  into.start = Math.min(into.start, from.start);
  into.end = Math.max(into.end, from.end);
  into.count += from.count;
  into.sum += from.sum;
  into.min = Math.min(into.min, from.min);
  into.max = Math.max(into.max, from.max);
  from.count = 0;
  return into;
}

const PLAN: Omit<SessionPlan, "keys"> = {
  gap: GAP,
  touching: true,
  alone: false,
  values: [{ type: { kind: "f64" }, nullable: true }],
  aggregates: [
    { op: "count", value: -1 },
    { op: "sum", value: 0 },
    { op: "min", value: 0 },
    { op: "max", value: 0 },
  ],
};

/** The same rows as objects and as columns, a batch each. */
export interface Minute {
  readonly rows: Row[][];
  readonly batches: WindowRows[];
  /** Before each row. */
  readonly watermarks: Float64Array[];
}

/** Rows as a decoder makes them: an object each, and each text that is not short its own string. */
function decoded(rows: readonly Row[]): Row[] {
  const out: Row[] = [];
  for (let from = 0; from < rows.length; from += PARSED_TOGETHER) {
    out.push(...JSON.parse(JSON.stringify(rows.slice(from, from + PARSED_TOGETHER))));
  }
  return out;
}

function slice(column: KernelColumn, from: number, to: number): KernelColumn {
  const { type, values, offsets, children } = column;
  const common = { type, length: to - from, nullCount: 0 };
  if (offsets === undefined) return { ...common, values: values!.subarray(from, to), children };
  const bytes = values!.subarray(offsets[from], offsets[to]);
  const own = offsets.slice(from, to + 1).map((offset) => offset - offsets[from]);
  return { ...common, values: bytes, offsets: own };
}

function watermarksOf(rows: readonly Row[]): Float64Array {
  let greatest = -DISORDER; // of the minute before
  return Float64Array.from(rows, ({ time }) => {
    const mark = greatest - DISORDER;
    greatest = Math.max(greatest, time);
    return mark;
  });
}

/** A minute of rows. */
export function minuteOf({ type, keyOf }: Pick<Case, "type" | "keyOf">): Minute {
  const random = new Random(1);
  const all = decoded(Array.from({ length: POOL_ROWS }, (_, row): Row => {
    const late = random.chance(OUT_OF_ORDER) ? random.below(DISORDER) : 0;
    const time = Math.floor((row / POOL_ROWS) * MINUTE) - late;
    return { key: keyOf(random.below(KEYS)), time, value: random.next() * 100 };
  }));
  const keys = columnOf(type, all.map(({ key }) => key));
  const times = columnOf({ kind: "timestamp" }, all.map(({ time }) => BigInt(time)));
  const values = columnOf({ kind: "f64" }, all.map(({ value }) => value));
  const marks = watermarksOf(all);
  const minute: Minute = { rows: [], batches: [], watermarks: [] };
  for (let from = 0; from < POOL_ROWS; from += BATCH_ROWS) {
    const to = Math.min(POOL_ROWS, from + BATCH_ROWS);
    minute.rows.push(all.slice(from, to));
    minute.watermarks.push(marks.slice(from, to));
    minute.batches.push({
      length: to - from,
      times: slice(times, from, to),
      keys: [slice(keys, from, to)],
      values: [slice(values, from, to)],
    });
  }
  return minute;
}

/** Moves all rows on by a minute. */
export function nextMinute({ rows, watermarks }: Minute, batches: readonly BatchView[]): void {
  for (const batch of rows) for (const row of batch) row.time += MINUTE;
  for (const batch of batches) advance(batch, MINUTE);
  for (const marks of watermarks) for (let at = 0; at < marks.length; at++) marks[at] += MINUTE;
}

interface Case {
  readonly name: string;
  readonly type: KeyType;
  readonly keyOf: (index: number) => Plain;
  readonly target: number | null;
}

/** Both sides of a case, which take the minute as it is when they are called. */
export function sidesOf(one: Pick<Case, "type" | "keyOf">) {
  const minute = minuteOf(one);
  const kernel = create({ budgetBytes: BUDGET_BYTES });
  const sessions = new KernelSessions(kernel, { ...PLAN, keys: [one.type] });
  const maps = new MapSessions();
  const batches = minute.batches.map((batch) => placedBatch(kernel, batch));
  let [closed, position] = [0, 0];
  const contender = () => {
    for (let at = 0; at < batches.length; at++) {
      const watermarks = minute.watermarks[at];
      sessions.add({ ...batches[at](), watermarks }, { partition: 0, position });
      closed += sessions.close(watermarks[watermarks.length - 1])?.length ?? 0;
      position += watermarks.length;
    }
    return POOL_ROWS;
  };
  const baseline = () => {
    minute.rows.forEach((rows, at) => maps.add(rows, minute.watermarks[at]));
    maps.results = [];
    return POOL_ROWS;
  };
  return { minute, batches, sessions, maps, contender, baseline, closed: () => closed };
}

async function sessionsOf(one: Case): Promise<BenchRow> {
  const { minute, batches, contender, baseline } = sidesOf(one);
  for (let warm = 0; warm < WARM_UP_MINUTES; warm++) {
    contender();
    baseline();
    nextMinute(minute, batches);
  }
  let turn = 0;
  return await compare({
    name: one.name,
    target: one.target,
    rounds: ROUNDS,
    beforeRound: async () => {
      if (turn++ % 2 === 1) return;
      nextMinute(minute, batches);
      await sweep();
    },
    contender,
    baseline,
  });
}

const CASES: readonly Case[] = [
  {
    name: "sessions, 100,000 utf8 keys, gap 10 s, 28 rows a session, 5 % out of order",
    type: { kind: "utf8" },
    keyOf: (index) => `sensor-${index}`,
    target: 10,
  },
  {
    name: "sessions, 100,000 keys as i64",
    type: { kind: "i64" },
    keyOf: (index) => 1_000_000_000_000 + index * 7919,
    target: null,
  },
];

async function rows(): Promise<BenchRow[]> {
  const out: BenchRow[] = [];
  for (const one of CASES) out.push(await sessionsOf(one));
  return out;
}

/** Sessions on one core. */
export const group: BenchGroup = { name: "sessions", rows };

import { assert, assertEquals, assertThrows } from "@std/assert";
import { create, KernelMemoryError } from "../src/kernel/kernel.ts";
import { KernelSessions } from "../src/kernel/session_table.ts";
import type { SessionPlan, SessionRows } from "../src/kernel/session_types.ts";
import { columnOf, type Plain } from "../src/windows/plain_columns.ts";
import { ReferenceSessions } from "../src/windows/reference_sessions.ts";
import { resultsOf } from "./support/window_cases.ts";

const AT = { partition: 0, position: 0 };

function planOf(changes: Partial<SessionPlan> = {}): SessionPlan {
  return {
    gap: 1000,
    touching: true,
    alone: false,
    keys: [{ kind: "utf8" }],
    values: [{ type: { kind: "i64" }, nullable: true }],
    aggregates: [{ op: "count", value: -1 }, { op: "sum", value: 0 }],
    ...changes,
  };
}

/** Rows of some keys at some times; nothing is late unless a watermark is given. */
function rowsOf(keys: readonly Plain[], times: readonly number[], watermark = -Infinity) {
  const rows: SessionRows = {
    length: keys.length,
    times: columnOf({ kind: "timestamp" }, times.map(BigInt)),
    keys: [columnOf({ kind: "utf8" }, keys)],
    values: [columnOf({ kind: "i64" }, keys.map(() => 1n))],
    watermarks: new Float64Array(keys.length).fill(watermark),
  };
  return rows;
}

function manyKeys(length: number, prefix = "key"): string[] {
  return Array.from({ length }, (_, key) => `${prefix} ${key}`);
}

function rowsAt(keys: readonly string[], time: number, watermark?: number): SessionRows {
  return rowsOf(keys, keys.map(() => time), watermark);
}

Deno.test("rows exactly a gap apart are one session, or two where they are not to touch", () => {
  for (const [touching, ends] of [[true, [2000]], [false, [1000, 2000]]] as const) {
    using sessions = new KernelSessions(create(), planOf({ touching }));
    sessions.add(rowsOf(["a", "a"], [0, 1000]), AT);
    assertEquals(resultsOf(sessions.close(Infinity)).map(({ end }) => end), [...ends]);
  }
});

Deno.test("a row between two sessions makes them one, with the rows of both", () => {
  using sessions = new KernelSessions(create(), planOf());
  sessions.add(rowsOf(["a", "a", "b", "a"], [0, 1800, 900, 900]), AT);
  assertEquals(resultsOf(sessions.close(Infinity)), [
    { start: 900, end: 1900, keys: ["b"], values: [1n, 1n] },
    { start: 0, end: 2800, keys: ["a"], values: [3n, 3n] },
  ]);
});

Deno.test("a row is late when its session has ended, not when it is behind the watermark", () => {
  using sessions = new KernelSessions(create(), planOf());
  sessions.add(rowsOf(["a"], [5000]), AT);
  // Behind the watermark but of the open session; of no session and over; of none and not over.
  const { late, absorbed } = sessions.add(rowsOf(["a", "b", "b"], [4000, 4000, 4001], 5000), AT);
  assertEquals([[...late], absorbed], [[1], 2]);
});

Deno.test("a session that the watermark has reached takes no row, though it was not closed yet", () => {
  using sessions = new KernelSessions(create(), planOf());
  sessions.add(rowsOf(["a"], [0]), AT);
  assertEquals(sessions.add(rowsOf(["a"], [500], 1000), AT).absorbed, 1);
  const bounds = resultsOf(sessions.close(Infinity)).map(({ start, end }) => [start, end]);
  assertEquals(bounds, [[0, 1000], [500, 1500]]);
});

Deno.test("KernelSessions.add() beyond the budget tells budget and sessions, and adds nothing", () => {
  const budgetBytes = 17 * 65_536;
  const kernel = create({ budgetBytes });
  using sessions = new KernelSessions(kernel, planOf());
  sessions.add(rowsAt(manyKeys(500), 5), AT);
  const before = resultsOf(new Copy(sessions).close());
  for (const large of [20_000, 60_000]) {
    const error = assertThrows(
      () => sessions.add(rowsAt(manyKeys(large, "other"), 5), AT),
      KernelMemoryError,
      String(budgetBytes),
    );
    assert(/\d+ sessions open/.test(error.message), error.message);
    assertEquals(sessions.stats().sessions, 500);
  }
  assertEquals(resultsOf(new Copy(sessions).close()), before);
  assertEquals(sessions.add(rowsAt(manyKeys(500), 5), AT).absorbed, 500);
  assertEquals(sessions.close(Infinity)?.length, 500);
  sessions.add(rowsAt(manyKeys(1000), 5000), AT);
  assertEquals(sessions.close(Infinity)?.length, 1000);
});

/** The state of sessions, to be looked at elsewhere. */
class Copy {
  readonly #twin = new ReferenceSessions(planOf());

  constructor(sessions: KernelSessions) {
    this.#twin.restore(sessions.snapshot());
  }

  close() {
    return this.#twin.close(Infinity);
  }
}

Deno.test("a budget that holds one more batch only when its rows share sessions does hold it", () => {
  const kernel = create({ budgetBytes: 1 << 20 });
  using sessions = new KernelSessions(kernel, planOf());
  const rows = Array.from({ length: 20_000 }, (_, row) => row);
  const keys = rows.map((row) => `key ${row % 7}`);
  assertEquals(sessions.add(rowsOf(keys, rows), AT).absorbed, 20_000);
  assertEquals(sessions.close(Infinity)?.length, 7);
});

Deno.test("a broken batch adds nothing: a dictionary index too high, a key too long", () => {
  using sessions = new KernelSessions(create(), planOf({ keys: [{ kind: "dict" }] }));
  const keys = manyKeys(2000);
  const good = { ...rowsAt(keys, 0), keys: [columnOf({ kind: "dict" }, keys)] };
  const [column] = good.keys;
  const values = (column.values as Int32Array).slice();
  values[1999] = 2000;
  const broken = { ...good, keys: [{ ...column, values }] };
  assertThrows(() => sessions.add(broken, AT), RangeError, "dictionary index");
  assertEquals(sessions.stats().sessions, 0);
  const long = [...keys.slice(1), "x".repeat(70_000)];
  const tooLong = { ...good, keys: [columnOf({ kind: "utf8" }, long)] };
  assertThrows(() => sessions.add(tooLong, AT), RangeError, "more than 65536 bytes");
  assertEquals(sessions.stats().sessions, 0);
  assertEquals(sessions.add(good, AT).absorbed, 2000);
});

Deno.test("KernelSessions gives all memory of closed sessions and of itself back", () => {
  const kernel = create();
  const before = kernel.usedBytes;
  const sessions = new KernelSessions(kernel, planOf());
  const empty = kernel.usedBytes;
  sessions.add(rowsAt(manyKeys(50_000, "a key that is longer than its block"), 0), AT);
  assert(kernel.usedBytes > empty + 5e6);
  sessions.close(Infinity);
  assertEquals(sessions.stats().sessions, 0);
  assert(sessions.stats().bytes < 10_000, `${sessions.stats().bytes}`);
  sessions[Symbol.dispose]();
  assertEquals(kernel.usedBytes, before);
});

Deno.test("the kernel's memory does not grow with closed sessions of ever other keys", () => {
  const kernel = create();
  using sessions = new KernelSessions(kernel, planOf());
  let most = 0;
  const closeSome = (turn: number) => {
    const keys = manyKeys(40 + turn % 17, `turn ${turn} has keys of some length`);
    sessions.add(rowsAt(keys, turn * 500, turn * 500), AT);
    most = Math.max(most, kernel.usedBytes);
    sessions.close(turn * 500);
  };
  for (let turn = 0; turn < 100; turn++) closeSome(turn);
  const { memoryBytes } = kernel;
  const soFar = most;
  for (let turn = 100; turn < 10_000; turn++) closeSome(turn);
  assertEquals(kernel.memoryBytes, memoryBytes);
  assert(most <= soFar * 1.05);
});

Deno.test("sessions that become one take the memory of one, though no watermark comes", () => {
  const kernel = create();
  using sessions = new KernelSessions(kernel, planOf());
  const rows = Array.from({ length: 1000 }, (_, row) => row);
  let most = 0;
  for (let turn = 0; turn < 50; turn++) {
    // Every other second begins a session, those between make them one.
    const from = turn * 2_000_000;
    const times = [
      ...rows.map((row) => from + row * 2000),
      ...rows.map((row) => from + row * 2000 + 1000),
    ];
    sessions.add(rowsOf(times.map(() => "a"), times), { partition: 0, position: turn * 2000 });
    most = turn === 0 ? sessions.stats().bytes : most;
  }
  assertEquals(sessions.stats().sessions, 1);
  assert(sessions.stats().bytes <= most, `${sessions.stats().bytes} ${most}`);
  sessions.add(rowsOf(["b"], [-5000]), AT);
  assertEquals(resultsOf(sessions.close(0)).map(({ keys }) => keys[0]), ["b"]);
  const [{ values, end }] = resultsOf(sessions.close(Infinity));
  assertEquals([values[0], end], [100_000n, 49 * 2_000_000 + 1_999_000 + 1000]);
});

Deno.test("a snapshot that was changed is refused, and nothing changes", () => {
  for (
    const make of [
      () => new KernelSessions(create(), planOf()),
      () => new ReferenceSessions(planOf()),
    ]
  ) {
    using sessions = make();
    sessions.add(rowsAt(manyKeys(20, "keys that are longer than a block"), 0), AT);
    const snapshot = sessions.snapshot();
    for (let at = 0; at < snapshot.length; at += 7) {
      const damaged = snapshot.slice();
      damaged[at] ^= 0x41;
      assertThrows(() => sessions.restore(damaged), TypeError);
    }
    assertThrows(() => sessions.restore(snapshot.subarray(0, 50)), TypeError);
    using other = new KernelSessions(create(), planOf({ gap: 2000 }));
    assertThrows(() => other.restore(snapshot), TypeError, "another plan");
    assertEquals(sessions.stats().sessions, 20);
    sessions.restore(snapshot);
    assertEquals(resultsOf(sessions.close(Infinity)).length, 20);
    sessions.restore(new Uint8Array());
    assertEquals(sessions.close(Infinity), undefined);
  }
});

Deno.test("a sum of integers beyond 64 bits is an error and not another number", () => {
  using sessions = new KernelSessions(create(), planOf());
  const rows = rowsAt(["a", "a"], 0);
  const values = [columnOf({ kind: "i64" }, [2n ** 63n - 1n, 1n])];
  sessions.add({ ...rows, values }, AT);
  assertThrows(() => sessions.close(Infinity), RangeError, "must fit into 64 bits");
});

Deno.test("very many sessions with one end are ordered by start and key", () => {
  using sessions = new KernelSessions(create(), planOf());
  const keys = manyKeys(5000).toReversed();
  sessions.add(rowsAt(keys, 10_000), AT);
  sessions.add(rowsAt(keys.slice(0, 2500), 9_500), AT);
  const order = resultsOf(sessions.close(Infinity)).map(({ start, keys }) => [start, keys[0]]);
  const bytes = (texts: string[]) => texts.toSorted((a, b) => a < b ? -1 : 1);
  assertEquals(order, [
    ...bytes(keys.slice(0, 2500)).map((key) => [9500, key]),
    ...bytes(keys.slice(2500)).map((key) => [10_000, key]),
  ]);
});

import { assertEquals } from "@std/assert";
import { RecordBatch, schema, types as t } from "../src/batch/mod.ts";
import type { OrderedPiece } from "../src/hive/ordered_input.ts";
import { type OrderedBatch, OrderedOwner } from "../src/hive/ordered_owner.ts";
import type { OrderedRows, WindowOperator } from "../src/windows/window_operator.ts";

const COLUMNS = schema({ x: t.i32 });

/** An operator that writes down what it is told; the row at place 99 is late. */
function recorder(calls: string[]): WindowOperator {
  return {
    resultSchema: COLUMNS,
    add({ sequence, partition, places, positions, watermarks }: OrderedRows) {
      calls.push(`add ${sequence}.${partition}: ${places} at ${positions} by ${watermarks}`);
      const late = places.filter((place) => place === 99);
      return { absorbed: places.length - late.length, outside: 0, untimed: 0, late };
    },
    advance: (watermark) => void calls.push(`advance ${watermark}`),
    tick: (nowMs) => void calls.push(`tick ${nowMs}`),
    nextTick: () => Infinity,
    take: () => undefined,
    stats: () => ({ windows: 0, bytes: 0 }),
    snapshot: () => new Uint8Array([7]),
    restore: (snapshot) => void calls.push(`restore ${snapshot}`),
    [Symbol.dispose]() {},
  };
}

function piece(...places: number[]): OrderedPiece {
  const rows = places.map((x) => ({ x }));
  const batch = RecordBatch.fromRows(rows, { schema: COLUMNS }) as unknown as RecordBatch;
  const watermarks = Float64Array.from(places, (place) => place / 2);
  return { batch, watermarks, places: Int32Array.from(places) };
}

function covered(sequence: number, more: Partial<OrderedBatch> = {}): OrderedBatch {
  const place = { partition: 3, position: 1000, watermarkAfter: 10 * sequence, nowMs: sequence };
  return { sequence, ...place, isSuspect: false, ...more };
}

function ownerOf(calls: string[]): OrderedOwner {
  const note = (sequence: number, from: number, to: number) =>
    void calls.push(`note ${sequence}: ${from}-${to}`);
  return new OrderedOwner(recorder(calls), note);
}

Deno.test("an owner gives its operator batch after batch, whichever comes first", () => {
  const calls: string[] = [];
  using owner = ownerOf(calls);
  owner.put(1, piece(4));
  owner.cover(covered(1));
  owner.put(0, piece(2, 6));
  owner.put(0, piece(99));
  assertEquals([owner.isReady, owner.isAhead], [false, true]);
  owner.cover(covered(0));
  const { counts, late, watermark } = owner.take();
  assertEquals([counts.absorbed, counts.late, late, watermark], [2, 1, [99], 0]);
  owner.take();
  assertEquals([owner.isReady, owner.isAhead], [false, false]);
  assertEquals(owner.state, { sequence: 2, watermark: 10, rows: 3 });
  assertEquals(calls, [
    "tick 0",
    "note 0: 2-7",
    "add 0.3: 2,6 at 1002,1006 by 1,3",
    "note 0: 99-100",
    "add 0.3: 99 at 1099 by 49.5",
    "advance 0",
    "tick 1",
    "note 1: 4-5",
    "add 1.3: 4 at 1004 by 2",
    "advance 10",
  ]);
});

Deno.test("of a batch over which a bee was lost an owner says at which row it is", () => {
  const calls: string[] = [];
  using owner = ownerOf(calls);
  owner.put(0, piece(2, 6));
  owner.cover(covered(0, { isSuspect: true }));
  owner.take();
  assertEquals(calls.filter((call) => call.startsWith("note")), ["note 0: 2-3", "note 0: 6-7"]);
});

Deno.test("an owner that goes back forgets what it waited with", () => {
  const calls: string[] = [];
  using owner = ownerOf(calls);
  owner.put(1, piece(4));
  owner.cover(covered(1));
  owner.restore({ sequence: 5, watermark: 40, rows: 17 }, owner.snapshot());
  assertEquals([owner.isReady, owner.isAhead], [false, false]);
  assertEquals(owner.state, { sequence: 5, watermark: 40, rows: 17 });
  assertEquals(calls, ["restore 7"]);
});

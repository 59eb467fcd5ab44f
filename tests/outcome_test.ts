import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { addKinds, type Outcome, outcomeBytes, readOutcome } from "../src/hive/pipeline_frames.ts";

const count = fc.nat(1_000_000);
const places = fc.uniqueArray(fc.nat(5000), { maxLength: 40 })
  .map((rows) => rows.toSorted((a, b) => a - b));

const kind = fc.record({
  ...{ absorbed: count, filtered: count, late: count, untimed: count },
  lateRows: places,
});

const share = fc.record({
  ...{ records: count, rows: count, undecoded: count, lines: count },
  greatest: fc.oneof(fc.double({ noNaN: true }), fc.constant(-Infinity)),
});

const outcome: fc.Arbitrary<Outcome> = fc.record({
  counts: fc.record({
    ...{ absorbed: count, filtered: count, late: count, untimed: count, added: count },
  }),
  bad: places.map((rows) => rows.map((row) => ({ row, message: `row ${row} has no value` }))),
  late: places,
  kinds: fc.option(fc.array(kind, { minLength: 1, maxLength: 16 }), { nil: undefined }),
  block: fc.option(share, { nil: undefined }),
}).map(({ counts, bad, late, kinds, block }) => ({
  counts: { ...counts, bad: bad.length },
  ...{ bad, late },
  ...(kinds && { kinds }),
  ...(block && { block }),
}));

Deno.test("What became of a batch is read as it was written, for each kind of windows", () => {
  fc.assert(fc.property(outcome, (given) => {
    assertEquals(readOutcome(outcomeBytes(given, 1 << 20)), given);
  }));
});

Deno.test("Without room for messages, rows and counts are told all the same", () => {
  fc.assert(fc.property(outcome, (given) => {
    const { counts, bad, late, kinds } = readOutcome(outcomeBytes(given, 0));
    assertEquals({ counts, late, kinds }, {
      counts: given.counts,
      late: given.late,
      kinds: given.kinds,
    });
    assertEquals(bad.map(({ row }) => row), given.bad.map(({ row }) => row));
  }));
});

Deno.test("What became of rows taken one by one is what became of all", () => {
  fc.assert(fc.property(fc.array(kind, { minLength: 1, maxLength: 4 }), (kinds) => {
    const [once, twice] = [addKinds(undefined, kinds, 0)!, addKinds(kinds, kinds, 5001)!];
    assertEquals(once, kinds);
    twice.forEach(({ absorbed, untimed, lateRows }, at) => {
      assertEquals(absorbed, 2 * kinds[at].absorbed);
      assertEquals(untimed, 2 * kinds[at].untimed);
      const { lateRows: rows } = kinds[at];
      assertEquals(lateRows, [...rows, ...rows.map((row) => row + 5001)]);
    });
  }));
});

Deno.test("Rows of a large block that are all late or bad take little more than a bit each", () => {
  const rows = Array.from({ length: 100_000 }, (_, row) => row);
  const counts = {
    absorbed: 0,
    filtered: 0,
    late: rows.length,
    untimed: 0,
    bad: rows.length,
    added: 0,
  };
  const bad = rows.map((row) => ({ row, message: "no value" }));
  const bytes = outcomeBytes({ counts, bad, late: rows }, 0);
  assert(bytes.length < rows.length, `${bytes.length} bytes`);
  const read = readOutcome(bytes);
  assertEquals([read.late, read.bad.map(({ row }) => row)], [rows, rows]);
});
